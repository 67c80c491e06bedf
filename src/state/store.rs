//! What every store promises. `tests/state_conformance.rs` holds each of them to it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{State, StateError};
use crate::names::{EnvName, Serial};

/// Keeps the state of one environment.
#[async_trait]
pub trait Store: Send + Sync {
    /// The state as last saved; `None` if there is none.
    ///
    /// # Errors
    /// What cannot be read, or is not a state of this environment, is an error and never `None`.
    async fn load(&self) -> Result<Option<State>, StateError>;

    /// Writes `state` in one piece and moves its serial on by one. A failed save leaves both as they were.
    ///
    /// To be awaited to its end: a save that is dropped may have been written, with a serial that `state` does not know.
    ///
    /// # Errors
    /// [`StateError::Moved`] unless what is stored has the lineage and serial of `state` (nothing is stored, for serial 0),
    /// whoever holds the lock; [`StateError::Unwritable`] and [`StateError::Journal`] for what must not be written.
    async fn save(&self, state: &mut State) -> Result<(), StateError>;

    /// Takes the lock in the name of `holder`, waiting for it up to `wait`. It is held until the guard is released or
    /// dropped, or the process ends in whatever way.
    ///
    /// # Errors
    /// [`StateError::Locked`] with the one who holds it.
    async fn lock(&self, holder: &Holder, wait: Duration) -> Result<Box<dyn Guard>, StateError>;

    /// Takes the state away, after a destroy that left nothing to remember. The version from before this command stays
    /// beside it as a backup where the store keeps one. To be called with the lock held; nothing there is no error.
    ///
    /// # Errors
    /// What cannot be taken away.
    async fn remove(&self) -> Result<(), StateError>;

    /// Where the state is, as a person knows it: `state/prod.json`.
    fn describe(&self) -> String;
}

/// A lock that is held. Dropping it gives it back as well as can be done without waiting.
#[async_trait]
pub trait Guard: Send + Sync {
    /// Gives the lock back.
    ///
    /// # Errors
    /// What the store says. The lock ends by itself then.
    async fn release(self: Box<Self>) -> Result<(), StateError>;
}

/// Who holds a lock, for the one who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// `user@host`.
    pub who: String,
    /// The process, on that host.
    pub pid: u32,
    /// What it does: `landfall apply prod`.
    pub command: String,
    /// Since when, as RFC 3339 in UTC.
    pub since: String,
}

/// Refuses to put `state` where something else stands than it was loaded from.
pub(super) fn expect_unmoved(
    what: &str,
    environment: &EnvName,
    stored: Option<&State>,
    state: &State,
) -> Result<(), StateError> {
    if state.environment != *environment {
        return Err(StateError::OtherEnvironment {
            what: what.to_owned(),
            expected: environment.clone(),
            found: state.environment.to_string(),
        });
    }
    let version = |state: &State| Box::new((state.lineage.clone(), state.serial));
    let loaded = (state.serial != Serial::default()).then(|| version(state));
    let stored = stored.map(version);
    if loaded == stored { Ok(()) } else { Err(StateError::Moved { what: what.to_owned(), loaded, stored }) }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (`{}`, process {}, since {})", self.who, self.command, self.pid, self.since)
    }
}
