//! The sandbox from outside: recorded exchanges are played to it, and what Azure refuses is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use landfall::sandbox::{Answer, Clock as _, Fault, Options, Pace, Request, Response, Sandbox, SteppedClock};
use serde_json::{Value as Json, json};

const BASE: &str = "https://management.azure.com";
const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000000";
const VERSION: &str = "2026-05-01";
const OPERATOR: &str = "f1a07417-d97a-45cb-824c-7a7467783830";

/// A sandbox with a clock that a test moves.
struct World {
    sandbox: Arc<Sandbox>,
    clock: Arc<SteppedClock>,
}

impl World {
    fn new(change: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(SteppedClock::default());
        let mut options = Options { clock: clock.clone(), ..Options::default() };
        change(&mut options);
        Self { sandbox: Sandbox::open(options).expect("the world reads"), clock }
    }

    fn demo() -> Self {
        Self::new(|_| {})
    }

    async fn send(&self, method: &str, id: &str, version: &str, body: Option<&Json>) -> Response {
        let mark = if id.contains('?') { '&' } else { '?' };
        let request = Request::new(method, &format!("{BASE}{id}{mark}api-version={version}"));
        self.sandbox.handle(body.map_or(request.clone(), |b| request.json(b))).await
    }

    async fn put(&self, id: &str, body: &Json) -> Response {
        self.send("PUT", id, VERSION, Some(body)).await
    }

    async fn get(&self, id: &str) -> Response {
        self.send("GET", id, VERSION, None).await
    }

    async fn delete(&self, id: &str) -> Response {
        self.send("DELETE", id, VERSION, None).await
    }

    /// PUTs, expects success, and lets the operation end.
    async fn made(&self, id: &str, body: &Json) -> Json {
        let response = self.put(id, body).await;
        assert!(response.status < 300, "{id}: {} {}", response.status, response.body_json());
        self.step(600);
        self.get(id).await.body_json()
    }

    fn step(&self, seconds: u64) {
        self.clock.step(Duration::from_secs(seconds));
    }

    async fn follow(&self, url: &str) -> Response {
        self.sandbox.handle(Request::new("GET", url)).await
    }

    async fn group(&self) -> String {
        let id = format!("{SUB}/resourceGroups/rg");
        self.made(&id, &json!({"location": "westeurope"})).await;
        id
    }
}

fn cluster(group: &str) -> String {
    format!("{group}/providers/Microsoft.ContainerService/managedClusters/aks")
}

fn registry(group: &str) -> String {
    format!("{group}/providers/Microsoft.ContainerRegistry/registries/monadicprod")
}

fn identity(group: &str, name: &str) -> String {
    format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

fn small() -> Json {
    json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"dnsPrefix": "aks",
        "agentPoolProfiles": [{"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5"}]}})
}

fn code(response: &Response) -> String {
    let body = response.body_json();
    body["error"]["code"].as_str().or(body["code"].as_str()).unwrap_or_default().to_owned()
}

// ---- recorded exchanges ----

/// Where the exchanges lie: the shared folder beside the project, the few that are carried in it, and any that the reader has.
#[expect(clippy::disallowed_methods, reason = "whoever runs the tests names a folder of theirs")]
fn exchange_folders() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = [here.join("../shared/azure/exchanges"), here.join("tests/exchanges")];
    let readers = std::env::var_os("LANDFALL_EXCHANGES").map(PathBuf::from);
    known.into_iter().chain(readers).filter(|p| p.is_dir()).collect()
}

fn read(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).expect("an exchange")).expect("JSON")
}

/// The leaves that `said` has and `answered` shows otherwise, where `recorded` shows them as they were said.
fn unlike(said: &Json, recorded: &Json, answered: &Json, path: &str, out: &mut Vec<String>) {
    match (said, recorded) {
        // `{}` says nothing: what the service makes of it depends on the day of the recording.
        (Json::Object(map), Json::Object(_)) => {
            for (key, value) in map {
                let here = answered.get(key).unwrap_or(&Json::Null);
                match recorded.get(key) {
                    Some(recorded) => unlike(value, recorded, here, &format!("{path}.{key}"), out),
                    None if here.is_null() => {}
                    None => out.push(format!("{path}.{key}: shown, and Azure did not")),
                }
            }
        }
        (Json::Array(list), Json::Array(recorded)) if list.iter().any(Json::is_object) => {
            for (i, value) in list.iter().enumerate() {
                let here = answered.get(i).unwrap_or(&Json::Null);
                unlike(value, recorded.get(i).unwrap_or(&Json::Null), here, &format!("{path}[{i}]"), out);
            }
        }
        _ if said == recorded && without_guids(said) != without_guids(answered) => {
            out.push(format!("{path}: {said} became {answered}"))
        }
        _ => {}
    }
}

/// Identifiers that the service makes up differ from world to world.
fn without_guids(value: &Json) -> String {
    let guid = regex_lite::Regex::new("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
        .expect("a pattern");
    guid.replace_all(&value.to_string(), "GUID").into_owned()
}

/// Types whose resources have children.
const OWNERS: [&str; 3] = ["managedClusters", "registries", "userAssignedIdentities"];

/// Makes what a request needs: its group, its parents, the identities it names, and what it updates.
async fn prepare(world: &World, id: &str, put: &Json, update: bool, location: &Json) {
    let parts: Vec<&str> = id.split('/').collect();
    let group = parts[..5].join("/");
    let place = |key: &str| put[key].as_str().unwrap_or(location.as_str().unwrap_or("westus2")).to_owned();
    if parts.len() > 5 || update {
        world.made(&group, &json!({"location": place("location")})).await;
    }
    let mut named: Vec<String> =
        put["identity"]["userAssignedIdentities"].as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
    named.extend(put["properties"]["managedIdentity"]["resourceId"].as_str().map(str::to_owned));
    let profile = &put["properties"]["identityProfile"]["kubeletidentity"]["resourceId"];
    // What an update says of the identity that Azure made is there by then.
    named.extend(profile.as_str().filter(|_| !update).map(str::to_owned));
    for id in &named {
        // The group may be there already, in another region.
        world.put(&id.split('/').take(5).collect::<Vec<_>>().join("/"), &json!({"location": "westus2"})).await;
        let made = world.made(id, &json!({"location": "westus2"})).await;
        let role = "b24988ac-6180-42a0-ab88-20f7382dd24c";
        let grant = json!({"properties": {"roleDefinitionId": role, "principalId": made["properties"]["principalId"], "principalType": "ServicePrincipal"}});
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, id.as_bytes());
        world.made(&format!("{SUB}/providers/Microsoft.Authorization/roleAssignments/{name}"), &grant).await;
    }
    let owner =
        parts.iter().position(|p| OWNERS.iter().any(|owner| owner.eq_ignore_ascii_case(p))).map_or(0, |i| i + 2);
    let kind = parts.get(owner.saturating_sub(2)).map(|kind| kind.to_ascii_lowercase());
    let whole = match kind.as_deref() {
        Some("managedclusters") => {
            let plugin = if put["properties"]["maxPods"] == 110 { "kubenet" } else { "azure" };
            json!({"location": place("location"), "identity": {"type": "SystemAssigned"}, "properties": {"dnsPrefix": "x",
                "networkProfile": {"networkPlugin": plugin},
                "agentPoolProfiles": [{"name": "first", "mode": "System", "count": 1, "vmSize": "Standard_DS2_v2"}]}})
        }
        Some("registries") => json!({"location": place("location"), "sku": {"name": "Premium"}}),
        _ => json!({"location": "westus2"}),
    };
    if owner > 0 && parts.len() > owner {
        world.made(&parts[..owner].join("/"), &whole).await;
    }
    if !update || parts.len() <= 5 || world.get(id).await.status == 200 {
        return;
    }
    let first = match parts[parts.len() - 2] {
        "managedClusters" => {
            let mut first = put.clone();
            for unset in ["identityProfile", "aadProfile", "ingressProfile"] {
                first["properties"].as_object_mut().expect("properties").remove(unset);
            }
            first
        }
        "registries" => whole,
        "webhooks" => json!({"location": location, "properties": {"serviceUri": "http://x", "actions": ["push"]}}),
        "scopeMaps" => json!({"properties": {"actions": ["repositories/x/content/read"]}}),
        "connectedRegistries" => {
            json!({"properties": {"mode": "readonly", "parent": {"syncProperties": {"tokenId": "/x", "messageTtl": "P2D"}}}})
        }
        _ => put.clone(),
    };
    world.made(id, &first).await;
}

