//! landfall against a sandbox that throttles as ARM, AKS and the Authorization provider do, in paused time: how long a run takes
//! beside the shortest time that Azure's own allowances and operations leave.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a test fails when what it says does not hold, and tells its numbers on standard output"
)]

mod allowed;
mod fifty;
mod kept;
#[path = "../engine/scene.rs"]
#[expect(dead_code, reason = "the scene is shared, and this stage needs little of it")]
mod scene;
