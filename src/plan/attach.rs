//! Born attached: the identities and role assignments that a cluster needs in order to pull from its registries before its
//! first pod starts. One of the few files that name ARM properties, since attachment is landfall's own purpose.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::Reads;
use super::implied::{self, Index, Worlds};
use crate::diagnostic::Diagnostic;
use crate::document::{Map, Path, Template, Value};
use crate::model::{Attachment, Desired, Grant, Live, Recorded, Seen, Source, Target, Wanted};
use crate::names::{Address, ArmId, RoleId};
use crate::schema::{role_by_name, role_name};

const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
pub(super) const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
const REGISTRY: &str = "Microsoft.ContainerRegistry/registries";
pub(super) const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";
/// What a control plane needs on the kubelet's identity, or AKS refuses the cluster.
const OPERATOR: &str = "Managed Identity Operator";
/// The collection of the roles by which a cluster pulls.
pub(super) const PULLS: &str = "pullsFrom";
/// The last word of that role's address.
pub(super) const OPERATOR_NAME: &str = "operator";
const PULL: &str = "AcrPull";
/// What pulls where a registry's permissions are per repository; AcrPull is not honoured there.
const PULL_ABAC: &str = "Container Registry Repository Reader";
const ABAC_MODE: &str = "AbacRepositoryPermissions";

/// What attaching must know, before anything is read.
pub(super) fn reads(desired: &Desired, recorded: &Recorded, out: &mut Reads) {
    let index = Index::of(desired, recorded);
    for cluster in clusters(&desired.resources) {
        implied::reads(cluster, recorded, &index, out);
        let names = Names::of(cluster);
        for pull in &cluster.pulls_from {
            out.grants.insert(pull.registry.clone());
            if pull.address.is_none() {
                out.add(pull.registry.clone(), REGISTRY);
            }
        }
        if !cluster.existing && !cluster.pulls_from.is_empty() && cluster.body.property("identity").is_none() {
            for id in [&names.control_id, &names.kubelet_id].into_iter().flatten() {
                out.add(id.clone(), IDENTITY);
            }
            out.grants.extend(names.kubelet_id.clone());
        }
        if let Some(kubelet) = own_kubelet(cluster) {
            out.add(kubelet.clone(), IDENTITY);
            out.grants.insert(kubelet);
            out.resources.extend(own_control(cluster).map(|id| (id, IDENTITY.to_owned())));
        }
    }
}

/// What was added, and what stands in the way.
#[derive(Debug, Default)]
pub struct Expansion {
    /// Every resource: the file's and landfall's own.
    pub resources: IndexMap<Address, Wanted>,
    /// What cannot be.
    pub problems: Vec<Diagnostic>,
    /// What had to be known and could not be read.
    pub unread: Vec<(Address, String)>,
    /// Grants that go before a change of what they are on (first the grant, then the scope): a registry whose mode will
    /// honour another role must have that role given while the old one still counts.
    pub first: Vec<(Address, Address)>,
    /// The addresses of role assignments, by scope and role, in the order of `resources`.
    grants: BTreeMap<(ArmId, String), Vec<Address>>,
}

impl Expansion {
    fn of(desired: &Desired) -> Self {
        let mut out = Self { resources: desired.resources.clone(), ..Self::default() };
        for wanted in desired.resources.values() {
            if let Target::Grant(grant) = &wanted.target {
                out.grants.entry(grant_key(grant)).or_default().push(wanted.address.clone());
            }
        }
        out
    }
}

fn grant_key(grant: &Grant) -> (ArmId, String) {
    (grant.scope.clone(), grant.role.to_string())
}

/// The resources of the file and those that attaching adds.
pub fn expand(desired: &Desired, recorded: &Recorded, live: &Live) -> Expansion {
    let mut out = Expansion::of(desired);
    // Of two clusters that need the same assignment the first has it, whichever the file names first.
    let mut names: Vec<Address> = clusters(&desired.resources).map(|c| c.address.clone()).collect();
    names.sort();
    let index = Index::of(desired, recorded);
    let worlds = Worlds { desired, recorded, live, index: &index };
    for address in names {
        expand_cluster(&address, &worlds, &mut out);
    }
    grants_come_first(&mut out.resources);
    out
}

pub(super) fn clusters(resources: &IndexMap<Address, Wanted>) -> impl Iterator<Item = &Wanted> {
    resources.values().filter(|w| w.arm_type.eq_ignore_ascii_case(CLUSTER))
}

