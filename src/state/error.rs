//! How keeping a state goes wrong. Never carries what a state holds, only where and why.

use super::{Holder, IllegalStatus};
use crate::document::Path;
use crate::names::{Address, EnvName, Lineage, Serial};

/// Why a state could not be read, written, locked or removed. `what` is the state as a person knows it, as
/// [`Store::describe`](super::Store::describe) says it: `state/prod.json`.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The disk or the service said no.
    #[error("cannot {act} {what}")]
    Access {
        /// What was tried, as a verb: `read`.
        act: &'static str,
        /// The state, or the file beside it.
        what: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is no JSON, or not the JSON of a state.
    #[error("{what} cannot be read as a state: line {line}, column {column}{}", backup_hint(.backup.as_deref()))]
    Damaged {
        /// The state.
        what: String,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// Where an earlier version lies, if there is one.
        backup: Option<String>,
        /// What the JSON reader says.
        #[source]
        source: serde_json::Error,
    },
    /// The JSON has the right shape, but one of its values cannot be.
    #[error("{what} holds something wrong at {place}{}", backup_hint(.backup.as_deref()))]
    Invalid {
        /// The state.
        what: String,
        /// Where in it: `resources.clusters.prod.id`.
        place: String,
        /// Where an earlier version lies, if there is one.
        backup: Option<String>,
        /// What is wrong with the value.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It was written by a landfall that this one is too old for.
    #[error(
        "{what} has format {found}, written by {writer}; this landfall reads up to format {newest}: upgrade landfall"
    )]
    Format {
        /// The state.
        what: String,
        /// The format it has.
        found: u64,
        /// The newest format this landfall reads.
        newest: u64,
        /// Which landfall wrote it, as far as it says: `landfall 2.1.0`.
        writer: String,
    },
    /// It is the state of another environment.
    #[error("{what} is the state of environment {found}, not of {expected}")]
    OtherEnvironment {
        /// The state.
        what: String,
        /// Whose it should be.
        expected: EnvName,
        /// Whose it is.
        found: String,
    },
    /// A record held a value that must not be written down.
    #[error("BUG: the record of {address} holds {kind} at `{path}`; nothing was written")]
    Unwritable {
        /// Whose record.
        address: Address,
        /// Where in it, below `applied`, `defaulted` or `seen`.
        path: Path,
        /// `a secret` or `an unresolved reference`.
        kind: &'static str,
    },
    /// A journal entry that cannot follow what stands before it.
    #[error("BUG: the journal of step {step} ({address}) is out of order; nothing was written")]
    Journal {
        /// The step.
        step: String,
        /// Of what.
        address: Address,
        /// Which status cannot follow which.
        #[source]
        source: IllegalStatus,
    },
    /// Someone else wrote since it was loaded.
    #[error("{what} was changed by someone else: {} was expected, {} is there; nothing was written", version(.loaded.as_deref()), version(.stored.as_deref()))]
    Moved {
        /// The state.
        what: String,
        /// What was loaded; `None` if there was nothing.
        loaded: Option<Box<(Lineage, Serial)>>,
        /// What is there; `None` if there is nothing any more.
        stored: Option<Box<(Lineage, Serial)>>,
    },
    /// The lock was held, and is not any more: someone took it away, or it ran out while this machine slept.
    #[error("{what} is not locked by this run any more{}; nothing was written", .holder.as_ref().map_or_else(String::new, |h| format!(", but by {h}")))]
    LockLost {
        /// The state.
        what: String,
        /// Who holds it now, if anybody.
        holder: Option<Box<Holder>>,
    },
    /// The lock cannot be taken from its holder.
    #[error("the lock of {what} cannot be taken from the process that holds it; it ends with that process")]
    Unbreakable {
        /// The state.
        what: String,
    },
    /// Someone else holds the lock.
    #[error("{what} is locked by {}", .holder.as_ref().map_or_else(|| "another landfall".to_owned(), |h| h.to_string()))]
    Locked {
        /// The state.
        what: String,
        /// Who holds it; `None` in the moment before a holder has signed, and where a locked file cannot be read.
        holder: Option<Box<Holder>>,
    },
}

fn backup_hint(backup: Option<&str>) -> String {
    backup.map_or_else(String::new, |at| format!("; {at} holds an earlier version"))
}

fn version(of: Option<&(Lineage, Serial)>) -> String {
    of.map_or_else(|| "no state".to_owned(), |it| format!("serial {} of lineage {}", it.1, it.0))
}
