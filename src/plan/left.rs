//! What a run was making when it was cut off, and nobody wants any more: no record has it, and it is landfall's own to delete.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::build::Draft;
use super::rotate;
use super::step::{Action, Disruption, Record, Work};
use crate::diagnostic::Diagnostic;
use crate::document::{Packed, Value};
use crate::model::{Entry, Observed, Seen, Target, Wanted};
use crate::names::{Address, ArmId, StepId};
use crate::schema::Schema;

impl Draft<'_> {
    /// Pools whose tag says that a rotation made them for an address that means another one by now: a rotation was cut off,
    /// and the file edited before the next run.
    pub(super) fn plan_left_pools(&mut self, wanted: &IndexMap<Address, Wanted>) {
        // It costs a look at everything, and few plans need it.
        let mut used: Option<BTreeSet<ArmId>> = None;
        for pool in wanted.values().filter(|w| !w.existing) {
            let Some(resource) = Schema::get().resource(&pool.arm_type) else { continue };
            let (Some(list), Some(entry)) = (&resource.inline, self.recorded.resources.get(&pool.address)) else {
                continue;
            };
            let Some(cluster) = pool.id().and_then(ArmId::parent).filter(|c| !self.replaced.contains(c)) else {
                continue;
            };
            let Some(observed) = self.live.resources.get(&cluster).and_then(Seen::present) else { continue };
            let items = observed.body.property(list).and_then(Value::as_list).unwrap_or_default();
            let tagged = items.iter().filter(|item| rotate::belongs(item, &pool.address));
            let names = tagged.filter_map(|item| item.property("name")?.as_str());
            let ids: Vec<ArmId> = names.map(|name| cluster.child(resource.segment(), name)).collect();
            if ids.is_empty() {
                continue;
            }
            let used = used.get_or_insert_with(|| self.used(wanted));
            for id in ids.into_iter().filter(|id| !used.contains(id)) {
                if pool.protect || entry.protect {
                    let text =
                        format!("{}: {} stays, left by a rotation; the address is protected", pool.address, id.name());
                    self.plan.diagnostics.push(Diagnostic::information("pool-left", text));
                    continue;
                }
                let own = self.plan.steps.iter().filter(|s| s.address == pool.address);
                let before: BTreeSet<StepId> = own.clone().map(|s| s.id.clone()).collect();
                let rotates = own.clone().any(|s| s.action == Action::Rotate);
                let last = own.filter_map(|s| s.record.clone()).next_back();
                let record = last.or_else(|| self.plan.remember.get(&pool.address).cloned());
                let record = record.unwrap_or_else(|| Record::of(entry));
                let action = if rotates { Action::Rotate } else { Action::Delete };
                let name = id.name().to_owned();
                let work = Work::Delete { id, only: None };
                let mut step = self.step(pool, action, work, Some(record));
                step.note = Some(format!("{name} was left by a rotation that was cut off"));
                step.disruption = Disruption::Rotates;
                step.pools = vec![name];
                step.depends_on = before;
                self.push(step);
            }
        }
    }

    /// What of it is there, in no record, and neither wanted nor touched by a step.
    pub(super) fn left_by_a_cut_off_run(
        &mut self,
        wanted: &IndexMap<Address, Wanted>,
        destroy: bool,
    ) -> Vec<(Address, Entry, Observed)> {
        if self.ours.is_empty() {
            return Vec::new();
        }
        let mut used = self.used(wanted);
        let mut out = Vec::new();
        for made in self.ours {
            let kind = made.id.resource_type().and_then(|t| Schema::get().resource(&t));
            let Some(kind) = kind.filter(|_| used.insert(made.id.clone())) else { continue };
            if kind.extension && wanted.get(&made.address).is_some_and(|w| w.id().is_none()) {
                // A switch of roles that was broken off ends its own way.
                continue;
            }
            let entry = Entry {
                id: made.id.clone(),
                arm_type: kind.name.clone(),
                applied: Value::map(),
                defaulted: Value::map(),
                seen: Packed::default(),
                created: true,
                protect: false,
                chosen: None,
                depends_on: Vec::new(),
            };
            let protects = destroy && self.desired.resources.get(&made.address).is_some_and(|w| w.protect);
            match self.see_recorded(&made.address, &entry) {
                // A pool may be seen under another name of its address: that one is not meant.
                Seen::Present(observed) if observed.id == made.id && protects => self.refuse(
                    Diagnostic::error("protected", format!("{} is protected: no plan may delete it", made.address))
                        .help("apply the file with `protect` taken away from it first; then it can go"),
                ),
                Seen::Present(observed) if observed.id == made.id => out.push((made.address.clone(), entry, observed)),
                Seen::Unreadable(why) => self.unread(&made.address, why),
                _ => {}
            }
        }
        out
    }

    /// What the record, the file or a step means.
    fn used(&self, wanted: &IndexMap<Address, Wanted>) -> BTreeSet<ArmId> {
        let mut used: BTreeSet<ArmId> = self.recorded.resources.values().map(|e| e.id.clone()).collect();
        used.extend(wanted.values().filter_map(|w| w.id().cloned()));
        // A rotated pool stands for its address, before the record says so.
        let entries = self.recorded.resources.iter();
        used.extend(entries.filter_map(|(a, e)| Some(self.see_recorded(a, e).present()?.id.clone())));
        used.extend(wanted.values().filter_map(|w| {
            let kind = Schema::get().resource(&w.arm_type)?;
            let entry = self.recorded.resources.get(&w.address);
            Some(self.see(w.id()?, entry, &w.address, kind).present()?.id.clone())
        }));
        used.extend(self.meant(wanted).into_values().flatten());
        used.extend(self.desired.resources.values().filter(|w| w.existing).filter_map(|w| w.id().cloned()));
        used.extend(self.plan.steps.iter().filter_map(|s| match &s.work {
            Work::Create { target: Target::Id(id), .. } => Some(id.clone()),
            Work::Update { id, .. } | Work::Delete { id, .. } | Work::Adopt { id } | Work::Within { id, .. } => {
                Some(id.clone())
            }
            Work::Create { .. } => None,
        }));
        used
    }
}
