//! Runs that are broken off, and the run after them.
//!
//! `cargo test --test breaking -- --nocapture` prints how many moments there are.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test says what it counted, writes its own files, and fails when what it says does not hold"
)]

mod breaker;
mod cut;
mod ending;
mod killed;
mod process;
#[expect(dead_code, reason = "a process of its own plans here, not the scene")]
mod scenarios;
#[expect(dead_code, reason = "this target needs less of the scene than others")]
#[path = "../engine/scene.rs"]
mod scene;
#[expect(dead_code, reason = "this target needs less of the server than others")]
#[path = "../cli/served.rs"]
mod served;
#[expect(dead_code, reason = "this target needs less of a project than others")]
#[path = "../cli/test_env.rs"]
mod test_env;
