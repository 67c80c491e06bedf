//! Environments by chance.

use std::collections::BTreeSet;

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Map, Value as Json, json};

use super::parts::{Branch, Need, Part, parts};

/// The subscription of every environment.
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
/// A group that is not landfall's.
pub const THEIR_GROUP: &str = "rg-theirs";
/// A registry in it.
pub const THEIR_REGISTRY: &str = "theirs";

/// Chance, and what it draws from.
pub struct Dice {
    rng: TestRng,
    parts: Vec<(&'static str, Vec<Part>)>,
    /// Which leaves of the parts were drawn.
    drawn: BTreeSet<usize>,
}

/// An environment, and the same after somebody edited its file.
pub struct Case {
    pub before: Json,
    pub after: Json,
}

/// One resource of a case: its properties, before and after, at its place.
struct Placed {
    place: Vec<String>,
    before: Option<Json>,
    after: Option<Json>,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self { rng: TestRng::from_seed(RngAlgorithm::ChaCha, &bytes), parts: parts(), drawn: BTreeSet::new() }
    }

    /// How many of the properties of all parts were drawn so far, and how many there are.
    pub fn drawn(&self) -> (usize, usize) {
        let all = self.parts.iter().flat_map(|(_, parts)| parts).map(|part| part.tree.leaves());
        (self.drawn.len(), all.sum())
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.rng.next_u64() % bound
    }

