//! YAML 1.2 text to the tree. The only file that knows `serde-saphyr`, and the only one that sets its options.
//!
//! serde stops at the first finding, so duplicate keys pass through it and are reported here, all of them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, Spanned};

use super::mask::{hide, hide_dropped};
use super::problems::Problems;
use super::tree::{Entries, Entry, Kind, Node, Place, Scalar, Sort};
use crate::diagnostic::Diagnostic;

/// An environment is some hundred lines; this many parser events are far more than any person writes.
const MOST_EVENTS: usize = 200_000;
/// How much aliases may expand to.
const MOST_REPLAYED: usize = 20_000;

/// The tree of a text; `None` when it is no YAML, or no map.
pub(super) fn parse(file: usize, problems: &mut Problems) -> Option<Node> {
    let text = problems.files[file].text.clone();
    let options = serde_saphyr::options! {
        strict_booleans: true,
        with_snippet: false,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        budget: serde_saphyr::budget! { max_events: MOST_EVENTS },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_REPLAYED },
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(&text, options) {
        Ok(raw) => {
            let node = Turn { text: &text, file, problems }.node(raw);
            match node.kind {
                Kind::Map(_) => Some(node),
                Kind::Null => {
                    let problem = Diagnostic::error("empty-file", "the file says nothing")
                        .help("an environment says at least `subscription` and `resourceGroup`");
                    problems.at(Place { file, start: 0, end: 0 }, "", problem);
                    None
                }
                _ => {
                    let noun = node.noun();
                    let place = Place { end: node.place.start + 1, ..node.place };
                    let problem =
                        Diagnostic::error("not-a-map", format!("an environment file is a map, this is {noun}"));
                    problems.at(place, "", problem);
                    None
                }
            }
        }
        Err(error) => {
            super::mask::hide_lines(&text, file, problems);
            let place = error.location().map_or(Place { file, start: 0, end: 0 }, |at| place_of(&text, file, at));
            let line = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
            let mut problem = explained(&error);
            if text[line..].starts_with('\t') {
                problem = problem.help("YAML indents with spaces; this line starts with a tab");
            }
            if problem.code == "syntax" && text[line..].lines().next().is_some_and(|line| line.contains("${")) {
                problem = problem.help("inside {...} and [...] a text with ${...} stands in quotes");
            }
            problems.at(place, "", problem);
            None
        }
    }
}

fn explained(error: &Error) -> Diagnostic {
    match error.without_snippet() {
        Error::MultipleDocuments { .. } => {
            Diagnostic::error("several-documents", "a file holds one environment, this is a second YAML document")
                .help("remove the line `---` or make it a file of its own")
        }
        Error::AliasError { error, .. } => explained(error),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Diagnostic::error("alias-limit", "the aliases of this file expand to far too much")
                .help(format!("at most {MOST_REPLAYED} repeated values are taken"))
        }
        Error::Budget { .. } => Diagnostic::error("too-large", "this file is larger or deeper than any environment"),
        Error::UnknownAnchor { .. } => Diagnostic::error("unknown-anchor", "no anchor of this name stands above")
            .help("anchors (&name) are defined before they are used; a text that starts with * stands in quotes"),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            Diagnostic::error("alias-cycle", "this alias leads back to itself")
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            Diagnostic::error("wrong-type", "`<<` merges a map or a list of maps")
        }
        Error::UnsupportedTag { .. } => Diagnostic::error("unknown-tag", "environment files use no tags")
            .help("a text that starts with ! stands in quotes"),
        Error::Message { msg, .. } | Error::ExternalMessage { msg, .. } if msg.contains("recursion limit") => {
            Diagnostic::error("too-large", "this file is deeper than any environment")
        }
        Error::Message { msg, .. } | Error::ExternalMessage { msg, .. } => {
            Diagnostic::error("syntax", format!("this is no YAML: {msg}"))
        }
        other => {
            let text = other.to_string();
            let what = text.split(" at line ").next().unwrap_or_default();
            Diagnostic::error("syntax", format!("this is no YAML that an environment can hold: {what}"))
        }
    }
}

