//! A record that was lost, and is rebuilt from Azure and the file.

use landfall::apply::remembered;
use landfall::model::Entry;
use landfall::plan::{Rebuilt, rebuild, rebuild_reads};
use landfall::state::Store;
use serde_json::json;

use crate::scene::{ACR, GROUP, MSI, Scene, short, told};

const REGISTRY: &str = "/providers/Microsoft.ContainerRegistry/registries/landfallone";
const BORN: &str = "registries:\n  landfallone:\n    sku: {name: Premium}\n    replications: {northeurope: {}}\n    \
    scopeMaps:\n      readers: {actions: [repositories/app/content/read]}\n\
    clusters:\n  aks:\n    sku: {tier: Standard}\n    pullsFrom: [landfallone]\n    nodePools:\n      \
    system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n      work: {vmSize: Standard_D4ds_v5, count: 2}\n";
const OWN: &str = "registries:\n  landfallone: {sku: {name: Basic}}\n\
    identities: {control: {}, kubelet: {federatedCredentials: {cicd: {issuer: 'https://token.example', subject: s, audiences: [api]}}}}\n\
    roleAssignments:\n  reader: {scope: '${registries.landfallone.id}', role: Reader, principalId: '${identities.control.principalId}', principalType: ServicePrincipal}\n\
    clusters:\n  aks:\n    identity: {type: UserAssigned, userAssignedIdentities: {'${identities.control.id}': {}}}\n    \
    identityProfile: {kubeletidentity: {resourceId: '${identities.kubelet.id}', clientId: '${identities.kubelet.clientId}', objectId: '${identities.kubelet.principalId}'}}\n    \
    pullsFrom: [landfallone]\n    nodePools: {system: {vmSize: Standard_D4ds_v5, count: 1}}\n";
const LATER: &str = "clusters:\n  aks:\n    nodePools: {system: {vmSize: Standard_D4ds_v5, count: 1}}\n";

/// Finds what is there and makes it the record.
async fn rebuilt(scene: &Scene, text: &str) -> Rebuilt {
    let desired = scene.desired(text);
    let live = scene.see(rebuild_reads(&desired)).await;
    let mut state = scene.state().await;
    let found = rebuild(&desired, &live, &state.recorded.key);
    assert_eq!(found.unread, []);
    for (address, (record, seen)) in &found.found {
        state.recorded.resources.insert(address.clone(), remembered(record, seen, &state.recorded.key));
    }
    scene.store.save(&mut state).await.unwrap();
    found
}

/// Loses the record and rebuilds it: it must say what it said, but for what only the first apply knew.
async fn lost_and_found(scene: &Scene, text: &str) {
    // What only a finished run shows is remembered by the next one.
    assert_eq!(scene.apply(text).await, Vec::<String>::new());
    let before = scene.state().await.recorded;
    scene.store.remove().await.unwrap();
    let found = rebuilt(scene, text).await;
    assert!(found.left.is_empty() && found.absent.is_empty(), "{found:?}");
    let after = scene.state().await.recorded;
    let shown = |all: &landfall::model::Recorded| {
        let one = |(address, e): (&landfall::names::Address, &Entry)| {
            let what = (e.created, e.protect, &e.chosen, &e.depends_on);
            format!("{address} {} {} {what:?}", e.id.key(), e.applied.to_display_json())
        };
        all.resources.iter().map(one).collect::<Vec<_>>()
    };
    pretty(&shown(&after), &shown(&before));
    scene.settled(text).await;
}

#[track_caller]
fn pretty(after: &[String], before: &[String]) {
    let lines = |all: &[String]| all.join("\n");
    assert_eq!(lines(after), lines(before));
}

#[tokio::test(start_paused = true)]
async fn a_born_attached_cluster_is_found_with_all_that_was_added() {
    let scene = Scene::new();
    scene.apply(BORN).await;
    lost_and_found(&scene, BORN).await;
    scene.destroy(BORN).await;
    assert_eq!(scene.world(), Vec::<String>::new(), "everything goes, the group too");
}

