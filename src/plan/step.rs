//! The parts of a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::Expectation;
use crate::diagnostic::Diagnostics;
use crate::diff::Reason;
use crate::document::{Path, Value};
use crate::model::{Entry, Target};
use crate::names::{Address, ArmId, EnvName, Lineage, Location, ResourceGroupName, Serial, StepId};

/// What is to be done, in an order that respects every edge.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The environment.
    pub environment: EnvName,
    /// Its resource group, for the heading.
    pub resource_group: ResourceGroupName,
    /// Its region, for the heading.
    pub location: Option<Location>,
    /// The state that was compared: apply refuses another lineage or serial as stale.
    pub record: Option<(Lineage, Serial)>,
    /// The steps; a step's edges point to steps before it.
    pub steps: Vec<Step>,
    /// Addresses that need nothing.
    pub unchanged: BTreeSet<Address>,
    /// Managed values that moved; each is put right by a step.
    pub drift: Vec<DriftItem>,
    /// What moved and nobody manages.
    pub unmanaged: Vec<UnmanagedItem>,
    /// What could not be read. Not empty: nothing may be applied.
    pub unread: Vec<Unread>,
    /// Refusals (errors: nothing may be applied), warnings and facts.
    pub diagnostics: Diagnostics,
    /// Records of unchanged resources that are to be brought up to date without a request.
    pub remember: BTreeMap<Address, Record>,
    /// What Azure reports of resources that are recorded without a request of their own. A saved plan does not have it.
    pub seen: BTreeMap<Address, Value>,
    /// Records that are dropped without a request: of what is gone from file and Azure alike, and of what is let go.
    pub forget: BTreeSet<Address>,
    /// Which of them are dropped since Azure has nothing there. Its reads lag behind its writes, so that is to be made sure of.
    pub gone: BTreeSet<Address>,
}

/// One step: at most one write, and what waits for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Unique within the plan.
    pub id: StepId,
    /// Of what.
    pub address: Address,
    /// Its ARM type.
    pub arm_type: String,
    /// What is done.
    pub action: Action,
    /// The worst that its changes disturb.
    pub disruption: Disruption,
    /// The node pools whose nodes are disturbed.
    pub pools: Vec<String>,
    /// What changes.
    pub changes: Vec<Alteration>,
    /// Steps that must be done before.
    pub depends_on: BTreeSet<StepId>,
    /// Why landfall does this by itself, or what a person should know.
    pub note: Option<String>,
    /// What is sent.
    pub work: Work,
    /// What must not be written to by another step meanwhile.
    pub holds: Vec<Hold>,
    /// What is recorded when it is done; `None`: the record of the address goes.
    pub record: Option<Record>,
}

/// What a step does to its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Makes it.
    Create,
    /// Changes it in place.
    Update,
    /// Makes it anew under another name, then removes the old one (node pools).
    Rotate,
    /// Deletes it and makes it anew.
    Replace,
    /// Deletes it.
    Delete,
    /// Takes what is there into the record.
    Adopt,
}

/// What a change disturbs, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disruption {
    /// Nothing.
    None,
    /// Not known: there is no fact about the property.
    Unknown,
    /// Processes restart.
    Restarts,
    /// Nodes are reimaged.
    Reimages,
    /// Nodes are replaced by nodes of a new pool.
    Rotates,
    /// It is deleted and made anew.
    Replaces,
}

/// One property that changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Alteration {
    /// Where, in the shape of the file.
    pub path: Path,
    /// What Azure has.
    pub before: Option<Value>,
    /// What it will have; `None`: the key goes.
    pub after: Option<Value>,
    /// Why.
    pub reason: Reason,
    /// What it disturbs.
    pub disruption: Disruption,
    /// What a person should know about it.
    pub note: Option<String>,
}

