//! The plan for a person: what, why, what it disturbs.

use std::fmt::Write as _;
use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use super::layout::{brief, shown, two, width};
use super::palette::{BAD, BOLD, CHANGE, DIM, GOOD, of_action, of_disruption, paint, sign};
use super::summary::summary_line;
use crate::diff::Reason;
use crate::document::Value;
use crate::plan::{Action, Alteration, Disruption, Plan, Step, Work};
use crate::schema::Schema;

/// What stands in the heading beside the environment's own words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heading {
    /// How many reads the plan took.
    pub reads: usize,
    /// How long they took.
    pub elapsed: Duration,
}

/// The plan as text, styled with ANSI colours (a writer may strip them), for a terminal of `columns` columns.
pub fn plan_text(plan: &Plan, heading: Heading, columns: usize) -> String {
    let mut out = String::new();
    let place = plan.location.as_ref().map(|l| format!(" · {l}")).unwrap_or_default();
    let left = format!("{} · {}{place}", paint(BOLD, &plan.environment), plan.resource_group);
    let record =
        plan.record.as_ref().map_or_else(|| "no record yet".to_owned(), |(_, serial)| format!("record {serial}"));
    let seconds = heading.elapsed.as_secs_f64();
    let right = match heading.reads {
        0 => paint(DIM, record),
        count => paint(DIM, format!("{record}, {} in {seconds:.2} s", reads(count))),
    };
    let _ = writeln!(out, "{}", two(&left, &right, columns));
    if !plan.steps.is_empty() {
        out.push('\n');
    }
    for step in &plan.steps {
        step_text(&mut out, step, columns);
    }
    told(&mut out, plan, columns);
    let _ = writeln!(out, "\n{}", summary_line(plan));
    footer(&mut out, plan);
    out
}

fn reads(count: usize) -> String {
    if count == 1 { "1 read".to_owned() } else { format!("{count} reads") }
}

fn step_text(out: &mut String, step: &Step, columns: usize) {
    let style = of_action(step.action);
    let left = format!("  {} {}", paint(style, sign(step.action)), paint(BOLD, &step.address));
    let (right, disruption) = effect(step);
    let _ = writeln!(out, "{}", two(&left, &paint(of_disruption(disruption), right), columns));
    if let Some(note) = step.note.as_ref().filter(|_| step.action != Action::Update) {
        for line in wrapped(&brief(note), columns.saturating_sub(6)) {
            let _ = writeln!(out, "      {}", paint(DIM, line));
        }
    }
    if step.action == Action::Delete || matches!(step.work, Work::Delete { .. }) {
        return;
    }
    // What landfall adds by itself is told by its note; its properties are in the JSON form.
    if step.action == Action::Create && step.note.is_some() {
        return;
    }
    for change in &step.changes {
        change_text(out, step, change, columns);
    }
}

/// What stands beside an address: its kind, or what the step disturbs.
fn effect(step: &Step) -> (String, Disruption) {
    let label = Schema::get().resource(&step.arm_type).map_or("", |r| r.label.as_str());
    let pools = match step.pools.len() {
        0 => String::new(),
        1 => format!(" pool {}", step.pools[0]),
        _ => format!(" pools {}", step.pools.join(", ")),
    };
    let text = match (step.action, &step.work) {
        (Action::Create, Work::Within { .. }) => format!("{label}, made with its cluster"),
        (Action::Create, _) => label.to_owned(),
        (Action::Delete, Work::Within { .. }) => format!("{label}, goes with its parent"),
        (Action::Delete, _) => format!("{label}, deleted"),
        (Action::Adopt, _) if step.changes.is_empty() => format!("{label}, adopted as it is"),
        (Action::Adopt, _) => format!("{label}, adopted and changed; {}{pools}", step.disruption.word()),
        (Action::Replace, Work::Delete { .. }) => format!("{label}, deleted to be made anew"),
        (Action::Replace, _) => format!("{label}, made anew"),
        (Action::Rotate, Work::Delete { .. }) => format!("drains and deletes{pools}"),
        (Action::Rotate, _) => format!("rotates{pools}"),
        (Action::Update, _) => match step.disruption {
            Disruption::None => "in place, nothing disturbed".to_owned(),
            Disruption::Unknown => "in place, effect not known".to_owned(),
            other => format!("{}{pools}", other.word()),
        },
    };
    (text, step.disruption)
}

