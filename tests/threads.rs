//! What users of today's tools complained about most, one test per thread, named after it: what landfall plans in that case.

#![expect(clippy::unwrap_used, reason = "what these functions unwrap is written in this file")]

use std::collections::BTreeSet;

use landfall::diff::Reason;
use landfall::document::{Packed, Path, Value};
use landfall::environment::{MapSources, load};
use landfall::model::{Desired, Entry, HashKey, Live, Recorded, Seen, Source, Target};
use landfall::names::ArmId;
use landfall::observe::observed;
use landfall::plan::{Action, Disruption, Inputs, Plan, Work, build, reads};
use landfall::schema::Schema;
use serde_json::{Value as Json, json};

const HEAD: &str = "subscription: 11111111-2222-3333-4444-555555555555\nresourceGroup: {name: rg-x, existing: true}\nlocation: westeurope\n";
const GROUP: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-x";

/// A file, what was applied of an earlier one, and what Azure has.
struct Case {
    file: String,
    before: Option<String>,
    live: Vec<(String, Json)>,
    seen: Vec<(String, Json)>,
}

/// A cluster `aks` in the file, under the standard head.
fn file(text: &str) -> Case {
    Case { file: format!("{HEAD}{text}"), before: None, live: Vec::new(), seen: Vec::new() }
}

impl Case {
    /// What the file said when it was last applied, if that was something else.
    fn before(mut self, text: &str) -> Self {
        self.before = Some(format!("{HEAD}{text}"));
        self
    }

    /// What Azure answers for a resource of the group.
    fn live(mut self, resource: &str, body: Json) -> Self {
        self.live.push((resource.to_owned(), body));
        self
    }

    /// What Azure answered when it was last read, if that was something else.
    fn seen(mut self, resource: &str, body: Json) -> Self {
        self.seen.push((resource.to_owned(), body));
        self
    }

    fn plan(&self) -> Plan {
        let desired = loaded(&self.file);
        let recorded = recorded(&loaded(self.before.as_ref().unwrap_or(&self.file)), &self.seen, &self.live);
        let mut live = Live::default();
        for (id, arm_type) in reads(&desired, &recorded, false, &[]).resources {
            let kind = Schema::get().resource(&arm_type).unwrap();
            let body = said_of(&self.live, &id).unwrap_or_else(|| json!({"id": id.as_str(), "location": "westeurope"}));
            let there = said_of(&self.live, &id).is_some() || arm_type.ends_with("resourceGroups");
            let seen = if there { Seen::Present(observed(kind, &id, body)) } else { Seen::Absent };
            live.resources.insert(id, seen);
        }
        let replace = BTreeSet::new();
        let inputs = Inputs {
            desired: &desired,
            recorded: &recorded,
            record: None,
            live: &live,
            destroy: false,
            replace: &replace,
            ours: &[],
        };
        let plan = build(inputs);
        assert!(plan.complete(), "{:?}", plan.unread);
        plan
    }

    /// The plan, which does nothing and says no error.
    fn nothing_to_do(&self) -> Plan {
        let plan = self.plan();
        assert!(!plan.changes_azure() && plan.steps.is_empty(), "{:#?}", plan.steps);
        assert!(!plan.diagnostics.has_errors(), "{}", plan.diagnostics.render(false));
        plan
    }
}

fn loaded(text: &str) -> Desired {
    let (desired, problems) = load(&"t".parse().unwrap(), &MapSources::new().file("t.yaml", text));
    desired.unwrap_or_else(|| panic!("{}", problems.render(false)))
}

fn said_of(bodies: &[(String, Json)], id: &ArmId) -> Option<Json> {
    bodies
        .iter()
        .find(|(resource, _)| ArmId::parse(&format!("{GROUP}{resource}")).unwrap() == *id)
        .map(|(_, b)| b.clone())
}

