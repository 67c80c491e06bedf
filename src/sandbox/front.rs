//! The sandbox's front door: takes a request, lets the world's time pass, answers, and writes down what happened.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::call::Call;
use super::clock::{Clock, TokioClock};
use super::fault::{Answer, Fault};
use super::limits::Buckets;
use super::message::{Logged, Request, Response};
use super::pace::Pace;
use super::refusal::Refusal;
use super::seed::{self, SeedError};
use super::world::World;

/// How a sandbox runs.
#[derive(Clone)]
pub struct Options {
    /// Where its time comes from.
    pub clock: Arc<dyn Clock>,
    /// How long its operations take.
    pub pace: Pace,
    /// How long each answer takes, in tokio's time.
    pub latency: Duration,
    /// The file that keeps the world; none keeps it in memory.
    pub world: Option<PathBuf>,
    /// How many entries a page of a listing has.
    pub page: usize,
    /// Whether requests are limited as ARM and AKS limit them; without it nothing is throttled but by injected faults.
    pub limits: bool,
    /// Kubernetes versions that are offered beside the built-in ones.
    pub kubernetes_versions: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(TokioClock::default()),
            pace: Pace::demo(),
            latency: Duration::ZERO,
            world: None,
            page: 100,
            limits: false,
            kubernetes_versions: Vec::new(),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("pace", &self.pace).field("world", &self.world).finish_non_exhaustive()
    }
}

/// An Azure Resource Manager, and the token authority beside it, in process.
#[derive(Debug)]
pub struct Sandbox {
    options: Options,
    world: Mutex<World>,
    /// Why the world on disk could not be read; then nothing is answered, and nothing written over it.
    unreadable: Option<String>,
    log: Mutex<Vec<Logged>>,
    /// How many requests the log has.
    asked: watch::Sender<usize>,
    faults: Mutex<Vec<Fault>>,
    buckets: Mutex<Buckets>,
    in_flight: AtomicUsize,
    connections: AtomicUsize,
    /// Injected before each answer; microseconds.
    latency: AtomicU64,
}

impl Sandbox {
    /// A sandbox. One whose world cannot be read answers 500 to everything and saves nothing: use [`Sandbox::open`] to
    /// learn why before that.
    pub fn new(options: Options) -> Arc<Self> {
        match Self::read_world(&options) {
            Ok(world) => Self::of(options, world, None),
            Err(error) => Self::of(options, World::default(), Some(error.to_string())),
        }
    }

    /// A sandbox, or the reason why its world cannot be read.
    ///
    /// # Errors
    /// When the world file cannot be read, or is no world.
    pub fn open(options: Options) -> io::Result<Arc<Self>> {
        let world = Self::read_world(&options)?;
        Ok(Self::of(options, world, None))
    }

    fn read_world(options: &Options) -> io::Result<World> {
        options.world.as_deref().map_or_else(|| Ok(World::default()), World::load)
    }

    pub(super) fn of(options: Options, world: World, unreadable: Option<String>) -> Arc<Self> {
        let latency = AtomicU64::new(u64::try_from(options.latency.as_micros()).unwrap_or(u64::MAX));
        Arc::new(Self {
            latency,
            options,
            world: Mutex::new(world),
            unreadable,
            log: Mutex::default(),
            asked: watch::Sender::new(0),
            faults: Mutex::default(),
            buckets: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
        })
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// Looks at the world as it is now.
    pub(super) fn with_world<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        let mut world = lock(&self.world);
        world.settle(self.options.clock.now_ms());
        look(&world)
    }

