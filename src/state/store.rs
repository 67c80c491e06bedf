//! What every store promises. `tests/state_conformance.rs` holds each of them to it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::{Kept, State, StateError};
use crate::names::{EnvName, Lineage, Serial};

/// Keeps the state of one environment.
#[async_trait]
pub trait Store: Send + Sync {
    /// The state as last saved; `None` if there is none.
    ///
    /// # Errors
    /// What cannot be read, or is not a state of this environment, is an error and never `None`.
    async fn load(&self) -> Result<Option<State>, StateError>;

    /// What is stored, to the byte, whether it can be read as a state or not; `None` if there is nothing.
    ///
    /// # Errors
    /// What the disk or the service says.
    async fn document(&self) -> Result<Option<Vec<u8>>, StateError>;

    /// Writes `state` in one piece and moves its serial on by one. A failed save leaves both as they were.
    ///
    /// To be awaited to its end: a save that is dropped may have been written, with a serial that `state` does not know.
    ///
    /// # Errors
    /// [`StateError::Moved`] unless what is stored has the lineage and serial of `state` (nothing is stored, for serial 0),
    /// whoever holds the lock; [`StateError::Unwritable`] and [`StateError::Journal`] for what must not be written;
    /// [`StateError::LockLost`] where the lock was held and is not any more.
    async fn save(&self, state: &mut State) -> Result<(), StateError> {
        let over = state.version();
        self.replace(state, over.as_ref()).await
    }

    /// [`save`](Self::save), over a version that `state` was not loaded from: `over` is what must be stored, `None` for
    /// nothing. For states that come from elsewhere.
    ///
    /// # Errors
    /// As [`save`](Self::save), with [`StateError::Moved`] unless `over` is what is stored.
    async fn replace(&self, state: &mut State, over: Option<&Version>) -> Result<(), StateError>;

    /// Takes the lock in the name of `holder`, waiting for it up to `wait`. It is held until the guard is released or
    /// dropped, or the process ends in whatever way.
    ///
    /// # Errors
    /// [`StateError::Locked`] with the one who holds it.
    async fn lock(&self, holder: &Holder, wait: Duration) -> Result<Box<dyn Guard>, StateError>;

    /// Who holds the lock; `None` if nobody does.
    ///
    /// # Errors
    /// What the disk or the service says.
    async fn held(&self) -> Result<Option<Held>, StateError>;

    /// Takes the lock from whoever holds it: what they write from now on is refused. For a holder that is known to be gone.
    ///
    /// # Errors
    /// [`StateError::Unbreakable`] where a lock ends with its process and cannot be taken away.
    async fn unlock(&self) -> Result<(), StateError>;

    /// The earlier versions that are kept, newest first: what each command found that changed something, the last
    /// [`KEPT`](super::KEPT) of them. They outlive the state.
    ///
    /// # Errors
    /// What the disk or the service says.
    async fn history(&self) -> Result<Vec<Kept>, StateError>;

    /// An earlier version, to the byte; `None` if it is not kept.
    ///
    /// # Errors
    /// What the disk or the service says.
    async fn kept(&self, version: &Version) -> Result<Option<Vec<u8>>, StateError>;

    /// Takes the state away, after a destroy that left nothing to remember. The version from before this command is kept as
    /// at any other write. To be called with the lock held; nothing there is no error.
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

/// A lock that someone holds, as it looks from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who; `None` in the moment before a holder has signed.
    pub holder: Option<Holder>,
    /// The lease, where the store locks by leases and its holder has signed.
    pub lease: Option<String>,
    /// Whether [`Store::unlock`] can take it away.
    pub breakable: bool,
}

/// Which state, and how often it was written by then.
pub type Version = (Lineage, Serial);

/// Refuses to put a state where something else stands than `over`: `stored` is what does.
pub(super) fn expect_unmoved(what: &str, stored: Option<Version>, over: Option<&Version>) -> Result<(), StateError> {
    if over == stored.as_ref() {
        return Ok(());
    }
    let loaded = over.cloned().map(Box::new);
    Err(StateError::Moved { what: what.to_owned(), loaded, stored: stored.map(Box::new) })
}

/// Refuses to write the state of one environment as that of another.
pub(super) fn expect_environment(what: &str, environment: &EnvName, state: &State) -> Result<(), StateError> {
    if state.environment != *environment {
        return Err(StateError::OtherEnvironment {
            what: what.to_owned(),
            expected: environment.clone(),
            found: state.environment.to_string(),
        });
    }
    Ok(())
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (`{}`, process {}, since {})", self.who, self.command, self.pid, self.since)
    }
}
