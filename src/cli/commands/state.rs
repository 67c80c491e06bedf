//! `landfall state list|show|rm|mv`: the record. It is read as it is, so that it can be looked at when the file is broken.

use super::state_edit::Edit;
use crate::cli::args::{Global, Output, StateCommand};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::project::Project;
use crate::model::StateLocation;
use crate::names::Address;
use crate::report::{state_list_json, state_list_text, state_show_json, state_show_text};

/// Shows the record or one entry of it.
pub(crate) async fn run(project: &Project, global: &Global, command: &StateCommand) -> Result<Exit, CommandError> {
    let (StateCommand::List { environment }
    | StateCommand::Show { environment, .. }
    | StateCommand::Rm { environment, .. }
    | StateCommand::Mv { environment, .. }) = command;
    let name = project.environment_name(environment)?;
    let location = project.load(environment).map_or(StateLocation::Local, |desired| desired.state);
    let store = project.store(&name, &location)?;
    let edit = match command {
        StateCommand::Rm { addresses, yes, .. } => Some((Edit::Remove(addresses), *yes)),
        StateCommand::Mv { from, to, yes, .. } => Some((Edit::Move(from, to), *yes)),
        _ => None,
    };
    if let Some((edit, yes)) = edit {
        return edit.carry_out(project, global, &name, store.as_ref(), yes).await;
    }
    let state = store.load().await?.ok_or_else(|| {
        CommandError::failed(format!("there is no state of {name} yet ({})", store.describe()))
            .hint(format!("make one with: landfall apply {name}"))
    })?;
    let columns = project.terminal.columns();
    match command {
        StateCommand::List { .. } => match global.output {
            Output::Json => project.terminal.out(&state_list_json(&state))?,
            Output::Text => project.terminal.out(&state_list_text(&state, columns))?,
        },
        StateCommand::Show { address, .. } => {
            let address: Address =
                address.parse().map_err(|e: crate::names::AddressError| CommandError::wrong(e.to_string()))?;
            let entry = state.recorded.resources.get(&address).ok_or_else(|| {
                CommandError::wrong(format!("the record of {name} has no {address}"))
                    .hint(format!("see what it has with: landfall state list {name}"))
            })?;
            match global.output {
                Output::Json => project.terminal.out(&state_show_json(&address, entry))?,
                Output::Text => project.terminal.out(&state_show_text(&address, entry, columns))?,
            }
        }
        StateCommand::Rm { .. } | StateCommand::Mv { .. } => unreachable!("BUG: edits were carried out above"),
    }
    Ok(Exit::Done)
}
