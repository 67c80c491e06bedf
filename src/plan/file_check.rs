//! Whether a saved plan still fits the world, asked of all its steps before any of them is sent.

use std::collections::BTreeSet;

use super::{Action, Plan, Reads, Work, see};
use crate::model::{Desired, Live, Observed, Seen, Target};
use crate::names::{Address, ArmId};
use crate::schema::{ResourceType, Schema};

const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";

/// What was found of a saved plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staleness {
    /// What moved since it was made, one sentence each.
    pub moved: Vec<String>,
    /// What could not be read, so that nobody can say.
    pub unread: Vec<String>,
}

/// What must be read to see whether a saved plan still fits.
pub fn reads_of_plan(plan: &Plan) -> Reads {
    let mut out = Reads::default();
    for (_, arm_type, id, _) in first_writes(plan) {
        out.add(id.clone(), arm_type);
    }
    out
}

/// Compares what each step expects to find with what there is. A step that writes where an earlier one has written is that
/// one's to prepare, and is judged when its turn comes.
pub fn stale(plan: &Plan, live: &Live) -> Staleness {
    let mut out = Staleness::default();
    for (address, arm_type, id, work) in first_writes(plan) {
        let Some(resource) = Schema::get().resource(arm_type) else { continue };
        match see::see(live, id, None, address, resource) {
            Seen::Unreadable(why) => out.unread.push(format!("{address}: {why}")),
            seen => out.moved.extend(judged(address, resource, work, &seen)),
        }
    }
    out
}

/// What a saved plan deletes, replaces or rotates although the file protects it by now; what landfall added for a resource is
/// protected with it. A role that was given anew before the old one is taken is no deletion.
pub fn protected_since(plan: &Plan, desired: &Desired) -> BTreeSet<Address> {
    let ends = plan.steps.iter().filter(|s| {
        let switch = s.arm_type.eq_ignore_ascii_case(ROLE_ASSIGNMENT) && s.record.is_some();
        matches!(s.action, Action::Delete | Action::Replace | Action::Rotate) && !switch
    });
    let protects = |address: &Address| {
        let mut up = std::iter::successors(Some(address.clone()), Address::parent);
        up.find_map(|a| desired.resources.get(&a)).is_some_and(|w| w.protect)
    };
    ends.map(|s| s.address.clone()).filter(protects).collect()
}

fn judged(address: &Address, resource: &ResourceType, work: &Work, seen: &Seen<Observed>) -> Option<String> {
    match (work, seen.present()) {
        (Work::Create { .. }, Some(_)) => Some(format!("{address} exists by now")),
        (Work::Update { expects, .. }, Some(observed)) => {
            (!expects.met(resource, &observed.body)).then(|| format!("{address} was changed since"))
        }
        (Work::Update { .. } | Work::Delete { .. } | Work::Adopt { .. }, None) => Some(format!("{address} is gone")),
        _ => None,
    }
}

/// The steps that find what the plan found: the first to write to each id. Role assignments are what they say: making one
/// that is there already is no harm.
fn first_writes(plan: &Plan) -> Vec<(&Address, &str, &ArmId, &Work)> {
    let mut written: BTreeSet<&ArmId> = BTreeSet::new();
    let mut out = Vec::new();
    for step in &plan.steps {
        let id = match &step.work {
            Work::Create { target: Target::Id(id), .. } => id,
            Work::Update { id, .. } | Work::Delete { id, .. } | Work::Adopt { id } => id,
            Work::Create { target: Target::Grant(_), .. } | Work::Within { .. } => continue,
        };
        if written.insert(id) {
            out.push((&step.address, step.arm_type.as_str(), id, &step.work));
        }
    }
    out
}
