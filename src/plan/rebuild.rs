//! A lost record found again: of what the file names, what in Azure is landfall's own. What landfall makes carries a tag with
//! the environment's name; a role assignment has a name that follows from what it says; the rest belongs to its parent.

use std::collections::{BTreeMap, BTreeSet};

use super::attach::{self, Names};
use super::build::{Draft, Inputs};
use super::implied::{self, Index};
use super::reads::reads_of_record;
use super::resource::Stand;
use super::step::Record;
use super::{Reads, Unread, grant_id, resolve, rotate, same_value};
use crate::diff::{Difference, compare_child, leaves};
use crate::document::{Packed, Path, Secret, Value};
use crate::model::{Desired, Entry, HashKey, Live, Observed, Recorded, Source, Target, Wanted};
use crate::names::{Address, ArmId};
use crate::schema::{ResourceType, Schema};

/// What was found.
#[derive(Debug, Default)]
pub struct Rebuilt {
    /// What is landfall's own, with what is to be recorded of it.
    pub found: BTreeMap<Address, (Record, Observed)>,
    /// What the file names and Azure has, and nothing says that landfall made it.
    pub left: BTreeMap<Address, ArmId>,
    /// What the file names and Azure has not.
    pub absent: BTreeSet<Address>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// What has to be read for that: everything the file names, everything landfall may have added to it, and what lies in the
/// resource groups.
pub fn rebuild_reads(desired: &Desired) -> Reads {
    let candidates = candidates(desired, None);
    let mut out = Reads::default();
    for wanted in desired.resources.values() {
        match &wanted.target {
            Target::Id(id) => out.add(id.clone(), &wanted.arm_type),
            Target::Grant(grant) => drop(out.grants.insert(grant.scope.clone())),
        }
    }
    attach::reads(desired, &candidates, &mut out);
    reads_of_record(&candidates, &mut out);
    out
}

/// Finds what a record of this environment would have. `key` is the one of the state to be.
pub fn rebuild(desired: &Desired, live: &Live, key: &HashKey) -> Rebuilt {
    let recorded = Recorded { key: key.clone(), ..candidates(desired, Some(live)) };
    let nothing = BTreeSet::new();
    let inputs =
        Inputs { desired, recorded: &recorded, record: None, live, destroy: false, replace: &nothing, ours: &[] };
    let expansion = attach::expand(desired, &recorded, live);
    let mut draft = Draft::new(&inputs);
    draft.learn(&expansion.resources);
    let mut out = Rebuilt::default();
    out.unread.extend(expansion.unread.into_iter().map(|(address, why)| Unread { address, why }));
    for wanted in expansion.resources.values().filter(|wanted| !wanted.existing) {
        let Some(resource) = Schema::get().resource(&wanted.arm_type) else { continue };
        match draft.stand(wanted, resource) {
            Stand::Unreadable(why) => out.unread.push(Unread { address: wanted.address.clone(), why }),
            // What a scope above gives was never recorded.
            Stand::Inherited(_) => {}
            Stand::Absent(_) if wanted.source == Source::File => drop(out.absent.insert(wanted.address.clone())),
            // Whether it is needed at all is for the plan to say.
            Stand::Absent(_) => {}
            Stand::Present(observed) if draft.made(wanted, resource, &observed, &out) => {
                let record = draft.record_of(wanted, resource, &observed);
                out.found.insert(wanted.address.clone(), (record, observed));
            }
            Stand::Present(observed) if asked_for(wanted) => {
                out.left.insert(wanted.address.clone(), observed.id);
            }
            Stand::Present(_) => {}
        }
    }
    out
}

/// Whether the file says it, be it by what a cluster pulls from.
fn asked_for(wanted: &Wanted) -> bool {
    wanted.source == Source::File || wanted.address.collection() == attach::PULLS
}

impl Draft<'_> {
    /// Whether landfall made it for this environment. Parents come before their children.
    fn made(&self, wanted: &Wanted, resource: &ResourceType, observed: &Observed, so_far: &Rebuilt) -> bool {
        if let Target::Grant(grant) = &wanted.target {
            let principal = resolve(&grant.principal, &self.known);
            return principal.as_str().and_then(|text| grant_id(grant, text)).as_ref() == Some(&observed.id);
        }
        if resource.tagged() {
            return self.desired.marks(&observed.body);
        }
        let of_ours = wanted.parent.as_ref().is_some_and(|parent| so_far.found.contains_key(parent));
        of_ours || resource.inline.is_some() && rotate::belongs(&observed.body, &wanted.address)
    }

