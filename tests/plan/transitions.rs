//! Changes that Azure allows from some values to others: what the plan says of them, and that what it lets through works.

use super::rig::{GROUP, Rig, codes, said, told};

fn cluster(properties: &str, pool: &str) -> String {
    format!(
        "clusters:\n  aks:\n    {properties}\n    nodePools:\n      system: {{mode: System, vmSize: Standard_D4ds_v5, \
         count: 1}}\n      work: {{vmSize: Standard_D4ds_v5, count: 1{pool}}}\n"
    )
}

/// From which properties of a cluster to which, and what the plan says: a disruption, or Azure's reason.
const CLUSTERS: [(&str, &str, &str); 17] = [
    ("networkPlugin: azure, networkPolicy: none", "networkPlugin: azure, networkPolicy: calico", "reimages"),
    ("networkPlugin: azure, networkPolicy: azure", "networkPlugin: azure, networkPolicy: calico", "none"),
    ("networkPlugin: azure", "networkPlugin: azure, networkPolicy: cilium", "networkPolicy needs the dataplane cilium"),
    ("networkPlugin: azure", "networkPlugin: azure, networkDataplane: cilium, networkPolicy: cilium", "reimages"),
    (
        "networkPlugin: azure, networkDataplane: cilium",
        "networkPlugin: azure, networkDataplane: azure",
        "cannot be left again",
    ),
    ("networkPlugin: kubenet", "networkPlugin: azure, networkPluginMode: overlay", "reimages"),
    ("networkPlugin: kubenet", "networkPlugin: azure", "becomes azure only as an overlay"),
    ("networkPlugin: azure", "networkPlugin: kubenet", "networkPlugin cannot be changed so"),
    ("networkPlugin: azure", "networkPlugin: azure, networkPluginMode: overlay", "reimages"),
    ("outboundType: loadBalancer", "outboundType: managedNATGateway", "none"),
    ("outboundType: loadBalancer", "outboundType: userDefinedRouting", "needs a network of your own"),
    ("ipFamilies: [IPv4]", "ipFamilies: [IPv4, IPv6]", "reimages"),
    ("ipFamilies: [IPv4, IPv6]", "ipFamilies: [IPv4]", "can only grow from IPv4"),
    ("podCidr: 10.244.0.0/16", "podCidr: 10.240.0.0/12", "none"),
    ("podCidr: 10.244.0.0/16", "podCidr: 10.245.0.0/16", "may only grow"),
    ("serviceCidr: 10.0.0.0/16", "serviceCidr: 10.1.0.0/16", "is fixed at creation"),
    ("loadBalancerSku: standard", "loadBalancerSku: basic", "cannot go back to basic"),
];

#[tokio::test(start_paused = true)]
async fn what_a_change_of_a_cluster_does() {
    for (from, to, expected) in CLUSTERS {
        let mut rig = Rig::new();
        rig.apply(&cluster(&format!("networkProfile: {{{from}}}"), "")).await;
        check(&rig, &cluster(&format!("networkProfile: {{{to}}}"), ""), expected, to).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_change_of_channels_does() {
    for (from, to, expected) in [
        ("nodeOSUpgradeChannel: NodeImage", "nodeOSUpgradeChannel: Unmanaged", "reimages"),
        ("nodeOSUpgradeChannel: NodeImage", "nodeOSUpgradeChannel: SecurityPatch", "none"),
        (
            "upgradeChannel: node-image",
            "upgradeChannel: node-image, nodeOSUpgradeChannel: None",
            "is NodeImage wherever",
        ),
    ] {
        let mut rig = Rig::new();
        rig.apply(&cluster(&format!("autoUpgradeProfile: {{{from}}}"), "")).await;
        check(&rig, &cluster(&format!("autoUpgradeProfile: {{{to}}}"), ""), expected, to).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_change_of_a_pool_does() {
    for (from, to, expected) in [
        (", osSKU: Ubuntu", ", osSKU: AzureLinux", "reimages"),
        (", osType: Windows, osSKU: Windows2019", ", osType: Windows, osSKU: Windows2022", "rotates"),
        ("", ", scaleSetPriority: Spot", "rotates"),
    ] {
        let mut rig = Rig::new();
        rig.apply(&cluster("tags: {a: b}", from)).await;
        check(&rig, &cluster("tags: {a: b}", to), expected, to).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_registry_leaves_premium_once_nothing_holds_it() {
    let file = |sku: &str, more: &str| format!("registries:\n  landfallprod:\n    sku: {{name: {sku}}}\n{more}");
    let mut rig = Rig::new();
    let replicas = "    replications: {northeurope: {}}\n";
    rig.apply(&file("Premium", replicas)).await;
    rig.apply(&file("Basic", "")).await;
    assert_eq!(rig.writes(), ["DELETE replications/northeurope", "PATCH registries/landfallprod"]);
    let mut rig = Rig::new();
    rig.apply(&file("Premium", "")).await;
    // Somebody closes it: nobody manages that here, and Basic does not have it.
    let id = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/landfallprod");
    let body = serde_json::json!({"properties": {"networkRuleSet": {"defaultAction": "Deny"}}});
    rig.send("PATCH", &id, "2025-11-01", Some(&body)).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    check(&rig, &file("Standard", ""), "`networkRuleSet.defaultAction` is deny", "leaves Premium closed").await;
    rig.apply(&file("Standard", "    networkRuleSet: {defaultAction: Allow}\n")).await;
}

async fn check(rig: &Rig, file: &str, expected: &str, case: &str) {
    let plan = rig.plan(file).await;
    if plan.diagnostics.has_errors() {
        assert!(said(&plan).to_lowercase().contains(&expected.to_lowercase()), "{case}: {}", said(&plan));
        assert_eq!(codes(&plan), ["cannot-change"], "{case}");
        return;
    }
    let words: Vec<&str> = plan.steps.iter().map(|s| s.disruption.word()).collect();
    assert!(!words.is_empty() && words.iter().all(|w| *w == expected), "{case}: {words:?} {:?}", told(&plan));
}
