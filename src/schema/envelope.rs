//! Between ARM's body (`properties` in an envelope) and landfall's document (one level).

use super::resource::ResourceType;
use super::shape::{Property, Shape};
use super::{Schema, ShapeId};
use crate::document::{Map, Path, Value};

const ENVELOPE_ONLY: [&str; 3] = ["id", "name", "type"];

impl ResourceType {
    /// ARM's body for a document: each property where ARM wants it, identifiers left out.
    pub fn to_arm(&self, document: &Value) -> Value {
        let (mut envelope, mut inner) = (Map::new(), Map::new());
        for (key, value) in document.as_map().into_iter().flatten() {
            match self.properties().get(key) {
                Some(p) if p.identifier => {}
                Some(Property { envelope: true, .. }) => drop(envelope.insert(key.clone(), value.clone())),
                _ => drop(inner.insert(key.clone(), value.clone())),
            }
        }
        if !inner.is_empty() {
            envelope.insert("properties".to_owned(), Value::Map(inner));
        }
        Value::Map(envelope)
    }

    /// The document in an ARM body. The envelope's `id`, `name` and `type` are not part of it.
    pub fn from_arm(&self, body: &Value) -> Value {
        let own = |key: &&String| *key != "properties" && !ENVELOPE_ONLY.contains(&key.as_str());
        let envelope = body.as_map().map_or(0, |map| map.keys().filter(own).count());
        let inner = body.property("properties").and_then(Value::as_map).map_or(0, |map| map.len());
        let mut out = Map::with_capacity(inner + envelope);
        for (key, value) in body.as_map().into_iter().flatten() {
            if key == "properties" {
                for (key, value) in value.as_map().into_iter().flatten() {
                    out.insert(key.clone(), value.clone());
                }
            } else if own(&key) {
                out.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Value::Map(out)
    }

    /// The document without what Azure alone sets: what may be sent back.
    pub fn writable_part(&self, document: &Value) -> Value {
        let mut out = self.prune(self.body, document, &Path::root());
        if out == Value::Null {
            out = Value::map();
        }
        out
    }

    fn prune(&self, shape: ShapeId, value: &Value, at: &Path) -> Value {
        let schema = Schema::get();
        match (schema.shape(shape), value) {
            (Shape::Object { properties, additional }, Value::Map(map)) => {
                let mut out = Map::new();
                for (key, inner) in map {
                    let path = at.key(key);
                    if self.never_echo.contains(&self.pattern(&path)) {
                        continue;
                    }
                    match properties.get(key) {
                        Some(p) if p.read_only || p.identifier => {}
                        Some(p) => drop(out.insert(key.clone(), self.prune(p.shape, inner, &path))),
                        None => match additional {
                            Some(shape) => drop(out.insert(key.clone(), self.prune(*shape, inner, &path))),
                            // A property newer than the tables: Azure said it, so it may be said back.
                            None => drop(out.insert(key.clone(), inner.clone())),
                        },
                    }
                }
                Value::Map(out)
            }
            (Shape::List { of, .. }, Value::List(items)) => {
                Value::List(items.iter().enumerate().map(|(i, v)| self.prune(*of, v, &at.index(i))).collect())
            }
            (_, value) => value.clone(),
        }
    }
}
