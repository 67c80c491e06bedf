//! The house rules, checked: walls between rooms, sizes, names, who may print. `docs/ARCHITECTURE.md` has the tables that
//! these checks obey, with the reason of every exception. Each check is shown an offence, so that none passes by being blind.

#![expect(
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a test says what it notes, and fails when it cannot read"
)]

#[path = "tidy/checks.rs"]
mod checks;
#[path = "tidy/page.rs"]
mod page;
#[path = "tidy/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use checks::CHECKS;
use landfall::schema::{Schema, Shape, ShapeId};
use page::Page;
use source::Source;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The names of ARM's properties that are long and camelCase: what stands in a text literal by design, not by chance.
fn arm_properties() -> BTreeSet<String> {
    let schema = Schema::get();
    let mut out = BTreeSet::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut todo: Vec<ShapeId> = schema.resources().map(|resource| resource.body()).collect();
    while let Some(id) = todo.pop() {
        if !seen.insert(format!("{id:?}")) {
            continue;
        }
        match schema.shape(id) {
            Shape::Object { properties, additional } => {
                out.extend(properties.keys().cloned());
                todo.extend(properties.values().map(|property| property.shape).chain(*additional));
            }
            Shape::List { of, .. } => todo.push(*of),
            _ => {}
        }
    }
    out.retain(|name| {
        name.len() > 7
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.contains(|c: char| c.is_ascii_uppercase())
    });
    out
}

fn sources() -> Vec<Source> {
    fn collect(directory: &Path, out: &mut Vec<Source>) {
        let mut entries: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                collect(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(ROOT).unwrap().to_str().unwrap().replace('\\', "/");
                out.push(Source::read(&name, &std::fs::read_to_string(&path).unwrap()).unwrap());
            }
        }
    }
    let mut out = Vec::new();
    collect(&Path::new(ROOT).join("src"), &mut out);
    out
}

fn architecture() -> String {
    std::fs::read_to_string(Path::new(ROOT).join("docs/ARCHITECTURE.md")).unwrap()
}

#[test]
fn the_house_is_tidy() {
    let (sources, page) = (sources(), Page::read(&architecture()));
    assert!(sources.len() > 20 && page.rooms.len() > 10, "the checks see the house");
    for note in checks::notes(&sources) {
        println!("note: {note}");
    }
    let findings: Vec<String> = CHECKS
        .iter()
        .flat_map(|check| (check.run)(&sources, &page).into_iter().map(|found| format!("{}: {found}", check.name)))
        .collect();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn the_rooms_of_the_page_are_those_of_the_crate() {
    let map = std::fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).unwrap();
    let modules: BTreeSet<&str> =
        map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let rooms = Page::read(&architecture()).rooms;
    assert_eq!(modules, rooms.keys().map(String::as_str).collect());
}

/// A small house: what each check is shown.
const PAGE: &str = "
| room | level | imports | holds |
|---|---|---|---|
| `names` | 0 | - | nouns |
| `document` | 1 | `names` | trees |
| `model` | 1 | `names`, `document` | worlds |
| `diff` | 2 | `names`, `document`, `model` | verdicts |
| `azure` | 3 | `names` | ARM |
| `cli` | 5 | all | commands |

| from | to | why |
|---|---|---|
| `model` | `document` | the tree is the common currency |

| file | properties | why |
|---|---|---|
| `src/diff/pools.rs` | `agentPoolProfiles` | the example |

| check | file | why |
|---|---|---|
| `doors` | `src/names/mod.rs` | the example |
";

/// The tidy files of the small house.
const TIDY: &[(&str, &str)] = &[
    ("src/lib.rs", "//! x\npub mod names;"),
    ("src/main.rs", "//! x\nfn main() { println!(\"x\") }"),
    ("src/names/mod.rs", "//! x\npub fn excused() {}"),
    ("src/document/mod.rs", "//! x\nuse crate::names::A;"),
    (
        "src/model/mod.rs",
        "//! x\nuse crate::{document::{B, C}, names::A};\n#[cfg(test)]\nmod tests {\n    fn f() { crate::cli::x() }\n}",
    ),
    ("src/diff/mod.rs", "//! `crate::cli` and println! in a comment\nmod pools;"),
    (
        "src/diff/pools.rs",
        "//! x\n/// \"networkProfile\"\nconst A: &str = \"agentPoolProfiles\"; // \"networkProfile\"\nuse super::super::model::M;",
    ),
    ("src/azure/mod.rs", "//! x\nmod transport;"),
    ("src/azure/transport.rs", "//! x\nuse reqwest::Client;\nconst A: &str = \"networkProfile\";"),
    ("src/cli/mod.rs", "//! x\nuse crate::{azure, diff};\nuse std::env;\nuse clap::Parser;"),
];

