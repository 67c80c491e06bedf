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
    /// A span of time.
    Duration,
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

const CHANGES: [(&str, Change); 18] = [
    ("in-place", Change::InPlace),
    ("reimages", Change::Reimages),
    ("manual-reimage", Change::ManualReimage),
    ("rotates", Change::Rotates),
    ("immutable", Change::Immutable),
    ("immutable-once-set", Change::ImmutableOnceSet),
    ("immutable-add", Change::ImmutableAdd),
    ("one-way", Change::OneWay),
    ("one-way-reimages", Change::OneWayReimages),
    ("transition", Change::Transition),
    ("transition-reimages", Change::TransitionReimages),
    ("conditional", Change::Conditional),
    ("conditional-reimages", Change::ConditionalReimages),
    ("expand-only", Change::ExpandOnly),
    ("attach-only-reimages", Change::AttachOnlyReimages),
    ("upgrade", Change::Upgrade),
    ("azure", Change::Azure),
    ("no-effect", Change::NoEffect),
];

impl Change {
    pub(super) fn parse(word: &str) -> Option<Self> {
        CHANGES.iter().find(|(w, _)| *w == word).map(|(_, change)| *change)
    }

    /// The word that the tables have for it.
    pub fn word(self) -> &'static str {
        CHANGES.iter().find(|(_, change)| *change == self).map(|(word, _)| *word).expect("BUG: every change has a word")
    }
}

const EQUALITIES: [(&str, Equality); 18] = [
    ("-", Equality::ByType),
    ("ignore-case", Equality::IgnoreCase),
    ("words", Equality::Words),
    ("arm-id", Equality::ArmId),
    ("location", Equality::Location),
    ("set", Equality::Set),
    ("ordered", Equality::Ordered),
    ("prefix", Equality::Prefix),
    ("subset", Equality::Subset),
    ("cidr", Equality::Cidr),
    ("version", Equality::Version(None)),
    ("trim", Equality::Trim),
    ("ignore-space", Equality::IgnoreSpace),
    ("time", Equality::Time),
    ("duration", Equality::Duration),
    ("role", Equality::Role),
    ("map-ignore-case", Equality::MapIgnoreCase),
    ("ignore", Equality::Ignore),
];

impl Equality {
    pub(super) fn parse(word: &str) -> Option<Self> {
        let plain = EQUALITIES.iter().find(|(w, _)| *w == word).map(|(_, equality)| equality.clone());
        plain.or_else(|| {
            Some(match word.split_once(':')? {
                ("set", key) => Self::SetBy(key.to_owned()),
                ("version", sibling) => Self::Version(Some(sibling.to_owned())),
                ("extended", patterns) => Self::Extended(patterns.split('|').map(str::to_owned).collect()),
                ("initial-if", sibling) => Self::InitialIf(sibling.to_owned()),
                _ => return None,
            })
        })
    }

    /// The word that the tables have for it; `-` is by type.
    pub fn word(&self) -> String {
        match self {
            Self::SetBy(key) => format!("set:{key}"),
            Self::Version(Some(sibling)) => format!("version:{sibling}"),
            Self::Extended(patterns) => format!("extended:{}", patterns.join("|")),
            Self::InitialIf(sibling) => format!("initial-if:{sibling}"),
            plain => {
                let word = EQUALITIES.iter().find(|(_, equality)| equality == plain).map(|(word, _)| *word);
                word.expect("BUG: every plain equality has a word").to_owned()
            }
        }
    }
}

const CONFIDENCES: [(&str, Confidence); 7] = [
    ("recording", Confidence::Recording),
    ("error", Confidence::Error),
    ("spec", Confidence::Spec),
    ("doc", Confidence::Doc),
    ("azurerm", Confidence::Azurerm),
    ("doc-conflict", Confidence::Conflict),
    ("inferred", Confidence::Inferred),
];

impl Confidence {
    pub(super) fn parse(word: &str) -> Option<Self> {
        CONFIDENCES.iter().find(|(w, _)| *w == word).map(|(_, confidence)| *confidence)
    }

    /// The word that the tables have for it.
    pub fn word(self) -> &'static str {
        let word = CONFIDENCES.iter().find(|(_, confidence)| *confidence == self).map(|(word, _)| *word);
        word.expect("BUG: every confidence has a word")
    }
}
