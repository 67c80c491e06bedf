//! One step: what it sends, and what it makes sure of around that.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::failure::first_sentence;
use super::record::Recorder;
use super::{StepFailure, overlay};
use crate::azure::{Client, Kind, Method, Started, Wait, Write};
use crate::document::{Path, Value, Veil};
use crate::event::Event;
use crate::model::{Made, Observed, Seen, Target};
use crate::names::{Address, ArmId, Etag, StepId};
use crate::observe;
use crate::plan::{Expectation, InlineChild, InlineEdit, Known, Step, Work, grant_id, resolve};
use crate::schema::{ResourceType, Schema, Update};

/// How often an update is tried again when the resource moves between its GET and its PUT.
const PRECONDITION_TRIES: usize = 5;
/// Microsoft documents up to ten minutes for a role assignment to be seen everywhere.
const PROPAGATION: Duration = Duration::from_secs(600);
/// A failed create has to be asked for anew as a whole, so it is asked less often than a refused request.
const PROPAGATION_PAUSE: Duration = Duration::from_secs(20);

/// Azure's reads lag behind its writes: for so long, what was just made may seem not to be there.
const READ_LAG: Duration = Duration::from_secs(120);
/// For so long, a create may be refused since what it lies in, just made, is not seen yet.
const PARENT_LAG: Duration = Duration::from_secs(60);
/// The first pause of both; each further one is twice as long.
const LAG_PAUSE: Duration = Duration::from_secs(1);
const PARENT_UNSEEN: [&str; 2] = ["ResourceGroupNotFound", "ParentResourceNotFound"];

/// One write.
struct Request<'a> {
    method: Method,
    id: &'a ArmId,
    body: Option<serde_json::Value>,
    if_match: Option<&'a Etag>,
}

/// What the steps of a run share.
pub(super) struct Crew<'a> {
    pub client: &'a Client,
    pub recorder: Recorder<'a>,
    pub known: Mutex<Known>,
    /// Last documents by id, for children that travel in their parent's write.
    pub answers: Mutex<BTreeMap<ArmId, Value>>,
    /// What travels in the create of which step, and its ids.
    pub passengers: BTreeMap<StepId, Vec<(&'a Step, &'a ArmId)>>,
    pub events: &'a (dyn Fn(Event) + Send + Sync),
    /// Ids that an interrupted run was making.
    pub ours: &'a [Made],
    /// Over the secrets that the run sends.
    pub veil: Veil,
}

