//! The steps for one wanted resource.

use super::build::Draft;
use super::disruption::{Effect, effect};
use super::given::Given;
use super::grants::{self, Standing};
use super::step::{Action, Alteration, Disruption, DriftItem, InlineChild, Record, Step, UnmanagedItem, Work};
use super::upgrade::{Move, Mover};
use super::{Expectation, resolve, rotate};
use crate::diagnostic::Diagnostic;
use crate::diff::{
    Around, Comparison, Difference, Moved, Reason, compare_child, initial_only, leaves, moved_unmanaged,
};
use crate::document::{Map, Packed, Path, Secret, Value};
use crate::model::{Entry, Observed, Seen, Source, Target, Wanted};
use crate::names::{Address, ArmId};
use crate::schema::{ResourceType, Schema, Update};

/// What Azure has for a wanted resource.
pub(super) enum Stand {
    Absent(Target),
    Present(Observed),
    Inherited(ArmId),
    Unreadable(String),
}

impl Draft<'_> {
    /// Plans one resource of the file, or of landfall's own.
    pub(super) fn plan_wanted(&mut self, wanted: &Wanted) {
        let schema = Schema::get();
        let resource = schema.resource(&wanted.arm_type).expect("BUG: the environment only makes types of the schema");
        let stand = self.stand(wanted, resource);
        if wanted.existing {
            self.check_existing(wanted, &stand);
            self.let_go(&wanted.address);
            return;
        }
        let entry = self.recorded.resources.get(&wanted.address).cloned();
        match stand {
            Stand::Unreadable(why) => self.unread(&wanted.address, why),
            Stand::Inherited(id) => {
                let fact = format!("{}: a scope above gives the same role already ({id})", wanted.address);
                self.plan.diagnostics.push(Diagnostic::information("inherited", fact));
                self.satisfied.insert(wanted.address.clone());
                self.plan.unchanged.insert(wanted.address.clone());
            }
            Stand::Absent(target) => self.plan_create(wanted, resource, target, entry.as_ref()),
            Stand::Present(observed) => self.plan_present(wanted, resource, &observed, entry.as_ref()),
        }
    }

    fn check_existing(&mut self, wanted: &Wanted, stand: &Stand) {
        match stand {
            Stand::Absent(_) => {
                let id = wanted.id().map(ToString::to_string).unwrap_or_default();
                self.refuse(
                    Diagnostic::error("existing-missing", format!("{} is said to exist and does not: {id}", wanted.address))
                        .help("take `existing: true` away to have landfall make it, or correct its name, group or subscription"),
                );
            }
            Stand::Unreadable(why) => self.unread(&wanted.address, why.clone()),
            _ => {}
        }
    }

    /// What Azure has for a wanted resource. What lies below something that this plan replaces counts as gone.
    pub(super) fn stand(&self, wanted: &Wanted, resource: &ResourceType) -> Stand {
        match &wanted.target {
            Target::Grant(grant) => {
                let principal = resolve(&grant.principal, &self.known);
                if self.replaced.iter().any(|id| grant.scope.within(id)) {
                    // Whoever it is given to may be no part of the plan, and is named here or never.
                    let again = principal.as_str().and_then(|principal| grants::grant_id(grant, principal));
                    return Stand::Absent(again.map_or_else(|| wanted.target.clone(), Target::Id));
                }
                match grants::standing(grant, &principal, self.live) {
                    Standing::Unknown => Stand::Absent(wanted.target.clone()),
                    Standing::Absent(id) => Stand::Absent(Target::Id(id)),
                    Standing::Present(observed) => Stand::Present(observed),
                    Standing::Inherited(id) => Stand::Inherited(id),
                    Standing::Unreadable(why) => Stand::Unreadable(why),
                    Standing::Malformed(text) => Stand::Unreadable(format!("`{text}` is no principal's object id")),
                }
            }
            Target::Id(id) => {
                let recorded = self.recorded.resources.get(&wanted.address);
                match self.see(id, recorded, &wanted.address, resource) {
                    Seen::Absent => Stand::Absent(wanted.target.clone()),
                    Seen::Present(observed) => Stand::Present(observed),
                    Seen::Unreadable(why) => Stand::Unreadable(why),
                }
            }
        }
    }

    /// Reads a resource out of what was observed; inline children out of their parent.
    pub(super) fn see(
        &self,
        id: &ArmId,
        entry: Option<&Entry>,
        address: &Address,
        resource: &ResourceType,
    ) -> Seen<Observed> {
        if self.replaced.iter().any(|r| id.within(r)) {
            return Seen::Absent;
        }
        super::see::see(self.live, id, entry, address, resource)
    }

    fn plan_create(&mut self, wanted: &Wanted, resource: &ResourceType, target: Target, entry: Option<&Entry>) {
        let body = resolve(&merged(&wanted.body, &wanted.create_defaults), &self.known);
        let superseded = self.superseded(wanted);
        if let Some(entry) = entry.filter(|_| superseded.is_none()) {
            let gone = Value::text(entry.id.as_str());
            self.plan.drift.push(DriftItem {
                address: wanted.address.clone(),
                path: Path::root(),
                recorded: Some(gone),
                live: None,
            });
        }
        let reason = match (&wanted.source, entry) {
            (_, Some(_)) if superseded.is_none() => Reason::Drift,
            (Source::Landfall(_), _) => Reason::Dependency,
            (Source::File, _) => Reason::File,
        };
        let changes = leaves(resource, &body).into_iter().map(|(path, value)| created(path, value, reason)).collect();
        self.check_new_version(wanted, resource);
        let action = if self.replace.contains(&wanted.address) { Action::Replace } else { Action::Create };
        // The record names the old assignment until that is gone.
        let record = match &superseded {
            Some(old) => Record { depends_on: wanted.depends_on.iter().cloned().collect(), ..Record::of(old) },
            None => self.record(wanted, true, Some(&wanted.create_defaults)),
        };
        let mut step = self.step(wanted, action, Work::Create { target, body, inline: Vec::new() }, Some(record));
        step.changes = changes;
        // The old record's reason is not the new assignment's.
        if let (Source::Landfall(why), true) = (&wanted.source, superseded.is_some()) {
            step.note = Some(why.clone());
        }
        self.push(step);
    }

    fn plan_present(&mut self, wanted: &Wanted, resource: &ResourceType, observed: &Observed, entry: Option<&Entry>) {
        let desired = resolve(&wanted.body, &self.known);
        let key = self.recorded.key.clone();
        let hash = move |secret: &Secret| Value::Hash(secret.hash(&key.0));
        let given = Given::of(resource, &desired, entry);
        let hidden = given.hidden_in(&observed.body);
        let body = hidden.as_ref().unwrap_or(&observed.body);
        let live = (body, super::see::parent_body(self.live, &observed.id, resource));
        let mut comparison = compare_child(resource, &desired, entry.map(|e| &e.applied), live, &hash);
        given.keep(&observed.body, &mut comparison.differences);
        let kubelet = self.kubelet_moved(wanted, observed);
        for moved in kubelet.into_iter().chain(self.principals_moved(wanted, observed)) {
            // What landfall's own identities are is part of the document, and compared with it.
            if comparison.differences.iter().any(|d| d.path == moved.path) {
                continue;
            }
            let (path, recorded, live) = (moved.path.clone(), moved.after.clone(), moved.before.clone());
            comparison.drift.push(Moved { path, recorded, live });
            comparison.differences.push(moved);
        }
        let to = self.version_move(wanted, resource, observed, &mut comparison);
        self.tell(wanted, &comparison);
        if let Some(entry) = entry.filter(|e| !e.seen.is_empty()) {
            for moved in moved_unmanaged(resource, &[&desired, &entry.applied], &entry.seen.unpack(), &observed.body) {
                self.plan.unmanaged.push(UnmanagedItem {
                    address: wanted.address.clone(),
                    path: moved.path,
                    before: moved.recorded,
                    after: moved.live,
                });
            }
        }
        let made_before = || self.made.contains(&observed.id);
        let ours = entry.is_none() && self.is_ours(&observed.id, resource);
        let created = entry.map_or_else(|| ours || made_before(), |e| e.created);
        // What a cut-off run made was given the defaults when it was made.
        let mut record = self.record(wanted, created, ours.then_some(&wanted.create_defaults));
        if let Some(entry) = entry {
            record.defaulted = entry.defaulted.clone();
        }
        let document = changed(&observed.body, &comparison.differences);
        let effects: Vec<(Difference, Effect)> = comparison
            .differences
            .into_iter()
            .map(|d| {
                let effect = effect(resource, &d, &document);
                (d, effect)
            })
            .collect();
        if effects.iter().any(|(_, e)| e.refused.is_some()) {
            self.plan_anew(wanted, resource, observed, effects, record);
        } else if let Some(to) = to {
            self.plan_move(wanted, resource, observed, effects, (record, to));
        } else if effects.is_empty() && observed.failed() {
            // Its values are as asked for, and what was made of them is not: the same request makes Azure finish it.
            let mut step = self.update_step(wanted, resource, observed, effects, record);
            if let (Update::Patch, Work::Update { edits, .. }) = (resource.update, &mut step.work) {
                *edits = said_again(resource, &desired, &observed.body);
            }
            step.note = Some("its last operation failed in Azure, so the same is asked for again".to_owned());
            self.push(step);
        } else if effects.is_empty() {
            self.settled(wanted, observed, entry, record, &hash);
        } else {
            let step = self.update_step(wanted, resource, observed, effects, record);
            self.push(step);
        }
    }

    /// Whether an interrupted run was making it, by itself or, as it does with node pools, within its parent.
    fn is_ours(&self, id: &ArmId, resource: &ResourceType) -> bool {
        let made = |id: &ArmId| self.ours.iter().any(|m| m.id == *id);
        let within = |parent: ArmId| resource.inline.is_some() && made(&parent);
        made(id) || id.parent().is_some_and(within)
    }

    /// What else changes goes first, in a step of its own; the version follows in its hops.
    fn plan_move(
        &mut self,
        wanted: &Wanted,
        resource: &ResourceType,
        observed: &Observed,
        effects: Vec<(Difference, Effect)>,
        (record, to): (Record, Move),
    ) {
        let mut settings = None;
        if !effects.is_empty() {
            let mut before = record.clone();
            let recorded = self.recorded.resources.get(&wanted.address).and_then(|e| e.applied.get(&to.path));
            match recorded {
                Some(recorded) => before.applied.set(&to.path, recorded.clone()),
                None => drop(before.applied.remove(&to.path)),
            }
            let step = self.update_step(wanted, resource, observed, effects, before);
            let edits = if let Work::Update { edits, .. } = &step.work { edits.clone() } else { Vec::new() };
            settings = Some((step.id.clone(), edits));
            self.push(step);
        }
        let (wanted, observed) = (wanted.clone(), observed.clone());
        self.set_moving(Mover { wanted, observed, record, to, settings });
    }

    /// Nothing to change: an adoption without changes, or nothing at all.
    fn settled(
        &mut self,
        wanted: &Wanted,
        observed: &Observed,
        entry: Option<&Entry>,
        record: Record,
        hash: &dyn Fn(&Secret) -> Value,
    ) {
        let Some(entry) = entry else {
            let ours = record.created;
            let mut step = self.step(wanted, Action::Adopt, Work::Adopt { id: observed.id.clone() }, Some(record));
            if ours {
                step.note = Some("made by a run that was interrupted; goes into the record".to_owned());
            }
            self.push(step);
            return;
        };
        self.plan.unchanged.insert(wanted.address.clone());
        let applied = resolve(&record.applied, &self.known).map_leaves(&mut |leaf| match leaf {
            Value::Secret(secret) => hash(secret),
            other => other.clone(),
        });
        let as_before = applied.same(&entry.applied)
            && entry.id == observed.id
            && (record.protect, &record.chosen, &record.depends_on)
                == (entry.protect, &entry.chosen, &entry.depends_on);
        if !as_before {
            self.plan.remember.insert(wanted.address.clone(), Record { id: Some(observed.id.clone()), ..record });
            self.plan.seen.insert(wanted.address.clone(), observed.body.clone());
        }
    }

    fn update_step(
        &mut self,
        wanted: &Wanted,
        resource: &ResourceType,
        observed: &Observed,
        effects: Vec<(Difference, Effect)>,
        record: Record,
    ) -> Step {
        let known = self.recorded.resources.contains_key(&wanted.address);
        let action = if known { Action::Update } else { Action::Adopt };
        let mut expects = watched(resource, &wanted.body, &observed.body);
        expects.extend(effects.iter().map(|(d, _)| d.path.clone()));
        let expects = Expectation::of(resource, &observed.body, expects, &[]);
        // What Azure alone writes, it writes anew with whatever it is sent.
        let sent =
            effects.iter().filter(|(d, _)| !resource.at(&d.path).is_some_and(|(_, p)| p.is_some_and(|p| p.read_only)));
        let edits = sent.map(|(d, _)| (d.path.clone(), d.after.clone())).collect();
        let work = Work::Update { id: observed.id.clone(), edits, inline: Vec::new(), expects, leaves: None };
        let mut step = self.step(wanted, action, work, Some(record));
        if effects.iter().any(|(_, e)| e.last) {
            self.last.insert(step.id.clone(), observed.id.clone());
        }
        step.disruption = effects.iter().map(|(_, e)| e.disruption).max().unwrap_or(Disruption::None);
        if step.disruption == Disruption::Reimages {
            step.pools = self.pools_of(wanted, observed, resource);
        }
        step.changes = effects.into_iter().map(|(d, e)| altered(d, e)).collect();
        step
    }

    /// Azure refuses the change in place: a node pool is rotated, what `--replace` names is made anew, the rest is refused.
    fn plan_anew(
        &mut self,
        wanted: &Wanted,
        resource: &ResourceType,
        observed: &Observed,
        effects: Vec<(Difference, Effect)>,
        record: Record,
    ) {
        if resource.inline.is_some() {
            self.plan_rotation(wanted, resource, observed, effects, record);
            return;
        }
        if !resource.keep && !wanted.protect {
            self.replace_steps(wanted, resource, observed, effects);
            return;
        }
        for (difference, effect) in &effects {
            let Some(why) = &effect.refused else { continue };
            let show = |v: &Option<Value>| {
                v.as_ref().map_or_else(|| "nothing".to_owned(), |v| v.to_display_json().to_string())
            };
            let path = &difference.path;
            let mut problem = Diagnostic::error(
                "cannot-change",
                format!(
                    "{}: {path} {why}; Azure has {}, the file asks for {}",
                    wanted.address,
                    show(&difference.before),
                    show(&difference.after)
                ),
            );
            if let Some(way) = &effect.way {
                problem = problem.help(way.clone());
            }
            problem = problem.help("write the live value into the file to keep the resource as it is");
            let group = wanted.arm_type.eq_ignore_ascii_case(super::delete::GROUP);
            problem = problem.help(if group {
                "a resource group is never replaced, since all that it holds would go with it".to_owned()
            } else if wanted.protect {
                format!("{} is protected: no plan may replace it", wanted.address)
            } else {
                format!("or have it deleted and made anew, with all it holds: --replace {}", wanted.address)
            });
            self.refuse(problem);
        }
    }

    /// Delete, then create. Used where `--replace` names the address, and for small children that Azure cannot change.
    pub(super) fn replace_steps(
        &mut self,
        wanted: &Wanted,
        resource: &ResourceType,
        observed: &Observed,
        effects: Vec<(Difference, Effect)>,
    ) {
        let mut delete = self.step(wanted, Action::Replace, Work::Delete { id: observed.id.clone(), only: None }, None);
        delete.disruption = Disruption::Replaces;
        let body = resolve(&merged(&wanted.body, &wanted.create_defaults), &self.known);
        let record = self.record(wanted, true, Some(&wanted.create_defaults));
        let target = Target::Id(observed.id.clone());
        let mut create = self.step(
            wanted,
            Action::Replace,
            Work::Create { target, body: body.clone(), inline: Vec::new() },
            Some(record),
        );
        create.disruption = Disruption::Replaces;
        create.changes = if effects.is_empty() {
            leaves(resource, &body).into_iter().map(|(p, v)| created(p, v, Reason::File)).collect()
        } else {
            effects.into_iter().map(|(d, e)| altered(d, e)).collect()
        };
        create.depends_on.insert(delete.id.clone());
        self.push(delete);
        self.push(create);
    }

    fn plan_rotation(
        &mut self,
        wanted: &Wanted,
        resource: &ResourceType,
        observed: &Observed,
        effects: Vec<(Difference, Effect)>,
        record: Record,
    ) {
        if wanted.protect {
            self.refuse(
                Diagnostic::error(
                    "protected",
                    format!("{} would have to be rotated, and is protected", wanted.address),
                )
                .help("write the live values into the file, or take `protect` away"),
            );
            return;
        }
        let Some(cluster) = observed.id.parent() else { return };
        let body = resolve(&merged(&wanted.body, &wanted.create_defaults), &self.known);
        let name = rotate::new_name(&wanted.address, &observed.id, &body);
        let new_id = cluster.child(resource.segment(), &name);
        let body = rotate::new_pool(&body, &observed.body, &wanted.address);
        // One that Azure failed to make is asked for again: the old pool goes only after it stands.
        let made_already = {
            let probe = Entry { id: new_id.clone(), ..self.empty_entry(wanted) };
            matches!(self.see(&new_id, Some(&probe), &wanted.address, resource), Seen::Present(o) if o.id == new_id && !o.failed())
        };
        let work = if made_already {
            Work::Adopt { id: new_id.clone() }
        } else {
            Work::Create { target: Target::Id(new_id.clone()), body, inline: Vec::new() }
        };
        let old_record = Record { id: Some(observed.id.clone()), ..record.clone() };
        let mut add = self.step(wanted, Action::Rotate, work, Some(old_record));
        add.disruption = Disruption::Rotates;
        add.pools = vec![observed.id.name().to_owned()];
        let pinned: Vec<String> =
            effects.iter().filter(|(_, e)| e.refused.is_some()).map(|(d, _)| d.path.to_string()).collect();
        add.note = Some(format!(
            "{} is fixed at creation: add {name}, then drain and delete {}",
            pinned.join(", "),
            observed.id.name()
        ));
        add.changes = effects.into_iter().map(|(d, e)| altered(d, e)).collect();
        let remove = Work::Delete { id: observed.id.clone(), only: None };
        let mut remove =
            self.step(wanted, Action::Rotate, remove, Some(Record { id: Some(new_id), created: true, ..record }));
        remove.disruption = Disruption::Rotates;
        remove.pools = add.pools.clone();
        remove.depends_on.insert(add.id.clone());
        self.push(add);
        self.push(remove);
    }

    pub(super) fn tell(&mut self, wanted: &Wanted, comparison: &Comparison) {
        for moved in &comparison.drift {
            if comparison.differences.iter().any(|d| d.path == moved.path) {
                self.plan.drift.push(DriftItem {
                    address: wanted.address.clone(),
                    path: moved.path.clone(),
                    recorded: moved.recorded.clone(),
                    live: moved.live.clone(),
                });
            }
        }
        for path in &comparison.released {
            let text = format!(
                "{}: {path} is no longer in the file; Azure keeps its value and landfall lets go of it",
                wanted.address
            );
            self.plan.diagnostics.push(Diagnostic::information("released", text));
        }
    }

    pub(super) fn record(&self, wanted: &Wanted, created: bool, defaults: Option<&Value>) -> Record {
        let chosen = match &wanted.source {
            Source::File => None,
            Source::Landfall(why) => Some(why.clone()),
        };
        Record {
            id: None,
            arm_type: wanted.arm_type.clone(),
            applied: resolve(&wanted.body, &self.known),
            defaulted: defaults.map_or_else(Value::map, |d| resolve(d, &self.known)),
            created,
            protect: wanted.protect,
            chosen,
            depends_on: wanted.depends_on.iter().cloned().collect(),
        }
    }

    fn empty_entry(&self, wanted: &Wanted) -> Entry {
        Entry {
            id: wanted.id().cloned().unwrap_or_else(|| ArmId::subscription_of(&self.desired.subscription)),
            arm_type: wanted.arm_type.clone(),
            applied: Value::map(),
            defaulted: Value::map(),
            seen: Packed::default(),
            created: false,
            protect: false,
            chosen: None,
            depends_on: Vec::new(),
        }
    }

    /// The pools whose nodes a change reimages: the pool itself, or every pool of a cluster.
    fn pools_of(&self, wanted: &Wanted, observed: &Observed, resource: &ResourceType) -> Vec<String> {
        if resource.inline.is_some() {
            return vec![observed.id.name().to_owned()];
        }
        let list = inline_list(&wanted.arm_type).map(|(_, list)| list);
        let items = list.and_then(|list| observed.body.property(&list)?.as_list()).unwrap_or_default().iter();
        items.filter_map(|i| i.property("name")?.as_str().map(str::to_owned)).collect()
    }
}

