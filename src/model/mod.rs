//! The three worlds that are compared, as three types: what the file wants, what was last applied, what Azure reports.

mod desired;
mod live;
mod recorded;

pub use desired::{Attachment, Cloud, Desired, Grant, Source, StateLocation, Target, Wanted};
pub use live::{Live, Observed, Seen};
pub use recorded::{Entry, HashKey, Made, Recorded};