/// The record as the apply of that environment left it.
fn recorded(desired: &Desired, seen: &[(String, Json)], live: &[(String, Json)]) -> Recorded {
    let mut out = Recorded { key: HashKey(vec![7; 32]), ..Recorded::default() };
    for wanted in desired.resources.values().filter(|w| !w.existing && w.source == Source::File) {
        let Target::Id(id) = &wanted.target else { continue };
        let kind = Schema::get().resource(&wanted.arm_type).unwrap();
        let body = said_of(seen, id).or_else(|| said_of(live, id));
        let body = body.or_else(|| {
            let parent = id.parent()?;
            let parent = said_of(seen, &parent).or_else(|| said_of(live, &parent))?;
            let pools = parent["properties"][kind.inline.as_deref()?].as_array()?;
            pools.iter().find(|pool| pool["name"] == id.name()).cloned()
        });
        let entry = Entry {
            id: id.clone(),
            arm_type: wanted.arm_type.clone(),
            applied: wanted.body.clone(),
            defaulted: wanted.create_defaults.clone(),
            seen: body.map_or_else(Packed::default, |body| {
                let mut document = observed(kind, id, body).body;
                document.remove(&Path::of(["name"]));
                Packed::from(&document)
            }),
            created: true,
            protect: wanted.protect,
            chosen: None,
            depends_on: wanted.depends_on.iter().cloned().collect(),
        };
        out.resources.insert(wanted.address.clone(), entry);
    }
    out
}

const AKS: &str = "/providers/Microsoft.ContainerService/managedClusters/aks";

/// A live cluster with these properties and pools.
fn cluster(properties: Json, pools: &[Json]) -> Json {
    let mut all = json!({"dnsPrefix": "aks", "kubernetesVersion": "1.35", "currentKubernetesVersion": "1.35.7"});
    all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    all["agentPoolProfiles"] = json!(pools);
    json!({"id": format!("{GROUP}{AKS}"), "location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": all})
}

/// A live pool with these properties.
fn pool(name: &str, properties: Json) -> Json {
    let mut all = json!({
        "name": name, "mode": "System", "vmSize": "Standard_D4ds_v5", "count": 3, "osType": "Linux", "osSKU": "Ubuntu",
        "orchestratorVersion": "1.35", "currentOrchestratorVersion": "1.35.7", "maxPods": 250, "osDiskSizeGB": 128,
        "type": "VirtualMachineScaleSets",
    });
    all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
    all
}

/// `action address: path before after` of every step, one line a change.
fn shown(plan: &Plan) -> Vec<String> {
    let show = |v: &Option<Value>| v.as_ref().map_or("-".to_owned(), |v| v.to_display_json().to_string());
    let mut out = Vec::new();
    for step in &plan.steps {
        let head = format!("{} {}", step.action.word(), step.address);
        out.push(head);
        out.extend(step.changes.iter().map(|c| format!("  {} {} {}", c.path, show(&c.before), show(&c.after))));
    }
    out
}

const SYSTEM: &str =
    "clusters:\n  aks:\n    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 3";

fn system(more: &str) -> String {
    format!("{SYSTEM}{more}}}\n")
}

#[test]
fn azurerm_26568_drain_timeout_set_outside_is_no_replacement() {
    let set = pool(
        "system",
        json!({"upgradeSettings": {"maxSurge": "10%", "drainTimeoutInMinutes": 30, "nodeSoakDurationInMinutes": 5}}),
    );
    let unset = pool("system", json!({"upgradeSettings": {"maxSurge": "10%"}}));
    let live = cluster(json!({}), &[set]);
    let case = file(&system("")).seen(AKS, cluster(json!({}), &[unset])).live(AKS, live.clone());
    let told: Vec<String> = case.nothing_to_do().unmanaged.iter().map(|u| u.path.to_string()).collect();
    // Writing the default is what Azure takes an absent value for, so that its arrival is no news.
    assert_eq!(told, ["upgradeSettings.nodeSoakDurationInMinutes"]);
    // Taken out of the file it stays, since Azure cannot unset it; 0 asks for nothing.
    file(&system(""))
        .before(&system(", upgradeSettings: {drainTimeoutInMinutes: 30}"))
        .live(AKS, live.clone())
        .nothing_to_do();
    file(&system(", upgradeSettings: {drainTimeoutInMinutes: 0}")).live(AKS, live.clone()).nothing_to_do();
    // Another value is a change in place.
    let plan = file(&system(", upgradeSettings: {drainTimeoutInMinutes: 45}")).live(AKS, live).plan();
    assert_eq!(shown(&plan), ["update clusters.aks.nodePools.system", "  upgradeSettings.drainTimeoutInMinutes 30 45"]);
    assert_eq!(plan.steps[0].disruption, Disruption::None);
}

