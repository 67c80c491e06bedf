//! Carries a plan out. It decides nothing: what a step sends, waits for and records stands in the plan.
//!
//! Before each request its intent is in the state, after it the outcome; nothing that waits for a step starts before the
//! step's outcome is saved.

mod abort;
mod failure;
mod holds;
mod overlay;
mod prepare;
mod record;
mod recover;
mod run;
mod save;
mod step;

pub use abort::{Aborted, AtWork, at_work};
pub use failure::StepFailure;
pub use record::remembered;
pub use recover::{Recovery, ours, recover, replaced};
pub use run::{Options, Stop, run};
