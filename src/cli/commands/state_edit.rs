//! `landfall state rm|mv`: the record edited by hand, under the lock, after it was agreed to. Azure is asked nothing.

use serde_json::json;

use crate::cli::args::{Global, Output};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::lock::locked;
use crate::cli::project::Project;
use crate::model::Entry;
use crate::names::{Address, AddressError, EnvName};
use crate::schema::Schema;
use crate::state::{State, Store};

const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";
const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
/// Collections of what landfall adds to a cluster by itself, and the types of their members.
const ADDED: [(&str, &str); 3] = [("pullsFrom", ROLE_ASSIGNMENT), ("roles", ROLE_ASSIGNMENT), ("identities", IDENTITY)];

/// What is done to the record.
pub(super) enum Edit<'a> {
    /// Forget these and what is below them.
    Remove(&'a [String]),
    /// Keep this and what is below it under another address.
    Move(&'a str, &'a str),
}

impl Edit<'_> {
    /// Does it, if it makes sense and is agreed to.
    pub(super) async fn carry_out(
        &self,
        project: &Project,
        global: &Global,
        name: &EnvName,
        store: &dyn Store,
        yes: bool,
    ) -> Result<Exit, CommandError> {
        let verb = if matches!(self, Self::Remove(_)) { "rm" } else { "mv" };
        let holder = project.holder(&format!("state {verb} {name}"));
        let edit = async || self.under_lock(project, global, name, store, yes).await;
        locked(store, &holder, global.lock_timeout, edit).await
    }

    async fn under_lock(
        &self,
        project: &Project,
        global: &Global,
        name: &EnvName,
        store: &dyn Store,
        yes: bool,
    ) -> Result<Exit, CommandError> {
        let mut state = store
            .load()
            .await?
            .ok_or_else(|| CommandError::wrong(format!("there is no state of {name} yet ({})", store.describe())))?;
        if !state.open_steps().is_empty() {
            return Err(CommandError::refused(format!("an interrupted run of {name} has not been finished"))
                .next("finish it first", format!("apply {name}")));
        }
        let done = match self {
            Self::Remove(addresses) => {
                let addresses = addresses.iter().map(|a| recorded(&state, name, a)).collect::<Result<Vec<_>, _>>()?;
                state.forget(&addresses).into_iter().map(|address| (address, None)).collect()
            }
            Self::Move(from, to) => moved(&mut state, name, from, to)?,
        };
        let text: String = done.iter().map(line).collect();
        let question = match self {
            Self::Remove(_) => "Forget these? Azure keeps them, and landfall no longer knows of them.",
            Self::Move(..) => "Record these under other addresses?",
        };
        if !yes {
            project.terminal.say(&text);
            match project.terminal.confirm(question) {
                Some(true) => {}
                Some(false) => {
                    project.terminal.line("Nothing was changed.");
                    return Ok(Exit::Refused);
                }
                None => {
                    return Err(CommandError::refused("nobody is here to confirm it")
                        .hint("pass --yes to go ahead without asking"));
                }
            }
        }
        store.save(&mut state).await?;
        match global.output {
            Output::Text if yes => project.terminal.out(&text)?,
            Output::Text => {}
            Output::Json => {
                let changes: Vec<_> = done
                    .iter()
                    .map(|(from, to)| json!({"from": from.as_str(), "to": to.as_ref().map(Address::as_str)}))
                    .collect();
                let all =
                    json!({"format": 1, "environment": name.as_str(), "serial": state.serial.0, "changes": changes});
                project.terminal.out(&format!("{all:#}\n"))?;
            }
        }
        project.terminal.line(&format!("The record of {name} is at {} now.", state.serial));
        Ok(Exit::Done)
    }
}

/// What became of an address: another one, or nothing.
type Done = (Address, Option<Address>);

fn line((from, to): &Done) -> String {
    match to {
        Some(to) => format!("  {from}\n    → {to}\n"),
        None => format!("  - {from}\n"),
    }
}

fn parsed(text: &str) -> Result<Address, CommandError> {
    text.parse().map_err(|e: AddressError| CommandError::wrong(e.to_string()))
}

