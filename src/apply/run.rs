//! The run: which step may start, how many at once, what a failure or an interruption stops.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{BoxFuture, join_all};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::StepFailure;
use super::failure::veil;
use super::holds::Holds;
use super::record::{Recorder, entry};
use super::recover::{ours, replaced};
use super::step::{Crew, label};
use crate::azure::Client;
use crate::event::{Event, Outcome, Report, StepOutcome};
use crate::model::{Made, Target};
use crate::names::{Address, ArmId, StepId};
use crate::observe::says_absent;
use crate::plan::{Action, Known, Plan, Step, Work};
use crate::schema::Schema;
use crate::state::{JournalEntry, JournalStatus, State, StateError, Store};

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

/// What an earlier run was making and no record has, and by which action.
fn unrecorded(state: &State) -> BTreeMap<Made, String> {
    let recorded: BTreeSet<&ArmId> = state.recorded.resources.values().map(|e| &e.id).collect();
    let all = ours(state).into_iter().filter(|m| !recorded.contains(&m.id));
    let action = |m: &Made| state.journal.iter().find(|e| e.id.as_ref() == Some(&m.id)).map(|e| e.action.clone());
    all.filter_map(|m| action(&m).map(|action| (m, action))).collect()
}

/// What was asked to be made anew and is gone by now, or was never there: whatever stands there later is the new one.
fn anew(plan: &Plan, state: &State) -> BTreeSet<Made> {
    let before = replaced(state);
    let earlier = ours(state).into_iter().filter(|made| before.contains(&made.address));
    let replaces = |s: &&Step| s.action == Action::Replace;
    let deletes = |address: &Address| {
        let all = plan.steps.iter().filter(replaces).filter(|s| s.address == *address);
        all.filter(|s| matches!(s.work, Work::Delete { .. })).count() > 0
    };
    let lone = plan.steps.iter().filter(replaces).filter_map(|s| match &s.work {
        Work::Create { target: Target::Id(id), .. } if !deletes(&s.address) => {
            Some(Made { address: s.address.clone(), id: id.clone() })
        }
        _ => None,
    });
    earlier.chain(lone).collect()
}

/// Keeps it in the journal of the next run, under a step that no plan has.
fn left_behind(made: Made, action: String) -> JournalEntry {
    JournalEntry {
        step: "left".to_owned(),
        address: made.address,
        action,
        id: Some(made.id),
        status: JournalStatus::Intended,
        operation: None,
        digest: None,
        at: String::new(),
        failure: None,
    }
}

/// Whether all that was ever being made is recorded, was deleted, or is not there.
async fn nothing_lost(client: &Client, plan: &Plan, state: &State) -> bool {
    for made in unrecorded(state).into_keys() {
        let deleted = plan.steps.iter().any(|s| matches!(&s.work, Work::Delete { id, .. } if made.id.within(id)));
        let kind = made.id.resource_type().and_then(|t| Schema::get().resource(&t));
        if let Some(kind) = kind.filter(|_| !deleted) {
            match client.get(&made.id, &kind.api_version).await {
                Err(error) if says_absent(&error) => {}
                _ => return false,
            }
        }
    }
    true
}

/// What the plan forgets since it seemed to be gone, and is there after all, with what was seen. Azure's reads lag behind its
/// writes, and what is forgotten is nobody's: it is looked for once more.
async fn still_there(client: &Client, plan: &Plan, state: &State) -> BTreeMap<Address, String> {
    let look = |address: &Address| {
        let entry = state.recorded.resources.get(address)?;
        let kind = Schema::get().resource(&entry.arm_type)?;
        let (address, id) = (address.clone(), entry.id.clone());
        Some(async move {
            match client.get(&id, &kind.api_version).await {
                Err(error) if says_absent(&error) => None,
                Err(error) => Some((address, format!("whether {id} is gone is unknown ({error})"))),
                Ok(_) => Some((address, format!("{id} seemed to be gone and is there"))),
            }
        })
    };
    join_all(plan.gone.iter().filter_map(look)).await.into_iter().flatten().collect()
}

/// The record of what needs no request is brought up to date, and the journal of an earlier run made room in.
async fn prepare(
    plan: &Plan,
    still: &BTreeMap<Address, String>,
    state: &mut State,
    store: &dyn Store,
) -> Result<(), StateError> {
    for address in plan.forget.iter().filter(|address| !still.contains_key(*address)) {
        state.recorded.resources.remove(address);
    }
    for (address, record) in &plan.remember {
        let before = state.recorded.resources.get(address);
        if let Some(id) = record.id.clone().or_else(|| before.map(|e| e.id.clone())) {
            let before = before.filter(|e| e.id == id).map(|e| e.seen.clone());
            let seen = plan.seen.get(address).cloned().or(before).unwrap_or_else(crate::document::Value::map);
            let key = state.recorded.key.0.clone();
            let entry = entry(record, id, seen, &Known::default(), &key);
            state.recorded.resources.insert(address.clone(), entry);
        }
    }
    let journal = state.journal.len();
    let open = unrecorded(state);
    let anew = anew(plan, state);
    state.start_journal();
    for (made, action) in open {
        if !state.journal.iter().any(|e| e.id.as_ref() == Some(&made.id)) {
            state.note(left_behind(made, action))?;
        }
    }
    for made in anew {
        let intended = left_behind(made, Action::Replace.word().to_owned());
        let done = JournalEntry { status: JournalStatus::Done, ..intended.clone() };
        state.note(intended)?;
        state.note(done)?;
    }
    let moved = !plan.forget.is_empty() || !plan.remember.is_empty() || journal != state.journal.len();
    // A state that was never saved is saved before the first request, so that no request is made that cannot be recorded.
    if moved || !plan.steps.is_empty() {
        store.save(state).await?;
    }
    Ok(())
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
