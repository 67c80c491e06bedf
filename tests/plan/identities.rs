//! A kubelet identity that is another one: by the file, or since it was made anew behind its id.

use super::rig::{GROUP, Rig, assignments, told};

const REGISTRY: &str = "registries:\n  landfallprod: {sku: {name: Basic}}\n";
const POOLS: &str = "    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";

fn identity(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

fn registry() -> String {
    format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/landfallprod")
}

async fn principal(rig: &Rig, name: &str) -> String {
    let body = rig.get(&identity(name), "2024-11-30").await;
    body["properties"]["principalId"].as_str().unwrap_or_default().to_owned()
}

async fn pulls(rig: &Rig) -> Vec<String> {
    assignments(rig, &registry()).await.into_values().map(|(_, principal)| principal).collect()
}

#[tokio::test(start_paused = true)]
async fn a_new_kubelet_identity_is_given_its_roles_first() {
    let file = |kubelet: &str| {
        format!(
            "{REGISTRY}identities:\n  control: {{}}\n  one: {{}}\n  two: {{}}\nclusters:\n  aks:\n    pullsFrom: \
             [landfallprod]\n    identity: {{type: UserAssigned, userAssignedIdentities: {{\"${{identities.control.id}}\": \
             {{}}}}}}\n    identityProfile: {{kubeletidentity: {{resourceId: \"${{identities.{kubelet}.id}}\"}}}}\n{POOLS}"
        )
    };
    let mut rig = Rig::new();
    rig.apply(&file("one")).await;
    assert_eq!(pulls(&rig).await, [principal(&rig, "one").await]);
    let plan = rig.apply(&file("two")).await;
    let ids = [identity("one"), identity("two")];
    assert_eq!(
        told(&plan),
        [
            "1 create clusters.aks.identities.control.roles.operator after ".to_owned(),
            "2 create clusters.aks.pullsFrom.landfallprod after ".to_owned(),
            format!(
                "3 update clusters.aks [identityProfile.kubeletidentity.resourceId {}>{}] after 1 2",
                ids[0], ids[1]
            ),
            "4 deletes clusters.aks.identities.control.roles.operator after 1 3".to_owned(),
            "5 deletes clusters.aks.pullsFrom.landfallprod after 2 3".to_owned(),
        ]
    );
    assert_eq!(plan.steps[2].disruption.word(), "reimages");
    assert_eq!(pulls(&rig).await, [principal(&rig, "two").await]);
    assert_eq!(assignments(&rig, &ids[0]).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_identity_made_anew_behind_its_id_is_drift_and_taken_up() {
    let text = format!("{REGISTRY}clusters:\n  aks:\n    pullsFrom: [landfallprod]\n{POOLS}");
    let mut rig = Rig::new();
    rig.apply(&text).await;
    let before = principal(&rig, "aks-kubelet").await;
    rig.send("DELETE", &identity("aks-kubelet"), "2024-11-30", None).await;
    let again = serde_json::json!({"location": "westeurope"});
    rig.send("PUT", &identity("aks-kubelet"), "2024-11-30", Some(&again)).await;
    let after = principal(&rig, "aks-kubelet").await;
    assert_ne!(before, after);
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;

    let plan = rig.apply(&text).await;
    let steps = told(&plan);
    let of_cluster = steps.iter().find(|s| s.contains("update clusters.aks ")).cloned().unwrap_or_default();
    assert!(of_cluster.contains(&format!("identityProfile.kubeletidentity.objectId {before}>{after}")), "{steps:?}");
    assert!(plan.drift.iter().any(|d| d.path.to_string() == "identityProfile.kubeletidentity.objectId"));
    let writes = rig.writes();
    let at = |what: &str| writes.iter().position(|w| w.starts_with(what));
    assert!(at("PUT roleAssignments") < at("PUT managedClusters"), "{writes:?}");
    assert!(at("PUT managedClusters") < at("DELETE roleAssignments"), "{writes:?}");
    assert_eq!(pulls(&rig).await, [after]);
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_is_gone_comes_back_and_is_taken_up() {
    let text = format!("{REGISTRY}clusters:\n  aks:\n    pullsFrom: [landfallprod]\n{POOLS}");
    let mut rig = Rig::new();
    rig.apply(&text).await;
    rig.send("DELETE", &identity("aks-kubelet"), "2024-11-30", None).await;
    rig.apply(&text).await;
    let now = principal(&rig, "aks-kubelet").await;
    assert_eq!(pulls(&rig).await, std::slice::from_ref(&now));
    let cluster = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks");
    let cluster = rig.get(&cluster, "2026-05-01").await;
    assert_eq!(cluster["properties"]["identityProfile"]["kubeletidentity"]["objectId"], now.as_str());
}
