//! The identities that resources act as: filled in where they are named, refused where they do not exist.

use serde_json::{Map, Value as Json, json};

use super::behaviour::service;
use super::call::Call;
use super::complete::same;
use super::json_path::{at, remove, set, text};
use super::refusal::Refusal;
use super::resources::Write;
use super::show::{GROUP, IDENTITY};

impl Call<'_> {
    /// Fills in `identity`: a system-assigned principal, and the ids of the user-assigned ones.
    pub(super) fn fill_identity(&self, write: &Write<'_>, body: &mut Json) -> Result<(), Refusal> {
        let kind = text(body, "identity.type").to_ascii_lowercase();
        if kind.is_empty() || kind == "none" {
            // ACR answers no `identity` for `None`; a cluster without one is refused elsewhere.
            remove(body, "identity");
            return Ok(());
        }
        if kind.contains("systemassigned") {
            let principal = self.context(write, body, None).guid("system");
            set(body, "identity.principalId", json!(principal));
            set(body, "identity.tenantId", json!(service().tenant));
        } else {
            remove(body, "identity.principalId");
            remove(body, "identity.tenantId");
        }
        if !kind.contains("userassigned") {
            remove(body, "identity.userAssignedIdentities");
            return Ok(());
        }
        let named = at(body, "identity.userAssignedIdentities").and_then(Json::as_object).cloned().unwrap_or_default();
        if named.is_empty() {
            let message = "Required property 'userAssignedIdentities' not found in JSON. Path 'identity'.";
            return Err(Refusal::invalid_content(message));
        }
        let mut filled = Map::new();
        for id in named.keys() {
            // An identity that was there before, in a world that was seeded with the cluster only.
            let known = write.old.as_ref().and_then(|old| old["identity"]["userAssignedIdentities"].get(id));
            if let Some(known) = known.filter(|k| self.identity(id).is_none() && !text(k, "principalId").is_empty()) {
                filled.insert(id.clone(), known.clone());
                continue;
            }
            let Some(found) = self.identity(id) else {
                let inner =
                    json!({"error": {"code": "BadRequest", "message": format!("Resource '{id}' was not found.")}});
                let message = format!(
                    "Identity operation for resource '{}' failed with error 'Failed to perform resource identity operation. Status: \
                     'BadRequest'. Response: '{inner}'.'.",
                    write.id
                );
                return Err(Refusal::arm(400, "FailedIdentityOperation", message));
            };
            let entry = json!({"clientId": text(found, "properties.clientId"), "principalId": text(found, "properties.principalId")});
            filled.insert(id.clone(), entry);
        }
        body["identity"]["userAssignedIdentities"] = Json::Object(filled);
        Ok(())
    }

    /// A managed identity's body, by its id.
    fn identity(&self, id: &str) -> Option<&Json> {
        let resource = self.world.resources.get(&id.trim_end_matches('/').to_ascii_lowercase())?;
        (resource.arm_type == IDENTITY).then_some(&resource.body)
    }

    /// Settles which identity the kubelets act as: the named one, the one there was, or one that is made in the node
    /// resource group.
    pub(super) fn fill_kubelet(&mut self, write: &Write<'_>, body: &mut Json) -> Result<(), Refusal> {
        const PATH: &str = "properties.identityProfile.kubeletidentity";
        let asked = at(&write.sent, PATH).cloned().unwrap_or(Json::Null);
        let before = write.old.as_ref().and_then(|old| at(old, PATH)).cloned();
        let asked_id = text(&asked, "resourceId").to_owned();
        let unchanged =
            before.as_ref().is_some_and(|b| asked_id.is_empty() || same(&b["resourceId"], &asked["resourceId"]));
        if unchanged {
            let mut kept = before.unwrap_or(Json::Null);
            // An identity that was made again under the same id has another principal; a PUT takes it up.
            if let Some(found) = self.identity(text(&kept, "resourceId")) {
                let found = found.clone();
                kept["clientId"] = found["properties"]["clientId"].clone();
                kept["objectId"] = found["properties"]["principalId"].clone();
            }
            set(body, PATH, kept);
            return Ok(());
        }
        if asked_id.is_empty() {
            let made = self.make_kubelet(write, body);
            set(body, PATH, made);
            return Ok(());
        }
        if !text(body, "identity.type").eq_ignore_ascii_case("UserAssigned") {
            let message = "Custom kubelet identity is only supported on user assigned MSI cluster.";
            return Err(Refusal::aks(400, "CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster", message, ""));
        }
        let Some(found) = self.identity(&asked_id) else {
            let message = format!("The kubelet identity '{asked_id}' was not found.");
            return Err(Refusal::aks(400, "InvalidParameter", message, "").target("identityProfile.kubeletidentity"));
        };
        let pairs = [("clientId", &found["properties"]["clientId"]), ("objectId", &found["properties"]["principalId"])];
        let mut filled = json!({"resourceId": asked_id});
        for (name, real) in pairs {
            let said = &asked[name];
            if !super::complete::unsaid(said) && !same(said, real) {
                let message =
                    format!("The {name} of the kubelet identity does not belong to the identity '{asked_id}'.");
                return Err(
                    Refusal::aks(400, "InvalidParameter", message, "").target("identityProfile.kubeletidentity")
                );
            }
            filled[name] = real.clone();
        }
        set(body, PATH, filled);
        Ok(())
    }

    /// Makes the group that a new cluster's nodes live in.
    pub(super) fn make_node_group(&mut self, write: &Write<'_>, body: &Json) {
        let subscription = write.id.split('/').nth(2).unwrap_or_default();
        let group = text(body, "properties.nodeResourceGroup");
        let id = format!("/subscriptions/{subscription}/resourceGroups/{group}");
        let now = self.now;
        self.world.insert(&id, GROUP, group, json!({"location": body["location"], "managedBy": write.id}), now);
    }

    /// Refuses a new cluster whose node resource group is there already: it would go with the cluster.
    pub(super) fn node_group_free(&self, write: &Write<'_>, body: &Json) -> Result<(), Refusal> {
        let subscription = write.id.split('/').nth(2).unwrap_or_default();
        let group = text(body, "properties.nodeResourceGroup");
        let key = format!("/subscriptions/{subscription}/resourcegroups/{group}").to_ascii_lowercase();
        if write.old.is_some() || !self.world.resources.contains_key(&key) {
            return Ok(());
        }
        let message = format!("The node resource group '{group}' already exists.");
        Err(Refusal::aks(400, "InvalidParameter", message, "").target("nodeResourceGroup"))
    }

    fn make_kubelet(&mut self, write: &Write<'_>, body: &Json) -> Json {
        let subscription = write.id.split('/').nth(2).unwrap_or_default();
        let group = text(body, "properties.nodeResourceGroup");
        let name = format!("{}-agentpool", write.target.name());
        let kind = IDENTITY;
        let id = format!("/subscriptions/{subscription}/resourcegroups/{group}/providers/{kind}/{name}");
        let context = self.context(write, body, None);
        let (client, principal) = (context.guid("kubelet client"), context.guid("kubelet principal"));
        let properties = json!({"clientId": client, "principalId": principal, "tenantId": service().tenant});
        let made = json!({"location": body["location"], "tags": {}, "properties": properties});
        let now = self.now;
        self.world.insert(&id, IDENTITY, &name, made, now);
        json!({"resourceId": id, "clientId": client, "objectId": principal})
    }

    /// Refuses a cluster whose control plane lacks a role on something that the cluster newly names.
    pub(super) fn grants_there(&self, write: &Write<'_>, body: &Json) -> Result<(), Refusal> {
        let old = write.old.as_ref();
        let control = |body: &Json| match at(body, "identity.userAssignedIdentities").and_then(Json::as_object) {
            Some(named) => named.values().next().map(|v| text(v, "principalId").to_owned()).unwrap_or_default(),
            None => text(body, "identity.principalId").to_owned(),
        };
        let principal = control(body);
        let principal_moved = old.is_none_or(|old| control(old) != principal);
        for needed in &service().grants_needed {
            let target = text(body, &needed.path);
            let own = format!("/resourcegroups/{}/", text(body, "properties.nodeResourceGroup")).to_ascii_lowercase();
            if !target.starts_with('/') || target.to_ascii_lowercase().contains(&own) {
                continue;
            }
            let moved = old.is_none_or(|old| !text(old, &needed.path).eq_ignore_ascii_case(target));
            if (moved || principal_moved) && !self.granted(&principal, &needed.roles, target) {
                let message = needed.message.replace("{target}", target).replace("{principal}", &principal);
                return Err(Refusal::aks(400, &needed.code, message, ""));
            }
        }
        Ok(())
    }

    /// Fills in the identity of an identity binding.
    pub(super) fn bind_identity(&self, body: &mut Json) -> Result<(), Refusal> {
        let id = text(body, "properties.managedIdentity.resourceId").to_owned();
        let Some(found) = self.identity(&id) else {
            let message = format!("The managed identity '{id}' was not found.");
            return Err(
                Refusal::aks(400, "InvalidParameter", message, "").target("properties.managedIdentity.resourceId")
            );
        };
        let (client, principal) = (found["properties"]["clientId"].clone(), found["properties"]["principalId"].clone());
        let tenant = &service().tenant;
        let issuer = format!("https://ib.oic.prod-aks.azure.com/{tenant}/{}", client.as_str().unwrap_or_default());
        set(body, "properties.managedIdentity.clientId", client);
        set(body, "properties.managedIdentity.objectId", principal);
        set(body, "properties.managedIdentity.tenantId", json!(tenant));
        set(body, "properties.oidcIssuer.oidcIssuerUrl", json!(issuer));
        Ok(())
    }
}
