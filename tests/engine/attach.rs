//! Clusters that pull: born attached, attached later, by their own identities, to registries near and far.

use serde_json::{Value as Json, json};

use crate::scene::{ACR, AKS, GROUP, RBAC, Scene, counts, facts, place, refusals, told};

const PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";
const OPERATOR: &str = "f1a07417-d97a-45cb-824c-7a7467783830";
const POOL: &str = "    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";
const ONE: &str = "registries:\n  landfallone:\n    sku: {name: Basic}\n";

fn attached() -> String {
    format!("{ONE}clusters:\n  aks:\n    sku: {{tier: Standard}}\n{POOL}    pullsFrom: [landfallone]\n")
}

fn registry(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/{name}")
}

fn cluster(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/{name}")
}

/// A cluster that somebody made by hand, with an identity of its own.
async fn by_hand(scene: &Scene, name: &str) -> Json {
    let body = json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"dnsPrefix": name,
        "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5"}]}});
    scene.somebody("PUT", &cluster(name), AKS, body).await
}

/// The role assignments that lie at a scope itself, as (role, principal).
async fn grants_at(scene: &Scene, scope: &str) -> Vec<(String, String)> {
    let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments");
    let listed = scene.get(&path, RBAC).await;
    let here = |a: &&Json| a["properties"]["scope"].as_str().unwrap().eq_ignore_ascii_case(scope);
    let one = |a: &Json| {
        let text = |key: &str| a["properties"][key].as_str().unwrap().to_owned();
        (text("roleDefinitionId").rsplit('/').next().unwrap().to_owned(), text("principalId"))
    };
    listed["value"].as_array().unwrap().iter().filter(here).map(one).collect()
}

