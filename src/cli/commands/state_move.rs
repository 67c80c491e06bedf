//! `landfall state pull|push|migrate`: states that come and go.

use super::state::missing;
use super::state_history;
use crate::cli::args::{Global, MigrateArgs, PushArgs};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::lock::locked;
use crate::cli::project::Project;
use crate::cli::size::{check, fits};
use crate::names::{EnvName, Serial};
use crate::state::{State, Store, read_state};

/// Prints what is stored, or an earlier version that is kept, to the byte.
pub(crate) async fn pull(project: &Project, environment: &str, serial: Option<u64>) -> Result<Exit, CommandError> {
    let name = project.environment_name(environment)?;
    let store = project.store_of(&name)?;
    let bytes = match serial {
        Some(serial) => state_history::document(&name, store.as_ref(), serial).await?,
        None => store.document().await?.ok_or_else(|| missing(&name, store.as_ref()))?,
    };
    project.terminal.raw(&bytes)?;
    Ok(Exit::Done)
}

/// Stores a file. What is older, or another state, takes more than a yes.
pub(crate) async fn push(project: &Project, global: &Global, args: &PushArgs) -> Result<Exit, CommandError> {
    let name = project.environment_name(&args.environment)?;
    let file = args.file.display().to_string();
    let bytes =
        std::fs::read(&args.file).map_err(|error| CommandError::wrong(format!("cannot read {file}: {error}")))?;
    fits(&file, bytes.len() as u64)?;
    let mut pushed = read_state(&bytes, &file, &name)?;
    let store = project.store_of(&name)?;
    let holder = project.holder(&format!("state push {name}"));
    locked(store.as_ref(), &holder, global.lock_timeout, async || {
        let stored = store.load().await?;
        if stored.as_ref() == Some(&pushed) {
            project.terminal.line(&format!("{} is that already.", store.describe()));
            return Ok(Exit::Done);
        }
        if let Some(stored) = &stored {
            if !args.force {
                refuse(&file, &pushed, stored)?;
            }
            let over = format!("{} has serial {} of lineage {}.", store.describe(), stored.serial, stored.lineage);
            project.terminal.line(&over);
        }
        let question = format!("Store {file} (serial {} of lineage {})?", pushed.serial, pushed.lineage);
        if !project.terminal.agreed(&question, args.yes)? {
            return Ok(Exit::Refused);
        }
        put(project, store.as_ref(), &mut pushed, stored.as_ref()).await
    })
    .await
}

/// Copies a state from one place to another, with both locked.
pub(crate) async fn migrate(project: &Project, global: &Global, args: &MigrateArgs) -> Result<Exit, CommandError> {
    let name = project.environment_name(&args.environment)?;
    let from = place(project, &name, args.from.as_deref())?;
    let to = place(project, &name, args.to.as_deref())?;
    if from.describe() == to.describe() {
        return Err(CommandError::wrong(format!("both are {}", from.describe()))
            .hint("name the other place with --from or --to"));
    }
    let holder = project.holder(&format!("state migrate {name}"));
    locked(from.as_ref(), &holder, global.lock_timeout, async || {
        let mut moved = from.load().await?.ok_or_else(|| missing(&name, from.as_ref()))?;
        locked(to.as_ref(), &holder, global.lock_timeout, async || {
            let there = to.load().await?;
            if let Some(there) = &there {
                refuse(&from.describe(), &moved, there)?;
            }
            put(project, to.as_ref(), &mut moved, there.as_ref()).await
        })
        .await
    })
    .await?;
    let line =
        format!("{} stays as it was. Let `state:` of {name} say the new place, then remove it.", from.describe());
    project.terminal.line(&line);
    Ok(Exit::Done)
}

fn place(project: &Project, name: &EnvName, place: Option<&str>) -> Result<Box<dyn Store>, CommandError> {
    place.map_or_else(|| project.store_of(name), |place| project.store_at(name, place))
}

/// Refuses what would take something newer, or something else, away.
fn refuse(what: &str, pushed: &State, stored: &State) -> Result<(), CommandError> {
    if pushed.lineage != stored.lineage {
        return Err(CommandError::refused(format!(
            "{what} is another state: its lineage is {}, and {} is stored",
            pushed.lineage, stored.lineage
        ))
        .next("what is stored would be forgotten; store it all the same with", "state push --force"));
    }
    if pushed.serial < stored.serial {
        return Err(CommandError::refused(format!(
            "{what} is older: its serial is {}, and {} is stored",
            pushed.serial, stored.serial
        ))
        .next("what happened since would be forgotten; store it all the same with", "state push --force"));
    }
    Ok(())
}

/// Writes it over `stored`, with a serial above both, and above every version that is kept of it: no two have one name.
pub(super) async fn put(
    project: &Project,
    store: &dyn Store,
    state: &mut State,
    stored: Option<&State>,
) -> Result<Exit, CommandError> {
    let over = stored.and_then(State::version);
    // Where nothing may be listed, nothing is put back either, and what is stored counts on.
    let kept = if stored.is_none() { store.history().await.unwrap_or_default() } else { Vec::new() };
    let before = kept.iter().filter(|one| one.lineage == state.lineage).map(|one| one.serial);
    state.serial = before.chain(stored.map(|stored| stored.serial)).fold(state.serial, Serial::max);
    check(project.terminal, &store.describe(), state)?;
    store.replace(state, over.as_ref()).await?;
    project.terminal.line(&format!("{} has serial {} now.", store.describe(), state.serial));
    Ok(Exit::Done)
}
