//! The gate in front of a subscription: so many requests at once, each of Azure's allowances drawn on no faster than it fills
//! again, a pause for those who share one when Azure asks for it, and readings of operations that grow rarer the more of them run.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::limits::{Allowance, Draw, Draws};
use super::settings::Patience;

/// This part of every bucket is left to others: portals, pipelines and people share a subscription's.
const LEFT_TO_OTHERS: f64 = 0.1;
/// By so much two requests may come nearer to each other on their way than they were sent.
const UNEVEN: Duration = Duration::from_secs(1);
/// What is taken of an allowance that nobody documents, once it has shown that it ends.
const CAREFUL: Allowance = Allowance::Bucket { size: 1, every: Duration::from_millis(200) };
/// The share of its own age that an operation is left alone: by so much at most a run outlasts it.
const SHARE: f64 = 0.025;
/// Waits are made longer by up to this share, so that what began together does not go on together.
const SPREAD: f64 = 0.1;

/// One subscription's gate.
#[derive(Debug)]
pub(super) struct Gate {
    slots: Semaphore,
    lanes: Mutex<BTreeMap<String, Lane>>,
}

/// The requests that share one allowance.
#[derive(Debug)]
struct Lane {
    left: Left,
    closed_until: Instant,
    /// How often it was closed: who has waited for its turn meanwhile asks for another.
    closings: u64,
    /// How many operations are followed on it.
    followed: u32,
}

/// What is left of an allowance, as far as this process knows.
#[derive(Debug)]
enum Left {
    Tokens { size: f64, every: Duration, tokens: f64, since: Instant },
    Times { most: usize, length: Duration, times: VecDeque<Instant> },
    Any,
}

/// An operation that is being followed.
pub(super) struct Running {
    gate: Arc<Gate>,
    lane: String,
}

/// Who refused a request for its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Throttler {
    /// The resource manager.
    Manager,
    /// The provider behind it.
    Provider,
}

impl Throttler {
    /// As the code of the refusal tells.
    pub(super) fn of(code: Option<&str>) -> Self {
        let managers = ["SubscriptionRequestsThrottled", "TenantRequestsThrottled"];
        if code.is_some_and(|code| managers.contains(&code)) { Self::Manager } else { Self::Provider }
    }
}

impl Gate {
    pub(super) fn new(parallelism: usize) -> Self {
        Self { slots: Semaphore::new(parallelism.max(1)), lanes: Mutex::default() }
    }

    /// Waits for the request's turn, for the end of a pause, and for a slot. The permit is held while the request is in flight.
    /// Turns are given in the order of asking: nobody is overtaken, however many operations are read meanwhile.
    pub(super) async fn enter(&self, draws: &Draws) -> SemaphorePermit<'_> {
        loop {
            let (at, closings) = self.take(draws);
            // Even a sleep that is over takes until the timer's next tick.
            if at > Instant::now() {
                sleep_until(at).await;
            }
            let permit = self.slots.acquire().await.expect("BUG: the gate's semaphore is never closed");
            if self.closings(draws) == closings {
                return permit;
            }
        }
    }

    /// Lets nobody through for so long who draws on the allowance that has ended.
    pub(super) fn pause(&self, draws: &Draws, throttler: Throttler, long: Duration, chance: f64) {
        let draw = match throttler {
            Throttler::Manager => &draws.manager,
            Throttler::Provider => &draws.provider,
        };
        let mut lanes = self.lanes();
        let now = Instant::now();
        lane(&mut lanes, draw, now).close(now + spread(long, chance), now);
    }

    /// Learns how many requests an answer says are left.
    pub(super) fn remaining(&self, draws: &Draws, left: Option<u64>) {
        if let Some(left) = left {
            lane(&mut self.lanes(), &draws.manager, Instant::now()).left.lower(left);
        }
    }

    /// Counts an operation as followed until the guard is dropped.
    pub(super) fn follow(self: &Arc<Self>, draws: &Draws) -> Running {
        let draw = if draws.provider.allowance == Allowance::Unknown { &draws.manager } else { &draws.provider };
        lane(&mut self.lanes(), draw, Instant::now()).followed += 1;
        Running { gate: self.clone(), lane: draw.key.clone() }
    }

    /// Takes the next turn of each allowance: when it is, and how often each was closed so far.
    fn take(&self, draws: &Draws) -> (Instant, [u64; 2]) {
        let mut lanes = self.lanes();
        let now = Instant::now();
        let mut turn = |draw: &Draw| {
            let lane = lane(&mut lanes, draw, now);
            (lane.left.take(now.max(lane.closed_until)), lane.closings)
        };
        let (manager, provider) = (turn(&draws.manager), turn(&draws.provider));
        (manager.0.max(provider.0), [manager.1, provider.1])
    }

    fn closings(&self, draws: &Draws) -> [u64; 2] {
        let lanes = self.lanes();
        [&draws.manager, &draws.provider].map(|draw| lanes.get(&draw.key).map_or(0, |lane| lane.closings))
    }

    fn lanes(&self) -> MutexGuard<'_, BTreeMap<String, Lane>> {
        // Lanes are a few plain values: no panic can leave one half written.
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// How long to leave the operation alone at this age. `chance` lies between 0 and 1 and spreads the readings.
    pub(super) fn interval(
        &self,
        age: Duration,
        asked: Option<Duration>,
        patience: &Patience,
        chance: f64,
    ) -> Duration {
        let fair = self.gate.lanes().get(&self.lane).map_or(Duration::ZERO, |lane| lane.left.every() * lane.followed);
        spread(interval(fair, age, asked, patience), chance)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(lane) = self.gate.lanes().get_mut(&self.lane) {
            lane.followed = lane.followed.saturating_sub(1);
        }
    }
}

