//! `docs/properties.md` lists every writable property with how it compares and what changing it does, and is current. To write
//! it anew: `LANDFALL_UPDATE_PROPERTIES=1 cargo test --test schema_properties`.

#![expect(clippy::disallowed_methods, reason = "a test reads a switch and writes the generated page")]

use std::fmt::Write as _;
use std::path::Path as File;

use landfall::document::Path;
use landfall::plan::disruption;
use landfall::schema::{Confidence, Fact, ResourceType, Schema};

const HEAD: &str = "\
# Properties

Generated from `src/schema/data` by `tests/schema_properties.rs`: every property that an environment file can say, and how
landfall treats it. `*` stands for a name of your choice, `[]` for each element of a list.

- **compares**: when Azure's value counts as the one asked for. Without a word: by type, that is exactly, but enumerations
  and resource IDs in any capitals, and a number or truth value also as text. An empty value equals an absent one
  everywhere.
- **disturbs**: what changing it disturbs, as a plan shows it. `replaces` is never done unless `--replace` names the
  resource; `unknown` means that nobody has written it down or that it depends on the values.
- **rule**: what Azure does with a change, in the words below.
- **default**: what Azure takes an absent value for.
- **from**: where it is written, strongest first: `recording` (an exchange with Azure), `error` (a recorded refusal), `spec`,
  `doc`, `azurerm`, `doc-conflict` (sources disagree), `inferred` (no better than a guess by type and place).

| compares | meaning |
|---|---|
| `ignore-case`, `words` | text in any capitals; words with commas between them in any order |
| `arm-id`, `location`, `role` | a resource ID, a region or a role, however it is written |
| `cidr`, `time`, `duration` | an address range (a single address is a range of one), a point in time, a span of time |
| `trim`, `ignore-space` | text without white space around it, or without any |
| `version`, `version:X` | `1.33` is any `1.33.x`; an alias that Azure reports is the version that X tells |
| `set`, `set:X`, `ordered` | a list in any order, in any order told apart by X, in its order |
| `prefix` | a list in its order, which Azure may complete at its end |
| `subset`, `extended:X` | a list to which Azure adds elements of its own: any, or such as X |
| `map-ignore-case` | a map whose keys may come back in other capitals |
| `initial-if:X` | a first value only, while X is true |
| `ignore` | never compared |

| rule | meaning |
|---|---|
| `in-place` | nothing but the change |
| `reimages`, `manual-reimage` | the nodes are reimaged; they take it up with their next image upgrade |
| `rotates` | fixed when a node pool is made |
| `immutable`, `immutable-once-set`, `immutable-add` | fixed at creation; once it is set; cannot be added later |
| `one-way`, `one-way-reimages` | can be turned on and not off |
| `transition`, `conditional`, with `-reimages` | some changes are allowed; it depends on other properties |
| `expand-only`, `attach-only-reimages` | may only grow; may be attached once |
| `upgrade` | a Kubernetes upgrade |
| `azure`, `no-effect` | Azure's own; accepted and without effect |
";

fn page() -> String {
    let mut out = HEAD.to_owned();
    let (mut paths, mut inferred) = (0, 0);
    let mut body = String::new();
    for resource in Schema::get().resources().filter(|r| r.writable) {
        let _ = writeln!(body, "\n## {}: `{}`\n", resource.label, resource.name);
        body.push_str("| property | compares | disturbs | rule | default | from |\n|---|---|---|---|---|---|\n");
        for pattern in resource.writable_paths() {
            if plain_element(resource, &pattern) {
                continue;
            }
            let row = row(resource, &pattern);
            paths += 1;
            inferred += usize::from(row.contains("inferred"));
            body.push_str(&row);
        }
    }
    let _ = writeln!(out, "\n{paths} properties, {inferred} of them inferred.");
    out + &body
}

/// Whether this is an element of a list or map of plain values of which nothing more is known: its list says it all.
fn plain_element(resource: &ResourceType, pattern: &str) -> bool {
    let path = Path::parse(&pattern.replace("[]", "[0]")).expect("a pattern is a path");
    (pattern.ends_with("[]") || pattern.ends_with(".*")) && resource.row(&path).is_none()
}

fn row(resource: &ResourceType, pattern: &str) -> String {
    let path = Path::parse(&pattern.replace("[]", "[0]")).expect("a pattern is a path");
    let fact = resource.fact(&path);
    let compares = Some(fact.equality.word()).filter(|word| word != "-").map_or(String::new(), |word| code(&word));
    let default = fact.default.as_ref().map_or(String::new(), |v| code(&v.to_display_json().to_string()));
    let disturbs = disruption(resource, &path).word();
    let rule = fact.change.word();
    format!("| `{pattern}` | {compares} | {disturbs} | {rule} | {default} | {} |\n", from(resource, &path, &fact))
}

fn from(resource: &ResourceType, path: &Path, fact: &Fact) -> String {
    if resource.row(path).is_some() {
        let source = Some(&fact.source).filter(|s| !s.is_empty()).map_or(String::new(), |s| format!(": {s}"));
        return format!("{}{source}", fact.confidence.word()).replace('|', "\\|");
    }
    let mut above = path.parent();
    while let Some(at) = above.filter(|at| !at.is_root()) {
        if resource.row(&at).is_some() {
            return format!("{}, as `{}`", Confidence::Inferred.word(), resource.pattern(&at));
        }
        above = at.parent();
    }
    Confidence::Inferred.word().to_owned()
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

#[test]
fn properties_page_is_current() {
    let target = File::new(env!("CARGO_MANIFEST_DIR")).join("docs/properties.md");
    let generated = page();
    if std::env::var_os("LANDFALL_UPDATE_PROPERTIES").is_some() {
        std::fs::write(&target, &generated).expect("docs can be written");
    }
    let committed = std::fs::read_to_string(&target).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/properties.md is stale: LANDFALL_UPDATE_PROPERTIES=1 cargo test --test schema_properties"
    );
}

#[test]
fn the_page_explains_every_word_that_it_uses() {
    for resource in Schema::get().resources().filter(|r| r.writable) {
        for pattern in resource.writable_paths() {
            let path = Path::parse(&pattern.replace("[]", "[0]")).expect("a pattern is a path");
            assert!(resource.knows(&pattern), "{} {pattern}", resource.name);
            let fact = resource.fact(&path);
            let equality = fact.equality.word();
            let kind = equality.split(':').next().unwrap_or_default();
            assert!(kind == "-" || HEAD.contains(&format!("`{kind}")), "{kind}");
            let rule = fact.change.word().trim_end_matches("-reimages");
            assert!(HEAD.contains(&format!("`{rule}")), "{rule}");
        }
    }
}
