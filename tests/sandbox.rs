//! The sandbox from outside: recorded exchanges are played to it, and what Azure refuses is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use landfall::sandbox::{Answer, Fault, Options, Pace, Request, Response, Sandbox, SteppedClock};
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

/// Where the exchanges lie: the shared folder beside the project, or the few that are carried in it.
fn exchange_folders() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [here.join("../shared/azure/exchanges"), here.join("tests/exchanges")].into_iter().filter(|p| p.is_dir()).collect()
}

fn read(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).expect("an exchange")).expect("JSON")
}

/// The leaves that `said` has and `answered` shows otherwise, where `recorded` shows them as they were said.
fn unlike(said: &Json, recorded: &Json, answered: &Json, path: &str, out: &mut Vec<String>) {
    match (said, recorded) {
        (Json::Object(map), Json::Object(_)) if !map.is_empty() => {
            for (key, value) in map {
                let here = answered.get(key).unwrap_or(&Json::Null);
                match recorded.get(key) {
                    Some(recorded) => unlike(value, recorded, here, &format!("{path}.{key}"), out),
                    None if here.is_null() || path.contains("networkProfile") => {}
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
        _ if said == recorded && said != answered => out.push(format!("{path}: {said} became {answered}")),
        _ => {}
    }
}

/// Makes what a request needs: its group, its parents, the identities it names, and what it updates.
async fn prepare(world: &World, id: &str, put: &Json, update: bool, location: &Json) {
    let parts: Vec<&str> = id.split('/').collect();
    let group = parts[..5].join("/");
    let place = |key: &str| put[key].as_str().unwrap_or(location.as_str().unwrap_or("westus2")).to_owned();
    if parts.len() > 5 {
        world.made(&group, &json!({"location": place("location")})).await;
    }
    let mut named: Vec<String> =
        put["identity"]["userAssignedIdentities"].as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
    named.extend(put["properties"]["managedIdentity"]["resourceId"].as_str().map(str::to_owned));
    for id in &named {
        // The group may be there already, in another region.
        world.put(&id.split('/').take(5).collect::<Vec<_>>().join("/"), &json!({"location": "westus2"})).await;
        let made = world.made(id, &json!({"location": "westus2"})).await;
        let role = "b24988ac-6180-42a0-ab88-20f7382dd24c";
        let grant = json!({"properties": {"roleDefinitionId": role, "principalId": made["properties"]["principalId"], "principalType": "ServicePrincipal"}});
        let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, id.as_bytes());
        world.made(&format!("{SUB}/providers/Microsoft.Authorization/roleAssignments/{name}"), &grant).await;
    }
    let owner = parts
        .iter()
        .position(|p| ["managedClusters", "registries", "userAssignedIdentities"].contains(p))
        .map_or(0, |i| i + 2);
    let whole = match parts.get(owner.saturating_sub(2)) {
        Some(&"managedClusters") => {
            let plugin = if put["properties"]["maxPods"] == 110 { "kubenet" } else { "azure" };
            json!({"location": place("location"), "identity": {"type": "SystemAssigned"}, "properties": {"dnsPrefix": "x",
                "networkProfile": {"networkPlugin": plugin},
                "agentPoolProfiles": [{"name": "first", "mode": "System", "count": 1, "vmSize": "Standard_DS2_v2"}]}})
        }
        Some(&"registries") => json!({"location": place("location"), "sku": {"name": "Premium"}}),
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

async fn replay(path: &Path) -> Result<(), Vec<String>> {
    let file = read(path);
    let (put, recorded, id) = (&file["put"], &file["get"], file["resource"].as_str().expect("an id"));
    let version = file["apiVersion"].as_str().expect("an api-version");
    let mut versions: Vec<String> = Vec::new();
    for body in [put, recorded] {
        let pools = body["properties"]["agentPoolProfiles"].as_array().into_iter().flatten();
        let said = pools.map(|p| &p["orchestratorVersion"]).chain([&body["properties"]["kubernetesVersion"]]);
        versions.extend(said.filter_map(Json::as_str).filter(|v| !v.is_empty()).map(str::to_owned));
    }
    let world = World::new(|o| o.kubernetes_versions = versions);
    let method = file["method"].as_str().unwrap_or("PUT");
    let update = method == "PATCH" || file["putStatus"] == 200;
    prepare(&world, id, put, update, &recorded["location"]).await;
    let response = world.send(method, id, version, Some(put)).await;
    if response.status >= 300 {
        return Err(vec![format!("refused with {}: {}", response.status, response.body_json())]);
    }
    world.step(600);
    let answered = world.send("GET", id, version, None).await.body_json();
    let mut out = Vec::new();
    unlike(put, recorded, &answered, "", &mut out);
    if answered["id"] != recorded["id"] {
        out.push(format!("id: {} rather than {}", answered["id"], recorded["id"]));
    }
    if answered["type"] != recorded["type"] {
        out.push(format!("type: {} rather than {}", answered["type"], recorded["type"]));
    }
    if out.is_empty() { Ok(()) } else { Err(out) }
}

#[tokio::test]
async fn answers_recorded_requests_as_azure_did() {
    for folder in exchange_folders() {
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
        println!("{agree} of {} exchanges agree in {}\n{report}", files.len(), if shared { "shared" } else { "tests" });
        // The floor may only rise.
        let floor = if shared { 40 } else { files.len() };
        assert!(agree >= floor, "{agree} of {} agree, the floor is {floor}\n{report}", files.len());
    }
}