#[test]
fn azurerm_24020_max_surge_default_is_no_change() {
    let filled =
        cluster(json!({}), &[pool("system", json!({"upgradeSettings": {"maxSurge": "10%", "maxUnavailable": "0"}}))]);
    let bare = cluster(json!({}), &[pool("system", json!({"upgradeSettings": {}}))]);
    for said in [
        "",
        ", upgradeSettings: {}",
        ", upgradeSettings: {maxSurge: \"10%\"}",
        ", upgradeSettings: {maxUnavailable: 0}",
    ] {
        file(&system(said)).live(AKS, filled.clone()).nothing_to_do();
        file(&system(said)).live(AKS, bare.clone()).nothing_to_do();
    }
    let plan = file(&system(", upgradeSettings: {maxSurge: \"33%\"}")).live(AKS, filled).plan();
    assert_eq!(shown(&plan), ["update clusters.aks.nodePools.system", "  upgradeSettings.maxSurge \"10%\" \"33%\""]);
}

#[test]
fn azurerm_30390_drift_is_put_right_and_what_nobody_manages_is_told() {
    let then = cluster(json!({}), &[pool("system", json!({"upgradeSettings": {"maxSurge": "10%"}}))]);
    let now = cluster(json!({}), &[pool("system", json!({"count": 5, "upgradeSettings": {"maxSurge": "50%"}}))]);
    let plan = file(&system("")).seen(AKS, then).live(AKS, now).plan();
    assert_eq!(shown(&plan), ["update clusters.aks.nodePools.system", "  count 5 3"]);
    assert_eq!(plan.steps[0].changes[0].reason, Reason::Drift);
    assert_eq!(plan.drift.iter().map(|d| d.path.to_string()).collect::<Vec<_>>(), ["count"]);
    assert_eq!(plan.unmanaged.iter().map(|u| u.path.to_string()).collect::<Vec<_>>(), ["upgradeSettings.maxSurge"]);
}

#[test]
fn azurerm_14997_a_location_by_reference_is_known_and_replaces_nothing() {
    let text = system("").replace("    nodePools:", "    location: ${resourceGroup.location}\n    nodePools:");
    let text = text.replace("clusters:", "x-group: 1\nclusters:");
    let group = "resourceGroup: {name: rg-x, location: West Europe, tags: {team: b}}";
    let with_group = |case: Case| Case {
        file: case.file.replace("resourceGroup: {name: rg-x, existing: true}", group),
        before: Some(
            case.file.replace("resourceGroup: {name: rg-x, existing: true}", &group.replace("team: b", "team: a")),
        ),
        ..case
    };
    let live = cluster(json!({}), &[pool("system", json!({}))]);
    let group = json!({"id": GROUP, "location": "westeurope", "tags": {"team": "a"}});
    let plan = with_group(file(&text)).live(AKS, live).live("", group).plan();
    assert_eq!(shown(&plan), ["update resourceGroup", "  tags.team \"a\" \"b\""], "{}", plan.diagnostics.render(false));
}

#[test]
fn azurerm_7093_a_pools_vm_size_never_replaces_the_cluster() {
    let live = cluster(json!({}), &[pool("system", json!({"vmSize": "Standard_D2ds_v5"}))]);
    let before = system("").replace("D4ds", "D2ds");
    let plan = file(&system("")).before(&before).live(AKS, live).plan();
    assert!(
        plan.steps.iter().all(|s| s.address.as_str() == "clusters.aks.nodePools.system" && s.action == Action::Rotate)
    );
    assert!(matches!(&plan.steps[0].work, Work::Create { .. }), "the new pool comes before the old one goes");
    assert!(matches!(&plan.steps[1].work, Work::Delete { .. }));
    assert_eq!(plan.steps[0].disruption, Disruption::Rotates);
}

