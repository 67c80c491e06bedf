//! Values for ARM's properties, made from their shapes: a word of an enumeration, a number within bounds, a text that fits
//! its pattern. What a shape does not tell (a reference, a region, what another value must agree with) stands in the
//! variant.

use std::collections::BTreeSet;

use landfall::document::{Path, Value};
use landfall::schema::{Change, Equality, ResourceType, Schema, Shape, ShapeId};
use serde_json::{Map, Value as Json, json};

/// One resource of an environment, with as many properties as can stand beside each other.
pub struct Variant {
    /// The path of its collection in the file: `clusters.NAME.nodePools`.
    pub collection: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Which properties it has.
    pub keep: Keep,
    /// Values that the shape does not tell, as JSON, or as they are; `PATH.KEY` names a key of a free map.
    pub set: &'static [(&'static str, &'static str)],
    /// What the file says beside properties.
    pub beside: &'static [(&'static str, &'static str)],
}

impl Variant {
    /// All properties but the excluded ones.
    pub const fn new(collection: &'static str, name: &'static str) -> Self {
        Self { collection, name, keep: Keep::AllBut(&[]), set: &[], beside: &[] }
    }

    /// The same with fewer properties.
    pub const fn keep(self, keep: Keep) -> Self {
        Self { keep, ..self }
    }

    /// The same with these values.
    pub const fn set(self, set: &'static [(&'static str, &'static str)]) -> Self {
        Self { set, ..self }
    }

    /// The same with these keys beside its properties.
    pub const fn beside(self, beside: &'static [(&'static str, &'static str)]) -> Self {
        Self { beside, ..self }
    }
}

/// Which properties a variant has; beside them all that is required.
pub enum Keep {
    /// All but these and what lies below them: they exclude others.
    AllBut(&'static [&'static str]),
    /// These and what lies below them.
    Only(&'static [&'static str]),
}

impl Keep {
    fn takes(&self, pattern: &str) -> bool {
        match self {
            Self::AllBut(out) => !out.iter().any(|path| below(path, pattern)),
            Self::Only(these) => these.iter().any(|path| below(path, pattern) || below(pattern, path)),
        }
    }
}

/// Whether `pattern` is `path` or lies below it.
pub fn below(path: &str, pattern: &str) -> bool {
    pattern.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with('['))
}

/// Which of two values is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// The one that a resource is made with.
    First,
    /// The one that it is changed to, where that is possible without making anything anew.
    Second,
}

/// The body of a variant, as the file writes it.
pub fn body(resource: &ResourceType, variant: &Variant, round: Round) -> Json {
    let mut used = BTreeSet::new();
    let mut made =
        generate(resource, variant, round, resource.body(), &Path::root(), &mut used).unwrap_or_else(|| json!({}));
    for (key, value) in variant.beside {
        made[key] = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
    }
    let unused: Vec<_> = variant.set.iter().map(|(path, _)| *path).filter(|path| !used.contains(path)).collect();
    assert!(unused.is_empty(), "{} {}: nothing is at {unused:?}", variant.collection, variant.name);
    made
}