/// The names and ids that landfall gives a cluster's identities.
pub(super) struct Names {
    pub control: Address,
    pub kubelet: Address,
    control_id: Option<ArmId>,
    kubelet_id: Option<ArmId>,
}

impl Names {
    /// The ids of the control plane's and the nodes' identity.
    pub(super) fn ids(&self) -> Option<(ArmId, ArmId)> {
        self.control_id.clone().zip(self.kubelet_id.clone())
    }

    pub(super) fn of(cluster: &Wanted) -> Self {
        let id = |suffix: &str| {
            let cluster_id = cluster.id()?;
            Some(cluster_id.parent()?.provider(IDENTITY, &format!("{}-{suffix}", cluster_id.name())))
        };
        Self {
            control: cluster.address.child("identities", "control"),
            kubelet: cluster.address.child("identities", "kubelet"),
            control_id: id("control"),
            kubelet_id: id("kubelet"),
        }
    }
}

fn kubelet_path(key: &str) -> Path {
    Path::of(["identityProfile", "kubeletidentity", key])
}

pub(super) fn own_kubelet(cluster: &Wanted) -> Option<ArmId> {
    cluster.body.get(&kubelet_path("resourceId"))?.as_str().and_then(|t| ArmId::parse(t).ok())
}

pub(super) fn own_control(cluster: &Wanted) -> Option<ArmId> {
    let ids = cluster.body.get(&Path::of(["identity", "userAssignedIdentities"]))?.as_map()?;
    ids.keys().next().and_then(|t| ArmId::parse(t).ok())
}

fn expand_cluster(address: &Address, worlds: &Worlds<'_>, out: &mut Expansion) {
    let Worlds { desired, recorded, live, .. } = *worlds;
    let Some(cluster) = out.resources.get(address).cloned() else { return };
    let Some(id) = cluster.id().cloned() else { return };
    let names = Names::of(&cluster);
    let chosen = recorded.resources.get(&names.control).is_some_and(|e| e.chosen.is_some());
    let absent = matches!(live.get(&id), Seen::Absent);
    let own = cluster.body.property("identity").is_some();
    let born = !cluster.existing && !own && (chosen || !cluster.pulls_from.is_empty() && absent);
    let mut cluster = cluster;
    let principal = if born {
        add_identities(&mut cluster, &names, out);
        Some(Principal::of(&names.kubelet))
    } else {
        operator_of_own_identities(&mut cluster, &names, desired, recorded, live, out);
        kubelet_principal(&cluster, &id, desired, live, out)
    };
    implied::add(&mut cluster, &names, born, worlds, out);
    if let Some(principal) = principal {
        for pull in cluster.pulls_from.clone() {
            add_pull(&mut cluster, &pull, &principal, (recorded, live), out);
        }
    }
    out.resources.insert(address.clone(), cluster);
}

/// A principal and the resource that must stand before it is known.
pub(super) struct Principal {
    pub value: Value,
    pub after: Option<Address>,
}

impl Principal {
    pub(super) fn of(identity: &Address) -> Self {
        let value = Value::Template(Template::reference(identity.clone(), Path::of(["principalId"])));
        Self { value, after: Some(identity.clone()) }
    }
    pub(super) fn known(text: &str) -> Self {
        Self { value: Value::text(text), after: None }
    }
}

