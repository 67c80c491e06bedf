//! What building a plan costs, by the number of resources: nothing to do, everything to change, everything to make and
//! everything to delete. Nothing is asked of anybody: what Azure reports is made from the file.
//!
//! `cargo bench --bench planning` prints the time of one plan, and how many resources it plans in a second.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where something fails"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use landfall::document::{Packed, Path, Value};
use landfall::environment::{MapSources, load};
use landfall::model::{Desired, Entry, HashKey, Live, Observed, Recorded, Seen, Target, Wanted};
use landfall::names::ArmId;
use landfall::plan::{Inputs, Plan, build, from_nothing, grant_id};
use serde_json::json;

const PRINCIPAL: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";

/// Clusters with two pools and a registry that each pulls from: five resources, of which the file names four.
fn text(resources: usize, pods: usize, tag: &str) -> String {
    let mut text = String::from(
        "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: {name: rg-bench, existing: true}\nlocation: westeurope\n",
    );
    let _ = writeln!(text, "registries:");
    for n in 0..resources / 5 {
        let _ = writeln!(text, "  benchreg{n:05}: {{sku: {{name: Standard}}, tags: {{v: {tag}}}}}");
    }
    let _ = writeln!(text, "clusters:");
    for n in 0..resources / 5 {
        let _ = write!(
            text,
            "  aks{n:05}:\n    tags: {{v: {tag}}}\n    pullsFrom: [benchreg{n:05}]\n    nodePools:\n      system: {{mode: System, vmSize: Standard_D4ds_v5, count: {pods}}}\n      work: {{vmSize: Standard_D4ds_v5, count: {pods}}}\n"
        );
    }
    text
}

fn read(text: &str) -> Desired {
    let (desired, problems) = load(&"bench".parse().unwrap(), &MapSources::new().file("bench.yaml", text));
    desired.unwrap_or_else(|| panic!("{}", problems.render(false)))
}

/// Azure and the record, after this was applied by clusters that were there before.
fn applied(desired: &Desired) -> (Live, Recorded) {
    let (mut live, mut recorded) = (Live::default(), Recorded { key: HashKey(vec![7; 32]), ..Recorded::default() });
    for wanted in desired.resources.values() {
        let mut body = wanted.body.clone();
        if wanted.arm_type.ends_with("/managedClusters") {
            body.set(&Path::of(["identityProfile", "kubeletidentity", "objectId"]), Value::text(PRINCIPAL));
        }
        let id = wanted.id().unwrap().clone();
        let observed = Observed { id: id.clone(), body: body.clone(), etag: None };
        live.resources.insert(id.clone(), Seen::Present(observed));
        live.grants.entry(id.clone()).or_insert_with(|| Seen::Present(Vec::new()));
        if !wanted.existing {
            recorded.resources.insert(wanted.address.clone(), entry(wanted, id, wanted.body.clone(), body));
        }
    }
    // Pools are seen in their cluster's document.
    for wanted in desired.resources.values().filter(|w| w.arm_type.ends_with("/agentPools")) {
        let id = wanted.id().unwrap();
        let mut pool = wanted.body.clone();
        pool.set(&Path::of(["name"]), Value::text(id.name()));
        let Some(Seen::Present(cluster)) = live.resources.get_mut(&id.parent().unwrap()) else { continue };
        let at = Path::of(["agentPoolProfiles"]);
        let mut pools = cluster.body.get(&at).and_then(Value::as_list).unwrap_or_default().to_vec();
        pools.push(pool);
        cluster.body.set(&at, Value::List(pools));
    }
    // The role that lets each pull.
    let expansion = landfall::plan::expand(desired, &recorded, &live);
    for wanted in expansion.resources.values() {
        let Target::Grant(grant) = &wanted.target else { continue };
        let id = grant_id(grant, PRINCIPAL).unwrap();
        let observed = Observed { id: id.clone(), body: wanted.body.clone(), etag: None };
        live.grants.insert(grant.scope.clone(), Seen::Present(vec![observed]));
        recorded.resources.insert(wanted.address.clone(), entry(wanted, id, wanted.body.clone(), wanted.body.clone()));
    }
    (live, recorded)
}

fn entry(wanted: &Wanted, id: ArmId, applied: Value, seen: Value) -> Entry {
    Entry {
        id,
        arm_type: wanted.arm_type.clone(),
        applied,
        defaulted: Value::map(),
        seen: Packed::from(&seen),
        created: true,
        protect: false,
        chosen: None,
        depends_on: wanted.depends_on.iter().cloned().collect(),
    }
}

/// Azure without anything but the group.
fn empty(desired: &Desired) -> Live {
    let mut live = Live::default();
    for wanted in from_nothing(desired).resources.values() {
        let Some(id) = wanted.id() else { continue };
        let group = Observed { id: id.clone(), body: Value::from_json(json!({"location": "westeurope"})), etag: None };
        live.resources.insert(id.clone(), if wanted.existing { Seen::Present(group) } else { Seen::Absent });
        live.grants.insert(id.clone(), Seen::Absent);
    }
    live
}

fn plan(desired: &Desired, live: &Live, recorded: &Recorded, destroy: bool) -> Plan {
    let replace = BTreeSet::new();
    build(Inputs { desired, recorded, record: None, live, destroy, replace: &replace, ours: &[] })
}

fn main() {
    let mut criterion =
        Criterion::default().sample_size(10).measurement_time(Duration::from_secs(2)).configure_from_args();
    for resources in [10, 100, 1_000, 10_000] {
        let (same, other) = (read(&text(resources, 1, "a")), read(&text(resources, 2, "b")));
        let (live, recorded) = applied(&same);
        let (nothing, blank) = (empty(&same), Recorded { key: HashKey(vec![7; 32]), ..Recorded::default() });
        let cases = [
            ("unchanged", &same, &live, &recorded, false, 0),
            // The grants have nothing that could change.
            ("changed", &other, &live, &recorded, false, resources / 5 * 4),
            ("new", &same, &nothing, &blank, false, resources / 5 * 8),
            ("destroyed", &same, &live, &recorded, true, resources),
        ];
        for (name, desired, live, recorded, destroy, expected) in cases {
            let started = Instant::now();
            let first = plan(desired, live, recorded, destroy);
            let took = started.elapsed();
            assert!(!first.diagnostics.has_errors(), "{name}: {}", first.diagnostics.render(false));
            assert_eq!(
                first.steps.len(),
                expected,
                "{name} {resources}: {:?}",
                first.steps.iter().take(20).map(|s| (s.address.to_string(), s.action)).collect::<Vec<_>>()
            );
            println!("{name} {resources}: {took:?}, {:?} each", took / u32::try_from(resources).unwrap());
            let mut group = criterion.benchmark_group(name);
            group.throughput(Throughput::Elements(resources as u64));
            group.bench_function(BenchmarkId::from_parameter(resources), |b| {
                b.iter(|| black_box(plan(desired, live, recorded, destroy)));
            });
            group.finish();
        }
    }
}
