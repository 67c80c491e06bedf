//! ARM resource ids. They compare without case, as ARM does, and print as received.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// An ARM resource id: `/subscriptions/{s}/resourceGroups/{g}/providers/{namespace}/{type}/{name}/...`, a subscription, a
/// resource group, or an extension resource (`{scope}/providers/{namespace}/{type}/{name}`).
///
/// Two ids are equal when they differ in case only: AKS answers `/resourcegroups/` where the request said
/// `/resourceGroups/`. Copies share their text.
///
/// ```
/// use landfall::names::ArmId;
/// let asked = ArmId::parse("/subscriptions/s/resourceGroups/rg").unwrap();
/// let answered = ArmId::parse("/subscriptions/s/resourcegroups/RG").unwrap();
/// assert_eq!(asked, answered);
/// assert_eq!(answered.to_string(), "/subscriptions/s/resourcegroups/RG");
/// ```
///
/// An id is not an address:
/// ```compile_fail
/// use landfall::names::{Address, ArmId};
/// let a: Address = ArmId::parse("/subscriptions/s").unwrap();
/// ```
#[derive(Clone)]
pub struct ArmId(Arc<str>);

/// Why a text is no ARM id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArmIdError {
    /// The first segment must be `subscriptions` (or `providers`, for tenant-level resources such as built-in roles).
    #[error("an ARM resource ID starts with /subscriptions/ or /providers/")]
    Start,
    /// A segment between two slashes is empty, or the id ends in the middle of a `type/name` pair.
    #[error("an ARM resource ID is made of /type/name pairs without empty parts")]
    Shape,
}

impl ArmId {
    /// Reads an id; a trailing slash is tolerated and dropped.
    pub fn parse(text: &str) -> Result<Self, ArmIdError> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let Some(rest) = text.strip_prefix('/') else { return Err(ArmIdError::Start) };
        let parts: Vec<&str> = rest.split('/').collect();
        if !parts[0].eq_ignore_ascii_case("subscriptions") && !parts[0].eq_ignore_ascii_case("providers") {
            return Err(ArmIdError::Start);
        }
        if parts
            .iter()
            .any(|p| p.is_empty() || p.chars().any(|c| c.is_whitespace() || c.is_control() || "?#%".contains(c)))
        {
            return Err(ArmIdError::Shape);
        }
        // `providers/{namespace}` adds a segment that has no name of its own, so pairs are counted around it.
        let mut i = 0;
        while i < parts.len() {
            i += if parts[i].eq_ignore_ascii_case("providers") { 2 } else { 2.min(parts.len() - i + 1) };
            if i > parts.len() {
                return Err(ArmIdError::Shape);
            }
        }
        Ok(Self(text.into()))
    }

    /// The id of a subscription.
    pub fn subscription_of(subscription: &super::SubscriptionId) -> Self {
        Self(format!("/subscriptions/{subscription}").into())
    }

    /// The id of a resource group.
    pub fn resource_group_of(subscription: &super::SubscriptionId, group: &super::ResourceGroupName) -> Self {
        Self(format!("/subscriptions/{subscription}/resourceGroups/{group}").into())
    }

    /// The id of a resource `name` of `arm_type` (`Namespace/type`) below this scope: a resource of a group, or an
    /// extension resource of another resource.
    pub fn provider(&self, arm_type: &str, name: &str) -> Self {
        Self(format!("{}/providers/{arm_type}/{name}", self.0).into())
    }

    /// The id of a child resource, by the last segment of its type.
    pub fn child(&self, segment: &str, name: &str) -> Self {
        Self(format!("{}/{segment}/{name}", self.0).into())
    }

    /// The text as received.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id in lower case: the key under which ids that are equal are equal as text.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The last segment.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The subscription's GUID, where the id has one.
    pub fn subscription(&self) -> Option<&str> {
        self.after("subscriptions")
    }

    /// The resource group's name, where the id lies in one.
    pub fn resource_group(&self) -> Option<&str> {
        self.after("resourceGroups")
    }

    /// The id of the resource group this id lies in (itself, for a group).
    pub fn group_id(&self) -> Option<ArmId> {
        let parts: Vec<&str> = self.0.split('/').collect();
        let at = parts.iter().position(|p| p.eq_ignore_ascii_case("resourceGroups"))?;
        (parts.len() > at + 1).then(|| ArmId(parts[..=at + 1].join("/").into()))
    }

    /// `Namespace/type[/childType...]`; `None` for subscriptions; resource groups are `Microsoft.Resources/resourceGroups`.
    pub fn resource_type(&self) -> Option<String> {
        let parts: Vec<&str> = self.0.split('/').collect();
        match parts.iter().rposition(|p| p.eq_ignore_ascii_case("providers")) {
            Some(at) => {
                let mut out = (*parts.get(at + 1)?).to_owned();
                for segment in parts[at + 2..].iter().step_by(2) {
                    out.push('/');
                    out.push_str(segment);
                }
                Some(out)
            }
            None if self.resource_group().is_some() => Some("Microsoft.Resources/resourceGroups".to_owned()),
            None => None,
        }
    }

    /// What an extension resource extends, a child resource belongs to, a resource's group, a group's subscription.
    pub fn parent(&self) -> Option<ArmId> {
        let parts: Vec<&str> = self.0.split('/').collect();
        let providers = parts.iter().rposition(|p| p.eq_ignore_ascii_case("providers"));
        let keep = match providers {
            Some(at) if parts.len() - at > 4 => parts.len() - 2,
            Some(at) => at,
            None => parts.len().checked_sub(2)?,
        };
        (keep > 1).then(|| ArmId(parts[..keep].join("/").into()))
    }

    /// Whether this id is `scope` or lies below it.
    pub fn within(&self, scope: &ArmId) -> bool {
        let (mine, theirs) = (self.key(), scope.key());
        mine == theirs || mine.strip_prefix(&theirs).is_some_and(|rest| rest.starts_with('/'))
    }

    fn after(&self, segment: &str) -> Option<&str> {
        let mut parts = self.0.split('/');
        parts.find(|p| p.eq_ignore_ascii_case(segment))?;
        parts.next()
    }
}