fn recorded(state: &State, name: &EnvName, text: &str) -> Result<Address, CommandError> {
    let address = parsed(text)?;
    if state.recorded.resources.contains_key(&address) {
        return Ok(address);
    }
    Err(CommandError::wrong(format!("the record of {name} has no {address}"))
        .next("see what it has with", format!("state list {name}")))
}

fn moved(state: &mut State, name: &EnvName, from: &str, to: &str) -> Result<Vec<Done>, CommandError> {
    let (from, to) = (recorded(state, name, from)?, parsed(to)?);
    if let Some(taken) = state.recorded.resources.keys().find(|address| address.within(&to)) {
        return Err(CommandError::wrong(format!("the record of {name} has {taken} already")));
    }
    if to.within(&from) {
        return Err(CommandError::wrong(format!("{to} lies below {from}")));
    }
    let entry = &state.recorded.resources[&from];
    let added = fitting(state, entry, &from, &to)?;
    let moves = state.rename(&from, &to);
    if let Some(entry) = state.recorded.resources.get_mut(&to).filter(|_| !added) {
        // What the file is to say is no longer landfall's own choice.
        entry.chosen = None;
    }
    Ok(moves.into_iter().map(|(from, to)| (from, Some(to))).collect())
}

/// Refuses an address that cannot mean this resource; whether it is one of those that landfall adds by itself.
fn fitting(state: &State, entry: &Entry, from: &Address, to: &Address) -> Result<bool, CommandError> {
    let schema = Schema::get();
    let label = |arm_type: &str| schema.resource(arm_type).map_or(arm_type.to_owned(), |r| r.label.clone());
    let Some((arm_type, added)) = type_of(to) else {
        return Err(CommandError::wrong(format!("{to} names nothing that an environment may have"))
            .hint(format!("an address of this kind looks like {from}")));
    };
    if !arm_type.eq_ignore_ascii_case(&entry.arm_type) {
        let (is, cannot) = (label(&entry.arm_type), label(arm_type));
        return Err(CommandError::wrong(format!(
            "{from} is a resource of type {is}; {to} would be one of type {cannot}"
        )));
    }
    let resource = schema.resource(&entry.arm_type);
    // A role assignment's name is nobody's to say, and a node pool keeps its address when it is rotated; everything else
    // stands in the file under its name in Azure.
    let free =
        added || entry.arm_type.eq_ignore_ascii_case(ROLE_ASSIGNMENT) || resource.is_some_and(|r| r.inline.is_some());
    if !free && !to.name().eq_ignore_ascii_case(entry.id.name()) {
        return Err(CommandError::wrong(format!(
            "{from} is called {} in Azure, and an address ends in that name",
            entry.id.name()
        ))
        .hint("a resource cannot be renamed in Azure: make a new one, or leave its address"));
    }
    let parent = to.parent().filter(|_| !added);
    let strange = parent.and_then(|parent| {
        let above = state.recorded.resources.get(&parent)?;
        (entry.id.parent().as_ref() != Some(&above.id)).then_some(parent)
    });
    match strange {
        Some(parent) => Err(CommandError::wrong(format!("{from} does not belong to {parent} in Azure"))),
        None => Ok(added),
    }
}

/// The ARM type that an address names, and whether it is one of those that landfall adds by itself.
fn type_of(address: &Address) -> Option<(&'static str, bool)> {
    let collections: Vec<&str> = address.as_str().split('.').step_by(2).collect();
    let mut level = Schema::get().collections();
    let mut found = None;
    for (depth, name) in collections.iter().enumerate() {
        match level.get(*name) {
            Some(child) => {
                found = Some(child.arm_type.as_str());
                level = &child.children;
            }
            None if depth > 0 && found.is_some() => {
                let last = collections.last().copied().unwrap_or_default();
                return ADDED.iter().find(|(added, _)| *added == last).map(|(_, arm_type)| (*arm_type, true));
            }
            None => return None,
        }
    }
    found.map(|arm_type| (arm_type, false))
}
