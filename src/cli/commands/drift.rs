//! `landfall drift`: the record against Azure.

use crate::cli::args::{Global, Output};
use crate::cli::connect::connect;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::cli::survey::wants;
use crate::observe::observe;
use crate::plan::{drift, drift_reads};
use crate::report::{DriftReport, drift_json, drift_text};

/// Checks, and shows it.
pub(crate) async fn run(project: &Project, global: &Global, name: &str) -> Result<Exit, CommandError> {
    let desired = project.load(name)?;
    let store = project.store(&desired.environment, &desired.state, &desired.cloud)?;
    let state = project.state(store.as_ref(), &desired.environment).await?;
    let mut report = DriftReport {
        environment: desired.environment.to_string(),
        resources: state.recorded.resources.len(),
        flags: project.flags.clone(),
        ..DriftReport::default()
    };
    if !state.recorded.resources.is_empty() {
        let connection = connect(project, global, &desired.cloud)?;
        connection.client.ready().await?;
        let (live, _) = observe(&connection.client, &wants(drift_reads(&state.recorded))).await;
        let found = drift(&state.recorded, &live);
        report.drift = found.items;
        report.unread = found.unread;
    }
    match global.output {
        Output::Json => project.terminal.out(&drift_json(&report))?,
        Output::Text => project.terminal.out(&drift_text(&report, project.terminal.columns()))?,
    }
    Ok(match (report.unread.is_empty(), report.drift.is_empty()) {
        (false, _) => Exit::Failed,
        (true, false) => Exit::Changes,
        (true, true) => Exit::Done,
    })
}
