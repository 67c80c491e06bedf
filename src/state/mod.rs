//! What landfall remembers of an environment, and the stores that keep it: lineage, serial, record, journal.
//!
//! Knows nothing of ARM, plans or applies: ids, documents and step names pass through. It never holds a secret, never
//! reads the clock or the environment, and never decides what a journal left open means.

mod blob;
mod edit;
mod error;
mod file;
mod format;
mod history;
mod holder;
mod journal;
mod local;
mod memory;
mod record;
mod shelf;
mod store;
mod weight;

pub use blob::{BlobSettings, BlobStore, BlobTrouble};
pub use error::StateError;
pub use file::{write_atomically, write_atomically_private};
pub use format::read_state;
pub use history::{KEPT, Kept};
pub use journal::{Failure, IllegalStatus, JournalEntry, JournalStatus, RecordedOperation, next_status};
pub use local::LocalStore;
pub use memory::MemoryStore;
pub use record::State;
pub use store::{Guard, Held, Holder, Store, Version};
pub use weight::{LARGE, TOO_LARGE, Weight, weigh};