fn lane<'a>(lanes: &'a mut BTreeMap<String, Lane>, draw: &Draw, now: Instant) -> &'a mut Lane {
    lanes.entry(draw.key.clone()).or_insert_with(|| Lane {
        left: Left::of(draw.allowance, now),
        closed_until: now,
        closings: 0,
        followed: 0,
    })
}

impl Lane {
    fn close(&mut self, until: Instant, now: Instant) {
        self.closed_until = self.closed_until.max(until);
        self.closings += 1;
        if matches!(self.left, Left::Any) {
            self.left = Left::of(CAREFUL, now);
        }
        self.left.end(self.closed_until);
    }
}

impl Left {
    fn of(allowance: Allowance, now: Instant) -> Self {
        match allowance {
            Allowance::Bucket { size, every } => {
                let size = (f64::from(size) * (1.0 - LEFT_TO_OTHERS)).max(1.0);
                Self::Tokens { size, every: every.mul_f64(1.0 + LEFT_TO_OTHERS), tokens: size, since: now }
            }
            Allowance::Window { most, length } => {
                Self::Times { most: most.max(1) as usize, length: length + UNEVEN, times: VecDeque::new() }
            }
            Allowance::Unknown => Self::Any,
        }
    }

    /// Takes one: when it may be used, which is `from` or later.
    fn take(&mut self, from: Instant) -> Instant {
        match self {
            Self::Tokens { size, every, tokens, since } => {
                let from = from.max(*since);
                let gained = (from - *since).as_secs_f64() / every.as_secs_f64();
                *tokens = (*tokens + gained).min(*size) - 1.0;
                *since = from;
                from + every.mul_f64((-*tokens).max(0.0))
            }
            Self::Times { most, length, times } => {
                let free = if times.len() < *most { None } else { times.pop_front() };
                let at = free.map_or(from, |first| from.max(first + *length));
                times.push_back(at);
                at
            }
            Self::Any => from,
        }
    }

    /// Azure says that it is at its end: there is one more at `until`, and no other.
    fn end(&mut self, until: Instant) {
        if let Self::Tokens { tokens, since, .. } = self {
            (*tokens, *since) = (1.0, until);
        }
    }

    /// Azure says that no more are left, of which others are to have their part.
    fn lower(&mut self, told: u64) {
        if let Self::Tokens { size, tokens, .. } = self {
            // Counts of requests are far below what an f64 holds exactly.
            *tokens = tokens.min(told as f64 - *size * LEFT_TO_OTHERS);
        }
    }

