//! What every store promises, held against each of them: one suite, one module of tests for each store.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

#[path = "azurite/server.rs"]
mod azurite;
#[path = "azurite/commands.rs"]
mod blob_commands;
#[path = "azurite/script.rs"]
mod blob_script;
#[path = "azurite/store.rs"]
mod blob_store;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use landfall::document::{Packed, Secret, Template, Value};
use landfall::model::{Entry, HashKey};
use landfall::names::{Address, ArmId, EnvName, Serial};
use landfall::state::{Holder, JournalEntry, JournalStatus, KEPT, LocalStore, MemoryStore, State, StateError, Store};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A place for the state of `prod`, opened any number of times as separate processes would open it.
trait Place: Send + Sync + Sized + 'static {
    /// How long a lock is waited for in vain.
    const WAITS: [Duration; 3];
    /// How much longer than asked things may take, where time is not the test's own.
    const SLACK: Duration;
    /// How long each of a thousand waits for the lock.
    const PATIENCE: Duration;

    /// The place; `None` where this machine has none, which was said by then.
    fn new() -> impl Future<Output = Option<Self>>;
    fn open(&self) -> Arc<dyn Store>;
}

struct InDirectory(tempfile::TempDir);

impl Place for InDirectory {
    const WAITS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(30)];
    const SLACK: Duration = Duration::from_millis(10);
    const PATIENCE: Duration = Duration::from_secs(5);

    async fn new() -> Option<Self> {
        Some(Self(tempfile::tempdir().expect("a temporary directory")))
    }
    fn open(&self) -> Arc<dyn Store> {
        let path: PathBuf = self.0.path().join("made/on/the/way/prod.json");
        Arc::new(LocalStore::new(path, environment()))
    }
}

struct InMemory(MemoryStore);

impl Place for InMemory {
    const WAITS: [Duration; 3] = InDirectory::WAITS;
    const SLACK: Duration = InDirectory::SLACK;
    const PATIENCE: Duration = Duration::from_secs(3600);

    async fn new() -> Option<Self> {
        Some(Self(MemoryStore::new(environment())))
    }
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.clone())
    }
}

/// Azurite keeps its own time, so these tests take as long as they say.
struct InBlob {
    container: url::Url,
    line: Arc<azurite::Line>,
}

impl Place for InBlob {
    const WAITS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(1)];
    const SLACK: Duration = Duration::from_secs(5);
    const PATIENCE: Duration = Duration::from_millis(300);

    async fn new() -> Option<Self> {
        let server = azurite::Azurite::get()?;
        let line = azurite::Line::new(server.transport());
        Some(Self { container: server.container(line.clone()).await, line })
    }
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(azurite::store(self.container.clone(), Some(Arc::new(azurite::Token)), self.line.clone()))
    }
}

fn environment() -> EnvName {
    "prod".parse().unwrap()
}

fn fresh(lineage: &str) -> State {
    State::new(environment(), lineage.parse().unwrap(), HashKey((0..32).collect()))
}

const ONE: &str = "0d3b7f5e-9f0a-4c39-9f43-8a1f0b6c2d11";
const OTHER: &str = "5b2f0a77-3c1d-4d8e-8f55-6e7f8a9b0c22";

fn entry(applied: Value) -> Entry {
    Entry {
        id: ArmId::parse("/subscriptions/s/resourceGroups/rg").unwrap(),
        arm_type: "Microsoft.Resources/resourceGroups".to_owned(),
        applied,
        defaulted: Value::map(),
        seen: Packed::default(),
        created: true,
        protect: false,
        chosen: None,
        depends_on: Vec::new(),
    }
}

fn with(mut state: State, applied: Value) -> State {
    state.recorded.resources.insert(Address::resource_group(), entry(applied));
    state
}

fn text_of(state: &State) -> &str {
    state.recorded.resources[&Address::resource_group()].applied.as_str().expect("the text of the test")
}

fn holder(who: &str) -> Holder {
    Holder {
        who: who.to_owned(),
        pid: 4711,
        command: "landfall apply prod".to_owned(),
        since: "2026-11-22T10:00:00Z".to_owned(),
    }
}

