//! One resource compared: what to change and why, what moved, what nobody manages and moved.

use std::collections::BTreeSet;

use super::equal::services_own;
use super::neighbours::{default_of, initial_only, moot};
use super::{Around, Sides, Verdict, decide, equal, leaves, look_up, settled};
use crate::document::{Path, Secret, Segment, Value};
use crate::schema::{Change, Equality, ResourceType};

/// Why a property is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The file asks for something new.
    File,
    /// Somebody else changed it; it is put right.
    Drift,
    /// The file no longer says it.
    Removed,
    /// It follows from another change of this plan.
    Dependency,
}

/// One property to change.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// What Azure has; `None` where it reports nothing.
    pub before: Option<Value>,
    /// What it is to have; `None`: the key goes.
    pub after: Option<Value>,
    /// Why.
    pub reason: Reason,
}

/// A value that moved without landfall.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// Where.
    pub path: Path,
    /// What was recorded.
    pub recorded: Option<Value>,
    /// What Azure has now.
    pub live: Option<Value>,
}

/// The outcome for one resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// What to change.
    pub differences: Vec<Difference>,
    /// Managed values that Azure moved.
    pub drift: Vec<Moved>,
    /// Paths that the file no longer says and that stay as they are in Azure, since nothing is known to put in their place.
    pub released: Vec<Path>,
}

/// Compares what is wanted (references resolved), what was recorded and what is live. `hash` turns a secret into what a
/// record keeps of it.
pub fn compare(
    resource: &ResourceType,
    wanted: &Value,
    recorded: Option<&Value>,
    live: &Value,
    hash: &dyn Fn(&Secret) -> Value,
) -> Comparison {
    compare_child(resource, wanted, recorded, (live, None), hash)
}

/// The same for a child that is read out of its parent: what the parent is decides how some of the child's values count.
pub fn compare_child(
    resource: &ResourceType,
    wanted: &Value,
    recorded: Option<&Value>,
    (live, parent): (&Value, Option<&Value>),
    hash: &dyn Fn(&Secret) -> Value,
) -> Comparison {
    let mut out = Comparison::default();
    let nothing = Value::map();
    let recorded = recorded.unwrap_or(&nothing);
    let removed = removed(resource, wanted, recorded, live);
    let mut intended = wanted.clone();
    for (path, removal) in &removed {
        if let Removal::To(Some(after)) = removal {
            intended.set(path, after.clone());
        }
    }
    let around = Around { asked: &intended, live, parent };
    let case = Case { resource, around, recorded, live, hash };
    for (path, want) in leaves(resource, wanted) {
        let was = look_up(resource, recorded, &path);
        let is = look_up(resource, live, &path);
        let verdict = decide(case.sides(&path, Some(want), was));
        if matches!(verdict, Verdict::Drifted | Verdict::BothApart | Verdict::BothAlike) {
            out.drift.push(Moved { path: path.clone(), recorded: was.cloned(), live: is.cloned() });
        }
        let reason = match verdict {
            Verdict::FileChanged | Verdict::BothApart => Reason::File,
            Verdict::Drifted => Reason::Drift,
            _ => continue,
        };
        let before = if resource.write_only(&path) && was.is_some() { was.cloned() } else { is.cloned() };
        let after = Some(case.with_services_own(&path, want, was));
        out.differences.push(Difference { path, before, after, reason });
    }
    out.differences.extend(company(resource, wanted, live, &out.differences));
    for (path, removal) in removed {
        let (was, is) = (look_up(resource, recorded, &path), look_up(resource, live, &path));
        let verdict = decide(case.sides(&path, None, was));
        if verdict == Verdict::RemovedAndDrifted {
            out.drift.push(Moved { path: path.clone(), recorded: was.cloned(), live: is.cloned() });
        }
        match removal {
            Removal::Nothing => {}
            Removal::Released if is.is_some() && moot(resource, &path, &around) => {
                // What stays would contradict what makes it moot.
                let (before, reason) = (is.cloned(), Reason::Removed);
                out.differences.push(Difference { path, before, after: None, reason });
            }
            Removal::Released => out.released.push(path),
            Removal::To(after) => {
                out.differences.push(Difference { path, before: is.cloned(), after, reason: Reason::Removed });
            }
        }
    }
    out
}

