//! All reads of a plan, at once; of many of a kind, with one listing. One failed read marks one resource unreadable; the rest goes on.

mod listed;
mod read;
mod together;

pub use read::{Statistics, Wants, listing, observe, observed, resource, says_absent, tagged};