    /// What an apply would have recorded: what the file says, as far as Azure has it so. The rest the next plan shows as
    /// asked for by the file.
    fn record_of(&self, wanted: &Wanted, resource: &ResourceType, observed: &Observed) -> Record {
        let desired = resolve(&wanted.body, &self.known);
        let key = &self.recorded.key.0;
        let hash = |secret: &Secret| Value::Hash(secret.hash(key));
        let live = (&observed.body, super::see::parent_body(self.live, &observed.id, resource));
        let mut applied = desired.clone();
        for Difference { path, .. } in compare_child(resource, &desired, None, live, &hash).differences {
            take_out(&mut applied, &path);
        }
        let defaults = resolve(&wanted.create_defaults, &self.known);
        let mut defaulted = Value::map();
        for (path, value) in leaves(resource, &defaults) {
            if same_value(resource, &path, value, observed.body.get(&path)) {
                defaulted.set(&path, value.clone());
            }
        }
        Record { applied, defaulted, ..self.record(wanted, true, None) }
    }
}

/// Takes a value out, and the maps that hold nothing but it.
fn take_out(document: &mut Value, path: &Path) {
    let mut at = path.clone();
    loop {
        document.remove(&at);
        match at.parent().filter(|above| !above.is_root()) {
            Some(above) if document.get(&above).is_some_and(Value::is_empty) => at = above,
            _ => return,
        }
    }
}

/// A record that makes attaching look for all that it may once have added: a cluster's identities, where it names them (or
/// where nothing is known of it yet), and roles on whatever the file names.
fn candidates(desired: &Desired, live: Option<&Live>) -> Recorded {
    let mut out = Recorded::default();
    let index = Index::of(desired, &out);
    for cluster in attach::clusters(&desired.resources).filter(|cluster| !cluster.existing) {
        let names = Names::of(cluster);
        let mut add = |address: Address, id: ArmId, arm_type: &str| {
            out.resources.insert(address, candidate(id, arm_type));
        };
        let identities = names.ids().filter(|(control, _)| {
            let own = cluster.body.property("identity").is_some();
            !own && live.is_none_or(|live| attach::names_identity(cluster, control, live))
        });
        if let Some((control, kubelet)) = &identities {
            add(names.control.clone(), control.clone(), attach::IDENTITY);
            add(names.kubelet.clone(), kubelet.clone(), attach::IDENTITY);
        }
        let kubelet = identities.map(|(_, kubelet)| kubelet).or_else(|| attach::own_kubelet(cluster));
        if let Some(kubelet) = kubelet {
            let some = kubelet.provider(attach::ROLE_ASSIGNMENT, NOBODY);
            add(names.control.child("roles", attach::OPERATOR_NAME), some, attach::ROLE_ASSIGNMENT);
        }
        for (number, scope) in implied::scopes(cluster, &index).into_iter().enumerate() {
            let some = scope.provider(attach::ROLE_ASSIGNMENT, NOBODY);
            add(names.control.child("candidates", &number.to_string()), some, attach::ROLE_ASSIGNMENT);
        }
    }
    out
}

/// A role assignment that nobody has.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

fn candidate(id: ArmId, arm_type: &str) -> Entry {
    Entry {
        id,
        arm_type: arm_type.to_owned(),
        applied: Value::map(),
        defaulted: Value::map(),
        seen: Packed::default(),
        created: true,
        protect: false,
        chosen: Some(String::new()),
        depends_on: Vec::new(),
    }
}
