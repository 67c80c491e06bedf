//! One scalar against one shape.

use indexmap::IndexMap;

use super::naming::matches;
use super::nearest::{listed, nearest};
use super::settings::truth;
use super::tree::Sort;
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::schema::{Property, Schema, Shape, ShapeId, pattern_words};

/// A scalar ready to be judged.
pub(super) struct Judged<'a> {
    /// Its path, for messages.
    pub path: &'a str,
    /// The text, variables filled in.
    pub text: &'a str,
    /// What YAML takes it for.
    pub sort: Sort,
    /// Whether a variable has a part in it: then its value is not repeated in a message.
    pub variable: bool,
    /// Whether words that the schema does not know may stand in enumerations.
    pub allow_unknown: bool,
}

/// What a shape is called in a message.
pub(super) fn noun(shape: ShapeId) -> String {
    match Schema::get().shape(shape) {
        Shape::Text { .. } => "text".to_owned(),
        Shape::Enum { values, .. } => format!("one of {}", listed(values.iter().map(String::as_str))),
        Shape::Integer { .. } => "a whole number".to_owned(),
        Shape::Number => "a number".to_owned(),
        Shape::Bool => "true or false".to_owned(),
        Shape::Any => "anything".to_owned(),
        Shape::Object { .. } => "a map".to_owned(),
        Shape::List { .. } => "a list".to_owned(),
    }
}

