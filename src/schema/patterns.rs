//! What a regular expression of the specification means, in words for people: `data/patterns.tsv`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const PATTERNS: &str = include_str!("data/patterns.tsv");

static WORDS: LazyLock<BTreeMap<&'static str, &'static str>> =
    LazyLock::new(|| PATTERNS.lines().skip(1).filter_map(|line| line.split_once('\t')).collect());

/// What texts that match a pattern look like, as a fragment; the pattern itself where nobody has said it better.
pub fn pattern_words(pattern: &str) -> String {
    WORDS.get(pattern).map_or_else(|| format!("a text that matches {pattern}"), |words| (*words).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::{Child, Schema, Shape, ShapeId};
    use indexmap::IndexMap;

    #[test]
    fn every_pattern_that_a_file_can_offend_has_words_and_no_words_are_left_over() {
        let mut patterns = BTreeSet::new();
        // Resource groups have no collection; the words of their names stand in the list for `explain`.
        patterns.extend(Schema::get().resource("Microsoft.Resources/resourceGroups").unwrap().name_pattern.clone());
        level(Schema::get().collections(), &mut patterns);
        let known: BTreeSet<String> = WORDS.keys().map(|pattern| (*pattern).to_owned()).collect();
        assert_eq!(patterns, known);
    }

    fn level(children: &IndexMap<String, Child>, out: &mut BTreeSet<String>) {
        for child in children.values() {
            let resource = Schema::get().resource(&child.arm_type).unwrap();
            out.extend(resource.name_pattern.clone());
            shapes(resource.body(), 0, out);
            level(&child.children, out);
        }
    }

    fn shapes(id: ShapeId, depth: usize, out: &mut BTreeSet<String>) {
        match Schema::get().shape(id) {
            _ if depth > 8 => {}
            Shape::Text { pattern: Some(pattern), .. } => drop(out.insert(pattern.clone())),
            Shape::List { of, .. } => shapes(*of, depth + 1, out),
            Shape::Object { properties, additional } => {
                properties.values().for_each(|property| shapes(property.shape, depth + 1, out));
                additional.iter().for_each(|shape| shapes(*shape, depth + 1, out));
            }
            _ => {}
        }
    }
}