    /// Changes the latency injected into every answer from now on.
    pub fn set_latency(&self, latency: Duration) {
        self.latency.store(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many connections were opened to it, where it is served over HTTPS; those that break during the handshake too.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers one request. A status of 0 stands for a connection that breaks.
    pub async fn handle(&self, request: Request) -> Response {
        let in_flight = InFlight::enter(&self.in_flight);
        let at_ms = self.options.clock.now_ms();
        let entry = self.note(&request, at_ms, in_flight.now);
        let latency = Duration::from_micros(self.latency.load(Ordering::Relaxed));
        if !latency.is_zero() {
            // Imitated latency of the network, in tokio's time, which tests pause.
            tokio::time::sleep(latency).await;
        }
        let response = self.answer(&request);
        if let Some(logged) = lock(&self.log).get_mut(entry) {
            logged.status = response.status;
        }
        response
    }

    fn note(&self, request: &Request, at_ms: i64, in_flight: usize) -> usize {
        let mut log = lock(&self.log);
        log.push(Logged {
            method: request.method.clone(),
            path: request.url.path().to_owned(),
            query: request.url.query().unwrap_or_default().to_owned(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            at_ms,
            status: 0,
            in_flight,
        });
        self.asked.send_replace(log.len());
        log.len() - 1
    }

    fn answer(&self, request: &Request) -> Response {
        let now = self.options.clock.now_ms();
        let fault = self.struck(request);
        let failure = match &fault {
            Some(Answer::Reset) => return Response::empty(0),
            Some(Answer::Respond(response)) => return self.finish(request, response.clone(), 0),
            Some(Answer::Fail(error)) => Some(error.clone()),
            Some(Answer::Lost) | None => None,
        };
        let mut shown = Vec::new();
        if self.options.limits {
            match lock(&self.buckets).take(request, now) {
                Ok(headers) => shown = headers,
                Err(refused) => return self.finish(request, refused, 0),
            }
        }
        if let Some(why) = &self.unreadable {
            let refusal =
                Refusal::arm(500, "SandboxWorldUnreadable", format!("the sandbox's world cannot be read: {why}"));
            return self.finish(request, refusal.respond(), 0);
        }
        let mut world = lock(&self.world);
        world.settle(now);
        let serial = world.serial;
        let mut response = Call { options: &self.options, world: &mut world, now, request, failure }.answer();
        if request.method != "GET"
            && request.method != "HEAD"
            && let Some(path) = &self.options.world
            && let Err(error) = world.save(path)
        {
            let refusal =
                Refusal::arm(500, "SandboxWorldUnwritable", format!("the sandbox's world cannot be written: {error}"));
            return self.finish(request, refusal.respond(), serial);
        }
        drop(world);
        response.headers.extend(shown);
        if matches!(fault, Some(Answer::Lost)) { Response::empty(0) } else { self.finish(request, response, serial) }
    }

    /// Adds the headers that every answer has.
    fn finish(&self, request: &Request, mut response: Response, serial: u64) -> Response {
        if request.method == "HEAD" {
            response.body.clear();
        }
        let sequence = lock(&self.log).len();
        let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, format!("request|{serial}|{sequence}").as_bytes());
        let correlation =
            request.get_header("x-ms-correlation-request-id").map_or_else(|| id.to_string(), str::to_owned);
        let remaining = match request.method.as_str() {
            "GET" | "HEAD" => ("x-ms-ratelimit-remaining-subscription-reads", "249"),
            "DELETE" => ("x-ms-ratelimit-remaining-subscription-deletes", "199"),
            _ => ("x-ms-ratelimit-remaining-subscription-writes", "199"),
        };
        if response.get_header(remaining.0).is_none() {
            response = response.with(remaining.0, remaining.1);
        }
        if let Some(client) = request.get_header("x-ms-client-request-id") {
            response = response.with("x-ms-client-request-id", client);
        }
        response.with("x-ms-request-id", id.to_string()).with("x-ms-correlation-request-id", correlation)
    }

    fn struck(&self, request: &Request) -> Option<Answer> {
        let mut faults = lock(&self.faults);
        let fault = faults.iter_mut().find(|f| f.strikes(request))?;
        fault.times -= 1;
        Some(fault.answer.clone())
    }

    /// Makes the sandbox misbehave.
    pub fn inject(&self, fault: Fault) {
        lock(&self.faults).push(fault);
    }

    /// Forgets all faults that are not spent.
    pub fn clear_faults(&self) {
        lock(&self.faults).clear();
    }

    /// What was asked so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Logged> {
        lock(&self.log).clone()
    }

    /// Forgets what was asked so far.
    pub fn clear_requests(&self) {
        let mut log = lock(&self.log);
        log.clear();
        self.asked.send_replace(0);
    }

    /// Waits until so many requests have arrived since the log was cleared.
    pub async fn asked(&self, count: usize) {
        let mut asked = self.asked.subscribe();
        asked.wait_for(|so_far| *so_far >= count).await.expect("BUG: the sender lives as long as the sandbox");
    }

    /// How often a resource was really made: not updated, and not refused.
    pub fn created_count(&self, id: &str) -> u64 {
        lock(&self.world).created.get(&id.trim_end_matches('/').to_ascii_lowercase()).copied().unwrap_or(0)
    }

    /// The ids of all that exists, operations that are due being ended first; sorted.
    pub fn ids(&self) -> Vec<String> {
        self.with_world(|world| world.resources.values().map(|r| r.id.clone()).collect())
    }

    /// Takes what a GET answered, somewhere else, into the world as it is: the start of a rehearsal. A group that is
    /// missing is made; a cluster brings its pools.
    ///
    /// # Errors
    /// When the answer has no id, or one of an unknown type.
    pub fn seed(&self, answer: &serde_json::Value) -> Result<(), SeedError> {
        seed::seed(&mut lock(&self.world), answer, self.options.clock.now_ms())
    }

    /// Changes one value of a resource behind everyone's back, whatever Azure would say to it: drift. The path is ARM's,
    /// dotted (`properties.adminUserEnabled`); null takes the value away. Pools are resources of their own.
    ///
    /// # Errors
    /// When there is no such resource.
    pub fn edit(&self, id: &str, path: &str, value: serde_json::Value) -> Result<(), SeedError> {
        seed::edit(&mut lock(&self.world), id, path, value, self.options.clock.now_ms())
    }

    /// Writes the world to its file; without one nothing is done.
    ///
    /// # Errors
    /// When the file cannot be written, or what stands there could not be read and must not be overwritten.
    pub fn save(&self) -> io::Result<()> {
        if let Some(why) = &self.unreadable {
            return Err(io::Error::new(io::ErrorKind::InvalidData, why.clone()));
        }
        let world = lock(&self.world);
        self.options.world.as_deref().map_or(Ok(()), |path| world.save(path))
    }
}

/// Counts a request while it is answered, also when its future is dropped.
struct InFlight<'a> {
    count: &'a AtomicUsize,
    now: usize,
}

impl<'a> InFlight<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        Self { count, now: count.fetch_add(1, Ordering::SeqCst) + 1 }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A panic elsewhere leaves the world as it was between two statements; a simulator goes on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
