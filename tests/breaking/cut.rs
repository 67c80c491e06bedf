//! Every scenario, killed at every write of the state and at every request and answer, and run again: the world, the counts
//! of what was made and the record are those of a run that nobody killed, and nothing is left to do.
//!
//! `cargo test --test breaking -- --nocapture` prints how many moments there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfall::model::Desired;
use landfall::plan::Action;
use landfall::sandbox::{Sandbox, TokioClock};
use landfall::state::{MemoryStore, State, Store};

use crate::breaker::{Breaker, Moment};
use crate::ending::Ending;
use crate::process::Process;
use crate::scenarios::{self, Run, Scenario};
use crate::scene::{Scene, told};

/// Every so many moments, the run after it is killed as well.
const AGAIN: usize = 4;

/// A scenario, prepared once: every run gets a world and a state of its own.
struct Rehearsal {
    scenario: Scenario,
    desired: Desired,
    sandbox: Arc<Sandbox>,
    /// Where the clock stood.
    now_ms: i64,
    state: Option<State>,
}

impl Rehearsal {
    async fn of(scenario: Scenario) -> Self {
        let scene = Scene::new();
        scenario.prepare(&scene).await;
        let (desired, sandbox) = (scene.desired(&scenario.text), scene.sandbox.clone());
        let state = scene.store.load().await.unwrap();
        Self { scenario, desired, now_ms: sandbox.now_ms(), sandbox, state }
    }

    async fn process(&self) -> Process<'_> {
        let store = MemoryStore::new("test".parse().unwrap());
        if let Some(state) = &self.state {
            store.replace(&mut state.clone(), None).await.unwrap();
        }
        let sandbox = self.sandbox.fork(Arc::new(TokioClock::starting_at(self.now_ms)));
        Process { sandbox, store, desired: &self.desired, run: &self.scenario.run }
    }

    /// Runs to the end, and returns where that is.
    async fn finish(&self, process: Process<'_>, what: &str) -> Ending {
        let ended = process.live(&Breaker::never()).await.unwrap();
        assert!(ended.report.complete(), "{what}: {:#?}\n{:#?}", told(&ended.plan), ended.report);
        let strangers = ended.plan.steps.iter().filter(|s| s.action == Action::Adopt);
        let strangers = strangers.filter(|s| s.record.as_ref().is_some_and(|r| !r.created)).count();
        assert!(strangers == 0 || self.scenario.run == Run::Adopt, "{what}: all of it is landfall's own");
        let next = process.next().await;
        assert_eq!(told(&next), Vec::<String>::new(), "{what}: nothing is left to do");
        assert!(!next.diagnostics.has_errors() && next.complete(), "{what}: {}", next.diagnostics.render(false));
        assert_eq!((next.drift.as_slice(), next.remember.len(), next.forget.len()), (&[][..], 0, 0), "{what}");
        Ending::of(&process.sandbox, &process.store).await
    }
}

async fn every_cut(name: &str) {
    let scenario = scenarios::all().into_iter().find(|s| s.name == name).unwrap();
    let rehearsal = Rehearsal::of(scenario).await;
    let expected = rehearsal.finish(rehearsal.process().await, "not killed").await;
    assert_eq!(expected.journal, 0);
    let counted = Breaker::never();
    rehearsal.process().await.live(&counted).await.unwrap();
    let moments = counted.moments();
    let mut twice = 0;
    for (n, moment) in moments.iter().enumerate() {
        let mut what = format!("{name}, killed {moment:?}");
        let mut process = rehearsal.process().await;
        assert!(killed(&process, *moment).await, "{what}: the moment comes");
        if n % AGAIN == 0 {
            // Some other moment; where the second run never comes to it, it was not killed.
            let second = moments[(n * 7 + n / AGAIN) % moments.len()];
            what = format!("{what}, and then {second:?}");
            forget_what_is_done(&mut process).await;
            twice += usize::from(killed(&process, second).await);
        }
        forget_what_is_done(&mut process).await;
        let ending = rehearsal.finish(process, &what).await;
        same(&ending, &expected, &what);
    }
    told_counts(name, moments.len(), twice);
}

