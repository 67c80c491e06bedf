//! The one owner of the state during a run: every change of it is on disk before anything that waits for it starts.

use std::convert::Infallible;
use std::time::Duration;

use super::StepFailure;
use super::save::Saver;
use crate::azure::{Method, Operation, OperationKind};
use crate::document::{Packed, Secret, Value};
use crate::model::{Entry, HashKey, Observed};
use crate::names::ArmId;
use crate::plan::{Known, Record, Step, resolve};
use crate::state::{JournalEntry, JournalStatus, RecordedOperation, State, Store};

/// Tells the time, as RFC 3339 in UTC.
pub(super) type Clock<'a> = &'a (dyn Fn() -> String + Send + Sync);

/// Owns state and journal.
pub(super) struct Recorder<'a> {
    saver: Saver<'a>,
    now: Clock<'a>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(state: &'a mut State, store: &'a dyn Store, now: Clock<'a>) -> Self {
        Self { saver: Saver::new(state, store), now }
    }

    /// Stores what the steps note, for as long as it is polled.
    pub(super) async fn keep_writing(&self) -> Infallible {
        self.saver.keep_writing().await
    }

    /// Returns when no write of the state is under way or due.
    pub(super) async fn settled(&self) {
        self.saver.settled().await;
    }

    /// Before a request: what is about to be sent.
    pub(super) async fn intend(&self, step: &Step, id: &ArmId, digest: Option<&str>) -> Result<(), StepFailure> {
        let entry =
            JournalEntry { digest: digest.map(str::to_owned), ..self.entry(step, Some(id), JournalStatus::Intended) };
        self.note(entry).await
    }

    /// Azure accepted it and works on it.
    pub(super) async fn running(&self, step: &Step, operation: &Operation) -> Result<(), StepFailure> {
        let entry = JournalEntry {
            operation: Some(recorded_operation(operation)),
            ..self.entry(step, Some(&operation.resource), JournalStatus::Running)
        };
        self.note(entry).await
    }

    /// It failed.
    pub(super) async fn failed(&self, step: &Step, failure: &StepFailure) -> Result<(), StepFailure> {
        let entry = JournalEntry { failure: Some(failure.recorded()), ..self.entry(step, None, JournalStatus::Failed) };
        let noted = self.last(step, |_| true).await;
        if noted { self.note(entry).await } else { Ok(()) }
    }

    /// Whether an operation of it is noted: Azure has accepted it.
    pub(super) async fn accepted(&self, step: &Step) -> bool {
        self.last(step, |e| e.status == JournalStatus::Running).await
    }

    /// It was left, whether or not Azure works on it.
    pub(super) async fn left(&self, step: &Step) -> Result<(), StepFailure> {
        let open = self.last(step, |e| e.status.is_open()).await;
        if open { self.note(self.entry(step, None, JournalStatus::Left)).await } else { Ok(()) }
    }

    /// It is done: journal and record in one write.
    pub(super) async fn done(&self, step: &Step, seen: Option<&Observed>, known: &Known) -> Result<(), StepFailure> {
        let note = self.entry(step, seen.map(|o| &o.id), JournalStatus::Done);
        self.saver
            .change(|state| {
                if state.last_of(step.id.as_str(), &step.address).is_some_and(|e| e.status.is_open()) {
                    state.note(note)?;
                }
                record(state, step, seen, known);
                Ok(())
            })
            .await
    }

    async fn note(&self, entry: JournalEntry) -> Result<(), StepFailure> {
        self.saver.change(|state| state.note(entry)).await
    }

    /// Whether the newest entry of a step is so.
    async fn last(&self, step: &Step, is: impl FnOnce(&JournalEntry) -> bool) -> bool {
        self.saver.look(|state| state.last_of(step.id.as_str(), &step.address).is_some_and(is)).await
    }

    fn entry(&self, step: &Step, id: Option<&ArmId>, status: JournalStatus) -> JournalEntry {
        JournalEntry {
            step: step.id.to_string(),
            address: step.address.clone(),
            action: step.action.word().to_owned(),
            id: id.cloned(),
            status,
            operation: None,
            digest: None,
            at: (self.now)(),
            failure: None,
        }
    }
}

