//! Problems with where they stand, as data, and their one rendering.

mod problem;
mod render;
mod wrap;

pub use problem::{Diagnostic, Diagnostics, Severity, Span};
pub use wrap::wrapped;