/// Two identities, the operator's role between them, and the cluster told to use them.
fn add_identities(cluster: &mut Wanted, names: &Names, out: &mut Expansion) {
    let (Some(control_id), Some(kubelet_id)) = (&names.control_id, &names.kubelet_id) else { return };
    let group: Vec<Address> = cluster.depends_on.iter().filter(|a| **a == Address::resource_group()).cloned().collect();
    let location = [&cluster.body, &cluster.create_defaults].into_iter().find_map(|d| d.property("location")).cloned();
    for (address, id, why) in [
        (
            &names.control,
            control_id,
            "the control plane's own, so that the kubelet's can be given before the cluster is made",
        ),
        (&names.kubelet, kubelet_id, "the nodes', so that they can pull before the first pod starts"),
    ] {
        let mut defaults = Map::new();
        if let Some(location) = &location {
            defaults.insert("location".to_owned(), location.clone());
        }
        let mut body = Map::new();
        for (out, of) in [(&mut body, &cluster.body), (&mut defaults, &cluster.create_defaults)] {
            out.extend(of.property("tags").map(|tags| ("tags".to_owned(), tags.clone())));
        }
        let identity = Wanted {
            address: address.clone(),
            arm_type: IDENTITY.to_owned(),
            target: Target::Id(id.clone()),
            existing: false,
            protect: cluster.protect,
            body: Value::Map(body),
            create_defaults: Value::Map(defaults),
            parent: None,
            depends_on: group.iter().cloned().collect(),
            pulls_from: Vec::new(),
            source: Source::Landfall(why.to_owned()),
        };
        out.resources.insert(address.clone(), identity);
        cluster.depends_on.insert(address.clone());
    }
    let principal = Principal::of(&names.control);
    add_grant(cluster, operator(names, kubelet_id, Some(names.kubelet.clone())), &principal, out);

    let mut ids = Map::new();
    ids.insert(control_id.to_string(), Value::map());
    cluster.body.set(&Path::of(["identity", "type"]), Value::text("UserAssigned"));
    cluster.body.set(&Path::of(["identity", "userAssignedIdentities"]), Value::Map(ids));
    cluster.create_defaults.remove(&Path::of(["identity"]));
    cluster.body.set(&kubelet_path("resourceId"), Value::text(kubelet_id.as_str()));
    for (key, property) in [("clientId", "clientId"), ("objectId", "principalId")] {
        // Filled in when the cluster is made; whether the identity was made anew since is `identity`'s to see.
        let known_later = Template::reference(names.kubelet.clone(), Path::of([property]));
        cluster.create_defaults.set(&kubelet_path(key), Value::Template(known_later));
    }
}

/// A cluster whose file names both identities needs the operator's role between them all the same.
fn operator_of_own_identities(
    cluster: &mut Wanted,
    names: &Names,
    desired: &Desired,
    recorded: &Recorded,
    live: &Live,
    out: &mut Expansion,
) {
    if cluster.existing {
        return;
    }
    let Some(kubelet) = own_kubelet(cluster) else { return };
    let role = names.control.child("roles", "operator");
    let has = has_kubelet(cluster, &kubelet, live);
    let Some(control) = own_control(cluster) else {
        if !has {
            let text =
                format!("{}: a kubelet identity needs a user-assigned identity of the control plane", cluster.address);
            let problem = Diagnostic::error("kubelet-identity", text).help(
                "add `identity: {type: UserAssigned, userAssignedIdentities: {ID: {}}}`, or take the kubelet's away",
            );
            out.problems.push(problem);
        }
        return;
    };
    // What the cluster has, it was allowed to be given, if only by AKS itself; then nobody asks for the role again.
    if has && !recorded.resources.contains_key(&role) {
        return;
    }
    let Some(principal) = identity_principal(&control, cluster, desired, live, out) else { return };
    add_grant(cluster, operator(names, &kubelet, address_of(&kubelet, desired)), &principal, out);
}

/// The control plane's role on the kubelet's identity.
fn operator(names: &Names, kubelet: &ArmId, kubelet_address: Option<Address>) -> Assignment {
    Assignment {
        address: names.control.child("roles", OPERATOR_NAME),
        scope: kubelet.clone(),
        scope_address: kubelet_address,
        role: builtin(OPERATOR),
        why: "since AKS refuses a kubelet identity that the control plane may not assign".to_owned(),
    }
}

/// Whether the live cluster runs as this identity. Of one that is not there it counts that the identity is.
pub(super) fn names_identity(cluster: &Wanted, identity: &ArmId, live: &Live) -> bool {
    let Some(id) = cluster.id() else { return false };
    match live.get(id) {
        Seen::Present(observed) => {
            let ids = observed.body.get(&Path::of(["identity", "userAssignedIdentities"])).and_then(Value::as_map);
            ids.into_iter().flat_map(|map| map.keys()).any(|text| ArmId::parse(text).as_ref() == Ok(identity))
        }
        Seen::Absent => matches!(live.get(identity), Seen::Present(_)),
        Seen::Unreadable(_) => false,
    }
}

/// Whether the live cluster has this kubelet identity already. One that could not be read is not judged.
fn has_kubelet(cluster: &Wanted, kubelet: &ArmId, live: &Live) -> bool {
    let observed = match cluster.id().map(|id| live.get(id)) {
        Some(Seen::Present(observed)) => observed,
        Some(Seen::Unreadable(_)) => return true,
        _ => return false,
    };
    let text = observed.body.get(&kubelet_path("resourceId")).and_then(Value::as_str);
    text.and_then(|t| ArmId::parse(t).ok()).as_ref() == Some(kubelet)
}

