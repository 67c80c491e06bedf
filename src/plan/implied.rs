//! Roles that a cluster's control plane needs on what the file names for it: a subnet, a private DNS zone. Which property
//! implies which role is data of the schema. One of the few files that name ARM properties, those of the identity that the
//! roles are given to.
//!
//! What a live cluster has already, it was allowed to be given, by whomever: then nobody asks for the role again.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::Reads;
use super::attach::{Assignment, Expansion, Names, Principal, add_grant, identity_principal, own_control};
use super::resource::inline_list;
use crate::diagnostic::Diagnostic;
use crate::document::{Path, Template, Value};
use crate::model::{Desired, Grant, Live, Recorded, Seen, Target, Wanted};
use crate::names::{Address, ArmId, RoleId};
use crate::schema::{Schema, role_by_name, role_name};

const GRANTS: &str = "Microsoft.Authorization/roleAssignments";
const HASH: usize = 2;

/// A role that the file implies.
#[derive(Debug, Clone)]
struct Implied {
    /// Who says the property: the cluster, or one of its pools.
    by: Address,
    path: Path,
    scope: ArmId,
    role: RoleId,
    why: String,
}

/// The worlds that are looked at, and what of them is looked for often.
pub(super) struct Worlds<'a> {
    pub desired: &'a Desired,
    pub recorded: &'a Recorded,
    pub live: &'a Live,
    pub index: &'a Index<'a>,
}

/// What is looked for once per cluster.
pub(super) struct Index<'a> {
    children: BTreeMap<&'a Address, Vec<&'a Wanted>>,
    /// Where the record has role assignments.
    assigned: BTreeSet<ArmId>,
}

impl<'a> Index<'a> {
    pub(super) fn of(desired: &'a Desired, recorded: &Recorded) -> Self {
        let mut children: BTreeMap<&Address, Vec<&Wanted>> = BTreeMap::new();
        for wanted in desired.resources.values() {
            if let Some(parent) = &wanted.parent {
                children.entry(parent).or_default().push(wanted);
            }
        }
        let grants = recorded.resources.values().filter(|e| e.arm_type.eq_ignore_ascii_case(GRANTS));
        Self { children, assigned: grants.filter_map(|e| e.id.parent()).collect() }
    }
}

/// What a cluster and its pools imply, by scope.
fn implied(cluster: &Wanted, index: &Index<'_>) -> Vec<Implied> {
    let pools = index.children.get(&cluster.address).into_iter().flatten().copied();
    let mut out = Vec::new();
    for wanted in std::iter::once(cluster).chain(pools) {
        let Some(resource) = Schema::get().resource(&wanted.arm_type) else { continue };
        for row in &resource.implied_roles {
            let named = wanted.body.get(&row.path).and_then(Value::as_str);
            // A word (`system`) or something that is made in this apply is no scope to look at.
            let scope = named.filter(|text| text.starts_with('/')).and_then(|text| ArmId::parse(text).ok());
            if let (Some(scope), Some(role)) = (scope, role_by_name(&row.role)) {
                let (by, path) = (wanted.address.clone(), row.path.clone());
                out.push(Implied { by, path, scope, role, why: row.why.clone() });
            }
        }
    }
    out.sort_by_key(|i| (i.scope.key(), i.role.to_string(), i.by.clone()));
    out
}

/// Everything that a cluster and its pools imply a role on.
pub(super) fn scopes(cluster: &Wanted, index: &Index<'_>) -> BTreeSet<ArmId> {
    implied(cluster, index).into_iter().map(|one| one.scope).collect()
}

/// The scopes whose assignments must be known: but for those that the record shows to be named long since, and to have
/// needed no role of landfall's.
pub(super) fn reads(cluster: &Wanted, recorded: &Recorded, index: &Index<'_>, out: &mut Reads) {
    if cluster.existing {
        return;
    }
    for one in implied(cluster, index) {
        let applied =
            recorded.resources.get(&one.by).and_then(|entry| entry.applied.get(&one.path)).and_then(Value::as_str);
        let named_before = applied.and_then(|t| ArmId::parse(t).ok()).as_ref() == Some(&one.scope);
        if !named_before || index.assigned.contains(&one.scope) {
            out.grants.insert(one.scope);
            out.resources.extend(own_control(cluster).map(|id| (id, identity_type())));
        }
    }
}

