//! `landfall show`: the environment as landfall understands it, and what the record has of it.

use crate::cli::args::{Global, Output};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::report::{show_json, show_text};

/// Shows it. Nothing is asked of Azure.
pub(crate) async fn run(project: &Project, global: &Global, name: &str) -> Result<Exit, CommandError> {
    let desired = project.load(name)?;
    let store = project.store(&desired.environment, &desired.state, &desired.cloud)?;
    let state = project.state(store.as_ref(), &desired.environment).await?;
    match global.output {
        Output::Json => project.terminal.out(&show_json(&desired, &state))?,
        Output::Text => project.terminal.out(&show_text(&desired, &state, project.terminal.columns()))?,
    }
    Ok(Exit::Done)
}