async fn round_trip(place: impl Place) {
    let store = place.open();
    assert_eq!(store.load().await.unwrap(), None);
    let mut state = with(fresh(ONE), Value::text("x"));
    store.save(&mut state).await.unwrap();
    assert_eq!(state.serial, Serial(1));
    assert_eq!(place.open().load().await.unwrap().as_ref(), Some(&state));
    store.save(&mut state).await.unwrap();
    assert_eq!(state.serial, Serial(2));
    assert_eq!(store.load().await.unwrap(), Some(state));
}

async fn a_stale_writer_is_refused(place: impl Place) {
    let mut first = with(fresh(ONE), Value::text("first"));
    place.open().save(&mut first).await.unwrap();
    let mut stale = place.open().load().await.unwrap().unwrap();
    place.open().save(&mut first).await.unwrap();

    let before = stale.clone();
    let error = place.open().save(&mut stale).await.unwrap_err();
    let StateError::Moved { loaded: Some(loaded), stored: Some(stored), .. } = &error else { panic!("{error:?}") };
    assert_eq!((loaded.1, stored.1), (Serial(1), Serial(2)));
    assert_eq!(stale, before, "a refused save changes nothing");
    assert!(error.to_string().contains("serial 2"), "{error}");

    let mut stranger = fresh(OTHER);
    stranger.serial = Serial(2);
    assert!(matches!(place.open().save(&mut stranger).await, Err(StateError::Moved { .. })), "another lineage");
    let mut newborn = fresh(ONE);
    assert!(matches!(place.open().save(&mut newborn).await, Err(StateError::Moved { .. })), "one stands there already");
    assert_eq!(place.open().load().await.unwrap(), Some(first));
}

async fn of_many_writers_one_wins_and_nothing_is_torn(place: impl Place) {
    let mut state = with(fresh(ONE), Value::text(""));
    place.open().save(&mut state).await.unwrap();
    for round in 0..10_u64 {
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            let (store, mut mine) = (place.open(), state.clone());
            writers.spawn(async move {
                mine = with(mine, Value::text(format!("{writer}").repeat(20_000)));
                store.save(&mut mine).await.map(|()| mine)
            });
        }
        let results = writers.join_all().await;
        let won: Vec<&State> = results.iter().filter_map(|r| r.as_ref().ok()).collect();
        assert_eq!(won.len(), 1, "round {round}");
        assert!(results.iter().all(|r| matches!(r, Ok(_) | Err(StateError::Moved { .. }))));
        let stored = place.open().load().await.unwrap().unwrap();
        assert_eq!(&stored, won[0]);
        let text = text_of(&stored);
        assert!(text.len() == 20_000 && text.chars().all(|c| text.starts_with(c)));
        assert_eq!(stored.serial, Serial(round + 2));
        state = stored;
    }
}

async fn a_removed_state_is_gone_and_stays_gone(place: impl Place) {
    let store = place.open();
    store.remove().await.expect("nothing there is no error");
    let mut state = fresh(ONE);
    store.save(&mut state).await.unwrap();
    store.remove().await.unwrap();
    assert_eq!(place.open().load().await.unwrap(), None);
    let error = store.save(&mut state).await.unwrap_err();
    assert!(matches!(error, StateError::Moved { stored: None, .. }), "{error:?}");
    store.save(&mut fresh(OTHER)).await.expect("a new one may be begun");
}

