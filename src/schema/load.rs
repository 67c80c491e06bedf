//! Reads the embedded data. It is checked by tests, so what does not parse is a broken build, not a user's mistake.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::Value as Json;

use super::facts::{Change, Confidence, Equality, Fact};
use super::resource::{
    Advisory, Child, CreateDefault, ImpliedRole, KeyedDefault, Moot, Referenced, ResourceType, Schema, Update,
};
use super::shape::{Property, Shape, ShapeId};
use super::transitions::transitions;
use crate::document::{Path, Value};

const SCHEMA: &str = include_str!("data/schema.json");
const OVERRIDES: &str = include_str!("data/overrides.json");
const FACTS: &str = include_str!("data/facts.tsv");

/// Flags of the type tables (bicep-types): 1 required, 2 read-only, 4 write-only, 16 identifier; 32 is landfall's: hidden.
const REQUIRED: u64 = 1;
const READ_ONLY: u64 = 2;
const WRITE_ONLY: u64 = 4;
const IDENTIFIER: u64 = 16;
const HIDDEN: u64 = 32;
const ENVELOPE: u64 = 64;

pub(super) fn embedded() -> Schema {
    let schema: Json = serde_json::from_str(SCHEMA).expect("BUG: data/schema.json is JSON");
    let overrides: Json = serde_json::from_str(OVERRIDES).expect("BUG: data/overrides.json is JSON");
    let shapes = items(&schema["shapes"]).iter().map(shape).collect();
    let mut facts = facts();
    let mut transitions = transitions();
    let mut types = BTreeMap::new();
    for (name, data) in entries(&schema["types"]) {
        let extra = &overrides["resources"][name];
        let resource = resource(name, data, extra, facts.remove(name).unwrap_or_default(), &overrides["unsaid"][name]);
        let transitions = transitions.remove(name).unwrap_or_default();
        types.insert(name.to_ascii_lowercase(), ResourceType { transitions, ..resource });
    }
    assert!(transitions.is_empty(), "BUG: transitions of unknown types: {:?}", transitions.keys());
    assert!(facts.is_empty(), "BUG: facts for unknown types: {:?}", facts.keys());
    Schema { types, collections: collections(&overrides["collections"]), shapes }
}

fn resource(name: &str, data: &Json, extra: &Json, facts: BTreeMap<String, Fact>, unsaid: &Json) -> ResourceType {
    ResourceType {
        name: name.to_owned(),
        api_version: text(&data["apiVersion"]).expect("BUG: a type has an apiVersion"),
        label: text(&extra["label"]).unwrap_or_else(|| name.to_owned()),
        writable: data["writable"] == true && extra.is_object(),
        update: if extra["update"] == "patch" { Update::Patch } else { Update::Put },
        etag: extra["etag"] == true,
        keep: extra["keep"] == true,
        holds_data: extra["holdsData"] == true,
        listed: extra["listed"] == true,
        extension: extra["extension"] == true,
        inline: text(&extra["inline"]),
        minutes: extra["minutes"].as_u64().unwrap_or(10),
        abort: text(&extra["abort"]),
        name_pattern: text(&extra["name"]).or_else(|| text(&data["name"])),
        create_defaults: items(&extra["createDefaults"]).iter().map(create_default).collect(),
        never_echo: strings(&extra["neverEcho"]),
        never_echo_beside: entries(&extra["neverEchoBeside"])
            .map(|(pattern, key)| (pattern.clone(), text(key).expect("BUG: `neverEchoBeside` names a key")))
            .collect(),
        references: entries(&extra["references"]).map(|(path, said)| (path.clone(), referenced(said))).collect(),
        moot: items(&extra["moot"]).iter().map(moot).collect(),
        keyed_defaults: items(&extra["keyedDefaults"]).iter().map(keyed_default).collect(),
        advisory: items(&extra["advisory"]).iter().map(advisory).collect(),
        version: version(&facts),
        implied_roles: items(&extra["impliedRoles"]).iter().map(implied_role).collect(),
        together: strings(&extra["together"]).iter().map(|pattern| together(pattern)).collect(),
        members: strings(&extra["members"]).into_iter().collect(),
        body: id(&data["body"]),
        facts,
        transitions: BTreeMap::new(),
        unsaid: strings(unsaid).into_iter().collect::<BTreeSet<_>>(),
    }
}

fn together(pattern: &str) -> (String, String) {
    let (list, key) = pattern.split_once("[].").expect("BUG: `together` names a key of a list's elements");
    (list.to_owned(), key.to_owned())
}

fn version(facts: &BTreeMap<String, Fact>) -> Option<Path> {
    let mut own = facts.iter().filter(|(path, fact)| fact.change == Change::Upgrade && !path.contains('.'));
    own.next().and_then(|(path, _)| Path::parse(path))
}