fn identity_type() -> String {
    super::attach::IDENTITY.to_owned()
}

/// Adds the assignments of one cluster.
pub(super) fn add(cluster: &mut Wanted, names: &Names, born: bool, worlds: &Worlds<'_>, out: &mut Expansion) {
    if cluster.existing {
        return;
    }
    let roles: Vec<Implied> =
        implied(cluster, worlds.index).into_iter().filter(|one| needed(cluster, one, worlds)).collect();
    if roles.is_empty() {
        return;
    }
    let Some(principal) = control_plane(cluster, names, born, worlds, out) else { return };
    let later = principal.after.as_ref() == Some(&cluster.address);
    let mut taken: BTreeMap<Address, (ArmId, RoleId)> = BTreeMap::new();
    for one in roles {
        let address = name(names, &one, &mut taken);
        let known = worlds.recorded.resources.contains_key(&address);
        let own_group = one.scope.group_id().filter(|g| cluster.id().and_then(ArmId::group_id).as_ref() == Some(g));
        let unseen = match worlds.live.grants.get(&one.scope) {
            Some(Seen::Unreadable(why)) => Some(format!("could not be read ({why})")),
            // What lies beside the cluster may be made together with its group.
            Some(Seen::Absent) if own_group.is_none() => Some("is not known: Azure has no such resource".to_owned()),
            _ => None,
        };
        if let Some(why) = unseen.filter(|_| !known) {
            let text = format!("{}: whether it may use {} {why}", one.by, one.scope.name());
            let role = role_name(one.role).unwrap_or_default();
            let warning = Diagnostic::warning("role-unseen", text);
            out.problems.push(warning.help(format!("its control plane needs {role} on {}", one.scope)));
            continue;
        }
        if let Some(equal) = covering(&one, &principal, worlds.live, out).filter(|equal| *equal != address) {
            if !later {
                wait(cluster, &one, &equal, out);
            }
            continue;
        }
        if later {
            out.problems.push(after_the_cluster(cluster, &one));
        }
        let scope_address =
            own_group.map(|_| Address::resource_group()).filter(|group| cluster.depends_on.contains(group));
        let why = one.why.clone();
        let assignment =
            Assignment { address: address.clone(), scope: one.scope.clone(), scope_address, role: one.role, why };
        add_grant(cluster, assignment, &principal, out);
        if !later {
            wait(cluster, &one, &address, out);
        }
    }
}

/// Who names the scope waits for the grant.
fn wait(cluster: &mut Wanted, one: &Implied, grant: &Address, out: &mut Expansion) {
    cluster.depends_on.insert(grant.clone());
    if let Some(by) = out.resources.get_mut(&one.by).filter(|by| by.address != cluster.address) {
        by.depends_on.insert(grant.clone());
    }
}

/// Whether the role is to be asked for at all.
fn needed(cluster: &Wanted, one: &Implied, worlds: &Worlds<'_>) -> bool {
    let Some(id) = cluster.id() else { return false };
    let Seen::Present(observed) = worlds.live.get(id) else {
        return matches!(worlds.live.get(id), Seen::Absent);
    };
    let same = |document: &Value| {
        let text = document.get(&one.path).and_then(Value::as_str);
        text.and_then(|t| ArmId::parse(t).ok()).as_ref() == Some(&one.scope)
    };
    let pools = inline_list(&cluster.arm_type).and_then(|(_, list)| observed.body.property(&list)?.as_list());
    let named = same(&observed.body) || pools.unwrap_or_default().iter().any(same);
    let identities = observed.body.get(&Path::of(["identity", "userAssignedIdentities"])).and_then(Value::as_map);
    let has = |id: &ArmId| identities.into_iter().flatten().any(|(k, _)| ArmId::parse(k).as_ref() == Ok(id));
    let same_identity = own_control(cluster).is_none_or(|id| has(&id));
    !named || !same_identity || worlds.index.assigned.contains(&one.scope)
}