#[tokio::test(start_paused = true)]
async fn identities_and_assignments_of_the_file_are_found() {
    let scene = Scene::new();
    scene.apply(OWN).await;
    lost_and_found(&scene, OWN).await;
    scene.destroy(OWN).await;
    assert_eq!(scene.world(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_attached_later_is_found() {
    let scene = Scene::new();
    scene.apply(LATER).await;
    let text = format!("registries:\n  landfallone: {{sku: {{name: Basic}}}}\n{LATER}    pullsFrom: [landfallone]\n");
    scene.apply(&text).await;
    lost_and_found(&scene, &text).await;
    scene.destroy(&text).await;
    assert_eq!(scene.world(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn identities_stay_known_when_nothing_is_pulled_any_more() {
    let scene = Scene::new();
    scene.apply(BORN).await;
    let text = BORN.replace("    pullsFrom: [landfallone]\n", "");
    scene.apply(&text).await;
    lost_and_found(&scene, &text).await;
    scene.destroy(&text).await;
    assert_eq!(scene.world(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn roles_that_the_file_implies_are_found() {
    let subnet = format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/spoke/subnets/nodes");
    let inside = |text: &str| text.replace("count: 1}", &format!("count: 1, vnetSubnetID: '{subnet}'}}"));
    for text in [inside(BORN), inside(OWN), inside(LATER)] {
        let scene = Scene::new();
        scene.apply(&text).await;
        let state = scene.state().await;
        let roles = state.recorded.resources.keys().filter(|a| a.as_str().ends_with(".roles.spoke-nodes"));
        assert_eq!(roles.count(), 1, "{text}");
        lost_and_found(&scene, &text).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_rotated_pool_is_found_under_its_address() {
    let scene = Scene::new();
    scene.apply(BORN).await;
    let text = BORN.replace("work: {vmSize: Standard_D4ds_v5", "work: {vmSize: Standard_D8ds_v5");
    scene.apply(&text).await;
    lost_and_found(&scene, &text).await;
    assert!(scene.recorded("clusters.aks.nodePools.work").await.unwrap().len() > "work".len());
    scene.destroy(&text).await;
    assert_eq!(scene.world(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_landfall_did_not_make_is_left() {
    let scene = Scene::new();
    scene.group().await;
    let body = json!({"location": "westeurope", "sku": {"name": "Premium"}});
    scene.somebody("PUT", &format!("{GROUP}{REGISTRY}"), ACR, body).await;
    scene.apply(BORN).await;
    scene.store.remove().await.unwrap();
    let found = rebuilt(&scene, BORN).await;
    let left: Vec<&str> = found.left.keys().map(|address| address.as_str()).collect();
    let scope_map = "registries.landfallone.scopeMaps.readers";
    assert_eq!(
        left,
        ["registries.landfallone", scope_map, "resourceGroup"],
        "a child of what was adopted is not known"
    );
    let mut plan = told(&scene.plan(BORN).await);
    plan.sort();
    assert_eq!(
        plan,
        [
            "adopt registries.landfallone []",
            "adopt registries.landfallone.scopeMaps.readers []",
            "adopt resourceGroup []"
        ]
    );
    // Another environment's tag is nobody's proof either.
    let scene = Scene::new();
    scene
        .apply(&BORN.replace("sku: {name: Premium}", "sku: {name: Premium}\n    tags: {landfall-environment: other}"))
        .await;
    scene.store.remove().await.unwrap();
    let found = rebuilt(&scene, BORN).await;
    assert!(found.left.keys().any(|address| address.as_str() == "registries.landfallone"), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_as_the_file_says_is_shown_by_the_next_plan() {
    let scene = Scene::new();
    scene.apply(BORN).await;
    scene.store.remove().await.unwrap();
    let text = BORN.replace("sku: {tier: Standard}", "sku: {tier: Premium}\n    supportPlan: AKSLongTermSupport");
    let text = format!("{text}identities: {{more: {{}}}}\n");
    let found = rebuilt(&scene, &text).await;
    assert_eq!(found.absent.iter().map(|a| a.as_str()).collect::<Vec<_>>(), ["identities.more"]);
    let plan = scene.plan(&text).await;
    let mut steps = told(&plan);
    steps.sort();
    assert_eq!(steps, ["create identities.more", "update clusters.aks [sku.tier supportPlan]"]);
    assert!(plan.drift.is_empty(), "it did not drift: nobody knows what was applied: {:?}", plan.drift);
    scene.apply(&text).await;
    scene.destroy(&text).await;
    assert_eq!(scene.world(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_carries_the_tag_and_is_in_no_file_is_listed() {
    let scene = Scene::new();
    scene.apply(&format!("{BORN}identities: {{more: {{}}}}\n")).await;
    let desired = scene.desired(BORN);
    let group = landfall::names::ArmId::parse(GROUP).unwrap();
    let tag = desired.environment_tag.as_deref().unwrap();
    let foreign = format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/foreign");
    scene
        .somebody("PUT", &foreign, MSI, json!({"location": "westeurope", "tags": {"landfall-environment": "other"}}))
        .await;
    let marked = landfall::observe::tagged(&scene.client, &group, (tag, "test")).await;
    let mut names: Vec<String> = marked.present().unwrap().iter().map(|id| short(id.as_str())).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "managedClusters/aks",
            "registries/landfallone",
            "replications/northeurope",
            "userAssignedIdentities/aks-control",
            "userAssignedIdentities/aks-kubelet",
            "userAssignedIdentities/more",
        ]
    );
}
