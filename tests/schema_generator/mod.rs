//! Turns Microsoft's type tables (the JSON that Bicep completes from) and `overrides.json` into `schema.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

/// Marks of landfall's own beside the tables' flags (1 required, 2 read-only, 4 write-only, 16 identifier).
const HIDDEN: u64 = 32;
const ENVELOPE: u64 = 64;
/// 8 is Bicep's "deploy-time constant", which says nothing about Azure.
const KEPT: u64 = 1 | 2 | 4 | 16;

/// The generated text: one line per shape, so that a change is a readable diff.
pub fn generate(tables: &Path, overrides: &Path) -> String {
    let overrides: Json = read(overrides);
    let mut out = Output::default();
    let mut files: Vec<_> =
        std::fs::read_dir(tables).expect("the tables can be listed").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    for file in files {
        let table = read(&file);
        Table { items: table.as_array().expect("a table is a list"), seen: BTreeMap::new() }
            .resources(&overrides, &mut out);
    }
    for (name, resource) in overrides["types"].as_object().into_iter().flatten() {
        let mut properties = Map::new();
        for (part, mark) in [("envelope", ENVELOPE), ("properties", 0)] {
            for (key, p) in resource[part].as_object().into_iter().flatten() {
                let shape = out.plain(&p["shape"]);
                properties.insert(key.clone(), json!([shape, p["flags"].as_u64().unwrap_or(0) | mark]));
            }
        }
        let body = out.intern(json!({"k": "o", "p": properties}));
        out.types.insert(name.clone(), json!({"apiVersion": resource["apiVersion"], "writable": true, "body": body}));
    }
    out.text()
}

fn read(path: &Path) -> Json {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[derive(Default)]
struct Output {
    types: BTreeMap<String, Json>,
    shapes: Vec<Json>,
    interned: BTreeMap<String, usize>,
}

impl Output {
    fn intern(&mut self, shape: Json) -> usize {
        let key = shape.to_string();
        if let Some(at) = self.interned.get(&key) {
            return *at;
        }
        self.shapes.push(shape);
        self.interned.insert(key, self.shapes.len() - 1);
        self.shapes.len() - 1
    }

    /// A shape written by hand in the overrides: `x` and `of` hold a shape rather than an index.
    fn plain(&mut self, shape: &Json) -> usize {
        let mut shape = shape.clone();
        for key in ["x", "of"] {
            if shape[key].is_object() {
                let inner = self.plain(&shape[key].clone());
                shape[key] = json!(inner);
            }
        }
        self.intern(shape)
    }

    fn text(&self) -> String {
        let lines = |items: Vec<String>| items.join(",\n");
        let types = lines(self.types.iter().map(|(name, t)| format!("{}:{t}", json!(name))).collect());
        let shapes = lines(self.shapes.iter().map(Json::to_string).collect());
        format!("{{\"types\":{{\n{types}\n}},\"shapes\":[\n{shapes}\n]}}\n")
    }
}

struct Table<'a> {
    items: &'a [Json],
    /// Element of the table to shape, where no override reaches into it.
    seen: BTreeMap<usize, usize>,
}

/// Where the walk stands: which overrides may still apply.
struct Spot<'a> {
    shapes: &'a Json,
    path: String,
}

impl Spot<'_> {
    fn below(&self, key: &str) -> Self {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Self { shapes: self.shapes, path }
    }
    fn overridden(&self) -> Option<&Json> {
        self.shapes.get(&self.path)
    }
    /// Whether an override lies somewhere below, so that the shape here must not be shared.
    fn reaches_down(&self) -> bool {
        let below = |key: &str| key.strip_prefix(&self.path).is_some_and(|rest| rest.starts_with(['.', '[']));
        self.shapes.as_object().is_some_and(|all| all.keys().any(|k| below(k) || self.path.is_empty()))
    }
}

