//! A plan is data: ordered steps with ids, edges, reasons and what each disturbs. Apply carries it out and decides nothing.

mod attach;
mod build;
mod delete;
mod digest;
mod disruption;
mod drift;
mod expectation;
mod file;
mod file_check;
mod file_value;
mod file_wire;
mod given;
mod grants;
mod hops;
mod identity;
mod implied;
mod left;
mod let_go;
mod moved;
mod offers;
mod offline;
mod order;
mod orphans;
mod range;
mod reads;
mod rebuild;
mod replacements;
mod resolve;
mod resource;
mod rotate;
mod see;
mod step;
mod summary;
mod upgrade;
mod version;

pub use attach::{Expansion, expand};
pub use build::{Inputs, build};
pub use digest::{said, same_value};
pub use disruption::disruption;
pub use drift::{Drift, drift, drift_reads};
pub use expectation::Expectation;
pub use file::{PlanFile, PlanFileError, PlanHead};
pub use file_check::{Staleness, protected_since, reads_of_plan, stale};
pub use grants::grant_id;
pub use offline::from_nothing;
use reads::reads_of_record;
pub use reads::{Reads, reads};
pub use rebuild::{Rebuilt, rebuild, rebuild_reads};
pub use resolve::{Known, resolve};
pub use step::{
    Action, Alteration, Disruption, DriftItem, Hold, InlineChild, InlineEdit, Plan, Record, Step, UnmanagedItem,
    Unread, Work,
};
pub use summary::Summary;
