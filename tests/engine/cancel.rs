//! Work that somebody has Azure end: its step fails, what waits for it does not start, and the next plan does it again.

use std::time::Duration;

use landfall::apply::{Aborted, at_work};
use landfall::event::Report;
use landfall::plan::Plan;
use landfall::sandbox::Pace;

use crate::scene::{AKS, GROUP, Scene, refusals, told};

const TEXT: &str = "registries:\n  landfallone: {sku: {name: Standard}}\nclusters:\n  aks:\n    kubernetesVersion: \"1.35\"\n    \
                    pullsFrom: [landfallone]\n    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n      \
                    work: {mode: User, vmSize: Standard_D4ds_v5, count: 1}\n    maintenanceConfigurations:\n      \
                    default: {timeInWeek: [{day: Monday, hourSlots: [1]}]}\n";

fn cluster() -> String {
    format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks")
}

/// Carries a plan out, and once Azure works on this address, has it end that: what came of it, and of asking once more.
async fn run_and_cancel(scene: &Scene, plan: &Plan, address: &str) -> (Report, Aborted, Aborted) {
    let cancel = async {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let open = at_work(&scene.state().await);
            let Some(work) = open.into_iter().find(|w| w.address.as_str() == address && w.operation.is_some()) else {
                continue;
            };
            let first = work.abort(&scene.client).await;
            return (first, work.abort(&scene.client).await);
        }
    };
    let (report, (first, second)) = tokio::join!(scene.run(plan), cancel);
    (report, first, second)
}

async fn provisioning(scene: &Scene, id: &str) -> String {
    scene.get(id, AKS).await["properties"]["provisioningState"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_cancelled_is_made_by_the_next_run() {
    let scene = Scene::paced(Pace::real());
    let plan = scene.plan(TEXT).await;
    let (report, first, second) = run_and_cancel(&scene, &plan, "clusters.aks").await;
    assert!(matches!((&first, &second), (Aborted::Asked, Aborted::Ended(_))), "{first:?} {second:?}");
    let failed: Vec<(&str, &str)> = report.failed.iter().map(|o| (o.address.as_str(), o.message.as_str())).collect();
    let why = "it was cancelled while Azure worked on it; the next apply does it again";
    assert_eq!(failed, [("clusters.aks", why)]);
    assert!(!report.stale && !report.interrupted);
    let skipped: Vec<&str> = report.skipped.iter().map(|o| o.address.as_str()).collect();
    assert!(skipped.contains(&"clusters.aks.maintenanceConfigurations.default"), "{skipped:?}");
    for id in [cluster(), format!("{}/agentPools/work", cluster())] {
        assert_eq!(provisioning(&scene, &id).await, "Canceled", "{id}");
    }

    let plan = scene.plan(TEXT).await;
    assert_eq!(refusals(&plan), Vec::<String>::new());
    assert!(told(&plan).iter().any(|step| step.contains("clusters.aks ")), "{:?}", told(&plan));
    let report = scene.run(&plan).await;
    assert!(report.complete(), "{report:#?}");
    assert_eq!(scene.sandbox.created_count(&cluster()), 1);
    assert_eq!(provisioning(&scene, &cluster()).await, "Succeeded");
    scene.settled(TEXT).await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_cancelled_is_changed_by_the_next_run() {
    let scene = Scene::paced(Pace::real());
    scene.apply(TEXT).await;
    let pool = format!("{}/agentPools/work", cluster());
    let more = TEXT.replace("User, vmSize: Standard_D4ds_v5, count: 1", "User, vmSize: Standard_D4ds_v5, count: 3");
    let plan = scene.plan(&more).await;
    let (report, first, _) = run_and_cancel(&scene, &plan, "clusters.aks.nodePools.work").await;
    assert!(matches!(first, Aborted::Asked), "{first:?}");
    assert!(report.failed[0].message.contains("cancelled"), "{:?}", report.failed);
    assert_eq!(
        (provisioning(&scene, &pool).await, provisioning(&scene, &cluster()).await),
        ("Canceled".into(), "Succeeded".into())
    );
    scene.apply(&more).await;
    assert_eq!(provisioning(&scene, &pool).await, "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_cancelled_leaves_the_cluster() {
    let scene = Scene::paced(Pace::real());
    scene.apply(TEXT).await;
    let plan = scene.plan_destroy(TEXT).await;
    let (report, first, _) = run_and_cancel(&scene, &plan, "clusters.aks").await;
    assert!(matches!(first, Aborted::Asked), "{first:?}");
    assert_eq!(report.failed.len(), 1, "{:?}", report.failed);
    assert_eq!(provisioning(&scene, &cluster()).await, "Canceled");
    scene.destroy(TEXT).await;
    assert_eq!(scene.world(), Vec::<String>::new());
}

/// Nobody follows it any more; the run that comes next does, and tells what it finds.
#[tokio::test(start_paused = true)]
async fn what_a_cut_off_run_left_can_be_cancelled_too() {
    let scene = Scene::paced(Pace::real());
    let plan = scene.plan(TEXT).await;
    let report = scene.run_until(&plan, tokio::time::sleep(Duration::from_secs(200))).await;
    assert_eq!(report.left.iter().map(|o| o.address.as_str()).collect::<Vec<_>>(), ["clusters.aks"]);
    let state = scene.state().await;
    let open = at_work(&state);
    let aks = open.iter().find(|w| w.address.as_str() == "clusters.aks").unwrap();
    assert!(matches!(aks.abort(&scene.client).await, Aborted::Asked));
    let recovery = landfall::apply::recover(&scene.client, &state, &|_, _| {}).await;
    assert_eq!(recovery.failed.len(), 1);
    assert!(recovery.failed[0].1.contains("somebody cancelled it"), "{:?}", recovery.failed);
    scene.apply(TEXT).await;
}

/// What Azure cannot end, or has not begun, is not asked for.
#[tokio::test(start_paused = true)]
async fn only_what_has_an_abort_is_asked_to() {
    let scene = Scene::paced(Pace::real());
    let plan = scene.plan(TEXT).await;
    let report = scene.run_until(&plan, tokio::time::sleep(Duration::from_secs(15))).await;
    assert!(!report.left.is_empty());
    scene.sandbox.clear_requests();
    let mut seen = Vec::new();
    for work in at_work(&scene.state().await) {
        seen.push(format!("{} {:?}", work.address, work.abort(&scene.client).await));
    }
    assert!(seen.contains(&"registries.landfallone Impossible(\"container registry\")".to_owned()), "{seen:?}");
    assert_eq!(scene.requests().len(), 0);
}
