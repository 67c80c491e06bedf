//! `landfall state history|restore`: the versions that commands replaced, and one of them put back.

use serde_json::json;

use super::state_move::put;
use crate::cli::args::{Global, Output};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::lock::locked;
use crate::cli::project::Project;
use crate::names::{EnvName, Lineage, Serial};
use crate::report::{RecordChanges, history_json, history_text};
use crate::state::{Kept, State, Store, Version, read_state};

/// Lists the versions.
pub(crate) async fn history(project: &Project, global: &Global, environment: &str) -> Result<Exit, CommandError> {
    let name = project.environment_name(environment)?;
    let store = project.store_of(&name)?;
    let kept = store.history().await?;
    // What cannot be read now is one more reason to look for what was there before.
    let current = store.load().await.unwrap_or_else(|error| {
        project.terminal.line(&format!("warning: {error}"));
        None
    });
    let text = match global.output {
        Output::Json => history_json(&name, current.as_ref(), &kept),
        Output::Text => history_text(&name, current.as_ref(), &kept, &project.flags, project.terminal.columns()),
    };
    project.terminal.out(&text)?;
    Ok(Exit::Done)
}

/// Puts a version back, as a new one on top of what is stored.
pub(crate) async fn restore(
    project: &Project,
    global: &Global,
    environment: &str,
    serial: u64,
    yes: bool,
) -> Result<Exit, CommandError> {
    let name = project.environment_name(environment)?;
    let store = project.store_of(&name)?;
    let holder = project.holder(&format!("state restore {name}"));
    locked(store.as_ref(), &holder, global.lock_timeout, async || {
        under_lock(project, global, &name, store.as_ref(), (Serial(serial), yes)).await
    })
    .await
}

async fn under_lock(
    project: &Project,
    global: &Global,
    name: &EnvName,
    store: &dyn Store,
    (serial, yes): (Serial, bool),
) -> Result<Exit, CommandError> {
    let terminal = project.terminal;
    let stored = store.load().await?;
    if stored.as_ref().is_some_and(|stored| stored.serial == serial) {
        terminal.line(&format!("{} is at {serial} already.", store.describe()));
        return Ok(Exit::Done);
    }
    if stored.as_ref().is_some_and(|stored| !stored.open_steps().is_empty()) {
        return Err(CommandError::refused(format!("an interrupted run of {name} has not been finished"))
            .next("finish it first", format!("apply {name}")));
    }
    let mut restored = version(name, store, stored.as_ref(), serial).await?;
    let changes = RecordChanges::between(stored.as_ref(), &restored);
    if global.output == Output::Text {
        terminal.out(&changes.text(terminal.columns()))?;
    }
    if !terminal.agreed(&format!("Put the record of {name} back to what it was at {serial}?"), yes)? {
        return Ok(Exit::Refused);
    }
    let exit = put(project, store, &mut restored, stored.as_ref()).await?;
    if global.output == Output::Json {
        let all = json!({
            "format": 1, "environment": name.as_str(), "restored": serial.0, "serial": restored.serial.0,
            "lineage": restored.lineage.as_str(), "changes": changes.json(),
        });
        terminal.out(&format!("{all:#}\n"))?;
    }
    terminal.line(&format!("See what that means for Azure with: landfall plan {name}{}", project.flags));
    Ok(exit)
}

/// A version that is kept, of the state that is stored; of the one that was replaced last, where none is.
async fn version(
    name: &EnvName,
    store: &dyn Store,
    stored: Option<&State>,
    serial: Serial,
) -> Result<State, CommandError> {
    let found = find(name, store, stored.map(|stored| &stored.lineage), serial).await?;
    if let Some(stored) = stored.filter(|stored| stored.lineage != found.lineage) {
        let text = format!(
            "{serial} is a version of another state: its lineage is {}, and {} is stored",
            found.lineage, stored.lineage
        );
        return Err(CommandError::refused(text)
            .next("fetch it with", format!("state pull {name} --serial {serial}"))
            .next("and then store it with", "state push --force"));
    }
    let bytes = read(name, store, &found.version()).await?;
    Ok(read_state(&bytes, &format!("version {serial} of {}", store.describe()), name)?)
}

/// The bytes of a version that is kept, of whichever lineage.
pub(super) async fn document(name: &EnvName, store: &dyn Store, serial: u64) -> Result<Vec<u8>, CommandError> {
    let lineage = store.load().await.ok().flatten().map(|stored| stored.lineage);
    let found = find(name, store, lineage.as_ref(), Serial(serial)).await?;
    read(name, store, &found.version()).await
}

/// A version of this lineage if there is one, or else the one of this serial that was replaced last.
async fn find(
    name: &EnvName,
    store: &dyn Store,
    lineage: Option<&Lineage>,
    serial: Serial,
) -> Result<Kept, CommandError> {
    let mut kept = store.history().await?;
    kept.retain(|one| one.serial == serial);
    let own = kept.iter().position(|one| lineage == Some(&one.lineage)).unwrap_or_default();
    if kept.is_empty() {
        return Err(not_kept(name, store, serial));
    }
    Ok(kept.swap_remove(own))
}

async fn read(name: &EnvName, store: &dyn Store, version: &Version) -> Result<Vec<u8>, CommandError> {
    store.kept(version).await?.ok_or_else(|| not_kept(name, store, version.1))
}

fn not_kept(name: &EnvName, store: &dyn Store, serial: Serial) -> CommandError {
    CommandError::wrong(format!("version {serial} of {} is not kept", store.describe()))
        .next("see what is kept with", format!("state history {name}"))
}