fn place_of(text: &str, file: usize, at: Location) -> Place {
    let span = at.span();
    let limit = |offset: u64| {
        let mut offset = usize::try_from(offset).unwrap_or(text.len()).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(length)) if start + length > 0 || at.line() <= 1 => {
            let start = limit(start);
            let end = limit(start as u64 + length);
            let written = text[start..end].trim_end().len();
            Place { file, start, end: start + written }
        }
        _ => {
            let line_start: usize =
                text.split_inclusive('\n').take((at.line().max(1) - 1) as usize).map(str::len).sum();
            let column = (at.column().max(1) - 1) as usize;
            let start = text[line_start..].char_indices().nth(column).map_or(text.len(), |(i, _)| line_start + i);
            Place { file, start, end: start }
        }
    }
}

struct Turn<'a> {
    text: &'a str,
    file: usize,
    problems: &'a mut Problems,
}

impl Turn<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let place = place_of(self.text, self.file, raw.defined);
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Bool(b) => self.plain(place, Sort::Bool(b), b.to_string()),
            Raw::Integer(i) => match i64::try_from(i) {
                Ok(n) => self.plain(place, Sort::Integer(n), n.to_string()),
                Err(_) => self.plain(place, Sort::Float(i as f64), i.to_string()),
            },
            Raw::Float(f) => self.plain(place, Sort::Float(f), f.to_string()),
            Raw::Text(text) => Kind::Scalar(Scalar { text, sort: Sort::Text }),
            Raw::List(items) => Kind::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => Kind::Map(self.entries(entries)),
        };
        Node { place, kind }
    }

    /// A scalar without quotes keeps the source's own spelling: `1.30` is not 1.3 where text is wanted.
    fn plain(&self, place: Place, sort: Sort, otherwise: String) -> Kind {
        let written = &self.text[place.start..place.end];
        let clean = !written.is_empty() && !written.contains(['\n', '"', '\'', '!', '#']);
        Kind::Scalar(Scalar { text: if clean { written.to_owned() } else { otherwise }, sort })
    }

    fn entries(&mut self, raw: Vec<(Spanned<Raw>, Spanned<Raw>)>) -> Entries {
        let mut out = Entries::new();
        for (key, value) in raw {
            let key = self.node(key);
            let value = self.node(value);
            let Kind::Scalar(Scalar { text, .. }) = key.kind else {
                let noun = key.noun();
                let problem = Diagnostic::error("wrong-key", format!("a key is text, this is {noun}"));
                self.problems.at(key.place, "", problem);
                hide(&value, self.problems);
                continue;
            };
            if let Some(first) = out.get(&text) {
                let line = self.text[..first.key.start].matches('\n').count() + 1;
                let problem = Diagnostic::error("duplicate-key", format!("the key `{text}` stands here a second time"))
                    .help(format!("the first is in line {line}; one of them would win unseen"));
                self.problems.at(key.place, "again", problem);
                // Nobody looks at it again, and the line is shown.
                hide_dropped(&text, &value, self.problems);
                continue;
            }
            out.insert(text, Entry { key: key.place, value });
        }
        out
    }
}

/// What serde sees.
enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
    fn visit_bool<E>(self, it: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(it))
    }
    fn visit_i64<E>(self, it: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(it.into()))
    }
    fn visit_u64<E>(self, it: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(it.into()))
    }
    fn visit_i128<E>(self, it: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(it))
    }
    fn visit_f64<E>(self, it: f64) -> Result<Raw, E> {
        Ok(Raw::Float(it))
    }
    fn visit_str<E>(self, it: &str) -> Result<Raw, E> {
        Ok(Raw::Text(it.to_owned()))
    }
    fn visit_string<E>(self, it: String) -> Result<Raw, E> {
        Ok(Raw::Text(it))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut out = Vec::new();
        while let Some(item) = access.next_element()? {
            out.push(item);
        }
        Ok(Raw::List(out))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut out = Vec::new();
        while let Some(entry) = access.next_entry()? {
            out.push(entry);
        }
        Ok(Raw::Map(out))
    }
}