impl PartialEq for ArmId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}
impl Eq for ArmId {}
impl Hash for ArmId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
impl PartialOrd for ArmId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for ArmId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl fmt::Display for ArmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for ArmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str =
        "/subscriptions/s1/resourcegroups/rg/providers/Microsoft.ContainerService/managedClusters/c/agentPools/p";

    fn id(text: &str) -> ArmId {
        ArmId::parse(text).expect("a valid id")
    }

    #[test]
    fn parts() {
        let pool = id(POOL);
        assert_eq!(pool.subscription(), Some("s1"));
        assert_eq!(pool.resource_group(), Some("rg"));
        assert_eq!(pool.name(), "p");
        assert_eq!(pool.resource_type().as_deref(), Some("Microsoft.ContainerService/managedClusters/agentPools"));
        let cluster = pool.parent().expect("a pool has a cluster");
        assert_eq!(cluster.resource_type().as_deref(), Some("Microsoft.ContainerService/managedClusters"));
        let group = cluster.parent().expect("a cluster has a group");
        assert_eq!(group, id("/subscriptions/s1/resourceGroups/rg"));
        assert_eq!(group.parent(), Some(id("/subscriptions/s1")));
        assert_eq!(id("/subscriptions/s1").parent(), None);
        assert_eq!(pool.group_id(), Some(group));
    }

    #[test]
    fn extension_resources_belong_to_their_scope() {
        let grant = id(POOL).parent().unwrap().provider("Microsoft.Authorization/roleAssignments", "g");
        assert_eq!(grant.resource_type().as_deref(), Some("Microsoft.Authorization/roleAssignments"));
        assert_eq!(grant.parent(), id(POOL).parent());
        assert!(grant.within(&id("/subscriptions/S1/resourceGroups/RG")));
        assert!(!grant.within(&id("/subscriptions/s1/resourceGroups/r")));
    }

    #[test]
    fn refuses_what_is_no_id() {
        for bad in [
            "",
            "rg",
            "/foo/bar",
            "/subscriptions",
            "/subscriptions//x",
            "/subscriptions/a b",
            "/subscriptions/s/resourceGroups",
            "/subscriptions/s/providers",
        ] {
            assert!(ArmId::parse(bad).is_err(), "{bad}");
        }
    }
}
