//! What an environment file asks for, read, merged and checked.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use crate::document::Value;
use crate::names::{Address, ArmId, EnvName, Location, ResourceGroupName, RoleId, SubscriptionId};

/// An environment as its file wants it.
#[derive(Debug, Clone)]
pub struct Desired {
    /// Its name.
    pub environment: EnvName,
    /// Which Azure.
    pub cloud: Cloud,
    /// The subscription that resources lie in unless they say otherwise.
    pub subscription: SubscriptionId,
    /// The resource group's name.
    pub resource_group: ResourceGroupName,
    /// The region of what says no other.
    pub location: Option<Location>,
    /// Where the state is kept.
    pub state: StateLocation,
    /// The name of the tag that says of a resource which environment it was made for; `None` where none is added.
    pub environment_tag: Option<String>,
    /// Every resource of the file, parents before children, in the order of the file.
    pub resources: IndexMap<Address, Wanted>,
}

/// Which Azure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cloud {
    /// Azure's global cloud.
    #[default]
    Public,
    /// Azure in China.
    China,
    /// Azure US Government.
    UsGov,
    /// Another ARM.
    Custom {
        /// Base URL of the resource manager.
        resource_manager: String,
        /// Base URL of the token authority.
        authority: String,
    },
}

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StateLocation {
    /// `state/<environment>.json`.
    #[default]
    Local,
    /// A container of Azure Blob Storage, by URL.
    Blob(String),
}

/// One resource, as wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Its address.
    pub address: Address,
    /// Its ARM type, in the schema's casing.
    pub arm_type: String,
    /// What it is in Azure.
    pub target: Target,
    /// Only referenced: never created, changed or deleted. Its children may be managed.
    pub existing: bool,
    /// No plan may delete or replace it.
    pub protect: bool,
    /// The properties the file says, in the shape of the file; `null` and left-out are the same.
    pub body: Value,
    /// What a create gets beside them. Recorded, never compared.
    pub create_defaults: Value,
    /// The resource whose child it is.
    pub parent: Option<Address>,
    /// What must stand before it, by reference or by nature (its resource group, its parent).
    pub depends_on: BTreeSet<Address>,
    /// Registries that a cluster pulls from. Empty for everything else.
    pub pulls_from: Vec<Attachment>,
    /// Who asked for it.
    pub source: Source,
}

/// Who asked for a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The file.
    File,
    /// landfall itself; the text says why, as the plan shows it.
    Landfall(String),
}

/// What a resource is in Azure.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The resource of this id.
    Id(ArmId),
    /// The role assignment that says this: its name follows from what it says, which may be known only after apply.
    Grant(Grant),
}

/// Who may do what where.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// On what.
    pub scope: ArmId,
    /// What.
    pub role: RoleId,
    /// Who: the object id as text, or a template that will be it.
    pub principal: Value,
}

/// A registry that a cluster pulls from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The name it has in the address `clusters.NAME.pullsFrom.THIS`: the registry's own.
    pub name: String,
    /// The registry.
    pub registry: ArmId,
    /// Its address, when this file has it.
    pub address: Option<Address>,
}

impl Desired {
    /// Whether a live document carries the tag that landfall adds to what it makes for this environment.
    pub fn marks(&self, body: &Value) -> bool {
        let Some(name) = &self.environment_tag else { return false };
        let tags = body.property("tags").and_then(Value::as_map);
        let mine = |value: &Value| value.as_str() == Some(self.environment.as_str());
        tags.into_iter().flatten().any(|(tag, value)| tag.eq_ignore_ascii_case(name) && mine(value))
    }
}

impl Wanted {
    /// The id, where it is known before anything is applied.
    pub fn id(&self) -> Option<&ArmId> {
        match &self.target {
            Target::Id(id) => Some(id),
            Target::Grant(_) => None,
        }
    }
}