fn implied_role(json: &Json) -> ImpliedRole {
    let said = |key: &str| text(&json[key]).expect("BUG: an implied role has a path, a role and a reason");
    ImpliedRole {
        path: Path::parse(&said("path")).expect("BUG: an implied role's path parses"),
        role: said("role"),
        why: said("why"),
    }
}

fn create_default(json: &Json) -> CreateDefault {
    CreateDefault {
        path: path(&json["path"]),
        value: Value::from_json(json["value"].clone()),
        unless: strings(&json["unless"]),
        only_child: json["onlyChild"] == true,
    }
}

fn referenced(json: &Json) -> Referenced {
    Referenced { arm_type: text(&json["type"]), words: strings(&json["words"]) }
}

fn moot(json: &Json) -> Moot {
    Moot { path: path(&json["path"]), when: path(&json["when"]), is: Value::from_json(json["is"].clone()) }
}

fn keyed_default(json: &Json) -> KeyedDefault {
    KeyedDefault {
        path: path(&json["path"]),
        when: path(&json["when"]),
        is: Value::from_json(json["is"].clone()),
        default: Value::from_json(json["default"].clone()),
    }
}

fn advisory(json: &Json) -> Advisory {
    Advisory {
        path: path(&json["path"]),
        channel: path(&json["channel"]),
        of_parent: json["ofParent"] == true,
        patch: strings(&json["patch"]),
        minor: strings(&json["minor"]),
        image: strings(&json["image"]),
    }
}

fn collections(json: &Json) -> IndexMap<String, Child> {
    entries(json)
        .map(|(name, child)| {
            let arm_type = text(&child["type"]).expect("BUG: a collection has a type");
            (name.clone(), Child { arm_type, children: collections(&child["children"]) })
        })
        .collect()
}

fn shape(json: &Json) -> Shape {
    match json["k"].as_str() {
        Some("s") => Shape::Text {
            min: json["min"].as_u64(),
            max: json["max"].as_u64(),
            pattern: text(&json["pattern"]),
            secret: json["secret"] == true,
        },
        Some("e") => Shape::Enum { values: strings(&json["v"]), open: json["open"] == true },
        Some("i") => Shape::Integer { min: json["min"].as_i64(), max: json["max"].as_i64() },
        Some("n") => Shape::Number,
        Some("b") => Shape::Bool,
        Some("o") => Shape::Object {
            properties: entries(&json["p"]).map(|(name, p)| (name.clone(), property(p))).collect(),
            additional: json["x"].as_u64().map(|n| ShapeId(n as usize)),
        },
        Some("l") => Shape::List { of: id(&json["of"]), max: json["max"].as_u64() },
        _ => Shape::Any,
    }
}

fn property(json: &Json) -> Property {
    let flags = json[1].as_u64().unwrap_or(0);
    Property {
        shape: id(&json[0]),
        required: flags & REQUIRED != 0,
        read_only: flags & READ_ONLY != 0,
        write_only: flags & WRITE_ONLY != 0,
        identifier: flags & IDENTIFIER != 0,
        hidden: flags & HIDDEN != 0,
        envelope: flags & ENVELOPE != 0,
    }
}

fn facts() -> BTreeMap<String, BTreeMap<String, Fact>> {
    let mut out: BTreeMap<String, BTreeMap<String, Fact>> = BTreeMap::new();
    for line in FACTS.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [arm_type, path, change, equality, default, confidence, source] = cells[..] else {
            panic!("BUG: facts.tsv: seven cells in {line:?}")
        };
        let fact = Fact {
            change: Change::parse(change).unwrap_or_else(|| panic!("BUG: facts.tsv: change {change:?}")),
            equality: Equality::parse(equality).unwrap_or_else(|| panic!("BUG: facts.tsv: equality {equality:?}")),
            default: (default != "-").then(|| {
                Value::from_json(
                    serde_json::from_str(default).unwrap_or_else(|_| panic!("BUG: facts.tsv: default {default:?}")),
                )
            }),
            confidence: Confidence::parse(confidence)
                .unwrap_or_else(|| panic!("BUG: facts.tsv: confidence {confidence:?}")),
            source: source.to_owned(),
        };
        out.entry(arm_type.to_owned()).or_default().insert(path.to_owned(), fact);
    }
    out
}

fn entries(json: &Json) -> impl Iterator<Item = (&String, &Json)> {
    json.as_object().into_iter().flatten()
}
fn items(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}
fn strings(json: &Json) -> Vec<String> {
    items(json).iter().filter_map(text).collect()
}
fn text(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}
fn path(json: &Json) -> Path {
    text(json).and_then(|p| Path::parse(&p)).expect("BUG: overrides.json names a path here")
}
fn id(json: &Json) -> ShapeId {
    ShapeId(json.as_u64().expect("BUG: a shape id is a number") as usize)
}