#[test]
fn pulumi_1808_reordered_pools_are_no_change() {
    let work = "\n      work: {mode: User, vmSize: Standard_D8ds_v5, count: 2}\n      batch: {mode: User, vmSize: Standard_D8ds_v5, count: 1}\n";
    let text = system("") + work.trim_start_matches('\n');
    let user =
        |name: &str, count: u64| pool(name, json!({"mode": "User", "vmSize": "Standard_D8ds_v5", "count": count}));
    let system = pool("system", json!({}));
    let (work, batch) = (user("work", 2), user("batch", 1));
    for order in [[&system, &work, &batch], [&batch, &work, &system], [&work, &system, &batch]] {
        let pools: Vec<Json> = order.into_iter().cloned().collect();
        file(&text).live(AKS, cluster(json!({}), &pools)).nothing_to_do();
    }
    // pulumi 2059: an upgrade by a channel re-creates nothing either.
    let channel = "    autoUpgradeProfile: {upgradeChannel: stable}\n    kubernetesVersion: \"1.34\"\n    nodePools:";
    let upgraded = json!({"autoUpgradeProfile": {"upgradeChannel": "stable"}});
    file(&self::system("").replace("    nodePools:", channel)).live(AKS, cluster(upgraded, &[system])).nothing_to_do();
}

#[test]
fn whatif_128_pools_are_told_apart_by_name_and_strangers_stay() {
    let text = system("")
        + "      pool5: {mode: User, vmSize: Standard_D8ds_v5, count: 2}\n    addonProfiles: {omsAgent: {enabled: true}}\n";
    let user = |name: &str| pool(name, json!({"mode": "User", "vmSize": "Standard_D8ds_v5", "count": 2}));
    let pools = [user("pool11"), pool("system", json!({})), user("pool5")];
    let live = cluster(
        json!({"addonProfiles": {"omsagent": {"enabled": true, "config": {}, "identity": {"clientId": "c"}}}}),
        &pools,
    );
    file(&text).live(AKS, live).nothing_to_do();
}

#[test]
fn azurerm_32117_an_issuer_that_azure_turned_on_is_no_change() {
    let live = cluster(
        json!({"oidcIssuerProfile": {"enabled": true, "issuerURL": "https://x"}}),
        &[pool("system", json!({}))],
    );
    let seen = cluster(json!({"oidcIssuerProfile": {"enabled": false}}), &[pool("system", json!({}))]);
    let plan = file(&system("")).seen(AKS, seen).live(AKS, live.clone()).nothing_to_do();
    assert_eq!(plan.unmanaged.iter().map(|u| u.path.to_string()).collect::<Vec<_>>(), ["oidcIssuerProfile.enabled"]);
    // Asked for outright, the way back is said not to exist; nothing is replaced for it.
    let text = system("").replace("    nodePools:", "    oidcIssuerProfile: {enabled: false}\n    nodePools:");
    let plan = file(&text).live(AKS, live).plan();
    assert!(plan.diagnostics.has_errors() && plan.steps.is_empty());
    let told = plan.diagnostics.render(false);
    assert!(told.contains("oidcIssuerProfile.enabled cannot be turned off again"), "{told}");
}

#[test]
fn azurerm_24838_a_registry_below_premium_has_no_network_rules() {
    let registry = "/providers/Microsoft.ContainerRegistry/registries/monadicprod";
    let body = |sku: &str, more: Json| {
        let mut properties = json!({"loginServer": "monadicprod.azurecr.io", "adminUserEnabled": false});
        properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"id": format!("{GROUP}{registry}"), "location": "westeurope", "sku": {"name": sku, "tier": sku}, "properties": properties})
    };
    let rules = "networkRuleSet: {defaultAction: Allow, ipRules: []}";
    let text = |sku: &str, more: &str| format!("registries:\n  monadicprod: {{sku: {{name: {sku}}}{more}}}\n");
    let premium = body("Premium", json!({"networkRuleSet": {"defaultAction": "Allow", "ipRules": []}}));
    // On the way down only the SKU changes.
    let plan = file(&text("Basic", "")).before(&text("Premium", &format!(", {rules}"))).live(registry, premium).plan();
    assert_eq!(shown(&plan), ["update registries.monadicprod", "  sku.name \"Premium\" \"Basic\""]);
    // Once there, Azure reports no rules, and nothing is made of that.
    file(&text("Basic", &format!(", {rules}"))).live(registry, body("Basic", json!({}))).nothing_to_do();
}

