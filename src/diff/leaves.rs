//! The managed places of a document: where a file or a record says something.

use crate::document::{Path, Segment, Value};
use crate::schema::{Equality, ResourceType};

/// Every place of a document that says something: scalars, lists (compared as a whole), empty maps with free keys, and the
/// keys of a free map whose value says nothing more (`userAssignedIdentities: {ID: {}}`). `null` says nothing.
pub fn leaves<'a>(resource: &ResourceType, document: &'a Value) -> Vec<(Path, &'a Value)> {
    let mut out = Vec::new();
    collect(resource, document, &Path::root(), &mut out);
    out
}

fn collect<'a>(resource: &ResourceType, value: &'a Value, at: &Path, out: &mut Vec<(Path, &'a Value)>) {
    match value {
        Value::Null => {}
        Value::Map(map) if map.is_empty() => {
            let key_of_free_map = at.parent().is_some_and(|parent| resource.free_map(&parent));
            if !at.is_root() && (resource.free_map(at) || key_of_free_map) {
                out.push((at.clone(), value));
            }
        }
        Value::Map(map) => map.iter().for_each(|(key, inner)| collect(resource, inner, &at.key(key), out)),
        leaf => out.push((at.clone(), leaf)),
    }
}

/// The value at a path, where keys of maps that lose their casing in Azure are found in any casing.
pub fn look_up<'a>(resource: &ResourceType, document: &'a Value, path: &Path) -> Option<&'a Value> {
    let mut at = document;
    let mut walked = Path::root();
    for segment in path.segments() {
        at = match (at, segment) {
            (Value::Map(map), Segment::Key(key)) => match map.get(key) {
                Some(found) => found,
                None if resource.fact(&walked).equality == Equality::MapIgnoreCase => {
                    map.iter().find(|(k, _)| k.eq_ignore_ascii_case(key))?.1
                }
                None => return None,
            },
            (Value::List(items), Segment::Index(index)) => items.get(*index)?,
            _ => return None,
        };
        walked = match segment {
            Segment::Key(key) => walked.key(key),
            Segment::Index(index) => walked.index(*index),
        };
    }
    Some(at)
}