fn kubelet(cluster: &Json) -> String {
    cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn every_grant_comes_before_the_cluster() {
    let scene = Scene::new();
    let writes = scene.apply(&attached()).await;
    let first_try = place(&writes, "PUT managedClusters/aks");
    let grants: Vec<usize> =
        writes.iter().enumerate().filter(|(_, w)| w.contains("/roleAssignments")).map(|(i, _)| i).collect();
    assert_eq!(grants.len(), 2, "{writes:#?}");
    assert!(grants.iter().all(|g| *g < first_try), "{writes:#?}");
    let live = scene.get(&cluster("aks"), AKS).await;
    assert_eq!(grants_at(&scene, &registry("landfallone")).await, [(PULL.to_owned(), kubelet(&live))]);
    let kubelet_id = live["properties"]["identityProfile"]["kubeletidentity"]["resourceId"].as_str().unwrap();
    assert_eq!(grants_at(&scene, kubelet_id).await[0].0, OPERATOR);
    assert_eq!(live["identity"]["type"], "UserAssigned");

    // What landfall chose stays until the cluster goes, also when nothing is pulled any more.
    let detached = attached().replace("    pullsFrom: [landfallone]\n", "");
    assert_eq!(scene.apply(&detached).await, ["DELETE registries/landfallone/roleAssignments"]);
    assert!(scene.recorded("clusters.aks.identities.kubelet").await.is_some());
    assert_eq!(scene.apply(&attached()).await, ["PUT registries/landfallone/roleAssignments"]);
}

#[tokio::test(start_paused = true)]
async fn several_clusters_and_registries_in_one_file() {
    let scene = Scene::new();
    let text = format!(
        "registries:\n  landfallone:\n    sku: {{name: Basic}}\n  landfalltwo:\n    sku: {{name: Basic}}\n\
         clusters:\n  blue:\n{POOL}    pullsFrom: [landfallone, landfalltwo]\n  green:\n{POOL}    pullsFrom: [landfalltwo]\n"
    );
    let writes = scene.apply(&text).await;
    for name in ["blue", "green"] {
        let live = scene.get(&cluster(name), AKS).await;
        assert!(grants_at(&scene, &registry("landfalltwo")).await.contains(&(PULL.to_owned(), kubelet(&live))));
    }
    let counted = counts(&writes);
    assert_eq!(counted["PUT registries/landfalltwo/roleAssignments"], 2);
    assert_eq!(counted["PUT registries/landfallone/roleAssignments"], 1);
    assert_eq!(counted.keys().filter(|w| w.contains("userAssignedIdentities") && !w.contains("roleAss")).count(), 4);
    // One of two clusters goes, with all that was made for it; the other is not touched.
    let (start, end) = (text.find("  blue:").unwrap(), text.find("  green:").unwrap());
    let without = format!("{}{}", &text[..start], &text[end..]);
    let plan = scene.plan(&without).await;
    assert!(told(&plan).iter().all(|s| !s.contains("green")), "{:#?}", told(&plan));
    let writes = scene.apply_plan(&without, &plan).await;
    assert!(writes.iter().all(|w| w.starts_with("DELETE")), "{writes:#?}");
    assert_eq!(scene.world().iter().filter(|id| id.contains("blue")).count(), 0, "{:#?}", scene.world());
    assert_eq!(grants_at(&scene, &registry("landfallone")).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_exists_is_attached_by_its_kubelets_object_id() {
    let scene = Scene::new();
    scene.group().await;
    let made = by_hand(&scene, "aks").await;
    let text = attached().replace("    sku: {tier: Standard}\n", "");
    let plan = scene.plan(&text).await;
    assert!(told(&plan).contains(&"adopt clusters.aks []".to_owned()), "{:#?}", told(&plan));
    assert!(told(&plan).iter().all(|s| !s.contains("identities")), "it keeps its own identities: {:#?}", told(&plan));
    let writes = scene.apply_plan(&text, &plan).await;
    assert_eq!(writes, ["PUT registries/landfallone", "PUT registries/landfallone/roleAssignments"]);
    assert_eq!(grants_at(&scene, &registry("landfallone")).await, [(PULL.to_owned(), kubelet(&made))]);
    assert_ne!(kubelet(&made), made["properties"]["identityProfile"]["kubeletidentity"]["clientId"]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_asks_for_its_own_identity_is_attached_once_it_is_there() {
    let scene = Scene::new();
    let text = attached().replace("    sku: {tier: Standard}\n", "    identity: {type: SystemAssigned}\n");
    let writes = scene.apply(&text).await;
    assert_eq!(
        place(&writes, "PUT registries/landfallone/roleAssignments"),
        writes.len() - 1,
        "its kubelet's identity is not known before: {writes:#?}"
    );
    let live = scene.get(&cluster("aks"), AKS).await;
    assert_eq!(grants_at(&scene, &registry("landfallone")).await, [(PULL.to_owned(), kubelet(&live))]);
}

#[tokio::test(start_paused = true)]
async fn an_abac_registry_gets_the_repository_reader() {
    let scene = Scene::new();
    let abac = attached()
        .replace("sku: {name: Basic}\n", "sku: {name: Basic}\n    roleAssignmentMode: AbacRepositoryPermissions\n");
    scene.apply(&abac).await;
    let roles: Vec<String> = grants_at(&scene, &registry("landfallone")).await.into_iter().map(|g| g.0).collect();
    assert_eq!(roles, [READER]);
    // Back to the legacy mode: the other role takes its place.
    let legacy = abac.replace("AbacRepositoryPermissions", "LegacyRegistryPermissions");
    scene.apply(&legacy).await;
    let roles: Vec<String> = grants_at(&scene, &registry("landfallone")).await.into_iter().map(|g| g.0).collect();
    assert_eq!(roles, [PULL]);
}

#[tokio::test(start_paused = true)]
async fn a_registry_elsewhere_is_named_by_its_id() {
    let scene = Scene::new();
    let far = "/subscriptions/99999999-9999-9999-9999-999999999999/resourceGroups/shared";
    scene.somebody("PUT", far, "2025-04-01", json!({"location": "northeurope"})).await;
    let id = format!("{far}/providers/Microsoft.ContainerRegistry/registries/farregistry");
    let text = format!("clusters:\n  aks:\n{POOL}    pullsFrom: [{id}]\n");
    let missing = scene.plan(&text).await;
    assert!(refusals(&missing)[0].starts_with("missing-registry"), "{:?}", refusals(&missing));
    let body = json!({"location": "northeurope", "sku": {"name": "Premium"}, "properties": {"roleAssignmentMode": "AbacRepositoryPermissions"}});
    scene.somebody("PUT", &id, ACR, body).await;
    scene.apply(&text).await;
    let live = scene.get(&cluster("aks"), AKS).await;
    assert_eq!(grants_at(&scene, &id).await, [(READER.to_owned(), kubelet(&live))], "by the mode that it has");
    assert_eq!(scene.destroy(&text).await.last().unwrap(), "DELETE resourceGroups/rg");
    assert_eq!(scene.world(), ["resourceGroups/shared", "registries/farregistry"]);
}

#[tokio::test(start_paused = true)]
async fn identities_of_the_file_are_used() {
    let scene = Scene::new();
    let text = format!(
        "{ONE}identities:\n  ctl: {{}}\n  nodes: {{}}\nclusters:\n  aks:\n    identity:\n      type: UserAssigned\n      \
         userAssignedIdentities: {{\"${{identities.ctl.id}}\": {{}}}}\n    identityProfile:\n      kubeletidentity:\n        \
         resourceId: ${{identities.nodes.id}}\n        clientId: ${{identities.nodes.clientId}}\n        \
         objectId: ${{identities.nodes.principalId}}\n{POOL}    pullsFrom: [landfallone]\n"
    );
    let writes = scene.apply(&text).await;
    let made = place(&writes, "PUT managedClusters/aks");
    assert!(place(&writes, "PUT userAssignedIdentities/nodes/roleAssignments") < made, "{writes:#?}");
    assert!(place(&writes, "PUT registries/landfallone/roleAssignments") < made, "{writes:#?}");
    let live = scene.get(&cluster("aks"), AKS).await;
    assert_eq!(grants_at(&scene, &registry("landfallone")).await, [(PULL.to_owned(), kubelet(&live))]);
    assert!(scene.world().iter().all(|id| !id.contains("aks-")), "none are added: {:#?}", scene.world());
}

#[tokio::test(start_paused = true)]
async fn an_equal_grant_under_another_name_is_taken_for_what_it_is() {
    let scene = Scene::new();
    scene.group().await;
    let principal = kubelet(&by_hand(&scene, "aks").await);
    scene
        .somebody("PUT", &registry("landfallone"), ACR, json!({"location": "westeurope", "sku": {"name": "Basic"}}))
        .await;
    let name = "12345678-1234-4234-8234-123456789abc";
    let id = format!("{}/providers/Microsoft.Authorization/roleAssignments/{name}", registry("landfallone"));
    let role = format!(
        "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/{PULL}"
    );
    let grant = json!({"properties": {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}});
    let text = attached().replace("    sku: {tier: Standard}\n", "");

    // Planned before somebody made it: Azure refuses ours, and theirs is recorded.
    let early = scene.plan(&text).await;
    scene.somebody("PUT", &id, RBAC, grant).await;
    let writes = scene.apply_plan(&text, &early).await;
    assert_eq!(writes, ["PUT registries/landfallone/roleAssignments 409"]);
    assert_eq!(scene.recorded("clusters.aks.pullsFrom.landfallone").await.unwrap(), id);

    // Planned after it: it is an adoption.
    let late = Scene { store: landfall::state::MemoryStore::new("test".parse().unwrap()), ..scene };
    let plan = late.plan(&text).await;
    assert!(told(&plan).contains(&"adopt clusters.aks.pullsFrom.landfallone []".to_owned()), "{:#?}", told(&plan));
    assert_eq!(late.apply_plan(&text, &plan).await, Vec::<String>::new());
    assert_eq!(late.recorded("clusters.aks.pullsFrom.landfallone").await.unwrap(), id);
}

#[tokio::test(start_paused = true)]
async fn an_inherited_grant_is_not_repeated() {
    let scene = Scene::new();
    scene.group().await;
    let principal = kubelet(&by_hand(&scene, "aks").await);
    let id = format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments/12345678-1234-4234-8234-123456789abc");
    let role = format!(
        "/subscriptions/00000000-0000-0000-0000-000000000000/providers/Microsoft.Authorization/roleDefinitions/{PULL}"
    );
    let grant = json!({"properties": {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}});
    scene.somebody("PUT", &id, RBAC, grant.clone()).await;
    scene
        .somebody("PUT", &registry("landfallone"), ACR, json!({"location": "westeurope", "sku": {"name": "Basic"}}))
        .await;
    let text = attached().replace("    sku: {tier: Standard}\n", "");
    let plan = scene.plan(&text).await;
    assert_eq!(facts(&plan), ["inherited"]);
    assert_eq!(scene.apply_plan(&text, &plan).await, Vec::<String>::new());
    // When it goes, ours is needed.
    scene.somebody("DELETE", &id, RBAC, Json::Null).await;
    assert_eq!(scene.apply(&text).await, ["PUT registries/landfallone/roleAssignments"]);
    // Ours goes, and one above gives the same again: nothing has drifted.
    let ours = scene.recorded("clusters.aks.pullsFrom.landfallone").await.unwrap();
    scene.somebody("DELETE", &ours, RBAC, Json::Null).await;
    assert_eq!(scene.drifted().await, ["clusters.aks.pullsFrom.landfallone"]);
    scene.somebody("PUT", &id, RBAC, grant).await;
    assert_eq!(scene.drifted().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_identity_of_the_file_that_is_the_clusters_own_is_refused() {
    let scene = Scene::new();
    let plan = scene.plan(&format!("{}identities:\n  aks-kubelet: {{}}\n", attached())).await;
    assert!(refusals(&plan).iter().any(|r| r.starts_with("duplicate-resource")), "{:?}", refusals(&plan));
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_was_made_anew_is_granted_anew() {
    let scene = Scene::new();
    let text = format!(
        "{ONE}identities:\n  app: {{}}\nroleAssignments:\n  app-pulls:\n    scope: ${{registries.landfallone.id}}\n    \
         role: AcrPull\n    principalId: ${{identities.app.principalId}}\n    principalType: ServicePrincipal\n"
    );
    scene.apply(&text).await;
    let id = format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app");
    let before = scene.get(&id, "2024-11-30").await["properties"]["principalId"].clone();
    scene.somebody("DELETE", &id, "2024-11-30", Json::Null).await;
    let after = scene.somebody("PUT", &id, "2024-11-30", json!({"location": "westeurope"})).await;
    assert_ne!(before, after["properties"]["principalId"]);
    let writes = scene.apply(&text).await;
    assert_eq!(writes, ["PUT registries/landfallone/roleAssignments", "DELETE registries/landfallone/roleAssignments"]);
    assert_eq!(
        grants_at(&scene, &registry("landfallone")).await,
        [(PULL.to_owned(), after["properties"]["principalId"].as_str().unwrap().to_owned())]
    );

    // Deleted and left so: landfall makes it again, and the orphan of the old one goes.
    scene.somebody("DELETE", &id, "2024-11-30", Json::Null).await;
    let writes = scene.apply(&text).await;
    assert_eq!(place(&writes, "PUT userAssignedIdentities/app"), 0, "{writes:#?}");
    assert_eq!(counts(&writes).len(), 3, "{writes:#?}");
    assert_eq!(grants_at(&scene, &registry("landfallone")).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_kubelet_identity_that_was_made_anew_is_drift() {
    let scene = Scene::new();
    scene.apply(&attached()).await;
    let id = format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-kubelet");
    scene.somebody("DELETE", &id, "2024-11-30", Json::Null).await;
    let after = scene.somebody("PUT", &id, "2024-11-30", json!({"location": "westeurope"})).await;
    let plan = scene.plan(&attached()).await;
    assert!(
        told(&plan).iter().any(|s| s.starts_with("update clusters.aks ")),
        "the cluster still uses the old one: {:#?}",
        told(&plan)
    );
    scene.apply_plan(&attached(), &plan).await;
    let live = scene.get(&cluster("aks"), AKS).await;
    assert_eq!(kubelet(&live), after["properties"]["principalId"].as_str().unwrap());
    assert_eq!(grants_at(&scene, &registry("landfallone")).await, [(PULL.to_owned(), kubelet(&live))]);
}

#[tokio::test(start_paused = true)]
async fn a_control_planes_identity_that_was_made_anew_is_told_to_the_cluster() {
    let scene = Scene::new();
    scene.apply(&attached()).await;
    let id = format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-control");
    let acts_as = |live: &Json| {
        let all = live["identity"]["userAssignedIdentities"].as_object().unwrap();
        all.values().map(|identity| identity["principalId"].clone()).collect::<Vec<_>>()
    };
    for left in [false, true] {
        scene.somebody("DELETE", &id, "2024-11-30", Json::Null).await;
        if !left {
            scene.somebody("PUT", &id, "2024-11-30", json!({"location": "westeurope"})).await;
        }
        let plan = scene.plan(&attached()).await;
        let steps = told(&plan);
        assert!(steps.iter().any(|s| s.starts_with("update clusters.aks ")), "left {left}: {steps:#?}");
        scene.apply_plan(&attached(), &plan).await;
        let sent = scene.body("PUT", "managedClusters/aks");
        assert_eq!(sent["identity"]["userAssignedIdentities"], json!({id.clone(): {}}), "Azure looks for itself");
        let identity = scene.get(&id, "2024-11-30").await;
        assert_eq!(acts_as(&scene.get(&cluster("aks"), AKS).await), [identity["properties"]["principalId"].clone()]);
    }
}
