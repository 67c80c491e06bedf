//! What the file no longer names goes, in reverse order; what is protected or holds strangers stays.

use serde_json::Value as Json;

use crate::scene::{AKS, GROUP, MSI, Scene, facts, place, refusals, told};

const POOL: &str = "    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";

fn whole() -> String {
    format!(
        "registries:\n  landfallone:\n    sku: {{name: Premium}}\n    replications: {{northeurope: {{}}}}\n    \
         scopeMaps:\n      readers: {{actions: [repositories/app/content/read]}}\n\
         clusters:\n  aks:\n{POOL}    maintenanceConfigurations:\n      default: {{timeInWeek: [{{day: Monday, hourSlots: [1]}}]}}\n    \
         pullsFrom: [landfallone]\n"
    )
}

#[tokio::test(start_paused = true)]
async fn what_the_file_no_longer_names_goes_in_reverse_order() {
    let scene = Scene::new();
    scene.apply(&whole()).await;
    let writes = scene.apply("tags: {}\n").await;
    assert!(writes.iter().all(|w| w.starts_with("DELETE ")), "{writes:#?}");
    let cluster = place(&writes, "DELETE managedClusters/aks");
    let registry = writes.iter().position(|w| w == "DELETE registries/landfallone").unwrap();
    for identity in ["aks-control", "aks-kubelet"] {
        assert!(cluster < place(&writes, &format!("DELETE userAssignedIdentities/{identity}")), "{writes:#?}");
    }
    assert!(place(&writes, "DELETE registries/landfallone/roleAssignments") < registry, "{writes:#?}");
    assert_eq!(scene.world(), ["resourceGroups/rg"]);
    assert_eq!(scene.state().await.recorded.resources.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn destroy_leaves_nothing() {
    let scene = Scene::new();
    scene.apply(&whole()).await;
    let writes = scene.destroy(&whole()).await;
    assert_eq!(writes.last().unwrap(), "DELETE resourceGroups/rg");
    assert_eq!(scene.world(), Vec::<String>::new());
    assert!(scene.state().await.recorded.resources.is_empty());
    assert_eq!(scene.destroy(&whole()).await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_group_with_a_stranger_stays_until_the_stranger_goes() {
    let scene = Scene::new();
    scene.apply(&whole()).await;
    let (stranger, _) = scene.identity("somebodys").await;
    let writes = scene.destroy(&whole()).await;
    assert!(!writes.contains(&"DELETE resourceGroups/rg".to_owned()), "{writes:#?}");
    assert_eq!(scene.world(), ["resourceGroups/rg", "userAssignedIdentities/somebodys"]);
    assert!(scene.recorded("resourceGroup").await.is_some(), "it is still landfall's to delete");
    scene.somebody("DELETE", &stranger, MSI, Json::Null).await;
    assert_eq!(scene.destroy(&whole()).await, ["DELETE resourceGroups/rg"]);
    assert_eq!(scene.world(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_comes_after_the_plan_saves_the_group() {
    let scene = Scene::new();
    let text = "registries:\n  landfallone:\n    sku: {name: Basic}\n";
    scene.apply(text).await;
    let plan = scene.plan_destroy(text).await;
    assert!(told(&plan).contains(&"delete resourceGroup []".to_owned()));
    scene.identity("somebodys").await;
    scene.sandbox.clear_requests();
    let report = scene.run(&plan).await;
    assert!(report.stale, "{report:#?}");
    assert_eq!(scene.writes(), ["DELETE registries/landfallone"]);
    assert!(report.failed[0].message.contains("somebodys"), "it is named: {}", report.failed[0].message);
}

#[tokio::test(start_paused = true)]
async fn what_is_protected_is_neither_deleted_nor_destroyed() {
    let scene = Scene::new();
    let protected = whole().replace("    pullsFrom", "    protect: true\n    pullsFrom");
    scene.apply(&protected).await;
    let gone = scene.plan("tags: {}\n").await;
    let codes: Vec<String> = refusals(&gone).iter().map(|r| r.split(':').next().unwrap().to_owned()).collect();
    assert!(!codes.is_empty() && codes.iter().all(|c| c == "protected"), "{:?}", refusals(&gone));
    let destroyed = scene.plan_destroy(&protected).await;
    let told: Vec<String> = refusals(&destroyed);
    for address in
        ["clusters.aks is", "clusters.aks.identities.kubelet", "clusters.aks.nodePools.system", "resourceGroup"]
    {
        assert!(told.iter().any(|r| r.starts_with("protected") && r.contains(address)), "{address}: {told:#?}");
    }
    // First a change of its own, then the deletion.
    scene.apply(&whole()).await;
    scene.destroy(&whole()).await;
    assert_eq!(scene.world(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_already_is_forgotten() {
    let scene = Scene::new();
    scene.apply(&whole()).await;
    let cluster = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks");
    scene.somebody("DELETE", &cluster, AKS, Json::Null).await;
    let writes = scene.apply("tags: {}\n").await;
    assert!(!writes.iter().any(|w| w.contains("managedClusters/aks")), "{writes:#?}");
    assert_eq!(scene.state().await.recorded.resources.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_a_live_cluster_names_is_never_deleted() {
    let scene = Scene::new();
    let named = format!(
        "identities:\n  ctl: {{}}\nclusters:\n  aks:\n    identity:\n      type: UserAssigned\n      \
         userAssignedIdentities: {{\"${{identities.ctl.id}}\": {{}}}}\n{POOL}"
    );
    scene.apply(&named).await;
    let without = format!("clusters:\n  aks:\n{POOL}");
    let plan = scene.plan(&without).await;
    assert!(told(&plan).iter().all(|s| !s.starts_with("delete identities")), "{:#?}", told(&plan));
    assert!(facts(&plan).contains(&"still-named"), "{:?}", facts(&plan));
}
