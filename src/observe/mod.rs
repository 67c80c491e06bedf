//! All reads of a plan, at once. One failed read marks one resource unreadable; the rest goes on.

mod read;

pub use read::{Statistics, Wants, listing, observe, observed, resource, says_absent, tagged};
