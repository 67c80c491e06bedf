//! Roles that the file implies by naming a subnet or a private DNS zone.

use landfall::model::Seen;

use super::rig::{GROUP, Rig, assignments, codes, said, told};

const NETWORK_CONTRIBUTOR: &str = "4d97b98b-1d4f-4787-a291-c67834d212e7";
const ZONE_CONTRIBUTOR: &str = "b12aa53e-6015-4669-85d0-8515ebb3ae7f";
const CLUSTER: &str = "managedClusters/aks";

fn subnet(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Network/virtualNetworks/spoke/subnets/{name}")
}

fn zone() -> String {
    format!("{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.westeurope.azmk8s.io")
}

/// A cluster whose pools lie in the subnet `nodes`; `head` are its further properties, `work` those of a second pool.
fn file(head: &str, work: &str) -> String {
    let nodes = subnet("nodes");
    format!(
        "clusters:\n  aks:\n{head}    nodePools:\n      system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1, \
         vnetSubnetID: \"{nodes}\"}}\n{work}"
    )
}

fn pulling() -> String {
    let zone = zone();
    format!(
        "    pullsFrom: [landfallprod]\n    apiServerAccessProfile: {{enablePrivateCluster: true, privateDNSZone: \"{zone}\"}}\n"
    )
}

const REGISTRY: &str = "registries:\n  landfallprod: {sku: {name: Basic}}\n";

