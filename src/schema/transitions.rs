//! Which changes of a property's value are allowed from what to what, as `data/transitions.tsv` says it. The first row that
//! fits counts; without one, the property's fact does.

use std::collections::BTreeMap;

use super::facts::Confidence;
use super::resource::ResourceType;
use crate::document::{Path, Value};

const TRANSITIONS: &str = include_str!("data/transitions.tsv");

/// What Azure makes of a change from one value to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Passage {
    /// Done in place.
    Allowed,
    /// Done in place; nodes are reimaged.
    Reimages,
    /// Done in place; nodes take it up with their next image upgrade.
    Manual,
    /// Done in place, once the children that this plan deletes are gone.
    Last,
    /// The node pool must be made anew.
    Rotates,
    /// Not done.
    Refused,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The property, as a path pattern.
    pub path: String,
    /// From which values: `*` any, `-` none, `/` any resource id, `+` between the elements of a list.
    pub from: Vec<String>,
    /// To which values.
    pub to: Vec<String>,
    /// What must hold of another property of the document as it will be.
    pub when: Option<Condition>,
    /// What Azure does.
    pub passage: Passage,
    /// Why it is refused, or what a person should know, as a fragment that follows the path.
    pub reason: Option<String>,
    /// The way that works instead.
    pub way: Option<String>,
    /// Where it is written.
    pub source: String,
    /// How sure it is.
    pub confidence: Confidence,
}

/// A condition on another property.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Which.
    pub path: Path,
    /// Its value as a word; `-` for none.
    pub word: String,
    /// Whether it must have this value, or must not.
    pub is: bool,
}

impl ResourceType {
    /// The row for a change of the value at `path`, in a document that will be `document`.
    pub fn transition(
        &self,
        path: &Path,
        from: Option<&Value>,
        to: Option<&Value>,
        document: &Value,
    ) -> Option<&Transition> {
        let rows = self.transitions.get(&path.to_string()).or_else(|| self.transitions.get(&self.pattern(path)))?;
        let (from, to) = (self.word(path, from), self.word(path, to));
        let holds = |condition: &Condition| {
            let word = self.word(&condition.path, document.get(&condition.path));
            fits(&condition.word, &word) == condition.is
        };
        let fitting = |row: &&Transition| {
            let one_of = |words: &[String], word: &str| words.iter().any(|w| fits(w, word));
            one_of(&row.from, &from) && one_of(&row.to, &to) && row.when.as_ref().is_none_or(holds)
        };
        rows.iter().find(fitting)
    }

    /// Every row, for pages and commands that show them.
    pub fn transitions(&self) -> impl Iterator<Item = &Transition> {
        self.transitions.values().flatten()
    }

    /// A value as a word; what is not said is what the service takes it for.
    fn word(&self, path: &Path, value: Option<&Value>) -> String {
        let default = || self.fact(path).default;
        let value = value.filter(|v| !v.is_empty()).cloned().or_else(default);
        value.as_ref().map_or_else(String::new, text)
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_ascii_lowercase(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::List(items) => items.iter().map(text).collect::<Vec<_>>().join("+"),
        _ => String::new(),
    }
}

fn fits(pattern: &str, word: &str) -> bool {
    match pattern {
        "*" => true,
        "-" => word.is_empty(),
        "/" => word.starts_with('/'),
        exact => exact == word,
    }
}

/// The rows by type and path.
pub(super) fn transitions() -> BTreeMap<String, BTreeMap<String, Vec<Transition>>> {
    let mut out: BTreeMap<String, BTreeMap<String, Vec<Transition>>> = BTreeMap::new();
    for line in TRANSITIONS.lines().skip(1) {
        let (arm_type, row) = row(line).unwrap_or_else(|| panic!("BUG: transitions.tsv: {line:?}"));
        out.entry(arm_type).or_default().entry(row.path.clone()).or_default().push(row);
    }
    out
}

fn row(line: &str) -> Option<(String, Transition)> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [arm_type, path, from, to, when, passage, reason, way, source, confidence] = cells[..] else { return None };
    let words = |cell: &str| cell.split('|').map(str::to_ascii_lowercase).collect();
    let said = |cell: &str| (cell != "-").then(|| cell.to_owned());
    let passage = match passage {
        "allowed" => Passage::Allowed,
        "reimages" => Passage::Reimages,
        "manual" => Passage::Manual,
        "last" => Passage::Last,
        "rotates" => Passage::Rotates,
        "refused" => Passage::Refused,
        _ => return None,
    };
    let when = if when == "-" { None } else { Some(condition(when)?) };
    let row = Transition {
        path: path.to_owned(),
        from: words(from),
        to: words(to),
        when,
        passage,
        reason: said(reason),
        way: said(way),
        source: source.to_owned(),
        confidence: Confidence::parse(confidence)?,
    };
    Some((arm_type.to_owned(), row))
}

fn condition(text: &str) -> Option<Condition> {
    let (path, word, is) = match text.split_once("!=") {
        Some((path, word)) => (path, word, false),
        None => text.split_once('=').map(|(path, word)| (path, word, true))?,
    };
    Some(Condition { path: Path::parse(path)?, word: word.to_ascii_lowercase(), is })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn every_row_is_about_a_property_that_exists() {
        for resource in Schema::get().resources() {
            for row in resource.transitions() {
                assert!(resource.knows(&row.path), "{}: {}", resource.name, row.path);
                if let Some(when) = &row.when {
                    assert!(resource.at(&when.path).is_some(), "{}: {}", resource.name, when.path);
                }
                let speaks = !matches!(row.passage, Passage::Refused | Passage::Rotates) || row.reason.is_some();
                assert!(speaks, "{}: {} is refused without a reason", resource.name, row.path);
            }
        }
    }

    #[test]
    fn rows_fit_by_value_default_and_condition() {
        let cluster = Schema::get().resource("Microsoft.ContainerService/managedClusters").expect("a type");
        let document =
            |dataplane: &str| Value::from_json(serde_json::json!({"networkProfile": {"networkDataplane": dataplane}}));
        let policy = Path::parse("networkProfile.networkPolicy").expect("a path");
        for (from, to, dataplane, expected) in [
            (None, "calico", "azure", Passage::Reimages),
            (Some("azure"), "Calico", "azure", Passage::Allowed),
            (Some("none"), "cilium", "azure", Passage::Refused),
            (Some("none"), "cilium", "cilium", Passage::Reimages),
            (Some("cilium"), "calico", "cilium", Passage::Refused),
        ] {
            let (from, to) = (from.map(Value::text), Value::text(to));
            let row = cluster.transition(&policy, from.as_ref(), Some(&to), &document(dataplane));
            assert_eq!(row.map(|r| r.passage), Some(expected), "{from:?} {to:?} {dataplane}");
        }
    }
}
