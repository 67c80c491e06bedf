//! How one property behaves: what a change does, how values compare, what the service fills in.

use crate::document::Value;

/// What changing a property does, as `data/facts.tsv` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Nothing but the change.
    InPlace,
    /// The nodes are reimaged.
    Reimages,
    /// Nodes take it up with the next node-image upgrade only.
    ManualReimage,
    /// The node pool must be made anew.
    Rotates,
    /// Fixed at creation.
    Immutable,
    /// Free until first set, then fixed.
    ImmutableOnceSet,
    /// Cannot be added later.
    ImmutableAdd,
    /// Can be turned on and not off.
    OneWay,
    /// One-way, and reimages.
    OneWayReimages,
    /// Some changes are allowed, others not.
    Transition,
    /// Some changes are allowed; those reimage.
    TransitionReimages,
    /// Depends on other properties.
    Conditional,
    /// Depends on other properties, and may reimage.
    ConditionalReimages,
    /// May only grow.
    ExpandOnly,
    /// May be attached once, which reimages.
    AttachOnlyReimages,
    /// A Kubernetes upgrade.
    Upgrade,
    /// Azure's own value.
    Azure,
    /// Accepted and without effect.
    NoEffect,
}

/// How a wanted and a live value compare.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Equality {
    /// By type: enumerations without case, everything else exactly.
    ByType,
    /// Text without regard to case.
    IgnoreCase,
    /// An ARM id: case and a trailing slash do not matter.
    ArmId,
    /// A region: case and spaces do not matter.
    Location,
    /// A list whose order does not matter.
    Set,
    /// A list of objects told apart by this key; order does not matter.
    SetBy(String),
    /// A list whose order matters.
    Ordered,
    /// Every wanted element is there; the service may add others.
    Subset,
    /// A list or a map to which the service adds elements or keys that look like these (a `*` at the end: beginning so).
    Extended(Vec<String>),
    /// A list whose order matters and that the service may complete at its end.
    Prefix,
    /// Words with commas between them: neither case nor order nor spaces matter.
    Words,
    /// An address range; a single address is its own /32.
    Cidr,
    /// `1.33` is met by any live `1.33.x`; a full version also by an alias, when this sibling reports it.
    Version(Option<String>),
    /// Text without surrounding white space.
    Trim,
    /// Text without regard to any white space.
    IgnoreSpace,
    /// A point in time.
    Time,
    /// A role definition, by its GUID.
    Role,
    /// A map whose keys differ without regard to case.
    MapIgnoreCase,
    /// A first value only while this sibling is true (`count` under an autoscaler).
    InitialIf(String),
    /// Never compared.
    Ignore,
}

/// Where a fact comes from, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A recorded exchange with Azure.
    Recording,
    /// A recorded refusal.
    Error,
    /// The specification's flags or types.
    Spec,
    /// Microsoft's documentation.
    Doc,
    /// What azurerm does.
    Azurerm,
    /// Sources disagree.
    Conflict,
    /// No row: by its type and its parents.
    Inferred,
}

/// What is known about one property path.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// What a change does.
    pub change: Change,
    /// How values compare.
    pub equality: Equality,
    /// What the service takes an absent value for.
    pub default: Option<Value>,
    /// How sure this is.
    pub confidence: Confidence,
    /// Where it is written.
    pub source: String,
}

impl Change {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "in-place" => Self::InPlace,
            "reimages" => Self::Reimages,
            "manual-reimage" => Self::ManualReimage,
            "rotates" => Self::Rotates,
            "immutable" => Self::Immutable,
            "immutable-once-set" => Self::ImmutableOnceSet,
            "immutable-add" => Self::ImmutableAdd,
            "one-way" => Self::OneWay,
            "one-way-reimages" => Self::OneWayReimages,
            "transition" => Self::Transition,
            "transition-reimages" => Self::TransitionReimages,
            "conditional" => Self::Conditional,
            "conditional-reimages" => Self::ConditionalReimages,
            "expand-only" => Self::ExpandOnly,
            "attach-only-reimages" => Self::AttachOnlyReimages,
            "upgrade" => Self::Upgrade,
            "azure" => Self::Azure,
            "no-effect" => Self::NoEffect,
            _ => return None,
        })
    }
}

impl Equality {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "-" => Self::ByType,
            "ignore-case" => Self::IgnoreCase,
            "arm-id" => Self::ArmId,
            "location" => Self::Location,
            "set" => Self::Set,
            "ordered" => Self::Ordered,
            "subset" => Self::Subset,
            "cidr" => Self::Cidr,
            "version" => Self::Version(None),
            "prefix" => Self::Prefix,
            "words" => Self::Words,
            "trim" => Self::Trim,
            "ignore-space" => Self::IgnoreSpace,
            "time" => Self::Time,
            "role" => Self::Role,
            "map-ignore-case" => Self::MapIgnoreCase,
            "ignore" => Self::Ignore,
            other => match other.split_once(':')? {
                ("set", key) => Self::SetBy(key.to_owned()),
                ("version", sibling) => Self::Version(Some(sibling.to_owned())),
                ("extended", patterns) => Self::Extended(patterns.split('|').map(str::to_owned).collect()),
                ("initial-if", sibling) => Self::InitialIf(sibling.to_owned()),
                _ => return None,
            },
        })
    }
}

impl Confidence {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "recording" => Self::Recording,
            "error" => Self::Error,
            "spec" => Self::Spec,
            "doc" => Self::Doc,
            "azurerm" => Self::Azurerm,
            "doc-conflict" => Self::Conflict,
            "inferred" => Self::Inferred,
            _ => return None,
        })
    }
}
