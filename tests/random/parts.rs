//! What environments are drawn from: for each kind of resource, the properties that can stand beside each other, each with
//! the values that its shape and its bounds allow, the two that the surface test gives it first.

use landfall::document::Path;
use landfall::schema::{ResourceType, Schema, Shape, ShapeId};
use serde_json::{Map, Value as Json, json};

use super::generate::{Round, Variant, body, secret};
use super::variants::ENVIRONMENTS;

/// Variables that hold secrets, with their values.
pub const VARIABLES: [(&str, &str); 2] = [("SECRET", "Some-secret-1"), ("OTHER_SECRET", "Other-secret-2")];

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
    /// A value.
    Leaf {
        /// Its own, among all leaves.
        number: usize,
        /// Values it may have.
        values: Vec<Json>,
        /// Whether the first can change to the second in place.
        moves: bool,
    },
}

impl Branch {
    /// How many leaves it has.
    pub fn leaves(&self) -> usize {
        match self {
            Self::Inner(properties) => properties.iter().map(|(_, branch, _)| branch.leaves()).sum(),
            Self::Leaf { .. } => 1,
        }
    }
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
    let mut count = 0;
    let mut all = |variants: &[Variant]| variants.iter().map(|variant| part(variant, &mut count)).collect();
    ENVIRONMENTS.iter().map(|(name, variants)| (*name, all(variants))).collect()
}

fn part(variant: &Variant, count: &mut usize) -> Part {
    let resource = Schema::get().resource(arm_type(variant.collection)).expect("a type of the tables");
    let [first, second] = [Round::First, Round::Second].map(|round| body(resource, variant, round));
    let tree = branch((resource, variant), first, second, &Path::root(), count);
    Part { collection: variant.collection, name: variant.name, tree }
}

fn branch(
    (resource, variant): (&ResourceType, &Variant),
    first: Json,
    second: Json,
    at: &Path,
    count: &mut usize,
) -> Branch {
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
                (key, branch((resource, variant), one, two, &path, count), need)
            });
            Branch::Inner(inner.collect())
        }
        (first, second) => {
            let held = variant.set.iter().any(|(set, _)| super::generate::below(set, &resource.pattern(at)));
            let moves = first != second;
            let mut values = vec![first, second];
            if !held {
                let found = resource.at(at).map(|(shape, _)| more(shape, &values)).unwrap_or_default();
                values.extend(found);
            }
            if values[0].is_string() && secret(resource, &resource.pattern(at)) {
                values.extend(VARIABLES.map(|(name, _)| json!(format!("${{env:{name}}}"))));
            }
            values.dedup();
            *count += 1;
            Branch::Leaf { number: *count, values, moves }
        }
    }
}

/// More values of a shape, beside the two that are known.
fn more(shape: ShapeId, known: &[Json]) -> Vec<Json> {
    match (Schema::get().shape(shape), known) {
        (Shape::Enum { values, .. }, _) => values.iter().map(|value| json!(value)).collect(),
        (Shape::Bool, _) => vec![json!(true), json!(false)],
        (Shape::Integer { min, max }, [Json::Number(first), _]) => {
            let first = first.as_i64().unwrap_or_default();
            let fits = |n: &i64| min.is_none_or(|min| min <= *n) && max.is_none_or(|max| *n <= max);
            [first + 2, first * 2, min.unwrap_or(first), max.unwrap_or(first)]
                .into_iter()
                .filter(fits)
                .map(Json::from)
                .collect()
        }
        // Both elements at once; lists of maps are told apart by names, and theirs have one.
        (Shape::List { max, .. }, [Json::Array(one), Json::Array(two)])
            if max.is_none_or(|max| max > 1) && one != two && !one[0].is_object() =>
        {
            let all = |lists: [&Vec<Json>; 2]| Json::Array(lists.into_iter().flatten().cloned().collect());
            vec![all([one, two]), all([two, one])]
        }
        (Shape::Object { .. }, [Json::Object(one), Json::Object(two)]) if one != two => {
            let mut both = one.clone();
            both.extend(two.iter().map(|(key, value)| (format!("{key}2"), value.clone())));
            vec![Json::Object(both)]
        }
        _ => Vec::new(),
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
