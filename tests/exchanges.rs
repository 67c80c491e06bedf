//! Equal means equal to Azure: what was once asked of Azure, planned against what it answered, leaves nothing to do.
//!
//! All recordings of `../shared/azure/exchanges` where that folder is there, and a dozen in `tests/exchanges` everywhere.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a test says what it counted, and fails when it cannot read"
)]

mod exchange_converter;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use exchange_converter::Exchange;
use landfall::document::Value;
use landfall::environment::{MapSources, load};
use landfall::model::{Live, Recorded, Seen};
use landfall::observe::observed;
use landfall::plan::{Inputs, Plan, Work, build, reads};
use landfall::schema::Schema;
use serde_json::Value as Json;

/// Recordings that do not plan to nothing, each with the mark of the recording that is the reason. What Azure does is no reason.
const ARTEFACTS: [(&str, &str); 0] = [];

fn recordings(folder: &Path) -> Vec<(String, Exchange)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        exchange_converter::exchange(&json).map(|exchange| (name, exchange))
    };
    paths.iter().filter_map(read).collect()
}

/// The plan for the environment made from a request, against its answer or nothing; or why there is no plan.
fn planned(exchange: &Exchange, there: bool) -> Result<Plan, String> {
    let file = exchange_converter::file(exchange);
    let mut sources = MapSources::new().file("recorded.yaml", file.text);
    for (name, value) in &file.variables {
        sources = sources.with_variable(name, value);
    }
    let (desired, problems) = load(&"recorded".parse().unwrap(), &sources);
    let desired = desired.ok_or_else(|| problems.render(false))?;
    let recorded = Recorded::default();
    let mut live = Live::default();
    let wants = reads(&desired, &recorded, false);
    for (id, arm_type) in &wants.resources {
        let kind = Schema::get().resource(arm_type).unwrap();
        let said = desired.resources.values().any(|wanted| wanted.existing && wanted.id() == Some(id));
        let seen = match said || there && *id == exchange.id {
            true => Seen::Present(observed(kind, id, exchange_converter::answered(exchange, id, kind))),
            false => Seen::Absent,
        };
        live.resources.insert(id.clone(), seen);
    }
    for scope in &wants.grants {
        let grants = match exchange.id.parent() {
            Some(parent) if parent == *scope => vec![observed(exchange.resource, scope, exchange.get.clone())],
            _ => Vec::new(),
        };
        live.grants.insert(scope.clone(), Seen::Present(grants));
    }
    let replace = BTreeSet::new();
    Ok(build(Inputs {
        desired: &desired,
        recorded: &recorded,
        record: None,
        live: &live,
        destroy: false,
        replace: &replace,
        ours: &[],
    }))
}

/// What a plan would do to Azure, and what keeps it from being whole.
fn differences(plan: &Plan) -> Vec<String> {
    let show = |v: &Option<Value>| v.as_ref().map_or("nothing".to_owned(), |v| v.to_display_json().to_string());
    let mut out: Vec<String> =
        plan.unread.iter().map(|unread| format!("{} is unreadable: {}", unread.address, unread.why)).collect();
    if plan.diagnostics.has_errors() {
        out.push(plan.diagnostics.render(false));
    }
    for step in &plan.steps {
        if matches!(step.work, Work::Adopt { .. }) {
            continue;
        }
        out.push(format!("{} {:?}", step.address, step.action));
        for change in &step.changes {
            out.push(format!("  {}: {} -> {}", change.path, show(&change.before), show(&change.after)));
        }
    }
    out
}

fn outcome(exchange: &Exchange) -> Vec<String> {
    match planned(exchange, true) {
        Ok(plan) => differences(&plan),
        Err(problems) => vec![problems],
    }
}

#[test]
fn what_was_asked_is_what_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure/exchanges");
    if !folder.is_dir() {
        println!("NOT RUN: ../shared/azure/exchanges is absent; only the recordings of tests/exchanges were planned");
        return;
    }
    let all = recordings(&folder);
    let rest: Vec<(&String, Vec<String>)> =
        all.iter().map(|(name, e)| (name, outcome(e))).filter(|(_, rest)| !rest.is_empty()).collect();
    println!("{} of {} plan to nothing", all.len() - rest.len(), all.len());
    for (name, differences) in &rest {
        let why = ARTEFACTS.iter().find(|(n, _)| n == name).map_or("", |(_, why)| why);
        println!("-- {name} {why}\n{}", differences.join("\n"));
    }
    assert!(all.len() >= 63, "the PUTs of the folder were read");
    let left: BTreeSet<&str> = rest.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(left, ARTEFACTS.iter().map(|(name, _)| *name).collect::<BTreeSet<_>>());
}

#[test]
fn carried_recordings_plan_to_nothing() {
    let all = recordings(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges"));
    assert!(all.len() >= 12, "a dozen recordings are carried");
    for (name, exchange) in &all {
        assert_eq!(outcome(exchange), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_kubelet_identity_that_azure_gave_is_taken_back_and_nowhere_else() {
    let carried = recordings(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges"));
    let (_, exchange) = carried.iter().find(|(name, _)| name == "test_aks_azure_cni_overlay_migration-2").unwrap();
    let plan = planned(exchange, true).unwrap();
    assert!(!plan.changes_azure() && !plan.diagnostics.has_errors());
    let told = planned(exchange, false).unwrap().diagnostics.render(false);
    assert!(told.contains("error[kubelet-identity]"), "{told}");
}
