//! The steps of an upgrade: one hop after the other, each with its own edits and what it expects to find.

use std::collections::BTreeSet;

use super::Expectation;
use super::build::Draft;
use super::resource::{inline_list, watched};
use super::step::{Action, Alteration, Disruption, InlineEdit, Work};
use super::upgrade::{Mover, Plane, Upgrade, last_minor, not_offered, running_path};
use super::version::{Channel, MOST_BEHIND, Minor, Version};
use crate::diagnostic::Diagnostic;
use crate::document::{Path, Value};
use crate::names::StepId;
use crate::schema::Schema;

/// How far something has come.
struct Trail {
    mover: Mover,
    at: Version,
    shown: Option<Value>,
    last: Option<StepId>,
    /// What the steps so far have written.
    earlier: Vec<(Path, Option<Value>)>,
    hops: usize,
}

/// One hop: to what, and what it does to nodes.
struct Hop<'a> {
    text: &'a str,
    inline: Vec<InlineEdit>,
    disruption: Disruption,
    pools: Vec<String>,
    note: Option<String>,
}

/// Where the control plane stands while pools follow.
struct Stage<'a> {
    version: Version,
    text: &'a str,
    after: &'a BTreeSet<StepId>,
}

impl Trail {
    fn of(mover: Mover) -> Self {
        let earlier = mover.settings.iter().flat_map(|(_, edits)| edits.clone()).collect();
        let last = mover.settings.as_ref().map(|(id, _)| id.clone());
        Self { at: mover.to.runs, shown: mover.to.before.clone(), last, earlier, hops: 0, mover }
    }

    /// The next version on the way, where the control plane's lets it go on.
    fn next(&self, stage: &Stage<'_>) -> Option<(Version, String)> {
        let to = &self.mover.to;
        if self.at.minor < to.goal.minor.min(stage.version.minor) {
            let minor = self.at.minor.next();
            let alias = Version { minor, patch: None };
            return Some(match () {
                () if minor == to.goal.minor => (to.goal, to.text.clone()),
                () if minor == stage.version.minor && !stage.text.is_empty() => (alias, stage.text.to_owned()),
                () => (alias, minor.to_string()),
            });
        }
        let reach = |v: Version| (v.minor, v.patch.unwrap_or(u64::MAX));
        let newer_patch = self.at.minor == to.goal.minor
            && to.goal.patch.zip(self.at.patch).is_some_and(|(goal, at)| goal > at)
            && reach(stage.version) >= (to.goal.minor, to.goal.patch.unwrap_or(0));
        newer_patch.then(|| (to.goal, to.text.clone()))
    }
}

