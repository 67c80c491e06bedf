//! Blots secrets out of shown source text. Every character keeps its length, so that no span moves.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::interpolate::{Piece, pieces};
use super::problems::Problems;
use super::tree::{Kind, Node};
use crate::schema::{Child, Schema, Shape, ShapeId};

/// Words in a key that nobody knows which make its value suspect: a mistyped `adminPassword` must not show either.
const SUSPECT: [&str; 4] = ["password", "secret", "accesskey", "accountkey"];
/// From this likeness on, a key counts as a mistyped secret.
const MISTYPED: f64 = 0.8;

/// The names of all properties that hold secrets somewhere.
static SECRET_KEYS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let mut out = BTreeSet::new();
    let mut seen = BTreeSet::new();
    fn level(children: &indexmap::IndexMap<String, Child>, seen: &mut BTreeSet<String>, out: &mut BTreeSet<String>) {
        for child in children.values() {
            if let Some(resource) = Schema::get().resource(&child.arm_type) {
                shape(resource.body(), seen, out);
            }
            level(&child.children, seen, out);
        }
    }
    fn shape(id: ShapeId, seen: &mut BTreeSet<String>, out: &mut BTreeSet<String>) {
        if !seen.insert(format!("{id:?}")) {
            return;
        }
        match Schema::get().shape(id) {
            Shape::Object { properties, additional } => {
                for (name, property) in properties {
                    if property.write_only || holds_secrets(property.shape) {
                        out.insert(name.clone());
                    }
                    shape(property.shape, seen, out);
                }
                if let Some(id) = additional {
                    shape(*id, seen, out);
                }
            }
            Shape::List { of, .. } => shape(*of, seen, out),
            _ => {}
        }
    }
    level(Schema::get().collections(), &mut seen, &mut out);
    out
});

fn holds_secrets(id: ShapeId) -> bool {
    match Schema::get().shape(id) {
        Shape::Text { secret, .. } => *secret,
        Shape::Object { properties, additional: Some(id) } if properties.is_empty() => holds_secrets(*id),
        _ => false,
    }
}

/// The same in lower case, with how many characters each has.
static LOWER_KEYS: LazyLock<Vec<(String, usize)>> =
    LazyLock::new(|| SECRET_KEYS.iter().map(|key| (key.to_lowercase(), key.chars().count())).collect());

fn suspect(key: &str) -> bool {
    let lower = key.to_lowercase();
    let length = lower.chars().count();
    let like = |(secret, of): &(String, usize)| {
        // Two texts are no more like each other than their lengths are.
        let (short, long) = (length.min(*of), length.max(*of));
        short as f64 >= MISTYPED * long as f64 && strsim::normalized_damerau_levenshtein(secret, &lower) >= MISTYPED
    };
    SUSPECT.iter().any(|word| lower.contains(word)) || LOWER_KEYS.iter().any(like)
}

/// Marks every scalar below this node that holds text of its own (rather than a variable) as not to be shown.
pub(super) fn hide(node: &Node, problems: &mut Problems) {
    node.walk(None, &mut |_, node| {
        if let Kind::Scalar(scalar) = &node.kind
            && says_something(&scalar.text)
        {
            problems.masks.push(node.place);
        }
    });
}

/// Hides what stands under keys that name secrets, wherever it is.
pub(super) fn hide_by_key(node: &Node, problems: &mut Problems) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| hide_by_key(item, problems)),
        Kind::Map(entries) => {
            for (key, entry) in entries {
                let collection = matches!(entry.value.kind, Kind::Map(_)) && !SECRET_KEYS.contains(key);
                if suspect(key) && !collection {
                    hide(&entry.value, problems);
                } else {
                    hide_by_key(&entry.value, problems);
                }
            }
        }
        Kind::Scalar(scalar) if signed(&scalar.text) => hide(node, problems),
        Kind::Null | Kind::Scalar(_) => {}
    }
}

/// Whether a text has the signature of a signed URL.
fn signed(text: &str) -> bool {
    text.to_ascii_lowercase().contains("sig=")
}

/// Hides what stands under a key that is left out of the tree.
pub(super) fn hide_dropped(key: &str, node: &Node, problems: &mut Problems) {
    if suspect(key) { hide(node, problems) } else { hide_by_key(node, problems) }
}

/// Whether a text holds anything but `${env:NAME}`.
fn says_something(text: &str) -> bool {
    match pieces(text) {
        Ok(pieces) => pieces.iter().any(|piece| match piece {
            Piece::Text(_) => true,
            Piece::Variable { default, .. } => default.is_some(),
            Piece::Reference(_) => false,
        }),
        Err(_) => true,
    }
}

/// Hides, in a text that is no YAML, what follows a key that names a secret on its line.
pub(super) fn hide_lines(text: &str, file: usize, problems: &mut Problems) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if signed(line) {
            let end = start + line.trim_end().len();
            problems.masks.push(super::tree::Place { file, start, end });
        }
        let mut from = 0;
        while let Some(colon) = line[from..].find(':').map(|at| from + at) {
            let before = line[..colon].trim_end_matches(['"', '\'', ' ']);
            let key = before.rsplit([' ', '{', ',', '"', '\'', '\t', ':']).next().unwrap_or_default();
            if suspect(key) {
                problems.masks.push(super::tree::Place {
                    file,
                    start: start + colon + 1,
                    end: start + line.trim_end().len(),
                });
                break;
            }
            from = colon + 1;
        }
        start += line.len();
    }
}

/// The text with the characters of some stretches replaced, each by one as long.
pub(super) fn masked(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> String {
    let mut ranges: Vec<Range<usize>> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut ranges = ranges.into_iter();
    let mut hidden = 0..0;
    let mut covers = |at: usize| {
        while at >= hidden.end {
            match ranges.next() {
                Some(next) => hidden = next,
                None => return false,
            }
        }
        hidden.contains(&at)
    };
    text.char_indices()
        .map(|(at, c)| match c {
            _ if !covers(at) || c.is_whitespace() => c,
            _ => match c.len_utf8() {
                1 => '*',
                2 => '\u{d7}',
                3 => '\u{2022}',
                _ => '\u{1f784}',
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_keeps_every_offset() {
        let text = "a: héllo€😀 b";
        let out = masked(text, std::iter::once(3..15));
        assert_eq!(out.len(), text.len());
        assert!(out.starts_with("a: *\u{d7}***\u{2022}") && out.ends_with(" b"), "{out}");
    }

    #[test]
    fn stretches_may_come_twice_and_in_any_order() {
        assert_eq!(masked("abcdefgh", [5..6, 1..3, 1..3, 2..4, 8..8]), "a***e*gh");
    }

    #[test]
    fn knows_the_secret_names() {
        for key in ["adminPassword", "serverAppSecret", "configurationProtectedSettings", "sasToken"] {
            assert!(SECRET_KEYS.contains(key), "{key}");
        }
    }
}
