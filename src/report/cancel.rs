//! What `cancel` asked Azure for, for a person and for machines.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::json::pretty;
use super::palette::{BOLD, paint};
use crate::names::{Address, ArmId, EnvName};

/// One step that was to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// Of what.
    pub address: Address,
    /// What was being done, as one word.
    pub action: String,
    /// The resource, where its id is known.
    pub id: Option<ArmId>,
    /// What became of it, as one word: `asked`, `ended`, `impossible`, `notAccepted`, `failed`.
    pub outcome: &'static str,
    /// The same in a sentence's end.
    pub told: String,
}

/// A line for each; `flags` are what a further command needs.
pub fn cancel_text(environment: &EnvName, steps: &[Cancelled], flags: &str) -> String {
    let mut out = String::new();
    for step in steps {
        let _ = writeln!(out, "  {} {}: {}", step.action, paint(BOLD, &step.address), step.told);
    }
    if steps.iter().any(|step| step.outcome == "asked") {
        let _ = writeln!(
            out,
            "\nA run that follows it ends it as failed. What was cancelled is planned anew: landfall plan {environment}{flags}"
        );
    }
    out
}

/// The same as JSON.
pub fn cancel_json(environment: &EnvName, steps: &[Cancelled]) -> String {
    let one = |step: &Cancelled| -> Json {
        json!({
            "address": step.address.as_str(), "action": step.action, "id": step.id.as_ref().map(ArmId::as_str),
            "outcome": step.outcome, "message": step.told,
        })
    };
    let steps: Vec<Json> = steps.iter().map(one).collect();
    pretty(&json!({"format": 1, "environment": environment.as_str(), "steps": steps}))
}