/// All that the file says and Azure takes of a resource that exists, to be sent as it is.
fn said_again(resource: &ResourceType, desired: &Value, live: &Value) -> Vec<(Path, Option<Value>)> {
    let same = |(path, value): (Path, &Value)| {
        let (before, after) = (live.get(&path).cloned(), Some(value.clone()));
        let takes = effect(resource, &Difference { path, before, after, reason: Reason::File }, live);
        takes.refused.is_none()
    };
    let all = leaves(resource, desired).into_iter();
    all.filter(|(path, value)| same((path.clone(), value))).map(|(path, value)| (path, Some(value.clone()))).collect()
}

/// The managed paths whose values must not move between plan and apply: what was a first value only (`count` under an
/// autoscaler) may.
pub(super) fn watched(resource: &ResourceType, wanted: &Value, live: &Value) -> Vec<Path> {
    let paths = leaves(resource, wanted).into_iter().map(|(path, _)| path);
    paths.filter(|path| !initial_only(resource, path, &Around { asked: wanted, live, parent: None })).collect()
}

/// The type of children that travel in a resource's own list, and the list.
pub(super) fn inline_list(arm_type: &str) -> Option<(&'static ResourceType, String)> {
    let schema = Schema::get();
    let children = schema.children_of(arm_type)?.values();
    let mut types = children.filter_map(|child| schema.resource(&child.arm_type));
    types.find_map(|child| Some((child, child.inline.clone()?)))
}