/// The principal of the control plane; `None` where nobody can know it (a service principal), or what it needs is missing.
fn control_plane(
    cluster: &Wanted,
    names: &Names,
    born: bool,
    worlds: &Worlds<'_>,
    out: &mut Expansion,
) -> Option<Principal> {
    if born {
        return Some(Principal::of(&names.control));
    }
    if let Some(control) = own_control(cluster) {
        return identity_principal(&control, cluster, worlds.desired, worlds.live, out);
    }
    let principal = Path::of(["identity", "principalId"]);
    if let Some(observed) = cluster.id().and_then(|id| worlds.live.resources.get(id)?.present()) {
        let identities = observed.body.get(&Path::of(["identity", "userAssignedIdentities"])).and_then(Value::as_map);
        let first = identities.into_iter().flatten().next().and_then(|(_, v)| v.property("principalId"));
        let text = first.or_else(|| observed.body.get(&principal)).and_then(Value::as_str);
        return text.map(Principal::known);
    }
    let kind =
        [&cluster.body, &cluster.create_defaults].into_iter().find_map(|d| d.get(&Path::of(["identity", "type"])));
    kind.and_then(Value::as_str).filter(|k| k.eq_ignore_ascii_case("SystemAssigned"))?;
    let value = Value::Template(Template::reference(cluster.address.clone(), principal));
    Some(Principal { value, after: Some(cluster.address.clone()) })
}

fn after_the_cluster(cluster: &Wanted, one: &Implied) -> Diagnostic {
    let role = role_name(one.role).unwrap_or_default();
    let text = format!(
        "{}: {role} on {} can be given only once the cluster is there, since its identity is system-assigned",
        cluster.address,
        one.scope.name()
    );
    Diagnostic::information("role-after-cluster", text)
        .help("a user-assigned identity (`identity: {type: UserAssigned, ...}`) gets it before")
}

/// An assignment of the file that gives as much: the same role to the same principal, here or above, without a condition.
fn covering(one: &Implied, principal: &Principal, live: &Live, out: &Expansion) -> Option<Address> {
    let who = |value: &Value| match value {
        Value::String(text) => Some(text.to_ascii_lowercase()),
        Value::Template(template) => {
            let identity = out.resources.get(&template.sole_reference()?.address)?.id()?;
            let seen = live.resources.get(identity)?.present()?;
            seen.body.property("principalId")?.as_str().map(str::to_ascii_lowercase)
        }
        _ => None,
    };
    let same = |grant: &Grant| {
        let alike = grant.principal == principal.value;
        let known = || who(&grant.principal).zip(who(&principal.value)).is_some_and(|(a, b)| a == b);
        grant.role == one.role && one.scope.within(&grant.scope) && (alike || known())
    };
    let unconditional = |w: &Wanted| w.body.property("condition").is_none_or(Value::is_empty);
    let mut found = out.resources.values().filter(|w| matches!(&w.target, Target::Grant(g) if same(g)));
    found.find(|w| unconditional(w)).map(|w| w.address.clone())
}

/// The address of a role: the scope's name, and its parent's where it has one of its kind. A second scope of that name
/// gets some letters of its id.
fn name(names: &Names, one: &Implied, taken: &mut BTreeMap<Address, (ArmId, RoleId)>) -> Address {
    let scope = &one.scope;
    let nested = scope.resource_type().is_some_and(|t| t.matches('/').count() > 1);
    let above = scope.parent().filter(|_| nested).map(|p| format!("{}-", p.name())).unwrap_or_default();
    let word: String = format!("{above}{}", scope.name())
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .collect();
    let own = (scope.clone(), one.role);
    let plain = names.control.child("roles", &word);
    let free = *plain.name() != *super::attach::OPERATOR_NAME && taken.get(&plain).is_none_or(|other| *other == own);
    let address = if free {
        plain
    } else {
        let hash = Sha256::digest(format!("{} {}", scope.key(), one.role));
        let letters: String = hash.iter().take(HASH).map(|b| format!("{b:02x}")).collect();
        names.control.child("roles", &format!("{word}-{letters}"))
    };
    taken.insert(address.clone(), own);
    address
}