fn change_text(out: &mut String, step: &Step, change: &Alteration, columns: usize) {
    let path = format!("      {}", brief(&change.path.to_string()));
    let fresh =
        matches!(step.action, Action::Create) || matches!(step.work, Work::Create { .. }) && change.before.is_none();
    if fresh {
        let _ = writeln!(out, "{}", two(&path, &brief(&shown(change.after.as_ref())), columns));
        return;
    }
    if let (Some(Value::String(before)), Some(Value::String(after))) = (&change.before, &change.after)
        && (before.contains('\n') || after.contains('\n'))
    {
        let _ = writeln!(out, "{}", two(&path, &paint(DIM, why(step, change)), columns));
        for line in TextDiff::from_lines(before, after).iter_all_changes() {
            let (mark, style) = match line.tag() {
                ChangeTag::Delete => ("-", BAD),
                ChangeTag::Insert => ("+", GOOD),
                ChangeTag::Equal => (" ", DIM),
            };
            let text = line.value().trim_end_matches('\n');
            let _ = writeln!(out, "          {}", paint(style, format!("{mark} {text}")));
        }
        return;
    }
    let before = shown(change.before.as_ref());
    let after = change.after.as_ref().map_or_else(|| "(removed)".to_owned(), |v| shown(Some(v)));
    let (mut short_before, mut short_after) = (brief(&before), brief(&after));
    if short_before == short_after {
        (short_before, short_after) = (before, after);
    }
    let values = format!("{short_before} → {}", paint(CHANGE, short_after));
    let reason = paint(DIM, why(step, change));
    let line = two(&path, &values, columns);
    let last = line.rsplit('\n').next().map_or(0, width);
    // The reason stands at the right edge where there is room, so that the values line up.
    let room = columns.saturating_sub(last + width(&reason));
    let _ = match room {
        2.. => writeln!(out, "{line}{}{reason}", " ".repeat(room)),
        _ => writeln!(out, "{line}\n          {reason}"),
    };
}

fn why(step: &Step, change: &Alteration) -> String {
    let reason = match change.reason {
        Reason::File => "file",
        Reason::Drift => "drifted",
        Reason::Removed => "removed from the file",
        Reason::Dependency => "follows",
    };
    match &change.note {
        // Why a pool is rotated stands under its address.
        Some(note) if step.action != Action::Rotate => format!("{reason}; {note}"),
        _ => reason.to_owned(),
    }
}

/// What moved outside, what could not be read, what is in the way.
fn told(out: &mut String, plan: &Plan, columns: usize) {
    if !plan.unmanaged.is_empty() {
        let _ = writeln!(out, "\n{}", paint(DIM, "Moved in Azure, not managed by this environment:"));
        for item in &plan.unmanaged {
            let left = format!("    {} {}", item.address, item.path);
            let right = format!("{} → {}", shown(item.before.as_ref()), shown(item.after.as_ref()));
            let _ = writeln!(out, "{}", paint(DIM, two(&left, &right, columns)));
        }
    }
    if !plan.unread.is_empty() {
        let _ = writeln!(out, "\n{}", paint(BAD, "Could not be read, so that nothing may be applied:"));
        for item in &plan.unread {
            let _ = writeln!(out, "    {}: {}", item.address, item.why);
        }
    }
    if !plan.diagnostics.is_empty() {
        let _ = writeln!(out, "\n{}", plan.diagnostics.render(true));
    }
}

fn footer(out: &mut String, plan: &Plan) {
    let disturbed = |wanted: Disruption| -> Vec<String> {
        let steps = plan.steps.iter().filter(|s| s.disruption == wanted && !s.pools.is_empty());
        let mut pools: Vec<String> = steps
            .flat_map(|s| {
                let cluster = s.address.parent().unwrap_or_else(|| s.address.clone());
                s.pools.iter().map(move |p| format!("{p} of {}", cluster.name()))
            })
            .collect();
        pools.sort();
        pools.dedup();
        pools
    };
    for (disruption, word) in [(Disruption::Reimages, "reimaged"), (Disruption::Rotates, "replaced")] {
        let pools = disturbed(disruption);
        if !pools.is_empty() {
            let _ = writeln!(out, "Nodes {word}: pool {}.", pools.join(", pool "));
        }
    }
    let keeps = |s: &&Step| {
        matches!(s.work, Work::Delete { .. }) && Schema::get().resource(&s.arm_type).is_some_and(|r| r.holds_data)
    };
    let lost: Vec<String> = plan.steps.iter().filter(keeps).map(|s| s.address.to_string()).collect();
    if !lost.is_empty() {
        let _ = writeln!(out, "{}", paint(BAD, format!("Deleted with all they hold: {}.", lost.join(", "))));
    }
}

/// Words in lines of at most `columns`.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
