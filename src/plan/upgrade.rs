//! Kubernetes upgrades: what a wanted version asks of a cluster and its pools, and the hops that lead there. One of the few
//! files that name ARM properties: versions and the channel that moves them are what an upgrade is about.
//!
//! Every hop is a step of its own: the control plane goes one minor up, then every pool that may follow, then the control
//! plane again. With an auto-upgrade channel a hop is one write of the cluster, for control plane and pools together.

use super::build::Draft;
use super::offers::{self, Offers};
use super::resource::inline_list;
use super::step::Record;
use super::version::{Channel, Course, Minor, Version, course};
use crate::diagnostic::Diagnostic;
use crate::diff::{Comparison, Reason};
use crate::document::{Path, Value};
use crate::model::{Observed, Wanted};
use crate::names::{Address, ArmId, StepId};
use crate::schema::{ResourceType, Schema};

const SUPPORT_PLAN: &str = "supportPlan";
const USUAL_PLAN: &str = "KubernetesOfficial";
/// Where Azure answers what runs, beside what was asked for.
const RUNNING: [(&str, &str); 2] =
    [("kubernetesVersion", "currentKubernetesVersion"), ("orchestratorVersion", "currentOrchestratorVersion")];

/// What is put where, in the form of [`super::Work::Update`].
type Edits = Vec<(Path, Option<Value>)>;

/// One cluster and its pools on their way.
pub(super) struct Upgrade {
    pub plane: Plane,
    pub mover: Option<Mover>,
    pub pools: Vec<Mover>,
}

/// A control plane as it stands.
pub(super) struct Plane {
    pub address: Address,
    pub runs: Version,
    /// What it was last told to run, which a pool may be told as well.
    pub told: String,
    /// What the file says, where that is ahead of what runs or met by it.
    pub wanted: Option<(Version, String)>,
    pub channel: Channel,
    pub offers: Offers,
    pub support_plan: String,
    /// Its pools, and what they run.
    pub pools: Vec<(String, Option<Version>)>,
}

/// Something that is to run another version.
pub(super) struct Mover {
    pub wanted: Wanted,
    pub observed: Observed,
    pub record: Record,
    pub to: Move,
    /// The step that changes the rest of it first, and its edits.
    pub settings: Option<(StepId, Edits)>,
}

/// From which version to which.
pub(super) struct Move {
    pub path: Path,
    pub before: Option<Value>,
    pub runs: Version,
    pub goal: Version,
    pub text: String,
    pub reason: Reason,
    /// The file says no version of its own here.
    pub follows: bool,
}

/// The version that a document runs: what Azure answers, or what it was told.
pub(super) fn running(document: &Value, path: &Path) -> Option<Version> {
    let answered = running_path(path).and_then(|p| text(document, &p));
    answered.or_else(|| text(document, path)).and_then(|t| Version::parse(&t))
}

pub(super) fn running_path(path: &Path) -> Option<Path> {
    RUNNING.iter().find(|(said, _)| *path == Path::of([*said])).map(|(_, runs)| Path::of([*runs]))
}

fn text(document: &Value, path: &Path) -> Option<String> {
    document.get(path).and_then(Value::as_str).filter(|t| !t.trim().is_empty()).map(str::to_owned)
}

