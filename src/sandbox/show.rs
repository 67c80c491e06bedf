//! How a resource is answered: its body with what is derived at the moment of asking.

use serde_json::{Map, Value as Json, json};

use super::behaviour;
use super::call::Call;
use super::json_path::{at, remove, set, text};
use super::operations::time_text;
use super::world::{Kind, Resource};

pub(super) const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
pub(super) const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
pub(super) const REGISTRY: &str = "Microsoft.ContainerRegistry/registries";
pub(super) const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
pub(super) const GROUP: &str = "Microsoft.Resources/resourceGroups";

impl Call<'_> {
    /// The resource as a GET shows it.
    pub(super) fn show(&self, key: &str) -> Json {
        let Some(resource) = self.world.resources.get(key) else { return Json::Null };
        let behaviour = behaviour::of(&resource.arm_type);
        let running = self.world.running(key);
        let kind = running.map(|o| o.kind);
        let mut out = resource.body.clone();
        out["id"] = json!(resource.id);
        out["name"] = json!(resource.name);
        out["type"] = json!(behaviour.type_name.as_deref().unwrap_or(&resource.arm_type));
        if !behaviour.stateless {
            set(
                &mut out,
                "properties.provisioningState",
                json!(running.map_or(resource.state.as_str(), |o| o.doing())),
            );
        }
        if let Some(path) = &behaviour.etag {
            set(&mut out, path, json!(resource.etag()));
        }
        if behaviour.tags_always && out.get("tags").is_none() {
            out["tags"] = json!({});
        }
        if behaviour.system_data {
            out["systemData"] = system_data(resource);
        }
        let version = self.request.query("api-version").unwrap_or_default();
        for (path, _) in behaviour.shown_at.iter().filter(|(_, versions)| !versions.contains(&version)) {
            remove(&mut out, path);
        }
        if resource.arm_type == CLUSTER {
            self.show_cluster(key, &mut out, kind == Some(Kind::Create));
        }
        if resource.arm_type.ends_with("registries/replications") && kind.is_none() {
            let stamp = time_text(resource.changed_ms);
            set(&mut out, "properties.status", json!({"displayStatus": "Ready", "timestamp": stamp}));
        }
        out
    }

    /// The pools inline, and what the load balancer got.
    fn show_cluster(&self, key: &str, out: &mut Json, creating: bool) {
        let pools: Vec<Json> = self.world.children(key, POOL).into_iter().map(|(k, _)| self.show_inline(k)).collect();
        set(out, "properties.agentPoolProfiles", Json::Array(pools));
        if creating {
            return;
        }
        let base = "properties.networkProfile.loadBalancerProfile";
        if let Some(profile) = at(out, base) {
            let named = |path: &str| at(profile, path).and_then(Json::as_array).cloned();
            let addresses = named("outboundIPs.publicIPs").or_else(|| named("outboundIPPrefixes.publicIPPrefixes"));
            let count = at(profile, "managedOutboundIPs.count").and_then(Json::as_u64).unwrap_or(0)
                + at(profile, "managedOutboundIPs.countIPv6").and_then(Json::as_u64).unwrap_or(0);
            let addresses = addresses.unwrap_or_else(|| self.addresses(out, count));
            if !addresses.is_empty() {
                set(out, &format!("{base}.effectiveOutboundIPs"), Json::Array(addresses));
            }
        }
        let base = "properties.networkProfile.natGatewayProfile";
        if let Some(count) = at(out, &format!("{base}.managedOutboundIPProfile.count")).and_then(Json::as_u64) {
            let addresses = self.addresses(out, count);
            set(out, &format!("{base}.effectiveOutboundIPs"), Json::Array(addresses));
        }
    }

    fn addresses(&self, cluster: &Json, count: u64) -> Vec<Json> {
        let group = text(cluster, "properties.nodeResourceGroup");
        let subscription = text(cluster, "id").split('/').nth(2).unwrap_or_default();
        let one = |n: u64| {
            let seed = format!("{}|{}|{n}", text(cluster, "id"), text(cluster, "properties.resourceUID"));
            let name = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, seed.as_bytes());
            json!({"id": format!(
                "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/publicIPAddresses/{name}"
            )})
        };
        (0..count).map(one).collect()
    }

    /// A pool as its cluster shows it.
    fn show_inline(&self, key: &str) -> Json {
        let shown = self.show(key);
        let mut out: Map<String, Json> = shown["properties"].as_object().cloned().unwrap_or_default();
        out.insert("name".into(), shown["name"].clone());
        Json::Object(out)
    }
}

fn system_data(resource: &Resource) -> Json {
    let (made, changed) = (time_text(resource.made_ms), time_text(resource.changed_ms));
    json!({"createdBy": "user@example.com", "createdByType": "User", "createdAt": made,
        "lastModifiedBy": "user@example.com", "lastModifiedByType": "User", "lastModifiedAt": changed})
}
