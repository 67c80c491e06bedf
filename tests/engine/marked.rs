//! The tag that says which environment a resource was made for: given at creation, never compared, never added later.

use serde_json::{Value as Json, json};

use crate::scene::{ACR, AKS, ARM, GROUP, MSI, Scene, told};

const REGISTRY: &str = "/providers/Microsoft.ContainerRegistry/registries/landfallone";
const CLUSTER: &str = "/providers/Microsoft.ContainerService/managedClusters/aks";
const KUBELET: &str = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-kubelet";

fn registry(rest: &str) -> String {
    format!("registries:\n  landfallone:\n    sku: {{name: Premium}}\n{rest}")
}

async fn tags(scene: &Scene, id: &str, version: &str) -> Json {
    scene.get(&format!("{GROUP}{id}"), version).await["tags"].clone()
}

#[tokio::test(start_paused = true)]
async fn what_landfall_makes_carries_the_environments_name() {
    let scene = Scene::new();
    let text = format!(
        "{}    tags: {{team: a}}\n    replications: {{northeurope: {{}}}}\n\
         clusters:\n  aks:\n    nodePools: {{system: {{vmSize: Standard_D4ds_v5, count: 1}}}}\n    pullsFrom: [landfallone]\n",
        registry("")
    );
    let plan = scene.plan(&text).await;
    let shown = |address: &str| {
        let step = plan.steps.iter().find(|s| s.address.as_str() == address).unwrap();
        step.changes.iter().any(|c| c.path.to_string() == "tags.landfall-environment")
    };
    assert!(shown("resourceGroup") && shown("registries.landfallone") && shown("clusters.aks.identities.kubelet"));
    assert!(!shown("clusters.aks.nodePools.system") && !shown("clusters.aks.pullsFrom.landfallone"));
    scene.apply_plan(&text, &plan).await;
    let own = json!({"landfall-environment": "test"});
    assert_eq!(tags(&scene, "", ARM).await, own);
    assert_eq!(tags(&scene, REGISTRY, ACR).await, json!({"team": "a", "landfall-environment": "test"}));
    assert_eq!(tags(&scene, &format!("{REGISTRY}/replications/northeurope"), ACR).await, own);
    assert_eq!(tags(&scene, CLUSTER, AKS).await, own);
    assert_eq!(tags(&scene, KUBELET, MSI).await, own);

    // It is nobody's to manage: an update keeps it, and who takes it away is left alone.
    let moved = text.replace("team: a", "team: b");
    assert_eq!(scene.apply(&moved).await, ["PATCH registries/landfallone"]);
    assert_eq!(tags(&scene, REGISTRY, ACR).await, json!({"team": "b", "landfall-environment": "test"}));
    let dropped = moved.replace("    tags: {team: b}\n", "");
    assert_eq!(scene.apply(&dropped).await, ["PATCH registries/landfallone"]);
    assert_eq!(tags(&scene, REGISTRY, ACR).await, own);
    scene.somebody("PATCH", &format!("{GROUP}{REGISTRY}"), ACR, json!({"tags": {"other": "x"}})).await;
    scene.settled(&dropped).await;
    scene.settled(&format!("environmentTag: false\n{dropped}")).await;
    scene.settled(&format!("environmentTag: made-for\n{dropped}")).await;
}

#[tokio::test(start_paused = true)]
async fn the_tag_can_be_named_and_turned_off() {
    for (line, tag) in [
        ("environmentTag: made-for\n", json!({"made-for": "test"})),
        ("environmentTag: true\n", json!({"landfall-environment": "test"})),
        ("environmentTag: false\n", json!({})),
    ] {
        let scene = Scene::new();
        scene.apply(&format!("{line}{}", registry(""))).await;
        assert_eq!(tags(&scene, REGISTRY, ACR).await, tag, "{line}");
    }
    // Who says such a tag himself has it his way.
    let scene = Scene::new();
    scene.apply(&registry("    tags: {Landfall-Environment: mine}\n")).await;
    assert_eq!(tags(&scene, REGISTRY, ACR).await, json!({"Landfall-Environment": "mine"}));
}

#[tokio::test(start_paused = true)]
async fn what_is_there_already_never_gets_it() {
    // Made before there was such a tag.
    let scene = Scene::new();
    scene.apply(&format!("environmentTag: false\n{}", registry("    tags: {team: a}\n"))).await;
    scene.settled(&registry("    tags: {team: a}\n")).await;
    assert_eq!(scene.apply(&registry("    tags: {team: b}\n")).await, ["PATCH registries/landfallone"]);
    assert_eq!(tags(&scene, REGISTRY, ACR).await, json!({"team": "b"}));

    // Adopted, be it with a change.
    let scene = Scene::new();
    scene.group().await;
    let body = json!({"location": "westeurope", "sku": {"name": "Premium"}});
    scene.somebody("PUT", &format!("{GROUP}{REGISTRY}"), ACR, body).await;
    assert_eq!(scene.apply(&registry("    tags: {team: a}\n")).await, ["PATCH registries/landfallone"]);
    assert_eq!(tags(&scene, REGISTRY, ACR).await, json!({"team": "a"}));
}

#[tokio::test(start_paused = true)]
async fn no_tags_at_all_are_none_but_that_one() {
    let scene = Scene::new();
    let none = registry("    tags: {}\n");
    scene.apply(&none).await;
    let own = json!({"landfall-environment": "test"});
    assert_eq!(tags(&scene, REGISTRY, ACR).await, own);
    let foreign = json!({"tags": {"landfall-environment": "test", "other": "x"}});
    scene.somebody("PATCH", &format!("{GROUP}{REGISTRY}"), ACR, foreign).await;
    assert_eq!(told(&scene.plan(&none).await), ["update registries.landfallone [tags]"]);
    scene.apply(&none).await;
    assert_eq!(tags(&scene, REGISTRY, ACR).await, own, "the rest is cleared, and it stays");
}
