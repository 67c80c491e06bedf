//! The journal of a run, for a person and for machines: the end of each step. URLs of operations are signed and stay out of it.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::json::pretty;
use super::layout::two;
use super::palette::{BOLD, DIM, paint};
use crate::state::{JournalEntry, JournalStatus, State};

/// What became of each step of the last run, in the order they were begun; `flags` are what a further command needs.
pub fn journal_text(state: &State, flags: &str, columns: usize) -> String {
    let steps = newest(state);
    let (open, failed) = (state.open_steps().len(), state.failed_steps().len());
    if steps.is_empty() {
        return format!("No run of {} is open: the last one ended well.\n", state.environment);
    }
    let plural = if steps.len() == 1 { "step" } else { "steps" };
    let mut out = format!("{} {plural}, {open} open, {failed} failed.\n\n", steps.len());
    for entry in &steps {
        let left = format!("  {:9} {} {}", entry.status.word(), entry.action, paint(BOLD, &entry.address));
        let _ = writeln!(out, "{}", two(&left, &paint(DIM, &entry.at), columns));
        if let Some(failure) = &entry.failure {
            let code = failure.code.as_deref().map_or_else(String::new, |code| format!("{code}: "));
            let _ = writeln!(out, "            {code}{}", failure.message);
            if let Some(correlation) = &failure.correlation {
                let _ = writeln!(out, "            correlation id {correlation}");
            }
        }
        if let Some(meaning) = meaning(entry) {
            let _ = writeln!(out, "            {meaning}");
        }
    }
    if open + failed > 0 {
        let _ = writeln!(out, "\nGo on with: landfall apply {}{flags}", state.environment);
    }
    out
}

/// The same as JSON, with every entry.
pub fn journal_json(state: &State) -> String {
    let open = state.open_steps();
    let steps: Vec<Json> = newest(state)
        .into_iter()
        .map(|entry| {
            let times: Vec<Json> = state
                .journal
                .iter()
                .filter(|other| other.step == entry.step && other.address == entry.address)
                .map(|other| json!({ "status": other.status.word(), "at": other.at }))
                .collect();
            json!({
                "step": entry.step, "address": entry.address.as_str(), "action": entry.action,
                "id": entry.id.as_ref().map(|id| id.as_str()), "status": entry.status.word(),
                "open": open.contains(&entry), "operation": entry.operation.is_some(), "at": entry.at, "entries": times,
                "failure": entry.failure.as_ref().map(|failure| json!({
                    "code": failure.code, "message": failure.message,
                    "correlation": failure.correlation.as_ref().map(ToString::to_string),
                })),
            })
        })
        .collect();
    pretty(&json!({
        "format": 1, "environment": state.environment.as_str(), "lineage": state.lineage.as_str(), "serial": state.serial.0,
        "open": open.len(), "failed": state.failed_steps().len(), "steps": steps,
    }))
}

fn meaning(entry: &JournalEntry) -> Option<&'static str> {
    match (entry.status, &entry.operation) {
        (JournalStatus::Intended, _) => Some("it is not known whether the request went out; the next run finds out"),
        (JournalStatus::Running | JournalStatus::Left, Some(_)) => Some("Azure works on it; the next run follows it"),
        (JournalStatus::Running | JournalStatus::Left, None) => Some("the next run reads what became of it"),
        (JournalStatus::Done | JournalStatus::Failed, _) => None,
    }
}

/// The newest entry of each step, in the order the steps were begun.
fn newest(state: &State) -> Vec<&JournalEntry> {
    let mut steps: Vec<&JournalEntry> = Vec::new();
    for entry in &state.journal {
        let known = steps.iter_mut().find(|it| it.step == entry.step && it.address == entry.address);
        match known {
            Some(last) => *last = entry,
            None => steps.push(entry),
        }
    }
    steps
}