/// What a step sends.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// PUT of a new resource, its inline children within it. Something there by then that is not ours makes the step stale.
    Create {
        /// What it will be.
        target: Target,
        /// The whole document.
        body: Value,
        /// Children that travel in it.
        inline: Vec<InlineChild>,
    },
    /// GET, check, overlay, and PUT or PATCH.
    Update {
        /// Which resource.
        id: ArmId,
        /// What to put where; `None` takes the key away.
        edits: Vec<(Path, Option<Value>)>,
        /// What to put into every element of an inline list, whichever are there by then.
        inline: Vec<InlineEdit>,
        /// What must be found there.
        expects: Expectation,
        /// What Azure must show afterwards, where later steps take away what it replaces.
        leaves: Option<Expectation>,
    },
    /// DELETE.
    Delete {
        /// Which resource.
        id: ArmId,
        /// For a resource group: the only resources that may still be in it when it is deleted.
        only: Option<BTreeSet<ArmId>>,
    },
    /// Nothing: the record takes it in.
    Adopt {
        /// Which resource.
        id: ArmId,
    },
    /// Nothing of its own: it is done by another step's write.
    Within {
        /// That step.
        step: StepId,
        /// Which resource, where it is known.
        id: ArmId,
    },
}

/// A child that is made in its parent's write.
#[derive(Debug, Clone, PartialEq)]
pub struct InlineChild {
    /// The parent's list.
    pub property: String,
    /// Its element, in ARM's form.
    pub element: Value,
}

/// A value for every element of a list in which a resource's children are written.
#[derive(Debug, Clone, PartialEq)]
pub struct InlineEdit {
    /// The list.
    pub property: String,
    /// Where in each element.
    pub path: Path,
    /// What.
    pub value: Value,
}

/// Something that a step's write must have for itself, or share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hold {
    /// What.
    pub id: ArmId,
    /// Whether others may hold it in the same manner at the same time.
    pub shared: bool,
}

/// What the state will say of an address. References are resolved and secrets hashed when it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What it is in Azure, where that is not what the step wrote.
    pub id: Option<ArmId>,
    /// Its ARM type.
    pub arm_type: String,
    /// The managed properties.
    pub applied: Value,
    /// Defaults given at creation.
    pub defaulted: Value,
    /// Whether landfall made it.
    pub created: bool,
    /// Whether the file protects it.
    pub protect: bool,
    /// Why landfall added it by itself.
    pub chosen: Option<String>,
    /// What must outlive it.
    pub depends_on: Vec<Address>,
}

/// A managed value that moved.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftItem {
    /// Of what.
    pub address: Address,
    /// Where; the root when the whole resource is gone.
    pub path: Path,
    /// What was applied.
    pub recorded: Option<Value>,
    /// What is there.
    pub live: Option<Value>,
}

/// A value that nobody manages and that moved since it was last seen.
#[derive(Debug, Clone, PartialEq)]
pub struct UnmanagedItem {
    /// Of what.
    pub address: Address,
    /// Where.
    pub path: Path,
    /// What was last seen.
    pub before: Option<Value>,
    /// What is there.
    pub after: Option<Value>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Of what.
    pub address: Address,
    /// Why.
    pub why: String,
}

impl Record {
    /// The record that an address has already.
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            id: Some(entry.id.clone()),
            arm_type: entry.arm_type.clone(),
            applied: entry.applied.clone(),
            defaulted: entry.defaulted.clone(),
            created: entry.created,
            protect: entry.protect,
            chosen: entry.chosen.clone(),
            depends_on: entry.depends_on.clone(),
        }
    }
}

impl Action {
    /// The word of the JSON form.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Rotate => "rotate",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
        }
    }
}

impl Disruption {
    /// The word of the JSON form.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
            Self::Restarts => "restarts",
            Self::Reimages => "reimages",
            Self::Rotates => "rotates",
            Self::Replaces => "replaces",
        }
    }
}

impl Step {
    /// Whether Azure is asked to change something, here or in the step that carries this one.
    pub fn changes_azure(&self) -> bool {
        !matches!(self.work, Work::Adopt { .. })
    }
}

impl Plan {
    /// Whether everything was read, so that the plan may be applied.
    pub fn complete(&self) -> bool {
        self.unread.is_empty()
    }

    /// Whether it asks Azure to change anything.
    pub fn changes_azure(&self) -> bool {
        self.steps.iter().any(Step::changes_azure)
    }
}
