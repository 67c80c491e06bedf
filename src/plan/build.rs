//! From three worlds to a plan.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::delete::GROUP;
use super::disruption::Effect;
use super::resource::inline_element;
use super::step::{Action, Disruption, Hold, Plan, Record, Step, Unread, Work};
use super::upgrade::Upgrade;
use super::{Known, attach, order};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::diff::Difference;
use crate::model::{Desired, Entry, Live, Made, Recorded, Seen, Target, Wanted};
use crate::names::{Address, ArmId, Lineage, Serial, StepId};
use crate::schema::Schema;

/// What a plan is made of.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// What the file wants.
    pub desired: &'a Desired,
    /// What was last applied.
    pub recorded: &'a Recorded,
    /// Which state that was.
    pub record: Option<(&'a Lineage, Serial)>,
    /// What Azure reports.
    pub live: &'a Live,
    /// Everything is to go.
    pub destroy: bool,
    /// What may be deleted and made anew.
    pub replace: &'a BTreeSet<Address>,
    /// What an interrupted run was making: landfall's own, although no record says so yet.
    pub ours: &'a [Made],
}

/// A plan in the making.
pub(super) struct Draft<'a> {
    pub desired: &'a Desired,
    pub recorded: &'a Recorded,
    pub live: &'a Live,
    pub replace: &'a BTreeSet<Address>,
    pub ours: &'a [Made],
    /// Ids that this plan deletes and makes anew.
    pub replaced: BTreeSet<ArmId>,
    /// Those of them that nobody named: small children that Azure cannot change, and what of them differs.
    pub implied: BTreeMap<Address, Vec<(Difference, Effect)>>,
    /// What references can be filled in with.
    pub known: Known,
    /// What the record says landfall made, under whatever address.
    pub made: BTreeSet<ArmId>,
    /// The addresses of what the plan is about, by id.
    pub addresses: BTreeMap<ArmId, Address>,
    /// Addresses that need no resource of their own.
    pub satisfied: BTreeSet<Address>,
    /// Clusters by id, and what of them is to run another version of Kubernetes.
    pub upgrades: BTreeMap<ArmId, Upgrade>,
    /// Steps of upgrades: among themselves they have their own order.
    pub staged: BTreeSet<StepId>,
    /// Updates that wait for what the plan deletes below the resource.
    pub last: BTreeMap<StepId, ArmId>,
    /// Grants that go before a change of what they are on.
    pub first: BTreeSet<(Address, Address)>,
    /// Deletions of assignments that their address no longer means.
    pub orphans: BTreeSet<StepId>,
    /// Addresses by which the file means something else than what was recorded: nothing is done until that is settled.
    pub moved: BTreeSet<Address>,
    pub plan: Plan,
    count: usize,
}

/// Builds the plan. Nothing is asked of anybody: all that is needed was read.
pub fn build(inputs: Inputs<'_>) -> Plan {
    let expansion = attach::expand(inputs.desired, inputs.recorded, inputs.live);
    let mut draft = Draft::new(&inputs);
    let wanted = if inputs.destroy { IndexMap::new() } else { expansion.resources };
    if !inputs.destroy {
        expansion.problems.into_iter().for_each(|p| draft.refuse(p));
        expansion.unread.into_iter().for_each(|(address, why)| draft.unread(&address, why));
    }
    draft.check_replace(&wanted);
    draft.check_duplicates(&wanted);
    draft.first = expansion.first.into_iter().filter(|(_, on)| !inputs.replace.contains(on)).collect();
    draft.learn(&wanted);
    draft.find_implied_replacements(&wanted);
    for resource in wanted.values() {
        if !draft.moved_away(resource) && !draft.plan_replacement(resource) {
            draft.plan_wanted(resource);
        }
    }
    draft.plan_upgrades();
    draft.plan_left_pools(&wanted);
    draft.plan_deletions(&wanted, inputs.destroy);
    draft.plan_orphans(&wanted);
    draft.carry_inline_children();
    draft.link(&wanted);
    draft.finish()
}