/// A request whose kubelet identity has the ids of this world, where the identity is of the user's making.
async fn with_ids_of(world: &World, put: &Json) -> Json {
    let mut put = put.clone();
    let Some(profile) = put.pointer_mut("/properties/identityProfile/kubeletidentity") else { return put };
    if let Some(id) = profile["resourceId"].as_str().map(str::to_owned) {
        let made = world.get(&id).await.body_json();
        for (key, own) in [("clientId", "clientId"), ("objectId", "principalId")] {
            if profile[key].is_string() && made["properties"][own].is_string() {
                profile[key] = made["properties"][own].clone();
            }
        }
    }
    put
}

async fn replay(path: &Path) -> Result<(), Vec<String>> {
    let file = read(path);
    let (put, recorded, id) = (&file["put"], &file["get"], file["resource"].as_str().expect("an id"));
    let version = file["apiVersion"].as_str().expect("an api-version");
    let mut versions: Vec<String> = Vec::new();
    for body in [put, recorded] {
        let pools = body["properties"]["agentPoolProfiles"].as_array().into_iter().flatten();
        let itself = ["kubernetesVersion", "orchestratorVersion"].map(|key| &body["properties"][key]);
        let said = pools.map(|p| &p["orchestratorVersion"]).chain(itself);
        versions.extend(said.filter_map(Json::as_str).filter(|v| !v.is_empty()).map(str::to_owned));
    }
    let world = World::new(|o| o.kubernetes_versions = versions);
    let method = file["method"].as_str().unwrap_or("PUT");
    let update = method == "PATCH" || file["putStatus"] == 200;
    prepare(&world, id, put, update, &recorded["location"]).await;
    let response = world.send(method, id, version, Some(&with_ids_of(&world, put).await)).await;
    if response.status >= 300 {
        return Err(vec![format!("refused with {}: {}", response.status, response.body_json())]);
    }
    world.step(600);
    let answered = world.send("GET", id, file["getApiVersion"].as_str().unwrap_or(version), None).await.body_json();
    let mut out = Vec::new();
    unlike(put, recorded, &answered, "", &mut out);
    if answered["id"] != recorded["id"] {
        out.push(format!("id: {} rather than {}", answered["id"], recorded["id"]));
    }
    // Older answers of some types say none.
    if recorded["type"].is_string() && answered["type"] != recorded["type"] {
        out.push(format!("type: {} rather than {}", answered["type"], recorded["type"]));
    }
    if out.is_empty() { Ok(()) } else { Err(out) }
}

#[tokio::test]
#[expect(clippy::disallowed_macros, reason = "the list of what differs is what one reads this test for")]
async fn answers_recorded_requests_as_azure_did() {
    let folders = exchange_folders();
    if !folders[0].ends_with("shared/azure/exchanges") {
        println!("the shared exchanges are not beside this project: only those carried in it are played");
    }
    for folder in folders {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
        files.sort();
        let (mut agree, mut report) = (0, String::new());
        for file in &files {
            match replay(file).await {
                Ok(()) => agree += 1,
                Err(why) => {
                    report += &format!("{}\n  {}\n", file.file_name().expect("a name").display(), why.join("\n  "))
                }
            }
        }
        let shared = folder.ends_with("shared/azure/exchanges");
        println!("{agree} of {} exchanges agree in {}\n{report}", files.len(), folder.display());
        // The floor may only rise.
        let floor = if shared { 89 } else { files.len() };
        assert!(agree >= floor, "{agree} of {} agree, the floor is {floor}\n{report}", files.len());
    }
}

/// The paths of all leaves; list places and names of the user's choice folded.
fn shape(value: &Json, path: &str, out: &mut std::collections::BTreeSet<String>) {
    match value {
        Json::Object(map) if !map.is_empty() => map.iter().for_each(|(key, v)| shape(v, &format!("{path}.{key}"), out)),
        Json::Array(list) if !list.is_empty() => list.iter().for_each(|v| shape(v, &format!("{path}[]"), out)),
        _ => drop(out.insert(path.to_owned())),
    }
}

#[tokio::test]
async fn the_newest_answers_have_azures_whole_shape() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exchanges");
    for name in
        ["Test_AKS_ManagedCluster_20260501_CRUD-1", "Test_AKS_ManagedCluster_20260501_CRUD-3", "test_acr_create_abac-1"]
    {
        let file = read(&folder.join(format!("{name}.json")));
        let id = file["resource"].as_str().expect("an id");
        let world = World::demo();
        prepare(&world, id, &file["put"], false, &file["get"]["location"]).await;
        if name.ends_with("CRUD-3") {
            // The recorded pool joins a cluster whose network is an overlay.
            let parent = id.rsplit_once("/agentPools").expect("a pool").0;
            assert_eq!(world.delete(parent).await.status, 202);
            world.step(600);
            world.made(parent, &json!({"location": "westus3", "identity": {"type": "SystemAssigned"}, "properties": {"dnsPrefix": "x",
                "agentPoolProfiles": [{"name": "first", "mode": "System", "count": 1, "vmSize": "Standard_DS2_v2"}]}})).await;
        }
        let version = if name.starts_with("test_acr") { "2025-11-01" } else { VERSION };
        world.send("PUT", id, version, Some(&file["put"])).await;
        world.step(600);
        let answered = world.send("GET", id, version, None).await.body_json();
        let (mut ours, mut azures) = Default::default();
        shape(&answered, "", &mut ours);
        shape(&file["get"], "", &mut azures);
        let differs: Vec<_> = ours.symmetric_difference(&azures).map(String::as_str).collect();
        let known: &[&str] = match name {
            // A preview's property, which the stable api-version does not have.
            "test_acr_create_abac-1" => &[".properties.metadataSearch"],
            _ => &[],
        };
        assert_eq!(differs, known, "{name}");
    }
}

#[tokio::test]
async fn ids_and_types_are_written_as_each_service_writes_them() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    let made = world.made(&id, &small()).await;
    assert_eq!(made["id"], id.replace("resourceGroups", "resourcegroups"));
    assert_eq!(made["type"], "Microsoft.ContainerService/ManagedClusters");
    let window = json!({"properties": {"maintenanceWindow": {"schedule": {"daily": {"intervalDays": 1}}, "durationHours": 4, "startTime": "01:00"}}});
    let binding = json!({"properties": {"sourceResourceId": format!("{group}/providers/Microsoft.X/y/z"), "roles": ["Microsoft.X/y/r"]}});
    let source = json!({"location": "westeurope", "properties": {"creationData": {"sourceResourceId": format!("{id}/agentPools/system")}}});
    for (own, arm_type, body) in [
        (format!("{id}/maintenanceConfigurations/default"), "managedClusters/maintenanceConfigurations", window),
        (format!("{id}/trustedAccessRoleBindings/backup"), "managedClusters/trustedAccessRoleBindings", binding),
        (format!("{group}/providers/Microsoft.ContainerService/snapshots/s"), "Snapshots", source),
    ] {
        let made = world.made(&own, &body).await;
        assert_eq!(made["id"], own);
        assert_eq!(made["type"], format!("Microsoft.ContainerService/{arm_type}"));
    }
}

#[tokio::test]
async fn a_basic_load_balancer_has_no_addresses_to_manage() {
    let world = World::demo();
    let id = cluster(&world.group().await);
    for (sku, profile) in [("basic", Json::Null), ("standard", json!({"count": 1}))] {
        let mut body = small();
        body["properties"]["networkProfile"] = json!({"loadBalancerSku": sku, "outboundType": "loadBalancer"});
        let made = world.made(&format!("{id}-{sku}"), &body).await;
        assert_eq!(made["properties"]["networkProfile"]["loadBalancerProfile"]["managedOutboundIPs"], profile, "{sku}");
    }
}

// ---- life cycles ----