/// Who pulls for a cluster that keeps its own identities.
fn kubelet_principal(
    cluster: &Wanted,
    id: &ArmId,
    desired: &Desired,
    live: &Live,
    out: &mut Expansion,
) -> Option<Principal> {
    if cluster.pulls_from.is_empty() {
        return None;
    }
    if let Some(kubelet) = own_kubelet(cluster) {
        return identity_principal(&kubelet, cluster, desired, live, out);
    }
    // The object id, never the client id: a role assigned to the latter is accepted and grants nothing.
    let object_id = kubelet_path("objectId");
    if let Seen::Present(observed) = live.get(id)
        && let Some(text) = observed.body.get(&object_id).and_then(Value::as_str)
    {
        return Some(Principal::known(text));
    }
    let value = Value::Template(Template::reference(cluster.address.clone(), object_id));
    Some(Principal { value, after: Some(cluster.address.clone()) })
}

fn address_of(id: &ArmId, desired: &Desired) -> Option<Address> {
    desired.resources.values().find(|w| w.id() == Some(id)).map(|w| w.address.clone())
}

pub(super) fn identity_principal(
    id: &ArmId,
    cluster: &Wanted,
    desired: &Desired,
    live: &Live,
    out: &mut Expansion,
) -> Option<Principal> {
    if let Some(address) = address_of(id, desired) {
        return Some(Principal::of(&address));
    }
    match live.get(id) {
        Seen::Present(observed) => match observed.body.property("principalId").and_then(Value::as_str) {
            Some(text) => return Some(Principal::known(text)),
            None => out.unread.push((cluster.address.clone(), format!("Azure reports no principalId for {id}"))),
        },
        Seen::Absent => {
            let text = format!("{} names an identity that does not exist: {id}", cluster.address);
            // Several roles ask for the same identity.
            if !out.problems.iter().any(|p| p.summary == text) {
                let problem = Diagnostic::error("missing-identity", text);
                out.problems.push(problem.help("write it under `identities:` to have it made, or correct the ID"));
            }
        }
        Seen::Unreadable(why) => out.unread.push((cluster.address.clone(), format!("{id}: {why}"))),
    }
    None
}

fn add_pull(
    cluster: &mut Wanted,
    pull: &Attachment,
    principal: &Principal,
    (recorded, live): (&Recorded, &Live),
    out: &mut Expansion,
) {
    let live_registry = live.get(&pull.registry);
    let in_file = pull.address.as_ref().and_then(|a| out.resources.get(a));
    if in_file.is_none() {
        match &live_registry {
            Seen::Absent => {
                let what = format!("{} pulls from a registry that does not exist: {}", cluster.address, pull.registry);
                out.problems.push(Diagnostic::error("missing-registry", what));
                return;
            }
            Seen::Unreadable(why) => {
                out.unread.push((cluster.address.clone(), format!("{}: {why}", pull.registry)));
                return;
            }
            Seen::Present(_) => {}
        }
    }
    let said = in_file.and_then(|w| w.body.property("roleAssignmentMode"));
    // A mode that the file no longer says goes back to the default with this very plan, and the role with it.
    let entry = in_file.and_then(|w| recorded.resources.get(&w.address));
    let let_go = said.is_none() && entry.is_some_and(|e| e.applied.property("roleAssignmentMode").is_some());
    let live_mode = || live_registry.present()?.body.property("roleAssignmentMode");
    let mode = if let_go { None } else { said.or_else(live_mode) }.and_then(Value::as_str);
    let abac = mode.is_some_and(|m| m.eq_ignore_ascii_case(ABAC_MODE));
    let role = builtin(if abac { PULL_ABAC } else { PULL });
    let assignment = Assignment {
        address: cluster.address.child(PULLS, &pull.name),
        scope: pull.registry.clone(),
        scope_address: pull.address.clone(),
        role,
        why: "so that the nodes can pull".to_owned(),
    };
    let was = live_registry.present().and_then(|o| o.body.property("roleAssignmentMode")).and_then(Value::as_str);
    let was_abac = was.is_some_and(|m| m.eq_ignore_ascii_case(ABAC_MODE));
    if let (Seen::Present(_), Some(registry)) = (&live_registry, pull.address.clone())
        && abac != was_abac
    {
        out.first.push((assignment.address.clone(), registry));
    }
    add_grant(cluster, assignment, principal, out);
}

