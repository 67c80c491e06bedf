//! `landfall state unlock`: the lock of a run that is gone.

use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::state::StateError;

/// Shows who holds the lock, and takes it away if that is agreed to.
pub(crate) async fn unlock(project: &Project, environment: &str, yes: bool) -> Result<Exit, CommandError> {
    let terminal = project.terminal;
    let name = project.environment_name(environment)?;
    let store = project.store_of(&name)?;
    let Some(held) = store.held().await? else {
        terminal.line(&format!("{} is not locked.", store.describe()));
        return Ok(Exit::Done);
    };
    let holder = held.holder.as_ref().map_or_else(|| "a run that has not signed".to_owned(), ToString::to_string);
    terminal.line(&format!("{} is locked by {holder}.", store.describe()));
    if !held.breakable {
        return Err(StateError::Unbreakable { what: store.describe() }.into());
    }
    if let Some(lease) = held.lease {
        terminal.line(&format!("Its lease is {lease}."));
    }
    terminal.line("A run that still lives can write no more once it is unlocked, and stops.");
    if !terminal.agreed("Unlock it?", yes)? {
        return Ok(Exit::Refused);
    }
    store.unlock().await?;
    terminal.line("It is unlocked.");
    Ok(Exit::Done)
}
