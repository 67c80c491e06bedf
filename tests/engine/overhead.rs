//! What landfall's own waiting adds to Azure's: how long a run takes against the longest chain of operations in it.

use std::time::Duration;

use landfall::sandbox::{Options, Pace};
use tokio::time::Instant;

use crate::scene::Scene;

/// How long a run may take: the chain, a twentieth, and a second. With many operations at once, what AKS allows is longer: two
/// readings a second in a subscription, of which landfall leaves some to others, so each operation has its turn once in `round`.
fn allowed(chain: Duration, operations: u32) -> Duration {
    let round = Duration::from_millis(650) * operations;
    chain + round.max(chain / 20 + Duration::from_secs(1))
}

#[expect(clippy::disallowed_macros, reason = "shown by `cargo test -- --nocapture`")]
async fn run(scene: &Scene, text: &str, (chain, operations): (Duration, u32), what: &str) {
    let allowed = allowed(chain, operations);
    let plan = scene.plan(text).await;
    let began = Instant::now();
    let report = scene.run(&plan).await;
    let took = began.elapsed();
    assert!(report.complete(), "{report:#?}");
    println!("{what}: {took:.1?} where Azure alone needs {chain:.1?}, allowed {allowed:.1?}");
    assert!(took >= chain, "{what}: the chain is what cannot be done faster: {took:?} < {chain:?}");
    assert!(took <= allowed, "{what}: {took:?} > {allowed:?}");
}

/// Groups, identities and grants are made at once. A cluster with a kubelet identity of its own cannot be made before the grant on
/// that is in force, so the grant's spreading is part of Azure's own chain.
#[tokio::test(start_paused = true)]
async fn a_run_adds_little_to_the_longest_chain_of_operations() {
    let pace = Pace::real();
    for clusters in [1, 20] {
        let options = Options { pace: pace.clone(), latency: Duration::from_millis(50), ..Options::default() };
        let scene = Scene::of(options, 128);
        let text = |version: &str, count: u32| {
            let mut text = String::from("registries:\n  landfallone:\n    sku: {name: Basic}\nclusters:\n");
            for n in 0..clusters {
                text += &format!(
                    "  aks{n}:\n    kubernetesVersion: \"{version}\"\n    nodePools:\n      \
                     system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n      \
                     work: {{vmSize: Standard_D4ds_v5, count: {count}}}\n    pullsFrom: [landfallone]\n"
                );
            }
            text
        };
        run(&scene, &text("1.34", 1), (pace.grant + pace.cluster, clusters), &format!("{clusters} clusters made"))
            .await;
        run(&scene, &text("1.34", 2), (pace.pool, clusters), &format!("{clusters} pools scaled")).await;
        run(
            &scene,
            &text("1.35", 2),
            (pace.cluster + pace.pool, 3 * clusters),
            &format!("{clusters} clusters upgraded"),
        )
        .await;
        let plan = scene.plan_destroy(&text("1.35", 2)).await;
        assert!(scene.run(&plan).await.complete());
    }
}