async fn what_must_not_be_written_is_refused(place: impl Place) {
    let store = place.open();
    let mut state = with(fresh(ONE), Value::text("before"));
    store.save(&mut state).await.unwrap();
    let reference = Template::reference(Address::resource_group(), landfall::document::Path::of(["id"]));
    for value in [Value::Secret(Secret::new("hunter2".to_owned())), Value::Template(reference)] {
        let deep = Value::Map([("a".to_owned(), Value::List(vec![value]))].into_iter().collect());
        let error = store.save(&mut with(state.clone(), deep)).await.unwrap_err();
        assert!(matches!(&error, StateError::Unwritable { path, .. } if path.to_string() == "a[0]"), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let mut lawless = state.clone();
    lawless.journal.push(JournalEntry {
        step: "1".to_owned(),
        address: Address::resource_group(),
        action: "create".to_owned(),
        id: None,
        status: JournalStatus::Done,
        operation: None,
        digest: None,
        at: "2026-11-22T10:00:00Z".to_owned(),
        failure: None,
    });
    assert!(matches!(store.save(&mut lawless).await, Err(StateError::Journal { .. })));
    let mut foreign = State::new("test".parse().unwrap(), ONE.parse().unwrap(), HashKey::default());
    assert!(matches!(store.save(&mut foreign).await, Err(StateError::OtherEnvironment { .. })));
    assert_eq!(store.load().await.unwrap(), Some(state));
}

async fn the_lock_excludes_waits_and_names_its_holder<P: Place>(place: P) {
    let (mine, theirs) = (place.open(), place.open());
    assert_eq!(theirs.held().await.unwrap(), None);
    let guard = mine.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    for wait in P::WAITS {
        let asked = Instant::now();
        let error = theirs.lock(&holder("ben@two"), wait).await.err().expect("it is held");
        let took = asked.elapsed();
        assert!(took >= wait && took < wait + P::SLACK, "it waits {wait:?} and no longer, not {took:?}");
        let StateError::Locked { holder: Some(found), .. } = &error else { panic!("{error:?}") };
        assert_eq!(**found, holder("anna@one"));
        assert!(error.to_string().contains("anna@one"), "{error}");
    }
    assert_eq!(theirs.held().await.unwrap().and_then(|held| held.holder), Some(holder("anna@one")));
    guard.release().await.unwrap();
    assert_eq!(theirs.held().await.unwrap(), None);
    let guard = theirs.lock(&holder("ben@two"), Duration::ZERO).await.expect("released");
    drop(guard);
    let guard = mine.lock(&holder("anna@one"), P::SLACK).await.expect("dropped");

    let waiting = async { theirs.lock(&holder("ben@two"), Duration::from_secs(60)).await.map(|_| Instant::now()) };
    let releasing = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(guard);
        Instant::now()
    };
    let (got, released) = tokio::join!(waiting, releasing);
    let waited = got.expect("it comes free in time").duration_since(released);
    assert!(waited <= Duration::from_secs(1) + P::SLACK, "{waited:?} after it came free");
}

async fn what_the_lock_protects_can_be_written_by_its_holder(place: impl Place) {
    let store = place.open();
    let guard = store.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    assert_eq!(store.load().await.unwrap(), None);
    let mut state = with(fresh(ONE), Value::text("x"));
    for _ in 0..3 {
        store.save(&mut state).await.unwrap();
    }
    assert_eq!(place.open().load().await.unwrap().as_ref(), Some(&state));
    store.remove().await.unwrap();
    assert_eq!(store.load().await.unwrap(), None);
    assert!(place.open().lock(&holder("ben@two"), Duration::ZERO).await.is_err(), "it is still locked");
    guard.release().await.unwrap();
    store.save(&mut fresh(OTHER)).await.expect("a state may be begun without a lock, too");
}

async fn a_state_from_elsewhere_takes_the_place_it_names(place: impl Place) {
    let store = place.open();
    let mut first = fresh(ONE);
    store.save(&mut first).await.unwrap();
    let mut other = fresh(OTHER);
    other.serial = Serial(7);
    let gone = (OTHER.parse().unwrap(), Serial(1));
    assert!(matches!(store.replace(&mut other, Some(&gone)).await, Err(StateError::Moved { .. })));
    assert!(matches!(store.replace(&mut other, None).await, Err(StateError::Moved { .. })));
    store.replace(&mut other, first.version().as_ref()).await.unwrap();
    assert_eq!(other.serial, Serial(8));
    assert_eq!(place.open().load().await.unwrap(), Some(other));
    let text = String::from_utf8(store.document().await.unwrap().unwrap()).unwrap();
    assert!(text.starts_with('{') && text.contains(OTHER), "{text}");
    assert!(matches!(store.save(&mut first).await, Err(StateError::Moved { .. })));
}

async fn what_each_command_found_is_kept(place: impl Place) {
    assert_eq!(place.open().history().await.unwrap(), [], "nothing was replaced yet");
    let commands = KEPT as u64 + 3;
    for number in 0..=commands {
        let command = place.open();
        let state = command.load().await.unwrap().unwrap_or_else(|| fresh(ONE));
        let mut state = with(state, Value::text(format!("by {number}")));
        command.save(&mut state).await.unwrap();
        command.save(&mut state).await.unwrap();
    }
    let kept = place.open().history().await.unwrap();
    let serials: Vec<u64> = kept.iter().map(|kept| kept.serial.0).collect();
    let wanted: Vec<u64> = (0..KEPT as u64).map(|back| (commands - back) * 2).collect();
    assert_eq!(serials, wanted, "one for each command, none of its own writes, and no more than there may be");
    for kept in &kept {
        let bytes = place.open().kept(&kept.version()).await.unwrap().expect("it is listed");
        assert_eq!(bytes.len() as u64, kept.bytes);
        let state = landfall::state::read_state(&bytes, "it", &environment()).unwrap();
        assert_eq!(state.version(), Some(kept.version()));
        assert_eq!(text_of(&state), format!("by {}", kept.serial.0 / 2 - 1));
    }
    let gone = (ONE.parse().unwrap(), Serial(2));
    assert_eq!(place.open().kept(&gone).await.unwrap(), None);

    let last = place.open();
    let before = last.document().await.unwrap();
    last.remove().await.unwrap();
    let history = place.open().history().await.unwrap();
    assert_eq!(history[0].serial, Serial(commands * 2 + 2), "what was removed is kept, too");
    assert_eq!(place.open().kept(&history[0].version()).await.unwrap(), before);
    let mut other = fresh(OTHER);
    place.open().save(&mut other).await.unwrap();
    place.open().save(&mut other).await.unwrap();
    let history = place.open().history().await.unwrap();
    assert_eq!(history.len(), KEPT);
    assert!(history.iter().any(|kept| kept.version() == (OTHER.parse().unwrap(), Serial(1))), "{history:?}");
}

async fn a_refused_write_keeps_nothing_that_was_not_there(place: impl Place) {
    let mut state = with(fresh(ONE), Value::text("first"));
    place.open().save(&mut state).await.unwrap();
    let mut stale = state.clone();
    place.open().save(&mut state).await.unwrap();
    assert!(place.open().save(&mut stale).await.is_err());
    let mut stranger = with(fresh(OTHER), Value::text("other"));
    assert!(place.open().save(&mut stranger).await.is_err());
    let serials: Vec<_> = place.open().history().await.unwrap().iter().map(|kept| kept.serial).collect();
    assert_eq!(serials, [Serial(1)]);
}

/// A thousand at once: each either has the lock alone, or is told that it is locked.
async fn holders_never_overlap<P: Place>(place: P) {
    let inside = Arc::new(AtomicUsize::new(0));
    let mut attempts = JoinSet::new();
    for number in 0..1_000 {
        let (store, inside) = (place.open(), Arc::clone(&inside));
        attempts.spawn(async move {
            let guard = match store.lock(&holder(&format!("{number}@host")), P::PATIENCE).await {
                Ok(guard) => guard,
                Err(StateError::Locked { .. }) => return false,
                Err(error) => panic!("{error:?}"),
            };
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock");
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            guard.release().await.unwrap();
            true
        });
    }
    let had = attempts.join_all().await.into_iter().filter(|had| *had).count();
    assert!(had > 0 && (had == 1_000 || P::PATIENCE < Duration::from_secs(60)), "{had} had it");
    assert_eq!(place.open().held().await.unwrap(), None);
}

macro_rules! conformance {
    ($store:ident, $place:ty, $paused:literal, [$($test:ident),* $(,)?]) => {
        mod $store {
            use super::*;
            $(
                #[tokio::test(start_paused = $paused)]
                async fn $test() {
                    if let Some(place) = <$place>::new().await {
                        super::$test(place).await;
                    }
                }
            )*
        }
    };
    ($($store:ident: $place:ty, paused: $paused:literal);*) => {
        $(conformance!($store, $place, $paused, [
            round_trip,
            a_stale_writer_is_refused,
            of_many_writers_one_wins_and_nothing_is_torn,
            a_removed_state_is_gone_and_stays_gone,
            what_must_not_be_written_is_refused,
            the_lock_excludes_waits_and_names_its_holder,
            what_the_lock_protects_can_be_written_by_its_holder,
            a_state_from_elsewhere_takes_the_place_it_names,
            what_each_command_found_is_kept,
            a_refused_write_keeps_nothing_that_was_not_there,
            holders_never_overlap,
        ]);)*
    };
}

conformance!(local: InDirectory, paused: true; memory: InMemory, paused: true; blob: InBlob, paused: false);
