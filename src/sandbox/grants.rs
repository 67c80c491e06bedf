//! Role assignments, role definitions, and whether a grant is in force yet.

use serde_json::{Value as Json, json};

use super::address::Target;
use super::behaviour::service;
use super::call::{Answered, Call};
use super::json_path::text;
use super::message::Response;
use super::operations::time_text;
use super::refusal::Refusal;
use super::show::IDENTITY;
use crate::names::{PrincipalId, RoleAssignmentId, RoleId};
use crate::schema::{role_by_name, role_name, role_names};

const ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";
const CALLER: &str = "1ae5915d-78fe-468d-affb-c275790fa149";

impl Call<'_> {
    /// Answers `{scope}/providers/Microsoft.Authorization/roleAssignments[/{name}]`.
    pub(super) fn role_assignments(&mut self, target: &Target) -> Answered {
        let key = target.key();
        let exists = self.world.resources.contains_key(&key);
        match (self.request.method.as_str(), target.is_resource(), exists) {
            ("GET", false, _) => self.list_assignments(target),
            ("PUT", true, _) => self.put_assignment(target, &key),
            ("GET", true, true) => Ok(Response::json(200, &self.show_assignment(&key))),
            ("HEAD", true, true) => Ok(Response::empty(204)),
            ("GET" | "HEAD", true, false) => {
                self.scope_exists(target)?;
                let message = format!("The role assignment '{}' is not found.", target.name());
                Err(Refusal::arm(404, "RoleAssignmentNotFound", message))
            }
            ("DELETE", true, true) => {
                let shown = self.show_assignment(&key);
                self.world.take(&key);
                Ok(Response::json(200, &shown))
            }
            ("DELETE", true, false) => {
                self.scope_exists(target)?;
                Ok(Response::empty(204))
            }
            (method, ..) => {
                let message = format!("The requested resource does not support http method '{method}'.");
                Err(Refusal::arm(405, "MethodNotAllowed", message))
            }
        }
    }

    /// Whether the scope exists, as far as the sandbox can know: it holds no networks.
    fn scope_exists(&self, target: &Target) -> Result<(), Refusal> {
        let group = self.group_named(&target.scope)?;
        let Some(scope) = Target::parse(&target.scope) else { return Ok(()) };
        let known = scope.resource_type().is_some() && scope.is_resource();
        if known && !self.world.resources.contains_key(&scope.key()) {
            return Err(Refusal::not_found(&scope.relative(), &group.unwrap_or_default()));
        }
        Ok(())
    }

    fn put_assignment(&mut self, target: &Target, key: &str) -> Answered {
        let body = self.body()?;
        self.scope_exists(target)?;
        self.group_stays(&target.scope)?;
        let name = target.name();
        if name.parse::<RoleAssignmentId>().is_err() {
            let message =
                format!("The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.");
            return Err(Refusal::arm(400, "InvalidRoleAssignmentId", message));
        }
        let asked = &body["properties"];
        let principal = text(asked, "principalId").to_ascii_lowercase();
        if principal.parse::<PrincipalId>().is_err() {
            let message = format!("The Principal ID '{principal}' is not valid. Principal ID must be a GUID.");
            return Err(Refusal::arm(400, "InvalidPrincipalId", message));
        }
        let definition = text(asked, "roleDefinitionId");
        let Ok(role) = RoleId::from_guid_or_id(definition) else {
            let message = format!("The role definition ID '{definition}' is not valid.");
            return Err(Refusal::arm(400, "InvalidRoleDefinitionId", message));
        };
        let kind = asked["principalType"].as_str().filter(|t| !t.is_empty());
        if kind.is_none() && self.unheard_of(&principal) {
            let message = format!(
                "Principal {} does not exist in the directory {}. Check that you have the correct principal ID. If you are \
                 creating this principal and then immediately assigning a role, this error might be related to a replication \
                 delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, \
                 or Group.  See https://aka.ms/docs-principaltype",
                principal.replace('-', ""),
                service().tenant
            );
            return Err(Refusal::arm(400, "PrincipalNotFound", message));
        }
        let scope = if target.scope.is_empty() { "/".to_owned() } else { target.scope.clone() };
        let definition = match super::address::subscription_of(&scope) {
            Some(s) => format!("/subscriptions/{s}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
            None => format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
        };
        let twin = self.world.resources.iter().find(|(other, r)| {
            r.arm_type == ASSIGNMENT
                && *other != key
                && text(&r.body, "properties.scope").eq_ignore_ascii_case(&scope)
                && text(&r.body, "properties.principalId") == principal
                && text(&r.body, "properties.roleDefinitionId").ends_with(&role.to_string())
        });
        if twin.is_some() {
            return Err(Refusal::arm(409, "RoleAssignmentExists", "The role assignment already exists."));
        }
        let mut properties = json!({"roleDefinitionId": definition, "principalId": principal, "scope": scope,
            "principalType": kind.unwrap_or("ServicePrincipal")});
        for free in ["condition", "conditionVersion", "description", "delegatedManagedIdentityResourceId"] {
            properties[free] = asked.get(free).cloned().unwrap_or(Json::Null);
        }
        let now = self.now;
        match self.world.resources.get_mut(key) {
            None => drop(self.world.insert(
                &target.id(None, false),
                ASSIGNMENT,
                name,
                json!({"properties": properties}),
                now,
            )),
            Some(old) => {
                let before = &old.body["properties"];
                if before["principalId"] != properties["principalId"]
                    || before["roleDefinitionId"] != properties["roleDefinitionId"]
                {
                    let message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.";
                    return Err(Refusal::arm(400, "RoleAssignmentUpdateNotPermitted", message));
                }
                old.body = json!({"properties": properties});
                old.changed_ms = now;
            }
        }
        let mut shown = self.show_assignment(key);
        shown["properties"]["createdBy"] = Json::Null;
        Ok(Response::json(201, &shown))
    }

    /// Whether the directory has no such principal: its identity is too young, or gone.
    fn unheard_of(&self, principal: &str) -> bool {
        let delay = i64::try_from(self.options.pace.directory.as_millis()).unwrap_or(i64::MAX);
        let young = self.world.resources.values().any(|r| {
            r.arm_type == IDENTITY
                && text(&r.body, "properties.principalId") == principal
                && self.now - r.made_ms < delay
        });
        young || self.world.gone.contains(principal)
    }

    fn show_assignment(&self, key: &str) -> Json {
        let resource = &self.world.resources[key];
        let mut out = json!({"id": resource.id, "name": resource.name, "type": ASSIGNMENT});
        out["properties"] = resource.body["properties"].clone();
        let (made, changed) = (time_text(resource.made_ms), time_text(resource.changed_ms));
        for (name, value) in [
            ("createdOn", made.as_str()),
            ("updatedOn", changed.as_str()),
            ("createdBy", CALLER),
            ("updatedBy", CALLER),
        ] {
            out["properties"][name] = json!(value);
        }
        out
    }

    /// The assignments at a scope, above it, and, without `atScope()`, below it.
    fn list_assignments(&self, target: &Target) -> Answered {
        self.scope_exists(target)?;
        let filter = self.request.query("$filter").unwrap_or_default();
        let at_scope = filter.to_ascii_lowercase().contains("atscope()");
        let quoted = filter.split('\'').nth(1).map(str::to_ascii_lowercase);
        let by_principal = ["principalid eq", "assignedto("].iter().any(|w| filter.to_ascii_lowercase().contains(w));
        let here = target.scope.to_ascii_lowercase();
        let mut keys: Vec<(u64, &String)> = self
            .world
            .resources
            .iter()
            .filter(|(_, r)| r.arm_type == ASSIGNMENT)
            .filter(|(_, r)| {
                let scope = text(&r.body, "properties.scope").to_ascii_lowercase();
                within(&here, &scope) || (!at_scope && within(&scope, &here))
            })
            .filter(|(_, r)| !by_principal || quoted.as_deref() == Some(text(&r.body, "properties.principalId")))
            .map(|(key, r)| (r.born, key))
            .collect();
        keys.sort();
        Ok(self.page(keys.into_iter().map(|(_, key)| self.show_assignment(key)).collect()))
    }

    /// Answers `{scope}/providers/Microsoft.Authorization/roleDefinitions[/{guid}]`, for the built-in roles.
    pub(super) fn role_definitions(&self, target: &Target) -> Answered {
        let show = |name: &str, role: RoleId| {
            let scope = super::address::subscription_of(&target.scope);
            let prefix = scope.map_or_else(String::new, |s| format!("/subscriptions/{s}"));
            json!({"id": format!("{prefix}/providers/Microsoft.Authorization/roleDefinitions/{role}"),
                "type": "Microsoft.Authorization/roleDefinitions", "name": role.to_string(),
                "properties": {"roleName": name, "type": "BuiltInRole", "description": "", "assignableScopes": ["/"],
                    "permissions": [{"actions": [], "notActions": [], "dataActions": [], "notDataActions": []}]}})
        };
        if self.request.method != "GET" {
            let message = "The sandbox has the built-in roles only.";
            return Err(Refusal::arm(405, "MethodNotAllowed", message));
        }
        if !target.is_resource() {
            let filter = self.request.query("$filter").unwrap_or_default();
            let wanted = filter
                .to_ascii_lowercase()
                .contains("rolename eq")
                .then(|| filter.split('\'').nth(1).unwrap_or_default());
            let names = role_names().filter(|n| wanted.is_none_or(|w| n.eq_ignore_ascii_case(w)));
            return Ok(self.page(names.filter_map(|n| Some(show(n, role_by_name(n)?))).collect()));
        }
        let found = target.name().parse::<RoleId>().ok().and_then(|role| Some((role, role_name(role)?)));
        match found {
            Some((role, name)) => Ok(Response::json(200, &show(name, role))),
            None => {
                let message = format!("The specified role definition with ID '{}' does not exist.", target.name());
                Err(Refusal::arm(404, "RoleDefinitionDoesNotExist", message))
            }
        }
    }

    /// Whether a principal holds one of the roles on a resource, by a grant that has spread.
    pub(super) fn granted(&self, principal: &str, roles: &[String], on: &str) -> bool {
        let delay = i64::try_from(self.options.pace.grant.as_millis()).unwrap_or(i64::MAX);
        let on = on.to_ascii_lowercase();
        self.world.resources.values().any(|r| {
            r.arm_type == ASSIGNMENT
                && text(&r.body, "properties.principalId").eq_ignore_ascii_case(principal)
                && roles.iter().any(|role| text(&r.body, "properties.roleDefinitionId").ends_with(role.as_str()))
                && within(&on, &text(&r.body, "properties.scope").to_ascii_lowercase())
                && self.now - r.made_ms >= delay
        })
    }
}

/// Whether `id` is `scope` or lies below it; both in lower case.
fn within(id: &str, scope: &str) -> bool {
    scope == "/" || scope.is_empty() || id == scope || id.strip_prefix(scope).is_some_and(|rest| rest.starts_with('/'))
}