impl Judged<'_> {
    /// The value, and what is wrong with it. A value with a warning stands.
    pub(super) fn value(&self, shape: ShapeId) -> (Option<Value>, Option<Diagnostic>) {
        match Schema::get().shape(shape) {
            Shape::Text { min, max, pattern, .. } => {
                (Some(Value::text(self.text)), self.text_problem(*min, *max, pattern.as_deref()))
            }
            Shape::Enum { values, .. } => (Some(Value::text(self.text)), self.enum_problem(values)),
            Shape::Integer { min, max } => match self.integer() {
                Some(n) => (Some(Value::Number(n.into())), self.range_problem(n, *min, *max)),
                None => (None, Some(self.wrong(shape))),
            },
            Shape::Number => match self.number() {
                Some(n) => (Some(Value::Number(n)), None),
                None => (None, Some(self.wrong(shape))),
            },
            Shape::Bool => match self.boolean() {
                Some(b) => (Some(Value::Bool(b)), None),
                None => (None, Some(self.wrong(shape))),
            },
            Shape::Any => (Some(self.natural()), None),
            Shape::Object { .. } | Shape::List { .. } => (None, Some(self.wrong(shape))),
        }
    }

    fn natural(&self) -> Value {
        match self.sort {
            Sort::Bool(b) => Value::Bool(b),
            Sort::Integer(n) => Value::Number(n.into()),
            Sort::Float(f) => serde_json::Number::from_f64(f).map_or(Value::Null, Value::Number),
            Sort::Text => Value::text(self.text),
        }
    }

    fn integer(&self) -> Option<i64> {
        match self.sort {
            Sort::Integer(n) => Some(n),
            Sort::Text if self.variable => self.text.trim().parse().ok(),
            _ => None,
        }
    }

    fn number(&self) -> Option<serde_json::Number> {
        match self.sort {
            Sort::Integer(n) => Some(n.into()),
            Sort::Float(f) => serde_json::Number::from_f64(f),
            Sort::Text if self.variable => match self.text.trim().parse::<i64>() {
                Ok(n) => Some(n.into()),
                Err(_) => self.text.trim().parse().ok().and_then(serde_json::Number::from_f64),
            },
            _ => None,
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self.sort {
            Sort::Bool(b) => Some(b),
            Sort::Text if self.variable => match self.text.trim() {
                "true" | "True" | "TRUE" => Some(true),
                "false" | "False" | "FALSE" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value as a message shows it.
    pub(super) fn shown(&self) -> String {
        if self.variable { "the variable's value".to_owned() } else { format!("`{}`", self.text) }
    }

    fn wrong(&self, shape: ShapeId) -> Diagnostic {
        let mut problem =
            Diagnostic::error("wrong-type", format!("`{}` is {}, not {}", self.path, noun(shape), self.taken_for()));
        let shape = Schema::get().shape(shape);
        if let Shape::Object { properties, .. } = shape
            && let Some(meant) = self.member(properties).filter(|_| !self.variable)
        {
            problem = problem.help(meant);
        }
        if self.sort == Sort::Text && !self.variable {
            let lower = self.text.to_lowercase();
            problem = match shape {
                Shape::Bool if ["true", "false"].contains(&lower.as_str()) => {
                    problem.help(format!("write `{lower}`, without quotes"))
                }
                Shape::Bool => match truth(self.text) {
                    Some(meant) => problem.help(format!("write `{meant}`; in YAML 1.2 this is a text")),
                    None => problem,
                },
                Shape::Integer { .. } | Shape::Number if self.text.parse::<f64>().is_ok() => {
                    problem.help("write it without quotes")
                }
                Shape::List { .. } => problem.help(format!("a list of one is written [{}]", self.text)),
                _ => problem,
            };
        }
        problem
    }

    fn enum_problem(&self, values: &[String]) -> Option<Diagnostic> {
        if self.text.is_empty() || values.iter().any(|v| v == self.text) {
            return None;
        }
        if let Some(known) = values.iter().find(|v| v.eq_ignore_ascii_case(self.text)) {
            let summary = format!("`{}` is written `{known}`, with these capitals", self.path);
            return Some(Diagnostic::warning("other-capitals", summary));
        }
        if self.allow_unknown {
            return None;
        }
        let mut problem = Diagnostic::error("unknown-value", format!("`{}` cannot be {}", self.path, self.shown()));
        if let Some(meant) = nearest(self.text, values.iter().map(String::as_str)).filter(|_| !self.variable) {
            problem = problem.help(format!("did you mean `{meant}`?"));
        }
        let problem = match values.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["Enabled", "Disabled"] if self.text == "true" => problem.help("write `Enabled`"),
            ["Enabled", "Disabled"] if self.text == "false" => problem.help("write `Disabled`"),
            _ => problem,
        };
        Some(problem.help(format!("allowed: {}", listed(values.iter().map(String::as_str)))))
    }

    /// The scalar as the member of a map that it was meant for, as help: `sku: {name: Premium}` where `Premium` was said.
    fn member(&self, properties: &IndexMap<String, Property>) -> Option<String> {
        let required = |property: &Property| property.required && property.writable();
        let sole = properties.values().filter(|p| required(p)).count() == 1;
        let fits = |(name, property): &(&String, &Property)| match Schema::get().shape(property.shape) {
            Shape::Enum { values, .. } => values.iter().any(|v| v.eq_ignore_ascii_case(self.text)),
            Shape::Bool => self.boolean().is_some() && *name == "enabled",
            Shape::Text { .. } => sole && required(property) && self.sort == Sort::Text,
            _ => false,
        };
        let (name, _) = properties.iter().filter(|(_, p)| p.writable()).find(fits)?;
        let key = self.path.rsplit('.').next().unwrap_or_default();
        let member = format!("{{{name}: {}}}", self.text);
        Some(if key.ends_with(']') { format!("write {member}") } else { format!("write `{key}: {member}`") })
    }

    /// What was written, told from what is wanted: the text `3` is no number.
    fn taken_for(&self) -> String {
        match self.sort {
            Sort::Text if !self.variable => format!("the text `{}`", self.text),
            _ => self.shown(),
        }
    }

    fn range_problem(&self, n: i64, min: Option<i64>, max: Option<i64>) -> Option<Diagnostic> {
        let fits = n == 0 || (min.is_none_or(|min| n >= min) && max.is_none_or(|max| n <= max));
        let range = match (min, max) {
            _ if fits => return None,
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => return None,
        };
        Some(Diagnostic::error("out-of-range", format!("`{}` is {range}, not {}", self.path, self.shown())))
    }

    fn text_problem(&self, min: Option<u64>, max: Option<u64>, pattern: Option<&str>) -> Option<Diagnostic> {
        let length = self.text.chars().count() as u64;
        if length == 0 {
            return None;
        }
        if let Some(pattern) = pattern.filter(|pattern| !matches(pattern, self.text, false)) {
            let summary = format!("`{}` cannot be {}", self.path, self.shown());
            return Some(
                Diagnostic::error("wrong-pattern", summary).help(format!("allowed: {}", pattern_words(pattern))),
            );
        }
        if min.is_none_or(|min| length >= min) && max.is_none_or(|max| length <= max) {
            return None;
        }
        let range = match (min, max) {
            (Some(min), Some(max)) if min == max => format!("{min}"),
            (min, max) => format!("{} to {}", min.unwrap_or(0), max.map_or("any".to_owned(), |max| max.to_string())),
        };
        Some(Diagnostic::error("wrong-length", format!("`{}` has {range} characters, not {length}", self.path)))
    }
}