#[tokio::test]
async fn an_operation_goes_through_its_stages_and_its_url_must_come_back_verbatim() {
    let world = World::demo();
    let id = cluster(&world.group().await);
    let response = world.put(&id, &small()).await;
    assert_eq!(response.status, 201);
    let url = response.get_header("azure-asyncoperation").expect("an operation").to_owned();
    assert!(response.get_header("location").is_none() && response.get_header("retry-after").is_none());
    assert!(url.contains("/locations/westeurope/operations/") && url.contains("api-version=2025-03-01&t="), "{url}");
    assert_eq!(response.body_json()["properties"]["provisioningState"], "Creating");
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(world.follow(&url).await.body_json()["status"].as_str().expect("a status").to_owned());
        world.step(1);
    }
    let stages = [
        "InProgress",
        "ProvisioningControlPlane",
        "ReconcilingDNS",
        "CreatingAgentPool: 0/1 nodes completed",
        "Succeeded",
    ];
    assert_eq!(seen, stages);
    let shown = world.get(&id).await.body_json();
    assert_eq!(shown["properties"]["provisioningState"], "Succeeded");
    assert_eq!(
        shown["properties"]["networkProfile"]["loadBalancerProfile"]["effectiveOutboundIPs"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(world.follow(&url.replace("&s=", "&s=x")).await.status, 403);
    assert_eq!(world.follow(&url.replace("2025-03-01", VERSION)).await.status, 403);
    let again = world.put(&id, &small()).await;
    assert_eq!(again.status, 200);
    assert_eq!(world.sandbox.created_count(&id), 1);
    assert_eq!(code(&world.put(&id, &small()).await), "OperationNotAllowed");
    assert_eq!(code(&world.delete(&id).await), "EtagMismatch");
    let pool = json!({"properties": {"count": 1, "vmSize": "Standard_D4ds_v5"}});
    assert_eq!(world.put(&format!("{id}/agentPools/work"), &pool).await.status, 409);
    world.step(10);
    assert_eq!(world.put(&format!("{id}/agentPools/work"), &pool).await.status, 201);
    assert_eq!(world.put(&format!("{id}/agentPools/more"), &pool).await.status, 201, "different pools may overlap");
    assert_eq!(world.put(&id, &small()).await.status, 409);
    world.step(10);
    let gone = world.delete(&id).await;
    assert_eq!(gone.status, 202);
    let (status, result) =
        (gone.get_header("azure-asyncoperation").expect("both"), gone.get_header("location").expect("both"));
    assert_eq!(world.follow(result).await.status, 202);
    world.step(10);
    assert_eq!(world.follow(status).await.body_json()["status"], "Succeeded");
    assert_eq!(world.follow(result).await.status, 204);
    assert_eq!(world.get(&id).await.status, 404);
    assert_eq!(world.delete(&id).await.status, 204);
    assert_eq!(world.sandbox.ids(), [format!("{SUB}/resourceGroups/rg")], "the node resource group went along");
}

#[tokio::test]
async fn a_registry_answers_bare_operations_and_merges_patches() {
    let world = World::demo();
    let id = registry(&world.group().await);
    let body = json!({"location": "westeurope", "sku": {"name": "Premium"}, "tags": {"a": "1", "b": "2"}, "properties": {
        "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": "10.0.0.1/32"}]}}});
    let version = "2025-11-01";
    let response = world.send("PUT", &id, version, Some(&body)).await;
    assert_eq!(
        (response.status, response.body_json()["properties"]["provisioningState"].as_str()),
        (201, Some("Creating"))
    );
    let url = response.get_header("azure-asyncoperation").expect("an operation");
    assert_eq!(world.follow(url).await.body_json(), json!({"status": "Creating"}));
    world.step(2);
    assert_eq!(world.follow(url).await.body_json(), json!({"status": "Succeeded"}));
    let patch = json!({"tags": {"c": "3"}, "properties": {"adminUserEnabled": true}});
    let response = world.send("PATCH", &id, version, Some(&patch)).await;
    assert_eq!(response.status, 200);
    let shown = response.body_json();
    assert_eq!(shown["tags"], json!({"c": "3"}));
    assert_eq!(shown["properties"]["adminUserEnabled"], true);
    assert_eq!(
        shown["properties"]["networkRuleSet"],
        json!({"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": "10.0.0.1"}]})
    );
    let patch = json!({"properties": {"anonymousPullEnabled": true}});
    let response = world.send("PATCH", &id, version, Some(&patch)).await;
    assert_eq!(
        (response.status, response.body_json()["properties"]["provisioningState"].as_str()),
        (201, Some("Updating"))
    );
    world.step(2);
    let basic =
        json!({"location": "westeurope", "sku": {"name": "Basic"}, "properties": {"publicNetworkAccess": "Disabled"}});
    assert_eq!(code(&world.send("PUT", &id.replace("prod", "basic"), version, Some(&basic)).await), "SkuNotSupported");
    let asked = json!({"name": "monadicprod", "type": "Microsoft.ContainerRegistry/registries"});
    let check = format!("{SUB}/providers/Microsoft.ContainerRegistry/checkNameAvailability");
    assert_eq!(world.send("POST", &check, version, Some(&asked)).await.body_json()["nameAvailable"], false);
    let other = format!("{SUB}/resourceGroups/other");
    world.made(&other, &json!({"location": "westeurope"})).await;
    assert_eq!(code(&world.send("PUT", &registry(&other), version, Some(&body)).await), "AlreadyInUse");
}

// ---- grants ----

fn born_attached(group: &str) -> Json {
    let mut body = small();
    body["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": {identity(group, "control"): {}}});
    body["properties"]["identityProfile"] = json!({"kubeletidentity": {"resourceId": identity(group, "kubelet")}});
    body
}