impl Draft<'_> {
    /// Makes the steps of every upgrade.
    pub(super) fn plan_upgrades(&mut self) {
        for upgrade in std::mem::take(&mut self.upgrades).into_values() {
            if upgrade.mover.is_some() || !upgrade.pools.is_empty() {
                self.plan_upgrade(upgrade);
            }
        }
    }

    fn plan_upgrade(&mut self, upgrade: Upgrade) {
        let Upgrade { plane, mover, pools } = upgrade;
        let Some(way) = self.way(&plane, mover.as_ref(), &pools) else { return };
        let mut trail = mover.map(Trail::of);
        let mut pools: Vec<Trail> = pools.into_iter().map(Trail::of).collect();
        let first: BTreeSet<StepId> = trail.iter().filter_map(|t| t.last.clone()).collect();
        self.staged.extend(first.iter().cloned());
        let mut done: BTreeSet<StepId> = first.clone();
        for id in pools.iter().filter_map(|t| t.last.clone()) {
            self.wait(&id, &first);
            self.staged.insert(id.clone());
            done.insert(id);
        }
        let told = plane.told.clone();
        let stage = Stage { version: plane.runs, text: &told, after: &first };
        self.follow(&mut pools, &stage, &mut done);
        let count = way.len();
        for (at, (version, text)) in way.iter().enumerate() {
            let Some(trail) = trail.as_mut() else { break };
            let hop = self.plane_hop(&plane, trail, text, (at + 1, count));
            let id = self.hop(trail, hop, &done);
            let after = BTreeSet::from([id.clone()]);
            done.insert(id.clone());
            trail.at = *version;
            if plane.channel == Channel::Off {
                self.follow(&mut pools, &Stage { version: *version, text, after: &after }, &mut done);
            } else {
                pools.iter_mut().for_each(|pool| self.carried(pool, *version, text, &id));
            }
        }
    }

    /// The versions that the control plane goes through; `None` when there is a reason not to.
    fn way(&mut self, plane: &Plane, mover: Option<&Mover>, pools: &[Mover]) -> Option<Vec<(Version, String)>> {
        let Some(mover) = mover else { return Some(Vec::new()) };
        let (to, address) = (&mover.to, &plane.address);
        let minors = plane.offers.minors(&plane.support_plan);
        if plane.offers.has(to.goal, &plane.support_plan) == Some(false) {
            self.refuse(not_offered(address, &to.path, &to.text, &minors));
            return None;
        }
        let mut way = Vec::new();
        let mut at = to.runs.minor;
        while at < to.goal.minor {
            let Some(next) = plane.offers.next(at, to.goal.minor, &plane.support_plan) else {
                let text = format!("{address}: there is no way from {at} to {}: {} is not offered", to.text, at.next());
                self.refuse(
                    Diagnostic::error("no-upgrade-path", text)
                        .help("AKS upgrades one minor version at a time")
                        .help(format!("the region offers {minors}")),
                );
                return None;
            };
            let last = next == to.goal.minor;
            let alias = Version { minor: next, patch: None };
            way.push(if last { (to.goal, to.text.clone()) } else { (alias, next.to_string()) });
            at = next;
        }
        if way.is_empty() {
            way.push((to.goal, to.text.clone()));
        }
        if let Some(why) = &plane.offers.unread {
            let text = format!("{address}: which versions are offered could not be read ({why})");
            let fact = Diagnostic::information("offers-unread", text);
            self.plan
                .diagnostics
                .push(fact.help("the hops are counted up from what runs; Azure may refuse one of them"));
        }
        self.nobody_left_behind(plane, pools)?;
        Some(way)
    }

    /// No pool may end up too far behind its control plane.
    fn nobody_left_behind(&mut self, plane: &Plane, pools: &[Mover]) -> Option<()> {
        let last = last_minor(plane);
        let goal_of = |name: &str| {
            let mover = pools.iter().find(|m| m.observed.id.name().eq_ignore_ascii_case(name));
            mover.map(|m| m.to.goal.minor)
        };
        let together = plane.channel != Channel::Off;
        let behind = |(name, runs): &(String, Option<Version>)| {
            let ends: Minor = goal_of(name).or(runs.map(|r| r.minor).filter(|_| !together))?;
            (ends.behind(last) > MOST_BEHIND).then(|| format!("{name} ({ends})"))
        };
        let lost: Vec<String> = plane.pools.iter().filter_map(behind).collect();
        if lost.is_empty() {
            return Some(());
        }
        let text = format!("{}: node pools would be too far behind {last}: {}", plane.address, lost.join(", "));
        self.refuse(
            Diagnostic::error("pool-behind", text)
                .help(format!("AKS allows {MOST_BEHIND} minor versions between control plane and nodes"))
                .help("upgrade these pools first, or take their `orchestratorVersion` away so that they follow"),
        );
        None
    }

    fn plane_hop<'t>(&self, plane: &Plane, trail: &Trail, text: &'t str, (at, count): (usize, usize)) -> Hop<'t> {
        let nth = if count > 1 { format!("hop {at} of {count}: ") } else { String::new() };
        if plane.channel == Channel::Off {
            let note = Some(format!("{nth}the control plane; its nodes follow in steps of their own"));
            return Hop { text, inline: Vec::new(), disruption: Disruption::None, pools: Vec::new(), note };
        }
        let inline = inline_list(&trail.mover.wanted.arm_type).and_then(|(pool, property)| {
            Some(InlineEdit { property, path: pool.version.clone()?, value: Value::text(text) })
        });
        let note = Some(format!("{nth}control plane and every node pool, as its auto-upgrade channel demands"));
        let pools = plane.pools.iter().map(|(name, _)| name.clone()).collect();
        Hop { text, inline: inline.into_iter().collect(), disruption: Disruption::Reimages, pools, note }
    }

    /// Lets every pool come as far as the control plane allows, side by side.
    fn follow(&mut self, pools: &mut [Trail], stage: &Stage<'_>, done: &mut BTreeSet<StepId>) {
        for pool in pools {
            while let Some((version, text)) = pool.next(stage) {
                let name = pool.mover.observed.id.name().to_owned();
                let note = pool.mover.to.follows.then(|| "follows its cluster's version".to_owned());
                let hop =
                    Hop { text: &text, inline: Vec::new(), disruption: Disruption::Reimages, pools: vec![name], note };
                done.insert(self.hop(pool, hop, stage.after));
                pool.at = version;
            }
        }
    }

    /// One hop's step.
    fn hop(&mut self, trail: &mut Trail, hop: Hop<'_>, after: &BTreeSet<StepId>) -> StepId {
        let mover = &trail.mover;
        let resource = Schema::get()
            .resource(&mover.wanted.arm_type)
            .expect("BUG: the environment only makes types of the schema");
        let path = mover.to.path.clone();
        let mut expects = watched(resource, &mover.wanted.body, &mover.observed.body);
        expects.push(path.clone());
        // What runs moves with the first hop.
        expects.extend(running_path(&path).filter(|_| trail.hops == 0));
        let expects = Expectation::of(resource, &mover.observed.body, expects, &trail.earlier);
        let edits = vec![(path.clone(), Some(Value::text(hop.text)))];
        let work = Work::Update { id: mover.observed.id.clone(), edits, inline: hop.inline, expects, leaves: None };
        let id = self.hop_step(trail, hop.text, work, (hop.disruption, hop.pools, hop.note));
        self.wait(&id, after);
        trail.last = Some(id.clone());
        trail.earlier.push((path, Some(Value::text(hop.text))));
        id
    }

    /// A pool's part in a hop of its cluster.
    fn carried(&mut self, pool: &mut Trail, version: Version, text: &str, carrier: &StepId) {
        if version.minor > pool.mover.to.goal.minor {
            return;
        }
        let id = pool.mover.observed.id.clone();
        let name = id.name().to_owned();
        let work = Work::Within { step: carrier.clone(), id };
        let note = Some("in its cluster's write".to_owned());
        let step = self.hop_step(pool, text, work, (Disruption::Reimages, vec![name], note));
        self.wait(&step, &BTreeSet::from([carrier.clone()]));
        pool.last = Some(step);
        pool.at = version;
    }

    fn hop_step(
        &mut self,
        trail: &mut Trail,
        text: &str,
        work: Work,
        (disruption, pools, note): (Disruption, Vec<String>, Option<String>),
    ) -> StepId {
        let mover = &trail.mover;
        let known = self.recorded.resources.contains_key(&mover.wanted.address);
        let action = if known { Action::Update } else { Action::Adopt };
        let mut record = mover.record.clone();
        if !mover.to.follows {
            record.applied.set(&mover.to.path, Value::text(text));
        }
        let wanted = mover.wanted.clone();
        let mut step = self.step(&wanted, action, work, Some(record));
        step.disruption = disruption;
        step.pools = pools;
        step.note = note;
        let after = Some(Value::text(text));
        let before = std::mem::replace(&mut trail.shown, after.clone());
        let (path, reason) = (trail.mover.to.path.clone(), trail.mover.to.reason);
        step.changes = vec![Alteration { path, before, after, reason, disruption, note: None }];
        step.depends_on.extend(trail.last.clone());
        trail.hops += 1;
        let id = step.id.clone();
        self.staged.insert(id.clone());
        self.push(step);
        id
    }

    fn wait(&mut self, step: &StepId, after: &BTreeSet<StepId>) {
        if let Some(step) = self.plan.steps.iter_mut().find(|s| s.id == *step) {
            let own = step.id.clone();
            step.depends_on.extend(after.iter().filter(|id| **id != own).cloned());
        }
    }
}
