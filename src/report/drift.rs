//! The record against Azure.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value as Json;

use super::json::{pretty, value};
use super::layout::{shown, two};
use super::palette::{BAD, BOLD, CHANGE, DIM, GOOD, paint};
use crate::plan::{DriftItem, Unread};

/// What a drift check found.
#[derive(Debug, Clone, Default)]
pub struct DriftReport {
    /// The environment.
    pub environment: String,
    /// How many recorded resources were looked at.
    pub resources: usize,
    /// Managed values that moved.
    pub drift: Vec<DriftItem>,
    /// What could not be read.
    pub unread: Vec<Unread>,
    /// What was typed beside the name, for the command to run next.
    pub flags: String,
}

#[derive(Serialize)]
struct DriftJson {
    format: u32,
    environment: String,
    complete: bool,
    resources: usize,
    drift: Vec<ItemJson>,
    unreadable: Vec<UnreadJson>,
}

#[derive(Serialize)]
struct ItemJson {
    address: String,
    path: String,
    recorded: Json,
    live: Json,
}

#[derive(Serialize)]
struct UnreadJson {
    address: String,
    why: String,
}

/// For machines.
pub fn drift_json(report: &DriftReport) -> String {
    pretty(&DriftJson {
        format: 1,
        environment: report.environment.clone(),
        complete: report.unread.is_empty(),
        resources: report.resources,
        drift: report
            .drift
            .iter()
            .map(|d| ItemJson {
                address: d.address.to_string(),
                path: d.path.to_string(),
                recorded: value(d.recorded.as_ref()),
                live: value(d.live.as_ref()),
            })
            .collect(),
        unreadable: report
            .unread
            .iter()
            .map(|u| UnreadJson { address: u.address.to_string(), why: u.why.clone() })
            .collect(),
    })
}

/// For a person.
pub fn drift_text(report: &DriftReport, columns: usize) -> String {
    let mut out = String::new();
    let mut last = None;
    for item in &report.drift {
        if last != Some(&item.address) {
            let gone = item.path.is_root() && item.live.is_none();
            let right = if gone { paint(BAD, "gone from Azure") } else { String::new() };
            let _ = writeln!(
                out,
                "{}",
                two(&format!("  {} {}", paint(CHANGE, "~"), paint(BOLD, &item.address)), &right, columns)
            );
            last = Some(&item.address);
        }
        if !item.path.is_root() {
            let values = format!("{} → {}", shown(item.recorded.as_ref()), paint(CHANGE, shown(item.live.as_ref())));
            let _ = writeln!(out, "{}", two(&format!("      {}", item.path), &values, columns));
        }
    }
    for item in &report.unread {
        let _ = writeln!(out, "  {} {}: {}", paint(BAD, "?"), item.address, item.why);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    let looked = match report.resources {
        1 => "1 resource".to_owned(),
        n => format!("{n} resources"),
    };
    let line = match (report.drift.len(), report.unread.len()) {
        (0, 0) => paint(GOOD, format!("No drift: Azure has what was applied ({looked}).")),
        (0, unread) => paint(BAD, format!("{unread} of {looked} could not be read; no drift seen in the rest.")),
        (moved, _) => {
            let values = if moved == 1 { "1 managed value".to_owned() } else { format!("{moved} managed values") };
            paint(CHANGE, format!("{} has drifted: {values} moved ({looked}).", report.environment))
        }
    };
    let _ = writeln!(out, "{line}");
    if !report.drift.is_empty() {
        let _ = writeln!(
            out,
            "{}",
            paint(DIM, format!("Put it right with: landfall apply {}{}", report.environment, report.flags))
        );
    }
    out
}
