//! The gate in front of a subscription: so many requests at once, a pause for all when Azure asks one to wait, a slower pace
//! when little is left, and readings of operations that grow rarer the more of them run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::settings::Patience;

/// Below so many remaining requests the pace slows. ARM's buckets hold 200 and refill by ten a second.
const LOW: u64 = 20;
/// The time between two requests when little is left: below the slowest refill of ARM's buckets.
const SLOW: Duration = Duration::from_millis(200);
/// AKS allows two operation reads a second in a subscription; a sixth is left to others.
const PER_OPERATION: Duration = Duration::from_millis(600);
/// The share of its own age that an operation is left alone.
const SHARE: f64 = 0.04;

/// One subscription's gate.
#[derive(Debug)]
pub(super) struct Gate {
    slots: Semaphore,
    pace: Mutex<Pace>,
    running: AtomicUsize,
}

#[derive(Debug)]
struct Pace {
    closed_until: Instant,
    spacing: Duration,
    next: Instant,
}

/// An operation that is being followed.
pub(super) struct Running(Arc<Gate>);

impl Gate {
    pub(super) fn new(parallelism: usize) -> Self {
        let now = Instant::now();
        Self {
            slots: Semaphore::new(parallelism.max(1)),
            pace: Mutex::new(Pace { closed_until: now, spacing: Duration::ZERO, next: now }),
            running: AtomicUsize::new(0),
        }
    }

    /// Waits for a slot, for the end of a pause, and for the pace. The permit is held while the request is in flight.
    pub(super) async fn enter(&self) -> SemaphorePermit<'_> {
        let permit = self.slots.acquire().await.expect("BUG: the gate's semaphore is never closed");
        loop {
            let at = {
                let mut pace = self.pace();
                let now = Instant::now();
                if pace.closed_until > now {
                    pace.closed_until
                } else if pace.spacing.is_zero() || pace.next <= now {
                    pace.next = now + pace.spacing;
                    return permit;
                } else {
                    pace.next
                }
            };
            sleep_until(at).await;
        }
    }

    /// Lets nobody through for so long.
    pub(super) fn pause(&self, long: Duration) {
        let mut pace = self.pace();
        pace.closed_until = pace.closed_until.max(Instant::now() + long);
    }

    /// Learns how many requests an answer says are left.
    pub(super) fn remaining(&self, left: Option<u64>) {
        if let Some(left) = left {
            self.pace().spacing = if left < LOW { SLOW } else { Duration::ZERO };
        }
    }

    /// Counts an operation as followed until the guard is dropped.
    pub(super) fn follow(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self.clone())
    }

    /// How long to leave an operation of this age alone.
    pub(super) fn interval(&self, age: Duration, asked: Option<Duration>, patience: &Patience) -> Duration {
        interval(self.running.load(Ordering::Relaxed), age, asked, patience)
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        // The pace is a few plain values: no panic can leave it half written.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

fn interval(running: usize, age: Duration, asked: Option<Duration>, patience: &Patience) -> Duration {
    let own = match asked {
        Some(asked) if !asked.is_zero() => asked,
        _ => age.mul_f64(SHARE).min(patience.longest_poll),
    };
    let fair = PER_OPERATION.saturating_mul(u32::try_from(running).unwrap_or(u32::MAX));
    own.max(patience.shortest_poll).max(fair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_read_rarely() {
        let ms = |running, age, asked: Option<u64>| {
            let asked = asked.map(Duration::from_secs);
            interval(running, Duration::from_secs(age), asked, &Patience::default()).as_millis()
        };
        assert_eq!(ms(1, 0, None), 1000);
        assert_eq!(ms(1, 100, None), 4000);
        assert_eq!(ms(1, 4000, None), 15000);
        assert_eq!(ms(10, 100, None), 6000);
        assert_eq!(ms(100, 4000, None), 60000);
        assert_eq!(ms(1, 100, Some(15)), 15000);
        assert_eq!(ms(1, 100, Some(0)), 4000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everyone_and_a_low_bucket_slows() {
        let gate = Gate::new(4);
        let start = Instant::now();
        gate.pause(Duration::from_secs(30));
        let _both = tokio::join!(gate.enter(), gate.enter());
        assert_eq!(start.elapsed().as_secs(), 30);
        gate.remaining(Some(3));
        let start = Instant::now();
        for _ in 0..6 {
            drop(gate.enter().await);
        }
        assert!((900..1100).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
        gate.remaining(Some(100));
        let start = Instant::now();
        for _ in 0..6 {
            drop(gate.enter().await);
        }
        assert!(start.elapsed().as_millis() < 250);
    }
}
