//! Every scenario, killed at every write of the state and at every request and answer, and run again: the world, the counts
//! of what was made and the record are those of a run that nobody killed, and nothing is left to do.
//!
//! `cargo test --test breaking -- --nocapture` prints how many moments there are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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
    async fn finish(&self, process: &Process<'_>, what: &str) -> Ending {
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
    let uncut = rehearsal.process().await;
    let expected = rehearsal.finish(&uncut, "not cut").await;
    assert_eq!(expected.journal, 0);
    let counted = Breaker::never();
    rehearsal.process().await.live(&counted).await.unwrap();
    let moments = counted.moments();
    let last = moments.iter().rfind(|moment| matches!(moment, Moment::AfterSave(_))).copied();
    for moment in &moments {
        let what = format!("{}, killed {moment:?}", rehearsal.scenario.name);
        let process = rehearsal.process().await;
        let killed = process.live(&Breaker::at(*moment)).await.is_none();
        assert!(killed, "{what}: the moment comes");
        // What was on its way arrives before the next process asks for anything.
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Once its journal is cleared a run is over, and who asks again for what it made anew asks for another one.
        let over = matches!(process.run, Run::Replace(_)) && Some(moment) == last.as_ref();
        let run = if over { &Run::Apply } else { process.run };
        let ending = rehearsal.finish(&Process { run, ..process }, &what).await;
        same(&ending, &expected, &what);
    }
    println!("{}: {} moments", rehearsal.scenario.name, moments.len());
}

/// Tells what is different, and not all that there is.
#[track_caller]
fn same(ending: &Ending, expected: &Ending, what: &str) {
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