/// The role that pulls in a registry's other mode.
pub(super) fn other_pull_role(role: RoleId) -> Option<RoleId> {
    match (builtin(PULL), builtin(PULL_ABAC)) {
        (legacy, abac) if role == legacy => Some(abac),
        (legacy, abac) if role == abac => Some(legacy),
        _ => None,
    }
}

fn builtin(name: &str) -> RoleId {
    role_by_name(name).expect("BUG: the role table has every role that attaching needs")
}

/// A role that attaching gives.
pub(super) struct Assignment {
    pub address: Address,
    pub scope: ArmId,
    pub scope_address: Option<Address>,
    pub role: RoleId,
    pub why: String,
}

pub(super) fn add_grant(cluster: &mut Wanted, assignment: Assignment, principal: &Principal, out: &mut Expansion) {
    let Assignment { address, scope, scope_address, role, why } = assignment;
    let grant = Grant { scope: scope.clone(), role, principal: principal.value.clone() };
    let (target, key) = (Target::Grant(grant.clone()), grant_key(&grant));
    let same = |a: &&Address| out.resources.get(*a).is_some_and(|w| w.target == target);
    if let Some(equal) = out.grants.get(&key).into_iter().flatten().find(same).cloned() {
        if principal.after.as_ref() != Some(&cluster.address) {
            cluster.depends_on.insert(equal);
        }
        return;
    }
    let subscription = scope.subscription().unwrap_or_default();
    let definition = ArmId::parse(&format!("/subscriptions/{subscription}")).map(|s| role.definition(&s));
    let mut body = Map::new();
    if let Ok(definition) = definition {
        body.insert("roleDefinitionId".to_owned(), Value::text(definition.as_str()));
    }
    body.insert("principalId".to_owned(), principal.value.clone());
    // Said outright, it spares the directory look-up that fails for a principal made a moment ago.
    body.insert("principalType".to_owned(), Value::text("ServicePrincipal"));
    let role_text = role_name(role).map_or_else(|| role.to_string(), str::to_owned);
    let wanted = Wanted {
        address: address.clone(),
        arm_type: ROLE_ASSIGNMENT.to_owned(),
        target: Target::Grant(grant),
        existing: false,
        protect: cluster.protect,
        body: Value::Map(body),
        create_defaults: Value::map(),
        parent: None,
        depends_on: scope_address.into_iter().chain(principal.after.clone()).collect(),
        pulls_from: Vec::new(),
        source: Source::Landfall(format!("{role_text} on {}, {why}", scope.name())),
    };
    if principal.after.as_ref() != Some(&cluster.address) {
        cluster.depends_on.insert(address.clone());
    }
    out.grants.entry(key).or_default().push(address.clone());
    out.resources.insert(address, wanted);
}

/// Roles that the file gives to an identity of a cluster are given before the cluster is made.
fn grants_come_first(resources: &mut IndexMap<Address, Wanted>) {
    let grants: Vec<(Address, Address)> = resources
        .values()
        .filter_map(|w| match &w.target {
            Target::Grant(Grant { principal: Value::Template(template), .. }) => {
                template.references().next().map(|r| (w.address.clone(), r.address.clone()))
            }
            _ => None,
        })
        .collect();
    let clusters: Vec<Address> = clusters(resources).map(|c| c.address.clone()).collect();
    for cluster in clusters {
        for (grant, identity) in &grants {
            let uses = resources[&cluster].depends_on.contains(identity);
            if uses && !reaches(resources, grant, &cluster) {
                resources[&cluster].depends_on.insert(grant.clone());
            }
        }
    }
}

/// Whether `from` depends on `to`, directly or not.
fn reaches(resources: &IndexMap<Address, Wanted>, from: &Address, to: &Address) -> bool {
    let mut seen = std::collections::BTreeSet::new();
    let mut stack = vec![from.clone()];
    while let Some(at) = stack.pop() {
        if at == *to {
            return true;
        }
        if seen.insert(at.clone())
            && let Some(wanted) = resources.get(&at)
        {
            stack.extend(wanted.depends_on.iter().cloned());
        }
    }
    false
}
