//! What exists already: taken in, left alone, or in the way.

use serde_json::json;

use crate::scene::{ACR, AKS, GROUP, Scene, refusals, told};

const ONE: &str = "registries:\n  landfallone:\n    sku: {name: Basic}\n    adminUserEnabled: false\n";
const REGISTRY: &str = "/providers/Microsoft.ContainerRegistry/registries/landfallone";

#[tokio::test(start_paused = true)]
async fn what_is_there_and_not_recorded_is_an_adoption() {
    let scene = Scene::new();
    scene.group().await;
    let id = format!("{GROUP}{REGISTRY}");
    scene
        .somebody(
            "PUT",
            &id,
            ACR,
            json!({"location": "westeurope", "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": true}}),
        )
        .await;
    let plan = scene.plan(ONE).await;
    assert_eq!(told(&plan), ["adopt resourceGroup []", "adopt registries.landfallone [adminUserEnabled]"]);
    assert_eq!(plan.summary().adopt, 2);
    assert!(!plan.steps[0].changes_azure() && plan.steps[1].changes_azure());
    assert_eq!(scene.apply_plan(ONE, &plan).await, ["PATCH registries/landfallone"]);
    assert_eq!(scene.sandbox.created_count(&id), 1);
    let state = scene.state().await;
    assert!(state.recorded.resources.values().all(|e| !e.created), "landfall made none of them");

    // What was adopted is destroyed, but for the group, which landfall did not make.
    assert_eq!(scene.destroy(ONE).await, ["DELETE registries/landfallone"]);
    assert_eq!(scene.world(), ["resourceGroups/rg"]);
    assert!(scene.state().await.recorded.resources.is_empty());
}

#[tokio::test(start_paused = true)]
async fn existing_parents_are_referenced_and_their_children_managed() {
    let scene = Scene::new();
    scene.group().await;
    let text = "resourceGroup: {name: rg, existing: true}\nregistries:\n  landfallone:\n    existing: true\n    \
                scopeMaps:\n      readers: {actions: [repositories/app/content/read]}\n\
                clusters:\n  aks:\n    existing: true\n    nodePools:\n      extra: {vmSize: Standard_D4ds_v5, count: 2}\n    pullsFrom: [landfallone]\n";
    let missing = scene.plan(text).await;
    assert_eq!(
        refusals(&missing).iter().filter(|r| r.starts_with("existing-missing")).count(),
        2,
        "{:?}",
        refusals(&missing)
    );

    scene
        .somebody(
            "PUT",
            &format!("{GROUP}{REGISTRY}"),
            ACR,
            json!({"location": "westeurope", "sku": {"name": "Premium"}}),
        )
        .await;
    let cluster = scene
        .somebody(
            "PUT",
            &format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks"),
            AKS,
            json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"dnsPrefix": "aks",
                "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5"}]}}),
        )
        .await;
    let plan = scene.plan(text).await;
    assert_eq!(
        told(&plan),
        [
            "create clusters.aks.nodePools.extra",
            "create clusters.aks.pullsFrom.landfallone",
            "create registries.landfallone.scopeMaps.readers"
        ]
    );
    scene.run(&plan).await;
    assert_eq!(told(&scene.plan(text).await), Vec::<String>::new());
    let granted =
        scene.requests().into_iter().find(|r| r.method == "PUT" && r.path.contains("roleAssignments")).unwrap();
    assert_eq!(
        granted.body["properties"]["principalId"],
        cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"]
    );
    // The parents are not landfall's: only their children go.
    let gone = scene.destroy(text).await;
    assert_eq!(gone.len(), 3, "{gone:#?}");
    assert!(
        gone.iter().all(|w| w.starts_with("DELETE")
            && !w.ends_with("registries/landfallone")
            && !w.ends_with("managedClusters/aks")),
        "{gone:#?}"
    );
}