/// What the checks find in the small house with one page and with files put in or in place of others.
fn findings(page: &str, planted: &[(&str, &str)]) -> Vec<String> {
    let mut files: Vec<(&str, &str)> = TIDY.to_vec();
    files.retain(|(path, _)| planted.iter().all(|(other, _)| other != path));
    files.extend(planted);
    let sources: Vec<Source> = files.iter().map(|(path, text)| Source::read(path, text).unwrap()).collect();
    let page = Page::read(page);
    let of = |check: &checks::Check| {
        (check.run)(&sources, &page).into_iter().map(|found| format!("{}: {found}", check.name)).collect::<Vec<_>>()
    };
    CHECKS.iter().flat_map(of).collect()
}

#[test]
fn a_tidy_house_has_no_findings() {
    assert_eq!(findings(PAGE, &[]), Vec::<String>::new());
}

#[test]
fn each_check_finds_its_offence() {
    let long = format!("//! x\n{}", "const A: u8 = 1;\n".repeat(800));
    let door = format!("//! x\n{}", "mod a;\n".repeat(60));
    let tested = format!("//! x\n#[cfg(test)]\nmod tests {{\n{}}}\n", "const A: u8 = 1;\n".repeat(900));
    let table: &[(&str, &str, &[&str])] = &[
        ("src/cellar/mod.rs", "//! x", &["rooms: src/cellar: not in the table of rooms"]),
        ("src/loose.rs", "//! x", &["rooms: src/loose.rs: belongs into a room"]),
        ("src/diff/a.rs", "//! x\nuse crate::azure::X;", &["walls: src/diff/a.rs:2: `diff` may not import `azure`"]),
        (
            "src/diff/a.rs",
            "//! x\nuse crate::{names::A,\n  azure::{X, Y}};",
            &["walls: src/diff/a.rs:3: `diff` may not import `azure`"],
        ),
        (
            "src/diff/a.rs",
            "//! x\nfn f() { let x = crate::cli::run(); }",
            &["walls: src/diff/a.rs:2: `diff` may not import `cli`"],
        ),
        (
            "src/diff/a.rs",
            "//! x\nuse super::super::azure;",
            &["walls: src/diff/a.rs:2: `diff` may not import `azure`"],
        ),
        ("src/diff/mod.rs", "//! x\nuse super::azure;", &["walls: src/diff/mod.rs:2: `diff` may not import `azure`"]),
        (
            "src/document/a.rs",
            "//! x\nuse crate::model::M;",
            &["walls: src/document/a.rs:2: `document` may not import `model`"],
        ),
        ("src/diff/a.rs", &long, &["length: src/diff/a.rs:800: 801 lines without tests, 800 at most"]),
        ("src/diff/a.rs", &tested, &[]),
        ("src/diff/mod.rs", &door, &["doors: src/diff/mod.rs:60: 61 lines, 60 at most"]),
        ("src/diff/mod.rs", "//! x\n\npub fn f() {}", &["doors: src/diff/mod.rs:3: a function in a mod.rs"]),
        ("src/diff/utils.rs", "//! x", &["names: src/diff/utils.rs:1: a name that says nothing"]),
        ("src/diff/common/a.rs", "//! x", &["names: src/diff/common/a.rs:1: a name that says nothing"]),
        ("src/diff/a.rs", "// x\nmod b;", &["headers: src/diff/a.rs:1: does not open with `//!`"]),
        ("src/diff/a.rs", "//! x\nuse clap::Parser;", &["edge: src/diff/a.rs:2: clap outside `cli`"]),
        ("src/diff/a.rs", "//! x\nuse std::{env, fmt};", &["edge: src/diff/a.rs:2: std::env outside `cli`"]),
        ("src/diff/a.rs", "//! x\nfn f() { println!(\"x\"); }", &["edge: src/diff/a.rs:2: println! outside `cli`"]),
        ("src/diff/a.rs", "//! x\nfn f() { std::io::stdout(); }", &["edge: src/diff/a.rs:2: io::stdout outside `cli`"]),
        (
            "src/azure/a.rs",
            "//! x\nfn f(c: &reqwest::Client) {}",
            &["transport: src/azure/a.rs:2: reqwest outside azure/transport.rs"],
        ),
        (
            "src/model/a.rs",
            "//! x\n#[derive(serde::Serialize)]\nstruct A;",
            &["serde: src/model/a.rs:2: serde on a domain type", "serde: src/model/a.rs:2: Serialize on a domain type"],
        ),
        (
            "src/names/a.rs",
            "//! x\n#[derive(Clone, Deserialize)]\nstruct A;",
            &["serde: src/names/a.rs:2: Deserialize on a domain type"],
        ),
        (
            "src/diff/a.rs",
            "//! x\nconst A: &str = \"networkProfile\";",
            &["properties: src/diff/a.rs:2: names the property networkProfile"],
        ),
        (
            "src/diff/a.rs",
            "//! x\nconst A: &str = r#\"sku.networkPolicy\"#;",
            &["properties: src/diff/a.rs:2: names the property networkPolicy"],
        ),
        (
            "src/diff/a.rs",
            "//! x\nconst A: &str = \"agentPoolProfiles\";",
            &["properties: src/diff/a.rs:2: names the property agentPoolProfiles"],
        ),
        (
            "src/diff/a.rs",
            "//! x\n#[cfg(test)]\nmod tests {\n    #[ignore]\n    fn f() {}\n}",
            &["tests: src/diff/a.rs:4: a test that is ignored or must panic"],
        ),
    ];
    for (path, text, wanted) in table {
        assert_eq!(findings(PAGE, &[(path, text)]), *wanted, "{path}\n{}", &text[..text.len().min(200)]);
    }
    let found: BTreeSet<&str> =
        table.iter().flat_map(|row| row.2).filter_map(|it| Some(it.split_once(": ")?.0)).collect();
    assert_eq!(found, CHECKS.iter().map(|check| check.name).collect(), "every check is shown an offence");
}

