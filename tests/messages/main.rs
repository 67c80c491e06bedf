//! What a person sees on the terminal when a step fails, for each recorded refusal of Azure: the whole text, made by a run against the
//! sandbox that is answered so.

#![expect(clippy::unwrap_used, reason = "a test fails when it cannot")]

mod recorded;
#[path = "../engine/scene.rs"]
#[expect(dead_code, reason = "the tests of the engine play more on it")]
mod scene;
mod told;
