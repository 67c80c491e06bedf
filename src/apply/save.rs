//! Writes the state for all who wait for it: what is noted while one write is under way shares the next one.
//!
//! A run of many steps notes far more often than a disk or a container takes a whole state. Nobody goes on before what he
//! noted is stored, and a write that has begun is awaited to its end, whatever becomes of the step that asked for it.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, Notify};

use super::StepFailure;
use crate::state::{State, StateError, Store};

/// Owns the state during a run.
pub(super) struct Saver<'a> {
    noted: Mutex<Noted<'a>>,
    store: &'a dyn Store,
    wake: Notify,
    written: std::sync::Mutex<Written>,
    /// Wakes those who wait for a write in the order in which they came, so that a run with the same answers is the same run.
    ended: Notify,
}

struct Noted<'a> {
    state: &'a mut State,
    /// How many changes were made to it.
    changes: u64,
}

/// How many changes the store has, and with how many a write failed last.
#[derive(Debug, Default)]
struct Written {
    stored: u64,
    refused: Option<(u64, Arc<StateError>)>,
}

impl Written {
    /// How the write ended that these changes were in; `None` while it has not.
    fn outcome(&self, changes: u64) -> Option<Result<(), Arc<StateError>>> {
        match &self.refused {
            _ if self.stored >= changes => Some(Ok(())),
            Some((tried, error)) if *tried >= changes => Some(Err(Arc::clone(error))),
            _ => None,
        }
    }
}

impl<'a> Saver<'a> {
    pub(super) fn new(state: &'a mut State, store: &'a dyn Store) -> Self {
        let noted = Mutex::new(Noted { state, changes: 0 });
        Self { noted, store, wake: Notify::new(), written: std::sync::Mutex::default(), ended: Notify::new() }
    }

    /// What the state says by now, stored or not.
    pub(super) async fn look<T>(&self, at: impl FnOnce(&State) -> T) -> T {
        at(self.noted.lock().await.state)
    }

    /// Changes the state and returns when that is stored. A change that fails must leave the state as it was.
    pub(super) async fn change(
        &self,
        change: impl FnOnce(&mut State) -> Result<(), StateError>,
    ) -> Result<(), StepFailure> {
        let mine = {
            let mut noted = self.noted.lock().await;
            change(noted.state)?;
            noted.changes += 1;
            noted.changes
        };
        self.wake.notify_one();
        self.outcome(mine).await.map_err(StepFailure::State)
    }

    /// Returns when no write is under way or due.
    pub(super) async fn settled(&self) {
        let all = self.noted.lock().await.changes;
        // What a write failed with was told to those who waited for it.
        let _ = self.outcome(all).await;
    }

    /// Writes what is noted, for as long as it is polled.
    pub(super) async fn keep_writing(&self) -> Infallible {
        let mut tried = 0;
        loop {
            self.wake.notified().await;
            let (mut copy, changes) = {
                let noted = self.noted.lock().await;
                // The wake was for a change that the write before this one had already.
                if noted.changes == tried {
                    continue;
                }
                (noted.state.clone(), noted.changes)
            };
            tried = changes;
            match self.store.save(&mut copy).await {
                Ok(()) => {
                    self.noted.lock().await.state.serial = copy.serial;
                    self.written().stored = changes;
                }
                Err(error) => self.written().refused = Some((changes, Arc::new(error))),
            }
            self.ended.notify_waiters();
        }
    }