impl Table<'_> {
    fn resources(&mut self, overrides: &Json, out: &mut Output) {
        for item in self.items {
            if item["$type"] != "ResourceType" {
                continue;
            }
            let full = item["name"].as_str().expect("a resource type has a name");
            let (name, api_version) = full.split_once('@').expect("Type@version");
            let envelope = self.follow(&item["body"]).1.clone();
            let spot = Spot { shapes: &overrides["shapes"][name], path: String::new() };
            let flags = &overrides["flags"][name];
            let hidden: Vec<&str> =
                overrides["hidden"][name].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            let mut properties = Map::new();
            let mut additional = Json::Null;
            let inner = envelope["properties"].get("properties").map(|p| self.follow(&p["type"]).1.clone());
            let parts = [(&envelope, ENVELOPE), (inner.as_ref().unwrap_or(&Json::Null), 0)];
            for (part, mark) in parts {
                if mark == 0 && part["additionalProperties"].is_object() {
                    additional = json!(self.shape(&part["additionalProperties"], &spot.below("*"), out));
                }
                for (key, p) in part["properties"].as_object().into_iter().flatten() {
                    if mark == ENVELOPE && ["id", "name", "type", "apiVersion", "properties"].contains(&key.as_str()) {
                        continue;
                    }
                    assert!(!properties.contains_key(key), "{name}: `{key}` stands on the envelope and in properties");
                    let mut flag =
                        flags.get(key).and_then(Json::as_u64).unwrap_or(p["flags"].as_u64().unwrap_or(0) & KEPT);
                    if hidden.contains(&key.as_str()) {
                        flag |= HIDDEN;
                    }
                    let shape = self.shape(&p["type"], &spot.below(key), out);
                    properties.insert(key.clone(), json!([shape, flag | mark]));
                }
            }
            let mut body = json!({"k": "o", "p": properties});
            if !additional.is_null() {
                body["x"] = additional;
            }
            let body = out.intern(body);
            let writable = item["writableScopes"].as_u64().unwrap_or(0) != 0;
            let mut entry = json!({"apiVersion": api_version, "writable": writable, "body": body});
            let name_type = self.follow(&envelope["properties"]["name"]["type"]).1;
            if name_type["pattern"].is_string() {
                entry["name"] = name_type["pattern"].clone();
            }
            assert!(out.types.insert(name.to_owned(), entry).is_none(), "{name} stands in two tables");
        }
    }

    fn follow(&self, reference: &Json) -> (usize, &Json) {
        let at = reference["$ref"].as_str().and_then(|r| r.strip_prefix("#/")).and_then(|n| n.parse().ok());
        let at: usize = at.unwrap_or_else(|| panic!("not a reference: {reference}"));
        (at, &self.items[at])
    }

    fn shape(&mut self, reference: &Json, spot: &Spot<'_>, out: &mut Output) -> usize {
        if let Some(shape) = spot.overridden() {
            return out.plain(shape);
        }
        let (at, item) = self.follow(reference);
        let shared = !spot.reaches_down();
        if shared && let Some(known) = self.seen.get(&at) {
            return *known;
        }
        let item = item.clone();
        if item["$type"] == "ObjectType" {
            // Types may contain themselves (error details): the place is taken before the parts are walked.
            let place = out.shapes.len();
            out.shapes.push(Json::Null);
            if shared {
                self.seen.insert(at, place);
            }
            let mut properties = Map::new();
            for (key, p) in item["properties"].as_object().into_iter().flatten() {
                let shape = self.shape(&p["type"], &spot.below(key), out);
                properties.insert(key.clone(), json!([shape, p["flags"].as_u64().unwrap_or(0) & KEPT]));
            }
            let mut object = json!({"k": "o", "p": properties});
            if item["additionalProperties"].is_object() {
                object["x"] = json!(self.shape(&item["additionalProperties"], &spot.below("*"), out));
            }
            out.shapes[place] = object;
            return place;
        }
        let shape = self.leaf(&item, spot, out);
        let shape = out.intern(shape);
        if shared {
            self.seen.insert(at, shape);
        }
        shape
    }

    fn leaf(&mut self, item: &Json, spot: &Spot<'_>, out: &mut Output) -> Json {
        let mut shape = Map::new();
        let mut copy = |from: &str, to: &str| {
            if !item[from].is_null() {
                shape.insert(to.to_owned(), item[from].clone());
            }
        };
        match item["$type"].as_str().unwrap_or_default() {
            "StringType" => {
                copy("minLength", "min");
                copy("maxLength", "max");
                copy("pattern", "pattern");
                copy("sensitive", "secret");
                shape.insert("k".into(), json!("s"));
            }
            "StringLiteralType" => {
                shape.insert("k".into(), json!("e"));
                shape.insert("v".into(), json!([item["value"]]));
            }
            "IntegerType" => {
                copy("minValue", "min");
                copy("maxValue", "max");
                shape.insert("k".into(), json!("i"));
            }
            "BooleanType" => drop(shape.insert("k".into(), json!("b"))),
            "ArrayType" => {
                copy("maxLength", "max");
                let of =
                    self.shape(&item["itemType"], &Spot { shapes: spot.shapes, path: format!("{}[]", spot.path) }, out);
                shape.insert("k".into(), json!("l"));
                shape.insert("of".into(), json!(of));
            }
            "UnionType" => {
                let mut values = Vec::new();
                let mut open = false;
                for element in item["elements"].as_array().into_iter().flatten() {
                    let (_, element) = self.follow(element);
                    match element["$type"].as_str() {
                        Some("StringLiteralType") => values.push(element["value"].clone()),
                        Some("StringType") => open = true,
                        other => panic!("a union of {other:?} at {}", spot.path),
                    }
                }
                shape.insert("k".into(), json!("e"));
                shape.insert("v".into(), json!(values));
                if open {
                    shape.insert("open".into(), json!(true));
                }
            }
            "AnyType" => drop(shape.insert("k".into(), json!("a"))),
            other => panic!("a type the generator does not know: {other} at {}", spot.path),
        }
        Json::Object(shape)
    }
}
