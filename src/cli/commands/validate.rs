//! `landfall validate`: environment files alone.

use crate::cli::args::{Global, Output};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::files::FolderSources;
use crate::cli::project::Project;
use crate::diagnostic::Diagnostics;
use crate::environment::{Sources, load};
use crate::report::{diagnostics_json, validated};

/// Checks the named environments, or all of the folder.
pub(crate) fn run(project: &Project, global: &Global, names: &[String]) -> Result<Exit, CommandError> {
    let sources = FolderSources::new(&project.environments);
    let names: Vec<String> = if names.is_empty() {
        let all = sources.names().into_iter();
        all.filter(|n| !n.starts_with('_'))
            .map(|n| n.trim_end_matches(".yaml").trim_end_matches(".yml").to_owned())
            .collect()
    } else {
        names.to_vec()
    };
    if names.is_empty() {
        return Err(CommandError::wrong(format!("there is no environment in {}", project.environments.display()))
            .hint("an environment is a file NAME.yaml there; point elsewhere with --environments DIR"));
    }
    let mut problems = Diagnostics::default();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for name in names {
        let name = project.environment_name(&name)?;
        let (desired, found) = load(&name, &sources);
        if let Some(desired) = desired.filter(|_| !found.has_errors()) {
            good.push((name.to_string(), desired.resources.len()));
        } else {
            bad.push(name.to_string());
        }
        problems.extend(found);
    }
    match global.output {
        Output::Json => project.terminal.out(&diagnostics_json(&good, &problems))?,
        Output::Text => {
            if !problems.is_empty() {
                project.terminal.say(&format!("{}\n", problems.render(true)));
            }
            project.terminal.out(&validated(&good, &bad))?;
        }
    }
    Ok(if problems.has_errors() { Exit::WrongInput } else { Exit::Done })
}
