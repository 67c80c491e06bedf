//! A scenario, set once: the world and the state that its run finds, the plan, the requests, and how it ends unharmed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfall::apply::{self, Options, Stop, recover};
use landfall::azure::Client;
use landfall::event::{Event, Outcome, Report};
use landfall::model::Desired;
use landfall::names::StepId;
use landfall::plan::{Inputs, Plan, build, drift, drift_reads, reads};
use landfall::sandbox::{Sandbox, TokioClock};
use landfall::state::{MemoryStore, State, Store};
use tokio::sync::watch;

use crate::blow::Blow;
use crate::likeness::Likeness;
use crate::scenarios::{self, Run};
use crate::scene::{Scene, refusals, see, settings, told};
use crate::strike::{Asked, Striker};

/// The scenario.
pub struct Stage {
    pub desired: Desired,
    run: Run,
    found: Arc<Sandbox>,
    state: State,
    pub plan: Plan,
    /// Every request of plan and run.
    pub asked: Vec<Asked>,
    /// How many of them the plan makes.
    pub planning: usize,
    pub end: Likeness,
}

/// One go at it.
pub struct Go {
    pub sandbox: Arc<Sandbox>,
    pub store: MemoryStore,
}

/// What came of a run. Several steps may be about one address.
pub struct Ran {
    pub report: Report,
    pub failed: BTreeSet<StepId>,
    pub skipped: BTreeSet<StepId>,
}

impl Stage {
    pub async fn set(name: &str) -> Self {
        let scenario = scenarios::all().into_iter().find(|s| s.name == name).unwrap();
        let scene = Scene::new();
        scenario.prepare(&scene).await;
        // Everything has come to rest.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let mut stage = Self {
            desired: scene.desired(&scenario.text),
            run: scenario.run.clone(),
            found: scene.sandbox.clone(),
            state: scene.state().await,
            plan: scenario.plan(&scene).await,
            asked: Vec::new(),
            planning: 0,
            end: Likeness::of(&fork(&scene.sandbox), &scene.state().await).await,
        };
        assert_eq!(refusals(&stage.plan), Vec::<String>::new());
        let go = stage.go().await;
        let striker = Striker::new(go.sandbox.clone(), None);
        stage.plan = stage.planned(&go, striker.clone(), false).await;
        stage.asked = striker.asked();
        stage.planning = stage.asked.len();
        let go = stage.go().await;
        let striker = Striker::new(go.sandbox.clone(), None);
        let report = stage.carried_out(&go, striker.clone(), &stage.plan).await.report;
        assert!(report.complete(), "{report:#?}");
        stage.asked.extend(striker.asked());
        stage.end = stage.ended(&go).await;
        // What holds of this end holds of every end that is like it.
        let again = stage.planned(&go, Striker::new(go.sandbox.clone(), None), true).await;
        assert_eq!((told(&again), refusals(&again)), (Vec::new(), Vec::new()), "a plan after the run is empty");
        assert!(again.complete() && again.drift.is_empty());
        stage
    }

    /// The world and the state as the run finds them.
    pub async fn go(&self) -> Go {
        let store = MemoryStore::new("test".parse().unwrap());
        let mut state = self.state.clone();
        if state.version().is_some() {
            store.replace(&mut state, None).await.unwrap();
        }
        Go { sandbox: fork(&self.found), store }
    }

    pub async fn state(&self, go: &Go) -> State {
        go.store.load().await.unwrap().unwrap_or_else(|| self.state.clone())
    }

    /// What is planned; `after` the run, nothing is made anew once more.
    pub async fn planned(&self, go: &Go, striker: Arc<Striker>, after: bool) -> Plan {
        let client = client(striker);
        let state = self.state(go).await;
        let replace: BTreeSet<_> = match &self.run {
            Run::Replace(addresses) if !after => addresses.iter().map(|a| a.parse().unwrap()).collect(),
            _ => BTreeSet::new(),
        };
        let (destroy, ours) = (self.run == Run::Destroy, apply::ours(&state));
        let live = see(&client, reads(&self.desired, &state.recorded, destroy, &ours)).await;
        build(Inputs {
            desired: &self.desired,
            recorded: &state.recorded,
            record: None,
            live: &live,
            destroy,
            replace: &replace,
            ours: &ours,
        })
    }

    /// Carries a plan out.
    pub async fn carried_out(&self, go: &Go, striker: Arc<Striker>, plan: &Plan) -> Ran {
        let client = client(striker);
        let mut state = self.state(go).await;
        let (_stop, stopped) = watch::channel(Stop::No);
        let recovery = recover(&client, &state, &|_, _| {}).await;
        let heard = Mutex::new(Vec::new());
        let options = Options {
            parallelism: 32,
            now: &|| "2026-11-22T00:00:00Z".to_owned(),
            events: &|event| heard.lock().unwrap().push(event),
            stop: stopped,
            ours: &recovery.ours,
        };
        let report = apply::run(&client, plan, &mut state, &go.store, options).await.unwrap();
        let mut ran = Ran { report, failed: BTreeSet::new(), skipped: BTreeSet::new() };
        for event in heard.into_inner().unwrap() {
            match event {
                Event::StepFinished { step, outcome: Outcome::Failed { .. }, .. } => drop(ran.failed.insert(step)),
                Event::StepFinished { step, outcome: Outcome::Skipped { .. }, .. } => drop(ran.skipped.insert(step)),
                _ => {}
            }
        }
        ran
    }

    pub async fn ended(&self, go: &Go) -> Likeness {
        // What goes on behind a run's back ends.
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Likeness::of(&go.sandbox, &self.state(go).await).await
    }

    /// The addresses whose record is not true.
    pub async fn drifted(&self, go: &Go) -> Vec<String> {
        let state = self.state(go).await;
        let live = see(&client(Striker::new(go.sandbox.clone(), None)), drift_reads(&state.recorded)).await;
        let found = drift(&state.recorded, &live);
        let items = found.items.iter().map(|item| item.address.to_string());
        items.chain(found.unread.iter().map(|u| format!("{u:?}"))).collect()
    }

    /// A transport with a fault at a request of the plan, or of the run.
    pub fn striker(&self, go: &Go, at: usize, blow: &Blow) -> Arc<Striker> {
        let at = if at < self.planning { at } else { at - self.planning };
        Striker::new(go.sandbox.clone(), Some((at, blow.clone())))
    }

    /// Whether what was to be made anew has gone, so that it need not be asked for once more.
    pub fn replaced(&self, go: &Go) -> bool {
        let Run::Replace(addresses) = &self.run else { return false };
        let there = go.sandbox.ids();
        addresses.iter().all(|address| {
            let id = self.state.recorded.resources[&address.parse().unwrap()].id.to_string();
            go.sandbox.created_count(&id) > self.found.created_count(&id)
                || !there.iter().any(|other| other.eq_ignore_ascii_case(&id))
        })
    }

    pub fn existed(&self) -> Vec<String> {
        self.found.ids()
    }
}

/// The same world at the same time.
fn fork(sandbox: &Sandbox) -> Arc<Sandbox> {
    sandbox.fork(Arc::new(TokioClock::starting_at(sandbox.now_ms())))
}

fn client(transport: Arc<Striker>) -> Client {
    Client::seeded(settings(transport, 32), 7).unwrap()
}