/// Killed at every moment, and run again with a file that has lost some of its text by then: Azure and the record end up as
/// if the first run had never been.
async fn every_cut_then_edited(name: &str, lost: &str) {
    let rehearsal = Rehearsal::of(scenarios::all().into_iter().find(|s| s.name == name).unwrap()).await;
    let text = &rehearsal.scenario.text;
    assert_eq!(text.matches(lost).count(), 1, "`{lost}` stands once in\n{text}");
    let edited = Scene::new().desired(&text.replace(lost, ""));
    let expected = rehearsal.finish(Process { desired: &edited, ..rehearsal.process().await }, "never killed").await;
    let counted = Breaker::never();
    rehearsal.process().await.live(&counted).await.unwrap();
    for moment in counted.moments() {
        let what = format!("{name}, killed {moment:?} and edited");
        let process = rehearsal.process().await;
        assert!(killed(&process, moment).await, "{what}: the moment comes");
        let ending = rehearsal.finish(Process { desired: &edited, ..process }, &what).await;
        // The first run may have made what went again.
        same(&Ending { made: expected.made.clone(), ..ending }, &expected, &what);
    }
    println!("{name}: killed at {} moments, and the file edited", counted.moments().len());
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_left_the_file_after_a_killed_create_goes() {
    every_cut_then_edited("create", "      work: {vmSize: Standard_D4ds_v5, count: 2}\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_left_the_file_after_a_killed_rotation_goes() {
    every_cut_then_edited("rotate", "      work: {vmSize: Standard_D8ds_v5, count: 2}\n").await;
}

/// Runs it, and says whether the moment came.
async fn killed(process: &Process<'_>, moment: Moment) -> bool {
    let ended = process.live(&Breaker::at(moment)).await;
    // What was on its way arrives before the next process asks for anything.
    tokio::time::sleep(Duration::from_millis(100)).await;
    ended.is_none()
}

/// Once its journal is cleared a run is over, and who asks again for what it made anew asks for another one.
async fn forget_what_is_done(process: &mut Process<'_>) {
    let (Run::Replace(named), Some(state)) = (process.run, process.store.load().await.unwrap()) else { return };
    let entries = named.iter().filter_map(|address| state.recorded.resources.get(&address.parse().unwrap()));
    let anew = entries.filter(|entry| process.sandbox.created_count(entry.id.as_str()) == 2).count();
    if state.journal.is_empty() && anew == named.len() {
        process.run = &Run::Apply;
    }
}

/// Prints how many moments there were, and with the last scenario those of all.
fn told_counts(name: &str, once: usize, twice: usize) {
    static COUNTED: Mutex<[usize; 3]> = Mutex::new([0; 3]);
    let mut counted = COUNTED.lock().unwrap();
    let [scenarios, all_once, all_twice] = &mut *counted;
    (*scenarios, *all_once, *all_twice) = (*scenarios + 1, *all_once + once, *all_twice + twice);
    println!("{name}: killed at {once} moments, at {twice} of them once more in the next run");
    if *scenarios == scenarios::all().len() {
        println!("all {scenarios} scenarios: killed at {all_once} moments, at {all_twice} of them twice");
    }
}

/// Tells what is different, and not all that there is.
#[track_caller]
pub fn same(ending: &Ending, expected: &Ending, what: &str) {
    assert_eq!(ending.made, expected.made, "{what}: what was made, and how often");
    let world = differences(&ending.world, &expected.world);
    assert!(world.is_empty(), "{what}: Azure ends up otherwise\n{world}");
    let (record, wanted) = (ending.record.clone().unwrap_or_default(), expected.record.clone().unwrap_or_default());
    let record = differences(&record, &wanted);
    assert!(record.is_empty(), "{what}: the record ends up otherwise\n{record}");
    assert_eq!((ending.journal, ending.record.is_some()), (0, expected.record.is_some()), "{what}");
}

fn differences(ending: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) -> String {
    let keys: BTreeSet<&String> = ending.keys().chain(expected.keys()).collect();
    let text = |all: &BTreeMap<String, String>, key| all.get(key).map_or_else(String::new, |text| format!("{text}\n"));
    let one = |key| {
        let (expected, ending) = (text(expected, key), text(ending, key));
        let lines = similar::TextDiff::from_lines(&expected, &ending).unified_diff().to_string();
        (!lines.is_empty()).then(|| format!("{key}\n{lines}"))
    };
    keys.into_iter().filter_map(one).collect()
}

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $name() {
            every_cut(stringify!($name)).await;
        })*
    };
}

scenarios! { create update shrink rotate upgrade switch replace adopt destroy }
