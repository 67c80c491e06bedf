//! Role assignments that an address no longer means: the registry's mode now honours another role, or the identity is
//! another one. What replaces them is given first, what needs it is changed next, and only then they go; the record names
//! the old one until then, so that a run that breaks off in between loses neither.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::attach::other_pull_role;
use super::build::Draft;
use super::resource::Stand;
use super::step::{Action, Record, Step, Work};
use super::{Expectation, grant_id, resolve};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::{Entry, Grant, Seen, Target, Wanted};
use crate::names::{Address, ArmId, StepId};
use crate::schema::Schema;

impl Draft<'_> {
    /// The recorded assignment of an address, where Azure still has it and the address now means another.
    pub(super) fn superseded(&self, wanted: &Wanted) -> Option<Entry> {
        let Target::Grant(grant) = &wanted.target else { return None };
        let entry = self.recorded.resources.get(&wanted.address)?;
        // What lies on something that is made anew goes with it, and comes back under the same name.
        let goes = self.replaced.iter().any(|id| grant.scope.within(id) || entry.id.within(id));
        let other = !goes && self.now(wanted, grant).as_ref() != Some(&entry.id);
        let stands = other && matches!(self.see_recorded(&wanted.address, entry), Seen::Present(_));
        stands.then(|| entry.clone())
    }

    /// What an assignment is in Azure, or will be; `None` before its principal is known.
    fn now(&self, wanted: &Wanted, grant: &Grant) -> Option<ArmId> {
        match self.stand(wanted, Schema::get().resource(&wanted.arm_type)?) {
            Stand::Present(observed) => Some(observed.id),
            _ => match resolve(&grant.principal, &self.known) {
                Value::String(principal) => grant_id(grant, &principal),
                _ => None,
            },
        }
    }

    /// Deletes them. Assignments that another address means stay.
    pub(super) fn plan_orphans(&mut self, wanted: &IndexMap<Address, Wanted>) {
        let meant = self.meant(wanted);
        let kept: BTreeSet<ArmId> = meant.values().flatten().cloned().collect();
        for (address, now) in &meant {
            let resource = &wanted[address];
            if let Some(old) = self.superseded(resource) {
                let record = self.successor(resource, now.as_ref(), &old);
                self.see_successor(address, &record);
                if kept.contains(&old.id) {
                    self.plan.remember.insert(address.clone(), record);
                } else if old.protect && self.principal_goes(resource) {
                    // The old one counts no longer before the new one can be given.
                    let text = format!("{address} is protected, and whom it is given to would be made anew");
                    let problem = Diagnostic::error("protected", text);
                    self.refuse(problem.help("take `protect: true` away from it in a change of its own first"));
                } else {
                    let why = "it names a role or a principal that this address no longer means";
                    self.delete_orphan(resource, old.id, (record, why), wanted);
                }
            } else if let Some((left, record)) = self.left_over(resource, now.as_ref(), &kept) {
                self.see_successor(address, &record);
                self.delete_orphan(resource, left, (record, "left by a switch that was broken off"), wanted);
            }
        }
    }

    /// Keeps what is seen of the assignment that stands for the address from now on, if it is there already.
    fn see_successor(&mut self, address: &Address, record: &Record) {
        let mut listed = self.live.grants.values().filter_map(Seen::present).flatten();
        if let Some(stands) = listed.find(|o| Some(&o.id) == record.id.as_ref()) {
            self.plan.seen.insert(address.clone(), stands.body.clone());
        }
    }

    /// Whether this plan replaces whom an assignment is given to.
    fn principal_goes(&self, wanted: &Wanted) -> bool {
        let Target::Grant(Grant { principal: Value::Template(template), .. }) = &wanted.target else { return false };
        let id_of = |address: &Address| self.desired.resources.get(address).and_then(Wanted::id);
        template.references().filter_map(|r| id_of(&r.address)).any(|id| self.replaced.contains(id))
    }

    /// What every assignment of the plan is in Azure, or will be, where that is known.
    pub(super) fn meant(&self, wanted: &IndexMap<Address, Wanted>) -> BTreeMap<Address, Option<ArmId>> {
        let grants = wanted.values().filter_map(|w| match &w.target {
            Target::Grant(grant) if !self.satisfied.contains(&w.address) => Some((w, grant)),
            _ => None,
        });
        grants.map(|(w, grant)| (w.address.clone(), self.now(w, grant))).collect()
    }

    /// What the state says of the address once the old assignment is gone.
    fn successor(&mut self, wanted: &Wanted, now: Option<&ArmId>, old: &Entry) -> Record {
        let made = self.plan.steps.iter().any(|s| s.address == wanted.address && matches!(s.work, Work::Create { .. }));
        // A run that was broken off made it, if it is there and was never recorded.
        let ours = now.is_some_and(|id| self.ours.iter().any(|m| m.id == *id));
        let remembered = self.plan.remember.remove(&wanted.address);
        let record = remembered.unwrap_or_else(|| self.record(wanted, made || ours || old.created, None));
        Record { id: now.cloned(), created: made || ours || old.created, ..record }
    }

    /// The assignment of the role that a registry's other mode honours, under landfall's own name, which no record has.
    fn left_over(&self, wanted: &Wanted, now: Option<&ArmId>, kept: &BTreeSet<ArmId>) -> Option<(ArmId, Record)> {
        let Target::Grant(grant) = &wanted.target else { return None };
        let entry = self.recorded.resources.get(&wanted.address).filter(|e| Some(&e.id) == now)?;
        let role = other_pull_role(grant.role).filter(|_| wanted.address.collection() == "pullsFrom")?;
        let Value::String(principal) = resolve(&grant.principal, &self.known) else { return None };
        let id = grant_id(&Grant { role, ..grant.clone() }, &principal)?;
        let Some(Seen::Present(listed)) = self.live.grants.get(&grant.scope) else { return None };
        let recorded = || self.recorded.resources.values().any(|e| e.id == id);
        let there = listed.iter().any(|o| o.id == id) && !kept.contains(&id) && !recorded();
        there.then(|| (id, Record { id: Some(entry.id.clone()), ..Record::of(entry) }))
    }

    fn delete_orphan(
        &mut self,
        wanted: &Wanted,
        id: ArmId,
        (record, why): (Record, &str),
        all: &IndexMap<Address, Wanted>,
    ) {
        let work = Work::Delete { id, only: None };
        let mut step = self.bare_step(&wanted.address, &wanted.arm_type, Action::Delete, work, Some(record));
        step.note = Some(why.to_owned());
        let needs = |address: &Address| all.get(address).is_some_and(|w| w.depends_on.contains(&wanted.address));
        let flips = |address: &Address| self.first.contains(&(wanted.address.clone(), address.clone()));
        let before = self.plan.steps.iter().filter(|s| {
            let own = s.address == wanted.address && !self.orphans.contains(&s.id);
            own || needs(&s.address) || flips(&s.address)
        });
        let before: BTreeSet<StepId> = before.map(|s| s.id.clone()).collect();
        let first = &self.first;
        let flips = |s: &&mut Step| first.contains(&(wanted.address.clone(), s.address.clone()));
        for flip in self.plan.steps.iter_mut().filter(flips) {
            let resource = Schema::get().resource(&flip.arm_type);
            if let (Work::Update { edits, leaves, .. }, Some(resource)) = (&mut flip.work, resource) {
                *leaves = Some(Expectation::left(resource, edits));
            }
        }
        step.depends_on.extend(before);
        self.orphans.insert(step.id.clone());
        self.push(step);
    }
}
