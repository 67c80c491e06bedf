//! The reference of the language names everything that the code knows.

use landfall::environment::RULES;
use landfall::schema::{Child, Schema};

const PAGE: &str = include_str!("../docs/environment.md");

#[test]
fn every_create_default_is_in_the_table() {
    for resource in Schema::get().resources() {
        for default in &resource.create_defaults {
            let row = format!("| {} | `{}` |", resource.label, default.path);
            assert!(PAGE.contains(&row), "docs/environment.md lacks: {row}");
        }
    }
}

#[test]
fn every_rule_is_in_the_table() {
    for rule in &RULES {
        let row = format!("| `{}` | {} |", rule.code, rule.summary);
        assert!(PAGE.contains(&row), "docs/environment.md lacks: {row}");
    }
}

#[test]
fn every_collection_is_named() {
    fn check(children: &indexmap::IndexMap<String, Child>) {
        for (name, child) in children {
            assert!(PAGE.contains(&format!("`{name}`")), "docs/environment.md does not name {name}");
            check(&child.children);
        }
    }
    check(Schema::get().collections());
}
