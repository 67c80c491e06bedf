//! What must never happen: strangers deleted, what landfall made forgotten, what is protected touched.

use landfall::plan::Work;

use crate::scene::{Scene, refusals, told};

const ONE: &str = "registries:\n  landfallone:\n    sku: {name: Basic}\n";

/// The codes of what refuses a plan.
fn codes(plan: &landfall::plan::Plan) -> Vec<String> {
    refusals(plan).iter().map(|r| r.split(':').next().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_resource_group_is_never_replaced() {
    let scene = Scene::new();
    scene.apply(ONE).await;
    scene.identity("somebodys").await;
    let plan = scene.plan_replacing(ONE, &["resourceGroup"]).await;
    assert_eq!(codes(&plan), ["replace-group"]);
    assert_eq!(told(&plan), Vec::<String>::new());

    // Nor does apply delete one that nobody has looked into.
    let mut plan = scene.plan_destroy(ONE).await;
    for step in &mut plan.steps {
        if let Work::Delete { only, .. } = &mut step.work {
            *only = None;
        }
    }
    let report = scene.run(&plan).await;
    assert!(report.stale, "{report:#?}");
    assert_eq!(scene.world(), ["resourceGroups/rg", "userAssignedIdentities/somebodys"]);
}
