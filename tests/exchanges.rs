//! Equal means equal to Azure: what was once asked of Azure, planned against what it answered, leaves nothing to do.
//!
//! All recordings of `../shared/azure/exchanges` where that folder is there, and a dozen in `tests/exchanges` everywhere.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a test says what it counted, and fails when it cannot read"
)]

mod exchange_converter;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use exchange_converter::Exchange;
use landfall::document::{Path as DocumentPath, Value};
use landfall::environment::{MapSources, load};
use landfall::model::{Live, Recorded, Seen};
use landfall::observe::observed;
use landfall::plan::{Inputs, Plan, Work, build, reads};
use landfall::schema::Schema;
use serde_json::{Value as Json, json};

/// Recordings that do not plan to nothing, each with the mark of the recording that is the reason. What Azure does is no reason.
const ARTEFACTS: [(&str, &str); 0] = [];

fn bodies(folder: &Path) -> Vec<(String, Json)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let read = |path: &PathBuf| {
        let json: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), json)
    };
    paths.iter().map(read).collect()
}

fn recordings(folder: &Path) -> Vec<(String, Exchange)> {
    let exchange = |(name, json): (String, Json)| Some((name, exchange_converter::exchange(&json)?));
    bodies(folder).into_iter().filter_map(exchange).collect()
}

/// The plan for the environment made from a request, against its answer or nothing; or why there is no plan.
fn planned(exchange: &Exchange, there: bool) -> Result<Plan, String> {
    let file = exchange_converter::file(exchange);
    let mut sources = MapSources::new().file("recorded.yaml", file.text);
    for (name, value) in &file.variables {
        sources = sources.with_variable(name, value);
    }
    let (desired, problems) = load(&"recorded".parse().unwrap(), &sources);
    let desired = desired.ok_or_else(|| problems.render(false))?;
    let recorded = Recorded::default();
    let mut live = Live::default();
    let wants = reads(&desired, &recorded, false, &[]);
    for (id, arm_type) in &wants.resources {
        let kind = Schema::get().resource(arm_type).unwrap();
        let said = desired.resources.values().any(|wanted| wanted.existing && wanted.id() == Some(id));
        let seen = match said || there && *id == exchange.id {
            true => Seen::Present(observed(kind, id, exchange_converter::answered(exchange, id, kind))),
            false => Seen::Absent,
        };
        live.resources.insert(id.clone(), seen);
    }
    for scope in &wants.grants {
        let grants = match exchange.id.parent() {
            Some(parent) if parent == *scope => vec![observed(exchange.resource, scope, exchange.get.clone())],
            _ => Vec::new(),
        };
        live.grants.insert(scope.clone(), Seen::Present(grants));
    }
    let replace = BTreeSet::new();
    Ok(build(Inputs {
        desired: &desired,
        recorded: &recorded,
        record: None,
        live: &live,
        destroy: false,
        replace: &replace,
        ours: &[],
    }))
}

/// What a plan would do to Azure, and what keeps it from being whole.
fn differences(plan: &Plan) -> Vec<String> {
    let show = |v: &Option<Value>| v.as_ref().map_or("nothing".to_owned(), |v| v.to_display_json().to_string());
    let mut out: Vec<String> =
        plan.unread.iter().map(|unread| format!("{} is unreadable: {}", unread.address, unread.why)).collect();
    if plan.diagnostics.has_errors() {
        out.push(plan.diagnostics.render(false));
    }
    for step in &plan.steps {
        if matches!(step.work, Work::Adopt { .. }) {
            continue;
        }
        out.push(format!("{} {:?}", step.address, step.action));
        for change in &step.changes {
            out.push(format!("  {}: {} -> {}", change.path, show(&change.before), show(&change.after)));
        }
    }
    out
}

fn outcome(exchange: &Exchange) -> Vec<String> {
    match planned(exchange, true) {
        Ok(plan) => differences(&plan),
        Err(problems) => vec![problems],
    }
}

#[test]
fn what_was_asked_is_what_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/azure/exchanges");
    if !folder.is_dir() {
        println!("NOT RUN: ../shared/azure/exchanges is absent; only the recordings of tests/exchanges were planned");
        return;
    }
    let (all, left) = unequal(&folder);
    assert!(all >= 63, "the PUTs of the folder were read");
    assert_eq!(left, ARTEFACTS.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>());
}

/// Any folder of recordings of the same form, named by `LANDFALL_EXCHANGES`: for whoever has more of them.
#[test]
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests names a folder of theirs")]
fn what_was_asked_is_what_is_there_in_a_folder_of_the_readers() {
    let Some(folder) = std::env::var_os("LANDFALL_EXCHANGES").map(PathBuf::from) else { return };
    let (all, left) = unequal(&folder);
    assert!(all > 0 && left.is_empty(), "{all} recordings were planned; these not to nothing: {left:?}");
}

