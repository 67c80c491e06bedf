//! Laws that hold for any environment: what was applied plans empty, what was changed plans empty once it is applied, what
//! was destroyed is gone, and no plan depends on the order in which a file says things. The environments are drawn from the
//! type tables by a seeded generator; a case that fails prints its files and the seed that made them.
//!
//! `cargo test --test random -- --nocapture` prints how many were drawn.

#![expect(clippy::disallowed_macros, reason = "a test says what it counted")]

#[expect(dead_code, reason = "this target needs less of the engine than others")]
#[path = "../second_opinion/engine.rs"]
mod engine;
#[expect(dead_code, reason = "this target draws values, and counts none")]
#[path = "../surface/generate.rs"]
mod generate;
#[path = "../surface/variants.rs"]
mod variants;

mod draw;
mod laws;
mod parts;
