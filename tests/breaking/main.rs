//! Runs that are broken off, and the run after them.

#![expect(clippy::unwrap_used, reason = "a test fails when what it says does not hold")]

mod breaker;
mod cut;
mod ending;
mod process;
#[expect(dead_code, reason = "a process of its own plans here, not the scene")]
mod scenarios;
#[expect(dead_code, reason = "this target needs less of the scene than others")]
#[path = "../engine/scene.rs"]
mod scene;
