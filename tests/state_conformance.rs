//! What every store promises, held against each of them: one suite, one module of tests for each store.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use landfall::document::{Secret, Template, Value};
use landfall::model::{Entry, HashKey};
use landfall::names::{Address, ArmId, EnvName, Serial};
use landfall::state::{Holder, JournalEntry, JournalStatus, LocalStore, MemoryStore, State, StateError, Store};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A place for the state of `prod`, opened any number of times as separate processes would open it.
trait Place: Send + Sync + 'static {
    fn new() -> Self;
    fn open(&self) -> Arc<dyn Store>;
}

struct InDirectory(tempfile::TempDir);

impl Place for InDirectory {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }
    fn open(&self) -> Arc<dyn Store> {
        let path: PathBuf = self.0.path().join("made/on/the/way/prod.json");
        Arc::new(LocalStore::new(path, environment()))
    }
}

struct InMemory(MemoryStore);

impl Place for InMemory {
    fn new() -> Self {
        Self(MemoryStore::new(environment()))
    }
    fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.clone())
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
        seen: Value::map(),
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

async fn the_lock_excludes_waits_and_names_its_holder(place: impl Place) {
    let (mine, theirs) = (place.open(), place.open());
    let guard = mine.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    for wait in [Duration::ZERO, Duration::from_millis(250), Duration::from_secs(30)] {
        let asked = Instant::now();
        let error = theirs.lock(&holder("ben@two"), wait).await.err().expect("it is held");
        assert_eq!(asked.elapsed().as_millis() / 10, wait.as_millis() / 10, "it waits that long and no longer");
        let StateError::Locked { holder: Some(found), .. } = &error else { panic!("{error:?}") };
        assert_eq!(**found, holder("anna@one"));
        assert!(error.to_string().contains("anna@one"), "{error}");
    }
    guard.release().await.unwrap();
    let guard = theirs.lock(&holder("ben@two"), Duration::ZERO).await.expect("released");
    drop(guard);
    let guard = mine.lock(&holder("anna@one"), Duration::ZERO).await.expect("dropped");

    let waiting = async { theirs.lock(&holder("ben@two"), Duration::from_secs(60)).await.map(|_| Instant::now()) };
    let releasing = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(guard);
        Instant::now()
    };
    let (got, released) = tokio::join!(waiting, releasing);
    let waited = got.expect("it comes free in time").duration_since(released);
    assert!(waited <= Duration::from_secs(1), "{waited:?} after it came free");
}

async fn holders_never_overlap(place: impl Place) {
    let inside = Arc::new(AtomicUsize::new(0));
    let mut attempts = JoinSet::new();
    for number in 0..200 {
        let (store, inside) = (place.open(), Arc::clone(&inside));
        attempts.spawn(async move {
            let guard = store.lock(&holder(&format!("{number}@host")), Duration::from_secs(3600)).await.unwrap();
            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock");
            tokio::task::yield_now().await;
            tokio::time::sleep(Duration::from_millis(1)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            guard.release().await.unwrap();
        });
    }
    assert_eq!(attempts.join_all().await.len(), 200);
}

macro_rules! conformance {
    ($store:ident, $place:ty, [$($test:ident),* $(,)?]) => {
        mod $store {
            use super::*;
            $(
                #[tokio::test(start_paused = true)]
                async fn $test() {
                    super::$test(<$place>::new()).await;
                }
            )*
        }
    };
    ($($store:ident: $place:ty),*) => {
        $(conformance!($store, $place, [
            round_trip,
            a_stale_writer_is_refused,
            of_many_writers_one_wins_and_nothing_is_torn,
            a_removed_state_is_gone_and_stays_gone,
            what_must_not_be_written_is_refused,
            the_lock_excludes_waits_and_names_its_holder,
            holders_never_overlap,
        ]);)*
    };
}

conformance!(local: InDirectory, memory: InMemory);
