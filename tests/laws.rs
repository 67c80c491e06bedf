//! What holds of every comparison, for documents drawn from the schema of any type.

use landfall::diff::{Comparison, Reason, compare, equal, leaves};
use landfall::document::{Map, Path, Secret, Value};
use landfall::schema::{Equality, Property, ResourceType, Schema, Shape, ShapeId};
use proptest::prelude::*;
use proptest::test_runner::TestRng;

/// Draws documents that a person could write.
struct Draw<'r> {
    rng: &'r mut TestRng,
}

impl Draw<'_> {
    fn below(&mut self, n: usize) -> usize {
        (self.rng.next_u32() as usize) % n.max(1)
    }

    fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn resource(&mut self) -> &'static ResourceType {
        let main = ["managedClusters", "agentPools", "registries"];
        let often = self.below(2) == 0;
        let drawn = |r: &&ResourceType| r.writable && (!often || main.contains(&r.segment()));
        let all: Vec<&'static ResourceType> = Schema::get().resources().filter(drawn).collect();
        let chosen = self.below(all.len());
        all[chosen]
    }

    fn document(&mut self, resource: &ResourceType) -> Value {
        self.object(resource.body(), 0).unwrap_or_else(Value::map)
    }

    fn object(&mut self, shape: ShapeId, depth: usize) -> Option<Value> {
        let Shape::Object { properties, additional } = Schema::get().shape(shape) else { return None };
        let mut out = Map::new();
        for (name, property) in properties {
            if said(property) && self.below(3) > 0 && depth < 8 {
                let value = self.value(property.shape, depth + 1, property.write_only);
                out.extend(value.map(|value| (name.clone(), value)));
            }
        }
        if let Some(shape) = additional {
            for key in ["alpha", "Beta", "/subscriptions/s/resourceGroups/rg"].iter().take(self.below(4)) {
                let value = self.value(*shape, depth + 1, false);
                out.extend(value.map(|value| ((*key).to_owned(), value)));
            }
        }
        Some(Value::Map(out))
    }

    fn value(&mut self, shape: ShapeId, depth: usize, secret: bool) -> Option<Value> {
        const TEXTS: [&str; 6] =
            ["alpha", "Beta-1", "10.0.0.0/16", "1.33.5", "2026-01-02T03:04:05Z", "/subscriptions/s/resourceGroups/rg"];
        Some(match Schema::get().shape(shape) {
            Shape::Text { secret: inner, .. } => {
                let text = (*self.one_of(&TEXTS)).to_owned();
                if secret || *inner { Value::Secret(Secret::new(text)) } else { Value::String(text) }
            }
            Shape::Enum { values, .. } => Value::text(self.one_of(values).clone()),
            Shape::Integer { min, max } => {
                let from = min.unwrap_or(1).max(1);
                Value::Number((from + self.below(5) as i64).min(max.unwrap_or(i64::MAX)).into())
            }
            Shape::Number => Value::Number((1 + self.below(5)).into()),
            Shape::Bool => Value::Bool(self.below(2) == 0),
            Shape::Any => Value::text(*self.one_of(&TEXTS)),
            Shape::Object { .. } => self.object(shape, depth)?,
            Shape::List { of, .. } => {
                let many = self.below(4);
                Value::List((0..many).filter_map(|_| self.value(*of, depth + 1, secret)).collect())
            }
        })
    }

    /// Another value for a leaf; `None` where there is none of the kind.
    fn other(&mut self, resource: &ResourceType, path: &Path, value: &Value) -> Option<Value> {
        let shape = resource.at(path)?.0;
        Some(match (Schema::get().shape(shape), value) {
            (_, Value::Bool(b)) => Value::Bool(!b),
            (_, Value::Number(n)) => Value::Number((n.as_i64()? + 1).into()),
            (_, Value::Secret(secret)) => Value::Secret(Secret::new(format!("{}-other", secret.reveal()))),
            (Shape::Enum { values, .. }, Value::String(text)) => {
                let others: Vec<&String> = values.iter().filter(|v| !v.eq_ignore_ascii_case(text)).collect();
                if others.is_empty() { Value::text("Another") } else { Value::text((*self.one_of(&others)).clone()) }
            }
            (_, Value::String(text)) => Value::text(format!("{text}-other")),
            (Shape::List { of, .. }, Value::List(items)) => {
                let new = match Schema::get().shape(*of) {
                    Shape::Text { .. } => Value::text("another"),
                    _ => self.value(*of, 1, false)?,
                };
                Value::List(items.iter().cloned().chain([new]).collect())
            }
            _ => return None,
        })
    }
}

