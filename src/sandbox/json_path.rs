//! Reading and changing JSON by dotted paths, as the behaviour tables write them. A number is a place in a list.

use serde_json::{Map, Value as Json};

/// The value at a path.
pub(super) fn at<'a>(json: &'a Json, path: &str) -> Option<&'a Json> {
    path.split('.').try_fold(json, |here, key| match here {
        Json::Object(map) => map.get(key),
        Json::Array(list) => list.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The text at a path, empty where there is none.
pub(super) fn text<'a>(json: &'a Json, path: &str) -> &'a str {
    at(json, path).and_then(Json::as_str).unwrap_or_default()
}

/// Sets the value at a path of keys; objects on the way are made.
pub(super) fn set(json: &mut Json, path: &str, value: Json) {
    let mut here = json;
    let mut keys = path.split('.').peekable();
    while let Some(key) = keys.next() {
        let map = object(here);
        if keys.peek().is_none() {
            map.insert(key.to_owned(), value);
            return;
        }
        here = map.entry(key).or_insert_with(|| Json::Object(Map::new()));
    }
}

/// Takes the value at a path of keys away.
pub(super) fn remove(json: &mut Json, path: &str) -> Option<Json> {
    match path.rsplit_once('.') {
        Some((above, key)) => {
            let mut here = json;
            for part in above.split('.') {
                here = here.get_mut(part)?;
            }
            here.as_object_mut()?.remove(key)
        }
        None => json.as_object_mut()?.remove(path),
    }
}

/// The value as an object; what is none is replaced by an empty one.
pub(super) fn object(json: &mut Json) -> &mut Map<String, Json> {
    if !json.is_object() {
        *json = Json::Object(Map::new());
    }
    json.as_object_mut().expect("made an object just above")
}

/// Lays `new` over `old`: objects are merged but for the maps at `whole` paths, everything else is replaced. Null leaves
/// alone what it meets, or takes it away where `null_removes`.
pub(super) fn merge(old: &mut Json, new: &Json, at: &str, whole: &[String], null_removes: bool) {
    let Json::Object(new) = new else {
        *old = new.clone();
        return;
    };
    let map = object(old);
    for (key, value) in new {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        match value {
            Json::Null if null_removes => drop(map.remove(key)),
            Json::Null => {}
            Json::Object(_) if !whole.contains(&path) && map.get(key).is_some_and(Json::is_object) => {
                merge(map.get_mut(key).expect("looked up just above"), value, &path, whole, null_removes);
            }
            _ => drop(map.insert(key.clone(), value.clone())),
        }
    }
}

/// Adds what `defaults` has and `json` lacks, at every depth.
pub(super) fn fill(json: &mut Json, defaults: &Json) {
    match (json, defaults) {
        (Json::Object(map), Json::Object(defaults)) => {
            for (key, value) in defaults {
                match map.get_mut(key) {
                    Some(Json::Null) | None => drop(map.insert(key.clone(), value.clone())),
                    Some(inner) => fill(inner, value),
                }
            }
        }
        (here @ Json::Null, value) => *here = value.clone(),
        _ => {}
    }
}

/// Takes away nulls at every depth, and empty lists and objects where `empties`; `keep` names top-level keys whose
/// empties stay.
pub(super) fn prune(json: &mut Json, empties: bool, keep: &[&str]) {
    match json {
        Json::Object(map) => {
            map.retain(|key, value| {
                let empties = empties && !keep.contains(&key.as_str());
                prune(value, empties, &[]);
                match value {
                    Json::Null => false,
                    Json::Array(list) => !(empties && list.is_empty()),
                    Json::Object(inner) => !(empties && inner.is_empty()),
                    _ => true,
                }
            });
        }
        Json::Array(list) => list.iter_mut().for_each(|value| prune(value, empties, &[])),
        _ => {}
    }
}