/// The element of the parent's list that a child travels as.
pub(super) fn inline_element(property: &str, name: &str, body: &Value) -> InlineChild {
    let mut element = Map::new();
    element.insert("name".to_owned(), Value::text(name));
    element.extend(body.as_map().cloned().unwrap_or_default());
    InlineChild { property: property.to_owned(), element: Value::Map(element) }
}

/// What a create sends: the file's words, and under them the defaults.
pub(super) fn merged(body: &Value, defaults: &Value) -> Value {
    let (Value::Map(over), Value::Map(under)) = (body, defaults) else { return body.clone() };
    let mut out = over.clone();
    for (key, default) in under {
        match out.get_mut(key) {
            None => drop(out.insert(key.clone(), default.clone())),
            Some(said) if matches!((&*said, default), (Value::Map(_), Value::Map(_))) => *said = merged(said, default),
            Some(_) => {}
        }
    }
    Value::Map(out)
}

/// The live document as these differences will leave it.
pub(super) fn changed(live: &Value, differences: &[Difference]) -> Value {
    let mut out = live.clone();
    for difference in differences {
        match &difference.after {
            Some(after) => out.set(&difference.path, after.clone()),
            None => drop(out.remove(&difference.path)),
        }
    }
    out
}

fn created(path: Path, value: &Value, reason: Reason) -> Alteration {
    Alteration { path, before: None, after: Some(value.clone()), reason, disruption: Disruption::None, note: None }
}

fn altered(difference: Difference, effect: Effect) -> Alteration {
    let reason = match &difference.after {
        Some(Value::Template(_)) => Reason::Dependency,
        _ => difference.reason,
    };
    Alteration {
        path: difference.path,
        before: difference.before,
        after: difference.after,
        reason,
        disruption: effect.disruption,
        note: effect.note.or(effect.refused),
    }
}