impl<'a> Draft<'a> {
    /// An empty plan over these worlds.
    pub(super) fn new(inputs: &Inputs<'a>) -> Self {
        Draft {
            desired: inputs.desired,
            recorded: inputs.recorded,
            live: inputs.live,
            replace: inputs.replace,
            ours: inputs.ours,
            replaced: BTreeSet::new(),
            implied: BTreeMap::new(),
            known: Known::default(),
            made: inputs.recorded.resources.values().filter(|e| e.created).map(|e| e.id.clone()).collect(),
            addresses: BTreeMap::new(),
            satisfied: BTreeSet::new(),
            upgrades: BTreeMap::new(),
            staged: BTreeSet::new(),
            last: BTreeMap::new(),
            first: BTreeSet::new(),
            orphans: BTreeSet::new(),
            moved: BTreeSet::new(),
            plan: Plan {
                environment: inputs.desired.environment.clone(),
                resource_group: inputs.desired.resource_group.clone(),
                location: inputs.desired.location.clone(),
                record: inputs.record.map(|(lineage, serial)| (lineage.clone(), serial)),
                steps: Vec::new(),
                unchanged: BTreeSet::new(),
                drift: Vec::new(),
                unmanaged: Vec::new(),
                unread: Vec::new(),
                diagnostics: Diagnostics::default(),
                remember: BTreeMap::new(),
                seen: BTreeMap::new(),
                forget: BTreeSet::new(),
                gone: BTreeSet::new(),
            },
            count: 0,
        }
    }
}

