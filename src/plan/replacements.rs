//! Small children that Azure cannot change are deleted and made anew without being named. Which ones has to be known before
//! references are filled in: what refers to them is known only after apply.

use indexmap::IndexMap;

use super::build::Draft;
use super::disruption::{Effect, effect};
use super::resolve;
use super::resource::{Stand, changed};
use crate::diff::{Comparison, Difference, compare_child};
use crate::document::{Secret, Value};
use crate::model::{Target, Wanted};
use crate::names::Address;
use crate::schema::Schema;

impl Draft<'_> {
    /// Finds them all: one that is made anew may change another beyond what Azure takes.
    pub(super) fn find_implied_replacements(&mut self, wanted: &IndexMap<Address, Wanted>) {
        loop {
            let found = wanted.values().find_map(|w| self.implied_replacement(w).map(|found| (w, found)));
            let Some((resource, (comparison, effects))) = found else { return };
            self.tell(resource, &comparison);
            let Some(id) = resource.id().cloned() else { return };
            self.known.resources.retain(|_, (known, _)| !known.within(&id));
            self.protected_below(&resource.address, &id);
            self.replaced.insert(id);
            self.implied.insert(resource.address.clone(), effects);
        }
    }

    fn implied_replacement(&self, wanted: &Wanted) -> Option<(Comparison, Vec<(Difference, Effect)>)> {
        let resource = Schema::get().resource(&wanted.arm_type)?;
        let small = !resource.keep && resource.inline.is_none() && matches!(wanted.target, Target::Id(_));
        let entry = self.recorded.resources.get(&wanted.address);
        let own = entry.is_none_or(|e| Some(&e.id) == wanted.id());
        if !small || !own || wanted.existing || wanted.protect || self.implied.contains_key(&wanted.address) {
            return None;
        }
        let Stand::Present(observed) = self.stand(wanted, resource) else { return None };
        let desired = resolve(&wanted.body, &self.known);
        let hash = |secret: &Secret| Value::Hash(secret.hash(&self.recorded.key.0));
        let comparison = compare_child(resource, &desired, entry.map(|e| &e.applied), (&observed.body, None), &hash);
        let document = changed(&observed.body, &comparison.differences);
        let with_effect = |d: Difference| {
            let effect = effect(resource, &d, &document);
            (d, effect)
        };
        let effects: Vec<(Difference, Effect)> = comparison.differences.iter().cloned().map(with_effect).collect();
        effects.iter().any(|(_, e)| e.refused.is_some()).then_some((comparison, effects))
    }
}