    async fn outcome(&self, changes: u64) -> Result<(), Arc<StateError>> {
        loop {
            let mut ended = pin!(self.ended.notified());
            // In line before the look, so that no end is missed.
            ended.as_mut().enable();
            let outcome = self.written().outcome(changes);
            match outcome {
                Some(outcome) => return outcome,
                None => ended.await,
            }
        }
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        // Every change behind it is one assignment: no panic can leave it half written.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use futures::future::join_all;

    use super::*;
    use crate::model::HashKey;
    use crate::names::Address;
    use crate::state::{Guard, Held, Holder, JournalEntry, JournalStatus, Kept, MemoryStore, Version};

    /// A store that takes a second for each write, and refuses some.
    struct Slow {
        store: MemoryStore,
        writes: AtomicUsize,
        refuses: Option<usize>,
    }

    #[async_trait]
    impl Store for Slow {
        async fn load(&self) -> Result<Option<State>, StateError> {
            self.store.load().await
        }
        async fn document(&self) -> Result<Option<Vec<u8>>, StateError> {
            self.store.document().await
        }
        async fn replace(&self, state: &mut State, over: Option<&Version>) -> Result<(), StateError> {
            let write = self.writes.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if Some(write) == self.refuses {
                return Err(StateError::Access { act: "write", what: "it".to_owned(), source: "full".into() });
            }
            self.store.replace(state, over).await
        }
        async fn lock(&self, holder: &Holder, wait: Duration) -> Result<Box<dyn Guard>, StateError> {
            self.store.lock(holder, wait).await
        }
        async fn held(&self) -> Result<Option<Held>, StateError> {
            self.store.held().await
        }
        async fn unlock(&self) -> Result<(), StateError> {
            self.store.unlock().await
        }
        async fn remove(&self) -> Result<(), StateError> {
            self.store.remove().await
        }
        async fn history(&self) -> Result<Vec<Kept>, StateError> {
            self.store.history().await
        }
        async fn kept(&self, version: &Version) -> Result<Option<Vec<u8>>, StateError> {
            self.store.kept(version).await
        }
        fn describe(&self) -> String {
            self.store.describe()
        }
    }

    fn slow(refuses: Option<usize>) -> (State, Slow) {
        let environment: crate::names::EnvName = "prod".parse().unwrap();
        let lineage = "b6a2a9a5-52a5-4f8c-9c9f-0b4a5b8f9a10".parse().unwrap();
        let state = State::new(environment.clone(), lineage, HashKey(vec![1; 32]));
        (state, Slow { store: MemoryStore::new(environment), writes: AtomicUsize::new(0), refuses })
    }

    fn intent(step: usize) -> JournalEntry {
        JournalEntry {
            step: step.to_string(),
            address: Address::top("clusters", "c"),
            action: "create".to_owned(),
            id: None,
            status: JournalStatus::Intended,
            operation: None,
            digest: None,
            at: "2026-11-22T10:00:00Z".to_owned(),
            failure: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_during_a_write_shares_the_next() {
        let (mut state, store) = slow(None);
        let saver = Saver::new(&mut state, &store);
        let notes = join_all((0..100).map(async |step| {
            tokio::time::sleep(Duration::from_millis(10) * u32::try_from(step).unwrap()).await;
            saver.change(|state| state.note(intent(step))).await.unwrap();
            let stored = store.load().await.unwrap().unwrap();
            assert!(stored.last_of(&step.to_string(), &Address::top("clusters", "c")).is_some(), "{step} is stored");
        }));
        tokio::select! { biased; _ = notes => (), never = saver.keep_writing() => match never {} }
        assert_eq!(store.writes.load(Ordering::Relaxed), 2, "the first alone, and all that came meanwhile");
        assert_eq!(state, store.load().await.unwrap().unwrap(), "its serial too");
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_fails_is_told_to_all_who_wait_for_it_and_to_nobody_else() {
        let (mut state, store) = slow(Some(1));
        let saver = Saver::new(&mut state, &store);
        let notes = join_all([0, 500, 600, 1500].map(async |at| {
            tokio::time::sleep(Duration::from_millis(at)).await;
            saver.change(|state| state.note(intent(usize::try_from(at).unwrap()))).await.is_ok()
        }));
        let ended = tokio::select! { biased; ended = notes => ended, never = saver.keep_writing() => match never {} };
        assert_eq!(ended, [true, false, false, true]);
        assert_eq!(store.load().await.unwrap().unwrap().journal.len(), 4, "the last write has them all");
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_outlives_the_step_that_asked_for_it() {
        let (mut state, store) = slow(None);
        let saver = Saver::new(&mut state, &store);
        let run = async {
            let left = saver.change(|state| state.note(intent(1)));
            assert!(tokio::time::timeout(Duration::from_millis(500), left).await.is_err(), "it was walked away from");
            saver.settled().await;
        };
        tokio::select! { biased; () = run => (), never = saver.keep_writing() => match never {} }
        assert_eq!(state, store.load().await.unwrap().unwrap());
    }
}
