//! What is known of a place of an environment file, for a person and for machines: never more than the tables say.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::json::pretty;
use super::palette::{BOLD, CHANGE, DIM, paint};
use super::plan::wrapped;
use crate::document::{Path, Value};
use crate::environment::{Kind, OwnKey, Topic, names_at, own_keys_at};
use crate::schema::{Change, CreateDefault, Equality, Property, Schema, Shape, ShapeId};

/// Columns before what a row says.
const INDENT: usize = 16;
/// The same where the labels are keys of the language.
const WIDE_INDENT: usize = 22;

/// For a person, in `columns` columns.
pub fn explain_text(topic: &Topic, columns: usize) -> String {
    let indent = if matches!(topic, Topic::Environment) { WIDE_INDENT } else { INDENT };
    let mut page = Page { out: String::new(), columns, indent };
    match topic {
        Topic::Environment => page.environment(),
        Topic::Own(own) => {
            page.title(own.key, "landfall's own key");
            page.row("type", own.noun);
            page.row("means", own.says);
        }
        Topic::Resource(kind) => page.resource(kind),
        Topic::Property(kind, path) => page.property(kind, path),
    }
    page.out
}

/// For machines.
pub fn explain_json(topic: &Topic) -> String {
    pretty(&match topic {
        Topic::Environment => json!({
            "format": 1, "kind": "environment",
            "keys": own_keys_at(&[]).map(own_json).collect::<Vec<_>>(),
            "collections": Schema::get().collections().keys().collect::<Vec<_>>(),
        }),
        Topic::Own(own) => {
            let mut out = own_json(own);
            out["format"] = json!(1);
            out["kind"] = json!("key");
            out
        }
        Topic::Resource(kind) => json!({
            "format": 1, "kind": "resource", "path": kind.collections.join("."), "type": kind.resource.name,
            "apiVersion": kind.resource.api_version, "label": kind.resource.label,
            "keys": own_keys(kind).iter().map(|own| own_json(own)).collect::<Vec<_>>(),
            "collections": kind.children.into_iter().flatten().map(|(name, _)| name).collect::<Vec<_>>(),
            "properties": written(kind).map(|(name, _)| name).collect::<Vec<_>>(),
        }),
        Topic::Property(kind, path) => property_json(kind, path),
    })
}

fn own_json(own: &OwnKey) -> Json {
    json!({"key": own.key, "type": own.noun, "means": own.says})
}

fn property_json(kind: &Kind, path: &Path) -> Json {
    let fact = kind.resource.fact(path);
    let (shape, property) = kind.resource.at(path).expect("BUG: a topic is a place of its type");
    let (allowed, open) = match Schema::get().shape(shape) {
        Shape::Enum { values, open } => (json!(values), json!(open)),
        _ => (Json::Null, Json::Null),
    };
    json!({
        "format": 1, "kind": "property", "path": full(kind, path), "of": kind.resource.name, "type": noun(shape),
        "allowed": allowed, "open": open,
        "required": property.is_some_and(|p| p.required), "readOnly": read_only(kind, path),
        "secret": kind.resource.write_only(path),
        "default": fact.default.as_ref().map(Value::to_display_json),
        "createDefault": created(kind, path).map(|d| d.value.to_display_json()),
        "equality": equality_words(&fact.equality, shape),
        "change": fact.change.word(), "changeMeans": change_words(kind, path),
        "confidence": fact.confidence.word(), "source": fact.source, "inferred": inferred(kind, path),
        "properties": names_at(kind.resource, path),
    })
}

struct Page {
    out: String,
    columns: usize,
    indent: usize,
}

impl Page {
    fn title(&mut self, path: &str, what: &str) {
        let _ = writeln!(self.out, "{} · {what}", paint(BOLD, path));
    }

