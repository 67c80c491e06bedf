//! `landfall completions`: the script that completes this command line, made of its grammar.

use clap_complete::Shell;

use crate::cli::args::command;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;

/// Prints it.
pub(crate) fn run(project: &Project, shell: Shell) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "landfall", &mut script);
    project.terminal.out(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