impl Draft<'_> {
    /// Takes the version out of a comparison, since an upgrade is planned by itself: `None` when nothing is to be upgraded.
    pub(super) fn version_move(
        &mut self,
        wanted: &Wanted,
        resource: &ResourceType,
        observed: &Observed,
        comparison: &mut Comparison,
    ) -> Option<Move> {
        let path = resource.version.clone()?;
        let runs = running(&observed.body, &path)?;
        let parent = if resource.inline.is_some() { observed.id.parent() } else { None };
        match &parent {
            Some(cluster) => self.known_plane(cluster)?,
            None => self.meet_plane(wanted, observed, &path, runs, comparison),
        }
        let found = comparison.differences.iter().position(|d| d.path == path);
        let reason = found.map_or(Reason::File, |at| comparison.differences.remove(at).reason);
        let said = text(&wanted.body, &path);
        let goal = match &said {
            Some(said) => Some((Version::parse(said)?, said.clone())),
            None => parent.as_ref().and_then(|cluster| self.followed(cluster)),
        };
        let (goal, goal_text) = goal?;
        let channel = self.upgrades[parent.as_ref().unwrap_or(&observed.id)].plane.channel;
        let follows = said.is_none();
        let reason = if follows { Reason::Dependency } else { reason };
        match course(goal, runs, channel) {
            Course::Forward => {}
            Course::Back if !follows => {
                self.refuse(back(&wanted.address, &path, &goal_text, runs, &observed.body));
                return None;
            }
            Course::Ahead if !follows => {
                let shown = shown(&observed.body, &path, runs);
                let fact = format!(
                    "{}: {path} is {shown} in Azure, ahead of the file's {goal_text}: its auto-upgrade channel upgrades it",
                    wanted.address
                );
                self.plan.diagnostics.push(Diagnostic::information("version-ahead", fact));
                return None;
            }
            _ => return None,
        }
        if let Some(cluster) = parent.as_ref().filter(|_| !follows) {
            self.pool_may_run(wanted, cluster, goal, &goal_text)?;
        }
        let before = observed.body.get(&path).cloned();
        Some(Move { path, before, runs, goal, text: goal_text, reason, follows })
    }

    /// Puts something on its way; the steps are made when all of the cluster is known.
    pub(super) fn set_moving(&mut self, mover: Mover) {
        let parent = Schema::get().resource(&mover.wanted.arm_type).is_some_and(|r| r.inline.is_some());
        let cluster = mover.observed.id.parent().filter(|_| parent);
        match cluster {
            None => {
                if let Some(upgrade) = self.upgrades.get_mut(&mover.observed.id) {
                    upgrade.mover = Some(mover);
                }
            }
            Some(cluster) => {
                if let Some(upgrade) = self.upgrades.get_mut(&cluster) {
                    upgrade.pools.push(mover);
                }
            }
        }
    }

    /// A cluster that is made must be of a version that is offered.
    pub(super) fn check_new_version(&mut self, wanted: &Wanted, resource: &ResourceType) {
        let (Some(path), Some(id)) = (resource.version.clone(), wanted.id()) else { return };
        let Some(said) = text(&wanted.body, &path).filter(|_| resource.inline.is_none()) else { return };
        let offers = Offers::of(self.live, id, offers::location_of(wanted, self.desired).as_deref());
        let plan = text(&wanted.body, &Path::of([SUPPORT_PLAN])).unwrap_or_else(|| USUAL_PLAN.to_owned());
        if Version::parse(&said).is_some_and(|version| offers.has(version, &plan) == Some(false)) {
            self.refuse(not_offered(&wanted.address, &path, &said, &offers.minors(&plan)));
        }
    }

    /// Remembers how a cluster of the file stands.
    fn meet_plane(
        &mut self,
        wanted: &Wanted,
        observed: &Observed,
        path: &Path,
        runs: Version,
        comparison: &Comparison,
    ) {
        let will_be = |at: &Path| {
            let changed = comparison.differences.iter().find(|d| d.path == *at).map(|d| d.after.clone());
            match changed {
                Some(after) => after.as_ref().and_then(Value::as_str).map(str::to_owned),
                None => text(&wanted.body, at).or_else(|| text(&observed.body, at)),
            }
        };
        let rule = Schema::get().resource(&wanted.arm_type).and_then(|r| r.advisory.iter().find(|a| a.path == *path));
        let channel = rule.map_or(Channel::Off, |rule| Channel::of(rule, &will_be(&rule.channel).unwrap_or_default()));
        let said = text(&wanted.body, path);
        let version = said.as_deref().and_then(Version::parse);
        let ahead = version.is_some_and(|v| matches!(course(v, runs, channel), Course::Ahead | Course::Back));
        let location = offers::location_of(wanted, self.desired);
        let plane = Plane {
            address: wanted.address.clone(),
            runs,
            told: text(&observed.body, path).unwrap_or_default(),
            wanted: version.zip(said).filter(|_| !ahead),
            channel,
            offers: Offers::of(self.live, &observed.id, location.as_deref()),
            support_plan: will_be(&Path::of([SUPPORT_PLAN])).unwrap_or_else(|| USUAL_PLAN.to_owned()),
            pools: pools_in(&observed.body, &wanted.arm_type),
        };
        self.upgrades.insert(observed.id.clone(), Upgrade { plane, mover: None, pools: Vec::new() });
    }

    /// Makes sure that a pool's cluster is known, also one that the file only refers to.
    fn known_plane(&mut self, cluster: &ArmId) -> Option<()> {
        if self.upgrades.contains_key(cluster) {
            return Some(());
        }
        let wanted = self.desired.resources.values().find(|w| w.id() == Some(cluster))?.clone();
        let path = Schema::get().resource(&wanted.arm_type)?.version.clone()?;
        let observed = self.live.get(cluster).present().map(|o| (*o).clone())?;
        let runs = running(&observed.body, &path)?;
        self.meet_plane(&wanted, &observed, &path, runs, &Comparison::default());
        Some(())
    }

    /// The version that pools follow which say none: their cluster's, where the file says one.
    fn followed(&self, cluster: &ArmId) -> Option<(Version, String)> {
        let plane = &self.upgrades.get(cluster)?.plane;
        let (wanted, said) = plane.wanted.clone()?;
        match course(wanted, plane.runs, plane.channel) {
            Course::Forward => Some((wanted, said)),
            // The channel brings its pools along by itself.
            Course::Stay if plane.channel < Channel::Minor => {
                let told = Some(plane.told.clone()).filter(|t| !t.is_empty()).unwrap_or(said);
                Some((Version { patch: wanted.patch, ..plane.runs }, told))
            }
            _ => None,
        }
    }

    /// Whether a pool may run what the file says for it, beside its control plane.
    fn pool_may_run(&mut self, wanted: &Wanted, cluster: &ArmId, goal: Version, said: &str) -> Option<()> {
        let upgrade = self.upgrades.get(cluster)?;
        let plane = &upgrade.plane;
        let last = last_minor(plane);
        let address = &wanted.address;
        let problem = if goal.minor > last {
            Diagnostic::error("pool-ahead", format!("{address}: {said} is newer than its control plane's {last}"))
                .help(format!("upgrade the cluster first: {}.kubernetesVersion", plane.address))
        } else if upgrade.mover.is_some() && plane.channel != Channel::Off && goal.minor < last {
            let text = format!("{address}: {said} is older than the {last} that its cluster is upgraded to");
            Diagnostic::error("pool-pinned", text)
                .help("with an auto-upgrade channel Azure upgrades control plane and pools together")
                .help("take the pool's `orchestratorVersion` away, or write `upgradeChannel: none`")
        } else {
            return Some(());
        };
        self.refuse(problem);
        None
    }
}