fn grant(role: &str, principal: &Json) -> Json {
    json!({"properties": {"roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        "principalId": principal, "principalType": "ServicePrincipal"}})
}

#[tokio::test]
async fn a_kubelet_identity_needs_a_grant_that_has_spread() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    let body = born_attached(&group);
    assert_eq!(code(&world.put(&id, &body).await), "FailedIdentityOperation");
    let control = world.made(&identity(&group, "control"), &json!({"location": "westeurope"})).await;
    assert_eq!(code(&world.put(&id, &body).await), "InvalidParameter", "the kubelet's identity is missing");
    let kubelet = world.made(&identity(&group, "kubelet"), &json!({"location": "westeurope"})).await;
    assert_eq!(code(&world.put(&id, &body).await), "CustomKubeletIdentityMissingPermissionError");
    let scope = identity(&group, "kubelet");
    let at = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111");
    assert_eq!(world.put(&at, &grant(OPERATOR, &control["properties"]["principalId"])).await.status, 201);
    assert_eq!(code(&world.put(&id, &body).await), "CustomKubeletIdentityMissingPermissionError", "not spread yet");
    world.step(2);
    assert_eq!(world.put(&id, &body).await.status, 201);
    world.step(10);
    let shown = world.get(&id).await.body_json();
    let profile = &shown["properties"]["identityProfile"]["kubeletidentity"];
    assert_eq!(profile["objectId"], kubelet["properties"]["principalId"]);
    assert_eq!(profile["clientId"], kubelet["properties"]["clientId"]);
    let mut system = born_attached(&group);
    system["identity"] = json!({"type": "SystemAssigned"});
    let refused = world.put(&id.replace("/aks", "/other"), &system).await;
    assert_eq!(code(&refused), "CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster");
    assert_eq!(world.sandbox.created_count(&id), 1, "refused PUTs made nothing");
}

#[tokio::test]
async fn role_assignments_are_unique_inherited_and_paged() {
    let world = World::new(|o| o.page = 2);
    let group = world.group().await;
    let made = world.put(&identity(&group, "control"), &json!({"location": "westeurope"})).await;
    assert_eq!(made.status, 201);
    assert!(made.get_header("location").expect("a location").starts_with("/subscriptions/"));
    let principal = made.body_json()["properties"]["principalId"].clone();
    let name = |n: u32| format!("{n:08}-1111-1111-1111-111111111111");
    let at = |scope: &str, n: u32| format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", name(n));
    let mut young = grant(OPERATOR, &principal);
    young["properties"].as_object_mut().expect("properties").remove("principalType");
    assert_eq!(code(&world.put(&at(&group, 1), &young).await), "PrincipalNotFound");
    world.step(2);
    assert_eq!(world.put(&at(&group, 1), &young).await.status, 201);
    let again = world.put(&at(&group, 1), &young).await;
    assert_eq!(again.status, 201);
    let shown = world.get(&at(&group, 1)).await.body_json();
    assert_eq!(
        shown["properties"]["roleDefinitionId"],
        format!("{SUB}/providers/Microsoft.Authorization/roleDefinitions/{OPERATOR}")
    );
    assert_eq!(shown["properties"]["principalType"], "ServicePrincipal");
    assert_eq!(shown["properties"]["condition"], Json::Null);
    assert!(shown["properties"].as_object().expect("properties").contains_key("condition"));
    assert_eq!(code(&world.put(&at(&group, 2), &young).await), "RoleAssignmentExists");
    let other = grant("acdd72a7-3385-48ef-bd42-f606fba81ae7", &principal);
    assert_eq!(code(&world.put(&at(&group, 1), &other).await), "RoleAssignmentUpdateNotPermitted");
    assert_eq!(code(&world.put(&at(&group, 1).replace(&name(1), "x"), &other).await), "InvalidRoleAssignmentId");
    let missing = registry(&group);
    assert_eq!(code(&world.put(&at(&missing, 3), &other).await), "ResourceNotFound");
    assert_eq!(world.put(&at(SUB, 4), &other).await.status, 201);
    assert_eq!(world.put(&at(&identity(&group, "control"), 5), &other).await.status, 201);
    let list = |scope: &str, filter: &str| {
        format!("{scope}/providers/Microsoft.Authorization/roleAssignments?$filter={filter}")
    };
    let count = async |url: String| {
        let mut page = world.get(&url).await.body_json();
        let mut names: Vec<String> = Vec::new();
        loop {
            names.extend(
                page["value"]
                    .as_array()
                    .expect("a page")
                    .iter()
                    .map(|v| v["name"].as_str().expect("a name")[..8].to_owned()),
            );
            match page["nextLink"].as_str() {
                Some(next) => page = world.follow(next).await.body_json(),
                None => return names.join(" ").replace('0', ""),
            }
        }
    };
    assert_eq!(count(list(&group, "atScope()")).await, "1 4");
    assert_eq!(count(list(&identity(&group, "control"), "atScope()")).await, "1 4 5");
    assert_eq!(count(list(SUB, "atScope()")).await, "4");
    let by = format!("principalId eq '{}'", principal.as_str().expect("a GUID"));
    assert_eq!(count(list(SUB, &by.replace(' ', "%20"))).await, "1 4 5");
    assert_eq!(count(list(SUB, "principalId%20eq%20'x'")).await, "");
    assert_eq!(world.delete(&at(&group, 1)).await.status, 200);
    assert_eq!(world.delete(&at(&group, 1)).await.status, 204);
    let role = format!("{SUB}/providers/Microsoft.Authorization/roleDefinitions");
    assert_eq!(
        world.get(&format!("{role}?$filter=roleName%20eq%20'acrpull'")).await.body_json()["value"][0]["properties"]["roleName"],
        "AcrPull"
    );
    assert_eq!(code(&world.get(&format!("{role}/{}", name(9))).await), "RoleDefinitionDoesNotExist");
}

#[tokio::test]
async fn an_identity_that_is_made_again_has_another_principal() {
    let world = World::demo();
    let group = world.group().await;
    let id = identity(&group, "control");
    let first = world.made(&id, &json!({"location": "westeurope"})).await;
    assert_eq!(world.delete(&id).await.status, 200);
    let second = world.made(&id, &json!({"location": "westeurope"})).await;
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["properties"]["principalId"], second["properties"]["principalId"]);
    let at = format!("{group}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111");
    let mut orphan = grant(OPERATOR, &first["properties"]["principalId"]);
    orphan["properties"].as_object_mut().expect("properties").remove("principalType");
    assert_eq!(code(&world.put(&at, &orphan).await), "PrincipalNotFound");
}

// ---- groups, listings, 404s ----

#[tokio::test]
async fn a_group_goes_with_all_that_is_in_it() {
    let world = World::new(|o| o.page = 2);
    let group = world.group().await;
    assert_eq!(world.get(&group).await.body_json().get("tags"), None);
    assert_eq!(world.send("HEAD", &group, VERSION, None).await.status, 204);
    for name in ["one", "two", "three"] {
        world.made(&identity(&group, name), &json!({"location": "westeurope"})).await;
    }
    world.made(&cluster(&group), &small()).await;
    let page = world.get(&format!("{group}/resources")).await.body_json();
    assert_eq!(page["value"].as_array().map(Vec::len), Some(2));
    let next = world.follow(page["nextLink"].as_str().expect("a second page")).await.body_json();
    assert_eq!(next["value"].as_array().map(Vec::len), Some(2), "pools are not tracked: {next}");
    assert_eq!(next.get("nextLink"), None);
    let gone = world.delete(&group).await;
    assert_eq!(gone.status, 202);
    assert!(gone.get_header("azure-asyncoperation").is_none());
    let url = gone.get_header("location").expect("a location");
    assert_eq!(world.get(&group).await.body_json()["properties"]["provisioningState"], "Deleting");
    assert_eq!(
        code(&world.put(&identity(&group, "four"), &json!({"location": "westeurope"})).await),
        "ResourceGroupBeingDeleted"
    );
    assert_eq!(world.follow(url).await.status, 202);
    world.step(10);
    assert_eq!(world.follow(url).await.status, 200);
    assert_eq!(code(&world.get(&group).await), "ResourceGroupNotFound");
    assert_eq!(world.sandbox.ids(), Vec::<String>::new());
    let head = world.send("HEAD", &group, VERSION, None).await;
    assert_eq!((head.status, head.body.len()), (404, 0));
    assert_eq!(code(&world.delete(&registry(&group)).await), "ResourceGroupNotFound");
}

#[tokio::test]
async fn each_absence_has_its_own_404() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    assert_eq!(code(&world.get(&id.replace("/rg/", "/no/")).await), "ResourceGroupNotFound");
    let missing = world.get(&id).await.body_json();
    let text = "The Resource 'Microsoft.ContainerService/managedClusters/aks' under resource group 'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix";
    assert_eq!(missing, json!({"error": {"code": "ResourceNotFound", "message": text}}));
    let pool = format!("{id}/agentPools/work");
    assert_eq!(code(&world.get(&pool).await), "ParentResourceNotFound");
    assert_eq!(code(&world.put(&pool, &json!({"properties": {}})).await), "ParentResourceNotFound");
    world.made(&id, &small()).await;
    let flat = world.get(&pool).await.body_json();
    assert_eq!(
        (flat["code"].as_str(), flat["subcode"].as_str()),
        (Some("NotFound"), Some("GetAgentPool_NotFound_HCPServerError"))
    );
    assert_eq!(world.delete(&pool).await.status, 204);
    let nothing = format!("{group}/providers/Foo.Bar/things/x");
    assert_eq!(code(&world.get(&nothing).await), "InvalidResourceNamespace");
    assert_eq!(code(&world.get(&id.replace("managedClusters", "unmanaged")).await), "InvalidResourceType");
    assert_eq!(code(&world.send("GET", &id, "latest", None).await), "NoRegisteredProviderFound");
    let bare = Request::new("GET", &format!("{BASE}{id}"));
    assert_eq!(code(&world.sandbox.handle(bare).await), "MissingApiVersionParameter");
    let mut anonymous = Request::new("GET", &format!("{BASE}{id}?api-version={VERSION}"));
    anonymous.headers.clear();
    let refused = world.sandbox.handle(anonymous).await;
    assert_eq!((refused.status, code(&refused).as_str()), (401, "AuthenticationFailed"));
    assert!(refused.get_header("www-authenticate").is_some());
}

// ---- what Azure refuses ----