    /// So many times out of a hundred.
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[usize::try_from(self.below(items.len() as u64)).expect("it is small")]
    }

    /// A case.
    pub fn case(&mut self) -> Case {
        let mut all: Vec<Placed> = Vec::new();
        let registries = *self.one_of(&[0, 0, 1, 1, 1, 1, 2, 3]);
        for n in 0..registries {
            let edited = if n > 0 { self.fate() } else { (true, true) };
            self.registry(&format!("registry{n}"), edited, &mut all);
        }
        let clusters = *self.one_of(&[0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
        for n in 0..if registries == 0 { clusters.max(1) } else { clusters } {
            self.cluster(&format!("aks{n}"), registries, &mut all);
        }
        for (name, present) in [("own", 30), ("kubelet", 10)] {
            let named = all.iter().any(|p| mentions(p.before.as_ref(), name) || mentions(p.after.as_ref(), name));
            if named || self.chance(present) {
                self.place("identities", name, (name, "identities"), (true, true), &mut all);
            }
        }
        let kubelet = all.iter().any(|p| p.place == ["identities", "kubelet"]);
        let own = all.iter().any(|p| p.place == ["identities", "own"]);
        if own && kubelet && self.chance(50) {
            self.place("roleAssignments", "operator", ("operator", "roleAssignments"), (true, true), &mut all);
        }
        if own && registries > 0 && self.chance(40) {
            let fate = self.fate();
            self.place("roleAssignments", "grant", ("grant", "registry0"), fate, &mut all);
        }
        if own && self.chance(20) {
            let fate = self.fate();
            self.place("identities.own.federatedCredentials", "pods", ("pods", "own"), fate, &mut all);
        }
        if self.chance(8) {
            let fate = self.fate();
            self.place("snapshots", "snapshot", ("snapshot", "snapshot"), fate, &mut all);
        }
        let group = self.chance(15);
        if group {
            self.place("resourceGroup", "rg-surface", ("rg", "rg"), (true, true), &mut all);
        }
        if self.chance(15) {
            self.theirs(&mut all);
        }
        self.file(&all, group)
    }

    /// Whether something is there before an edit, and after it.
    fn fate(&mut self) -> (bool, bool) {
        match self.below(10) {
            0 => (false, true),
            1 => (true, false),
            _ => (true, true),
        }
    }

    /// Children of a registry that is somebody else's, which is in another group and only named.
    fn theirs(&mut self, all: &mut Vec<Placed>) {
        let body = json!({"existing": true, "resourceGroup": THEIR_GROUP});
        let place = ["registries", THEIR_REGISTRY].map(str::to_owned).to_vec();
        all.push(Placed { place, before: Some(body.clone()), after: Some(body) });
        for (collection, child) in [("scopeMaps", "scopes"), ("webhooks", "webhook")] {
            let fate = self.fate();
            let collection = format!("registries.surface.{collection}");
            self.place(&collection, child, (child, THEIR_REGISTRY), fate, all);
        }
    }

    fn registry(&mut self, name: &str, fate: (bool, bool), all: &mut Vec<Placed>) {
        self.place("registries", "surface", (name, name), fate, all);
        for family in [
            &[("replications", "northeurope")][..],
            &[("credentialSets", "credentials"), ("cacheRules", "cache")],
            &[("webhooks", "webhook")],
            &[("scopeMaps", "scopes"), ("tokens", "token")],
            &[("privateEndpointConnections", "endpoint")],
        ] {
            if self.chance(12) {
                let own = self.fate();
                for (collection, child) in family {
                    let collection = format!("registries.surface.{collection}");
                    self.place(&collection, child, (child, name), (own.0 && fate.0, own.1 && fate.1), all);
                }
            }
        }
    }

    fn cluster(&mut self, name: &str, registries: u64, all: &mut Vec<Placed>) {
        let kinds: Vec<usize> = (1..self.parts.len()).collect();
        // Most are as most are.
        let kind = if self.chance(60) { 1 } else { kinds[usize::try_from(self.below(5)).expect("it is small")] };
        let at = all.len();
        self.place_of((kind, "clusters", "aks"), (name, name), (true, true), all);
        let pulls: Vec<[bool; 2]> = (0..registries).map(|_| [self.chance(50), self.chance(50)]).collect();
        let gone: Vec<bool> = (0..registries).map(|n| !placed(all, &format!("registry{n}"), true)).collect();
        let missing: Vec<bool> = (0..registries).map(|n| !placed(all, &format!("registry{n}"), false)).collect();
        let edit = self.chance(30);
        for after in [false, true] {
            let absent = if after { &gone } else { &missing };
            let side = usize::from(after && edit);
            let named = |n: &usize| pulls[*n][side] && !absent[*n];
            let from: Vec<String> = (0..pulls.len()).filter(named).map(|n| format!("registry{n}")).collect();
            let body = if after { &mut all[at].after } else { &mut all[at].before };
            if let (Some(body), false) = (body, from.is_empty()) {
                body["pullsFrom"] = json!(from);
            }
        }
        if self.parts[kind].0.contains("hosts") {
            return;
        }
        self.place_of((kind, "clusters.aks.nodePools", "system"), ("system", name), (true, true), all);
        let more = *self.one_of(&[0, 0, 0, 0, 1, 1, 3]);
        for n in 0..more {
            let pool = *self.one_of(&["full", "full", "spot", "gate", "win", "vms"]);
            let fate = self.fate();
            let short = if pool == "win" { format!("win{n}") } else { format!("{pool}{n}") };
            self.place_of((1, "clusters.aks.nodePools", pool), (&short, name), fate, all);
        }
        for (collection, child) in [
            ("maintenanceConfigurations", "default"),
            ("maintenanceConfigurations", "aksManagedAutoUpgradeSchedule"),
            ("maintenanceConfigurations", "aksManagedNodeOSUpgradeSchedule"),
            ("managedNamespaces", "space"),
            ("trustedAccessRoleBindings", "trust"),
            ("identityBindings", "binding"),
            ("privateEndpointConnections", "endpoint"),
            ("extensions", "flux"),
            ("fluxConfigurations", "config"),
        ] {
            if self.chance(8) {
                let fate = self.fate();
                self.place_of((1, &format!("clusters.aks.{collection}"), child), (child, name), fate, all);
            }
        }
    }

    /// Draws one resource wherever the surface test has one of that kind.
    fn place(&mut self, collection: &str, part: &str, called: (&str, &str), fate: (bool, bool), all: &mut Vec<Placed>) {
        let has = |(_, parts): &(&str, Vec<Part>)| parts.iter().any(|p| p.collection == collection && p.name == part);
        let kind = self.parts.iter().position(has).unwrap_or_else(|| panic!("no {part} in {collection}"));
        self.place_of((kind, collection, part), called, fate, all);
    }

    fn place_of(
        &mut self,
        (kind, collection, part): (usize, &str, &str),
        (name, parent): (&str, &str),
        fate: (bool, bool),
        all: &mut Vec<Placed>,
    ) {
        let parts = std::mem::take(&mut self.parts);
        let of = parts[kind].1.iter().find(|p| p.collection == collection && p.name == part).expect("it is there");
        let density = *self.one_of(&[3, 5, 10, 25]);
        let calm = self.chance(40);
        let (before, after) = self.branch(&of.tree, density, calm);
        self.parts = parts;
        let body = |body: Option<Json>| {
            let text = body.unwrap_or_else(|| json!({})).to_string();
            // Two clusters cannot have one node resource group.
            let text = text.replace("some-noderesourcegroup", &format!("some-{name}-nodes"));
            let text = text.replace("registries.surface.", &format!("registries.{parent}."));
            serde_json::from_str(&text).expect("it was JSON")
        };
        let mut place: Vec<String> = collection.split('.').map(str::to_owned).collect();
        if let Some(above) = place.get_mut(1) {
            parent.clone_into(above);
        }
        if collection != "resourceGroup" {
            place.push(name.to_owned());
        }
        all.push(Placed { place, before: fate.0.then(|| body(before)), after: fate.1.then(|| body(after)) });
    }

    /// Some of these properties, before an edit and after it.
    fn branch(&mut self, branch: &Branch, density: u64, calm: bool) -> (Option<Json>, Option<Json>) {
        match branch {
            Branch::Leaf { number, values, moves } => {
                self.drawn.insert(*number);
                // The first two are drawn as often as all others together.
                let few = if self.chance(50) { values.len().min(2) } else { values.len() };
                let one = self.one_of(&values[..few]).clone();
                let other = *moves && !calm && self.chance(30);
                let two = if other { self.one_of(values).clone() } else { one.clone() };
                (Some(one), Some(two))
            }
            Branch::Inner(properties) => {
                let (mut before, mut after) = (Map::new(), Map::new());
                for (name, branch, need) in properties {
                    // The parts that hold more are taken more often: what they hold is thinned out again.
                    let more = if matches!(branch, Branch::Inner(_)) { density + 10 } else { density };
                    if *need == Need::Maybe && !self.chance(more) {
                        continue;
                    }
                    let (mut one, mut two) = self.branch(branch, (density * 2).min(60), calm);
                    if *need == Need::Always && (one.is_none() || two.is_none()) {
                        (one, two) = self.branch(branch, 100, calm);
                    }
                    let movable = matches!(branch, Branch::Leaf { moves: true, .. });
                    let (came, went) = match self.below(10) {
                        0 if !calm && movable && *need == Need::Maybe => (true, false),
                        1 if !calm && movable && *need == Need::Maybe => (false, true),
                        _ => (false, false),
                    };
                    before.extend(one.filter(|_| !came).map(|value| (name.clone(), value)));
                    after.extend(two.filter(|_| !went).map(|value| (name.clone(), value)));
                }
                let full = |map: Map<String, Json>| (!map.is_empty()).then_some(Json::Object(map));
                (full(before), full(after))
            }
        }
    }

    fn file(&mut self, all: &[Placed], group: bool) -> Case {
        let tags = ["one", "two", "three"].map(|value| json!({"env": value}));
        let head = |tag: &Json| {
            let name = if group { json!({"name": "rg"}) } else { json!("rg") };
            json!({"subscription": SUBSCRIPTION, "resourceGroup": name, "location": "westeurope", "tags": tag})
        };
        let tag = usize::try_from(self.below(3)).expect("it is small");
        let next = if self.chance(20) { (tag + 1) % 3 } else { tag };
        let mut case = Case { before: head(&tags[tag]), after: head(&tags[next]) };
        for placed in all {
            for (root, body) in [(&mut case.before, &placed.before), (&mut case.after, &placed.after)] {
                let Some(body) = body else { continue };
                let mut at = root;
                for part in &placed.place {
                    if !at[part].is_object() {
                        at[part] = json!({});
                    }
                    at = &mut at[part];
                }
                let place = at.as_object_mut().expect("it is a map");
                place.extend(body.as_object().cloned().unwrap_or_default());
            }
        }
        case
    }

    /// The same file with the keys of its maps in another order, as text: JSON, which is YAML.
    pub fn shuffled(&mut self, json: &Json) -> String {
        match json {
            Json::Object(map) => {
                let mut items: Vec<(&String, &Json)> = map.iter().collect();
                for at in (1..items.len()).rev() {
                    let with = usize::try_from(self.below(at as u64 + 1)).expect("it is small");
                    items.swap(at, with);
                }
                let items: Vec<String> =
                    items.into_iter().map(|(k, v)| format!("{}: {}", json!(k), self.shuffled(v))).collect();
                format!("{{{}}}", items.join(", "))
            }
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.shuffled(item)).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        }
    }
}

fn mentions(body: Option<&Json>, identity: &str) -> bool {
    body.is_some_and(|b| b.to_string().contains(&format!("${{identities.{identity}.")))
}

fn placed(all: &[Placed], registry: &str, after: bool) -> bool {
    let one = all.iter().find(|p| p.place == ["registries", registry]);
    one.is_some_and(|p| if after { p.after.is_some() } else { p.before.is_some() })
}