impl Crew<'_> {
    /// Carries one step out; its outcome is on disk when this returns.
    pub(super) async fn carry_out(&self, step: &Step) -> Result<(), StepFailure> {
        let result = match &step.work {
            Work::Create { target, body, inline } => self.create(step, target, body, inline).await.map(Some),
            Work::Update { id, edits, inline, expects, leaves } => {
                let updated = self.update(step, id, (edits, inline), expects).await;
                updated.and_then(|seen| shown(step, seen, leaves.as_ref())).map(Some)
            }
            Work::Delete { id, only } => {
                if let Some(only) = only {
                    self.nothing_else_in(id, only).await?;
                } else if id.group_id().as_ref() == Some(id) {
                    // A group goes with all that is in it: nobody has looked at what that is.
                    return Err(StepFailure::Stale {
                        what: format!("{id} may only be deleted with what is known to be in it"),
                    });
                }
                self.delete(step, id).await.map(|()| None)
            }
            Work::Adopt { id } => self.read(id, &step.arm_type).await.and_then(|seen| standing(seen, step)).map(Some),
            Work::Within { id, .. } => Ok(self.passenger(step, id).await),
        };
        match result {
            Ok(seen) => {
                let known = {
                    let mut known = self.known.lock().await;
                    match &seen {
                        Some(o) => drop(known.resources.insert(step.address.clone(), (o.id.clone(), o.body.clone()))),
                        None if step.record.is_none() => drop(known.resources.remove(&step.address)),
                        // What the address means now was made by a step before.
                        None => {}
                    }
                    known.clone()
                };
                if let Some(o) = &seen {
                    self.answers.lock().await.insert(o.id.clone(), o.body.clone());
                }
                self.recorder.done(step, seen.as_ref(), &known).await
            }
            Err(failure) => {
                let failure = failure.veiled(&self.veil);
                self.recorder.failed(step, &failure).await?;
                for (passenger, _) in self.passengers_of(step) {
                    self.recorder.failed(passenger, &failure).await?;
                }
                Err(failure)
            }
        }
    }

    fn passengers_of(&self, step: &Step) -> &[(&Step, &ArmId)] {
        self.passengers.get(&step.id).map_or(&[], Vec::as_slice)
    }

    async fn create(
        &self,
        step: &Step,
        target: &Target,
        body: &Value,
        inline: &[InlineChild],
    ) -> Result<Observed, StepFailure> {
        let resource = kind_of(step);
        let known = self.known.lock().await.clone();
        let mut document = resolve(body, &known);
        for child in inline {
            let list = document.as_map_mut().entry(child.property.clone()).or_insert_with(|| Value::List(Vec::new()));
            if let Value::List(items) = list {
                items.push(resolve(&child.element, &known));
            }
        }
        let id = match target {
            Target::Id(id) => id.clone(),
            Target::Grant(grant) => match resolve(&grant.principal, &known) {
                Value::String(principal) => grant_id(grant, &principal).ok_or_else(|| StepFailure::Unknown {
                    what: format!("a principal ({principal} is no object id)"),
                })?,
                other => return Err(unknown(&other)),
            },
        };
        let is_grant = matches!(target, Target::Grant(_)) || is_role_assignment(resource);
        // Between plan and apply somebody may have made it. A role assignment says all it is by its name, so asking twice
        // is one assignment and needs no look.
        if !is_grant {
            match self.read(&id, &step.arm_type).await? {
                Seen::Present(_) if !self.ours.iter().any(|m| m.id == id) => {
                    return Err(StepFailure::Stale { what: format!("{id} exists by now") });
                }
                _ => {}
            }
        }
        let arm = resource.to_arm(&document).to_request_json().ok_or_else(|| unknown(&document))?;
        // A run that is cut off here has made these too, whatever the file says when the next one comes.
        let passengers = self.passengers_of(step).iter().map(|(p, id)| self.recorder.intend(p, id, None));
        futures::future::try_join_all(passengers).await?;
        self.recorder.intend(step, &id, None).await?;
        match self.put_new(step, &id, arm, &known).await {
            Err(StepFailure::Azure(error)) if is_grant && error.kind == Kind::AlreadyExists => {
                self.equal_grant(&id, &document).await?.ok_or(StepFailure::Azure(error))
            }
            other => {
                let answer = other?;
                // What Azure answers to a role assignment is all there is of it, and its provider counts every reading.
                if is_grant && answer.is_object() {
                    return Ok(observe::observed(resource, &id, answer));
                }
                self.read_new(step, &id).await
            }
        }
    }

    /// Sends a create. What it lies in may have been made by this very run a moment ago, and not be seen yet.
    async fn put_new(
        &self,
        step: &Step,
        id: &ArmId,
        body: serde_json::Value,
        known: &Known,
    ) -> Result<serde_json::Value, StepFailure> {
        let below_ours = known.resources.values().any(|(made, _)| made != id && id.within(made));
        let (began, mut pause) = (Instant::now(), LAG_PAUSE);
        loop {
            let request = Request { method: Method::Put, id, body: Some(body.clone()), if_match: None };
            match self.send(step, request).await {
                Err(StepFailure::Azure(error))
                    if below_ours
                        && error.code.as_deref().is_some_and(|code| PARENT_UNSEEN.contains(&code))
                        && began.elapsed() + pause <= PARENT_LAG =>
                {
                    self.wait_for_lag(step, &format!("what it lies in is not seen yet: {}", error.message), pause)
                        .await;
                    pause *= 2;
                }
                other => return other,
            }
        }
    }

    /// Reads what was just made.
    async fn read_new(&self, step: &Step, id: &ArmId) -> Result<Observed, StepFailure> {
        let (began, mut pause) = (Instant::now(), LAG_PAUSE);
        loop {
            match self.read(id, &step.arm_type).await? {
                Seen::Absent if began.elapsed() + pause <= READ_LAG => {
                    self.wait_for_lag(step, "it was made and is not seen yet", pause).await;
                    pause *= 2;
                }
                seen => return present(seen, id),
            }
        }
    }

    async fn wait_for_lag(&self, step: &Step, why: &str, pause: Duration) {
        let why = self.veil.cover(&format!("{why}; again in {} s", pause.as_secs()));
        (self.events)(Event::StepWaits { step: step.id.clone(), why });
        tokio::time::sleep(pause).await;
    }

    /// Azure says that an equal assignment exists under another name: it is taken for what it is.
    async fn equal_grant(&self, id: &ArmId, wanted: &Value) -> Result<Option<Observed>, StepFailure> {
        let Some(scope) = id.parent() else { return Ok(None) };
        let wants = observe::Wants { grants: vec![scope.clone()], ..observe::Wants::default() };
        let (live, _) = observe::observe(self.client, &wants).await;
        let Some(Seen::Present(listed)) = live.grants.get(&scope) else { return Ok(None) };
        let resource = Schema::get().resource(&id.resource_type().unwrap_or_default());
        let equal = listed.iter().find(|o| {
            let alike = |(path, value): &(Path, &Value)| {
                resource.is_some_and(|r| crate::plan::same_value(r, path, value, o.body.get(path)))
            };
            o.id.parent().as_ref() == Some(&scope)
                && resource.is_some_and(|r| crate::plan::said(r, wanted).iter().all(alike))
        });
        Ok(equal.cloned())
    }

    async fn update(
        &self,
        step: &Step,
        id: &ArmId,
        (edits, inline): (&[(Path, Option<Value>)], &[InlineEdit]),
        expects: &Expectation,
    ) -> Result<Observed, StepFailure> {
        let resource = kind_of(step);
        let known = self.known.lock().await.clone();
        let edits: Vec<(Path, Option<Value>)> =
            edits.iter().map(|(path, value)| (path.clone(), value.as_ref().map(|v| resolve(v, &known)))).collect();
        for attempt in 1.. {
            let live = standing(self.read(id, &step.arm_type).await?, step)?;
            // The answer to the try before may have been lost: then what moved is what was asked for, and is asked for again.
            let ours = || attempt > 1 && overlay::shown(resource, &live.body, &edits, inline);
            if !expects.met(resource, &live.body) && !ours() {
                return Err(StepFailure::Stale { what: format!("{} changed after it was planned", step.address) });
            }
            let document = overlay::body(resource, &live.body, &edits, inline);
            let arm = resource.to_arm(&document).to_request_json().ok_or_else(|| unknown(&document))?;
            let method = match resource.update {
                Update::Put => Method::Put,
                Update::Patch => Method::Patch,
            };
            let etag = live.etag.as_ref().filter(|_| resource.etag && resource.update == Update::Put);
            self.recorder.intend(step, id, Some(&expects.digest)).await?;
            match self.send(step, Request { method, id, body: Some(arm), if_match: etag }).await {
                Err(StepFailure::Azure(e)) if e.kind == Kind::Precondition && attempt < PRECONDITION_TRIES => {
                    (self.events)(Event::StepWaits {
                        step: step.id.clone(),
                        why: "it changed meanwhile; read again".to_owned(),
                    });
                }
                Err(failure) => return Err(failure),
                Ok(_) => return present(self.read(id, &step.arm_type).await?, id),
            }
        }
        unreachable!("BUG: the loop ends by returning")
    }

    async fn delete(&self, step: &Step, id: &ArmId) -> Result<(), StepFailure> {
        self.recorder.intend(step, id, None).await?;
        self.send(step, Request { method: Method::Delete, id, body: None, if_match: None }).await.map(drop)
    }

    /// Sends one write and follows its operation to the end. What was answered at once, if there was no operation.
    async fn send(&self, step: &Step, request: Request<'_>) -> Result<serde_json::Value, StepFailure> {
        let resource = kind_of(step);
        let Request { method, id, body, if_match } = request;
        let deadline = Duration::from_secs(resource.minutes * 60);
        let notify = |wait: Wait| self.tell(step, &wait);
        let began = Instant::now();
        loop {
            let body = body.clone();
            let write = Write { method, id, api_version: &resource.api_version, body, if_match, deadline };
            let operation = match self.client.write(write, &notify).await? {
                Started::Done(answer) => return Ok(answer),
                Started::Running(operation) => operation,
            };
            self.recorder.running(step, &operation).await?;
            match self.client.follow(&operation, &notify).await {
                Ok(()) => return Ok(serde_json::Value::Null),
                // Azure took the request and found only later that a grant has yet to spread: the same is asked again.
                Err(error) if error.kind == Kind::Propagating && began.elapsed() < PROPAGATION => {
                    notify(Wait::Propagating { why: error.message.clone(), after: PROPAGATION_PAUSE });
                    tokio::time::sleep(PROPAGATION_PAUSE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn tell(&self, step: &Step, wait: &Wait) {
        let veil = &self.veil;
        let step = step.id.clone();
        let waits = |why: String| Event::StepWaits { step: step.clone(), why: veil.cover(&why) };
        (self.events)(match wait {
            Wait::Status(status) => Event::OperationPolled { step: step.clone(), status: veil.cover(status) },
            Wait::Retrying { why, after } => waits(format!("{why}; again in {} s", after.as_secs().max(1))),
            Wait::Throttled(after) => waits(format!("throttled by Azure; again in {} s", after.as_secs().max(1))),
            Wait::Busy { why, .. } => waits(format!("another operation is in progress: {}", first_sentence(why))),
            Wait::Propagating { why, .. } => waits(format!("a grant has yet to spread: {}", first_sentence(why))),
        });
    }

    async fn read(&self, id: &ArmId, arm_type: &str) -> Result<Seen<Observed>, StepFailure> {
        let resource = Schema::get().resource(arm_type).expect("BUG: a plan only has types of the schema");
        match self.client.get(id, &resource.api_version).await {
            Ok(answer) => Ok(Seen::Present(observe::observed(resource, id, answer.body))),
            Err(error) if observe::says_absent(&error) => Ok(Seen::Absent),
            Err(error) => Err(error.into()),
        }
    }

    /// A resource group is deleted only with what the plan deletes in it, looked at just before.
    async fn nothing_else_in(
        &self,
        group: &ArmId,
        only: &std::collections::BTreeSet<ArmId>,
    ) -> Result<(), StepFailure> {
        let listed = match observe::listing(self.client, group).await {
            Seen::Absent => return Ok(()),
            Seen::Present(listed) => listed,
            Seen::Unreadable(why) => {
                return Err(StepFailure::Stale { what: format!("the content of {group} cannot be read ({why})") });
            }
        };
        let strangers: Vec<String> =
            listed.iter().filter(|id| !only.iter().any(|o| id.within(o))).map(ToString::to_string).collect();
        if strangers.is_empty() {
            return Ok(());
        }
        Err(StepFailure::Stale {
            what: format!("{group} now holds {}, which this plan does not delete", strangers.join(", ")),
        })
    }

    /// What the carrier's answer says of a child that travelled in it.
    async fn passenger(&self, step: &Step, id: &ArmId) -> Option<Observed> {
        step.record.as_ref()?;
        let list = kind_of(step).inline.as_deref()?;
        let answers = self.answers.lock().await;
        let items = answers.get(&id.parent()?)?.property(list)?.as_list()?;
        let named =
            |i: &&Value| i.property("name").and_then(Value::as_str).is_some_and(|n| n.eq_ignore_ascii_case(id.name()));
        let mut body = items.iter().find(named).cloned().unwrap_or_else(Value::map);
        body.remove(&Path::of(["name"]));
        Some(Observed { id: id.clone(), body, etag: None })
    }
}

fn kind_of(step: &Step) -> &'static ResourceType {
    Schema::get().resource(&step.arm_type).expect("BUG: a plan only has types of the schema")
}

fn is_role_assignment(resource: &ResourceType) -> bool {
    resource.extension && resource.name.starts_with("Microsoft.Authorization/")
}

fn present(seen: Seen<Observed>, id: &ArmId) -> Result<Observed, StepFailure> {
    match seen {
        Seen::Present(observed) => Ok(observed),
        _ => Err(StepFailure::Vanished { id: id.clone() }),
    }
}

/// What the plan counted on; gone, the plan is stale.
fn standing(seen: Seen<Observed>, step: &Step) -> Result<Observed, StepFailure> {
    match seen {
        Seen::Present(observed) => Ok(observed),
        _ => Err(StepFailure::Stale { what: format!("{} is gone", step.address) }),
    }
}

/// Refuses to go on where Azure took a change and does not show it, if the plan asks for that.
fn shown(step: &Step, seen: Observed, leaves: Option<&Expectation>) -> Result<Observed, StepFailure> {
    match leaves {
        Some(leaves) if !leaves.met(kind_of(step), &seen.body) => {
            Err(StepFailure::Unshown { address: step.address.clone() })
        }
        _ => Ok(seen),
    }
}

fn unknown(document: &Value) -> StepFailure {
    let waits: Vec<String> = document.templates().into_iter().map(|(path, t)| format!("{t} (at {path})")).collect();
    StepFailure::Unknown { what: if waits.is_empty() { "a value".to_owned() } else { waits.join(", ") } }
}

/// What a person reads of a step: its address.
pub(super) fn label(step: &Step) -> &Address {
    &step.address
}
