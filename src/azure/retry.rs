//! Whether to try again, and when. The only owner of retries: those of the SDK are off. Pure.

use std::time::Duration;

use super::kind::Kind;
use super::settings::Patience;

/// An answer that is not ARM's is asked for again so often.
const GARBLED: u32 = 3;

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What the failure means.
    pub kind: Kind,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// Whether the request changes something: only a writer waits for other operations and for grants to spread.
    pub write: bool,
    /// Whether the request may have reached the server.
    pub sent: bool,
    /// Whether this server has ever answered.
    pub met: bool,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The failure stands.
    Stop,
    /// Try again after so long.
    After(Duration),
}

/// Decides what follows a failed try. `attempt` counts the tries that failed for this kind of trouble, from 1; `elapsed` is the
/// time since its first sign; `chance` lies between 0 and 1 and spreads the waits of many clients.
///
/// ```
/// use landfall::azure::{Kind, Next, Outcome, Patience, next};
/// let refused = Outcome { kind: Kind::Denied, retry_after: None, write: false, sent: true, met: true };
/// assert_eq!(next(1, Default::default(), &refused, true, &Patience::default(), 0.5), Next::Stop);
/// ```
pub fn next(
    attempt: u32,
    elapsed: Duration,
    outcome: &Outcome,
    idempotent: bool,
    patience: &Patience,
    chance: f64,
) -> Next {
    let (budget, backoff) = match outcome.kind {
        // A request that was refused for its number was not carried out, whatever its method.
        Kind::Throttled => (patience.throttled, growing(2.0, 2.0, 60.0, attempt)),
        Kind::Transient if idempotent || !outcome.sent => {
            let budget = if outcome.met || outcome.sent { patience.transient } else { patience.first_contact };
            (budget, growing(0.8, 2.0, 30.0, attempt))
        }
        Kind::Busy if outcome.write => (patience.busy, growing(3.0, 1.5, 30.0, attempt)),
        // So slowly that 17 tries fit into two minutes, about the time grants take and below AKS's 20 PUTs of a cluster in a row,
        // and the last wait is a small part of the whole.
        Kind::Propagating if outcome.write => (patience.propagation, growing(5.0, 1.04, 30.0, attempt)),
        // A page of a proxy, a body that was cut off: what goes on like that is meant.
        Kind::Protocol if idempotent && outcome.sent && attempt <= GARBLED => {
            (patience.transient, growing(0.8, 2.0, 30.0, attempt))
        }
        // The cached token is dropped; a second refusal is meant.
        Kind::Unauthenticated if attempt == 1 && outcome.sent => return Next::After(Duration::ZERO),
        _ => return Next::Stop,
    };
    let jitter = backoff.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0));
    let wait = match outcome.retry_after {
        Some(asked) if !asked.is_zero() => asked,
        _ => jitter,
    };
    if elapsed + wait > budget { Next::Stop } else { Next::After(wait) }
}

fn growing(first: f64, factor: f64, most: f64, attempt: u32) -> Duration {
    let exponent = i32::try_from(attempt.saturating_sub(1).min(32)).unwrap_or(32);
    Duration::from_secs_f64((first * factor.powi(exponent)).min(most))
}

/// A small stream of numbers between 0 and 1 (xorshift64*), seeded by whoever owns it.
#[derive(Debug, Clone)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        // 53 bits are what an f64 holds exactly.
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(s: f64) -> Next {
        Next::After(Duration::from_secs_f64(s))
    }

    #[test]
    fn truth_table() {
        let read = Outcome { kind: Kind::Transient, retry_after: None, write: false, sent: true, met: true };
        let kind = |kind| Outcome { kind, write: true, ..read };
        let asked = |o: Outcome, s| Outcome { retry_after: Some(Duration::from_secs(s)), ..o };
        let unsent = Outcome { sent: false, ..read };
        let unmet = Outcome { met: false, ..unsent };
        let table = [
            // attempt, elapsed, outcome, idempotent, next (chance 0.5: no jitter)
            (1, 0, read, true, secs(0.8)),
            (2, 1, read, true, secs(1.6)),
            (9, 60, read, true, secs(30.0)),
            (12, 290, read, true, Next::Stop),
            (1, 0, read, false, Next::Stop),
            (1, 0, unsent, false, secs(0.8)),
            (6, 25, unsent, true, secs(25.6)),
            (6, 25, unmet, true, Next::Stop),
            (1, 0, asked(read, 7), true, secs(7.0)),
            (1, 0, asked(read, 0), true, secs(0.8)),
            (1, 0, kind(Kind::Throttled), false, secs(2.0)),
            (1, 0, asked(kind(Kind::Throttled), 206), false, secs(206.0)),
            (1, 0, asked(kind(Kind::Throttled), 7200), true, Next::Stop),
            (1, 0, kind(Kind::Busy), true, secs(3.0)),
            (40, 3590, kind(Kind::Busy), true, Next::Stop),
            (1, 0, Outcome { write: false, ..kind(Kind::Busy) }, true, Next::Stop),
            (1, 0, kind(Kind::Propagating), true, secs(5.0)),
            (3, 20, kind(Kind::Propagating), true, secs(5.408)),
            (30, 590, kind(Kind::Propagating), true, Next::Stop),
            (1, 0, kind(Kind::Unauthenticated), true, secs(0.0)),
            (2, 0, kind(Kind::Unauthenticated), true, Next::Stop),
            (1, 0, Outcome { sent: false, ..kind(Kind::Unauthenticated) }, true, Next::Stop),
            (1, 0, kind(Kind::Protocol), true, secs(0.8)),
            (3, 3, kind(Kind::Protocol), true, secs(3.2)),
            (4, 6, kind(Kind::Protocol), true, Next::Stop),
            (1, 0, kind(Kind::Protocol), false, Next::Stop),
            (1, 0, Outcome { sent: false, ..kind(Kind::Protocol) }, true, Next::Stop),
        ];
        for (attempt, elapsed, outcome, idempotent, expected) in table {
            let got = next(attempt, Duration::from_secs(elapsed), &outcome, idempotent, &Patience::default(), 0.5);
            assert_eq!(got, expected, "attempt {attempt} after {elapsed} s of {outcome:?}");
        }
        for stop in [
            Kind::NotFound,
            Kind::AlreadyExists,
            Kind::Precondition,
            Kind::Denied,
            Kind::Policy,
            Kind::Quota,
            Kind::Invalid,
            Kind::Unregistered,
            Kind::Timeout,
            Kind::Canceled,
        ] {
            let got = next(1, Duration::ZERO, &asked(kind(stop), 1), true, &Patience::default(), 0.5);
            assert_eq!(got, Next::Stop, "{stop:?}");
        }
    }

    #[test]
    fn jitter_is_seeded_and_bounded() {
        let (mut a, mut b) = (Jitter::new(7), Jitter::new(7));
        let drawn: Vec<f64> = (0..1000).map(|_| a.next()).collect();
        assert!(drawn.iter().all(|x| (0.0..1.0).contains(x) && *x == b.next()));
        let mean = drawn.iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
