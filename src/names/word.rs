//! Small named words: subscriptions, groups, environments, steps, etags.

use std::fmt;
use std::str::FromStr;

/// Why a name is refused; the text is what a message says after the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(pub String);

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                check(text).map_err(|why| NameError(why.to_owned()))?;
                Ok(Self(text.to_owned()))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

fn refuse(ok: bool, why: &'static str) -> Result<(), &'static str> {
    if ok { Ok(()) } else { Err(why) }
}

word!(
    /// An environment's name: the file name without `.yaml`.
    EnvName,
    |t| refuse(
        !t.is_empty() && !t.starts_with(['_', '-', '.']) && t.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)),
        "an environment's name is made of letters, digits, -, _ and ., and starts with a letter or digit (a file that starts with _ is a base)"
    )
);
word!(
    /// A subscription's GUID. Kept as text: test servers and sovereign clouds use what they like.
    SubscriptionId,
    |t| refuse(uuid::Uuid::parse_str(t).is_ok() && t.len() == 36, "a subscription is a GUID such as 00000000-0000-0000-0000-000000000000")
);
word!(
    /// A resource group's name. Azure: 1 to 90 letters, digits, `_ - . ( )`, not ending in a full stop.
    ResourceGroupName,
    |t| refuse(
        (1..=90).contains(&t.chars().count()) && !t.ends_with('.') && t.chars().all(|c| c.is_alphanumeric() || "_-.()".contains(c)),
        "a resource group's name has 1 to 90 letters, digits, _ - . ( ) and does not end in a full stop"
    )
);
word!(
    /// A step's id within one plan, unique and stable for the same plan.
    StepId,
    |t| refuse(!t.is_empty(), "a step's id is not empty")
);
word!(
    /// A version tag of one resource, sent back in `If-Match`.
    Etag,
    |t| refuse(!t.is_empty(), "an etag is not empty")
);
word!(
    /// The URL of a running operation, to be followed to the letter: it carries its own api-version and signature.
    OperationUrl,
    |t| refuse(t.starts_with("https://"), "an operation URL starts with https://")
);
word!(
    /// What Azure's support asks for: the correlation or request id of an answer.
    CorrelationId,
    |t| refuse(!t.is_empty(), "a correlation id is not empty")
);
word!(
    /// The identity of one state from its first write on; two states of different lineage never replace each other.
    Lineage,
    |t| refuse(uuid::Uuid::parse_str(t).is_ok(), "a lineage is a GUID")
);

/// Counts the writes of one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Serial(pub u64);

impl Serial {
    /// The serial of the next write.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
