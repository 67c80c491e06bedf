//! Fifty clusters, their identities and grants; many grants alone; a plan.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use landfall::apply::Stop;
use landfall::event::Report;
use landfall::plan::{Plan, Work};
use landfall::sandbox::{Options, Pace};
use landfall::state::{State, Store};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::allowed::{at_once, counts, least, throttled};
use crate::kept::Kept;
use crate::scene::{GROUP, RBAC, Scene, refusals};

const CLUSTERS: usize = 50;
const LATENCY: Duration = Duration::from_millis(50);

/// A registry and fifty clusters that pull from it, each with two pools and identities of its own.
fn fifty() -> String {
    let mut out = "registries:\n  images: {sku: {name: Standard}}\nclusters:\n".to_owned();
    for i in 0..CLUSTERS {
        let _ = writeln!(
            out,
            "  c{i:02}:\n    kubernetesVersion: \"1.35\"\n    pullsFrom: [images]\n    nodePools:\n      \
             system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n      \
             work: {{mode: User, vmSize: Standard_D4ds_v5, count: 1}}"
        );
    }
    out
}

fn throttling(pace: Pace, parallelism: usize) -> Scene {
    Scene::of(Options { pace, latency: LATENCY, limits: true, ..Options::default() }, parallelism)
}

/// Carries a plan out with a state that costs nothing to save.
async fn run(scene: &Scene, plan: &Plan) -> (Report, State) {
    let mut state = scene.state().await;
    let (_stop, stopped) = watch::channel(Stop::No);
    let store = Kept(Mutex::default());
    let options = landfall::apply::Options {
        parallelism: scene.parallelism,
        now: &|| "2026-11-22T00:00:00Z".to_owned(),
        events: &|_| {},
        stop: stopped,
        ours: &[],
    };
    let report = landfall::apply::run(&scene.client, plan, &mut state, &store, options).await.unwrap();
    (report, state)
}

/// The requests that a plan cannot do without: each resource is looked for, made and read back (a grant needs neither, since its
/// name says what it is and its answer all there is of it), and each operation is read once at its end.
fn needed(plan: &Plan) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let provider = |arm_type: &str| format!("{GROUP}/providers/{arm_type}/x");
    for step in plan.steps.iter().filter(|s| !matches!(s.work, Work::Within { .. })) {
        let path = match step.arm_type.as_str() {
            "Microsoft.Resources/resourceGroups" => GROUP.to_owned(),
            arm_type => provider(arm_type),
        };
        let grant = step.arm_type.starts_with("Microsoft.Authorization/");
        out.extend(if grant { vec!["PUT"] } else { vec!["GET", "PUT", "GET"] }.into_iter().map(|m| (m, path.clone())));
        if step.arm_type == "Microsoft.ContainerService/managedClusters" {
            out.push(("GET", provider("Microsoft.ContainerService/locations/westeurope/operations")));
        }
    }
    out
}

/// Azure takes the plan's requests in no less than the allowances leave (`least` of what the plan needs), and its own work takes,
/// one after the other, a grant's spreading (the cluster's control plane must hold the kubelet identity before the cluster is
/// accepted) and a cluster's creation. The longer of the two is the least that any client could need; a fifth more is what
/// landfall may take, with the readings of its operations, the retries while grants spread, and the network.
#[tokio::test(start_paused = true)]
async fn an_apply_of_fifty_clusters_takes_little_longer_than_azure_allows() {
    let pace = Pace::real();
    let scene = throttling(pace.clone(), 128);
    let plan = scene.plan(&fifty()).await;
    assert_eq!(refusals(&plan), Vec::<String>::new());
    let needed = needed(&plan);
    let (buckets, told) = least(&counts(needed.iter().map(|(method, path)| (*method, path.as_str()))));
    let work = pace.grant + pace.cluster;
    let least = buckets.max(work);

    scene.sandbox.clear_requests();
    let start = Instant::now();
    let (report, mut state) = run(&scene, &plan).await;
    let took = start.elapsed();
    let requests = scene.requests();
    println!("{CLUSTERS} clusters, {} steps; needed at least: {told}", plan.steps.len());
    println!(
        "allowances {} s, Azure's own work {} s: at least {} s",
        buckets.as_secs(),
        work.as_secs(),
        least.as_secs()
    );
    let sent = counts(requests.iter().map(|r| (r.method.as_str(), r.path.as_str())));
    println!(
        "took {} s ({:.3} times), {} requests: {sent:?}",
        took.as_secs(),
        took.div_duration_f64(least),
        requests.len()
    );
    println!("answered 429: {}; at once {}", throttled(&requests), at_once(&requests));
    assert!(report.complete(), "{:#?}", report.failed);
    assert_eq!((report.failed.len(), report.skipped.len()), (0, 0));
    assert!(took <= least.mul_f64(1.2), "{took:?}, and Azure allows {least:?}");
    assert_eq!(throttled(&requests), 0, "the pace keeps within what Azure takes");
    scene.store.save(&mut state).await.unwrap();
    scene.settled(&fifty()).await;
}