impl Draft<'_> {
    pub(super) fn refuse(&mut self, problem: Diagnostic) {
        self.plan.diagnostics.push(problem);
    }

    pub(super) fn unread(&mut self, address: &Address, why: String) {
        self.plan.unread.push(Unread { address: address.clone(), why });
    }

    pub(super) fn push(&mut self, step: Step) {
        self.plan.steps.push(step);
    }

    /// A step that changes nothing yet and waits for nothing.
    pub(super) fn step(&mut self, wanted: &Wanted, action: Action, work: Work, record: Option<Record>) -> Step {
        self.bare_step(&wanted.address, &wanted.arm_type, action, work, record)
    }

    pub(super) fn bare_step(
        &mut self,
        address: &Address,
        arm_type: &str,
        action: Action,
        work: Work,
        record: Option<Record>,
    ) -> Step {
        self.count += 1;
        Step {
            id: format!("draft-{:06}", self.count).parse().expect("it is not empty"),
            address: address.clone(),
            arm_type: arm_type.to_owned(),
            action,
            disruption: Disruption::None,
            pools: Vec::new(),
            changes: Vec::new(),
            depends_on: BTreeSet::new(),
            note: record.as_ref().and_then(|r| r.chosen.clone()),
            holds: holds(arm_type, &work),
            work,
            record,
        }
    }

    /// `--replace` names what there is to replace, and nothing protected.
    fn check_replace(&mut self, wanted: &IndexMap<Address, Wanted>) {
        for address in self.replace {
            match wanted.get(address) {
                None => self.refuse(Diagnostic::error(
                    "replace-unknown",
                    format!("--replace {address}: the file has no such resource"),
                )),
                Some(w) if w.arm_type.eq_ignore_ascii_case(GROUP) => self.refuse(
                    Diagnostic::error(
                        "replace-group",
                        format!("--replace {address}: a resource group is never replaced"),
                    )
                    .help("Azure deletes a group with all that is in it, whoever made that"),
                ),
                Some(w) if w.protect => self.refuse(
                    Diagnostic::error("protected", format!("{address} is protected: no plan may replace it"))
                        .help("take `protect: true` away from it in a change of its own first"),
                ),
                Some(w) if w.existing => self.refuse(Diagnostic::error(
                    "replace-existing",
                    format!("{address} is only referenced (`existing: true`), so it is not landfall's to replace"),
                )),
                Some(w) if matches!(w.target, Target::Grant(_)) => self.refuse(
                    Diagnostic::error(
                        "replace-grant",
                        format!("{address} is a role assignment: it is only what it says"),
                    )
                    .help("change what it says, or delete it in Azure: the next plan makes it again"),
                ),
                Some(w) if Schema::get().resource(&w.arm_type).is_some_and(|r| r.inline.is_some()) => self.refuse(
                    Diagnostic::error("replace-inline", format!("{address}: a node pool is never replaced in place"))
                        .help("declare a second pool beside it and apply; then take this one out of the file"),
                ),
                Some(w) => {
                    if let (Some(id), Seen::Present(_)) = (w.id(), w.id().map_or(Seen::Absent, |id| self.live.get(id)))
                    {
                        self.replaced.insert(id.clone());
                        self.protected_below(address, &id.clone());
                    }
                }
            }
        }
    }

    /// What landfall adds by itself may meet what the file declares.
    fn check_duplicates(&mut self, wanted: &IndexMap<Address, Wanted>) {
        let mut seen: BTreeMap<&ArmId, &Address> = BTreeMap::new();
        for resource in wanted.values() {
            let Some(id) = resource.id() else { continue };
            if let Some(first) = seen.insert(id, &resource.address) {
                let text = format!("{} is the same resource as {first}: {id}", resource.address);
                self.refuse(
                    Diagnostic::error("duplicate-resource", text).help("give the one in the file another name"),
                );
            }
        }
    }

    /// What is protected and lies on or below what is replaced would go with it: a role that a protected cluster pulls by.
    pub(super) fn protected_below(&mut self, address: &Address, id: &ArmId) {
        let below = |(a, e): &(&Address, &Entry)| *a != address && e.protect && e.id.within(id);
        let all: Vec<Address> = self.recorded.resources.iter().filter(below).map(|(a, _)| a.clone()).collect();
        for going in all {
            let text = format!("{going} is protected: no plan may delete it, and it goes when {address} is replaced");
            let problem = Diagnostic::error("protected", text);
            self.refuse(problem.help("take `protect: true` away from it in a change of its own first"));
        }
    }

    /// Delete and create for what `--replace` names or Azure cannot change; true when that was planned.
    fn plan_replacement(&mut self, wanted: &Wanted) -> bool {
        let effects = self.implied.remove(&wanted.address);
        let named = effects.is_some() || self.replace.contains(&wanted.address);
        let Some(id) = wanted.id().filter(|id| self.replaced.contains(*id) && named) else {
            return false;
        };
        let schema = Schema::get();
        let (Some(resource), Seen::Present(observed)) = (schema.resource(&wanted.arm_type), self.live.get(id)) else {
            return false;
        };
        let observed = observed.clone();
        self.replace_steps(wanted, resource, &observed, effects.unwrap_or_default());
        true
    }

    /// Collects what references can be filled in with: what exists and stays.
    pub(super) fn learn(&mut self, wanted: &IndexMap<Address, Wanted>) {
        let schema = Schema::get();
        for resource in wanted.values() {
            let (Target::Id(id), Some(kind)) = (&resource.target, schema.resource(&resource.arm_type)) else {
                continue;
            };
            self.addresses.insert(id.clone(), resource.address.clone());
            let entry = self.recorded.resources.get(&resource.address);
            if let Seen::Present(observed) = self.see(id, entry, &resource.address, kind) {
                self.known.resources.insert(resource.address.clone(), (observed.id, observed.body));
            }
        }
    }

    /// Children of a resource that is made now travel in its PUT.
    fn carry_inline_children(&mut self) {
        let schema = Schema::get();
        let carriers: BTreeMap<ArmId, StepId> = self
            .plan
            .steps
            .iter()
            .filter_map(|s| match &s.work {
                Work::Create { target: Target::Id(id), .. } => Some((id.clone(), s.id.clone())),
                _ => None,
            })
            .collect();
        let mut passengers: BTreeMap<StepId, Vec<(super::InlineChild, BTreeSet<StepId>)>> = BTreeMap::new();
        for step in &mut self.plan.steps {
            let Some(list) = schema.resource(&step.arm_type).and_then(|r| r.inline.as_deref()) else { continue };
            let Work::Create { target: Target::Id(id), body, .. } = &step.work else { continue };
            let Some(carrier) = id.parent().and_then(|parent| carriers.get(&parent)).cloned() else { continue };
            let element = inline_element(list, id.name(), body);
            passengers.entry(carrier.clone()).or_default().push((element, step.depends_on.clone()));
            step.work = Work::Within { step: carrier.clone(), id: id.clone() };
            step.holds.clear();
            step.depends_on.insert(carrier);
        }
        for step in &mut self.plan.steps {
            if let (Work::Create { inline, .. }, Some(children)) = (&mut step.work, passengers.remove(&step.id)) {
                inline.extend(children.into_iter().map(|(child, _)| child));
            }
        }
    }

    /// Edges: what the file says must stand before, for everything that is made or changed.
    fn link(&mut self, wanted: &IndexMap<Address, Wanted>) {
        let mut by_address: BTreeMap<Address, BTreeSet<StepId>> = BTreeMap::new();
        for step in &self.plan.steps {
            by_address.entry(step.address.clone()).or_default().insert(step.id.clone());
        }
        let carriers: BTreeMap<Address, StepId> = self
            .plan
            .steps
            .iter()
            .filter_map(|s| match &s.work {
                Work::Within { step, .. } if wanted.contains_key(&s.address) => Some((s.address.clone(), step.clone())),
                _ => None,
            })
            .collect();
        let mut firsts: BTreeMap<&Address, Vec<&Address>> = BTreeMap::new();
        for (grant, on) in &self.first {
            firsts.entry(on).or_default().push(grant);
        }
        let mut edges: Vec<(StepId, BTreeSet<StepId>)> = Vec::new();
        for step in &self.plan.steps {
            let Some(wanted) = wanted.get(&step.address) else { continue };
            let mut before = BTreeSet::new();
            let first = firsts.get(&step.address).into_iter().flatten().copied();
            let turned = |on: &&Address| !self.first.contains(&(step.address.clone(), (*on).clone()));
            for dependency in wanted.depends_on.iter().filter(turned).chain(first) {
                let steps = by_address.get(dependency).into_iter().flatten();
                before.extend(steps.filter(|id| !self.orphans.contains(*id)).cloned());
            }
            before.remove(&step.id);
            if self.staged.contains(&step.id) {
                before.retain(|b| !self.staged.contains(b));
            }
            let own = if let Work::Within { step, .. } = &step.work { Some(step) } else { None };
            match own
                .or_else(|| carriers.get(&step.address))
                .filter(|_| own.is_some() || !self.staged.contains(&step.id))
            {
                // What a passenger waits for, its carrier waits for.
                Some(carrier) => {
                    before.remove(carrier);
                    edges.push((carrier.clone(), before));
                }
                None => edges.push((step.id.clone(), before)),
            }
        }
        let places = self.places();
        for (id, before) in edges {
            if let Some(step) = places.get(&id).map(|at| &mut self.plan.steps[*at]) {
                step.depends_on.extend(before.into_iter().filter(|b| *b != id));
            }
        }
        self.link_deletions(wanted, &by_address);
    }

    /// Where each step stands.
    pub(super) fn places(&self) -> BTreeMap<StepId, usize> {
        self.plan.steps.iter().enumerate().map(|(at, step)| (step.id.clone(), at)).collect()
    }

    fn finish(mut self) -> Plan {
        if !self.moved.is_empty() {
            // What hangs on them (grants, children) was planned for what the file means now: none of that is to be shown.
            self.plan.steps.clear();
            self.plan.forget.clear();
            self.plan.gone.clear();
            self.plan.remember.clear();
            self.plan.seen.clear();
            self.plan.drift.clear();
        }
        let steps = std::mem::take(&mut self.plan.steps);
        let addresses = steps.clone();
        match order::arrange(steps) {
            Ok(steps) => self.plan.steps = steps,
            Err(cycle) => {
                self.plan.steps = addresses;
                let text = format!("these wait for each other: {}", cycle.join(", "));
                self.plan.diagnostics.push(Diagnostic::error("cycle", text));
            }
        }
        let touched: BTreeSet<Address> = self.plan.steps.iter().map(|s| s.address.clone()).collect();
        self.plan.unchanged.retain(|a| !touched.contains(a));
        let by_place = |d: &super::DriftItem| (d.address.clone(), d.path.clone());
        self.plan.drift.sort_by_key(by_place);
        self.plan.unmanaged.sort_by_key(|u| (u.address.clone(), u.path.clone()));
        self.plan.unread.sort_by(|a, b| (&a.address, &a.why).cmp(&(&b.address, &b.why)));
        self.plan.unread.dedup();
        self.plan
    }
}

/// What a write must have for itself: writes under one identity, one registry or one cluster go one after the other, but
/// different children that travel inline (node pools) may overlap.
fn holds(arm_type: &str, work: &Work) -> Vec<Hold> {
    let id = match work {
        Work::Create { target: Target::Id(id), .. } | Work::Update { id, .. } | Work::Delete { id, .. } => id,
        _ => return Vec::new(),
    };
    let Some(resource) = Schema::get().resource(arm_type) else { return Vec::new() };
    let mut out = vec![Hold { id: id.clone(), shared: false }];
    let top = resource.name.matches('/').count() == 1 && !resource.extension;
    let on_grants = resource.extension && id.resource_type().is_some_and(|t| t.starts_with("Microsoft.Authorization/"));
    if !top
        && !on_grants
        && let Some(parent) = id.parent()
    {
        out.push(Hold { id: parent, shared: resource.inline.is_some() });
    }
    out.sort();
    out
}