fn generate(
    resource: &ResourceType,
    variant: &Variant,
    round: Round,
    shape: ShapeId,
    at: &Path,
    used: &mut BTreeSet<&'static str>,
) -> Option<Json> {
    let schema = Schema::get();
    let pattern = resource.pattern(at);
    if let Some((path, value)) = variant.set.iter().find(|(path, _)| *path == pattern) {
        used.insert(path);
        return Some(serde_json::from_str(value).unwrap_or_else(|_| json!(value)));
    }
    let second = round == Round::Second && moves(resource, at);
    match schema.shape(shape) {
        Shape::Object { properties, additional } => {
            let mut out = Map::new();
            let writable = properties.iter().filter(|(_, p)| p.writable() && !p.identifier);
            let mut any = additional.is_some();
            for (name, property) in writable {
                any = true;
                let path = at.key(name);
                if !property.required && !variant.keep.takes(&resource.pattern(&path)) {
                    continue;
                }
                if let Some(value) = generate(resource, variant, round, property.shape, &path, used) {
                    out.insert(name.clone(), value);
                }
            }
            if let Some(shape) = additional {
                // A key of one's own may hold several properties, so they are asked one by one.
                let key = variant.set.iter().find(|(path, _)| *path == format!("{pattern}.KEY"));
                used.extend(key.map(|(path, _)| *path));
                let key = key.map_or("key", |(_, key)| key);
                if let Some(value) = generate(resource, variant, round, *shape, &at.key(key), used) {
                    out.insert(key.to_owned(), value);
                }
            }
            // A key of one's own may stand for itself; a named property in which nothing can be set says nothing.
            let own = !any && resource.at(at).is_some_and(|(_, property)| property.is_none());
            (!out.is_empty() || own).then_some(Json::Object(out))
        }
        Shape::List { of, .. } => generate(resource, variant, round, *of, &at.index(0), used).map(|item| json!([item])),
        Shape::Enum { values, .. } => Some(json!(values[usize::from(second && values.len() > 1)])),
        Shape::Integer { min, max } => {
            let low = min.unwrap_or(2).max(2).min(max.unwrap_or(i64::MAX));
            Some(json!(if second { (low + 1).min(max.unwrap_or(i64::MAX)) } else { low }))
        }
        Shape::Number => Some(json!(if second { 0.75 } else { 0.5 })),
        Shape::Bool => Some(json!(!second)),
        Shape::Any => Some(json!({"any": if second { "other" } else { "thing" }})),
        Shape::Text { min, max, pattern: form, .. } => {
            let plain = match form {
                Some(form) => {
                    let apart = APART.iter().find(|(path, _)| *path == resource.pattern(at));
                    apart.map_or_else(|| patterned(form, second), |(_, text)| text).to_owned()
                }
                None => text(resource, at, second),
            };
            Some(json!(fitted(&plain, *min, *max)))
        }
    }
}

/// Texts that must agree with others of their pattern: services have a range of their own, in which DNS lies.
const APART: &[(&str, &str)] =
    &[("networkProfile.serviceCidr", "10.48.0.0/16"), ("networkProfile.dnsServiceIP", "10.48.0.10")];

/// Texts by the pattern of their specification, and others to change them to.
const PATTERNS: &[(&str, &str, &str)] = &[
    (r"^\d{2}:\d{2}$", "03:30", "04:30"),
    (r"^(-|\+)[0-9]{2}:[0-9]{2}$", "+02:00", "-03:00"),
    ("^[a-z][a-z0-9]{0,11}$", "name", "other"),
    (r"^([0-9]{1,3}\.){3}[0-9]{1,3}(\/([0-9]|[1-2][0-9]|3[0-2]))?$", "10.32.0.0/16", "10.33.0.0/16"),
    (r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", "gateway", "other"),
    ("^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", GUID, OTHER),
    ("^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$", GUID, OTHER),
    (
        r"^(?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)$",
        "10.32.0.10",
        "10.32.0.11",
    ),
    ("^[A-Za-z][-A-Za-z0-9_]*$", "landfall", "other"),
    ("^[a-zA-Z0-9]([-a-zA-Z0-9]{0,52}[a-zA-Z0-9])?$", "landfall", "other"),
    ("^[0-9]+%?$", "33%", "2"),
];

const GUID: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
const OTHER: &str = "1f1e1d1c-1b1a-4918-9716-151413121110";

fn patterned(form: &str, second: bool) -> &'static str {
    let known = PATTERNS.iter().find(|(pattern, ..)| *pattern == form);
    let (_, first, other) = known.unwrap_or_else(|| panic!("no text is known that matches {form}"));
    if second { other } else { first }
}