/// How many recordings a folder has, and which of them do not plan to nothing.
fn unequal(folder: &Path) -> (usize, BTreeSet<String>) {
    let all = recordings(folder);
    let rest: Vec<(&String, Vec<String>)> =
        all.iter().map(|(name, e)| (name, outcome(e))).filter(|(_, rest)| !rest.is_empty()).collect();
    println!("{} of {} plan to nothing", all.len() - rest.len(), all.len());
    for (name, differences) in &rest {
        let why = ARTEFACTS.iter().find(|(n, _)| n == name).map_or("", |(_, why)| why);
        println!("-- {name} {why}\n{}", differences.join("\n"));
    }
    (all.len(), rest.into_iter().map(|(name, _)| name.clone()).collect())
}

/// What Azure answers, written into a file, is what Azure has: the way of whoever imports a resource. PATCHes count too.
#[test]
fn what_azure_answers_asked_for_again_is_no_change() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in [here.join("../shared/azure/exchanges"), here.join("tests/exchanges")].iter().filter(|f| f.is_dir()) {
        let mut rest = Vec::new();
        for (name, json) in bodies(folder) {
            let echo = json!({"resource": json["resource"], "put": json["get"], "get": json["get"]});
            let Some(mut exchange) = exchange_converter::exchange(&echo) else { continue };
            for (key, property) in exchange.resource.properties() {
                // What Azure never answers, its file says anew.
                if property.required && exchange.resource.write_only(&DocumentPath::of([key.as_str()])) {
                    exchange.put["properties"][key] = json!("https://example.com");
                }
            }
            let differences = outcome(&exchange);
            if !differences.is_empty() {
                rest.push(format!("-- {name}\n{}", differences.join("\n")));
            }
        }
        assert!(rest.is_empty(), "{}", rest.join("\n"));
    }
}

