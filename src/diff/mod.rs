//! Three worlds compared, property by property. Pure: it reads tables and documents and decides nothing about order.

mod compare;
mod equal;
mod leaves;
mod neighbours;
mod verdict;

pub use compare::{Comparison, Difference, Moved, Reason, compare, compare_child, moved_unmanaged};
pub use equal::equal;
pub use leaves::{leaves, look_up};
pub use neighbours::{Around, initial_only, settled};
pub use verdict::{Sides, Verdict, decide};
