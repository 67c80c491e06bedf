//! What the schema cannot say: one rule a file, collected in one table.

mod autoscaler;
mod control_identity;
mod duplicate_id;
mod kubelet_identity;
mod networks;
mod node_labels;
mod node_resource_group;
mod one_schedule;
mod os_sku;
mod premium;
mod system_pool;
mod system_pool_kind;
mod table;
mod tags;
mod windows_pool_name;

pub(super) use table::check;
pub use table::{RULES, Rule};
