//! The record for a person and for machines. It holds no secrets: those are hashes there.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::json::pretty;
use super::layout::{brief, shown, two};
use super::palette::{BOLD, DIM, paint};
use crate::model::Entry;
use crate::names::Address;
use crate::state::State;

/// Every recorded address with its id.
pub fn state_list_text(state: &State, columns: usize) -> String {
    let mut out = String::new();
    for (address, entry) in &state.recorded.resources {
        let _ = writeln!(out, "{}", two(&paint(BOLD, address), &paint(DIM, brief(entry.id.as_str())), columns));
    }
    if out.is_empty() {
        out.push_str("The record is empty.\n");
    }
    out
}

/// The same as JSON.
pub fn state_list_json(state: &State) -> String {
    let all: Vec<Json> = state.recorded.resources.iter().map(|(address, entry)| entry_json(address, entry)).collect();
    pretty(&json!({
        "format": 1, "environment": state.environment.as_str(), "lineage": state.lineage.as_str(), "serial": state.serial.0,
        "resources": all,
    }))
}

/// One entry of the record in full.
pub fn state_show_text(address: &Address, entry: &Entry, columns: usize) -> String {
    let mut out = format!("{}\n", paint(BOLD, address));
    let mut line =
        |left: &str, right: String| out.push_str(&format!("{}\n", two(&format!("  {left}"), &right, columns)));
    line("id", entry.id.to_string());
    line("type", entry.arm_type.clone());
    line("made by", if entry.created { "landfall" } else { "somebody else; adopted" }.to_owned());
    if let Some(why) = &entry.chosen {
        line("chosen by landfall", why.clone());
    }
    if entry.protect {
        line("protected", "no plan may delete or replace it".to_owned());
    }
    for (title, document) in [("applied", &entry.applied), ("given at creation", &entry.defaulted)] {
        let mut rows = Vec::new();
        document.walk(&crate::document::Path::root(), &mut |path, value| {
            let leaf = value.as_map().is_none_or(|m| m.is_empty());
            if leaf && !path.is_root() {
                rows.push((path.clone(), shown(Some(value))));
            }
        });
        if !rows.is_empty() {
            let _ = writeln!(out, "  {}", paint(DIM, title));
        }
        for (path, text) in rows {
            let _ = writeln!(out, "{}", two(&format!("    {path}"), &text, columns));
        }
    }
    out
}

/// The same as JSON.
pub fn state_show_json(address: &Address, entry: &Entry) -> String {
    pretty(&entry_json(address, entry))
}

fn entry_json(address: &Address, entry: &Entry) -> Json {
    json!({
        "address": address.as_str(), "id": entry.id.as_str(), "type": entry.arm_type, "created": entry.created,
        "protect": entry.protect, "chosen": entry.chosen, "applied": entry.applied.to_display_json(),
        "defaulted": entry.defaulted.to_display_json(),
        "dependsOn": entry.depends_on.iter().map(Address::as_str).collect::<Vec<_>>(),
    })
}