#[test]
fn terraform_25561_the_order_of_replications_is_no_change() {
    let registry = "/providers/Microsoft.ContainerRegistry/registries/monadicprod";
    let text = |first: &str, second: &str| {
        format!(
            "registries:\n  monadicprod: {{sku: {{name: Premium}}, replications: {{{first}: {{}}, {second}: {{}}}}}}\n"
        )
    };
    let replication = |name: &str| json!({"id": format!("{GROUP}{registry}/replications/{name}"), "location": name, "properties": {}});
    file(&text("northeurope", "eastus"))
        .before(&text("eastus", "northeurope"))
        .live(registry, json!({"location": "westeurope", "sku": {"name": "Premium"}, "properties": {}}))
        .live(&format!("{registry}/replications/eastus"), replication("eastus"))
        .live(&format!("{registry}/replications/northeurope"), replication("northeurope"))
        .nothing_to_do();
}

#[test]
fn azurerm_17244_a_tag_update_updates_the_tag() {
    let live = cluster(
        json!({}),
        &[pool("system", json!({"tags": {"team": "a", "costcenter": "7"}, "vmSize": "Standard_D4ds_v5"}))],
    );
    let plan = file(&system(", tags: {Team: b, costCenter: \"7\"}"))
        .before(&system(", tags: {Team: a, costCenter: \"7\"}"))
        .live(AKS, live)
        .plan();
    assert_eq!(shown(&plan), ["update clusters.aks.nodePools.system", "  tags.Team \"a\" \"b\""]);
    assert_eq!(plan.steps[0].disruption, Disruption::None);
    assert!(plan.steps[0].pools.is_empty());
}

#[test]
fn azurerm_26946_an_alias_and_its_patch_are_one_version() {
    let version = |version: &str, pools: &str| {
        let cluster = format!("    kubernetesVersion: \"{version}\"\n    nodePools:");
        system(&format!(", orchestratorVersion: \"{pools}\"")).replace("    nodePools:", &cluster)
    };
    let live = |version: &str, current: &str| {
        let pool = pool("system", json!({"orchestratorVersion": version, "currentOrchestratorVersion": current}));
        cluster(json!({"kubernetesVersion": version, "currentKubernetesVersion": current}), &[pool])
    };
    for (wanted, is, current) in [
        ("1.35", "1.35.7", "1.35.7"),
        ("1.35", "1.35", "1.35.7"),
        ("1.35.7", "1.35", "1.35.7"),
        ("1.35.7", "1.35.7", "1.35.7"),
    ] {
        file(&version(wanted, wanted)).live(AKS, live(is, current)).nothing_to_do();
    }
    let plan = file(&version("1.35.8", "1.35.7")).live(AKS, live("1.35", "1.35.7")).plan();
    assert_eq!(shown(&plan), ["update clusters.aks", "  kubernetesVersion \"1.35\" \"1.35.8\""]);
    // A channel that upgrades patches makes the one in the file the least that is wanted.
    let by_channel = version("1.35.5", "1.35.5")
        .replace("    nodePools:", "    autoUpgradeProfile: {upgradeChannel: patch}\n    nodePools:");
    let mut upgraded = live("1.35.7", "1.35.7");
    upgraded["properties"]["autoUpgradeProfile"] = json!({"upgradeChannel": "patch"});
    file(&by_channel).live(AKS, upgraded).nothing_to_do();
    let plan = file(&version("1.35", "1.35.5")).live(AKS, live("1.35.7", "1.35.7")).plan();
    assert!(
        plan.steps.is_empty() && plan.diagnostics.has_errors(),
        "without one it is a way back, which AKS does not go"
    );
}

#[test]
fn azurerm_33143_the_count_under_an_autoscaler_is_a_first_value() {
    let scaled = ", enableAutoScaling: true, minCount: 1, maxCount: 9";
    let live = cluster(
        json!({}),
        &[pool("system", json!({"enableAutoScaling": true, "minCount": 1, "maxCount": 9, "count": 8}))],
    );
    file(&system(scaled)).live(AKS, live.clone()).nothing_to_do();
    // Turned off, the count is the file's again.
    let plan = file(&system("")).before(&system(scaled)).live(AKS, live).plan();
    let shown = shown(&plan);
    assert!(shown.contains(&"  enableAutoScaling true false".to_owned()), "{shown:?}");
}
