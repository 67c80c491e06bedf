//! An environment as landfall understands it.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::json::{DiagnosticJson, diagnostics, plan_diagnostics, pretty};
use super::layout::{brief, two};
use super::palette::{BAD, BOLD, DIM, GOOD, paint};
use crate::diagnostic::Diagnostics;
use crate::event::{Report, StepOutcome};
use crate::model::{Desired, Target, Wanted};
use crate::names::EnvName;
use crate::plan::Plan;
use crate::schema::Schema;
use crate::state::State;

/// Every resource of the file with its kind, its id and whether the record has it.
pub fn show_text(desired: &Desired, state: &State, columns: usize) -> String {
    let place = desired.location.as_ref().map(|l| format!(" · {l}")).unwrap_or_default();
    let heading = format!("{} · {}{place}", paint(BOLD, &desired.environment), desired.resource_group);
    let mut out = format!("{heading}\nsubscription {}\n\n", desired.subscription);
    for wanted in desired.resources.values() {
        let kind = Schema::get().resource(&wanted.arm_type).map_or("", |r| r.label.as_str());
        let mut words = vec![kind];
        let recorded = state.recorded.resources.contains_key(&wanted.address);
        words.push(if wanted.existing {
            "only referenced"
        } else if recorded {
            "recorded"
        } else {
            "not applied yet"
        });
        if wanted.protect {
            words.push("protected");
        }
        let _ = writeln!(out, "{}", two(&format!("  {}", paint(BOLD, &wanted.address)), &words.join(", "), columns));
        let _ = writeln!(out, "      {}", paint(DIM, brief(&target(wanted))));
        for pull in &wanted.pulls_from {
            let _ = writeln!(out, "      {}", paint(DIM, brief(&format!("pulls from {}", pull.registry))));
        }
    }
    out
}

/// The same as JSON.
pub fn show_json(desired: &Desired, state: &State) -> String {
    let resources: Vec<Json> = desired
        .resources
        .values()
        .map(|w| {
            json!({
                "address": w.address.as_str(), "type": w.arm_type, "id": w.id().map(ToString::to_string), "existing": w.existing,
                "protect": w.protect, "recorded": state.recorded.resources.contains_key(&w.address),
                "properties": w.body.to_display_json(), "createDefaults": w.create_defaults.to_display_json(),
                "dependsOn": w.depends_on.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "pullsFrom": w.pulls_from.iter().map(|p| p.registry.to_string()).collect::<Vec<_>>(),
            })
        })
        .collect();
    pretty(&json!({
        "format": 1, "environment": desired.environment.as_str(), "subscription": desired.subscription.as_str(),
        "resourceGroup": desired.resource_group.as_str(), "location": desired.location.as_ref().map(|l| l.as_str().to_owned()),
        "resources": resources,
    }))
}

fn target(wanted: &Wanted) -> String {
    match &wanted.target {
        Target::Id(id) => id.to_string(),
        Target::Grant(grant) => {
            let role = crate::schema::role_name(grant.role).map_or_else(|| grant.role.to_string(), str::to_owned);
            format!("{role} on {}", grant.scope)
        }
    }
}

/// What `validate` says of the good ones and, by name, of the bad ones.
pub fn validated(good: &[(String, usize)], bad: &[String]) -> String {
    let line = |(name, count): &(String, usize)| {
        let resources = if *count == 1 { "1 resource".to_owned() } else { format!("{count} resources") };
        format!("{} {name} {}\n", paint(GOOD, "✓"), paint(DIM, resources))
    };
    let wrong = bad.iter().map(|name| format!("{} {name}\n", paint(BAD, "✗")));
    good.iter().map(line).chain(wrong).collect()
}

/// Problems of environment files for machines.
pub fn diagnostics_json(good: &[(String, usize)], problems: &Diagnostics) -> String {
    let found: Vec<DiagnosticJson> = diagnostics(problems);
    let names: Vec<&String> = good.iter().map(|(name, _)| name).collect();
    pretty(&json!({"format": 1, "valid": names, "diagnostics": found}))
}

/// How an apply ended, for machines: the plan's counts and each step that is not done. `None`: nothing was carried out.
pub fn report_json(environment: &EnvName, plan: &Plan, report: Option<&Report>) -> String {
    let s = plan.summary();
    let steps = |all: &[StepOutcome]| -> Vec<Json> {
        let one = |o: &StepOutcome| {
            let mut step = json!({
                "address": o.address.as_str(), "action": o.action, "message": o.message,
                "correlationId": o.correlation.as_ref().map(|c| c.as_str().to_owned()),
            });
            if let Some(trouble) = &o.trouble {
                step["kind"] = json!(trouble.kind);
                step["code"] = json!(trouble.code);
                step["next"] = json!(trouble.next);
            }
            step
        };
        all.iter().map(one).collect()
    };
    let empty = Report::default();
    let r = report.unwrap_or(&empty);
    pretty(&json!({
        "format": 1, "environment": environment.as_str(), "carriedOut": report.is_some(),
        "complete": report.is_some_and(Report::complete) && plan.complete(),
        "summary": {"create": s.create, "update": s.update, "rotate": s.rotate, "replace": s.replace, "delete": s.delete,
                    "adopt": s.adopt, "unchanged": s.unchanged},
        "done": r.done, "failed": steps(&r.failed), "skipped": steps(&r.skipped), "left": steps(&r.left),
        "interrupted": r.interrupted, "diagnostics": plan_diagnostics(plan),
    }))
}
