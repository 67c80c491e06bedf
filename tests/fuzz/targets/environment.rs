//! Any text as an environment and its bases: it is read or refused, twice alike, without the text of a secret in what is
//! said of it; what is read can be planned, shown and saved.
//!
//! Parts of the input between lines of `%%%` are `t.yaml`, `_base.yaml` and `_second.yaml`.

#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use landfall::document::Value;
use landfall::environment::{MapSources, load};
use landfall::model::{Desired, HashKey, Live, Observed, Seen};
use landfall::plan::{Inputs, PlanFile, PlanHead, build, from_nothing, reads};
use landfall::report::{Graph, Heading, diagnostics_json, dot, mermaid, plan_json, plan_text, show_json, show_text};
use landfall::state::State;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

/// What no output may hold.
const SECRET: &str = "Hunter2-is-a-secret-of-27-c";

fuzz_target!(|input: &[u8]| {
    let name = "t".parse().expect("a name");
    let mut sources = MapSources::new().with_variable("PASSWORD", SECRET).with_variable("EMPTY", "");
    for (name, text) in ["t.yaml", "_base.yaml", "_second.yaml"].iter().zip(parts(input)) {
        sources = sources.file(name, text);
    }
    let (desired, problems) = load(&name, &sources);
    assert_eq!(desired.is_none(), problems.has_errors(), "an environment, or why there is none");
    let said = problems.render(false);
    let mut shown = vec![said.clone(), problems.render(true), diagnostics_json(&[], &problems)];
    let (again, more) = load(&name, &sources);
    assert!(format!("{again:?}") == format!("{desired:?}") && more.render(false) == said, "read twice, read alike");
    if let Some(desired) = desired {
        plan(&desired, &mut shown);
    }
    assert!(!shown.iter().any(|text| text.contains(SECRET)), "a secret is shown");
});

fn parts(input: &[u8]) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        match parts.last_mut() {
            Some(part) if line.trim_ascii() != b"%%%" => part.extend(line),
            _ => parts.push(Vec::new()),
        }
    }
    parts
}

/// The plan in an empty subscription, in every form it has.
fn plan(desired: &Desired, shown: &mut Vec<String>) {
    let key = HashKey(vec![7; 32]);
    let lineage = "0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e".parse().expect("a lineage");
    let state = State::new(desired.environment.clone(), lineage, key.clone());
    let expansion = from_nothing(desired);
    let graph = Graph { environment: &desired.environment, resources: &expansion.resources };
    shown.extend([dot(&graph), mermaid(&graph), show_text(desired, &state, 80), show_json(desired, &state)]);
    let needed = reads(desired, &state.recorded, false, &[]);
    let mut live = Live::default();
    for id in needed.resources.into_keys() {
        let theirs = desired.resources.values().any(|wanted| wanted.existing && wanted.id() == Some(&id));
        let body = Value::from_json(json!({"id": id.as_str(), "principalId": "00000000-0000-4000-8000-000000000001"}));
        let seen = if theirs { Seen::Present(Observed { id: id.clone(), body, etag: None }) } else { Seen::Absent };
        live.resources.insert(id, seen);
    }
    live.grants.extend(needed.grants.into_iter().map(|scope| (scope, Seen::Present(Vec::new()))));
    live.listings.extend(needed.listings.into_iter().map(|group| (group, Seen::Present(Vec::new()))));
    live.answers.extend(needed.answers.into_iter().map(|(path, _)| (path, Seen::Absent)));
    let (recorded, replace) = (&state.recorded, &BTreeSet::new());
    let plan = build(Inputs { desired, recorded, record: None, live: &live, destroy: false, replace, ours: &[] });
    let heading = Heading { reads: 0, elapsed: Duration::ZERO };
    shown.extend([plan_text(&plan, heading, 80), plan_json(&plan), plan.diagnostics.render(false)]);
    if plan.complete() && !plan.diagnostics.has_errors() {
        let head = PlanHead { written_at: "2026-11-22T00:00:00Z".to_owned(), sandbox: false, destroy: false };
        let file = PlanFile::of(&plan, &head, &key);
        let text = file.to_text();
        let read = PlanFile::parse(&text).expect("what was saved reads");
        assert!(read == file, "what was saved reads as it was");
        let resolved = read.resolve(desired).expect("the secrets are those of the environment");
        assert_eq!(plan_json(&resolved), plan_json(&plan), "what was saved is the plan");
        shown.push(text);
    }
    shown.push(format!("{desired:?} {plan:?}"));
}
