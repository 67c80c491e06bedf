//! What the schema cannot say: one rule a file, collected in one table.

mod autoscaler;
mod duplicate_id;
mod kubelet_identity;
mod premium;
mod system_pool;
mod table;
mod windows_pool_name;

pub(super) use table::check;
pub use table::{RULES, Rule};
