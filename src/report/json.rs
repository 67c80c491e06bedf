//! The plan for machines: one JSON object, fields may be added and are never renamed (docs/plan-json.md).

use serde::Serialize;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostics, Severity};
use crate::diff::Reason;
use crate::document::Value;
use crate::plan::{Plan, Step, Work};

/// The version of this form.
const FORMAT: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanJson {
    format: u32,
    environment: String,
    complete: bool,
    summary: SummaryJson,
    steps: Vec<StepJson>,
    drift: Vec<DriftJson>,
    unmanaged: Vec<UnmanagedJson>,
    diagnostics: Vec<DiagnosticJson>,
}

#[derive(Serialize)]
struct SummaryJson {
    create: usize,
    update: usize,
    rotate: usize,
    replace: usize,
    delete: usize,
    adopt: usize,
    unchanged: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StepJson {
    id: String,
    address: String,
    action: &'static str,
    disruption: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pools: Vec<String>,
    changes: Vec<ChangeJson>,
    depends_on: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    within: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct ChangeJson {
    path: String,
    before: Json,
    after: Json,
    reason: &'static str,
    disruption: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Serialize)]
struct DriftJson {
    address: String,
    path: String,
    recorded: Json,
    live: Json,
}

#[derive(Serialize)]
struct UnmanagedJson {
    address: String,
    path: String,
    before: Json,
    after: Json,
}

#[derive(Serialize)]
pub(super) struct DiagnosticJson {
    severity: &'static str,
    code: String,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    help: Vec<String>,
}

/// The plan as one line-broken JSON object, with a newline at its end.
pub fn plan_json(plan: &Plan) -> String {
    let s = plan.summary();
    let json = PlanJson {
        format: FORMAT,
        environment: plan.environment.to_string(),
        complete: plan.complete(),
        summary: SummaryJson {
            create: s.create,
            update: s.update,
            rotate: s.rotate,
            replace: s.replace,
            delete: s.delete,
            adopt: s.adopt,
            unchanged: s.unchanged,
        },
        steps: plan.steps.iter().map(step).collect(),
        drift: plan
            .drift
            .iter()
            .map(|d| DriftJson {
                address: d.address.to_string(),
                path: d.path.to_string(),
                recorded: value(d.recorded.as_ref()),
                live: value(d.live.as_ref()),
            })
            .collect(),
        unmanaged: plan
            .unmanaged
            .iter()
            .map(|u| UnmanagedJson {
                address: u.address.to_string(),
                path: u.path.to_string(),
                before: value(u.before.as_ref()),
                after: value(u.after.as_ref()),
            })
            .collect(),
        diagnostics: plan_diagnostics(plan),
    };
    pretty(&json)
}

fn step(step: &Step) -> StepJson {
    // By path, whatever the order of the file's keys, which a person sees in the text form.
    let mut changes: Vec<_> = step.changes.iter().collect();
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    StepJson {
        id: step.id.to_string(),
        address: step.address.to_string(),
        action: step.action.word(),
        disruption: step.disruption.word(),
        pools: step.pools.clone(),
        changes: changes
            .into_iter()
            .map(|c| ChangeJson {
                path: c.path.to_string(),
                before: value(c.before.as_ref()),
                after: value(c.after.as_ref()),
                reason: match c.reason {
                    Reason::File => "file",
                    Reason::Drift => "drift",
                    Reason::Removed => "removed",
                    Reason::Dependency => "dependency",
                },
                disruption: c.disruption.word(),
                note: c.note.clone(),
            })
            .collect(),
        depends_on: step.depends_on.iter().map(ToString::to_string).collect(),
        within: if let Work::Within { step, .. } = &step.work { Some(step.to_string()) } else { None },
        note: step.note.clone(),
    }
}

/// What a plan has to say beside its steps: its diagnostics, and what could not be read.
pub(super) fn plan_diagnostics(plan: &Plan) -> Vec<DiagnosticJson> {
    let mut out = diagnostics(&plan.diagnostics);
    out.extend(plan.unread.iter().map(|u| DiagnosticJson {
        severity: "error",
        code: "unreadable".to_owned(),
        summary: format!("{}: {}", u.address, u.why),
        file: None,
        line: None,
        column: None,
        help: Vec::new(),
    }));
    out
}

/// Problems as data.
pub(super) fn diagnostics(all: &Diagnostics) -> Vec<DiagnosticJson> {
    let one = |d: &crate::diagnostic::Diagnostic| {
        let place = d.span.as_ref().and_then(|s| all.line_column(s));
        DiagnosticJson {
            severity: match d.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Information => "information",
            },
            code: d.code.to_owned(),
            summary: d.summary.clone(),
            file: d.span.as_ref().map(|s| s.file.clone()),
            line: place.map(|p| p.0),
            column: place.map(|p| p.1),
            help: d.help.clone(),
        }
    };
    all.sorted().into_iter().map(one).collect()
}

pub(super) fn value(value: Option<&Value>) -> Json {
    value.map_or(Json::Null, Value::to_display_json)
}

pub(super) fn pretty(json: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(json).expect("text, numbers and lists are JSON");
    text.push('\n');
    text
}
