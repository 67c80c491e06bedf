//! What a request's path names.

use crate::schema::{ResourceType, Schema};

/// A path below a provider.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The id of what the provider's part hangs below: a group, a subscription, a resource, or nothing (the tenant).
    pub scope: String,
    /// `Namespace`, as it was written.
    pub namespace: String,
    /// The types' segments, as they were written.
    pub types: Vec<String>,
    /// The names; one fewer than types for a collection or an action.
    pub names: Vec<String>,
}

impl Target {
    /// Reads a path with `/providers/` in it.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let at = parts.iter().rposition(|p| p.eq_ignore_ascii_case("providers"))?;
        let namespace = (*parts.get(at + 1)?).to_owned();
        let rest = &parts[at + 2..];
        if rest.is_empty() || parts.iter().any(|p| p.is_empty()) {
            return None;
        }
        let scope = if at == 0 { String::new() } else { format!("/{}", parts[..at].join("/")) };
        let pick = |odd: usize| rest.iter().skip(odd).step_by(2).map(|s| (*s).to_owned()).collect();
        Some(Self { scope, namespace, types: pick(0), names: pick(1) })
    }

    /// `Namespace/type[/type]`.
    pub(super) fn arm_type(&self) -> String {
        format!("{}/{}", self.namespace, self.types.join("/"))
    }

    /// Whether it names a resource rather than a collection.
    pub(super) fn is_resource(&self) -> bool {
        self.types.len() == self.names.len()
    }

    /// The type, where the tables have it.
    pub(super) fn resource_type(&self) -> Option<&'static ResourceType> {
        Schema::get().resource(&self.arm_type())
    }

    /// The name of the resource.
    pub(super) fn name(&self) -> &str {
        self.names.last().map(String::as_str).unwrap_or_default()
    }

    /// The key of the resource: its id in lower case.
    pub(super) fn key(&self) -> String {
        let mut out = format!("{}/providers/{}", self.scope, self.namespace);
        for (kind, name) in self.types.iter().zip(&self.names) {
            out.push_str(&format!("/{kind}/{name}"));
        }
        out.to_ascii_lowercase()
    }

    /// The path below the group in an error text: `Namespace/type/name[/type/name]`.
    pub(super) fn relative(&self) -> String {
        let mut out = self.namespace.clone();
        for (kind, name) in self.types.iter().zip(&self.names) {
            out.push_str(&format!("/{kind}/{name}"));
        }
        out
    }

    /// The parent of a child resource.
    pub(super) fn parent(&self) -> Option<Self> {
        if self.types.len() < 2 {
            return None;
        }
        let mut parent = self.clone();
        parent.types.pop();
        parent.names.truncate(parent.types.len());
        Some(parent)
    }

    /// The id in the service's own casing, with the group named as `group`.
    pub(super) fn id(&self, group: Option<&str>, lower_groups: bool) -> String {
        let proper = self.resource_type().map_or_else(|| self.arm_type(), |t| t.name.clone());
        let (namespace, kinds) = proper.split_once('/').unwrap_or((proper.as_str(), ""));
        let scope = match (group, subscription_of(&self.scope)) {
            (Some(group), Some(subscription)) if Self::parse(&self.scope).is_none() => {
                format!(
                    "/subscriptions/{subscription}/{}/{group}",
                    if lower_groups { "resourcegroups" } else { "resourceGroups" }
                )
            }
            _ => self.scope.clone(),
        };
        let mut out = format!("{scope}/providers/{namespace}");
        for (kind, name) in kinds.split('/').zip(&self.names) {
            out.push_str(&format!("/{kind}/{name}"));
        }
        out
    }
}

/// The subscription in a path.
pub(super) fn subscription_of(path: &str) -> Option<&str> {
    after(path, "subscriptions")
}

/// The resource group in a path.
pub(super) fn group_of(path: &str) -> Option<&str> {
    after(path, "resourcegroups")
}

fn after<'a>(path: &'a str, segment: &str) -> Option<&'a str> {
    let mut parts = path.split('/');
    parts.find(|p| p.eq_ignore_ascii_case(segment))?;
    parts.next().filter(|p| !p.is_empty())
}

/// The key of the group in a path.
pub(super) fn group_key(path: &str) -> Option<String> {
    let (subscription, group) = (subscription_of(path)?, group_of(path)?);
    Some(format!("/subscriptions/{subscription}/resourcegroups/{group}").to_ascii_lowercase())
}