#[tokio::test]
async fn wrong_bodies_are_refused_and_read_only_values_are_not() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    let with = |path: &str, value: Json| {
        let mut body = small();
        *body.pointer_mut(path).expect("a path") = value;
        body
    };
    for (body, target) in [
        (with("/properties/agentPoolProfiles/0/count", json!("three")), "properties.agentPoolProfiles[0].count"),
        (with("/properties/agentPoolProfiles", json!([])), "agentPoolProfiles"),
        (with("/properties/dnsPrefix", Json::Null), "dnsPrefix"),
        (with("/identity", Json::Null), "servicePrincipalProfile"),
        (with("/identity/type", json!("Magic")), "identity.type"),
        (with("/properties/agentPoolProfiles/0/mode", json!("User")), "agentPoolProfiles.mode"),
    ] {
        let refused = world.put(&id, &body).await;
        assert_eq!(
            (refused.status, refused.body_json()["target"].as_str()),
            (400, Some(target)),
            "{}",
            refused.body_json()
        );
    }
    assert_eq!(code(&world.put(&id, &with("/location", Json::Null)).await), "LocationRequired");
    assert_eq!(
        code(&world.put(&id, &with("/location", json!("atlantis"))).await),
        "LocationNotAvailableForResourceType"
    );
    let mut old = small();
    old["properties"]["kubernetesVersion"] = json!("1.12");
    assert_eq!(code(&world.put(&id, &old).await), "K8sVersionNotSupported");
    let shown = world.made(&id, &small()).await;
    // What was read may be sent back as it is, and changes nothing.
    let again = world.made(&id, &shown).await;
    let strip = |mut v: Json| {
        v["eTag"] = Json::Null;
        v["properties"]["agentPoolProfiles"][0]["eTag"] = Json::Null;
        v
    };
    assert_eq!(strip(shown), strip(again));
}

#[tokio::test]
async fn updates_keep_what_is_left_out_and_refuse_what_is_fixed() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    let mut body = small();
    body["tags"] = json!({"a": "1"});
    body["sku"] = json!({"tier": "Standard"});
    body["properties"]["kubernetesVersion"] = json!("1.33");
    body["properties"]["agentPoolProfiles"][0]["nodeTaints"] = json!(["a=b:NoSchedule"]);
    let shown = world.made(&id, &body).await;
    assert_eq!(shown["properties"]["currentKubernetesVersion"], "1.33.8");
    let pool = &shown["properties"]["agentPoolProfiles"][0];
    assert_eq!(
        (pool["nodeTaints"].clone(), pool["orchestratorVersion"].as_str()),
        (json!(["a=b:NoSchedule"]), Some("1.33"))
    );

    let mut next = json!({"location": "westeurope", "tags": {"b": "2"}, "properties": {"kubernetesVersion": "",
        "agentPoolProfiles": [{"name": "system", "count": 2, "nodeTaints": []}]}});
    let after = world.made(&id, &next).await;
    assert_eq!(after["tags"], json!({"b": "2"}));
    assert_eq!(after["sku"]["tier"], "Standard");
    assert_eq!(after["properties"]["kubernetesVersion"], "1.33");
    let pool = &after["properties"]["agentPoolProfiles"][0];
    assert_eq!(
        (pool.get("nodeTaints"), &pool["count"], pool["vmSize"].as_str()),
        (None, &json!(2), Some("Standard_D4ds_v5"))
    );
    assert_ne!(after["eTag"], shown["eTag"]);

    let refused = |mut body: Json, pointer: &str, value: Json| {
        let (above, key) = pointer.rsplit_once('/').expect("a pointer");
        body.pointer_mut(above).expect("a path")[key] = value;
        body
    };
    let two = json!([{"name": "system", "count": 2}, {"name": "extra", "count": 1, "vmSize": "Standard_D4ds_v5"}]);
    for (body, code_wanted) in [
        (refused(next.clone(), "/properties/dnsPrefix", json!("other")), "PropertyChangeNotAllowed"),
        (
            refused(next.clone(), "/properties/networkProfile", json!({"serviceCidr": "10.1.0.0/16"})),
            "PropertyChangeNotAllowed",
        ),
        (
            refused(next.clone(), "/properties/oidcIssuerProfile", json!({"enabled": false})),
            "OIDCIssuerFeatureCannotBeDisabled",
        ),
        (
            refused(next.clone(), "/properties/agentPoolProfiles/0/vmSize", json!("Standard_D8ds_v5")),
            "PropertyChangeNotAllowed",
        ),
        (refused(next.clone(), "/properties/agentPoolProfiles", json!([])), "BadRequest"),
        (refused(next.clone(), "/properties/agentPoolProfiles", two), "BadRequest"),
        (refused(next.clone(), "/properties/kubernetesVersion", json!("1.35")), "OperationNotAllowed"),
        (refused(next.clone(), "/properties/kubernetesVersion", json!("1.32")), "OperationNotAllowed"),
        (refused(next.clone(), "/location", json!("northeurope")), "InvalidResourceLocation"),
    ] {
        let response = world.put(&id, &body).await;
        assert_eq!(code(&response), code_wanted, "{body}: {}", response.body_json());
        assert!(
            code_wanted == "InvalidResourceLocation" || response.body_json().get("error").is_none(),
            "AKS answers bare"
        );
    }
    // Control plane first, then the pool: never ahead of it.
    let newer = json!({"properties": {"orchestratorVersion": "1.34"}});
    let pool = format!("{id}/agentPools/system");
    assert_eq!(code(&world.put(&pool, &newer).await), "NodePoolMcVersionIncompatible");
    next["properties"]["kubernetesVersion"] = json!("1.34");
    assert_eq!(world.made(&id, &next).await["properties"]["currentKubernetesVersion"], "1.34.6");
    let cluster_tag = world.get(&id).await.body_json()["eTag"].clone();
    let before = world.get(&pool).await.body_json();
    assert_eq!(before["properties"]["currentOrchestratorVersion"], "1.33.8");
    let upgraded = world.made(&pool, &newer).await;
    assert_eq!(upgraded["properties"]["currentOrchestratorVersion"], "1.34.6");
    assert_ne!(before["properties"]["eTag"], upgraded["properties"]["eTag"]);
    assert_eq!(world.get(&id).await.body_json()["eTag"], cluster_tag, "a cluster's eTag stays when its pools change");
    assert_eq!(code(&world.delete(&pool).await), "OperationNotAllowed", "the last system pool");

    let stale = Request::new("PUT", &format!("{BASE}{pool}?api-version={VERSION}")).json(&newer);
    let stale = stale.header("if-match", before["properties"]["eTag"].as_str().expect("an eTag"));
    assert_eq!(world.sandbox.handle(stale).await.status, 412);
    let fresh =
        Request::new("PUT", &format!("{BASE}{pool}?api-version={VERSION}")).json(&newer).header("if-none-match", "*");
    assert_eq!(world.sandbox.handle(fresh).await.status, 412);
}

#[tokio::test]
async fn networks_change_in_the_allowed_ways_only() {
    let world = World::demo();
    let id = cluster(&world.group().await);
    let mut body = small();
    body["properties"]["networkProfile"] = json!({"networkPlugin": "kubenet"});
    let shown = world.made(&id, &body).await;
    assert_eq!(shown["properties"]["agentPoolProfiles"][0]["maxPods"], 110);
    for (profile, wanted) in [
        (json!({"networkPlugin": "azure"}), "PropertyChangeNotAllowed"),
        (json!({"networkPlugin": "azure", "networkPluginMode": "overlay"}), ""),
        (json!({"networkDataplane": "cilium", "networkPolicy": "cilium"}), ""),
        (json!({"networkDataplane": "azure"}), "PropertyChangeNotAllowed"),
        (json!({"networkPlugin": "kubenet"}), "PropertyChangeNotAllowed"),
        (json!({"loadBalancerProfile": {"outboundIPs": {"publicIPs": [{"id": "/subscriptions/s/x/y"}]}}}), ""),
    ] {
        body["properties"]["networkProfile"] = profile.clone();
        let response = world.put(&id, &body).await;
        assert_eq!(code(&response), wanted, "{profile}: {}", response.body_json());
        world.step(10);
    }
    let profile = world.get(&id).await.body_json()["properties"]["networkProfile"]["loadBalancerProfile"].clone();
    assert_eq!(profile.get("managedOutboundIPs"), None, "one kind of address at a time");
    assert_eq!(profile["effectiveOutboundIPs"], json!([{"id": "/subscriptions/s/x/y"}]));
}

