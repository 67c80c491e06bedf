//! The whole surface: every property that ARM lets a request set, of every type that landfall writes, goes from an
//! environment's text through a plan and requests into the sandbox, and a second plan finds nothing to do. What can change
//! without being made anew is then changed, changed again by somebody else, and in the end everything is destroyed. The values are generated from the type
//! tables, so a property that a new table brings is in this test when it is in the table.
//!
//! `cargo test --test surface -- --nocapture` prints how many there are.

#![expect(clippy::disallowed_macros, reason = "a test says what it counted")]

#[path = "second_opinion/engine.rs"]
mod engine;
#[path = "surface/generate.rs"]
mod generate;
#[path = "surface/variants.rs"]
mod variants;

use std::collections::{BTreeMap, BTreeSet};

use engine::{Engine, steps};
use generate::{Round, Variant, below, body, has_second, said, secret, writable};
use landfall::document::Value;
use landfall::model::{Desired, Target};
use landfall::plan::Action;
use landfall::sandbox::{Logged, Request};
use landfall::schema::{Child, Schema};
use serde_json::{Map, Value as Json, json};
use variants::ENVIRONMENTS;

const GROUP: &str = "Microsoft.Resources/resourceGroups";
const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";

/// By ARM type, the patterns of properties.
type Surface = BTreeMap<String, BTreeSet<String>>;

/// The ARM type of a collection: `clusters.NAME.nodePools`.
fn arm_type(collection: &str) -> &'static str {
    if collection == "resourceGroup" {
        return GROUP;
    }
    let mut level = Schema::get().collections();
    let mut found: Option<&Child> = None;
    for name in collection.split('.').step_by(2) {
        let child = level.get(name).unwrap_or_else(|| panic!("there is no collection {name}"));
        level = &child.children;
        found = Some(child);
    }
    &found.expect("a collection has a name").arm_type
}

/// The text of an environment: JSON, which is YAML.
fn text(variants: &[Variant], round: Round) -> String {
    let mut root = json!({"subscription": "00000000-0000-0000-0000-000000000000", "resourceGroup": "rg-surface",
        "location": "westeurope"});
    for variant in variants {
        let resource = Schema::get().resource(arm_type(variant.collection)).expect("a type of the tables");
        let made = body(resource, variant, round);
        let mut at = &mut root;
        for part in variant.collection.split('.') {
            if !at[part].is_object() {
                at[part] = json!({});
            }
            at = &mut at[part];
        }
        let place: &mut Map<String, Json> = if variant.collection == "resourceGroup" {
            at["name"] = json!(variant.name);
            at.as_object_mut().expect("a map")
        } else {
            at[variant.name] = json!({});
            at[variant.name].as_object_mut().expect("a map")
        };
        place.extend(made.as_object().cloned().unwrap_or_default());
    }
    format!("{root:#}")
}

/// What the requests of a run said, pools within clusters taken for pools.
fn sent(log: &[Logged]) -> Surface {
    let mut out = Surface::new();
    for put in log.iter().filter(|entry| entry.method == "PUT") {
        let parts: Vec<&str> = put.path.trim_matches('/').split('/').collect();
        let provider = parts.iter().rposition(|p| p.eq_ignore_ascii_case("providers"));
        let name = match provider {
            Some(at) => {
                let types: Vec<&str> = parts[at + 2..].iter().step_by(2).copied().collect();
                format!("{}/{}", parts[at + 1], types.join("/"))
            }
            None => GROUP.to_owned(),
        };
        let resource = Schema::get().resource(&name).unwrap_or_else(|| panic!("{name} is of the tables"));
        let document = resource.from_arm(&Value::from_json(put.body.clone()));
        out.entry(resource.name.clone()).or_default().extend(said(resource, &document));
        let pool = Schema::get().resource(POOL).expect("a type of the tables");
        for element in put.body["properties"]["agentPoolProfiles"].as_array().into_iter().flatten() {
            out.entry(POOL.to_owned()).or_default().extend(said(pool, &Value::from_json(element.clone())));
        }
    }
    out
}

/// What went through an environment.
struct Through {
    /// What its file said.
    wrote: Surface,
    /// What requests said.
    sent: Surface,
    /// What was changed afterwards.
    changed: Surface,
}

/// Applies one environment, plans it again, changes it in place, plans again, destroys it.
async fn through(name: &str, variants: &[Variant]) -> Through {
    let mut engine = Engine::demo();
    let desired = Engine::read(&text(variants, Round::First));
    let mut wrote = Surface::new();
    for wanted in desired.resources.values() {
        let resource = Schema::get().resource(&wanted.arm_type).expect("a type of the tables");
        let properties = wrote.entry(resource.name.clone()).or_default();
        properties.extend(said(resource, &wanted.body));
        if let Target::Grant(_) = wanted.target {
            properties.extend(["roleDefinitionId".to_owned(), "principalId".to_owned()]);
        }
    }
    let (_, report) = engine.apply(&desired).await;
    assert!(report.complete(), "{name}: {:#?}\n{:#?}", report.failed, report.left);
    let asked = sent(&engine.sandbox.requests());
    held(&engine, &desired).await;
    let again = engine.plan(&desired).await;
    assert!(again.steps.is_empty(), "{name}: the second plan:\n{}", steps(&again));
    assert!(again.drift.is_empty() && !again.diagnostics.has_errors(), "{name}: {:?}", again.drift);
    let changed = Engine::read(&text(variants, Round::Second));
    let (plan, report) = engine.apply(&changed).await;
    assert!(report.complete(), "{name}: {:#?}\n{:#?}", report.failed, report.left);
    let mut moved = Surface::new();
    for step in &plan.steps {
        assert_eq!(step.action, Action::Update, "{name}: {}", steps(&plan));
        let resource = Schema::get().resource(&step.arm_type).expect("a type of the tables");
        let patterns = step.changes.iter().map(|change| resource.pattern(&change.path));
        moved.entry(resource.name.clone()).or_default().extend(patterns);
    }
    held(&engine, &changed).await;
    let again = engine.plan(&changed).await;
    assert!(again.steps.is_empty(), "{name}: the plan after changes:\n{}", steps(&again));
    drift(name, &mut engine, &desired, &changed).await;
    engine.destroy(&desired).await;
    Through { wrote, sent: asked, changed: moved }
}

