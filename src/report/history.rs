//! Earlier versions of a state, and what putting one back would change of the record.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::json::pretty;
use super::layout::{brief, two};
use super::palette::{BOLD, DIM, paint};
use crate::names::{Address, ArmId, EnvName};
use crate::state::{Kept, State};

/// The versions that are kept, newest first, under the one that is stored; `flags` are what a further command
/// needs.
pub fn history_text(
    environment: &EnvName,
    current: Option<&State>,
    kept: &[Kept],
    flags: &str,
    columns: usize,
) -> String {
    let mut out = match current {
        Some(state) => format!("Stored: serial {} of lineage {}.\n", paint(BOLD, state.serial), state.lineage),
        None => format!("There is no state of {environment} now.\n"),
    };
    if kept.is_empty() {
        out.push_str("Nothing earlier is kept.\n");
        return out;
    }
    out.push('\n');
    for one in kept {
        let other = current.is_none_or(|state| state.lineage != one.lineage);
        let lineage = if other { format!("  of lineage {}", one.lineage) } else { String::new() };
        let left = format!("  {}{lineage}", paint(BOLD, format!("{:>6}", one.serial.to_string())));
        let when = one.replaced.and_then(stamp).map_or_else(String::new, |at| format!("replaced {at}, "));
        let right = format!("{when}{} KiB", one.bytes.div_ceil(1024));
        let _ = writeln!(out, "{}", two(&left, &paint(DIM, &right), columns));
    }
    let _ = writeln!(out, "\nPut one back with: landfall state restore {environment} SERIAL{flags}");
    out
}

/// The same as JSON.
pub fn history_json(environment: &EnvName, current: Option<&State>, kept: &[Kept]) -> String {
    let versions: Vec<Json> = kept
        .iter()
        .map(|one| {
            json!({
                "serial": one.serial.0, "lineage": one.lineage.as_str(), "bytes": one.bytes,
                "replaced": one.replaced.and_then(stamp),
            })
        })
        .collect();
    pretty(&json!({
        "format": 1, "environment": environment.as_str(),
        "stored": current.map(|state| json!({"serial": state.serial.0, "lineage": state.lineage.as_str()})),
        "versions": versions,
    }))
}

fn stamp(at: OffsetDateTime) -> Option<String> {
    at.replace_nanosecond(0).ok()?.format(&Rfc3339).ok()
}

/// What another version of a state would change of the record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RecordChanges {
    /// What is recorded now and would not be: landfall would no longer know of it.
    pub forgotten: Vec<(Address, ArmId)>,
    /// What would be recorded again.
    pub known_again: Vec<(Address, ArmId)>,
    /// What is recorded in both, and not alike.
    pub other: Vec<(Address, ArmId)>,
}

impl RecordChanges {
    /// From `now` to `then`.
    pub fn between(now: Option<&State>, then: &State) -> Self {
        let mut out = Self::default();
        for (address, entry) in now.into_iter().flat_map(|state| &state.recorded.resources) {
            let row = (address.clone(), entry.id.clone());
            match then.recorded.resources.get(address) {
                None => out.forgotten.push(row),
                Some(other) if other != entry => out.other.push(row),
                Some(_) => {}
            }
        }
        let known = |address: &Address| now.is_some_and(|now| now.recorded.resources.contains_key(address));
        let again = then.recorded.resources.iter().filter(|(address, _)| !known(address));
        out.known_again.extend(again.map(|(address, entry)| (address.clone(), entry.id.clone())));
        out
    }

    /// For a person.
    pub fn text(&self, columns: usize) -> String {
        let groups = [
            (&self.forgotten, "-", "Forgotten, Azure keeps them:"),
            (&self.known_again, "+", "Recorded again, whether or not Azure still has them:"),
            (&self.other, "~", "Recorded as it was applied then:"),
        ];
        let mut out = String::new();
        for (rows, sign, title) in groups.iter().filter(|(rows, ..)| !rows.is_empty()) {
            let _ = writeln!(out, "{title}");
            for (address, id) in *rows {
                let left = format!("  {sign} {}", paint(BOLD, address));
                let _ = writeln!(out, "{}", two(&left, &paint(DIM, brief(id.as_str())), columns));
            }
        }
        if out.is_empty() {
            out.push_str("The record is the same in both.\n");
        }
        out
    }

    /// For a machine.
    pub fn json(&self) -> Json {
        let rows = |rows: &[(Address, ArmId)]| -> Vec<Json> {
            rows.iter().map(|(address, id)| json!({"address": address.as_str(), "id": id.as_str()})).collect()
        };
        json!({"forgotten": rows(&self.forgotten), "knownAgain": rows(&self.known_again), "other": rows(&self.other)})
    }
}
