//! Holds a request's body against the type tables: wrong types, words and numbers are refused; what a request may carry
//! but not set (read-only values, properties the tables do not have) is left out of what is kept.

use serde_json::{Map, Value as Json};

use crate::schema::{Property, ResourceType, Schema, Shape, ShapeId};

/// What is wrong with a body.
#[derive(Debug, Clone)]
pub(super) struct Wrong {
    /// Dotted, with list places in brackets.
    pub path: String,
    pub detail: String,
}

/// How strictly a body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// Required properties must be there.
    pub whole: bool,
    /// Properties that the tables do not have are kept: the request speaks another api-version than the tables.
    pub unknown: bool,
}

/// The part of a body that may be kept, or what is wrong with it.
pub(super) fn check(resource: &ResourceType, body: &Json, reading: Reading) -> Result<Json, Vec<Wrong>> {
    let Json::Object(body) = body else {
        return Err(vec![Wrong { path: String::new(), detail: "the body must be a JSON object".into() }]);
    };
    let mut wrong = Vec::new();
    let mut out = Map::new();
    for (key, value) in body {
        match key.as_str() {
            "id" | "name" | "type" => {}
            "properties" => {
                if let Json::Object(inner) = value {
                    let kept =
                        object(resource.properties(), None, inner, Place::inner("properties"), reading, &mut wrong);
                    out.insert(key.clone(), kept);
                } else if !value.is_null() {
                    wrong
                        .push(Wrong { path: key.clone(), detail: format!("cannot read {} as an object", kind(value)) });
                }
            }
            _ => {
                let property = resource.properties().get(key).filter(|p| p.envelope);
                if let Some(kept) = member(property, None, value, key, reading, &mut wrong) {
                    out.insert(key.clone(), kept);
                }
            }
        }
    }
    if reading.whole {
        let inner = body.get("properties");
        for (name, property) in resource.properties() {
            let here = if property.envelope { body.get(name) } else { inner.and_then(|i| i.get(name)) };
            if property.required && !property.identifier && !property.read_only && here.is_none_or(Json::is_null) {
                let path = if property.envelope { name.clone() } else { format!("properties.{name}") };
                wrong.push(missing(path));
            }
        }
    }
    if wrong.is_empty() { Ok(Json::Object(out)) } else { Err(wrong) }
}

/// Where an object stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    path: &'a str,
    /// Whether this is `properties` itself, whose required members are checked by the caller.
    top: bool,
}

impl<'a> Place<'a> {
    fn inner(path: &'a str) -> Self {
        Self { path, top: true }
    }
}

fn object(
    properties: &indexmap::IndexMap<String, Property>,
    additional: Option<ShapeId>,
    map: &Map<String, Json>,
    place: Place<'_>,
    reading: Reading,
    wrong: &mut Vec<Wrong>,
) -> Json {
    let mut out = Map::new();
    for (key, value) in map {
        let path = format!("{}.{key}", place.path);
        let property = properties.get(key).filter(|p| !(place.top && p.envelope));
        if let Some(kept) = member(property, additional, value, &path, reading, wrong) {
            out.insert(key.clone(), kept);
        }
    }
    if !place.top && reading.whole {
        for (name, property) in properties {
            if property.required && !property.read_only && map.get(name).is_none_or(Json::is_null) {
                wrong.push(missing(format!("{}.{name}", place.path)));
            }
        }
    }
    Json::Object(out)
}

fn member(
    property: Option<&Property>,
    additional: Option<ShapeId>,
    value: &Json,
    path: &str,
    reading: Reading,
    wrong: &mut Vec<Wrong>,
) -> Option<Json> {
    match (property, additional) {
        (Some(p), _) if p.read_only => None,
        (Some(p), _) => {
            let secret = p.write_only || matches!(Schema::get().shape(p.shape), Shape::Text { secret: true, .. });
            let kept = read(p.shape, value, path, reading, wrong);
            if secret { None } else { Some(kept) }
        }
        (None, Some(shape)) => {
            let kept = read(shape, value, path, reading, wrong);
            let secret = matches!(Schema::get().shape(shape), Shape::Text { secret: true, .. });
            if secret { None } else { Some(kept) }
        }
        (None, None) => reading.unknown.then(|| value.clone()),
    }
}

fn read(shape: ShapeId, value: &Json, path: &str, reading: Reading, wrong: &mut Vec<Wrong>) -> Json {
    if value.is_null() {
        return Json::Null;
    }
    let mut bad = |expected: &str| {
        wrong.push(Wrong { path: path.to_owned(), detail: format!("cannot read {} as {expected}", kind(value)) });
    };
    match (Schema::get().shape(shape), value) {
        (Shape::Any, _) => {}
        (Shape::Object { properties, additional }, Json::Object(map)) => {
            return object(properties, *additional, map, Place { path, top: false }, reading, wrong);
        }
        (Shape::Object { .. }, _) => bad("an object"),
        (Shape::List { of, max }, Json::Array(items)) => {
            if max.is_some_and(|max| items.len() as u64 > max) {
                wrong.push(Wrong {
                    path: path.to_owned(),
                    detail: format!("has more than {} elements", max.unwrap_or(0)),
                });
            }
            let items = items.iter().enumerate();
            return items.map(|(i, item)| read(*of, item, &format!("{path}[{i}]"), reading, wrong)).collect();
        }
        (Shape::List { .. }, _) => bad("a list"),
        (Shape::Bool, Json::Bool(_)) => {}
        (Shape::Bool, _) => bad("a boolean"),
        (Shape::Number, Json::Number(_)) => {}
        (Shape::Number, _) => bad("a number"),
        (Shape::Integer { min, max }, Json::Number(number)) => match whole(number) {
            None => bad("an integer"),
            // Zero is how several clients say "choose for me" (osDiskSizeGB), whatever the range.
            Some(n) if n != 0 && (min.is_some_and(|min| n < min) || max.is_some_and(|max| n > max)) => {
                wrong.push(Wrong { path: path.to_owned(), detail: format!("{n} is out of range") });
            }
            Some(_) => {}
        },
        (Shape::Integer { .. }, _) => bad("an integer"),
        (Shape::Enum { values, open: false }, Json::String(text)) => {
            if !text.is_empty() && !values.iter().any(|v| v.eq_ignore_ascii_case(text)) {
                let detail = format!("'{text}' is none of '{}'", values.join(", "));
                wrong.push(Wrong { path: path.to_owned(), detail });
            }
        }
        (Shape::Text { min, max, pattern, .. }, Json::String(text)) => {
            // An empty text is how several clients say "choose for me" (kubernetesVersion, vmSize), whatever the pattern.
            let length = text.chars().count() as u64;
            let fits = |p: &String| regex_lite::Regex::new(p).map_or(true, |p| p.is_match(text));
            if length > 0 && (min.is_some_and(|min| length < min) || max.is_some_and(|max| length > max)) {
                wrong.push(Wrong { path: path.to_owned(), detail: format!("has {length} characters") });
            } else if length > 0 && !pattern.as_ref().is_none_or(fits) {
                wrong.push(Wrong { path: path.to_owned(), detail: format!("'{text}' does not match its pattern") });
            }
        }
        (Shape::Enum { .. }, Json::String(_)) => {}
        (Shape::Enum { .. } | Shape::Text { .. }, _) => bad("a string"),
    }
    value.clone()
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "only whole numbers of modest size get here")]
    number.as_i64().or_else(|| number.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e15).map(|f| f as i64))
}

fn missing(path: String) -> Wrong {
    Wrong { path, detail: "required and missing".into() }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