/// The minor that a control plane runs when the plan is done.
pub(super) fn last_minor(plane: &Plane) -> Minor {
    plane.wanted.as_ref().map_or(plane.runs.minor, |(wanted, _)| wanted.minor.max(plane.runs.minor))
}

fn pools_in(cluster: &Value, arm_type: &str) -> Vec<(String, Option<Version>)> {
    let Some((pool, list)) = inline_list(arm_type) else { return Vec::new() };
    let Some(path) = pool.version.clone() else { return Vec::new() };
    let items = cluster.property(&list).and_then(Value::as_list).unwrap_or_default();
    let named = |item: &Value| Some((item.property("name")?.as_str()?.to_owned(), running(item, &path)));
    items.iter().filter_map(named).collect()
}

fn shown(document: &Value, path: &Path, runs: Version) -> String {
    let answered = running_path(path).and_then(|p| text(document, &p));
    answered.or_else(|| text(document, path)).unwrap_or_else(|| runs.minor.to_string())
}

fn back(address: &Address, path: &Path, said: &str, runs: Version, document: &Value) -> Diagnostic {
    let is = shown(document, path, runs);
    Diagnostic::error("downgrade", format!("{address}: {path} {said} is older than {is}, which it runs"))
        .help("AKS does not go back to an older version of Kubernetes")
        .help(format!("write \"{}\", or what runs; an older version takes a new cluster or node pool", runs.minor))
}

pub(super) fn not_offered(address: &Address, path: &Path, said: &str, minors: &str) -> Diagnostic {
    let problem = Diagnostic::error("version-not-offered", format!("{address}: {path} {said} is not offered here"));
    match minors.is_empty() {
        true => problem.help("the region offers no version under the cluster's support plan"),
        false => problem.help(format!("the region offers {minors}")),
    }
}
