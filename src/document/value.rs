//! The value tree.

use serde_json::Number;

use super::{Map, Path, Secret, SecretHash, Segment, Template};

/// A JSON value, or one of the three things only landfall's documents hold: a secret, a secret's hash, a value not yet known.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`: not said.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number; 1 and 1.0 are the same to [`Value::same`].
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Value>),
    /// Properties, or a map by name.
    Map(Map),
    /// A secret, from the environment file.
    Secret(Secret),
    /// What a record keeps of a secret.
    Hash(SecretHash),
    /// Text that refers to what other resources report.
    Template(Template),
}

impl Value {
    /// An empty map.
    pub fn map() -> Self {
        Self::Map(Map::new())
    }

    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// Takes JSON in.
    pub fn from_json(json: serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(b) => Self::Bool(b),
            serde_json::Value::Number(n) => Self::Number(n),
            serde_json::Value::String(s) => Self::String(s),
            serde_json::Value::Array(items) => Self::List(items.into_iter().map(Self::from_json).collect()),
            serde_json::Value::Object(map) => {
                Self::Map(map.into_iter().map(|(k, v)| (k, Self::from_json(v))).collect())
            }
        }
    }

    /// JSON for a person or a report: secrets show as `(secret)`, what is not known yet as `(known after apply)`.
    pub fn to_display_json(&self) -> serde_json::Value {
        self.to_json(&mut |special| {
            serde_json::Value::String(match special {
                Value::Template(_) => "(known after apply)".to_owned(),
                _ => "(secret)".to_owned(),
            })
        })
    }

    /// JSON for the body of a request, secrets in clear; `None` while a reference is unresolved or only a hash is known.
    pub fn to_request_json(&self) -> Option<serde_json::Value> {
        let mut whole = true;
        let json = self.to_json(&mut |special| match special {
            Value::Secret(secret) => serde_json::Value::String(secret.reveal().to_owned()),
            _ => {
                whole = false;
                serde_json::Value::Null
            }
        });
        whole.then_some(json)
    }

    /// JSON with secrets, hashes and templates turned by `special`.
    pub fn to_json(&self, special: &mut impl FnMut(&Value) -> serde_json::Value) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(b) => serde_json::Value::Bool(*b),
            Self::Number(n) => serde_json::Value::Number(n.clone()),
            Self::String(s) => serde_json::Value::String(s.clone()),
            Self::List(items) => serde_json::Value::Array(items.iter().map(|v| v.to_json(special)).collect()),
            Self::Map(map) => {
                serde_json::Value::Object(map.iter().map(|(k, v)| (k.clone(), v.to_json(special))).collect())
            }
            Self::Secret(_) | Self::Hash(_) | Self::Template(_) => special(self),
        }
    }

    /// The map inside, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The map inside, made one if it is not.
    pub fn as_map_mut(&mut self) -> &mut Map {
        if !matches!(self, Self::Map(_)) {
            *self = Self::map();
        }
        match self {
            Self::Map(map) => map,
            _ => unreachable!("BUG: it was just made a map"),
        }
    }

    /// The list inside, if it is one.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The text inside, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(s) = self { Some(s) } else { None }
    }

    /// The truth value inside, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(b) = self { Some(*b) } else { None }
    }

    /// `null`, `""`, `0`, `[]`, `{}`: what Azure mostly takes for not said.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Number(n) => n.as_f64() == Some(0.0),
            Self::String(s) => s.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Bool(_) | Self::Secret(_) | Self::Hash(_) | Self::Template(_) => false,
        }
    }

    /// The value at a path.
    pub fn get(&self, path: &Path) -> Option<&Value> {
        path.segments().iter().try_fold(self, |at, segment| match (at, segment) {
            (Self::Map(map), Segment::Key(key)) => map.get(key),
            (Self::List(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    /// The value of a top-level property.
    pub fn property(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// Puts a value at a path of keys, making maps on the way. List elements are replaced where they exist.
    pub fn set(&mut self, path: &Path, value: Value) {
        let mut at = self;
        for segment in path.segments() {
            at = match segment {
                Segment::Key(key) => at.as_map_mut().entry(key.clone()).or_insert(Value::Null),
                Segment::Index(index) => match at {
                    Self::List(items) if *index < items.len() => &mut items[*index],
                    _ => return,
                },
            };
        }
        *at = value;
    }

    /// Takes the value at a path of keys away.
    pub fn remove(&mut self, path: &Path) -> Option<Value> {
        let (Some(parent), Some(Segment::Key(last))) = (path.parent(), path.segments().last()) else { return None };
        let mut at = self;
        for segment in parent.segments() {
            at = match (at, segment) {
                (Self::Map(map), Segment::Key(key)) => map.get_mut(key)?,
                (Self::List(items), Segment::Index(index)) => items.get_mut(*index)?,
                _ => return None,
            };
        }
        match at {
            Self::Map(map) => map.shift_remove(last),
            _ => None,
        }
    }

    /// Equality of plain values: 1 is 1.0, key order does not matter.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a == b || a.as_f64() == b.as_f64(),
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Self::Map(a), Self::Map(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|other| v.same(other)))
            }
            (a, b) => a == b,
        }
    }

    /// Every template in this tree, with where it stands.
    pub fn templates(&self) -> Vec<(Path, &Template)> {
        let mut out = Vec::new();
        self.walk(&Path::root(), &mut |path, value| {
            if let Value::Template(template) = value {
                out.push((path.clone(), template));
            }
        });
        out
    }

    /// Visits every value below and including this one, parents first.
    pub fn walk<'a>(&'a self, at: &Path, visit: &mut impl FnMut(&Path, &'a Value)) {
        visit(at, self);
        match self {
            Self::Map(map) => map.iter().for_each(|(k, v)| v.walk(&at.key(k), visit)),
            Self::List(items) => items.iter().enumerate().for_each(|(i, v)| v.walk(&at.index(i), visit)),
            _ => {}
        }
    }

    /// The tree with every leaf turned by `turn`, which sees secrets, hashes and templates too.
    #[must_use]
    pub fn map_leaves(&self, turn: &mut impl FnMut(&Value) -> Value) -> Value {
        match self {
            Self::List(items) => Self::List(items.iter().map(|v| v.map_leaves(turn)).collect()),
            Self::Map(map) => Self::Map(map.iter().map(|(k, v)| (k.clone(), v.map_leaves(turn))).collect()),
            leaf => turn(leaf),
        }
    }
}
