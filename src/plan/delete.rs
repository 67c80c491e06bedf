//! What the file no longer names is deleted, in the reverse of the order in which it was made.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::build::Draft;
use super::step::{Action, Record, Step, Work};
use crate::diagnostic::Diagnostic;
use crate::document::{Path, Value};
use crate::model::{Entry, Observed, Seen, Wanted};
use crate::names::{Address, ArmId, StepId};
use crate::schema::Schema;

pub(super) const GROUP: &str = "Microsoft.Resources/resourceGroups";
const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";

/// The cluster to whose control plane landfall gave this role: it is kept until the cluster goes, also when the file no
/// longer names what it was for.
fn control_planes_cluster(role: &Address) -> Option<Address> {
    if role.collection() == "roles" { role.parent()?.parent() } else { None }
}

impl Draft<'_> {
    /// Plans the deletion of every recorded resource that is not wanted.
    pub(super) fn plan_deletions(&mut self, wanted: &IndexMap<Address, Wanted>, destroy: bool) {
        let mut doomed: BTreeMap<Address, (Entry, Observed)> = BTreeMap::new();
        for (address, entry) in &self.recorded.resources.clone() {
            if wanted.contains_key(address) {
                continue;
            }
            if self.lets_go(address) {
                self.let_go(address);
                continue;
            }
            if entry.chosen.is_some() && control_planes_cluster(address).is_some_and(|c| wanted.contains_key(&c)) {
                self.plan.unchanged.insert(address.clone());
                continue;
            }
            let file_protects = destroy && self.desired.resources.get(address).is_some_and(|w| w.protect);
            if entry.protect || file_protects {
                self.refuse(
                    Diagnostic::error("protected", format!("{address} is protected: no plan may delete it"))
                        .help("apply the file with `protect` taken away from it first; then it can go"),
                );
                continue;
            }
            match self.see_recorded(address, entry) {
                Seen::Absent => {
                    self.plan.forget.insert(address.clone());
                    self.plan.gone.insert(address.clone());
                }
                Seen::Unreadable(why) => self.unread(address, why),
                Seen::Present(observed) => drop(doomed.insert(address.clone(), (entry.clone(), observed))),
            }
        }
        let left = self.left_by_a_cut_off_run(wanted, destroy);
        let gone: BTreeSet<ArmId> = left.iter().map(|(_, _, o)| o.id.clone()).collect();
        self.keep_what_clusters_name(&mut doomed, &gone);
        self.keep_what_is_meant(wanted, &mut doomed);
        let ids: BTreeSet<ArmId> = doomed.values().map(|(_, o)| o.id.clone()).chain(gone).collect();
        let mut first: BTreeSet<StepId> = BTreeSet::new();
        let mut steps: BTreeMap<ArmId, StepId> = BTreeMap::new();
        let recorded = doomed.iter().map(|(address, (entry, observed))| (address, entry, observed, false));
        for (address, entry, observed, unrecorded) in left.iter().map(|(a, e, o)| (a, e, o, true)).chain(recorded) {
            let group = entry.arm_type.eq_ignore_ascii_case(GROUP);
            let only = if group {
                match self.group_may_go(address, entry, observed, &ids) {
                    Some(only) => Some(only),
                    None => continue,
                }
            } else {
                None
            };
            let work = Work::Delete { id: observed.id.clone(), only };
            let note = (!entry.created).then(|| "adopted earlier, not made by landfall".to_owned());
            let mut step = self.bare_step(address, &entry.arm_type, Action::Delete, work, None);
            step.note = note;
            if unrecorded {
                step.note = Some("made by a run that was interrupted".to_owned());
                step.record = self.recorded.resources.get(address).map(Record::of);
                first.insert(step.id.clone());
            } else {
                // Whatever was being made when the run was cut off was the last to be made, and uses what is recorded.
                step.depends_on.extend(first.iter().cloned());
            }
            steps.insert(observed.id.clone(), step.id.clone());
            self.push(step);
        }
        // What goes with its parent needs no request of its own; a role assignment does, since its scope may stay behind.
        for step in &mut self.plan.steps {
            let Work::Delete { id, .. } = &step.work else { continue };
            let id = id.clone();
            let grant = step.arm_type.eq_ignore_ascii_case(ROLE_ASSIGNMENT);
            let top = step.arm_type.matches('/').count() == 1;
            if grant || top || step.action != Action::Delete {
                continue;
            }
            if let Some(carrier) = id.parent().and_then(|p| steps.get(&p)) {
                step.holds.clear();
                step.depends_on.insert(carrier.clone());
                step.work = Work::Within { step: carrier.clone(), id };
            }
        }
    }

    /// The reverse edges of deletion.
    pub(super) fn link_deletions(
        &mut self,
        wanted: &IndexMap<Address, Wanted>,
        by_address: &BTreeMap<Address, BTreeSet<StepId>>,
    ) {
        let mut edges: Vec<(StepId, StepId)> = Vec::new();
        let within: BTreeMap<StepId, StepId> = self
            .plan
            .steps
            .iter()
            .filter_map(
                |s| if let Work::Within { step, .. } = &s.work { Some((s.id.clone(), step.clone())) } else { None },
            )
            .collect();
        for (address, entry) in &self.recorded.resources {
            for dependency in &entry.depends_on {
                if wanted.contains_key(dependency) {
                    continue;
                }
                for after in by_address.get(dependency).into_iter().flatten() {
                    for before in by_address.get(address).into_iter().flatten() {
                        // A passenger ends with its carrier.
                        let before = within.get(before).unwrap_or(before);
                        edges.push((after.clone(), before.clone()));
                    }
                }
            }
        }
        let groups: Vec<StepId> = self.deletions_of(|t| t.eq_ignore_ascii_case(GROUP));
        let others: Vec<StepId> = self.deletions_of(|t| !t.eq_ignore_ascii_case(GROUP));
        for group in &groups {
            edges.extend(others.iter().map(|o| (group.clone(), within.get(o).unwrap_or(o).clone())));
        }
        edges.extend(self.siblings_first());
        if !self.last.is_empty() {
            let mut below: BTreeMap<ArmId, Vec<&StepId>> = BTreeMap::new();
            for step in &self.plan.steps {
                if let Work::Delete { id, .. } = &step.work
                    && let Some(parent) = id.parent().filter(|parent| parent != id)
                {
                    below.entry(parent).or_default().push(&step.id);
                }
            }
            for (after, parent) in &self.last {
                let below = below.get(parent).into_iter().flatten();
                edges.extend(below.map(|id| (after.clone(), (*id).clone())));
            }
        }
        let places = self.places();
        for (after, before) in edges {
            if let Some(step) = places.get(&after).map(|at| &mut self.plan.steps[*at])
                && after != before
                && within.get(&after) != Some(&before)
                && !within.contains_key(&after)
            {
                step.depends_on.insert(before);
            }
        }
    }

    /// A child that travels inline (a node pool) goes only when what comes or changes beside it is there: the last System pool
    /// cannot be deleted, and pods need somewhere to go.
    fn siblings_first(&self) -> Vec<(StepId, StepId)> {
        let inline = |s: &&Step| Schema::get().resource(&s.arm_type).is_some_and(|r| r.inline.is_some());
        let mut families: BTreeMap<Address, (Vec<&StepId>, Vec<&StepId>)> = BTreeMap::new();
        for step in self.plan.steps.iter().filter(inline) {
            let Some(parent) = step.address.parent() else { continue };
            let (going, staying) = families.entry(parent).or_default();
            match step.action {
                Action::Delete => going.push(&step.id),
                Action::Create | Action::Update => staying.push(&step.id),
                _ => {}
            }
        }
        let pairs = |(going, staying): (Vec<&StepId>, Vec<&StepId>)| {
            let of = |id: &StepId| staying.iter().map(|s| (id.clone(), (*s).clone())).collect::<Vec<_>>();
            going.into_iter().flat_map(of).collect::<Vec<_>>()
        };
        families.into_values().flat_map(pairs).collect()
    }

    fn deletions_of(&self, kind: impl Fn(&str) -> bool) -> Vec<StepId> {
        let deletions = self.plan.steps.iter().filter(|s| s.action == Action::Delete && kind(&s.arm_type));
        deletions.map(|s| s.id.clone()).collect()
    }

    pub(super) fn see_recorded(&self, address: &Address, entry: &Entry) -> Seen<Observed> {
        if entry.arm_type.eq_ignore_ascii_case(ROLE_ASSIGNMENT) {
            let Some(scope) = entry.id.parent() else { return Seen::Absent };
            return match self.live.grants.get(&scope) {
                Some(Seen::Present(listed)) => match listed.iter().find(|o| o.id == entry.id) {
                    Some(observed) => Seen::Present(observed.clone()),
                    None => Seen::Absent,
                },
                Some(Seen::Absent) => Seen::Absent,
                Some(Seen::Unreadable(why)) => Seen::Unreadable(why.clone()),
                None => Seen::Unreadable("its scope was not read".to_owned()),
            };
        }
        match Schema::get().resource(&entry.arm_type) {
            Some(resource) => self.see(&entry.id, Some(entry), address, resource),
            None => Seen::Unreadable(format!("this version of landfall does not know the type {}", entry.arm_type)),
        }
    }

    /// An assignment that another address of the file means now is not deleted: only the old address goes.
    fn keep_what_is_meant(
        &mut self,
        wanted: &IndexMap<Address, Wanted>,
        doomed: &mut BTreeMap<Address, (Entry, Observed)>,
    ) {
        if !doomed.values().any(|(entry, _)| entry.arm_type.eq_ignore_ascii_case(ROLE_ASSIGNMENT)) {
            return;
        }
        let meant: BTreeSet<ArmId> = self.meant(wanted).into_values().flatten().collect();
        let kept: Vec<Address> =
            doomed.iter().filter(|(_, (_, o))| meant.contains(&o.id)).map(|(a, _)| a.clone()).collect();
        for address in kept {
            doomed.remove(&address);
            self.plan.forget.insert(address);
        }
    }

    /// An identity that a live cluster names is never deleted while the cluster stays.
    fn keep_what_clusters_name(&mut self, doomed: &mut BTreeMap<Address, (Entry, Observed)>, gone: &BTreeSet<ArmId>) {
        let going: BTreeSet<ArmId> = doomed.values().map(|(_, o)| o.id.clone()).collect();
        let mut named: BTreeSet<ArmId> = BTreeSet::new();
        for (id, seen) in &self.live.resources {
            let Seen::Present(observed) = seen else { continue };
            let stays = !going.contains(id)
                && !gone.contains(id)
                && id
                    .resource_type()
                    .is_some_and(|t| t.eq_ignore_ascii_case("Microsoft.ContainerService/managedClusters"));
            if stays {
                observed.body.walk(&Path::root(), &mut |_, value| {
                    let texts: Vec<&str> = match value {
                        Value::String(text) => vec![text],
                        Value::Map(map) => map.keys().map(String::as_str).collect(),
                        _ => Vec::new(),
                    };
                    named.extend(texts.into_iter().filter(|t| t.starts_with('/')).filter_map(|t| ArmId::parse(t).ok()));
                });
            }
        }
        let kept: Vec<Address> =
            doomed.iter().filter(|(_, (_, o))| named.contains(&o.id)).map(|(a, _)| a.clone()).collect();
        for address in kept {
            doomed.remove(&address);
            let text = format!("{address} is not in the file, and stays: a cluster in Azure still names it");
            self.plan.diagnostics.push(Diagnostic::information("still-named", text));
        }
    }

    /// Whether a resource group may be deleted: landfall made it, and it holds nothing but what this plan deletes.
    fn group_may_go(
        &mut self,
        address: &Address,
        entry: &Entry,
        observed: &Observed,
        doomed: &BTreeSet<ArmId>,
    ) -> Option<BTreeSet<ArmId>> {
        if !entry.created {
            self.plan.forget.insert(address.clone());
            let text = format!("{address} ({}) stays: it was adopted, not made by landfall", observed.id.name());
            self.plan.diagnostics.push(Diagnostic::information("group-stays", text));
            return None;
        }
        let listed = match self.live.listings.get(&observed.id) {
            Some(Seen::Present(listed)) => listed.clone(),
            Some(Seen::Absent) => Vec::new(),
            Some(Seen::Unreadable(why)) => {
                self.unread(address, format!("its content: {why}"));
                return None;
            }
            None => {
                self.unread(address, "its content was not read".to_owned());
                return None;
            }
        };
        let above = |id: &ArmId| std::iter::successors(Some(id.clone()), ArmId::parent);
        let ours = |id: &ArmId| above(id).any(|d| d != observed.id && doomed.contains(&d));
        let strangers: Vec<String> = listed.iter().filter(|id| !ours(id)).map(ToString::to_string).collect();
        if strangers.is_empty() {
            return Some(doomed.iter().filter(|d| **d != observed.id).cloned().collect());
        }
        let mut fact = Diagnostic::information(
            "group-stays",
            format!("{address} ({}) stays: it holds what this plan does not delete", observed.id.name()),
        );
        for stranger in strangers {
            fact = fact.help(stranger);
        }
        self.plan.diagnostics.push(fact);
        None
    }
}