#[tokio::test]
async fn azure_says_null_where_nobody_asked() {
    let world = World::demo();
    let id = cluster(&world.group().await);
    let mut body = small();
    body["properties"]["aadProfile"] = json!({"managed": true});
    body["properties"]["ingressProfile"] = json!({"webAppRouting": {"enabled": true}});
    let shown = world.made(&id, &body).await;
    let aad = &shown["properties"]["aadProfile"];
    assert!(["adminUsers", "adminGroupObjectIDs"].iter().all(|key| aad.get(key) == Some(&Json::Null)), "{aad}");
    let routing = &shown["properties"]["ingressProfile"]["webAppRouting"];
    assert!(routing["identity"]["objectId"].is_string());
    body["properties"]["ingressProfile"] = json!({"webAppRouting": {"enabled": false}});
    let shown = world.made(&id, &body).await;
    let nginx = json!({"defaultIngressControllerType": "AnnotationControlled"});
    let off = json!({"enabled": false, "identity": null, "dnsZoneResourceIds": null, "nginx": nginx});
    assert_eq!(shown["properties"]["ingressProfile"]["webAppRouting"], off);
    assert_eq!(world.made(&id, &shown).await["properties"]["aadProfile"], shown["properties"]["aadProfile"]);
}

// ---- faults, time, persistence, transport ----

#[tokio::test]
async fn faults_strike_as_often_as_they_are_told() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    let busy = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    world.sandbox.inject(Fault::respond("PUT", "/managedClusters/", 1, 429, &busy));
    assert_eq!(world.put(&id, &small()).await.status, 429);
    world.sandbox.inject(Fault {
        method: "PUT".into(),
        path_contains: "/managedclusters/".into(),
        times: 1,
        answer: Answer::Lost,
    });
    assert_eq!(world.put(&id, &small()).await.status, 0);
    assert_eq!(world.sandbox.created_count(&id), 1, "carried out, though the answer was lost");
    world.step(10);
    let failure = json!({"code": "QuotaExceeded", "message": "no cores left"});
    world.sandbox.inject(Fault {
        method: "PUT".into(),
        path_contains: "/agentPools/".into(),
        times: 1,
        answer: Answer::Fail(failure),
    });
    let pool = format!("{id}/agentPools/work");
    let response = world.put(&pool, &json!({"properties": {"count": 1, "vmSize": "Standard_D4ds_v5"}})).await;
    assert_eq!(response.status, 201);
    world.step(10);
    let status = world.follow(response.get_header("azure-asyncoperation").expect("an operation")).await.body_json();
    assert_eq!((status["status"].as_str(), status["error"]["code"].as_str()), (Some("Failed"), Some("QuotaExceeded")));
    assert_eq!(world.get(&pool).await.body_json()["properties"]["provisioningState"], "Failed");
    world.sandbox.inject(Fault { method: "*".into(), path_contains: "/rg".into(), times: 1, answer: Answer::Reset });
    assert_eq!(world.get(&group).await.status, 0);
    assert_eq!(world.get(&group).await.status, 200);
    let logged = world.sandbox.requests();
    assert_eq!(logged.last().map(|l| (l.status, l.in_flight)), Some((200, 1)));
    assert!(logged.iter().any(|l| l.method == "PUT" && l.body["properties"]["dnsPrefix"] == "aks" && l.status == 429));
}

#[tokio::test(start_paused = true)]
async fn latency_and_operations_run_in_tokios_time() {
    let options = Options { latency: Duration::from_millis(80), pace: Pace::demo(), ..Options::default() };
    let sandbox = Sandbox::new(options);
    let start = tokio::time::Instant::now();
    let group = Request::new("PUT", &format!("{BASE}{SUB}/resourceGroups/rg?api-version=2025-04-01"))
        .json(&json!({"location": "westeurope"}));
    assert_eq!(sandbox.handle(group).await.status, 201);
    let id = registry(&format!("{SUB}/resourceGroups/rg"));
    let body = json!({"location": "westeurope", "sku": {"name": "Basic"}});
    let get = || Request::new("GET", &format!("{BASE}{id}?api-version=2025-11-01"));
    sandbox.handle(Request::new("PUT", &format!("{BASE}{id}?api-version=2025-11-01")).json(&body)).await;
    let both = futures::future::join(sandbox.handle(get()), sandbox.handle(get())).await;
    assert_eq!(both.0.body_json()["properties"]["provisioningState"], "Creating");
    assert_eq!(start.elapsed(), Duration::from_millis(240), "two at once take no longer than one");
    assert_eq!(sandbox.requests().iter().map(|l| l.in_flight).max(), Some(2));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(sandbox.handle(get()).await.body_json()["properties"]["provisioningState"], "Succeeded");
}

#[tokio::test]
async fn the_world_outlives_the_sandbox_in_the_middle_of_an_operation() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deep/world.json");
    let first = World::new(|o| o.world = Some(file.clone()));
    let id = cluster(&first.group().await);
    let response = first.put(&id, &small()).await;
    let url = response.get_header("azure-asyncoperation").expect("an operation").to_owned();
    let second = World::new(|o| o.world = Some(file.clone()));
    second.step(600);
    assert_eq!(
        second.follow(&url).await.body_json()["status"],
        "InProgress",
        "the clock stands where the first one's stood"
    );
    second.step(60);
    assert_eq!(second.follow(&url).await.body_json()["status"], "Succeeded");
    assert_eq!(second.sandbox.created_count(&id), 1);

    let text = std::fs::read_to_string(&file).expect("the world");
    let mut broken = std::fs::File::create(&file).expect("a file");
    std::io::Write::write_all(&mut broken, &text.as_bytes()[..100]).expect("half a world");
    let options = || Options { world: Some(file.clone()), ..Options::default() };
    assert_eq!(Sandbox::open(options()).err().map(|e| e.kind()), Some(std::io::ErrorKind::InvalidData));
    let dead = Sandbox::new(options());
    let refused = dead.handle(Request::new("GET", &format!("{BASE}{id}?api-version={VERSION}"))).await;
    assert_eq!((refused.status, code(&refused).as_str()), (500, "SandboxWorldUnreadable"));
    assert!(dead.save().is_err(), "what could not be read is not written over");
}

#[tokio::test]
async fn a_token_is_had_from_the_same_host() {
    let world = World::demo();
    let ask = async |form: &str| {
        let mut request = Request::new("POST", "https://login.microsoftonline.com/any-tenant/oauth2/v2.0/token");
        request.headers.clear();
        request.body = form.as_bytes().to_vec();
        world.sandbox.handle(request).await
    };
    let token = ask("grant_type=client_credentials&client_id=app&client_secret=s&scope=x").await;
    assert!(token.body_json()["access_token"].is_string() && token.body_json()["expires_in"].is_u64());
    assert_eq!(ask("grant_type=client_credentials&client_id=app&client_assertion=jwt").await.status, 200);
    let refused = ask("grant_type=client_credentials&client_id=app&client_secret=wrong").await;
    assert_eq!((refused.status, refused.body_json()["error"].as_str()), (401, Some("invalid_client")));
    assert!(refused.body_json()["error_description"].as_str().expect("text").starts_with("AADSTS7000215"));
}