fn said(property: &Property) -> bool {
    property.writable() && !property.identifier
}

fn drawn<T: std::fmt::Debug>(draw: impl Fn(&mut Draw<'_>) -> T) -> impl Strategy<Value = T> {
    Just(()).prop_perturb(move |(), mut rng| draw(&mut Draw { rng: &mut rng }))
}

fn hash(secret: &Secret) -> Value {
    Value::Hash(secret.hash(b"a key"))
}

/// What a record keeps of a document.
fn recorded(document: &Value) -> Value {
    document.map_leaves(&mut |leaf| match leaf {
        Value::Secret(secret) => hash(secret),
        other => other.clone(),
    })
}

/// What Azure answers: everything but secrets.
fn answered(document: &Value) -> Value {
    match document {
        Value::Map(map) => {
            let kept = map.iter().filter(|(_, v)| !matches!(v, Value::Secret(_)));
            Value::Map(kept.map(|(k, v)| (k.clone(), answered(v))).collect())
        }
        Value::List(items) => Value::List(items.iter().map(answered).collect()),
        other => other.clone(),
    }
}

/// `over` on top of `under`; where `over` says something, it is as it says.
fn laid_over(over: &Value, under: &Value) -> Value {
    match (over, under) {
        (Value::Map(over), Value::Map(under)) if !over.is_empty() => {
            let mut out = under.clone();
            for (key, value) in over {
                let below = out.get(key).cloned().unwrap_or(Value::Null);
                out.insert(key.clone(), laid_over(value, &below));
            }
            Value::Map(out)
        }
        (over, _) => over.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_was_applied_and_is_live_is_no_change((kind, document) in drawn(|d| { let r = d.resource(); (&r.name, d.document(r)) })) {
        let resource = Schema::get().resource(kind).expect("a type of the schema");
        let comparison = compare(resource, &document, Some(&recorded(&document)), &answered(&document), &hash);
        prop_assert_eq!(comparison, Comparison::default());
    }

    #[test]
    fn everything_equals_itself((kind, document) in drawn(|d| { let r = d.resource(); (&r.name, d.document(r)) })) {
        let resource = Schema::get().resource(kind).expect("a type of the schema");
        for (path, value) in leaves(resource, &document) {
            if !matches!(value, Value::Secret(_)) {
                prop_assert!(equal(resource, &path, value, Some(value)), "{} {}", kind, path);
            }
        }
    }

    #[test]
    fn what_nobody_manages_changes_nothing((kind, document, other) in drawn(|d| {
        let r = d.resource();
        (&r.name, d.document(r), d.document(r))
    })) {
        let resource = Schema::get().resource(kind).expect("a type of the schema");
        let live = laid_over(&answered(&document), &answered(&other));
        let comparison = compare(resource, &document, Some(&recorded(&document)), &live, &hash);
        prop_assert_eq!(comparison, Comparison::default());
    }

    #[test]
    fn one_changed_property_is_one_difference((kind, document, at, after) in drawn(|d| {
        let r = d.resource();
        let document = d.document(r);
        let places: Vec<Path> = leaves(r, &document).into_iter().map(|(path, _)| path).filter(|p| counts(r, p)).collect();
        let chosen = (!places.is_empty()).then(|| d.one_of(&places).clone());
        let after = chosen.as_ref().and_then(|path| d.other(r, path, document.get(path)?));
        (&r.name, document, chosen, after)
    })) {
        let resource = Schema::get().resource(kind).expect("a type of the schema");
        let (Some(path), Some(after)) = (at, after) else { return Ok(()) };
        let mut wanted = document.clone();
        wanted.set(&path, after.clone());
        let comparison = compare(resource, &wanted, Some(&recorded(&document)), &answered(&document), &hash);
        prop_assert_eq!(comparison.differences.len(), 1, "{:?}", &comparison);
        let difference = &comparison.differences[0];
        prop_assert_eq!((&difference.path, &difference.after, difference.reason), (&path, &Some(after), Reason::File));
        prop_assert!(comparison.drift.is_empty() && comparison.released.is_empty());
    }
}

/// Whether a change of this property is always a change: Azure neither ignores it nor lets a neighbour decide.
fn counts(resource: &ResourceType, path: &Path) -> bool {
    let own = matches!(resource.fact(path).equality, Equality::Ignore | Equality::InitialIf(_));
    let neighbours = resource.moot.iter().any(|moot| path.starts_with(&moot.path));
    !own && !neighbours && !resource.advisory.iter().any(|advisory| advisory.path == *path)
}