    /// The time after which there is one more.
    fn every(&self) -> Duration {
        match self {
            Self::Tokens { every, .. } => *every,
            Self::Times { most, length, .. } => length.div_f64(*most as f64),
            Self::Any => Duration::ZERO,
        }
    }
}

/// How long to leave an operation alone: as long as Azure asks, or a share of its age, and never so short that all who share an
/// allowance would use it up (`fair`).
fn interval(fair: Duration, age: Duration, asked: Option<Duration>, patience: &Patience) -> Duration {
    let own = match asked {
        Some(asked) if !asked.is_zero() => asked,
        _ => age.mul_f64(SHARE).min(patience.longest_poll),
    };
    own.max(patience.shortest_poll).max(fair)
}

/// The time or a little more: never less, since whoever asked for it meant it.
fn spread(time: Duration, chance: f64) -> Duration {
    time.mul_f64(1.0 + SPREAD * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use azure_core::http::Method;
    use url::Url;

    use super::super::limits::draws;
    use super::*;

    const GROUP: &str = "https://h/subscriptions/s/resourceGroups/g";
    const OPERATION: &str =
        "https://h/subscriptions/s/providers/Microsoft.ContainerService/locations/westeurope/operations/1";

    fn to(method: Method, url: &str) -> Draws {
        draws(method, &Url::parse(url).unwrap())
    }

    fn cluster(method: Method) -> Draws {
        to(method, &format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/c"))
    }

    /// After how many milliseconds each of so many requests goes out that are all asked for now.
    async fn times(gate: &Gate, draws: &Draws, count: usize) -> Vec<u128> {
        let start = Instant::now();
        let one = async || {
            drop(gate.enter(draws).await);
            start.elapsed().as_millis()
        };
        futures::future::join_all((0..count).map(|_| one())).await
    }

    #[test]
    fn operations_are_read_the_more_rarely_the_more_of_them_run() {
        let ms = |running: u32, age, asked: Option<u64>| {
            let gate = Arc::new(Gate::new(1));
            let all: Vec<Running> = (0..running).map(|_| gate.follow(&to(Method::Get, OPERATION))).collect();
            let asked = asked.map(Duration::from_secs);
            all[0].interval(Duration::from_secs(age), asked, &Patience::default(), 0.0).as_millis()
        };
        assert_eq!(ms(1, 0, None), 1000);
        assert_eq!(ms(1, 100, None), 2500);
        assert_eq!(ms(1, 4000, None), 15000);
        assert_eq!(ms(10, 100, None), 5500);
        assert_eq!(ms(100, 4000, None), 55000);
        assert_eq!(ms(1, 100, Some(15)), 15000);
        assert_eq!(ms(100, 100, Some(15)), 55000);
        assert_eq!(ms(1, 100, Some(0)), 2500);
    }

    #[test]
    fn operations_that_have_ended_and_those_of_others_do_not_count() {
        let gate = Arc::new(Gate::new(1));
        let (first, mut rest) = (gate.follow(&to(Method::Get, OPERATION)), Vec::new());
        rest.extend((0..99).map(|_| gate.follow(&to(Method::Get, &OPERATION.replace("westeurope", "eastus")))));
        let registry = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/r/operationStatuses/1");
        rest.extend((0..99).map(|_| gate.follow(&to(Method::Get, &registry))));
        let wait = || first.interval(Duration::ZERO, None, &Patience::default(), 0.0).as_millis();
        assert_eq!(wait(), 1000, "another region and another provider count apart");
        rest.extend((0..9).map(|_| gate.follow(&to(Method::Get, OPERATION))));
        assert_eq!(wait(), 5500);
        rest.clear();
        assert_eq!(wait(), 1000);
    }

    #[test]
    fn chance_makes_waits_longer_by_a_tenth_at_most() {
        let ten = Duration::from_secs(10);
        for (chance, ms) in [(0.0, 10_000), (0.5, 10_500), (1.0, 11_000), (-3.0, 10_000), (7.0, 11_000)] {
            assert_eq!(spread(ten, chance).as_millis(), ms);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_allowance_is_used_at_once_and_then_as_it_fills() {
        let gate = Gate::new(1000);
        let all = times(&gate, &cluster(Method::Get), 70).await;
        assert_eq!(all.iter().filter(|ms| **ms == 0).count(), 54, "a tenth of sixty is left to others");
        assert!((17_500..17_700).contains(&all[69]), "{all:?}");
        let start = Instant::now();
        drop(gate.enter(&cluster(Method::Put)).await);
        assert!(start.elapsed().is_zero(), "another allowance");
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_takes_no_more_in_any_minute() {
        let grant = to(Method::Put, &format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments/x"));
        let gate = Gate::new(1000);
        let all = times(&gate, &grant, 200).await;
        assert_eq!((all[119], all[120]), (0, 61_000));
        for (i, at) in all.iter().enumerate().skip(120) {
            assert!(at - all[i - 120] >= 60_000, "{all:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_to_be_left_slows_before_there_is_nothing() {
        let gate = Gate::new(1000);
        let group = to(Method::Put, GROUP);
        drop(gate.enter(&group).await);
        gate.remaining(&group, Some(40));
        let all = times(&gate, &group, 30).await;
        let at_once = all.iter().filter(|ms| **ms == 0).count();
        assert_eq!(at_once, 22, "eighteen of the forty are never touched");
        assert!((850..950).contains(&all[29]), "{all:?}");
        gate.remaining(&group, Some(190));
        let start = Instant::now();
        drop(gate.enter(&group).await);
        assert!(!start.elapsed().is_zero(), "an answer that was overtaken gives nothing back");
        let read = to(Method::Get, GROUP);
        assert_eq!(times(&gate, &read, 100).await[99], 0, "reads are counted apart");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_those_who_share_the_allowance_and_lets_them_go_one_by_one() {
        let gate = Gate::new(1000);
        let (read, write) = (cluster(Method::Get), cluster(Method::Put));
        gate.pause(&write, Throttler::Provider, Duration::from_secs(120), 0.0);
        let (writes, reads) = tokio::join!(times(&gate, &write, 3), times(&gate, &read, 3));
        assert_eq!((writes, reads), (vec![120_000, 186_000, 252_000], vec![0, 0, 0]));
        gate.pause(&write, Throttler::Manager, Duration::from_secs(30), 0.0);
        let group = to(Method::Put, GROUP);
        let (writes, reads) = tokio::join!(times(&gate, &group, 2), times(&gate, &read, 2));
        assert_eq!((writes, reads), (vec![30_000, 30_110], vec![0, 0]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_counts_for_those_who_wait_already() {
        let gate = Gate::new(1);
        let group = to(Method::Put, GROUP);
        let slot = gate.enter(&group).await;
        let start = Instant::now();
        let paused = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            gate.pause(&group, Throttler::Provider, Duration::from_secs(9), 0.0);
            drop(slot);
        };
        let entered = async {
            drop(gate.enter(&group).await);
            start.elapsed().as_secs()
        };
        assert_eq!(tokio::join!(entered, paused).0, 10);
        let all = times(&gate, &group, 3).await;
        assert_eq!(
            all,
            [200, 420, 640].map(|ms| ms + 20),
            "an allowance that nobody documents is used with care from now on"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn readings_do_not_starve_writes() {
        let gate = Gate::new(4);
        let start = Instant::now();
        let reading = to(Method::Get, OPERATION);
        let readings = futures::future::join_all((0..1000).map(|_| async { drop(gate.enter(&reading).await) }));
        let writes = async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            drop(gate.enter(&cluster(Method::Put)).await);
            start.elapsed().as_millis()
        };
        tokio::select! {
            _ = readings => panic!("a thousand readings take minutes"),
            at = writes => assert_eq!(at, 1),
        }
    }

    #[test]
    fn the_code_tells_who_throttles() {
        assert_eq!(Throttler::of(Some("SubscriptionRequestsThrottled")), Throttler::Manager);
        for code in [Some("Throttled"), Some("ResourceRequestsThrottled"), None] {
            assert_eq!(Throttler::of(code), Throttler::Provider);
        }
    }
}
