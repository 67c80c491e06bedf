//! The JSON Schema (draft 2020-12) of an environment file, for editors: every collection, every property a person may write.
//!
//! It may be kinder than the reader and never stricter: what may come from a base is not required here, `null` and
//! `${...}` may stand wherever a value may, and words that Azure may add to an enumeration are not refused.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::own_keys::{OwnKey, own_keys_at};
use crate::document::{Path, Value};
use crate::schema::{Change, Child, Property, ResourceType, Schema, Shape, ShapeId, role_names};

/// What text must look like where something other than text is wanted: it holds a variable or a reference.
const REFERENCE: &str = "\\$\\{";
const GROUP: &str = "resourceGroup";
const GROUP_TYPE: &str = "Microsoft.Resources/resourceGroups";
/// A name that an address can hold.
const NAME: &str = "^[A-Za-z0-9_-]+$";
/// Deeper than any property that can be written: shapes may refer to themselves.
const DEEPEST: usize = 16;

/// The JSON Schema, as pretty-printed text with a newline at its end.
pub fn json_schema() -> String {
    let mut definitions = Map::new();
    let mut properties: Map<String, Json> = own_keys_at(&[]).map(|own| (own.key.to_owned(), own_key(own))).collect();
    collections(Schema::get().collections(), &mut Vec::new(), &mut properties, &mut definitions);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "landfall environment",
        "description": "AKS clusters and container registries of one environment. Reference: docs/environment.md",
        "type": "object",
        "properties": properties,
        "patternProperties": {"^x-": {"description": "Not read: a place for YAML anchors."}},
        "additionalProperties": false,
        "$defs": definitions,
    });
    let mut text = serde_json::to_string_pretty(&schema).expect("text, numbers and lists are JSON");
    text.push('\n');
    text
}

fn collections(
    children: &IndexMap<String, Child>,
    at: &mut Vec<String>,
    properties: &mut Map<String, Json>,
    definitions: &mut Map<String, Json>,
) {
    for (name, child) in children {
        at.push(name.clone());
        let key = at.join(".");
        let resource = Schema::get().resource(&child.arm_type).expect("BUG: the type of a collection is in the schema");
        let mut names = vec![json!({"pattern": NAME})];
        names.extend(resource.name_pattern.as_ref().map(|pattern| json!({"pattern": whole(pattern)})));
        properties.insert(
            name.clone(),
            json!({
                "description": format!("By name: {} ({})", plural(&resource.label), resource.name),
                "type": ["object", "null"],
                "propertyNames": {"allOf": names},
                "additionalProperties": {"$ref": format!("#/$defs/{key}")},
            }),
        );
        let mut below = Map::new();
        collections(&child.children, at, &mut below, definitions);
        let path: Vec<&str> = at.iter().map(String::as_str).collect();
        definitions.insert(key, resource_schema(resource, &path, below));
        at.pop();
    }
}

fn resource_schema(resource: &ResourceType, at: &[&str], children: Map<String, Json>) -> Json {
    let mut properties = Map::new();
    for (name, property) in resource.properties().iter().filter(|(_, p)| p.writable() && !p.identifier) {
        properties.insert(name.clone(), property_schema(resource, &Path::of([name.as_str()]), property));
    }
    for own in own_keys_at(at) {
        properties.entry(own.key.to_owned()).or_insert_with(|| own_key(own));
    }
    properties.extend(children);
    json!({"type": ["object", "null"], "properties": properties, "additionalProperties": false})
}

fn property_schema(resource: &ResourceType, path: &Path, property: &Property) -> Json {
    let mut schema = shape_schema(resource, path, property.shape);
    if let Json::Object(map) = &mut schema {
        map.insert("description".to_owned(), Json::String(description(resource, path, property)));
        if let Some(default) = resource.row(path).and_then(|row| row.default.as_ref()) {
            map.insert("default".to_owned(), default.to_display_json());
        }
    }
    schema
}

/// What a change does, what holds when nothing is said, and how sure that is.
fn description(resource: &ResourceType, path: &Path, property: &Property) -> String {
    let fact = resource.fact(path);
    let mut out = Vec::new();
    if property.required {
        out.push("Required.".to_owned());
    }
    if resource.write_only(path) {
        out.push("A secret: take it from a variable, ${env:NAME}.".to_owned());
    }
    out.push(if fact.is_guess() {
        "What a change does is not known.".to_owned()
    } else {
        sentence(fact.change.words())
    });
    out.extend(given(resource, path));
    if let Some(default) = fact.default.as_ref().filter(|_| fact.change != Change::Azure) {
        out.push(format!("Without it: {}.", shown(default)));
    }
    out.push(sentence(fact.confidence.words()));
    out.join(" ")
}

fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// What a create is given when the file says nothing.
fn given(resource: &ResourceType, path: &Path) -> Option<String> {
    let given = resource.create_defaults.iter().find(|default| default.path == *path)?;
    let who = if given.only_child { "The only one is given" } else { "A create is given" };
    let what = match given.value.as_str() {
        Some("{name}") => "what its name makes".to_owned(),
        Some("{location}") => "the environment's".to_owned(),
        _ => shown(&given.value),
    };
    Some(format!("{who}: {what}."))
}

fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_display_json().to_string(),
    }
}

