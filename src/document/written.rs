//! Documents as a record keeps them: JSON as it is, and `{"$hmac": "..."}` for the keyed hash of a secret.
//!
//! A map key of a person's own that reads `$hmac` is written `$$hmac` (`$$hmac` as `$$$hmac`, and so on), so that no tag
//! can pass for a hash. A secret in clear and an unresolved reference have no written form.

use serde_json::Value as Json;

use super::{Map, Path, SecretHash, Value};

/// The key that marks a hash.
const HASH: &str = "$hmac";

/// A value that has no written form: where, and what it is.
#[derive(Debug, PartialEq)]
pub struct Unwritable {
    /// Where it stands.
    pub path: Path,
    /// What it is, with its article.
    pub kind: &'static str,
}

/// A `$hmac` that is not alone in its map, or is no text.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("`$hmac` stands for a hash and must be the only key, with a text")]
pub struct NoHash;

/// The written form.
///
/// # Errors
/// [`Unwritable`], for a secret in clear and for a reference.
pub fn encode(value: &Value, at: &Path) -> Result<Json, Unwritable> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Number(n) => Json::Number(n.clone()),
        Value::String(s) => Json::String(s.clone()),
        Value::List(items) => {
            Json::Array(items.iter().enumerate().map(|(i, item)| encode(item, &at.index(i))).collect::<Result<_, _>>()?)
        }
        Value::Map(map) => Json::Object(
            map.iter().map(|(key, item)| Ok((escape(key), encode(item, &at.key(key))?))).collect::<Result<_, _>>()?,
        ),
        Value::Hash(hash) => Json::Object([(HASH.to_owned(), Json::String(hash.0.clone()))].into_iter().collect()),
        Value::Secret(_) => return Err(Unwritable { path: at.clone(), kind: "a secret" }),
        Value::Template(_) => return Err(Unwritable { path: at.clone(), kind: "an unresolved reference" }),
    })
}

/// The value of a written form.
///
/// # Errors
/// [`NoHash`].
pub fn decode(json: Json) -> Result<Value, NoHash> {
    Ok(match json {
        Json::Array(items) => Value::List(items.into_iter().map(decode).collect::<Result<_, _>>()?),
        Json::Object(mut map) if map.contains_key(HASH) => match (map.len(), map.remove(HASH)) {
            (1, Some(Json::String(hash))) => Value::Hash(SecretHash(hash)),
            _ => return Err(NoHash),
        },
        Json::Object(map) => Value::Map(
            map.into_iter().map(|(key, item)| Ok((unescape(key), decode(item)?))).collect::<Result<Map, NoHash>>()?,
        ),
        plain => Value::from_json(plain),
    })
}

/// Whether a key is `$hmac` behind any number of further dollar signs.
fn reserved(key: &str) -> bool {
    key.ends_with(HASH) && key.trim_start_matches('$') == &HASH[1..]
}

fn escape(key: &str) -> String {
    if reserved(key) { format!("${key}") } else { key.to_owned() }
}

fn unescape(key: String) -> String {
    if reserved(&key) { key[1..].to_owned() } else { key }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Secret, Template};
    use crate::names::Address;

    #[test]
    fn a_key_of_a_persons_own_is_no_hash() {
        let hash = Value::Hash(SecretHash("ab12".to_owned()));
        let table = [
            (hash.clone(), r#"{"$hmac":"ab12"}"#),
            (Value::Map([("$hmac".to_owned(), Value::text("x"))].into_iter().collect()), r#"{"$$hmac":"x"}"#),
            (Value::Map([("$$hmac".to_owned(), Value::text("x"))].into_iter().collect()), r#"{"$$$hmac":"x"}"#),
            (Value::Map([("a$hmac".to_owned(), hash)].into_iter().collect()), r#"{"a$hmac":{"$hmac":"ab12"}}"#),
        ];
        for (value, text) in table {
            assert_eq!(encode(&value, &Path::root()).unwrap().to_string(), text);
            assert_eq!(decode(serde_json::from_str(text).unwrap()), Ok(value));
        }
        for bad in [r#"{"$hmac":1}"#, r#"{"$hmac":"ab12","x":1}"#, r#"[{"a":{"$hmac":{}}}]"#] {
            assert_eq!(decode(serde_json::from_str(bad).unwrap()), Err(NoHash), "{bad}");
        }
    }

    #[test]
    fn secrets_and_references_are_not_written() {
        let secret = Value::Secret(Secret::new("hunter2".to_owned()));
        let template = Value::Template(Template::reference(Address::resource_group(), Path::of(["id"])));
        for (special, kind) in [(secret, "a secret"), (template, "an unresolved reference")] {
            let whole = Value::Map([("a".to_owned(), Value::List(vec![Value::Null, special]))].into_iter().collect());
            let refused = Unwritable { path: Path::of(["a"]).index(1), kind };
            assert_eq!(encode(&whole, &Path::root()), Err(refused));
        }
    }
}
