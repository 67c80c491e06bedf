//! `landfall man`: manual pages, made of the command line's grammar.

use std::path::Path;

use clap_mangen::Man;

use crate::cli::args::command;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::state::write_atomically;

/// Prints the page of `landfall`, or writes the pages of all commands to a folder.
pub(crate) fn run(project: &Project, folder: Option<&Path>) -> Result<Exit, CommandError> {
    let mut grammar = command();
    grammar.build();
    let Some(folder) = folder else {
        project.terminal.out(&String::from_utf8_lossy(&page(&grammar)?))?;
        return Ok(Exit::Done);
    };
    let mut pages = Vec::new();
    collect(&grammar, "landfall", &mut pages)?;
    for (name, bytes) in &pages {
        let file = folder.join(format!("{name}.1"));
        write_atomically(&file, bytes)
            .map_err(|e| CommandError::failed(format!("failed to write {}: {e}", file.display())))?;
    }
    project.terminal.line(&format!("Wrote {} pages to {}.", pages.len(), folder.display()));
    Ok(Exit::Done)
}

fn collect(grammar: &clap::Command, name: &str, out: &mut Vec<(String, Vec<u8>)>) -> Result<(), CommandError> {
    out.push((name.to_owned(), page(grammar)?));
    for below in grammar.get_subcommands().filter(|c| c.get_name() != "help" && !c.is_hide_set()) {
        collect(below, &format!("{name}-{}", below.get_name()), out)?;
    }
    Ok(())
}

fn page(grammar: &clap::Command) -> Result<Vec<u8>, CommandError> {
    let mut out = Vec::new();
    Man::new(grammar.clone()).render(&mut out)?;
    Ok(out)
}
