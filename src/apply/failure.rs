//! Why a step did not end well.

use crate::azure;
use crate::names::{ArmId, CorrelationId};
use crate::state::{self, StateError};

/// Why a step did not end well.
#[derive(Debug, thiserror::Error)]
pub enum StepFailure {
    /// Azure refused it, or could not be reached.
    #[error("{0}")]
    Azure(azure::Error),
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
    /// The state could not be written; nothing was sent after that.
    #[error("failed to write the state")]
    State(#[source] StateError),
}

impl StepFailure {
    /// Whether planning anew mends it.
    pub fn is_stale(&self) -> bool {
        matches!(self, Self::Stale { .. })
    }

    /// For Azure's support.
    pub fn correlation(&self) -> Option<CorrelationId> {
        if let Self::Azure(error) = self { error.correlation.clone() } else { None }
    }

    /// The whole story in one line.
    pub fn told(&self) -> String {
        match self {
            Self::State(source) => format!("{self}: {source}"),
            other => other.to_string(),
        }
    }

    pub(super) fn recorded(&self) -> state::Failure {
        let code = if let Self::Azure(error) = self { error.code.clone() } else { None };
        state::Failure { code, message: self.told(), correlation: self.correlation() }
    }
}

impl From<azure::Error> for StepFailure {
    fn from(error: azure::Error) -> Self {
        Self::Azure(error)
    }
}

impl From<StateError> for StepFailure {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