/// Somebody else takes all of it into a record of their own and changes it back: that is drift, each property of it, and
/// is put right.
async fn drift(name: &str, engine: &mut Engine, theirs: &Desired, ours: &Desired) {
    let (plan, report) = Engine::new(engine.sandbox.clone()).apply(theirs).await;
    assert!(report.complete(), "{name}: {:#?}\n{:#?}", report.failed, report.left);
    let moved: BTreeSet<String> =
        plan.steps.iter().flat_map(|s| s.changes.iter().map(|c| format!("{} {}", s.address, c.path))).collect();
    println!("{name}: {} values drift", moved.len());
    assert!(!moved.is_empty(), "{name}");
    let (plan, report) = engine.apply(ours).await;
    assert!(report.complete(), "{name}: {:#?}\n{:#?}", report.failed, report.left);
    let found: BTreeSet<String> = plan.drift.iter().map(|item| format!("{} {}", item.address, item.path)).collect();
    assert_eq!(moved, found, "{name}: what moved, and what is told as drift");
    let again = engine.plan(ours).await;
    assert!(again.steps.is_empty(), "{name}: the plan after drift:\n{}", steps(&again));
}

/// The sandbox answers what was written, but for secrets.
async fn held(engine: &Engine, desired: &Desired) {
    for wanted in desired.resources.values() {
        let Some(id) = wanted.id() else { continue };
        let resource = Schema::get().resource(&wanted.arm_type).expect("a type of the tables");
        let url = format!("https://management.azure.com{id}?api-version={}", resource.api_version);
        let answer = engine.sandbox.handle(Request::new("GET", &url)).await;
        assert_eq!(answer.status, 200, "{id}");
        let live = said(resource, &resource.from_arm(&Value::from_json(answer.body_json())));
        let wrote = said(resource, &wanted.body);
        let lost: Vec<_> = wrote.iter().filter(|p| !secret(resource, p) && !live.iter().any(|l| below(p, l))).collect();
        assert!(lost.is_empty(), "{}: {lost:?} are not answered", wanted.address);
        let shown: Vec<_> = live.iter().filter(|p| secret(resource, p)).collect();
        assert!(shown.is_empty(), "{}: {shown:?} are secrets and read back", wanted.address);
    }
}

#[tokio::test(start_paused = true)]
async fn every_writable_property_of_every_type_goes_through() {
    let (mut wrote, mut asked, mut changed) = (Surface::new(), Surface::new(), Surface::new());
    for (name, variants) in ENVIRONMENTS {
        let done = through(name, variants).await;
        for (into, from) in [(&mut wrote, done.wrote), (&mut asked, done.sent), (&mut changed, done.changed)] {
            for (arm_type, properties) in from {
                into.entry(arm_type).or_default().extend(properties);
            }
        }
    }
    let (mut missing, mut total, mut total_changed) = (Vec::new(), 0, 0);
    for resource in Schema::get().resources().filter(|r| r.writable) {
        let all = writable(resource);
        let set = wrote.remove(&resource.name).unwrap_or_default();
        let requested = asked.remove(&resource.name).unwrap_or_default();
        let count = all.iter().filter(|p| set.contains(*p) && requested.contains(*p)).count();
        let moved = changed.remove(&resource.name).unwrap_or_default();
        let of_these = all.iter().filter(|p| moved.iter().any(|m| below(m, p))).count();
        println!("{count:>4} of {:>4}, {of_these:>4} changed  {}", all.len(), resource.name);
        let variants = ENVIRONMENTS.iter().flat_map(|(_, variants)| *variants);
        let of_type = variants.filter(|v| arm_type(v.collection) == resource.name);
        let held: BTreeSet<&str> = of_type.flat_map(|v| v.set.iter().map(|(path, _)| *path)).collect();
        total += count;
        total_changed += of_these;
        for property in &all {
            if !set.contains(property) {
                missing.push(format!("{} {property} stands in no environment", resource.name));
            } else if !requested.contains(property) {
                missing.push(format!("{} {property} was not sent", resource.name));
            }
            let free = has_second(resource, property) && !held.iter().any(|h| below(h, property));
            if free && !moved.iter().any(|m| below(m, property)) {
                missing.push(format!("{} {property} was not changed", resource.name));
            }
        }
    }
    println!("{total} properties in all, {total_changed} of them changed in place");
    assert!(missing.is_empty(), "{} are missing:\n{}", missing.len(), missing.join("\n"));
}
