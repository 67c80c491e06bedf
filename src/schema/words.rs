//! Facts in words, as pages, editors and people read them. Own words: nothing here is Microsoft's text.

use super::facts::{Change, Confidence, Equality, Fact};

impl Change {
    /// What a change does, as a fragment.
    pub fn words(self) -> &'static str {
        match self {
            Self::InPlace => "changes in place",
            Self::Reimages => "reimages the nodes",
            Self::ManualReimage => "changes in place; nodes take it up with their next image upgrade",
            Self::Rotates => "fixed when a node pool is made, so the pool is rotated",
            Self::Immutable => "fixed at creation",
            Self::ImmutableOnceSet => "free until it is set, then fixed",
            Self::ImmutableAdd => "cannot be added after creation",
            Self::OneWay => "can be turned on, and not off again",
            Self::OneWayReimages => "can be turned on, which reimages the nodes, and not off again",
            Self::Transition => "some changes are allowed, others refused",
            Self::TransitionReimages => "some changes are allowed, and reimage the nodes; others are refused",
            Self::Conditional => "whether it may change depends on other properties",
            Self::ConditionalReimages => {
                "whether it may change depends on other properties; where it may, nodes are reimaged"
            }
            Self::ExpandOnly => "may only grow: a new range must hold the old one",
            Self::AttachOnlyReimages => "may be set once, which reimages the nodes, and not changed after that",
            Self::Upgrade => "a Kubernetes upgrade: one minor version at a time, nodes are reimaged",
            Self::Azure => "Azure's own value",
            Self::NoEffect => "accepted by Azure, without effect",
        }
    }
}

impl Equality {
    /// When a wanted and a live value count as equal, as a fragment.
    pub fn words(&self) -> String {
        match self {
            Self::ByType => "exactly; words of an enumeration in any capitals".to_owned(),
            Self::IgnoreCase => "as text, in any capitals".to_owned(),
            Self::ArmId => "as a resource ID: capitals and a trailing slash do not matter".to_owned(),
            Self::Location => "as a region: capitals and spaces do not matter".to_owned(),
            Self::Set => "as a list in any order".to_owned(),
            Self::SetBy(key) => format!("as a list in any order, its elements told apart by `{key}`"),
            Self::Ordered => "as a list, in this order".to_owned(),
            Self::Subset => "equal when Azure has every element that is asked for; others may be there".to_owned(),
            Self::Extended(added) => {
                format!("equal when Azure has what is asked for; it may add {}", added.join(", "))
            }
            Self::Prefix => "as a list, in this order; Azure may complete it at its end".to_owned(),
            Self::Words => "as words between commas, in any order and any capitals".to_owned(),
            Self::Cidr => "as an address range: one address is its own /32".to_owned(),
            Self::Version(None) => "as a version: 1.35 is met by any 1.35.x".to_owned(),
            Self::Version(Some(full)) => {
                format!("as a version: 1.35 is met by any 1.35.x, and 1.35.7 by 1.35 when `{full}` says so")
            }
            Self::Trim => "as text, white space around it aside".to_owned(),
            Self::IgnoreSpace => "as text, white space aside".to_owned(),
            Self::Time => "as a point in time".to_owned(),
            Self::Duration => "as a span of time".to_owned(),
            Self::Role => "as a role, by its GUID".to_owned(),
            Self::MapIgnoreCase => "as a map whose keys may have any capitals".to_owned(),
            Self::InitialIf(sibling) => format!("not compared while `{sibling}` is true: a first value only"),
            Self::Ignore => "never compared".to_owned(),
        }
    }
}

impl Confidence {
    /// Where such a fact comes from, as a fragment.
    pub fn words(self) -> &'static str {
        match self {
            Self::Recording => "seen in a recorded exchange with Azure",
            Self::Error => "seen in a recorded refusal of Azure",
            Self::Spec => "from the API's specification",
            Self::Doc => "from Azure's documentation",
            Self::Azurerm => "from what Terraform's azurerm does",
            Self::Conflict => "sources disagree",
            Self::Inferred => "inferred from its type and what stands above it",
        }
    }
}

impl Fact {
    /// Whether nothing at all is written about the path: its change and its equality are guesses by type.
    pub fn is_guess(&self) -> bool {
        self.confidence == Confidence::Inferred && self.source.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_tables_read_back() {
        for word in ["recording", "error", "spec", "doc", "azurerm", "doc-conflict", "inferred"] {
            assert_eq!(Confidence::parse(word).map(Confidence::word), Some(word));
        }
        for row in include_str!("data/facts.tsv").lines().skip(1) {
            let word = row.split('\t').nth(2).unwrap();
            assert_eq!(Change::parse(word).map(Change::word), Some(word));
        }
    }
}