fn shape_schema(resource: &ResourceType, path: &Path, shape: ShapeId) -> Json {
    match Schema::get().shape(shape) {
        _ if path.segments().len() > DEEPEST => json!({}),
        Shape::Any => json!({}),
        Shape::Bool => json!({"type": ["boolean", "string", "null"], "pattern": REFERENCE}),
        Shape::Number => json!({"type": ["number", "string", "null"], "pattern": REFERENCE}),
        Shape::Integer { min, max } => integer(*min, *max),
        Shape::Text { min, max, pattern, .. } => text(*min, *max, pattern.as_deref()),
        Shape::Enum { values, open } => {
            let other = if *open {
                json!({"type": ["string", "number", "boolean", "null"]})
            } else {
                json!({"type": ["string", "null"], "pattern": format!("{REFERENCE}|^$")})
            };
            json!({"anyOf": [{"enum": values}, other]})
        }
        Shape::List { of, max } => {
            let mut out = json!({
                "type": ["array", "string", "null"], "pattern": REFERENCE,
                "items": shape_schema(resource, &path.index(0), *of),
            });
            if let Some(max) = max {
                out["maxItems"] = json!(max);
            }
            out
        }
        Shape::Object { properties, additional } => {
            let written: Map<String, Json> = properties
                .iter()
                .filter(|(_, property)| property.writable())
                .map(|(name, property)| (name.clone(), property_schema(resource, &path.key(name), property)))
                .collect();
            let free = match additional {
                Some(shape) => shape_schema(resource, &path.key("*"), *shape),
                None => Json::Bool(false),
            };
            let mut out = json!({
                "type": ["object", "string", "null"], "pattern": REFERENCE, "additionalProperties": free,
            });
            if !written.is_empty() {
                out["properties"] = Json::Object(written);
            }
            out
        }
    }
}

/// A whole number in its range, or 0, which Azure takes for not said.
fn integer(min: Option<i64>, max: Option<i64>) -> Json {
    let mut range = Map::new();
    range.extend(min.map(|min| ("minimum".to_owned(), json!(min))));
    range.extend(max.map(|max| ("maximum".to_owned(), json!(max))));
    let mut out = json!({"type": ["integer", "string", "null"], "pattern": REFERENCE});
    let outside = min.is_some_and(|min| min > 0) || max.is_some_and(|max| max < 0);
    match out.as_object_mut() {
        Some(map) if outside => drop(map.insert("anyOf".to_owned(), json!([range, {"const": 0}]))),
        Some(map) => map.extend(range),
        None => {}
    }
    out
}

/// Text. Numbers and truth values are taken as they are written, and nothing is measured of text that is empty or holds a
/// reference.
fn text(min: Option<u64>, max: Option<u64>, pattern: Option<&str>) -> Json {
    let mut out = json!({"type": ["string", "number", "boolean", "null"]});
    let mut measure = Map::new();
    measure.extend(min.map(|min| ("minLength".to_owned(), json!(min))));
    measure.extend(max.map(|max| ("maxLength".to_owned(), json!(max))));
    measure.extend(pattern.map(|pattern| ("pattern".to_owned(), json!(readable(pattern)))));
    if !measure.is_empty() {
        out["anyOf"] = json!([measure, {"pattern": format!("{REFERENCE}|^$")}]);
    }
    out
}

/// A pattern of the specification that must hold for a whole name.
fn whole(pattern: &str) -> String {
    format!("^(?:{})$", readable(pattern))
}

/// A hyphen that ECMA reads as itself, escaped so that every dialect does; and no escapes that Unicode patterns refuse.
fn readable(pattern: &str) -> String {
    pattern.replace("-_]", "_-]").replace("\\/", "/")
}

fn plural(label: &str) -> String {
    match label.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{label}s"),
    }
}

/// A key of landfall's own. Its shape is the reader's: nothing of ARM.
fn own_key(own: &OwnKey) -> Json {
    let guid = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
    let flag = || json!({"type": ["boolean", "string", "null"], "pattern": REFERENCE});
    let map = |properties: Json| json!({"type": "object", "properties": properties, "additionalProperties": false});
    let url = || json!({"type": "string"});
    let mut schema = match (own.noun, own.key) {
        ("true or false", _) => flag(),
        ("a GUID", _) => text(None, None, Some(guid)),
        (_, "tags") => json!({
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
        }),
        (_, "environmentTag") => json!({"type": ["string", "boolean", "null"]}),
        (_, "cloud") => json!({"anyOf": [
            {"enum": ["public", "china", "usgov", null]},
            {"type": "string", "pattern": REFERENCE},
            map(json!({"resourceManager": url(), "authority": url()})),
        ]}),
        (_, "state") => json!({"anyOf": [{"type": "null"}, map(json!({"blob": url()}))]}),
        (_, "extends") => json!({"type": ["string", "null"]}),
        (_, "role") => json!({"anyOf": [{"enum": role_names().collect::<Vec<_>>()}, {"type": ["string", "null"]}]}),
        (_, "pullsFrom") => json!({"type": ["array", "null"], "items": {"type": "string"}}),
        ("a name, or a map", GROUP) => {
            let resource = Schema::get().resource(GROUP_TYPE).expect("BUG: the schema has resource groups");
            json!({"anyOf": [{"type": ["string", "null"]}, resource_schema(resource, &[GROUP], Map::new())]})
        }
        _ => text(None, None, None),
    };
    schema["description"] = Json::String(own.says.to_owned());
    schema
}
