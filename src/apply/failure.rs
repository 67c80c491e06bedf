//! Why a step did not end well.

use std::sync::Arc;

use crate::azure;
use crate::document::{Path, Secret, Value, Veil};
use crate::event::Trouble;
use crate::names::{Address, ArmId, CorrelationId};
use crate::plan::{Step, Work};
use crate::state::{self, StateError};

/// Why a step did not end well.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
    /// Azure refused it, or could not be reached.
    #[error("{0}")]
    Azure(azure::Error),
    /// Somebody had Azure end its work on it, which need not be undone.
    #[error("it was cancelled while Azure worked on it; the next apply does it again")]
    Cancelled(azure::Error),
    /// The world is not the one that was planned on.
    #[error("the plan is stale: {what}; plan again")]
    Stale {
        /// What moved.
        what: String,
    },
    /// A value that should be known by now is not.
    #[error("{what} is still not known; this is a mistake in the plan")]
    Unknown {
        /// Which reference.
        what: String,
    },
    /// Azure said that it was done, and reports nothing there.
    #[error("Azure reported success, and {id} is not there")]
    Vanished {
        /// What should be there.
        id: ArmId,
    },
    /// Azure said that it was done, and shows something else than was asked for. What relies on it must not follow.
    #[error("Azure reported success, and {address} is not as it was asked to be")]
    Unshown {
        /// Of what.
        address: Address,
    },
    /// The state could not be written; nothing was sent after that.
    #[error("failed to write the state")]
    State(#[source] Arc<StateError>),
}

/// A line of progress has room for so many characters, without an address; what is longer is in the report.
const BRIEF: usize = 120;

impl StepFailure {
    /// Whether planning anew mends it.
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Stale { .. })
    }

    /// For Azure's support.
    pub fn correlation(&self) -> Option<CorrelationId> {
        if let Self::Azure(error) | Self::Cancelled(error) = self { error.correlation.clone() } else { None }
    }

    /// The whole story in one line.
    pub fn told(&self) -> String {
        match self {
            Self::State(source) => format!("{self}: {source}"),
            other => other.to_string(),
        }
    }

    /// What a person needs to know of it; `address` is that of the step.
    pub(super) fn trouble(&self, address: &Address) -> Trouble {
        let told = |kind, meaning: &str, reason: String, next: &[&str]| Trouble {
            kind,
            meaning: meaning.to_owned(),
            code: None,
            reason,
            circumstances: Vec::new(),
            next: next.iter().map(|step| (*step).to_owned()).collect(),
        };
        match self {
            Self::Azure(error) => Trouble {
                kind: error.kind.word(),
                meaning: error.kind.meaning().to_owned(),
                code: error.code.clone(),
                reason: error.reason(),
                circumstances: error.circumstances(),
                next: error.next_steps(address.as_str()),
            },
            Self::Cancelled(error) => Trouble {
                code: error.code.clone(),
                circumstances: error.circumstances(),
                ..told(
                    error.kind.word(),
                    "it was cancelled while Azure worked on it",
                    error.reason(),
                    &["the next apply does it again"],
                )
            },
            Self::Stale { what } => told(
                "stale",
                "the plan is stale",
                what.clone(),
                &["plan again: the new plan starts from what is there now"],
            ),
            Self::Unknown { .. } => told(
                "unknown",
                "the plan leaves something open",
                self.told(),
                &["plan and apply once more; if it stays, report it with the plan as JSON (`--output json`)"],
            ),
            Self::Vanished { .. } => told(
                "vanished",
                "Azure did it, and does not show it",
                self.told(),
                &[
                    "run the same command again: reads may lag behind writes for minutes",
                    "if it stays gone, see who deleted it, on the portal's page Activity log",
                ],
            ),
            Self::Unshown { .. } => told(
                "unshown",
                "Azure did it, and shows something else",
                self.told(),
                &["plan again: what is missing is asked for once more, or shown as drift"],
            ),
            Self::State(_) => told(
                "state",
                "the state could not be written",
                self.told(),
                &[
                    "see that the place of the state can be written, then run the same command again: what Azure did meanwhile is \
                 found and taken up",
                ],
            ),
        }
    }

    /// What happened, in so few words that they fit into a line of progress.
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Azure(error) => {
                let reason = error.reason();
                let first = first_sentence(&reason);
                first.char_indices().nth(BRIEF).map_or(first.to_owned(), |(end, _)| format!("{}...", &first[..end]))
            }
            other => other.to_string(),
        }
    }

    /// The same without the run's secrets, should Azure have repeated one of them in its answer.
    pub(super) fn veiled(self, veil: &Veil) -> Self {
        let Self::Azure(error) = self else { return self };
        if veil.is_empty() {
            return Self::Azure(error);
        }
        Self::Azure(error.change(|f| {
            f.message = veil.cover(&f.message);
            f.code = f.code.as_deref().map(|code| veil.cover(code));
            for detail in &mut f.details {
                detail.code = veil.cover(&detail.code);
                detail.message = veil.cover(&detail.message);
                detail.target = detail.target.as_deref().map(|target| veil.cover(target));
            }
            f.named.map(|value| veil.cover(value));
        }))
    }

    pub(super) fn recorded(&self) -> state::Failure {
        let code = if let Self::Azure(error) | Self::Cancelled(error) = self { error.code.clone() } else { None };
        state::Failure { code, message: self.told(), correlation: self.correlation() }
    }
}

impl From<azure::Error> for StepFailure {
    fn from(error: azure::Error) -> Self {
        if error.kind == azure::Kind::Canceled { Self::Cancelled(error) } else { Self::Azure(error) }
    }
}

impl From<StateError> for StepFailure {
    fn from(error: StateError) -> Self {
        Self::State(Arc::new(error))
    }
}

/// Azure explains at length; the first sentence says which failure it is.
pub(super) fn first_sentence(text: &str) -> &str {
    // An ellipsis ends nothing.
    let mut ends = text.match_indices(". ").map(|(at, _)| at);
    ends.find(|at| !text[..*at].ends_with('.')).map_or(text, |at| &text[..at])
}

/// Covers the secrets that these steps send.
pub(super) fn veil(steps: &[Step]) -> Veil {
    let mut found = Vec::new();
    for step in steps {
        let documents: Vec<&Value> = match &step.work {
            Work::Create { body, inline, .. } => {
                std::iter::once(body).chain(inline.iter().map(|c| &c.element)).collect()
            }
            Work::Update { edits, .. } => edits.iter().filter_map(|(_, value)| value.as_ref()).collect(),
            Work::Delete { .. } | Work::Adopt { .. } | Work::Within { .. } => Vec::new(),
        };
        for document in documents {
            document.walk(&Path::root(), &mut |_, value| {
                if let Value::Secret(secret) = value {
                    found.push(secret);
                }
            });
        }
    }
    Veil::over(found.into_iter().map(Secret::reveal))
}
