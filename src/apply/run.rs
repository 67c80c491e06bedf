//! The run: which step may start, how many at once, what a failure or an interruption stops.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::StepFailure;
use super::failure::veil;
use super::holds::Holds;
use super::prepare::{nothing_lost, prepare, still_there};
use super::record::Recorder;
use super::step::{Crew, label};
use crate::azure::Client;
use crate::event::{Event, Outcome, Report, StepOutcome};
use crate::model::Made;
use crate::names::{Address, ArmId, StepId};
use crate::plan::{Known, Plan, Step, Work};
use crate::state::{State, StateError, Store};

/// How far a run was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Go on.
    No,
    /// Start nothing new, follow what runs.
    StartNothing,
    /// Stop following too; the next run resumes.
    Leave,
}

/// What a run needs beside the plan.
pub struct Options<'a> {
    /// Most steps at once.
    pub parallelism: usize,
    /// Tells the time, as RFC 3339 in UTC.
    pub now: &'a (dyn Fn() -> String + Send + Sync),
    /// Hears what happens.
    pub events: &'a (dyn Fn(Event) + Send + Sync),
    /// Says when to stop.
    pub stop: watch::Receiver<Stop>,
    /// Ids that an interrupted run was making: they are landfall's own.
    pub ours: &'a [Made],
}

/// Carries the plan out. The state is written before and after each request; what failed stops only what waits for it.
///
/// # Errors
/// Only when the state cannot be written. Everything else is in the report.
pub async fn run(
    client: &Client,
    plan: &Plan,
    state: &mut State,
    store: &dyn Store,
    options: Options<'_>,
) -> Result<Report, StateError> {
    let still = still_there(client, plan, state).await;
    prepare(plan, &still, state, store).await?;
    let mut report = Report::default();
    if !plan.steps.is_empty() {
        let shared = Crew {
            client,
            recorder: Recorder::new(state, store, options.now),
            known: Mutex::new(seen_before(plan)),
            answers: Mutex::new(BTreeMap::new()),
            passengers: passengers(plan),
            events: options.events,
            ours: options.ours,
            veil: veil(&plan.steps),
        };
        let holds = Holds::of(&plan.steps);
        // Whoever is told of a run's end must find all of it stored; so the run ends when its last write has.
        let scheduled = async {
            let report = Scheduler::new(plan, &shared, &holds, &options).run().await;
            shared.recorder.settled().await;
            report
        };
        report = tokio::select! {
            biased;
            report = scheduled => report,
            never = shared.recorder.keep_writing() => match never {},
        };
    }
    for (address, why) in still {
        report.stale = report.stale || report.failed.is_empty();
        let failure = StepFailure::Stale { what: why };
        let (message, trouble) = (failure.told(), Some(failure.trouble(&address)));
        report.failed.push(StepOutcome { address, action: "forget", message, correlation: None, trouble });
    }
    if report.complete() && !state.journal.is_empty() && nothing_lost(client, plan, state).await {
        state.journal.clear();
        store.save(state).await?;
    }
    Ok(report)
}

/// What the plan saw of resources that a step records without making them.
fn seen_before(plan: &Plan) -> Known {
    let one = |step: &Step| {
        let id = step.record.as_ref()?.id.clone()?;
        Some((step.address.clone(), (id, plan.seen.get(&step.address)?.clone())))
    };
    Known { resources: plan.steps.iter().filter_map(one).collect() }
}

/// What travels in which step's create.
fn passengers(plan: &Plan) -> BTreeMap<StepId, Vec<(&Step, &ArmId)>> {
    let mut out: BTreeMap<StepId, Vec<(&Step, &ArmId)>> = BTreeMap::new();
    for passenger in plan.steps.iter().filter(|s| s.record.is_some()) {
        if let Work::Within { step, id } = &passenger.work {
            out.entry(step.clone()).or_default().push((passenger, id));
        }
    }
    out
}

struct Scheduler<'a> {
    plan: &'a Plan,
    shared: &'a Crew<'a>,
    options: &'a Options<'a>,
    holds: &'a Holds,
    waiting: BTreeMap<StepId, &'a Step>,
    /// In the plan's order, which is the order of starting.
    order: Vec<StepId>,
    done: BTreeSet<StepId>,
    lost: BTreeMap<StepId, Address>,
    report: Report,
}

