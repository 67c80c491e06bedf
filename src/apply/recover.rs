//! After a run that was cut off: what Azure still works on is waited for, before anything is planned.

use std::collections::BTreeSet;
use std::time::Duration;

use super::abort::at_work;
use crate::azure::{Client, Wait};
use crate::model::Made;
use crate::names::Address;
use crate::plan::Action;
use crate::schema::Schema;
use crate::state::{JournalEntry, JournalStatus, State};

/// What a cut-off run left behind.
#[derive(Debug, Default)]
pub struct Recovery {
    /// What it was making: if it is there, it is landfall's own and not a stranger.
    pub ours: Vec<Made>,
    /// Operations that ended badly meanwhile: of what, and Azure's reason.
    pub failed: Vec<(Address, String)>,
    /// How many operations were waited for.
    pub followed: usize,
}

/// What a cut-off run was making, without asking Azure anything.
pub fn ours(state: &State) -> Vec<Made> {
    let made = |entry: &&JournalEntry| ["create", "rotate", "replace"].contains(&entry.action.as_str());
    // Whatever became of it: what failed may have left something behind, and what is done may have brought children that
    // were not recorded yet. The journal of a run that ended well is empty.
    let one = |e: &JournalEntry| Some(Made { address: e.address.clone(), id: e.id.clone()? });
    let all: BTreeSet<Made> = state.journal.iter().filter(made).filter_map(one).collect();
    all.into_iter().collect()
}

/// What a cut-off run was asked to make anew and has deleted already: what stands under such an address by now is the new
/// one, and whoever asks for the same again does not ask for a third. Not so where making it failed.
pub fn replaced(state: &State) -> BTreeSet<Address> {
    let of = |status: JournalStatus| {
        let all = state.journal.iter().filter(move |e| e.action == Action::Replace.word() && e.status == status);
        all.map(|e| e.address.clone()).collect::<BTreeSet<_>>()
    };
    &of(JournalStatus::Done) - &of(JournalStatus::Failed)
}

/// Follows every operation that the journal says is running, to its end. `told` hears what is waited for. The state is not
/// touched: whether a step was done is for the next plan to see, which reads what is there.
pub async fn recover(client: &Client, state: &State, told: &(dyn Fn(&Address, &Wait) + Send + Sync)) -> Recovery {
    let mut out = Recovery { ours: ours(state), ..Recovery::default() };
    for work in at_work(state) {
        if let (Some(operation), Some(id)) = (work.operation, work.id) {
            let minutes = id.resource_type().and_then(|t| Schema::get().resource(&t).map(|r| r.minutes)).unwrap_or(90);
            let operation = super::record::operation(operation, id, Duration::from_secs(minutes * 60));
            out.followed += 1;
            if let Err(error) = client.follow(&operation, &|wait| told(&work.address, &wait)).await {
                out.failed.push((work.address.clone(), error.to_string()));
            }
        }
    }
    out
}
