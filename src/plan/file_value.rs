//! Values in a saved plan: JSON as it is, and one-key objects for the three things that JSON has not.
//!
//! `{"$secret": HASH}` is a secret under the plan's own key, `{"$hmac": HASH}` a hash of the record, `{"$template": [...]}` a
//! text with references. A key of a person's own that starts with `$` has another `$` before it.

use serde_json::{Value as Json, json};

use crate::document::{Map, Part, Path, Reference, SecretHash, Segment, Template, Value};

const SECRET: &str = "$secret";
const HASH: &str = "$hmac";
const TEMPLATE: &str = "$template";

/// What is wrong with a value of a saved plan, as a fragment.
pub(super) type Broken = String;

/// The written form; secrets as hashes under `key`.
pub(super) fn encode(value: &Value, key: &[u8]) -> Json {
    match value {
        Value::Secret(secret) => json!({ SECRET: secret.hash(key).0 }),
        Value::Hash(hash) => json!({ HASH: hash.0 }),
        Value::Template(template) => json!({ TEMPLATE: template.parts.iter().map(part).collect::<Vec<_>>() }),
        Value::List(items) => Json::Array(items.iter().map(|item| encode(item, key)).collect()),
        Value::Map(map) => Json::Object(map.iter().map(|(name, item)| (escape(name), encode(item, key))).collect()),
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) => Json::Number(n.clone()),
        Value::String(s) => Json::String(s.clone()),
    }
}

/// The value of a written form; `open` turns the hash of a secret into what is to stand for it.
pub(super) fn decode(json: Json, at: &Path, open: &mut dyn FnMut(SecretHash, &Path) -> Value) -> Result<Value, Broken> {
    Ok(match json {
        Json::Array(items) => {
            let one = |(i, item)| decode(item, &at.index(i), open);
            Value::List(items.into_iter().enumerate().map(one).collect::<Result<_, _>>()?)
        }
        Json::Object(map) => {
            if let Some(tag) = map.keys().find(|key| key.starts_with('$') && !key.starts_with("$$")) {
                if map.len() != 1 {
                    return Err(format!("`{tag}` does not stand alone"));
                }
                let (tag, inner) = map.into_iter().next().expect("it has one entry");
                return special(&tag, inner, at, open);
            }
            let one = |(name, item): (String, Json)| {
                let name = name.strip_prefix('$').map(str::to_owned).unwrap_or(name);
                Ok((name.clone(), decode(item, &at.key(&name), open)?))
            };
            Value::Map(map.into_iter().map(one).collect::<Result<Map, Broken>>()?)
        }
        plain => Value::from_json(plain),
    })
}

fn special(
    tag: &str,
    inner: Json,
    at: &Path,
    open: &mut dyn FnMut(SecretHash, &Path) -> Value,
) -> Result<Value, Broken> {
    match (tag, inner) {
        (SECRET, Json::String(hash)) => Ok(open(SecretHash(hash), at)),
        (HASH, Json::String(hash)) => Ok(Value::Hash(SecretHash(hash))),
        (TEMPLATE, Json::Array(parts)) => {
            let parts = parts.into_iter().map(read_part).collect::<Result<Vec<_>, _>>()?;
            Ok(Value::Template(Template { parts }))
        }
        (tag, _) => Err(format!("`{tag}` means nothing here")),
    }
}

fn escape(name: &str) -> String {
    if name.starts_with('$') { format!("${name}") } else { name.to_owned() }
}

fn part(part: &Part) -> Json {
    match part {
        Part::Text(text) => Json::String(text.clone()),
        Part::Reference(to) => json!({ "address": to.address.as_str(), "path": path(&to.path) }),
    }
}

fn read_part(json: Json) -> Result<Part, Broken> {
    match json {
        Json::String(text) => Ok(Part::Text(text)),
        Json::Object(map) => {
            let text = map.get("address").and_then(Json::as_str).unwrap_or_default();
            let address = text.parse().map_err(|e: crate::names::AddressError| e.to_string())?;
            let path = read_path(map.get("path").cloned().unwrap_or_default())?;
            Ok(Part::Reference(Reference { address, path }))
        }
        _ => Err("a part of a template is text or a reference".to_owned()),
    }
}

/// A path as its steps: a key is text, a place in a list a number.
pub(super) fn path(path: &Path) -> Json {
    let step = |segment: &Segment| match segment {
        Segment::Key(key) => Json::String(key.clone()),
        Segment::Index(index) => json!(index),
    };
    Json::Array(path.segments().iter().map(step).collect())
}

/// The path of its steps.
pub(super) fn read_path(json: Json) -> Result<Path, Broken> {
    let Json::Array(steps) = json else { return Err("a path is a list of its steps".to_owned()) };
    steps.into_iter().try_fold(Path::root(), |path, step| match step {
        Json::String(key) => Ok(path.key(&key)),
        Json::Number(n) => {
            let index = n.as_u64().and_then(|n| usize::try_from(n).ok());
            index.map(|n| path.index(n)).ok_or_else(|| format!("{n} is no place in a list"))
        }
        other => Err(format!("{other} is no step of a path")),
    })
}