/// Grants alone: their provider takes 120 requests in a minute, so that the last of 300 is taken after two of them.
#[tokio::test(start_paused = true)]
async fn many_grants_take_little_longer_than_their_provider_allows() {
    const GRANTS: usize = 300;
    let scene = throttling(Pace::instant(), 128);
    scene.group().await;
    let mut text = "resourceGroup: {name: rg, existing: true}\nroleAssignments:\n".to_owned();
    for i in 0..GRANTS {
        let principal = format!("00000000-0000-4000-8000-{i:012}");
        let _ = writeln!(
            text,
            "  g{i:03}: {{scope: {GROUP}, role: Reader, principalId: {principal}, principalType: ServicePrincipal}}"
        );
    }
    let plan = scene.plan(&text).await;
    assert_eq!((refusals(&plan), plan.steps.len()), (vec![], GRANTS));
    let needed = needed(&plan);
    let (least, told) = least(&counts(needed.iter().map(|(method, path)| (*method, path.as_str()))));
    scene.sandbox.clear_requests();
    let start = Instant::now();
    let (report, _) = run(&scene, &plan).await;
    let (took, requests) = (start.elapsed(), scene.requests());
    println!("{GRANTS} grants; needed at least: {told}");
    println!(
        "took {} s ({:.3} times), answered 429: {}",
        took.as_secs(),
        took.div_duration_f64(least),
        throttled(&requests)
    );
    assert!(report.complete(), "{:#?}", report.failed);
    assert!(took <= least.mul_f64(1.2), "{took:?}, and Azure allows {least:?}");
    assert_eq!(throttled(&requests), 0);
}

/// Where the allowances hold all of a plan's reads, nothing waits for its turn: they go out together.
#[tokio::test(start_paused = true)]
async fn a_plan_of_fifty_clusters_goes_out_in_one_round() {
    let scene = throttling(Pace::instant(), 512);
    scene.client.ready().await.unwrap();
    scene.sandbox.clear_requests();
    let start = Instant::now();
    let plan = scene.plan(&fifty()).await;
    let (took, requests) = (start.elapsed(), scene.requests());
    println!("{} reads in {} ms, {} at once", requests.len(), took.as_millis(), at_once(&requests));
    assert!(plan.complete() && (CLUSTERS..64).contains(&requests.len()), "{}", requests.len());
    assert_eq!((at_once(&requests), throttled(&requests)), (requests.len(), 0));
    assert_eq!(took, LATENCY);
}

/// Somebody else has used up what this run counts on: it is throttled, waits as long as it is told, and loses nothing.
#[tokio::test(start_paused = true)]
async fn what_others_have_used_up_is_waited_for() {
    let scene = throttling(Pace::instant(), 128);
    scene.group().await;
    let grants = format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments");
    for _ in 0..110 {
        scene.get(&grants, RBAC).await;
    }
    let (text, start) = (fifty().replace(&clusters_from(10), ""), Instant::now());
    let plan = scene.plan(&format!("resourceGroup: {{name: rg, existing: true}}\n{text}")).await;
    let (report, _) = run(&scene, &plan).await;
    let refused = throttled(&scene.requests());
    println!("{} steps in {} s, answered 429: {refused}", plan.steps.len(), start.elapsed().as_secs());
    assert!(report.complete(), "{:#?}", report.failed);
    assert!((1..=60).contains(&refused), "those who waited were not sent again into the refusal");
    assert!((50..130).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

/// What the file says from this cluster on.
fn clusters_from(first: usize) -> String {
    let all = fifty();
    all[all.find(&format!("  c{first:02}:")).unwrap()..].to_owned()
}
