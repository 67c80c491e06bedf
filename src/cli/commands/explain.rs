//! `landfall explain`: what a path of an environment file means. Nothing is asked of Azure.

use crate::cli::args::{Global, Output};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::environment::topic;
use crate::report::{explain_json, explain_text};

/// Explains it.
pub(crate) fn run(project: &Project, global: &Global, path: &str) -> Result<Exit, CommandError> {
    let found = topic(path).map_err(|why| {
        let place = if why.right.is_empty() { "an environment file".to_owned() } else { format!("`{}`", why.right) };
        let mut told = CommandError::wrong(format!("{place} has no `{}`", why.wrong));
        if let Some(meant) = &why.meant {
            told = told.hint(format!("did you mean `{meant}`?"));
        }
        for other in why.elsewhere.iter().filter(|other| Some(*other) != why.meant.as_ref()) {
            told = told.hint(format!("there is `{other}`"));
        }
        told.hint(format!("see all there is with: landfall explain {}", why.right))
    })?;
    match global.output {
        Output::Json => project.terminal.out(&explain_json(&found))?,
        Output::Text => project.terminal.out(&explain_text(&found, project.terminal.columns()))?,
    }
    Ok(Exit::Done)
}
