//! `landfall state rebuild`: a lost record made anew from Azure and the environment's file.

use std::collections::BTreeSet;

use crate::apply::remembered;
use crate::azure::Client;
use crate::cli::args::{Global, Output, RebuildArgs};
use crate::cli::connect::connect;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::lock::locked;
use crate::cli::project::Project;
use crate::cli::survey::wants;
use crate::model::{Desired, Seen, Wanted};
use crate::names::ArmId;
use crate::observe::{observe, tagged};
use crate::plan::{Rebuilt, rebuild as find, rebuild_reads};
use crate::report::{RecordChanges, rebuilt_json, rebuilt_text};
use crate::state::{State, Store};

/// Finds what is landfall's own, shows it, and records it if that is agreed to.
pub(crate) async fn rebuild(project: &Project, global: &Global, args: &RebuildArgs) -> Result<Exit, CommandError> {
    let desired = project.load(&args.environment)?;
    let name = &desired.environment;
    if desired.environment_tag.is_none() {
        return Err(CommandError::refused(format!(
            "{name} says `environmentTag: false`, so nothing in Azure says what landfall made for it"
        ))
        .next("what is there can be adopted", format!("apply {name} --adopt")));
    }
    let store = project.store(name, &desired.state, &desired.cloud)?;
    let holder = project.holder(&format!("state rebuild {name}"));
    locked(store.as_ref(), &holder, global.lock_timeout, async || {
        under_lock(project, global, &desired, store.as_ref(), args).await
    })
    .await
}

async fn under_lock(
    project: &Project,
    global: &Global,
    desired: &Desired,
    store: &dyn Store,
    args: &RebuildArgs,
) -> Result<Exit, CommandError> {
    let (terminal, name) = (project.terminal, &desired.environment);
    let stored = store.load().await?;
    may_replace(desired, store, stored.as_ref(), args.force).await?;
    let mut state = project.fresh(name);
    if let Some(stored) = &stored {
        state = State { recorded: Default::default(), journal: Vec::new(), ..stored.clone() };
        state.recorded.key = stored.recorded.key.clone();
    }
    if stored.is_none() && !store.history().await.unwrap_or_default().is_empty() {
        terminal
            .line(&format!("Earlier versions are kept, and know more: landfall state history {name}{}", project.flags));
    }
    let connection = connect(project, global, &desired.cloud)?;
    let client = &connection.client;
    client.ready().await?;
    let reads = wants(rebuild_reads(desired));
    let ((live, _), orphans) = futures::join!(observe(client, &reads), marked(client, desired));
    let rebuilt = find(desired, &live, &state.recorded.key);
    let orphans = strangers(&rebuilt, desired, orphans?);
    if !rebuilt.unread.is_empty() {
        let unread: Vec<String> = rebuilt.unread.iter().map(|one| format!("{}: {}", one.address, one.why)).collect();
        return Err(CommandError::failed(format!(
            "not all could be read, so nothing is recorded: {}",
            unread.join("; ")
        ))
        .hint("what could not be read may be landfall's own: run again when it can be"));
    }
    for (address, (record, seen)) in &rebuilt.found {
        state.recorded.resources.insert(address.clone(), remembered(record, seen, &state.recorded.key));
    }
    if global.output == Output::Text {
        terminal.out(&rebuilt_text(&rebuilt, &orphans, terminal.columns()))?;
        let forgotten = RecordChanges {
            forgotten: RecordChanges::between(stored.as_ref(), &state).forgotten,
            ..Default::default()
        };
        if !forgotten.forgotten.is_empty() {
            terminal.out(&forgotten.text(terminal.columns()))?;
        }
    }
    let told = |state| match global.output {
        Output::Json => terminal.out(&rebuilt_json(&rebuilt, &orphans, name.as_str(), state)),
        Output::Text => Ok(()),
    };
    if rebuilt.found.is_empty() && stored.is_none() {
        told(None)?;
        terminal.line(&format!("Nothing in Azure says that landfall made it for {name}; nothing was recorded."));
        return Ok(Exit::Done);
    }
    if !terminal.agreed("Record this?", args.yes)? {
        told(None)?;
        return Ok(Exit::Refused);
    }
    store.save(&mut state).await?;
    told(Some(&state))?;
    terminal.line(&format!(
        "{} has serial {} now. See what is left to do with: landfall plan {name}{}",
        store.describe(),
        state.serial,
        project.flags
    ));
    Ok(Exit::Done)
}

/// A state that is there stays unless that is asked for, and what a run left open is never forgotten.
async fn may_replace(
    desired: &Desired,
    store: &dyn Store,
    stored: Option<&State>,
    force: bool,
) -> Result<(), CommandError> {
    let name = &desired.environment;
    match stored {
        Some(stored) if !stored.open_steps().is_empty() => {
            Err(CommandError::refused(format!("an interrupted run of {name} has not been finished"))
                .next("finish it first", format!("apply {name}")))
        }
        Some(_) if !force => Err(CommandError::refused(format!("{} is there", store.describe())).hint(
            "rebuild it all the same with --force; what it says now can be put back with `landfall state restore`",
        )),
        _ => Ok(()),
    }
}

/// Everything in the environment's resource groups that carries its tag.
async fn marked(client: &Client, desired: &Desired) -> Result<Vec<ArmId>, CommandError> {
    let tag = desired.environment_tag.as_deref().unwrap_or_default();
    let own = ArmId::resource_group_of(&desired.subscription, &desired.resource_group);
    let named = desired.resources.values().filter_map(|wanted| wanted.id()?.group_id());
    let groups: BTreeSet<ArmId> = std::iter::once(own).chain(named).collect();
    let listed = groups.iter().map(|group| tagged(client, group, (tag, desired.environment.as_str())));
    let mut out = Vec::new();
    for (group, seen) in groups.iter().zip(futures::future::join_all(listed).await) {
        match seen {
            Seen::Present(ids) => out.extend(ids),
            Seen::Absent => {}
            Seen::Unreadable(why) => {
                return Err(CommandError::failed(format!("what lies in {group} could not be read: {why}")));
            }
        }
    }
    Ok(out)
}

/// What of it is neither found nor in the file.
fn strangers(rebuilt: &Rebuilt, desired: &Desired, marked: Vec<ArmId>) -> Vec<ArmId> {
    let found = rebuilt.found.values().map(|(_, seen)| &seen.id);
    let known: BTreeSet<&ArmId> = found.chain(desired.resources.values().filter_map(Wanted::id)).collect();
    marked.into_iter().filter(|id| !known.contains(id)).collect()
}