/// What must be said with a difference that makes an object: its required properties, also where they ask for no more than
/// what Azure takes an absent object to mean.
fn company(resource: &ResourceType, wanted: &Value, live: &Value, differences: &[Difference]) -> Vec<Difference> {
    let mut made: BTreeSet<Path> = BTreeSet::new();
    for difference in differences {
        let mut above = difference.path.parent();
        while let Some(object) = above.filter(|p| !p.is_root() && look_up(resource, live, p).is_none()) {
            above = object.parent();
            made.insert(object);
        }
    }
    if made.is_empty() {
        return Vec::new();
    }
    let missing = |path: &Path| {
        let required = resource.at(path).is_some_and(|(_, property)| property.is_some_and(|p| p.required));
        required && path.parent().is_some_and(|p| made.contains(&p)) && differences.iter().all(|d| d.path != *path)
    };
    let said = leaves(resource, wanted).into_iter().filter(|(path, _)| missing(path));
    said.map(|(path, want)| Difference { path, before: None, after: Some(want.clone()), reason: Reason::File })
        .collect()
}

/// What the record says and the file no longer does, with what that means for Azure.
fn removed(resource: &ResourceType, wanted: &Value, recorded: &Value, live: &Value) -> Vec<(Path, Removal)> {
    let said: BTreeSet<Path> = leaves(resource, wanted).into_iter().map(|(path, _)| path).collect();
    let mut out: Vec<(Path, Removal)> = Vec::new();
    for (path, _) in leaves(resource, recorded) {
        let still = look_up(resource, wanted, &path).is_some_and(|want| *want != Value::Null);
        if still || said.iter().any(|p| p.starts_with(&path) || path.starts_with(p)) {
            continue;
        }
        let member = member_of(resource, &path).filter(|member| look_up(resource, wanted, member).is_none());
        let place = member.unwrap_or(path);
        if out.iter().all(|(path, _)| *path != place) {
            let removal = removal(resource, &place, &Around { asked: wanted, live, parent: None });
            out.push((place, removal));
        }
    }
    out
}

/// The member of a map, whose members go when nobody names them, that this path lies in.
fn member_of(resource: &ResourceType, path: &Path) -> Option<Path> {
    let mut at = path.clone();
    while let Some(above) = at.parent() {
        if resource.members.contains(&resource.pattern(&above)) {
            return Some(at);
        }
        at = above;
    }
    None
}

/// The three documents of one resource.
struct Case<'a> {
    resource: &'a ResourceType,
    /// What is wanted, and what takes the place of what the file no longer says, against what is live.
    around: Around<'a>,
    recorded: &'a Value,
    live: &'a Value,
    hash: &'a dyn Fn(&Secret) -> Value,
}

impl Case<'_> {
    fn sides(&self, path: &Path, want: Option<&Value>, was: Option<&Value>) -> Sides {
        let resource = self.resource;
        if resource.write_only(path) || matches!(want, Some(Value::Secret(_))) {
            let kept = want.map(|w| if let Value::Secret(s) = w { (self.hash)(s) } else { w.clone() });
            let same = was.is_none() || kept.as_ref() == was;
            return Sides {
                wanted: want.is_some(),
                recorded: was.is_some(),
                wanted_is_recorded: same,
                wanted_is_live: same,
                recorded_is_live: true,
            };
        }
        let alike = match (want, was) {
            (Some(w), Some(r)) => w.same(r) || equal(resource, path, w, Some(r)) && equal(resource, path, r, Some(w)),
            _ => false,
        };
        let wanted_is_live = want
            .is_some_and(|want| settled(resource, path, want, &self.around) && !self.dropped_is_live(path, want, was));
        let recorded_is_live = was.is_some_and(|was| {
            initial_only(resource, path, &self.around)
                || settled(resource, path, was, &Around { asked: self.recorded, ..self.around })
        });
        Sides {
            wanted: want.is_some(),
            recorded: was.is_some(),
            wanted_is_recorded: alike,
            wanted_is_live,
            recorded_is_live,
        }
    }

    /// Whether Azure still has an element that landfall once put into a list that the service adds to, and that the file has
    /// dropped. To the list alone it looks like one of the service's own.
    fn dropped_is_live(&self, path: &Path, want: &Value, was: Option<&Value>) -> bool {
        let adds =
            matches!(self.resource.fact(path).equality, Equality::Subset | Equality::Extended(_) | Equality::Prefix);
        let live = look_up(self.resource, self.live, path).and_then(Value::as_list).unwrap_or_default();
        let was = was.and_then(Value::as_list).filter(|_| adds).unwrap_or_default();
        was.iter().any(|gone| !self.holds(path, want, gone) && live.iter().any(|l| self.same_element(path, gone, l)))
    }

    /// What to send for a list that the service adds to: its own elements stay.
    fn with_services_own(&self, path: &Path, want: &Value, was: Option<&Value>) -> Value {
        let equality = self.resource.fact(path).equality;
        let (Value::List(items), Equality::Extended(_)) = (want, &equality) else { return want.clone() };
        let live = look_up(self.resource, self.live, path).and_then(Value::as_list).unwrap_or_default();
        let own = live.iter().filter(|l| {
            l.as_str().is_some_and(|text| services_own(&equality, text))
                && !self.holds(path, want, l)
                && !was.is_some_and(|was| self.holds(path, was, l))
        });
        Value::List(items.iter().chain(own).cloned().collect())
    }

    fn holds(&self, path: &Path, list: &Value, element: &Value) -> bool {
        list.as_list().is_some_and(|items| items.iter().any(|item| self.same_element(path, element, item)))
    }

    fn same_element(&self, path: &Path, one: &Value, other: &Value) -> bool {
        equal(self.resource, &path.index(0), one, Some(other))
    }
}

