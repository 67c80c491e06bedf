//! What happened, as data: the only channel from the engine to what a person sees.

mod happening;
mod outcome;

pub use happening::{Event, Outcome};
pub use outcome::{Report, StepOutcome, Trouble};
