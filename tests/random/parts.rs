//! What environments are drawn from: for each kind of resource, the properties that can stand beside each other, each with
//! the two values that the surface test gives it.

use landfall::document::Path;
use landfall::schema::{ResourceType, Schema};
use serde_json::{Map, Value as Json};

use super::generate::{Round, Variant, body};
use super::variants::ENVIRONMENTS;

/// One kind of resource: as much as it can say, in two ways.
pub struct Part {
    /// The place of its collection in an environment: `clusters.aks.nodePools`.
    pub collection: &'static str,
    /// The name it has in the surface test.
    pub name: &'static str,
    /// Its properties.
    pub tree: Branch,
}

/// A property, or all of them.
pub enum Branch {
    /// Properties by name.
    Inner(Vec<(String, Branch, Need)>),
    /// A value, and another where it can change in place.
    Leaf(Json, Json),
}

/// Whether a property may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Its shape, or what the variant says, wants it.
    Always,
    /// It may be left out.
    Maybe,
}

/// All parts, by the name of their environment in the surface test.
pub fn parts() -> Vec<(&'static str, Vec<Part>)> {
    ENVIRONMENTS.iter().map(|(name, variants)| (*name, variants.iter().map(part).collect())).collect()
}

fn part(variant: &Variant) -> Part {
    let resource = Schema::get().resource(arm_type(variant.collection)).expect("a type of the tables");
    let [first, second] = [Round::First, Round::Second].map(|round| body(resource, variant, round));
    let tree = branch(resource, variant, first, second, &Path::root());
    Part { collection: variant.collection, name: variant.name, tree }
}

fn branch(resource: &ResourceType, variant: &Variant, first: Json, second: Json, at: &Path) -> Branch {
    // A free map is one value: its keys are nobody's properties.
    let named = |map: &Map<String, Json>| !map.keys().any(|key| resource.pattern(&at.key(key)).ends_with('*'));
    match (first, second) {
        (Json::Object(first), Json::Object(mut second)) if named(&first) => {
            let inner = first.into_iter().map(|(key, one)| {
                let path = at.key(&key);
                let two = second.remove(&key).unwrap_or_else(|| one.clone());
                let pattern = resource.pattern(&path);
                let held = variant.set.iter().any(|(set, _)| super::generate::below(&pattern, set))
                    || variant.beside.iter().any(|(beside, _)| *beside == key);
                let required = resource.at(&path).is_some_and(|(_, p)| p.is_some_and(|p| p.required));
                let need = if held || required { Need::Always } else { Need::Maybe };
                (key, branch(resource, variant, one, two, &path), need)
            });
            Branch::Inner(inner.collect())
        }
        (first, second) => Branch::Leaf(first, second),
    }
}

/// The ARM type of a collection: `clusters.NAME.nodePools`.
fn arm_type(collection: &str) -> &'static str {
    if collection == "resourceGroup" {
        return "Microsoft.Resources/resourceGroups";
    }
    let mut level = Schema::get().collections();
    let mut found = "";
    for name in collection.split('.').step_by(2) {
        let child = level.get(name).unwrap_or_else(|| panic!("there is no collection {name}"));
        level = &child.children;
        found = &child.arm_type;
    }
    found
}