#[tokio::test]
async fn serves_both_versions_of_http_under_its_own_certificate() {
    use landfall::sandbox::{ServeOptions, serve};
    let folder = tempfile::tempdir().expect("a folder");
    let options = ServeOptions { port: 0, tls_dir: folder.path().join("tls") };
    let sandbox = Sandbox::new(Options { pace: Pace::instant(), ..Options::default() });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let server = serve(sandbox.clone(), options.clone(), |at| tell.send(at).expect("someone listens"), async {
        stopped.await.expect("told to stop")
    });
    let client = async {
        let at = told.await.expect("an address");
        let base = format!("https://localhost:{}", at.port());
        let ca = std::fs::read(options.tls_dir.join("ca.pem")).expect("a CA");
        let builder = || {
            let trust = reqwest::Certificate::from_pem(&ca).expect("PEM");
            reqwest::Client::builder().tls_certs_only([trust]).no_proxy()
        };
        for (client, version) in
            [(builder().http1_only().build(), reqwest::Version::HTTP_11), (builder().build(), reqwest::Version::HTTP_2)]
        {
            let client = client.expect("a client");
            let url = format!("{base}{SUB}/resourceGroups/rg?api-version=2025-04-01");
            let body = json!({"location": "westeurope"}).to_string();
            let response = client.put(&url).bearer_auth("t").body(body).send().await.expect("an answer");
            assert_eq!(response.version(), version);
            assert!(response.status().is_success());
            assert!(response.headers().contains_key("x-ms-request-id"));
            let id = registry(&format!("{SUB}/resourceGroups/rg"));
            let url = format!("{base}{id}?api-version=2025-11-01");
            let body = json!({"location": "westeurope", "sku": {"name": "Basic"}}).to_string();
            let response = client.put(&url).bearer_auth("t").body(body).send().await.expect("an answer");
            let operation = response.headers()["azure-asyncoperation"].to_str().expect("text").to_owned();
            assert!(operation.starts_with(&base), "{operation}");
            let status =
                client.get(&operation).bearer_auth("t").send().await.expect("an answer").text().await.expect("a body");
            assert_eq!(status, r#"{"status":"Succeeded"}"#);
            let token = client
                .post(format!("{base}/t/oauth2/v2.0/token"))
                .body("grant_type=client_credentials&client_secret=s");
            assert!(token.send().await.expect("an answer").status().is_success());
            sandbox.inject(Fault {
                method: "GET".into(),
                path_contains: "/rg".into(),
                times: 1,
                answer: Answer::Reset,
            });
            assert!(client.get(&url).bearer_auth("t").send().await.is_err(), "the connection breaks");
        }
        stop.send(()).expect("it serves");
        (at.port(), ca)
    };
    let (served, (port, ca)) = futures::future::join(server, client).await;
    served.expect("it served");
    // A second server takes the same files.
    let again = serve(sandbox, ServeOptions { port, ..options.clone() }, |_| {}, std::future::ready(()));
    again.await.expect("it serves again");
    assert_eq!(std::fs::read(options.tls_dir.join("ca.pem")).expect("a CA"), ca);
}

#[tokio::test]
async fn azures_own_client_reaches_it_in_process() {
    use azure_core::http::{HttpClient as _, Method, Request};
    let sandbox = Sandbox::new(Options::default());
    let transport = landfall::sandbox::InProcess(sandbox.clone());
    let url = format!("{BASE}{SUB}/resourceGroups/rg?api-version=2025-04-01");
    let mut request = Request::new(url.parse().expect("a URL"), Method::Put);
    request.insert_header("authorization", "Bearer t");
    request.set_body(r#"{"location": "westeurope"}"#);
    let response = transport.execute_request(&request).await.expect("an answer");
    assert_eq!(u16::from(response.status()), 201);
    assert!(response.headers().iter().any(|(name, _)| name.as_str() == "x-ms-request-id"));
    sandbox.inject(Fault { method: "PUT".into(), path_contains: "/rg".into(), times: 1, answer: Answer::Reset });
    assert!(transport.execute_request(&request).await.is_err());
    assert_eq!(sandbox.created_count(&format!("{SUB}/resourceGroups/rg")), 1);
}

#[tokio::test]
async fn limits_refuse_and_say_when_to_come_back() {
    let world = World::new(|o| o.limits = true);
    let id = cluster(&world.group().await);
    let mut refused = None;
    for round in 0..25 {
        let response = world.put(&id, &small()).await;
        if response.status == 429 {
            refused = Some((round, response));
            break;
        }
        assert!(response.get_header("x-ms-ratelimit-remaining-subscription-writes").is_some());
        world.step(10);
    }
    let (round, response) = refused.expect("twenty at once, then one a minute");
    assert_eq!((round, code(&response).as_str()), (23, "Throttled"));
    let wait = response.get_header("retry-after").and_then(|w| w.parse().ok()).expect("seconds");
    world.step(wait);
    assert_eq!(world.put(&id, &small()).await.status, 200);
}

/// As azure-cli's recording test_aks_abort.yaml has it: the answer is the cluster as it was, the abort an operation of its own.
#[tokio::test]
async fn an_abort_ends_what_runs_and_a_put_heals_it() {
    let world = World::demo();
    let id = cluster(&world.group().await);
    let created = world.put(&id, &small()).await;
    let create = created.get_header("azure-asyncoperation").expect("an operation").to_owned();
    let abort = async || world.send("POST", &format!("{id}/abort"), VERSION, None).await;
    let state = |body: Json| body["properties"]["provisioningState"].as_str().unwrap_or_default().to_owned();
    let answer = abort().await;
    assert_eq!((answer.status, state(answer.body_json())), (202, "Creating".to_owned()));
    let operation = answer.get_header("azure-asyncoperation").expect("an operation").to_owned();
    let result = answer.get_header("location").expect("a result").to_owned();
    assert!(result.contains("/operationresults/") && operation != create);
    assert_eq!(state(world.get(&id).await.body_json()), "Canceling");
    assert_eq!((abort().await.status, code(&abort().await)), (409, "OperationNotAllowed".to_owned()));
    assert_eq!(world.follow(&result).await.status, 202);
    world.step(1);
    assert_eq!(world.follow(&operation).await.body_json()["status"], "Succeeded");
    assert_eq!(world.follow(&result).await.status, 204);
    assert_eq!(world.follow(&create).await.body_json()["status"], "Canceled");
    let read = world.get(&id).await.body_json();
    assert_eq!(read["properties"]["agentPoolProfiles"][0]["provisioningState"], "Canceled");
    assert_eq!(state(read), "Canceled");
    let refused = abort().await;
    assert!(refused.body_json()["message"].as_str().unwrap_or_default().ends_with("ProvisioningState is Canceled"));
    assert_eq!(state(world.made(&id, &small()).await), "Succeeded");
    let registry = registry("/subscriptions/s/resourceGroups/rg");
    assert_eq!(world.send("POST", &format!("{registry}/abort"), VERSION, None).await.status, 404);
}

#[tokio::test]
async fn a_rehearsal_starts_from_what_was_read_and_drift_comes_unasked() {
    let first = World::demo();
    let id = cluster(&first.group().await);
    let read = first.made(&id, &small()).await;
    let second = World::demo();
    second.sandbox.seed(&read).expect("it has an id");
    let mut seeded = second.get(&id).await.body_json();
    assert_eq!(seeded["properties"]["agentPoolProfiles"][0]["vmSize"], "Standard_D4ds_v5");
    let mut read = read;
    for volatile in ["/eTag", "/properties/agentPoolProfiles/0/eTag"] {
        *seeded.pointer_mut(volatile).expect("an eTag") = Json::Null;
        *read.pointer_mut(volatile).expect("an eTag") = Json::Null;
    }
    assert_eq!(seeded, read);
    second.sandbox.edit(&id, "tags", json!({"moved": "yes"})).expect("it exists");
    second.sandbox.edit(&format!("{id}/agentPools/system"), "properties.count", json!(7)).expect("it exists");
    let drifted = second.get(&id).await.body_json();
    assert_eq!(
        (&drifted["tags"]["moved"], &drifted["properties"]["agentPoolProfiles"][0]["count"]),
        (&json!("yes"), &json!(7))
    );
    assert_eq!(second.sandbox.created_count(&id), 0, "it was there");
    assert!(second.sandbox.seed(&json!({"id": "x"})).is_err());
    assert!(second.sandbox.edit("/subscriptions/x", "tags", Json::Null).is_err());
}

/// Any JSON, with the names that matter.
fn any_json() -> impl proptest::strategy::Strategy<Value = Json> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        ".{0,6}".prop_map(Json::from),
        Just(json!("westeurope")),
        Just(json!("Premium")),
        Just(json!("SystemAssigned"))
    ];
    let keys = prop::sample::select(vec![
        "location",
        "properties",
        "identity",
        "type",
        "userAssignedIdentities",
        "sku",
        "name",
        "tags",
        "agentPoolProfiles",
        "networkProfile",
        "networkRuleSet",
        "ipRules",
        "identityProfile",
        "kubeletidentity",
        "kubernetesVersion",
        "count",
        "dnsPrefix",
        "mode",
        "nodeTaints",
        "syncProperties",
        "principalId",
        "roleDefinitionId",
        "resourceId",
        "parent",
    ]);
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(keys.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|m| Json::Object(m.into_iter().collect()))
        ]
    })
}

