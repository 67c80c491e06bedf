//! `landfall schema`: the JSON Schema of an environment file, for editors.

use std::path::Path;

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::environment::json_schema;
use crate::state::write_atomically;

/// Prints it, or writes it to a file.
pub(crate) fn run(project: &Project, file: Option<&Path>) -> Result<Exit, CommandError> {
    let text = json_schema();
    match file {
        None => project.terminal.out(&text)?,
        Some(file) => {
            write_atomically(file, text.as_bytes())
                .map_err(|e| CommandError::failed(format!("failed to write {}: {e}", file.display())))?;
            project.terminal.line(&format!("Wrote {}.", file.display()));
        }
    }
    Ok(Exit::Done)
}
