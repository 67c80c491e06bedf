//! One request on its way through the world: who answers which path.

use serde_json::{Value as Json, json};

use super::address::{Target, group_key, group_of, subscription_of};
use super::front::Options;
use super::message::{Request, Response};
use super::refusal::Refusal;
use super::world::World;
use crate::schema::Schema;

/// A request, the world it changes, and the time at which it does.
pub(super) struct Call<'a> {
    pub options: &'a Options,
    pub world: &'a mut World,
    pub now: i64,
    pub request: &'a Request,
    /// What the operation that this request starts will fail with.
    pub failure: Option<Json>,
}

pub(super) type Answered = Result<Response, Refusal>;

impl Call<'_> {
    pub(super) fn answer(mut self) -> Response {
        match self.route() {
            Ok(response) => response,
            Err(refusal) => refusal.respond(),
        }
    }

    fn route(&mut self) -> Answered {
        let path = self.request.url.path().to_owned();
        let parts: Vec<String> = path.trim_matches('/').split('/').map(|p| p.to_ascii_lowercase()).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if let Some(response) = self.authority(&parts) {
            return response;
        }
        if !self.request.get_header("authorization").is_some_and(|h| h.starts_with("Bearer ") && h.len() > 7) {
            return Ok(self.unauthenticated());
        }
        if parts.contains(&"operations") || parts.contains(&"operationresults") || parts.contains(&"operationstatuses")
        {
            return self.operation(&path);
        }
        if let Some(response) = self.directory(&parts) {
            return response;
        }
        let Some(version) = self.request.query("api-version").filter(|v| !v.is_empty()) else {
            return Err(Refusal::arm(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            ));
        };
        match *parts.as_slice() {
            ["tenants"] => Ok(self.tenants()),
            ["subscriptions"] => Ok(self.subscriptions()),
            ["subscriptions", id] => Ok(Response::json(200, &self.subscription(id))),
            ["subscriptions", _, "locations"] => Ok(self.locations(&path)),
            ["subscriptions", _, "providers"] => Ok(self.providers()),
            ["subscriptions", _, "providers", namespace] => self.provider(namespace),
            ["subscriptions", _, "providers", namespace, "register"] => self.provider(namespace),
            ["subscriptions", _, "resources"] => self.list_in(&path),
            ["subscriptions", _, "resourcegroups"] => self.list_groups(&path),
            ["subscriptions", _, "resourcegroups", _] => self.group(&path),
            ["subscriptions", _, "resourcegroups", _, "resources"] => self.list_in(&path),
            ["subscriptions", _, "providers", "microsoft.containerservice", "locations", _, "kubernetesversions"] => {
                Ok(self.kubernetes_versions())
            }
            ["subscriptions", _, "providers", "microsoft.containerregistry", "checknameavailability"] => {
                self.check_registry_name()
            }
            _ => self.below_provider(&path, &version),
        }
    }

    fn below_provider(&mut self, path: &str, version: &str) -> Answered {
        let Some(target) = Target::parse(path) else {
            return Err(Refusal::arm(404, "NotFound", format!("no resource of ARM is named by '{path}'")));
        };
        self.known_type(&target, version)?;
        let kind = target.arm_type().to_ascii_lowercase();
        match kind.as_str() {
            "microsoft.authorization/roleassignments" => return self.role_assignments(&target),
            "microsoft.authorization/roledefinitions" => return self.role_definitions(&target),
            kind if kind.ends_with("/upgradeprofiles") => return self.upgrade_profile(&target),
            _ => {}
        }
        match (self.request.method.as_str(), target.is_resource()) {
            ("GET", true) => self.get(&target),
            ("HEAD", true) => self.get(&target).map(|_| Response::empty(204)),
            ("PUT", true) => self.put(&target, version),
            ("PATCH", true) => self.patch(&target, version),
            ("DELETE", true) => self.delete(&target),
            ("GET", false) => self.list(&target),
            ("POST", false) => self.action(&target),
            (method, _) => Err(Refusal::arm(
                405,
                "MethodNotAllowed",
                format!("The requested resource does not support http method '{method}'."),
            )),
        }
    }

    /// Whether namespace, type and api-version exist.
    fn known_type(&self, target: &Target, version: &str) -> Result<(), Refusal> {
        let schema = Schema::get();
        let namespace = |name: &str| name.split('/').next().unwrap_or_default().to_ascii_lowercase();
        if !schema.resources().any(|r| namespace(&r.name) == target.namespace.to_ascii_lowercase()) {
            let message = format!("The resource namespace '{}' is invalid.", target.namespace);
            return Err(Refusal::arm(404, "InvalidResourceNamespace", message));
        }
        let mut kind = target.clone();
        if !target.is_resource() && self.request.method == "POST" {
            kind.types.pop();
        }
        let Some(resource) = kind.resource_type() else {
            let message = format!(
                "The resource type '{}' could not be found in the namespace '{}' for api version '{version}'.",
                target.types.join("/"),
                target.namespace
            );
            return Err(Refusal::arm(404, "InvalidResourceType", message));
        };
        if is_version(version) {
            return Ok(());
        }
        let message = format!(
            "No registered resource provider found for location 'global' and API version '{version}' for type '{}'. The \
             supported api-versions are '{}'.",
            kind.types.join("/"),
            resource.api_version
        );
        Err(Refusal::arm(400, "NoRegisteredProviderFound", message))
    }

    /// The request's body as JSON.
    pub(super) fn body(&self) -> Result<Json, Refusal> {
        serde_json::from_slice(&self.request.body)
            .map_err(|error| Refusal::invalid_content(&format!("The body is no JSON: {error}")))
    }

    /// `https://host[:port]` as the client used it.
    pub(super) fn base(&self) -> String {
        self.request.url.origin().ascii_serialization()
    }

    /// The group that a path lies in: its name as it was made. None for paths outside of groups.
    pub(super) fn group_named(&self, path: &str) -> Result<Option<String>, Refusal> {
        let Some(key) = group_key(path) else { return Ok(None) };
        match self.world.resources.get(&key) {
            Some(group) => Ok(Some(group.name.clone())),
            None => Err(Refusal::no_group(group_of(path).unwrap_or_default())),
        }
    }

    /// Refuses writes in a group that is going.
    pub(super) fn group_stays(&self, path: &str) -> Result<(), Refusal> {
        let Some(key) = group_key(path) else { return Ok(()) };
        if self.world.running(&key).is_none() {
            return Ok(());
        }
        let name = group_of(path).unwrap_or_default();
        let message =
            format!("The resource group '{name}' is in deprovisioning state and cannot perform this operation.");
        Err(Refusal::arm(409, "ResourceGroupBeingDeleted", message))
    }

    /// A page of a listing.
    pub(super) fn page(&self, entries: Vec<Json>) -> Response {
        let from = self.request.query("$skipToken").and_then(|t| t.parse::<usize>().ok()).unwrap_or(0);
        let to = (from + self.options.page.max(1)).min(entries.len());
        let mut body = json!({"value": entries.get(from..to).unwrap_or_default()});
        if to < entries.len() {
            let mut next = self.request.url.clone();
            let kept: Vec<(String, String)> = self
                .request
                .url
                .query_pairs()
                .filter(|(name, _)| !name.eq_ignore_ascii_case("$skipToken"))
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            next.query_pairs_mut().clear().extend_pairs(kept).append_pair("$skipToken", &to.to_string());
            body["nextLink"] = json!(next.as_str());
        }
        Response::json(200, &body)
    }

    pub(super) fn subscription_id(&self) -> String {
        subscription_of(self.request.url.path()).unwrap_or_default().to_owned()
    }
}

/// `2026-05-01` or `2026-05-02-preview`.
fn is_version(text: &str) -> bool {
    let digits =
        text.bytes().take(10).enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    text.len() >= 10 && digits && (text.len() == 10 || text[10..].starts_with('-'))
}
