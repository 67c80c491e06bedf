//! Where the sandbox's time comes from. Nothing here waits.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// A source of time for the sandbox's world.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}

/// Wall-clock time: the one place of the sandbox that reads it. For a world that outlives the process.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "a world on disk goes on while no process runs, so it needs wall time"
    )]
    fn now_ms(&self) -> i64 {
        std::time::SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A fixed start plus tokio's time, so that a test that pauses tokio's time pauses the world as well.
#[derive(Debug)]
pub struct TokioClock {
    base_ms: i64,
    start: tokio::time::Instant,
}

impl TokioClock {
    /// Starts at `base_ms` (milliseconds since the Unix epoch).
    pub fn starting_at(base_ms: i64) -> Self {
        Self { base_ms, start: tokio::time::Instant::now() }
    }
}

impl Default for TokioClock {
    /// Starts at 2026-11-22T00:00:00Z.
    fn default() -> Self {
        Self::starting_at(START_MS)
    }
}

impl Clock for TokioClock {
    fn now_ms(&self) -> i64 {
        self.base_ms + i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX / 2)
    }
}

/// A clock that moves when it is told to.
#[derive(Debug)]
pub struct SteppedClock(AtomicI64);

impl SteppedClock {
    /// Moves on by `by`.
    pub fn step(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX / 2), Ordering::SeqCst);
    }
}

impl Default for SteppedClock {
    /// Starts at 2026-11-22T00:00:00Z.
    fn default() -> Self {
        Self(AtomicI64::new(START_MS))
    }
}

impl Clock for SteppedClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// 2026-11-22T00:00:00Z, a day on which the recorded defaults held.
const START_MS: i64 = 1_795_305_600_000;