    fn row(&mut self, label: &str, text: &str) {
        let mut lines = wrapped(text, self.columns.saturating_sub(self.indent + 1)).into_iter();
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(self.out, "  {}{first}", paint(DIM, format!("{label:<width$}", width = self.indent - 2)));
        for line in lines {
            let _ = writeln!(self.out, "{}{line}", " ".repeat(self.indent));
        }
    }

    fn names<'n>(&mut self, label: &str, names: impl IntoIterator<Item = &'n str>) {
        let text = names.into_iter().collect::<Vec<_>>().join(", ");
        if !text.is_empty() {
            self.row(label, &text);
        }
    }

    fn environment(&mut self) {
        self.title("environment file", "one file per environment");
        for own in own_keys_at(&[]) {
            self.row(own.key, own.says);
        }
        self.names("collections", Schema::get().collections().keys().map(String::as_str));
    }

    fn resource(&mut self, kind: &Kind) {
        let resource = kind.resource;
        self.title(&kind.collections.join("."), &resource.label);
        self.row("type", &format!("{}, API version {}", resource.name, resource.api_version));
        self.row("written as", if kind.children.is_some() { "a map by name" } else { "a name, or a map" });
        let (required, others): (Vec<_>, Vec<_>) =
            written(kind).partition(|(name, p)| p.required && created(kind, &Path::of([name.as_str()])).is_none());
        self.names("required", required.iter().map(|(name, _)| name.as_str()));
        self.names("properties", others.iter().map(|(name, _)| name.as_str()));
        self.names("collections", kind.children.into_iter().flatten().map(|(name, _)| name.as_str()));
        self.names("own keys", own_keys(kind).iter().map(|own| own.key));
    }

    fn property(&mut self, kind: &Kind, path: &Path) {
        let resource = kind.resource;
        let fact = resource.fact(path);
        let (shape, property) = resource.at(path).expect("BUG: a topic is a place of its type");
        self.title(&full(kind, path), &resource.label);
        self.row("type", &noun(shape));
        if let Shape::Enum { values, open } = Schema::get().shape(shape) {
            self.names("allowed", values.iter().map(String::as_str));
            if *open {
                self.row("", "and others, where the file says allowUnknownValues: true");
            }
        }
        if read_only(kind, path) {
            self.row("written", "by Azure alone; a file cannot say it");
        } else if property.is_some_and(|p| p.required) {
            self.row("required", if path.segments().len() > 1 { "where what it stands in is written" } else { "yes" });
        }
        if resource.write_only(path) {
            self.row("secret", "kept out of plans, states and messages; take it from a variable: ${env:NAME}");
        }
        if let Some(given) = created(kind, path) {
            self.row("a create gets", &given_text(given));
        }
        if let Some(default) = &fact.default {
            self.row("without it", &shown(default));
        }
        if !read_only(kind, path) {
            self.row("a change", &change_words(kind, path));
            self.row("equal", &equality_words(&fact.equality, shape));
        }
        let source = if fact.source.is_empty() { String::new() } else { format!(" ({})", fact.source) };
        self.row("known", &format!("{}{source}", fact.confidence.words()));
        if inferred(kind, path) {
            let _ = writeln!(self.out, "  {}", paint(CHANGE, "inferred: nobody has written down how it behaves"));
        }
        let below = names_at(resource, path);
        self.names("below it", below.iter().map(String::as_str));
    }
}

/// The path as a file's reader knows it.
fn full(kind: &Kind, path: &Path) -> String {
    format!("{}.{path}", kind.collections.join("."))
}

fn own_keys(kind: &Kind) -> Vec<&'static OwnKey> {
    let collections: Vec<&str> = kind.collections.iter().map(String::as_str).collect();
    own_keys_at(&collections).collect()
}

fn written(kind: &Kind) -> impl Iterator<Item = (&String, &Property)> {
    kind.resource.properties().iter().filter(|(_, p)| p.writable() && !p.identifier)
}

fn created<'k>(kind: &'k Kind, path: &Path) -> Option<&'k CreateDefault> {
    kind.resource.create_defaults.iter().find(|default| default.path == *path)
}

