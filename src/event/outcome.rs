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
    /// What a person needs to know of a step that failed.
    pub trouble: Option<Trouble>,
}

/// Why a step failed, and what to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    /// Which of a closed set of failures it is, as a word: `quota`, `stale`.
    pub kind: &'static str,
    /// The same for a person, as a fragment: `an Azure Policy forbids it`.
    pub meaning: String,
    /// Azure's code.
    pub code: Option<String>,
    /// Why: Azure's code and words where there are any. Empty where the meaning says it all.
    pub reason: String,
    /// What Azure's support asks for: the request; its status, tries, correlation ID.
    pub circumstances: Vec<String>,
    /// What to do next, one sentence each; what stands between backticks is typed as it is.
    pub next: Vec<String>,
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