#[tokio::test(start_paused = true)]
async fn landfalls_own_identity_gets_them_before_the_cluster_is_made() {
    let mut rig = Rig::new();
    let plan = rig.apply(&format!("{REGISTRY}{}", file(&pulling(), ""))).await;
    let mut roles: Vec<String> = plan
        .steps
        .iter()
        .filter(|s| s.address.as_str().contains(".roles."))
        .map(|s| format!("{}: {}", s.address.name(), s.note.clone().unwrap_or_default()))
        .collect();
    roles.sort();
    assert_eq!(
        roles,
        [
            "operator: Managed Identity Operator on aks-kubelet, since AKS refuses a kubelet identity that the control plane \
             may not assign",
            "privatelink-westeurope-azmk8s-io: Private DNS Zone Contributor on privatelink.westeurope.azmk8s.io, so that the \
             API server's name can be written into it",
            "spoke-nodes: Network Contributor on nodes, so that nodes and load balancers can join it",
        ]
    );
    let writes = rig.writes();
    assert_eq!(writes.last().map(String::as_str), Some("PUT managedClusters/aks"), "{writes:?}");
    let control = rig
        .get(&format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-control"), "2024-11-30")
        .await;
    let principal = control["properties"]["principalId"].as_str().unwrap_or_default().to_owned();
    for (scope, role) in [(subnet("nodes"), NETWORK_CONTRIBUTOR), (zone(), ZONE_CONTRIBUTOR)] {
        let there = assignments(&rig, &scope).await;
        assert_eq!(there.values().collect::<Vec<_>>(), [&(role.to_owned(), principal.clone())]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_pool_in_another_subnet_waits_for_its_grant() {
    let mut rig = Rig::new();
    rig.apply(&format!("{REGISTRY}{}", file("    pullsFrom: [landfallprod]\n", ""))).await;
    let work = format!("      work: {{vmSize: Standard_D4ds_v5, count: 1, vnetSubnetID: \"{}\"}}\n", subnet("more"));
    let text = format!("{REGISTRY}{}", file("    pullsFrom: [landfallprod]\n", &work));
    let plan = rig.apply(&text).await;
    assert_eq!(
        told(&plan),
        [
            "1 create clusters.aks.identities.control.roles.spoke-more after ",
            "2 create clusters.aks.nodePools.work after 1",
        ]
    );
    // The pool goes; the role stays with the cluster, as all that landfall adds by itself.
    let plan = rig.apply(&format!("{REGISTRY}{}", file("    pullsFrom: [landfallprod]\n", ""))).await;
    assert_eq!(told(&plan), ["1 deletes clusters.aks.nodePools.work after "]);
    assert_eq!(assignments(&rig, &subnet("more")).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_system_assigned_identity_gets_them_afterwards_and_the_plan_says_so() {
    let mut rig = Rig::new();
    let plan = rig.plan(&file("", "")).await;
    assert_eq!(codes(&plan), ["role-after-cluster"], "{}", said(&plan));
    rig.apply(&file("", "")).await;
    let writes = rig.writes();
    assert!(
        writes[writes.len() - 2].ends_with(CLUSTER) && writes.last().is_some_and(|w| w.contains("roleAssignments")),
        "{writes:?}"
    );
}

const IDENTITY: &str = "identities:\n  control: {}\n";
const OWN: &str = "    identity: {type: UserAssigned, userAssignedIdentities: {\"${identities.control.id}\": {}}}\n";

#[tokio::test(start_paused = true)]
async fn an_equal_grant_of_the_file_or_above_is_not_repeated() {
    let grant = |scope: &str, more: &str| {
        format!(
            "roleAssignments:\n  mine: {{scope: \"{scope}\", role: Network Contributor, principalId: \
             \"${{identities.control.principalId}}\", principalType: ServicePrincipal{more}}}\n"
        )
    };
    let network = subnet("nodes").split("/subnets/").next().unwrap_or_default().to_owned();
    for (given, implied) in [
        (grant(&subnet("nodes"), ""), 0),
        (grant(&network, ""), 0),
        (grant(GROUP, ""), 0),
        (grant(&subnet("other"), ""), 1),
        (grant(&network, ", condition: \"@Resource[x] StringEquals 'y'\", conditionVersion: \"2.0\""), 1),
        (String::new(), 1),
    ] {
        let mut rig = Rig::new();
        let text = format!("{IDENTITY}{given}{}", file(OWN, ""));
        let plan = rig.apply(&text).await;
        let roles = plan.steps.iter().filter(|s| s.address.as_str().contains(".roles.")).count();
        assert_eq!(roles, implied, "{given}");
        assert!(rig.writes().last().is_some_and(|w| w.ends_with(CLUSTER)), "{:?}", rig.writes());
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_file_takes_over_is_not_deleted() {
    let mut rig = Rig::new();
    rig.apply(&format!("{IDENTITY}{}", file(OWN, ""))).await;
    let mine = format!(
        "roleAssignments:\n  mine: {{scope: \"{}\", role: Network Contributor, principalId: \
         \"${{identities.control.principalId}}\", principalType: ServicePrincipal}}\n",
        subnet("nodes")
    );
    rig.apply(&format!("{IDENTITY}{mine}{}", file(OWN, ""))).await;
    assert_eq!(rig.writes(), Vec::<String>::new());
    assert_eq!(assignments(&rig, &subnet("nodes")).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_live_cluster_is_asked_no_role_that_somebody_else_saw_to() {
    let mut rig = Rig::new();
    rig.apply(&format!("{IDENTITY}{}", file(OWN, ""))).await;
    let id = format!("{}/providers/Microsoft.Authorization/roleAssignments", subnet("nodes"));
    for name in assignments(&rig, &subnet("nodes")).await.keys() {
        rig.send("DELETE", &format!("{id}/{name}"), "2022-04-01", None).await;
    }
    // Adopted, as it were: no record of the role, and the cluster is where the file wants it.
    rig.state.recorded.resources.retain(|address, _| !address.as_str().contains(".roles."));
    let text = format!("{IDENTITY}{}", file(OWN, ""));
    assert!(!rig.reads(&text).grants.iter().any(|g| g.name() == "nodes"), "nor is its scope read");
    assert_eq!(told(&rig.plan(&text).await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_cannot_be_read_is_told_and_stops_nothing() {
    let rig = Rig::new();
    let text = format!("{IDENTITY}{}", file(OWN, ""));
    let mut live = rig.live(rig.reads(&text)).await;
    for (scope, seen) in &mut live.grants {
        if scope.name() == "nodes" {
            *seen = Seen::Unreadable("403".to_owned());
        }
    }
    let plan = rig.plan_of(&text, &live);
    assert_eq!((plan.complete(), codes(&plan)), (true, vec!["role-unseen"]));
}

#[tokio::test(start_paused = true)]
async fn a_scope_that_does_not_exist_is_told() {
    let rig = Rig::new();
    let text = format!("{IDENTITY}{}", file(OWN, ""))
        .replace("resourceGroups/rg/providers/Microsoft.Network", "resourceGroups/gone/providers/Microsoft.Network");
    let plan = rig.plan(&text).await;
    assert_eq!((plan.complete(), codes(&plan)), (true, vec!["role-unseen"]), "{}", said(&plan));
    assert!(!plan.steps.iter().any(|s| s.address.as_str().contains(".roles.")));
}
