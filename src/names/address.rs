//! Addresses name resources of an environment everywhere: in files, plans, records and messages.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// `resourceGroup`, `clusters.NAME`, `clusters.NAME.nodePools.NAME`, `clusters.NAME.identities.control.roles.NAME`: a
/// collection and a name in turn, or one word for what an environment has only one of. Copies share their text.
///
/// ```
/// use landfall::names::Address;
/// let pool: Address = "clusters.prod.nodePools.work".parse().unwrap();
/// assert_eq!(pool.parent().unwrap().to_string(), "clusters.prod");
/// assert_eq!((pool.collection(), pool.name()), ("nodePools", "work"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<str>);

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address; one looks like resourceGroup, clusters.NAME or clusters.NAME.nodePools.NAME")]
pub struct AddressError(String);

impl Address {
    /// The environment's resource group.
    pub fn resource_group() -> Self {
        Self("resourceGroup".into())
    }

    /// A resource of a top-level collection.
    pub fn top(collection: &str, name: &str) -> Self {
        Self(format!("{collection}.{name}").into())
    }

    /// A resource below this one.
    pub fn child(&self, collection: &str, name: &str) -> Self {
        Self(format!("{}.{collection}.{name}", self.0).into())
    }

    /// The resource this one belongs to by its address.
    pub fn parent(&self) -> Option<Address> {
        let parts: Vec<&str> = self.0.split('.').collect();
        (parts.len() > 2).then(|| Self(parts[..parts.len() - 2].join(".").into()))
    }

    /// The innermost collection: `nodePools` of `clusters.c.nodePools.p`.
    pub fn collection(&self) -> &str {
        self.0.rsplit('.').nth(1).unwrap_or(&self.0)
    }

    /// The innermost name.
    pub fn name(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or_default()
    }

    /// Whether this is `other` or lies below it.
    pub fn within(&self, other: &Address) -> bool {
        self.0.strip_prefix(&*other.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let parts: Vec<&str> = text.split('.').collect();
        let even = parts.len().is_multiple_of(2) || text == "resourceGroup";
        let clean = |p: &&str| !p.is_empty() && p.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if even && parts.iter().all(clean) { Ok(Self(text.into())) } else { Err(AddressError(text.to_owned())) }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