fn text(resource: &ResourceType, at: &Path, second: bool) -> String {
    let name = resource.pattern(at).rsplit('.').next().unwrap_or_default().trim_end_matches("[]").to_ascii_lowercase();
    let more = if second { "-more" } else { "" };
    match resource.fact(at).equality {
        Equality::ArmId => format!(
            "/subscriptions/{GUID}/resourceGroups/rg-other/providers/Microsoft.Network/virtualNetworks/net/subnets/{name}{more}"
        ),
        Equality::Cidr => if second { "10.65.0.0/16" } else { "10.64.0.0/16" }.to_owned(),
        Equality::Time => if second { "2027-03-01T00:00:00Z" } else { "2027-02-01T00:00:00Z" }.to_owned(),
        Equality::Duration => if second { "P3D" } else { "P2D" }.to_owned(),
        Equality::Location => if second { "northeurope" } else { "westeurope" }.to_owned(),
        Equality::Version(_) => "1.35".to_owned(),
        _ if name == "*" => format!("value{more}"),
        _ if name.ends_with("taints") => format!("some={name}{more}:NoSchedule"),
        _ => format!("some-{name}{more}"),
    }
}

/// A text of as many characters as there may be.
fn fitted(plain: &str, min: Option<u64>, max: Option<u64>) -> String {
    let most = usize::try_from(max.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let least = usize::try_from(min.unwrap_or(0)).unwrap_or(0);
    let mut out: String = plain.chars().take(most).collect();
    while out.chars().count() < least {
        out.push('x');
    }
    out
}

/// Whether a change leaves the resource what it is.
fn moves(resource: &ResourceType, at: &Path) -> bool {
    matches!(resource.fact(at).change, Change::InPlace | Change::Reimages | Change::ManualReimage)
}

/// Whether the second round has another value at a pattern, where no variant holds it.
pub fn has_second(resource: &ResourceType, pattern: &str) -> bool {
    let Some(path) = Path::parse(&pattern.replace("[]", "[0]")) else { return false };
    let two = resource.at(&path).is_some_and(|(shape, _)| match Schema::get().shape(shape) {
        Shape::Enum { values, .. } => values.len() > 1,
        Shape::Object { .. } => false,
        _ => true,
    });
    two && moves(resource, &path)
}

/// The patterns of everything that an environment may write in a resource of this type.
pub fn writable(resource: &ResourceType) -> BTreeSet<String> {
    fn walk(shape: ShapeId, at: String, out: &mut BTreeSet<String>) {
        let join = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
        match Schema::get().shape(shape) {
            Shape::Object { properties, additional } => {
                let before = out.len();
                for (name, property) in properties.iter().filter(|(_, p)| p.writable() && !p.identifier) {
                    walk(property.shape, join(name), out);
                }
                if let Some(shape) = additional {
                    walk(*shape, join("*"), out);
                }
                if out.len() == before && at.ends_with(".*") {
                    out.insert(at);
                }
            }
            Shape::List { of, .. } => walk(*of, format!("{at}[]"), out),
            _ => drop(out.insert(at)),
        }
    }
    let mut out = BTreeSet::new();
    walk(resource.body(), String::new(), &mut out);
    out
}

/// Whether the value at a pattern is a secret, or lies in something that Azure never answers.
pub fn secret(resource: &ResourceType, pattern: &str) -> bool {
    let mut at = Path::parse(&pattern.replace("[]", "[0]"));
    while let Some(path) = at {
        if resource.write_only(&path) {
            return true;
        }
        at = path.parent();
    }
    false
}

/// The patterns of what a document says.
pub fn said(resource: &ResourceType, document: &Value) -> BTreeSet<String> {
    fn walk(resource: &ResourceType, value: &Value, at: &Path, out: &mut BTreeSet<String>) {
        match value {
            // What the tables leave open is one property.
            _ if resource.at(at).is_some_and(|(shape, _)| *Schema::get().shape(shape) == Shape::Any) => {
                out.insert(resource.pattern(at));
            }
            Value::Map(map) if !map.is_empty() => map.iter().for_each(|(k, v)| walk(resource, v, &at.key(k), out)),
            Value::List(items) if !items.is_empty() => {
                items.iter().enumerate().for_each(|(i, v)| walk(resource, v, &at.index(i), out));
            }
            Value::Map(_) if at.segments().is_empty() => {}
            _ => drop(out.insert(resource.pattern(at))),
        }
    }
    let mut out = BTreeSet::new();
    walk(resource, document, &Path::root(), &mut out);
    out
}
