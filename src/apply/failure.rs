//! Why a step did not end well.

use std::sync::Arc;

use crate::azure;
use crate::document::{Path, Secret, Value};
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

    /// The same without the step's secrets, should Azure have repeated one of them in its answer.
    pub(super) fn veiled(self, step: &Step) -> Self {
        let Self::Azure(error) = self else { return self };
        let secrets = secrets(step);
        if secrets.is_empty() {
            return Self::Azure(error);
        }
        Self::Azure(error.change(|f| {
            f.message = veil(&f.message, &secrets);
            for detail in &mut f.details {
                detail.message = veil(&detail.message, &secrets);
            }
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

/// The secrets that a step sends.
pub(super) fn secrets(step: &Step) -> Vec<&Secret> {
    let mut out = Vec::new();
    let documents: Vec<&Value> = match &step.work {
        Work::Create { body, inline, .. } => std::iter::once(body).chain(inline.iter().map(|c| &c.element)).collect(),
        Work::Update { edits, .. } => edits.iter().filter_map(|(_, value)| value.as_ref()).collect(),
        Work::Delete { .. } | Work::Adopt { .. } | Work::Within { .. } => Vec::new(),
    };
    for document in documents {
        document.walk(&Path::root(), &mut |_, value| {
            if let Value::Secret(secret) = value {
                out.push(secret);
            }
        });
    }
    out
}

/// A text without these secrets.
pub(super) fn veil(text: &str, secrets: &[&Secret]) -> String {
    let known = secrets.iter().map(|s| s.reveal()).filter(|s| !s.is_empty());
    known.fold(text.to_owned(), |text, secret| text.replace(secret, "(secret)"))
}
