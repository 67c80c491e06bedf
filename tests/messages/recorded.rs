//! The recorded refusals, and a run that meets one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfall::event::Report;
use landfall::plan::Plan;
use landfall::report::{Progress, closing};
use landfall::sandbox::{Answer, Fault, Pace, Response};
use serde_json::Value as Json;

use crate::scene::Scene;

/// An environment with a step of every kind that the recordings are about.
const TEXT: &str = "registries:\n  landfallone:\n    sku: {name: Basic}\nclusters:\n  aks:\n    nodePools:\n      \
    system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n    pullsFrom: [landfallone]\n";

/// A refusal, as it was recorded.
pub struct Recorded {
    pub name: String,
    status: u16,
    method: String,
    retry_after: Option<String>,
    body: Json,
}

/// All of them, by name.
pub fn all() -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let json: Json = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let recorded = Recorded {
            name: name.clone(),
            // Refusals that were quoted somewhere lost their status; 400 tells nothing.
            status: json["status"].as_u64().map_or(400, |s| u16::try_from(s).unwrap()),
            method: json["method"].as_str().unwrap_or("PUT").to_owned(),
            retry_after: json["headers"]["retry-after"].as_str().map(str::to_owned),
            body: json["body"].clone(),
        };
        found.insert(name, recorded);
    }
    found.into_values().collect()
}

impl Recorded {
    /// Of a refusal made up after Microsoft's documentation.
    pub fn written(name: &str, status: u16, body: Json) -> Self {
        Self { name: name.to_owned(), status, method: "PUT".to_owned(), retry_after: None, body }
    }

    /// The resource that answers so: one of the kind that the recording is about, the cluster for kinds that landfall does not make.
    fn path(&self) -> &'static str {
        let begins = |all: &[&str]| all.iter().any(|begin| self.name.starts_with(begin));
        if begins(&["role-", "aks-role-", "aks-principal-"]) {
            "registries/landfallone/providers/Microsoft.Authorization/roleAssignments"
        } else if begins(&["acr-", "name-"]) {
            "registries/landfallone"
        } else if begins(&["resource-group-"]) {
            "resourceGroups/rg"
        } else if begins(&["federated-", "linked-"]) {
            "userAssignedIdentities/aks-control"
        } else {
            "managedClusters/aks"
        }
    }

    fn fault(&self) -> Fault {
        // A role assignment has no operation that could fail.
        let failed = self.body["status"] == "Failed" && !self.path().ends_with("roleAssignments");
        let answer = if failed {
            Answer::Fail(self.body["error"].clone())
        } else {
            let body = match &self.body {
                Json::Null => Vec::new(),
                Json::String(text) => text.clone().into_bytes(),
                body => body.to_string().into_bytes(),
            };
            let headers = self.retry_after.iter().map(|after| ("retry-after".to_owned(), after.clone())).collect();
            // A check that answers 200 says the same as the refusal that would follow it.
            let status = if self.status < 300 { 409 } else { self.status };
            Answer::Respond(Response { status, headers, body })
        };
        let method = if self.method == "DELETE" { "DELETE" } else { "PUT" };
        Fault { method: method.into(), path_contains: self.path().into(), times: u32::MAX, answer }
    }

    /// A run that meets it at every try, with what it shows: the line of progress, and the part of the end that tells of failures.
    pub async fn met(&self) -> (Report, String) {
        let scene = Scene::paced(Pace::instant());
        let destroy = self.method == "DELETE";
        if destroy {
            scene.apply(TEXT).await;
        }
        let plan = if destroy { scene.plan_destroy(TEXT).await } else { scene.plan(TEXT).await };
        scene.sandbox.inject(self.fault());
        scene.events.lock().unwrap().clear();
        let report = scene.run(&plan).await;
        let shown = shown(&scene, &plan, &report, destroy);
        (report, shown)
    }
}

fn shown(scene: &Scene, plan: &Plan, report: &Report, destroy: bool) -> String {
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let (keep, events) = (lines.clone(), scene.events.lock().unwrap().clone());
    let progress = Progress::new(false, Box::new(move |line| keep.lock().unwrap().push(line.to_owned())));
    events.iter().for_each(|event| progress.tell(event));
    let progress: Vec<String> = lines.lock().unwrap().iter().map(|l| plain(l)).filter(|l| l.starts_with('✗')).collect();
    // Before it is laid out: where lines break hangs on it.
    let mut report = report.clone();
    for trouble in report.failed.iter_mut().filter_map(|outcome| outcome.trouble.as_mut()) {
        trouble.reason = steady(&trouble.reason);
        trouble.circumstances.iter_mut().chain(&mut trouble.next).for_each(|text| *text = steady(text));
    }
    let end = plain(&closing(&report, plan.environment.as_str(), Duration::ZERO, destroy, ""));
    let failed = end.split("\n\n").find(|part| part.starts_with("Failed:")).unwrap_or("Nothing failed.");
    format!("{}\n\n{failed}\n", steady(&progress.join("\n")))
}

fn plain(text: &str) -> String {
    regex_lite::Regex::new("\u{1b}\\[[0-9;]*m").unwrap().replace_all(text, "").into_owned()
}

/// Without what differs from run to run: tries and times are jittered, identifiers are made up.
fn steady(text: &str) -> String {
    let replace = |text: &str, pattern: &str, by: &str| {
        regex_lite::Regex::new(pattern).unwrap().replace_all(text, by).into_owned()
    };
    let text = replace(text, r"\d+ attempts in \d+ s", "9 attempts in 99 s");
    let text = replace(&text, r"\d+ times in \d+ s\b", "9 times in 99 s");
    let text = replace(&text, r"correlation ID [0-9a-f-]{36}", "correlation ID [guid]");
    replace(&text, "[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "[guid]")
}
