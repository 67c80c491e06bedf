//! One file per command: it fills in what the rooms need, calls them in order and picks the exit code.

pub(super) mod apply;
pub(super) mod cancel;
pub(super) mod completions;
pub(super) mod drift;
pub(super) mod explain;
pub(super) mod graph;
pub(super) mod init;
pub(super) mod man;
pub(super) mod plan;
pub(super) mod sandbox;
pub(super) mod saved;
pub(super) mod schema;
pub(super) mod show;
pub(super) mod state;
mod state_edit;
mod state_history;
mod state_lock;
mod state_move;
mod state_rebuild;
pub(super) mod validate;
