//! What a plan must read, known before anything is read, so that all of it goes out at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{attach, offers};
use crate::model::{Desired, Made, Recorded, Target};
use crate::names::{Address, ArmId};
use crate::schema::Schema;

const ROLE_ASSIGNMENTS: &str = "Microsoft.Authorization/roleAssignments";

/// The reads of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Single resources and their ARM types. Children that their parent's answer shows are not among them.
    pub resources: BTreeMap<ArmId, String>,
    /// Scopes whose role assignments are listed.
    pub grants: BTreeSet<ArmId>,
    /// Resource groups whose content is listed.
    pub listings: BTreeSet<ArmId>,
    /// Paths whose answers are no resources, and in which version of the API they are asked.
    pub answers: BTreeMap<String, String>,
}

impl Reads {
    /// How many reads these are one by one. Of many, listings make fewer requests.
    pub fn len(&self) -> usize {
        self.resources.len() + self.grants.len() + self.listings.len() + self.answers.len()
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn add(&mut self, id: ArmId, arm_type: &str) {
        let inline = Schema::get().resource(arm_type).is_some_and(|r| r.inline.is_some());
        match (inline, id.parent()) {
            (true, Some(parent)) => {
                let parent_type = arm_type.rsplit_once('/').map_or(arm_type, |(parent, _)| parent).to_owned();
                self.resources.entry(parent).or_insert(parent_type);
            }
            _ => {
                self.resources.entry(id).or_insert_with(|| arm_type.to_owned());
            }
        }
    }
}

/// Everything that a plan of this environment has to know; `ours` is what an interrupted run was making.
pub fn reads(desired: &Desired, recorded: &Recorded, destroy: bool, ours: &[Made]) -> Reads {
    let mut out = Reads::default();
    for wanted in desired.resources.values() {
        match &wanted.target {
            Target::Id(id) => out.add(id.clone(), &wanted.arm_type),
            Target::Grant(grant) => {
                out.grants.insert(grant.scope.clone());
            }
        }
    }
    attach::reads(desired, recorded, &mut out);
    if !destroy {
        offers::reads(desired, recorded, &mut out);
    }
    reads_of_record(recorded, &mut out);
    for made in ours {
        match made.id.resource_type().and_then(|t| Schema::get().resource(&t)) {
            Some(kind) if kind.name.eq_ignore_ascii_case(ROLE_ASSIGNMENTS) => out.grants.extend(made.id.parent()),
            Some(kind) => out.add(made.id.clone(), &kind.name),
            None => {}
        }
        if destroy && made.id.group_id().as_ref() == Some(&made.id) {
            out.listings.insert(made.id.clone());
        }
    }
    let group = Address::resource_group();
    let group_goes = destroy || !desired.resources.contains_key(&group);
    if group_goes && let Some(entry) = recorded.resources.get(&group).filter(|e| e.created) {
        out.listings.insert(entry.id.clone());
    }
    out
}

/// What has to be read of everything that was recorded.
pub(super) fn reads_of_record(recorded: &Recorded, out: &mut Reads) {
    for entry in recorded.resources.values() {
        if entry.arm_type.eq_ignore_ascii_case(ROLE_ASSIGNMENTS) {
            out.grants.extend(entry.id.parent());
        } else {
            out.add(entry.id.clone(), &entry.arm_type);
        }
    }
}
