//! What comes before the first step of a run and after its last: the record of what needs no request, what an earlier run left,
//! and a second look at what seems to be gone.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use super::record::entry;
use super::recover::{ours, replaced};
use crate::azure::Client;
use crate::document::Packed;
use crate::model::{Made, Target};
use crate::names::{Address, ArmId};
use crate::observe::says_absent;
use crate::plan::{Action, Known, Plan, Step, Work};
use crate::schema::Schema;
use crate::state::{JournalEntry, JournalStatus, State, StateError, Store};

/// What an earlier run was making and no record has, and by which action.
fn unrecorded(state: &State) -> BTreeMap<Made, String> {
    let recorded: BTreeSet<&ArmId> = state.recorded.resources.values().map(|e| &e.id).collect();
    let all = ours(state).into_iter().filter(|m| !recorded.contains(&m.id));
    let action = |m: &Made| state.journal.iter().find(|e| e.id.as_ref() == Some(&m.id)).map(|e| e.action.clone());
    all.filter_map(|m| action(&m).map(|action| (m, action))).collect()
}

/// What was asked to be made anew and is gone by now, or was never there: whatever stands there later is the new one.
fn anew(plan: &Plan, state: &State) -> BTreeSet<Made> {
    let before = replaced(state);
    let earlier = ours(state).into_iter().filter(|made| before.contains(&made.address));
    let replaces = |s: &&Step| s.action == Action::Replace;
    let deletes = |address: &Address| {
        let all = plan.steps.iter().filter(replaces).filter(|s| s.address == *address);
        all.filter(|s| matches!(s.work, Work::Delete { .. })).count() > 0
    };
    let lone = plan.steps.iter().filter(replaces).filter_map(|s| match &s.work {
        Work::Create { target: Target::Id(id), .. } if !deletes(&s.address) => {
            Some(Made { address: s.address.clone(), id: id.clone() })
        }
        _ => None,
    });
    earlier.chain(lone).collect()
}

/// Keeps it in the journal of the next run, under a step that no plan has.
fn left_behind(made: Made, action: String) -> JournalEntry {
    JournalEntry {
        step: "left".to_owned(),
        address: made.address,
        action,
        id: Some(made.id),
        status: JournalStatus::Intended,
        operation: None,
        digest: None,
        at: String::new(),
        failure: None,
    }
}

/// Whether all that was ever being made is recorded, was deleted, or is not there.
pub(super) async fn nothing_lost(client: &Client, plan: &Plan, state: &State) -> bool {
    for made in unrecorded(state).into_keys() {
        let deleted = plan.steps.iter().any(|s| matches!(&s.work, Work::Delete { id, .. } if made.id.within(id)));
        let kind = made.id.resource_type().and_then(|t| Schema::get().resource(&t));
        if let Some(kind) = kind.filter(|_| !deleted) {
            match client.get(&made.id, &kind.api_version).await {
                Err(error) if says_absent(&error) => {}
                _ => return false,
            }
        }
    }
    true
}

/// What the plan forgets since it seemed to be gone, and is there after all, with what was seen. Azure's reads lag behind its
/// writes, and what is forgotten is nobody's: it is looked for once more.
pub(super) async fn still_there(client: &Client, plan: &Plan, state: &State) -> BTreeMap<Address, String> {
    let look = |address: &Address| {
        let entry = state.recorded.resources.get(address)?;
        let kind = Schema::get().resource(&entry.arm_type)?;
        let (address, id) = (address.clone(), entry.id.clone());
        Some(async move {
            match client.get(&id, &kind.api_version).await {
                Err(error) if says_absent(&error) => None,
                Err(error) => Some((address, format!("whether {id} is gone is unknown ({error})"))),
                Ok(_) => Some((address, format!("{id} seemed to be gone and is there"))),
            }
        })
    };
    join_all(plan.gone.iter().filter_map(look)).await.into_iter().flatten().collect()
}

/// The record of what needs no request is brought up to date, and the journal of an earlier run made room in.
pub(super) async fn prepare(
    plan: &Plan,
    still: &BTreeMap<Address, String>,
    state: &mut State,
    store: &dyn Store,
) -> Result<(), StateError> {
    for address in plan.forget.iter().filter(|address| !still.contains_key(*address)) {
        state.recorded.resources.remove(address);
    }
    for (address, record) in &plan.remember {
        let before = state.recorded.resources.get(address);
        if let Some(id) = record.id.clone().or_else(|| before.map(|e| e.id.clone())) {
            let before = before.filter(|e| e.id == id).map(|e| e.seen.clone());
            let seen = plan.seen.get(address).map(Packed::from).or(before).unwrap_or_default();
            let key = state.recorded.key.0.clone();
            let entry = entry(record, id, seen, &Known::default(), &key);
            state.recorded.resources.insert(address.clone(), entry);
        }
    }
    let journal = state.journal.len();
    let open = unrecorded(state);
    let anew = anew(plan, state);
    state.start_journal();
    for (made, action) in open {
        if !state.journal.iter().any(|e| e.id.as_ref() == Some(&made.id)) {
            state.note(left_behind(made, action))?;
        }
    }
    for made in anew {
        let intended = left_behind(made, Action::Replace.word().to_owned());
        let done = JournalEntry { status: JournalStatus::Done, ..intended.clone() };
        state.note(intended)?;
        state.note(done)?;
    }
    let moved = !plan.forget.is_empty() || !plan.remember.is_empty() || journal != state.journal.len();
    // A state that was never saved is saved before the first request, so that no request is made that cannot be recorded.
    if moved || !plan.steps.is_empty() {
        store.save(state).await?;
    }
    Ok(())
}