#[test]
fn carried_recordings_plan_to_nothing() {
    let all = recordings(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges"));
    assert!(all.len() >= 12, "a dozen recordings are carried");
    for (name, exchange) in &all {
        assert_eq!(outcome(exchange), Vec::<String>::new(), "{name}");
    }
    let (_, mut exchange) = all.into_iter().find(|(name, _)| name == "test_aks_availability_zones-2").unwrap();
    exchange.get["properties"]["count"] = json!(7);
    assert_eq!(outcome(&exchange)[1], "  count: 7 -> 3", "what differs is seen");
}

#[test]
fn a_kubelet_identity_that_azure_gave_is_taken_back_and_nowhere_else() {
    let carried = recordings(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges"));
    let (_, exchange) = carried.iter().find(|(name, _)| name == "test_aks_azure_cni_overlay_migration-2").unwrap();
    let plan = planned(exchange, true).unwrap();
    assert!(!plan.changes_azure() && !plan.diagnostics.has_errors());
    let told = planned(exchange, false).unwrap().diagnostics.render(false);
    assert!(told.contains("error[kubelet-identity]"), "{told}");
}

/// What recordings that are not at hand were seen to do, cut to the properties concerned.
#[test]
fn what_azure_is_known_to_do_is_no_change() {
    let group = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg";
    let aks = "/providers/Microsoft.ContainerService/managedClusters/aks";
    let registry = "/providers/Microsoft.ContainerRegistry/registries/monadicprod";
    let system = json!({"name": "system", "mode": "System", "count": 1, "vmSize": "", "nodeTaints": [], "orchestratorVersion": ""});
    let made = |more: Json| {
        merged(
            json!({"name": "system", "mode": "System", "count": 1, "vmSize": "standard_d4lds_v5", "osDiskSizeGB": 150,
        "orchestratorVersion": "1.27.7", "currentOrchestratorVersion": "1.27.7", "maxPods": 250}),
            more,
        )
    };
    let cluster = |put: Json, get: Json| {
        let wrap = |properties: Json, pool: Json| {
            json!({"location": "westus2", "identity": {"type": "SystemAssigned"},
            "properties": merged(json!({"dnsPrefix": "aks", "agentPoolProfiles": [pool]}), properties)})
        };
        (wrap(put, system.clone()), wrap(get, made(json!({}))))
    };
    let proxy = |list: Json, ca: &str| json!({"httpProxyConfig": {"httpProxy": "http://p:1", "noProxy": list, "trustedCa": ca}});
    let identities = |casing: &str| json!({casing.to_owned() + "/ua": {}});
    let autoscaler = json!({"autoScalerProfile": {"scan-interval": "30s", "expander": "priority", "max-empty-bulk-delete": "10",
        "balance-similar-node-groups": "false", "scale-down-utilization-threshold": "0.5"}});
    let mesh =
        json!({"serviceMeshProfile": {"mode": "Disabled", "istio": {"revisions": ["asm-1-20"], "components": {}}}});
    let taint = json!(["CriticalAddonsOnly=true:NoSchedule"]);
    let cases = [
        (aks, cluster(json!({"autoScalerProfile": {"scan-interval": "30s", "expander": "Priority"}}), autoscaler)),
        (
            aks,
            cluster(
                proxy(json!(["localhost", "127.0.0.1"]), "pem\n"),
                proxy(json!(["konnectivity", "127.0.0.1", "10.0.0.0/16", "localhost"]), "pem"),
            ),
        ),
        (aks, cluster(mesh, json!({"serviceMeshProfile": {"mode": "Disabled"}}))),
        (
            aks,
            cluster(
                json!({"networkProfile": {"ipFamilies": ["IPv4", "IPv6"], "podCidrs": ["10.244.0.0/16"], "podCidr": "10.244.0.0/16"}}),
                json!({"networkProfile": {"ipFamilies": ["IPv4", "IPv6"], "podCidrs": ["10.244.0.0/16", "fd12:3456::/64"], "podCidr": "10.244.0.0/16",
                "loadBalancerProfile": {"managedOutboundIPs": {"count": 1, "countIPv6": 1}}}}),
            ),
        ),
        (
            aks,
            cluster(
                json!({"kubernetesVersion": "", "addonProfiles": {"omsAgent": {"enabled": true, "config": {"useAADAuth": "true"}}}}),
                json!({"kubernetesVersion": "1.27", "currentKubernetesVersion": "1.27.7",
                "addonProfiles": {"omsagent": {"enabled": true, "config": {"useAADAuth": "true", "x": null}, "identity": {"objectId": "o"}}}}),
            ),
        ),
        (
            aks,
            (
                json!({"location": "West US 2", "extendedLocation": {"type": "EdgeZone", "name": "microsoftlosangeles1"}, "sku": {"name": "Automatic", "tier": ""},
            "properties": {"kubernetesVersion": "1.23.5", "agentPoolProfiles": [system]}}),
                json!({"location": "westus2", "extendedLocation": {"type": "edgezone", "name": "microsoftlosangeles1"}, "sku": {"name": "Automatic", "tier": "Standard"},
            "properties": {"kubernetesVersion": "1.23.5", "agentPoolProfiles": [made(json!({"nodeTaints": taint, "availabilityZones": ["2", "1", "3"]}))]}}),
            ),
        ),
        (
            &format!("{aks}/agentPools/spot"),
            (
                json!({"properties": {"count": 1, "vmSize": "Standard_D2s_v3", "scaleSetPriority": "Spot", "spotMaxPrice": -1.0, "scaleSetEvictionPolicy": "Delete",
                "nodeLabels": {"a": "b"}, "nodeTaints": [], "upgradeSettings": {}}}),
                json!({"properties": {"count": 1, "vmSize": "Standard_D2s_v3", "scaleSetPriority": "Spot", "spotMaxPrice": -1, "scaleSetEvictionPolicy": "Delete",
                "nodeLabels": {"a": "b", "kubernetes.azure.com/scalesetpriority": "spot"}, "upgradeSettings": {"maxSurge": "10%"},
                "nodeTaints": ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]}}),
            ),
        ),
        (
            registry,
            (
                json!({"location": "westus2", "sku": {"name": "Premium"}, "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities":
                identities("/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities")},
                "properties": {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": "23.96.0.0/16"}, {"value": "1.2.3.4"}]}, "zoneRedundancy": "Enabled"}}),
                json!({"location": "westus2", "sku": {"name": "Premium", "tier": "Premium"}, "identity": {"type": "systemAssigned, userAssigned", "principalId": "p",
                "userAssignedIdentities": identities("/subscriptions/s/resourcegroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities")},
                "tags": {}, "properties": {"networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": "1.2.3.4"}, {"action": "Allow", "value": "23.96.0.0/16"}]}, "zoneRedundancy": "Disabled"}}),
            ),
        ),
        (
            &format!("{registry}/credentialSets/hub"),
            (
                json!({"identity": {"type": "SystemAssigned"}, "properties": {"loginServer": "docker.io", "authCredentials": [{"name": "Credential1",
                "usernameSecretIdentifier": "https://v.vault.azure.net/secrets/u", "passwordSecretIdentifier": "https://v.vault.azure.net/secrets/p"}]}}),
                json!({"identity": {"type": "systemAssigned", "principalId": "p"}, "properties": {"loginServer": "docker.io", "authCredentials": [{"name": "Credential1",
                "usernameSecretIdentifier": "https://v.vault.azure.net/secrets/u", "passwordSecretIdentifier": "https://v.vault.azure.net/secrets/p",
                "credentialHealth": {"status": "Unhealthy"}}]}}),
            ),
        ),
        (
            &format!("{registry}/cacheRules/rule"),
            (
                json!({"properties": {"sourceRepository": "docker.io/library/nginx", "targetRepository": "nginx", "credentialSetResourceId": ""}}),
                json!({"properties": {"sourceRepository": "docker.io/library/nginx", "targetRepository": "nginx", "creationDate": "x"}}),
            ),
        ),
        (
            &format!("{registry}/replications/eastus"),
            (
                json!({"location": "East US", "properties": {"zoneRedundancy": "Enabled"}, "tags": {}}),
                json!({"location": "eastus", "properties": {"zoneRedundancy": "Disabled", "regionEndpointEnabled": true, "status": {"timestamp": "t"}}, "tags": {}}),
            ),
        ),
        (
            &format!("{registry}/privateEndpointConnections/monadicprod.0207ee96-75b6-43d8-af87-f8718fde0acc"),
            (
                json!({"properties": {"privateEndpoint": {"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe"},
                "privateLinkServiceConnectionState": {"status": "Approved", "description": "ours"}}}),
                json!({"properties": {"privateEndpoint": {"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateEndpoints/pe"},
                "privateLinkServiceConnectionState": {"status": "Approved", "description": "ours", "actionsRequired": "None"}}}),
            ),
        ),
        (
            &format!("{registry}/connectedRegistries/edge"),
            (
                json!({"properties": {"mode": "readonly", "parent": {"syncProperties": {"tokenId": "/t", "messageTtl": "PT48H", "syncWindow": "PT240M"}}}}),
                json!({"properties": {"mode": "ReadOnly", "parent": {"syncProperties": {"tokenId": "/t", "messageTtl": "P2D", "syncWindow": "PT4H"}}}}),
            ),
        ),
        (
            &format!("{aks}/agentPools/mixed"),
            (
                json!({"properties": {"type": "VirtualMachines", "mode": "User", "nodeTaints": [],
                "virtualMachinesProfile": {"scale": {"manual": [{"size": "Standard_D2s_v3", "count": 2}, {"size": "Standard_D4s_v3", "count": 1}]}}}}),
                json!({"properties": {"type": "VirtualMachines", "mode": "User", "count": null, "vmSize": "",
                "virtualMachinesProfile": {"scale": {"manual": [{"size": "standard_d4s_v3", "count": 1}, {"size": "standard_d2s_v3", "count": 2}]}}}}),
            ),
        ),
        (
            &format!("{aks}/maintenanceConfigurations/default"),
            (
                json!({"properties": {"timeInWeek": [{"day": "Tuesday", "hourSlots": [2, 1]}, {"day": "Monday", "hourSlots": [1]}],
                "notAllowedTime": [{"start": "2026-05-26T03:00:00Z", "end": "2026-05-30T12:00:00Z"}]}}),
                json!({"properties": {"timeInWeek": [{"day": "Monday", "hourSlots": [1]}, {"day": "Tuesday", "hourSlots": [1, 2]}],
                "notAllowedTime": [{"start": "2026-05-26T03:00:00+00:00", "end": "2026-05-30T12:00:00.000Z"}]}}),
            ),
        ),
        (
            "/providers/Microsoft.Authorization/roleAssignments/7b83888d-03fb-55bb-8209-aec4e36328a8",
            (
                json!({"properties": {"principalId": "0207EE96-75b6-43d8-af87-f8718fde0acc", "condition": "a  b\n",
                "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d"}}),
                json!({"properties": {"principalId": "0207ee96-75b6-43d8-af87-f8718fde0acc", "condition": "a b", "scope": group, "principalType": "ServicePrincipal",
                "roleDefinitionId": "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.Authorization/roleDefinitions/7F951DDA-4ed3-4680-a7ca-43fe172d538d"}}),
            ),
        ),
    ];
    for (resource, (put, get)) in cases {
        let recording = json!({"resource": format!("{group}{resource}"), "put": put, "get": get});
        let exchange = exchange_converter::exchange(&recording).unwrap();
        assert_eq!(outcome(&exchange), Vec::<String>::new(), "{resource}");
    }
}

fn merged(mut under: Json, over: Json) -> Json {
    under.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    under
}
