//! `landfall state`: the record, and where it lies. It is read as it is, so that it can be looked at when the file is broken.

use super::state_edit::Edit;
use super::{state_history, state_lock, state_move, state_rebuild};
use crate::cli::args::{Global, Output, StateCommand};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::names::{Address, EnvName};
use crate::report::{journal_json, journal_text, state_list_json, state_list_text, state_show_json, state_show_text};
use crate::state::{State, Store};

/// Carries one of its commands out.
pub(crate) async fn run(project: &Project, global: &Global, command: &StateCommand) -> Result<Exit, CommandError> {
    match command {
        StateCommand::List { environment }
        | StateCommand::Show { environment, .. }
        | StateCommand::Journal { environment } => look(project, global, environment, command).await,
        StateCommand::Rm { environment, addresses, yes } => {
            edit(project, global, environment, Edit::Remove(addresses), *yes).await
        }
        StateCommand::Mv { environment, from, to, yes } => {
            edit(project, global, environment, Edit::Move(from, to), *yes).await
        }
        StateCommand::History { environment } => state_history::history(project, global, environment).await,
        StateCommand::Restore { environment, serial, yes } => {
            state_history::restore(project, global, environment, *serial, *yes).await
        }
        StateCommand::Rebuild(args) => state_rebuild::rebuild(project, global, args).await,
        StateCommand::Pull { environment, serial } => state_move::pull(project, environment, *serial).await,
        StateCommand::Push(args) => state_move::push(project, global, args).await,
        StateCommand::Migrate(args) => state_move::migrate(project, global, args).await,
        StateCommand::Unlock { environment, yes } => state_lock::unlock(project, environment, *yes).await,
    }
}

async fn edit(
    project: &Project,
    global: &Global,
    environment: &str,
    edit: Edit<'_>,
    yes: bool,
) -> Result<Exit, CommandError> {
    let name = project.environment_name(environment)?;
    let store = project.store_of(&name)?;
    edit.carry_out(project, global, &name, store.as_ref(), yes).await
}

/// What a command says that finds no state.
pub(super) fn missing(name: &EnvName, store: &dyn Store) -> CommandError {
    CommandError::failed(format!("there is no state of {name} yet ({})", store.describe()))
        .next("make one with", format!("apply {name}"))
}

async fn look(
    project: &Project,
    global: &Global,
    environment: &str,
    command: &StateCommand,
) -> Result<Exit, CommandError> {
    let name = project.environment_name(environment)?;
    let store = project.store_of(&name)?;
    let state: State = store.load().await?.ok_or_else(|| missing(&name, store.as_ref()))?;
    let columns = project.terminal.columns();
    match command {
        StateCommand::Journal { .. } => match global.output {
            Output::Json => project.terminal.out(&journal_json(&state))?,
            Output::Text => project.terminal.out(&journal_text(&state, &project.flags, columns))?,
        },
        StateCommand::List { .. } => match global.output {
            Output::Json => project.terminal.out(&state_list_json(&state))?,
            Output::Text => project.terminal.out(&state_list_text(&state, columns))?,
        },
        StateCommand::Show { address, .. } => {
            let address: Address =
                address.parse().map_err(|e: crate::names::AddressError| CommandError::wrong(e.to_string()))?;
            let entry = state.recorded.resources.get(&address).ok_or_else(|| {
                CommandError::wrong(format!("the record of {name} has no {address}"))
                    .next("see what it has with", format!("state list {name}"))
            })?;
            match global.output {
                Output::Json => project.terminal.out(&state_show_json(&address, entry))?,
                Output::Text => project.terminal.out(&state_show_text(&address, entry, columns))?,
            }
        }
        _ => {}
    }
    Ok(Exit::Done)
}
