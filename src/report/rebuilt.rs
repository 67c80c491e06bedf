//! What a search for a lost record found, for a person and for machines.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::json::pretty;
use super::layout::{brief, two};
use super::palette::{BOLD, DIM, paint};
use crate::names::{Address, ArmId};
use crate::plan::Rebuilt;
use crate::state::State;

/// What was found, and what is not recorded and why. `orphans` carry the environment's tag and are not in the file.
pub fn rebuilt_text(rebuilt: &Rebuilt, orphans: &[ArmId], columns: usize) -> String {
    let mut out = String::new();
    let mut group = |title: String, rows: Vec<(String, &ArmId)>| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(out, "{title}");
        for (left, id) in rows {
            let _ = writeln!(out, "{}", two(&left, &paint(DIM, brief(id.as_str())), columns));
        }
    };
    let row = |sign: &str, address: &Address| format!("  {sign} {}", paint(BOLD, address));
    let found = rebuilt.found.iter().map(|(address, (_, seen))| (row("+", address), &seen.id)).collect();
    group("Recorded as landfall's own:".to_owned(), found);
    let left = rebuilt.left.iter().map(|(address, id)| (row("!", address), id)).collect();
    group("Not recorded, since nothing says that landfall made it; `apply --adopt` takes it in:".to_owned(), left);
    let orphans = orphans.iter().map(|id| (format!("  ? {}", paint(BOLD, id.name())), id)).collect();
    group("Not recorded, since the file does not name it; landfall made it for this environment:".to_owned(), orphans);
    if !rebuilt.absent.is_empty() {
        let absent: Vec<&str> = rebuilt.absent.iter().map(Address::as_str).collect();
        let _ = writeln!(out, "Not in Azure: {}", absent.join(", "));
    }
    out
}

/// The same as JSON; `state` is what was written, if anything was.
pub fn rebuilt_json(rebuilt: &Rebuilt, orphans: &[ArmId], environment: &str, state: Option<&State>) -> String {
    let found: Vec<Json> = rebuilt
        .found
        .iter()
        .map(|(address, (record, seen))| {
            json!({"address": address.as_str(), "id": seen.id.as_str(), "chosen": record.chosen})
        })
        .collect();
    let left: Vec<Json> =
        rebuilt.left.iter().map(|(address, id)| json!({"address": address.as_str(), "id": id.as_str()})).collect();
    pretty(&json!({
        "format": 1, "environment": environment,
        "state": state.map(|state| json!({"serial": state.serial.0, "lineage": state.lineage.as_str()})),
        "recorded": found, "notRecorded": left,
        "notInFile": orphans.iter().map(ArmId::as_str).collect::<Vec<_>>(),
        "absent": rebuilt.absent.iter().map(Address::as_str).collect::<Vec<_>>(),
    }))
}
