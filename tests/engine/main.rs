//! The engine from file to Azure, in process: environment, reads, plan, apply, against the sandbox in paused time.

#![expect(clippy::unwrap_used, reason = "a test fails when what it says does not hold")]

mod adopt;
mod attach;
mod cancel;
mod deletions;
mod faults;
mod lost;
mod many;
mod marked;
mod overhead;
mod pools;
mod safety;
mod scene;
mod updates;
