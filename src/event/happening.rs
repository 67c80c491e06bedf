//! Single events.

use std::time::Duration;

use crate::names::{Address, CorrelationId, StepId};

/// Something that happened during an apply or a read.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The run began, with so many steps to do.
    RunStarted {
        /// How many steps send something or wait for something.
        steps: usize,
    },
    /// A step's first request is about to be sent.
    StepStarted {
        /// The step.
        step: StepId,
        /// Of what.
        address: Address,
        /// What is done, as one word: `create`.
        action: &'static str,
    },
    /// A step is held up: it waits for a grant to spread, for another operation, for Azure's throttle.
    StepWaits {
        /// The step.
        step: StepId,
        /// Why, as a fragment.
        why: String,
    },
    /// Azure said how far an operation is.
    OperationPolled {
        /// The step.
        step: StepId,
        /// Azure's own word: `InProgress`, `CreatingAgentPool: 0/1 nodes completed`.
        status: String,
    },
    /// A step ended.
    StepFinished {
        /// The step.
        step: StepId,
        /// Of what.
        address: Address,
        /// What was done.
        action: &'static str,
        /// How it ended.
        outcome: Outcome,
        /// How long it took.
        elapsed: Duration,
    },
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Azure did it, or it was done already.
    Done,
    /// It was not started, since something before it failed or the run was interrupted.
    Skipped {
        /// Why, as a fragment.
        why: String,
    },
    /// The run was interrupted while Azure worked on it; the next run goes on.
    Left,
    /// It failed.
    Failed {
        /// What happened, in short; the run's report has the rest.
        message: String,
        /// For Azure's support.
        correlation: Option<CorrelationId>,
    },
}