type Running<'a> = FuturesUnordered<BoxFuture<'a, (&'a Step, Instant, Result<(), StepFailure>)>>;

impl<'a> Scheduler<'a> {
    fn new(plan: &'a Plan, shared: &'a Crew<'a>, holds: &'a Holds, options: &'a Options<'a>) -> Self {
        Self {
            plan,
            shared,
            options,
            holds,
            waiting: plan.steps.iter().map(|s| (s.id.clone(), s)).collect(),
            order: plan.steps.iter().map(|s| s.id.clone()).collect(),
            done: BTreeSet::new(),
            lost: BTreeMap::new(),
            report: Report::default(),
        }
    }

    async fn run(mut self) -> Report {
        let steps = self.plan.steps.iter().filter(|s| !matches!(s.work, Work::Within { .. })).count();
        (self.options.events)(Event::RunStarted { steps });
        let mut running: Running<'a> = FuturesUnordered::new();
        let mut started: BTreeMap<StepId, &'a Step> = BTreeMap::new();
        let mut stop = self.options.stop.clone();
        loop {
            let stopping = *stop.borrow_and_update();
            if stopping != Stop::No {
                self.report.interrupted = true;
            }
            if stopping == Stop::Leave {
                break;
            }
            if stopping == Stop::No {
                self.start_ready(&mut running, &mut started);
            }
            if running.is_empty() {
                break;
            }
            tokio::select! {
                ended = running.next() => {
                    if let Some((step, since, result)) = ended {
                        started.remove(&step.id);
                        self.ended(step, since, result);
                    }
                }
                changed = stop.changed() => {
                    if changed.is_err() {
                        // Nobody is left who could stop the run: wait for the steps alone.
                        if let Some((step, since, result)) = running.next().await {
                            started.remove(&step.id);
                            self.ended(step, since, result);
                        }
                    }
                }
            }
        }
        // Dropping what runs stops the following, not Azure's work.
        drop(running);
        for step in started.into_values() {
            let accepted = self.shared.recorder.accepted(step).await;
            if let Err(failure) = self.shared.recorder.left(step).await {
                self.report.failed.push(self.failed(step, &failure));
                self.report.stale = false;
            }
            if !accepted {
                self.skip(step, "it was not accepted yet; the next run asks again".to_owned());
                continue;
            }
            self.report.left.push(outcome(step, "Azure still works on it".to_owned()));
            self.finished(step, Outcome::Left, std::time::Duration::ZERO);
        }
        self.skip_rest();
        self.report
    }

    fn start_ready(&mut self, running: &mut Running<'a>, started: &mut BTreeMap<StepId, &'a Step>) {
        for id in self.order.clone() {
            if running.len() >= self.options.parallelism.max(1) {
                return;
            }
            let Some(step) = self.waiting.get(&id).copied() else { continue };
            if let Some(culprit) = step.depends_on.iter().find_map(|d| self.lost.get(d)).cloned() {
                self.waiting.remove(&id);
                self.skip(step, format!("{culprit} did not end well"));
                continue;
            }
            if !step.depends_on.iter().all(|d| self.done.contains(d)) {
                continue;
            }
            self.waiting.remove(&id);
            started.insert(id, step);
            let (shared, holds) = (self.shared, self.holds);
            running.push(Box::pin(async move {
                let _held = holds.take(&step.holds).await;
                let since = Instant::now();
                if !matches!(step.work, Work::Within { .. }) {
                    let address = label(step).clone();
                    (shared.events)(Event::StepStarted { step: step.id.clone(), address, action: step.action.word() });
                }
                (step, since, shared.carry_out(step).await)
            }));
        }
    }

    fn ended(&mut self, step: &'a Step, since: Instant, result: Result<(), StepFailure>) {
        let outcome = match result {
            Ok(()) => {
                self.done.insert(step.id.clone());
                self.report.done += 1;
                Outcome::Done
            }
            Err(failure) => {
                self.lost.insert(step.id.clone(), step.address.clone());
                self.report.stale = failure.is_stale() && (self.report.stale || self.report.failed.is_empty());
                let outcome = self.failed(step, &failure);
                let event = Outcome::Failed { message: failure.brief(), correlation: outcome.correlation.clone() };
                self.report.failed.push(outcome);
                event
            }
        };
        self.finished(step, outcome, since.elapsed());
    }

    fn skip_rest(&mut self) {
        for id in self.order.clone() {
            if let Some(step) = self.waiting.remove(&id) {
                let culprit = step.depends_on.iter().find_map(|d| self.lost.get(d)).cloned();
                let why = match culprit {
                    Some(culprit) => format!("{culprit} did not end well"),
                    None => "the run was interrupted".to_owned(),
                };
                self.skip(step, why);
            }
        }
    }

    fn skip(&mut self, step: &'a Step, why: String) {
        self.lost.insert(step.id.clone(), step.address.clone());
        self.report.skipped.push(outcome(step, why.clone()));
        self.finished(step, Outcome::Skipped { why }, std::time::Duration::ZERO);
    }

    fn failed(&self, step: &Step, failure: &StepFailure) -> StepOutcome {
        let trouble = Some(failure.trouble(label(step)));
        StepOutcome { correlation: failure.correlation(), trouble, ..outcome(step, failure.told()) }
    }

    fn finished(&self, step: &Step, outcome: Outcome, elapsed: std::time::Duration) {
        let (id, address, action) = (step.id.clone(), step.address.clone(), step.action.word());
        (self.options.events)(Event::StepFinished { step: id, address, action, outcome, elapsed });
    }
}

fn outcome(step: &Step, message: String) -> StepOutcome {
    let (address, action) = (step.address.clone(), step.action.word());
    StepOutcome { address, action, message, correlation: None, trouble: None }
}