fn given_text(given: &CreateDefault) -> String {
    let text = match given.value.as_str() {
        Some("{name}") => "what its name makes".to_owned(),
        Some("{location}") => "the environment's".to_owned(),
        _ => shown(&given.value),
    };
    match (given.only_child, given.unless.as_slice()) {
        (true, _) => format!("{text}, where it is the only one"),
        (_, []) => text,
        (_, unless) => format!("{text}, unless it says {}", unless.join(" or ")),
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_display_json().to_string(), str::to_owned)
}

/// Whether the property or anything it stands in is Azure's to set.
fn read_only(kind: &Kind, path: &Path) -> bool {
    let own = |at: &Path| kind.resource.at(at).and_then(|(_, p)| p).is_some_and(|p| p.read_only);
    own(path) || path.parent().is_some_and(|above| !above.is_root() && read_only(kind, &above))
}

fn inferred(kind: &Kind, path: &Path) -> bool {
    let fact = kind.resource.fact(path);
    !read_only(kind, path) && (fact.is_guess() || kind.resource.row(path).is_none())
}

fn change_words(kind: &Kind, path: &Path) -> String {
    let fact = kind.resource.fact(path);
    if fact.is_guess() {
        return "not known what it does; a plan says `unknown`".to_owned();
    }
    let replaced = match fact.change {
        Change::Immutable | Change::ImmutableAdd if kind.resource.keep => ": it takes --replace",
        _ => "",
    };
    format!("{}{replaced}", fact.change.words())
}

/// When two values count as equal. What compares by its type says how values of that type do.
fn equality_words(equality: &Equality, shape: ShapeId) -> String {
    let words = match (equality, Schema::get().shape(shape)) {
        (Equality::ByType, Shape::Enum { .. }) => "the same word, in any capitals",
        (Equality::ByType, Shape::Object { .. }) => "key by key: what the file does not say is not compared",
        (Equality::ByType, Shape::List { .. }) => "element by element, in this order",
        (Equality::ByType, _) => "exactly",
        _ => return equality.words(),
    };
    words.to_owned()
}

/// What a value looks like.
fn noun(shape: ShapeId) -> String {
    let range = |min: Option<String>, max: Option<String>| match (min, max) {
        (Some(min), Some(max)) if min == max => format!(", {min}"),
        (Some(min), Some(max)) => format!(", {min} to {max}"),
        (Some(min), None) => format!(", at least {min}"),
        (None, Some(max)) => format!(", at most {max}"),
        (None, None) => String::new(),
    };
    match Schema::get().shape(shape) {
        Shape::Text { min, max, pattern, .. } => {
            let length = range(min.map(|n| n.to_string()), max.map(|n| n.to_string()));
            let length = if length.is_empty() { length } else { format!("{length} characters") };
            let pattern = pattern.as_ref().map(|p| format!(", matching {p}")).unwrap_or_default();
            format!("text{length}{pattern}")
        }
        Shape::Enum { .. } => "a word".to_owned(),
        Shape::Integer { min, max } => {
            format!("a whole number{}", range(min.map(|n| n.to_string()), max.map(|n| n.to_string())))
        }
        Shape::Number => "a number".to_owned(),
        Shape::Bool => "true or false".to_owned(),
        Shape::Any => "anything".to_owned(),
        Shape::Object { properties, additional: Some(of) } if properties.is_empty() => {
            format!("a map by name of {}", noun(*of))
        }
        Shape::Object { .. } => "a map of properties".to_owned(),
        Shape::List { of, max } => {
            let most = max.map(|max| format!(", at most {max}")).unwrap_or_default();
            format!("a list of {}{most}", plural(&noun(*of)))
        }
    }
}

fn plural(noun: &str) -> String {
    match noun {
        "a word" => "words".to_owned(),
        "a map of properties" => "maps".to_owned(),
        "a whole number" => "whole numbers".to_owned(),
        other => other.to_owned(),
    }
}
