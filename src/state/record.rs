//! A state: the record of an environment and the journal of the run in progress.

use std::collections::BTreeMap;

use super::journal::{IllegalStatus, JournalEntry, JournalStatus, next_status};
use super::{Failure, StateError};
use crate::model::{HashKey, Recorded};
use crate::names::{Address, EnvName, Lineage, Serial};

/// Everything landfall remembers of one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// Which state this is, from its first write on.
    pub lineage: Lineage,
    /// How often it was written; 0 for one that never was. Moved by [`Store::save`](super::Store::save) alone.
    pub serial: Serial,
    /// Whose it is.
    pub environment: EnvName,
    /// What was last applied.
    pub recorded: Recorded,
    /// What the run in progress, or the last one that did not end well, did; in order, several entries for a step.
    pub journal: Vec<JournalEntry>,
}

impl State {
    /// An empty state that was never written. Lineage and key are random and come from the caller.
    pub fn new(environment: EnvName, lineage: Lineage, key: HashKey) -> State {
        let recorded = Recorded { key, ..Recorded::default() };
        Self { lineage, serial: Serial::default(), environment, recorded, journal: Vec::new() }
    }

    /// Its lineage and serial; `None` for one that never was written.
    pub fn version(&self) -> Option<(Lineage, Serial)> {
        (self.serial != Serial::default()).then(|| (self.lineage.clone(), self.serial))
    }

    /// Appends to the journal what may follow there, as [`next_status`] judges; nothing is saved.
    ///
    /// # Errors
    /// [`StateError::Journal`] for a status that cannot follow the step's last one.
    pub fn note(&mut self, entry: JournalEntry) -> Result<(), StateError> {
        let from = self.last_of(&entry.step, &entry.address).map(|last| last.status);
        next_status(from, entry.status).map_err(|source| out_of_order(&entry, source))?;
        self.journal.push(entry);
        Ok(())
    }

    /// The newest entry of a step.
    pub fn last_of(&self, step: &str, address: &Address) -> Option<&JournalEntry> {
        self.journal.iter().rev().find(|entry| entry.step == step && entry.address == *address)
    }

    /// The newest entry of each step nobody knows the end of: intended, running or left; in the order of the journal.
    pub fn open_steps(&self) -> Vec<&JournalEntry> {
        self.newest().into_iter().filter(|entry| entry.status.is_open()).collect()
    }

    /// The newest entry of each step that failed, with why.
    pub fn failed_steps(&self) -> Vec<(&JournalEntry, Option<&Failure>)> {
        let failed = |entry: &&JournalEntry| entry.status == JournalStatus::Failed;
        self.newest().into_iter().filter(failed).map(|entry| (entry, entry.failure.as_ref())).collect()
    }

    /// Makes room for the journal of a new run: what ended goes, what is open stays until it is resolved.
    pub fn start_journal(&mut self) {
        let open: Vec<(String, Address)> =
            self.open_steps().into_iter().map(|entry| (entry.step.clone(), entry.address.clone())).collect();
        self.journal
            .retain(|entry| open.iter().any(|(step, address)| entry.step == *step && entry.address == *address));
    }

    fn newest(&self) -> Vec<&JournalEntry> {
        let mut last: BTreeMap<(&str, &Address), usize> = BTreeMap::new();
        for (at, entry) in self.journal.iter().enumerate() {
            last.insert((&entry.step, &entry.address), at);
        }
        let mut places: Vec<usize> = last.into_values().collect();
        places.sort_unstable();
        places.into_iter().map(|at| &self.journal[at]).collect()
    }
}

/// Follows a whole journal from its start; the place and reason of the first entry that cannot stand there.
pub(super) fn replay(journal: &[JournalEntry]) -> Result<(), (usize, IllegalStatus)> {
    let mut last: BTreeMap<(&str, &Address), JournalStatus> = BTreeMap::new();
    for (at, entry) in journal.iter().enumerate() {
        let key = (entry.step.as_str(), &entry.address);
        let status = next_status(last.get(&key).copied(), entry.status).map_err(|why| (at, why))?;
        last.insert(key, status);
    }
    Ok(())
}

/// The error for an entry that cannot stand where it is.
pub(super) fn out_of_order(entry: &JournalEntry, source: IllegalStatus) -> StateError {
    StateError::Journal { step: entry.step.clone(), address: entry.address.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(step: &str, status: JournalStatus) -> JournalEntry {
        JournalEntry {
            step: step.to_owned(),
            address: Address::top("clusters", "c"),
            action: "create".to_owned(),
            id: None,
            status,
            operation: None,
            digest: None,
            at: "2026-11-22T10:00:00Z".to_owned(),
            failure: None,
        }
    }

    fn journal(entries: &[(&str, JournalStatus)]) -> State {
        let lineage = "b6a2a9a5-52a5-4f8c-9c9f-0b4a5b8f9a10".parse().unwrap();
        let mut state = State::new("prod".parse().unwrap(), lineage, HashKey(vec![1; 32]));
        for (step, status) in entries {
            state.note(entry(step, *status)).unwrap();
        }
        state
    }

    #[test]
    fn a_new_run_keeps_what_is_open_and_drops_what_ended() {
        use JournalStatus::{Done, Failed, Intended, Left, Running};
        let mut state = journal(&[
            ("1", Intended),
            ("2", Intended),
            ("1", Running),
            ("3", Intended),
            ("1", Done),
            ("4", Intended),
            ("2", Running),
            ("3", Failed),
            ("2", Left),
        ]);
        let of =
            |entries: Vec<&JournalEntry>| entries.into_iter().map(|e| (e.step.clone(), e.status)).collect::<Vec<_>>();
        assert_eq!(of(state.open_steps()), [("4".to_owned(), Intended), ("2".to_owned(), Left)]);
        assert_eq!(state.failed_steps().len(), 1);

        state.start_journal();
        let kept: Vec<_> = state.journal.iter().map(|e| (e.step.as_str(), e.status)).collect();
        assert_eq!(kept, [("2", Intended), ("4", Intended), ("2", Running), ("2", Left)]);
        assert_eq!(replay(&state.journal), Ok(()));
        state.note(entry("1", Intended)).expect("a step of a new run may have the id of one that ended");
    }

    #[test]
    fn what_is_done_is_not_begun_again_within_a_run() {
        use JournalStatus::{Done, Intended, Running};
        let mut state = journal(&[("1", Intended), ("1", Done)]);
        let before = state.clone();
        assert!(matches!(state.note(entry("1", Running)), Err(StateError::Journal { .. })));
        assert_eq!(state, before);
        state.journal.push(entry("1", Intended));
        assert_eq!(replay(&state.journal), Err((2, IllegalStatus { from: Some(Done), to: Intended })));
    }
}