enum Removal {
    Nothing,
    Released,
    To(Option<Value>),
}

/// What removing a property from the file does to Azure.
fn removal(resource: &ResourceType, path: &Path, around: &Around<'_>) -> Removal {
    let live = look_up(resource, around.live, path);
    let Some(live) = live.filter(|l| !l.is_empty() || matches!(l, Value::Map(_))) else { return Removal::Nothing };
    let fact = resource.fact(path);
    if path.parent().is_some_and(|parent| resource.free_map(&parent)) {
        return Removal::To(None);
    }
    if !matches!(fact.change, Change::InPlace | Change::Reimages) {
        return Removal::Released;
    }
    if let Some(default) = default_of(resource, path, around) {
        return if equal(resource, path, &default, Some(live)) { Removal::Nothing } else { Removal::To(Some(default)) };
    }
    if matches!(live, Value::List(_)) && !matches!(fact.equality, Equality::Subset | Equality::Prefix) {
        let nothing = Value::List(Vec::new());
        return if equal(resource, path, &nothing, Some(live)) { Removal::Nothing } else { Removal::To(Some(nothing)) };
    }
    Removal::Released
}

/// What moved since it was last seen, outside of what the file or the record manages and Azure alone sets.
pub fn moved_unmanaged(resource: &ResourceType, managed: &[&Value], seen: &Value, live: &Value) -> Vec<Moved> {
    let managed: BTreeSet<Path> = managed.iter().flat_map(|m| leaves(resource, m)).map(|(p, _)| p).collect();
    let paths: BTreeSet<Path> =
        leaves(resource, seen).into_iter().chain(leaves(resource, live)).map(|(p, _)| p).collect();
    let mut out = Vec::new();
    for path in paths {
        let covered = managed.iter().any(|m| same_branch(resource, &path, m));
        if covered || azures_own(resource, &path) {
            continue;
        }
        let (was, is) = (seen.get(&path), look_up(resource, live, &path));
        let same = match (was, is) {
            (Some(was), _) => settled(resource, &path, was, &Around { asked: seen, live, parent: None }),
            (None, Some(is)) => is.is_empty() || equal(resource, &path, is, None),
            (None, None) => true,
        };
        if !same {
            out.push(Moved { path, recorded: was.cloned(), live: is.cloned() });
        }
    }
    out
}

/// Whether one path lies in the other, keys of maps that lose their casing in Azure taken in any casing.
fn same_branch(resource: &ResourceType, one: &Path, other: &Path) -> bool {
    let mut at = Path::root();
    one.segments().iter().zip(other.segments()).all(|(a, b)| {
        let alike = a == b
            || matches!((a, b), (Segment::Key(a), Segment::Key(b)) if a.eq_ignore_ascii_case(b)
                && resource.fact(&at).equality == Equality::MapIgnoreCase);
        at = match a {
            Segment::Key(key) => at.key(key),
            Segment::Index(index) => at.index(*index),
        };
        alike
    })
}

