//! Problems with where they stand, as data, and their one rendering.

mod problem;
mod render;

pub use problem::{Diagnostic, Diagnostics, Severity, Span};