/// Brings the record of what a step was about up to date.
fn record(state: &mut State, step: &Step, seen: Option<&Observed>, known: &Known) {
    let Some(record) = &step.record else {
        state.recorded.resources.remove(&step.address);
        return;
    };
    let now = known.resources.get(&step.address);
    let id = record.id.clone().or_else(|| seen.map(|o| o.id.clone())).or_else(|| now.map(|(id, _)| id.clone()));
    let same = |e: &&Entry| Some(&e.id) == id.as_ref();
    let before = state.recorded.resources.get(&step.address).filter(same).map(|e| e.seen.clone());
    let made = now.filter(|(made, _)| Some(made) == id.as_ref()).map(|(_, body)| Packed::from(body));
    let body = seen.filter(|o| Some(&o.id) == id.as_ref()).map(|o| Packed::from(&o.body)).or(made).or(before);
    if let Some(id) = id {
        let entry = entry(record, id, body.unwrap_or_default(), known, &state.recorded.key.0);
        state.recorded.resources.insert(step.address.clone(), entry);
    }
}

/// What the state keeps of a resource that was found and is recorded as it is, without a request. `key` is the state's own.
pub fn remembered(record: &Record, seen: &Observed, key: &HashKey) -> Entry {
    entry(record, seen.id.clone(), Packed::from(&seen.body), &Known::default(), &key.0)
}

/// What the state keeps of a record: references filled in, secrets hashed.
pub(super) fn entry(record: &Record, id: ArmId, seen: Packed, known: &Known, key: &[u8]) -> Entry {
    let keep = |value: &Value| {
        resolve(value, known).map_leaves(&mut |leaf| match leaf {
            Value::Secret(secret) => Value::Hash(Secret::hash(secret, key)),
            // A reference to something that Azure does not report: there is nothing to compare with later.
            Value::Template(_) => Value::Null,
            other => other.clone(),
        })
    };
    Entry {
        id,
        arm_type: record.arm_type.clone(),
        applied: keep(&record.applied),
        defaulted: keep(&record.defaulted),
        seen,
        created: record.created,
        protect: record.protect,
        chosen: record.chosen.clone(),
        depends_on: record.depends_on.clone(),
    }
}

const KINDS: [(OperationKind, &str); 3] = [
    (OperationKind::AsyncOperation, "azure-asyncoperation"),
    (OperationKind::Location, "location"),
    (OperationKind::Resource, "resource"),
];
const METHODS: [(Method, &str); 3] = [(Method::Put, "PUT"), (Method::Patch, "PATCH"), (Method::Delete, "DELETE")];

fn recorded_operation(operation: &Operation) -> RecordedOperation {
    let method = METHODS.iter().find(|(m, _)| *m == operation.method).map_or("PUT", |(_, word)| word);
    let kind = KINDS.iter().find(|(k, _)| *k == operation.kind).map_or("resource", |(_, word)| word);
    let kind = format!("{method} {kind}");
    RecordedOperation { url: operation.url.clone(), kind, api_version: operation.api_version.clone() }
}

/// The operation that a state recorded, to be followed again.
pub(super) fn operation(recorded: RecordedOperation, resource: ArmId, deadline: Duration) -> Operation {
    let (method, kind) = recorded.kind.split_once(' ').unwrap_or(("PUT", &recorded.kind));
    Operation {
        url: recorded.url,
        kind: KINDS.iter().find(|(_, word)| *word == kind).map_or(OperationKind::Resource, |(kind, _)| *kind),
        method: METHODS.iter().find(|(_, word)| *word == method).map_or(Method::Put, |(method, _)| *method),
        resource,
        api_version: recorded.api_version,
        deadline,
    }
}
