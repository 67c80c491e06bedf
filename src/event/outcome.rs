//! How a run ended, step by step.

use crate::names::{Address, CorrelationId};

/// How one step ended.
#[derive(Debug, Clone, PartialEq)]
pub struct StepOutcome {
    /// Of what.
    pub address: Address,
    /// What was to be done.
    pub action: &'static str,
    /// What happened, as one line.
    pub message: String,
    /// For Azure's support.
    pub correlation: Option<CorrelationId>,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Steps that are done.
    pub done: usize,
    /// Steps that failed.
    pub failed: Vec<StepOutcome>,
    /// Steps that were not started, since something before them failed or the run was stopped before Azure accepted them.
    pub skipped: Vec<StepOutcome>,
    /// Steps that Azure still works on.
    pub left: Vec<StepOutcome>,
    /// Whether steps failed, and each of them since the world had moved after it was planned.
    pub stale: bool,
    /// Whether the run was asked to stop.
    pub interrupted: bool,
}

impl Report {
    /// Whether every step is done.
    pub fn complete(&self) -> bool {
        self.failed.is_empty() && self.skipped.is_empty() && self.left.is_empty()
    }
}
