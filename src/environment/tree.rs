//! The untyped tree of an environment file: what was written, and where.

use indexmap::IndexMap;

/// A stretch of one of the files that were read, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    /// Index into the list of files.
    pub file: usize,
    /// First byte.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
}

/// A value and where it is defined.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub place: Place,
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// `null`, `~` or nothing.
    Null,
    /// Anything else that is no collection.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Entries),
}

/// A map's entries by key.
pub(super) type Entries = IndexMap<String, Entry>;

/// A key's place and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub key: Place,
    pub value: Node,
}

/// A scalar as it was written, so that `1.30` can still become text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scalar {
    /// The text; for what is plain, the source's own.
    pub text: String,
    /// What YAML takes it for.
    pub sort: Sort,
}

/// What YAML takes a scalar for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sort {
    Text,
    Bool(bool),
    Integer(i64),
    Float(f64),
}

impl Node {
    /// What a message calls this value.
    pub(super) fn noun(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Scalar(scalar) => match scalar.sort {
                Sort::Text => "text",
                Sort::Bool(_) => "a truth value",
                Sort::Integer(_) | Sort::Float(_) => "a number",
            },
        }
    }

    /// The entries, if it is a map.
    pub(super) fn entries(&self) -> Option<&Entries> {
        if let Kind::Map(entries) = &self.kind { Some(entries) } else { None }
    }

    /// Visits this node and all below it, with the key it stands under.
    pub(super) fn walk<'a>(&'a self, key: Option<&'a str>, visit: &mut impl FnMut(Option<&'a str>, &'a Node)) {
        visit(key, self);
        match &self.kind {
            Kind::List(items) => items.iter().for_each(|node| node.walk(key, visit)),
            Kind::Map(entries) => entries.iter().for_each(|(key, entry)| entry.value.walk(Some(key), visit)),
            Kind::Null | Kind::Scalar(_) => {}
        }
    }
}
