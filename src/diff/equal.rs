//! Whether Azure has what was asked, by the equality that the tables give each path.

use std::collections::BTreeSet;

use crate::document::{Path, Value};
use crate::names::{ArmId, Location, RoleId};
use crate::schema::{Equality, ResourceType, Schema, Shape};

/// Whether `live` (absent: Azure does not report it) is what `wanted` asks for at `path`.
///
/// Secrets are not compared here: Azure never answers them.
pub fn equal(resource: &ResourceType, path: &Path, wanted: &Value, live: Option<&Value>) -> bool {
    let fact = resource.fact(path);
    if fact.equality == Equality::Ignore || *wanted == Value::Null {
        return true;
    }
    if wanted.is_empty() && resource.unsaid(path) {
        return true;
    }
    let live = live.filter(|l| **l != Value::Null);
    let Some(live) = live else {
        return match &fact.default {
            Some(default) => wanted.is_empty() || by_kind(resource, path, &fact.equality, wanted, default),
            None => wanted.is_empty() || *wanted == Value::Bool(false),
        };
    };
    if wanted.is_empty() && live.is_empty() {
        return true;
    }
    by_kind(resource, path, &fact.equality, wanted, live)
}

fn by_kind(resource: &ResourceType, path: &Path, equality: &Equality, wanted: &Value, live: &Value) -> bool {
    let texts = (scalar_text(wanted), scalar_text(live));
    if let (Some(w), Some(l)) = &texts {
        return scalars(resource, path, equality, wanted, live, w, l);
    }
    match (wanted, live) {
        (Value::List(w), Value::List(l)) => lists(resource, path, equality, w, l),
        (Value::Map(w), Value::Map(_)) => w.iter().all(|(key, inner)| {
            let below = path.key(key);
            equal(resource, &below, inner, super::look_up(resource, live, &Path::root().key(key)))
        }),
        (w, l) => w.same(l),
    }
}

fn scalars(
    resource: &ResourceType,
    path: &Path,
    equality: &Equality,
    wanted: &Value,
    live: &Value,
    w: &str,
    l: &str,
) -> bool {
    match equality {
        Equality::IgnoreCase | Equality::MapIgnoreCase => w.eq_ignore_ascii_case(l),
        Equality::ArmId => match (ArmId::parse(w), ArmId::parse(l)) {
            (Ok(w), Ok(l)) => w == l,
            _ => w.eq_ignore_ascii_case(l),
        },
        Equality::Location => Location::new(w) == Location::new(l),
        Equality::Cidr => cidr(w) == cidr(l),
        Equality::Version => version(w, l),
        Equality::Trim => w.trim() == l.trim(),
        Equality::IgnoreSpace => w.split_whitespace().eq(l.split_whitespace()),
        Equality::Time => time(w) == time(l),
        Equality::Role => match (RoleId::from_guid_or_id(w), RoleId::from_guid_or_id(l)) {
            (Ok(w), Ok(l)) => w == l,
            _ => w.eq_ignore_ascii_case(l),
        },
        Equality::Ignore => true,
        _ => {
            if wanted.same(live) {
                return true;
            }
            let word = resource.at(path).is_some_and(|(id, _)| matches!(Schema::get().shape(id), Shape::Enum { .. }));
            let mixed = matches!((wanted, live), (Value::String(_), Value::Number(_) | Value::Bool(_)))
                || matches!((wanted, live), (Value::Number(_) | Value::Bool(_), Value::String(_)));
            (word || mixed) && w.eq_ignore_ascii_case(l)
        }
    }
}

fn lists(resource: &ResourceType, path: &Path, equality: &Equality, wanted: &[Value], live: &[Value]) -> bool {
    let element = path.index(0);
    let same = |w: &Value, l: &Value| equal(resource, &element, w, Some(l));
    match equality {
        Equality::Subset => wanted.iter().all(|w| live.iter().any(|l| same(w, l))),
        Equality::Set => wanted.len() == live.len() && matched(wanted, live, same),
        Equality::SetBy(key) => {
            let key_path = element.key(key);
            wanted.len() == live.len()
                && wanted.iter().all(|w| {
                    let name = w.property(key).unwrap_or(&Value::Null);
                    let found = live.iter().find(|l| equal(resource, &key_path, name, l.property(key)));
                    found.is_some_and(|l| same(w, l))
                })
        }
        _ => wanted.len() == live.len() && wanted.iter().zip(live).all(|(w, l)| same(w, l)),
    }
}

/// Whether each wanted element has a live one of its own.
fn matched(wanted: &[Value], live: &[Value], same: impl Fn(&Value, &Value) -> bool) -> bool {
    let mut taken = BTreeSet::new();
    wanted.iter().all(|w| {
        let free = live.iter().enumerate().position(|(i, l)| !taken.contains(&i) && same(w, l));
        free.is_some_and(|i| taken.insert(i))
    })
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// `10.0.0.1` and `10.0.0.1/32` are the same range.
fn cidr(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    text.strip_suffix("/32").map(str::to_owned).unwrap_or(text)
}

/// `1.33` is met by `1.33.5`; `1.33.5` by itself and by the alias that Azure may report instead of it.
fn version(wanted: &str, live: &str) -> bool {
    let parts = |v: &str| v.trim().trim_start_matches('v').split('.').map(str::to_owned).collect::<Vec<_>>();
    let (w, l) = (parts(wanted), parts(live));
    l.starts_with(&w) || (l.len() < w.len() && w.starts_with(&l))
}

fn time(text: &str) -> String {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(at) => at.unix_timestamp_nanos().to_string(),
        Err(_) => text.trim_end_matches("T00:00:00Z").to_owned(),
    }
}
