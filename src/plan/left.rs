//! What a run was making when it was cut off, and nobody wants any more: no record has it, and it is landfall's own to delete.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::build::Draft;
use super::step::Work;
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::{Entry, Observed, Seen, Target, Wanted};
use crate::names::{Address, ArmId};
use crate::schema::Schema;

impl Draft<'_> {
    /// What of it is there, in no record, and neither wanted nor touched by a step.
    pub(super) fn left_by_a_cut_off_run(
        &mut self,
        wanted: &IndexMap<Address, Wanted>,
        destroy: bool,
    ) -> Vec<(Address, Entry, Observed)> {
        if self.ours.is_empty() {
            return Vec::new();
        }
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
        let mut out = Vec::new();
        for made in self.ours {
            let kind = made.id.resource_type().and_then(|t| Schema::get().resource(&t));
            let Some(kind) = kind.filter(|_| used.insert(made.id.clone())) else { continue };
            let entry = Entry {
                id: made.id.clone(),
                arm_type: kind.name.clone(),
                applied: Value::map(),
                defaulted: Value::map(),
                seen: Value::map(),
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
}
