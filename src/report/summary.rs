//! The one-line counts, and what is said when a run ends.

use std::fmt::Write as _;
use std::time::Duration;

use super::layout::width;
use super::palette::{BAD, CHANGE, DIM, GOOD, paint};
use super::trouble::trouble_lines;
use crate::event::{Report, StepOutcome};
use crate::plan::Plan;

/// What a run ends with is laid out for so many columns.
const COLUMNS: usize = 80;

/// `Plan: 1 to create, 1 to update; 4 unchanged.`
pub fn summary_line(plan: &Plan) -> String {
    let s = plan.summary();
    let parts: Vec<String> = [
        (s.create, "create"),
        (s.update, "update"),
        (s.rotate, "rotate"),
        (s.replace, "replace"),
        (s.delete, "delete"),
        (s.adopt, "adopt"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} to {word}"))
    .collect();
    if parts.is_empty() && plan.diagnostics.has_errors() {
        return paint(BAD, "Refused: nothing can be applied as it stands.");
    }
    if parts.is_empty() && !plan.complete() {
        return paint(BAD, "Not known: not everything could be read.");
    }
    if parts.is_empty() {
        return format!("{} {} unchanged.", paint(GOOD, "Nothing to do."), s.unchanged);
    }
    let unchanged = if s.unchanged > 0 { format!("; {} unchanged", s.unchanged) } else { String::new() };
    format!("Plan: {}{unchanged}.", parts.join(", "))
}

/// What is said when a run ended: what is done, what is not and why, what to run next.
pub fn closing(report: &Report, environment: &str, elapsed: Duration, destroyed: bool, flags: &str) -> String {
    let mut out = String::new();
    let word = if destroyed { "Destroyed" } else { "Applied" };
    let count = |n: usize| if n == 1 { "1 step".to_owned() } else { format!("{n} steps") };
    if report.complete() {
        let text = format!("{word} {environment}: {} in {}.", count(report.done), seconds(elapsed));
        let _ = writeln!(out, "{}", paint(GOOD, text));
        let next = if destroyed { String::new() } else { format!("Check with: landfall plan {environment}{flags}") };
        if !next.is_empty() {
            let _ = writeln!(out, "{next}");
        }
        return out;
    }
    let verb = if report.interrupted { "was interrupted" } else { "did not end well" };
    let _ = writeln!(
        out,
        "{}",
        paint(BAD, format!("{environment} {verb} after {}: {} done.", seconds(elapsed), count(report.done)))
    );
    let mut list = |title: &str, style: anstyle::Style, items: &[StepOutcome], with_message: bool| {
        if items.is_empty() {
            return;
        }
        let _ = writeln!(out, "\n{title}");
        for item in items {
            let left = format!("  {} {}", paint(style, item.action), item.address);
            let _ = match &item.trouble {
                Some(trouble) if width(&left) + 2 + trouble.meaning.len() > COLUMNS => {
                    writeln!(out, "{left}:\n      {}", trouble.meaning)
                }
                Some(trouble) => writeln!(out, "{left}: {}", trouble.meaning),
                None => writeln!(out, "{left}"),
            };
            match &item.trouble {
                Some(trouble) => {
                    for line in trouble_lines(trouble, 6, COLUMNS) {
                        let _ = writeln!(out, "{line}");
                    }
                }
                None if with_message => {
                    for line in super::plan::wrapped(&item.message, 74) {
                        let _ = writeln!(out, "      {line}");
                    }
                }
                None => {}
            }
        }
    };
    list("Failed:", BAD, &report.failed, true);
    list("Azure still works on (the next run goes on from there):", CHANGE, &report.left, false);
    list("Not started:", DIM, &report.skipped, true);
    let command = if destroyed { "destroy" } else { "apply" };
    let _ = writeln!(out, "\nWhat is done is recorded. Go on with: landfall {command} {environment}{flags}");
    out
}

/// `4 s`, `3 min 20 s`.
pub(super) fn seconds(elapsed: Duration) -> String {
    let whole = elapsed.as_secs();
    match whole {
        0 => format!("{:.1} s", elapsed.as_secs_f64()),
        1..60 => format!("{whole} s"),
        _ => format!("{} min {} s", whole / 60, whole % 60),
    }
}

/// What to run after a plan.
pub fn next_after_plan(plan: &Plan, destroy: bool, flags: &str) -> String {
    if plan.steps.is_empty() {
        return String::new();
    }
    if destroy {
        return format!("Carry it out with: landfall destroy {}{flags}\n", plan.environment);
    }
    let adopts = plan
        .steps
        .iter()
        .any(|s| s.action == crate::plan::Action::Adopt && s.record.as_ref().is_some_and(|r| !r.created));
    let adopt = if adopts { " --adopt" } else { "" };
    format!("Apply with: landfall apply {}{flags}{adopt}\n", plan.environment)
}