proptest::proptest! {
    #[test]
    fn no_body_makes_it_fail(body in any_json(), method in proptest::sample::select(vec!["PUT", "PATCH", "POST"])) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::demo();
            let group = world.group().await;
            world.made(&cluster(&group), &small()).await;
            world.made(&registry(&group), &json!({"location": "westeurope", "sku": {"name": "Premium"}})).await;
            for id in [cluster(&group), format!("{}new", cluster(&group)), format!("{}/agentPools/system", cluster(&group)), registry(&group),
                format!("{}new", registry(&group)), format!("{}/connectedRegistries/abcde", registry(&group)), identity(&group, "abc"), group.clone(),
                format!("{group}/providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111")] {
                let response = world.send(method, &id, VERSION, Some(&body)).await;
                assert!((200..500).contains(&response.status), "{id}: {}", response.status);
                world.step(600);
            }
        });
    }
}

// ---- what other clients ask for ----

#[tokio::test(start_paused = true)]
async fn a_cloud_tells_its_endpoints_in_the_form_of_each_version() {
    let world = World::demo();
    let object = world.send("GET", "/metadata/endpoints", "2022-09-01", None).await.body_json();
    assert_eq!(object["resourceManager"], "https://management.azure.com/");
    assert_eq!(object["suffixes"]["acrLoginServer"], "azurecr.io");
    let list = world.send("GET", "/metadata/endpoints", "2019-05-01", None).await.body_json();
    assert_eq!(list, json!([object]));
}

#[tokio::test(start_paused = true)]
async fn kubeconfigs_open_nothing_and_are_refused_without_local_accounts() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    let mut body = small();
    world.made(&id, &body).await;
    for (action, user) in [
        ("listClusterUserCredential", "clusterUser"),
        ("listClusterAdminCredential", "clusterAdmin"),
        ("listClusterMonitoringUserCredential", "clusterMonitoringUser"),
    ] {
        let answer = world.send("POST", &format!("{id}/{action}"), VERSION, None).await;
        assert_eq!((answer.status, &answer.body_json()["kubeconfigs"][0]["name"]), (200, &json!(user)));
        let config = kubeconfig(&answer);
        assert!(config.contains(&format!("user: {user}_rg_aks\n  name: aks\n")), "{config}");
        assert!(config.contains("token: sandbox") && config.contains(".hcp.westeurope.azmk8s.io:443"), "{config}");
    }
    body["properties"]["disableLocalAccounts"] = json!(true);
    world.made(&id, &body).await;
    let refused = world.send("POST", &format!("{id}/listClusterUserCredential"), VERSION, None).await;
    assert_eq!((refused.status, code(&refused)), (400, "BadRequest".to_owned()));
    body["properties"]["aadProfile"] = json!({"managed": true});
    world.made(&id, &body).await;
    let entra = world.send("POST", &format!("{id}/listClusterUserCredential"), VERSION, None).await;
    assert!(kubeconfig(&entra).contains("command: kubelogin"));
    let refused = world.send("POST", &format!("{id}/listClusterAdminCredential"), VERSION, None).await;
    assert_eq!((refused.status, code(&refused)), (400, "BadRequest".to_owned()));
}

fn kubeconfig(answer: &Response) -> String {
    use base64::Engine as _;
    let body = answer.body_json();
    let text = body["kubeconfigs"][0]["value"].as_str().expect("a kubeconfig");
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    String::from_utf8(bytes).expect("text")
}

#[tokio::test(start_paused = true)]
async fn upgrades_are_those_that_the_service_would_take() {
    let world = World::demo();
    let group = world.group().await;
    let id = cluster(&group);
    let mut body = small();
    body["properties"]["kubernetesVersion"] = json!("1.34.5");
    world.made(&id, &body).await;
    let versions = |json: &Json| -> Vec<String> {
        let list = json["upgrades"].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|u| u["kubernetesVersion"].as_str().map(str::to_owned)).collect()
    };
    let profile = world.get(&format!("{id}/upgradeProfiles/default")).await.body_json();
    let offered = versions(&profile["properties"]["controlPlaneProfile"]);
    assert_eq!(offered, ["1.34.6", "1.35.5", "1.35.6", "1.35.7"]);
    // Nodes wait for their control plane.
    let of_pool = format!("{id}/agentPools/system/upgradeProfiles/default");
    assert!(versions(&world.get(&of_pool).await.body_json()["properties"]).is_empty());
    for version in offered {
        body["properties"]["kubernetesVersion"] = json!(version);
        assert_eq!(world.put(&id, &body).await.status, 200, "{version}");
        world.step(600);
    }
    let next = versions(&world.get(&of_pool).await.body_json()["properties"]);
    assert_eq!(next.last().map(String::as_str), Some("1.35.7"), "{next:?}");
    assert_eq!(world.get(&format!("{id}/upgradeProfiles/other")).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn the_directory_knows_the_identities_of_resources_and_nobody_else() {
    let world = World::demo();
    let group = world.group().await;
    let own = world.made(&identity(&group, "own"), &json!({"location": "westeurope"})).await;
    let principal = own["properties"]["principalId"].clone();
    let graph = |method: &str, path: &str| Request::new(method, &format!("https://graph.microsoft.com{path}"));
    let asked = json!({"ids": [principal, "00000000-0000-0000-0000-0000000000ff"], "types": ["servicePrincipal"]});
    let found = world.sandbox.handle(graph("POST", "/v1.0/directoryObjects/getByIds").json(&asked)).await.body_json();
    assert_eq!(found["value"].as_array().map(Vec::len), Some(1));
    assert_eq!((&found["value"][0]["id"], &found["value"][0]["displayName"]), (&principal, &json!("own")));
    let client = own["properties"]["clientId"].as_str().unwrap_or_default();
    let by_client = format!("/v1.0/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{client}')");
    assert_eq!(world.sandbox.handle(graph("GET", &by_client)).await.body_json()["value"][0]["id"], principal);
    let nobody = world.sandbox.handle(graph("GET", "/v1.0/users?$filter=userPrincipalName eq 'a@b'")).await;
    assert_eq!(nobody.body_json(), json!({"value": []}));
    assert_eq!(world.sandbox.handle(graph("GET", "/v1.0/users/nobody")).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_fork_goes_its_own_way_from_the_same_place() {
    let world = World::demo();
    let (group, name) = (format!("{SUB}/resourceGroups/rg"), "forked");
    world.made(&group, &json!({"location": "westeurope"})).await;
    let id = format!("{group}/providers/Microsoft.ContainerService/managedClusters/{name}");
    assert_eq!(world.put(&id, &small()).await.status, 201);
    let before = world.sandbox.exported();

    // The operation that runs here runs there as well, each by its own clock.
    let clock = Arc::new(SteppedClock::default());
    clock.step(Duration::from_millis(u64::try_from(world.sandbox.now_ms() - clock.now_ms()).expect("it went on")));
    let fork = World { sandbox: world.sandbox.fork(clock.clone()), clock };
    assert_eq!(fork.sandbox.exported(), before);
    assert!(fork.sandbox.requests().is_empty(), "what was asked stays behind");
    fork.step(600);
    let state = |answer: Response| answer.body_json()["properties"]["provisioningState"].clone();
    assert_eq!(state(fork.get(&id).await), "Succeeded");
    assert_eq!(state(world.get(&id).await), "Creating");
    fork.sandbox.asked(1).await;

    fork.delete(&id).await;
    fork.step(600);
    assert_eq!(fork.get(&id).await.status, 404);
    assert_eq!(state(world.get(&id).await), "Creating", "it is still there");
    assert_eq!((world.sandbox.created_count(&id), fork.sandbox.created_count(&id)), (1, 1));
}