fn azures_own(resource: &ResourceType, path: &Path) -> bool {
    let mut at = Some(path.clone());
    while let Some(path) = at {
        if path.is_root() {
            break;
        }
        let unknown = resource.at(&path).is_none();
        let own = resource.at(&path).and_then(|(_, p)| p).is_some_and(|p| p.read_only || p.hidden);
        if unknown || own || resource.fact(&path).change == Change::Azure {
            return true;
        }
        at = path.parent();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use serde_json::{Value as Json, json};

    const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
    const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";

    fn compared(arm_type: &str, wanted: &Json, recorded: Option<&Json>, live: &Json) -> Comparison {
        let value = |json: &Json| Value::from_json(json.clone());
        let recorded = recorded.map(value);
        let hash = |secret: &Secret| Value::Hash(secret.hash(b"key"));
        compare(Schema::get().resource(arm_type).unwrap(), &value(wanted), recorded.as_ref(), &value(live), &hash)
    }

    /// `path: after` of every difference.
    fn said(comparison: &Comparison) -> Vec<String> {
        let show = |d: &Difference| match &d.after {
            Some(after) => format!("{}: {}", d.path, after.to_display_json()),
            None => format!("{} goes", d.path),
        };
        comparison.differences.iter().map(show).collect()
    }

    #[test]
    fn what_the_file_drops_from_a_list_that_the_service_adds_to_goes() {
        let own = "CriticalAddonsOnly=true:NoSchedule";
        let taints = |list: &[&str]| json!({"nodeTaints": list});
        for (wanted, recorded, live, expected) in [
            (taints(&["a"]), taints(&["a", "b"]), taints(&["a", "b", own]), Some(json!(["a", own]))),
            (taints(&[]), taints(&[own]), taints(&[own]), Some(json!([]))),
            (taints(&["a"]), taints(&["a"]), taints(&["a", "stranger"]), Some(json!(["a"]))),
            (taints(&["a"]), taints(&["a"]), taints(&[own, "a"]), None),
            (json!({}), taints(&["a"]), taints(&["a"]), Some(json!([]))),
            (json!({}), json!({}), taints(&["a"]), None),
        ] {
            let comparison = compared(POOL, &wanted, Some(&recorded), &live);
            let expected: Vec<String> = expected.iter().map(|after| format!("nodeTaints: {after}")).collect();
            assert_eq!(said(&comparison), expected, "{wanted} {recorded} {live}");
        }
        let proxy = |list: &[&str]| json!({"httpProxyConfig": {"noProxy": list}});
        let live = proxy(&["a", "b", "168.63.129.16"]);
        let comparison = compared(CLUSTER, &proxy(&["a"]), Some(&proxy(&["a", "b"])), &live);
        assert_eq!(said(&comparison), ["httpProxyConfig.noProxy: [\"a\"]"]);
    }

    #[test]
    fn an_autoscaler_that_the_file_drops_goes_in_one_step() {
        let live = json!({"count": 8, "enableAutoScaling": true, "minCount": 1, "maxCount": 9});
        let recorded = json!({"count": 3, "enableAutoScaling": true, "minCount": 1, "maxCount": 9});
        let comparison = compared(POOL, &json!({"count": 3}), Some(&recorded), &live);
        assert_eq!(said(&comparison), ["count: 3", "enableAutoScaling: false", "maxCount goes", "minCount goes"]);
        assert_eq!(comparison.drift, Vec::new());
    }

    #[test]
    fn what_the_file_drops_gets_the_default_of_its_company() {
        let network = |policy: &str, dataplane: &str| json!({"networkProfile": {"networkPolicy": policy, "networkDataplane": dataplane}});
        let without = |dataplane: &str| json!({"networkProfile": {"networkDataplane": dataplane}});
        for (dataplane, policy, expected) in [
            ("cilium", "cilium", vec![]),
            ("azure", "none", vec![]),
            ("azure", "calico", vec!["networkProfile.networkPolicy: \"none\""]),
        ] {
            let live = network(policy, dataplane);
            assert_eq!(said(&compared(CLUSTER, &without(dataplane), Some(&live), &live)), expected, "{dataplane}");
        }
    }

    #[test]
    fn a_member_that_the_file_drops_goes_whole() {
        let flux = "Microsoft.KubernetesConfiguration/fluxConfigurations";
        let both = json!({"kustomizations": {"a": {"path": "./a", "prune": true}, "b": {"path": "./b"}}});
        let comparison = compared(flux, &json!({"kustomizations": {"b": {"path": "./b"}}}), Some(&both), &both);
        assert_eq!(said(&comparison), ["kustomizations.a goes"]);
        let addons = json!({"addonProfiles": {"azurepolicy": {"enabled": true}}});
        let comparison = compared(CLUSTER, &json!({}), Some(&addons), &addons);
        assert_eq!(said(&comparison), ["addonProfiles.azurepolicy.enabled: false"]);
    }

    #[test]
    fn an_object_is_made_with_what_it_requires() {
        let addon = json!({"addonProfiles": {"azurepolicy": {"enabled": false, "config": {"version": "v2"}}}});
        let expected = ["addonProfiles.azurepolicy.config.version: \"v2\"", "addonProfiles.azurepolicy.enabled: false"];
        assert_eq!(said(&compared(CLUSTER, &addon, None, &json!({}))), expected);
        let there = json!({"addonProfiles": {"azurepolicy": {"enabled": false}}});
        assert_eq!(said(&compared(CLUSTER, &addon, None, &there)), expected[..1]);
    }

    #[test]
    fn a_key_in_other_capitals_is_the_same_key() {
        let tags = |key: &str, value: &str| json!({"tags": {key: value}});
        let comparison = compared(POOL, &tags("Team", "a"), Some(&tags("team", "a")), &tags("TEAM", "a"));
        assert_eq!(comparison, Comparison::default());
        let comparison = compared(POOL, &json!({}), Some(&tags("team", "a")), &tags("TEAM", "a"));
        assert_eq!(said(&comparison), ["tags.team goes"]);
    }

    #[test]
    fn a_managed_key_in_other_capitals_is_managed() {
        let kind = Schema::get().resource(CLUSTER).unwrap();
        let value = |json: Json| Value::from_json(json);
        let managed = value(json!({"tags": {"env": "demo"}}));
        let moved = |live: Json| moved_unmanaged(kind, &[&managed], &value(json!({})), &value(live));
        assert_eq!(moved(json!({"tags": {"ENV": "demo"}})), []);
        assert_eq!(moved(json!({"tags": {"ENV": "demo", "other": "x"}})).len(), 1);
    }

    #[test]
    fn a_new_identity_is_seen() {
        let ids = |ids: &[&str]| {
            let map: serde_json::Map<_, _> = ids.iter().map(|id| ((*id).to_owned(), json!({}))).collect();
            json!({"identity": {"type": "UserAssigned", "userAssignedIdentities": map}})
        };
        let comparison = compared(CLUSTER, &ids(&["/s/a", "/s/b"]), Some(&ids(&["/s/a"])), &ids(&["/S/A"]));
        assert_eq!(said(&comparison), ["identity.userAssignedIdentities[\"/s/b\"]: {}"]);
        let comparison = compared(CLUSTER, &ids(&["/s/a"]), Some(&ids(&["/s/a", "/s/b"])), &ids(&["/s/a", "/s/b"]));
        assert_eq!(said(&comparison), ["identity.userAssignedIdentities[\"/s/b\"] goes"]);
    }

    #[test]
    fn a_secret_is_compared_by_its_hash_and_never_by_what_azure_says() {
        let webhook = "Microsoft.ContainerRegistry/registries/webhooks";
        let kind = Schema::get().resource(webhook).unwrap();
        let hash = |secret: &Secret| Value::Hash(secret.hash(b"key"));
        let document = |value: Value| {
            let mut out = Value::map();
            out.set(&Path::of(["serviceUri"]), value);
            out
        };
        let uri = |text: &str| document(Value::Secret(Secret::new(text.to_owned())));
        let recorded = document(hash(&Secret::new("https://one".to_owned())));
        let differences = |wanted: &Value, recorded: Option<&Value>| {
            compare(kind, wanted, recorded, &Value::map(), &hash).differences.len()
        };
        assert_eq!(differences(&uri("https://one"), Some(&recorded)), 0);
        assert_eq!(differences(&uri("https://two"), Some(&recorded)), 1);
        assert_eq!(differences(&uri("https://one"), None), 0, "what an adopted resource has cannot be known");
    }
}