#[test]
fn a_page_that_bends_the_rules_is_found_out() {
    let table: &[(&str, &str, &str)] = &[
        ("| `names` | 0 | - | nouns |\n", "", "rooms: src/names: not in the table of rooms"),
        ("| `names` | 0 | - |", "| `names` | 0 | `diff` |", "rooms: docs/ARCHITECTURE.md: `names` -> `diff` climbs"),
        ("| 0 | - |", "| low | - |", "rooms: docs/ARCHITECTURE.md: `names` has no level"),
        (
            "| `names` | ARM |",
            "| `nouns` | ARM |",
            "rooms: docs/ARCHITECTURE.md: `azure` imports `nouns`, which is no room",
        ),
        (
            "| `cli` | 5",
            "| `attic` | 4 | - | nothing |\n| `cli` | 5",
            "rooms: docs/ARCHITECTURE.md: there is no room `attic`",
        ),
        (
            "| `model` | `document` | the tree is the common currency |",
            "| `model` | `names` | x |",
            "rooms: docs/ARCHITECTURE.md: `model` -> `document` stays on its level without a reason",
        ),
        (
            "| the tree is the common currency |",
            "| |",
            "rooms: docs/ARCHITECTURE.md:13: an empty cell, or one too many or too few",
        ),
        (
            "| from | to | why |",
            "| from | to |",
            "rooms: docs/ARCHITECTURE.md: no table with the columns from, to, why",
        ),
        (
            "`src/names/mod.rs` | the",
            "`src/names/gone.rs` | the",
            "rooms: docs/ARCHITECTURE.md: an exception for src/names/gone.rs, which is not there",
        ),
    ];
    for (from, to, wanted) in table {
        assert!(PAGE.contains(from), "{from}");
        let found = findings(&PAGE.replacen(from, to, 1), &[]);
        assert!(found.iter().any(|it| it == wanted), "{from} -> {to}: {found:#?}");
    }
}
