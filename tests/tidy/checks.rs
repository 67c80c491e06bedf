//! The checks. Each sees all files and the page, and names every offence with its file and line.

use std::collections::BTreeSet;

use super::page::Page;
use super::source::{Found, Source};

/// Lines of a file, without its tests: worth a note, and too many.
const LINES_NOTED: usize = 400;
/// See [`LINES_NOTED`].
const LINES_MOST: usize = 800;
/// Lines of a `mod.rs`, which holds the map of its room and nothing else.
const MOD_LINES_MOST: usize = 60;

/// A check by its name, as the page's table of exceptions names it.
pub struct Check {
    /// One word.
    pub name: &'static str,
    /// Finds every offence.
    pub run: fn(&[Source], &Page) -> Vec<String>,
}

/// Every check there is.
pub const CHECKS: &[Check] = &[
    Check { name: "rooms", run: rooms },
    Check { name: "walls", run: walls },
    Check { name: "length", run: length },
    Check { name: "doors", run: doors },
    Check { name: "names", run: names },
    Check { name: "headers", run: headers },
    Check { name: "edge", run: edge },
    Check { name: "transport", run: transport },
    Check { name: "serde", run: serde },
    Check { name: "properties", run: properties },
    Check { name: "tests", run: tests },
];

/// The table has every room and nothing else, and none of its edges climbs.
fn rooms(sources: &[Source], page: &Page) -> Vec<String> {
    let mut out = page.findings.clone();
    let there: BTreeSet<&str> = sources.iter().filter_map(Source::room).collect();
    for room in &there {
        if !page.rooms.contains_key(*room) {
            out.push(format!("src/{room}: not in the table of rooms"));
        }
    }
    for source in sources.iter().filter(|s| s.room().is_none()) {
        if !["src/main.rs", "src/lib.rs"].contains(&source.path.as_str()) {
            out.push(format!("{}: belongs into a room", source.path));
        }
    }
    for (name, room) in &page.rooms {
        if !there.contains(name.as_str()) {
            out.push(format!("docs/ARCHITECTURE.md: there is no room `{name}`"));
        }
        for import in room.imports.iter().flatten() {
            let edge = (name.clone(), import.clone());
            let back = (import.clone(), name.clone());
            match page.rooms.get(import) {
                None => out.push(format!("docs/ARCHITECTURE.md: `{name}` imports `{import}`, which is no room")),
                Some(other) if other.level > room.level => {
                    out.push(format!("docs/ARCHITECTURE.md: `{name}` -> `{import}` climbs"));
                }
                Some(other) if other.level == room.level && !page.same_level.contains(&edge) => {
                    out.push(format!(
                        "docs/ARCHITECTURE.md: `{name}` -> `{import}` stays on its level without a reason"
                    ));
                }
                Some(_) if page.same_level.contains(&edge) && page.same_level.contains(&back) => {
                    out.push(format!("docs/ARCHITECTURE.md: `{name}` and `{import}` import each other"));
                }
                Some(_) => {}
            }
        }
    }
    let paths: BTreeSet<&str> = sources.iter().map(|s| s.path.as_str()).collect();
    let listed = page.exceptions.iter().map(|(_, file)| file).chain(page.named_properties.iter().map(|(file, _)| file));
    out.extend(
        listed
            .filter(|file| !paths.contains(file.as_str()))
            .map(|file| format!("docs/ARCHITECTURE.md: an exception for {file}, which is not there")),
    );
    out
}

/// A room imports what the table lists. Its tests may import anything: they set the scene.
fn walls(sources: &[Source], page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources {
        let Some((name, room)) = source.room().and_then(|name| Some((name, page.rooms.get(name)?))) else { continue };
        let Some(imports) = &room.imports else { continue };
        let mut seen = BTreeSet::new();
        for found in source.paths.iter().filter(|found| !found.test) {
            let Some(other) = target(source, &found.what) else { continue };
            let foreign = other != name && page.rooms.contains_key(other);
            if foreign && !imports.iter().any(|listed| listed == other) && seen.insert((found.line, other)) {
                out.push(format!("{}:{}: `{name}` may not import `{other}`", source.path, found.line));
            }
        }
    }
    out
}

/// The room a path leads to from the crate's root: `crate::x`, or as many `super`s as it takes.
fn target<'a>(source: &Source, path: &'a [String]) -> Option<&'a str> {
    let supers = path.iter().take_while(|word| *word == "super").count();
    let at = if path.first()? == "crate" {
        1
    } else if supers >= source.depth() {
        supers
    } else {
        return None;
    };
    path.get(at).map(String::as_str)
}

/// No file is too long to be read in one sitting.
fn length(sources: &[Source], page: &Page) -> Vec<String> {
    let long = |source: &&Source| source.product_lines() > LINES_MOST && !page.excuses("length", &source.path);
    let say = |source: &Source| {
        format!("{}:{}: {} lines without tests, {LINES_MOST} at most", source.path, LINES_MOST, source.product_lines())
    };
    sources.iter().filter(long).map(say).collect()
}

/// Files on their way to being too long.
pub fn notes(sources: &[Source]) -> Vec<String> {
    let long = |source: &&Source| (LINES_NOTED + 1..=LINES_MOST).contains(&source.product_lines());
    let say = |source: &Source| format!("{}: {} lines without tests", source.path, source.product_lines());
    sources.iter().filter(long).map(say).collect()
}

/// A `mod.rs` is a door: `mod` and `use` lines and what the room is for.
fn doors(sources: &[Source], page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources.iter().filter(|s| s.path.ends_with("/mod.rs") && !page.excuses("doors", &s.path)) {
        if source.product_lines() > MOD_LINES_MOST {
            let lines = source.product_lines();
            out.push(format!("{}:{MOD_LINES_MOST}: {lines} lines, {MOD_LINES_MOST} at most", source.path));
        }
        let functions = source.words.iter().filter(|word| word.what == "fn" && !word.test);
        out.extend(functions.map(|word| format!("{}:{}: a function in a mod.rs", source.path, word.line)));
    }
    out
}

/// A module is named for what it holds.
fn names(sources: &[Source], page: &Page) -> Vec<String> {
    const NAMELESS: &[&str] = &["utils", "util", "helpers", "helper", "misc", "common", "shared", "stuff"];
    let nameless = |source: &&Source| {
        source.path.trim_end_matches(".rs").split('/').any(|part| NAMELESS.contains(&part))
            && !page.excuses("names", &source.path)
    };
    sources.iter().filter(nameless).map(|s| format!("{}:1: a name that says nothing", s.path)).collect()
}

/// Every file says what it is for.
fn headers(sources: &[Source], page: &Page) -> Vec<String> {
    let bare = |source: &&Source| !source.text.starts_with("//!") && !page.excuses("headers", &source.path);
    sources.iter().filter(bare).map(|s| format!("{}:1: does not open with `//!`", s.path)).collect()
}

/// Only `cli` parses arguments, reads the environment and writes to the process's streams.
fn edge(sources: &[Source], page: &Page) -> Vec<String> {
    const MACROS: &[&str] = &["println", "print", "eprintln", "eprint", "dbg"];
    let at_the_edge = |found: &Found<Vec<String>>| -> Option<String> {
        let path: Vec<&str> = found.what.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["clap", ..] => Some("clap".to_owned()),
            ["std", "env", ..] => Some("std::env".to_owned()),
            ["env", function, ..] if function.starts_with("var") || function.starts_with("args") => {
                Some(format!("env::{function}"))
            }
            ["std" | "tokio", "io", stream @ ("stdout" | "stderr"), ..]
            | ["io", stream @ ("stdout" | "stderr"), ..] => Some(format!("io::{stream}")),
            [.., last] if MACROS.contains(last) => Some(format!("{last}!")),
            _ => None,
        }
    };
    let mut out = Vec::new();
    for source in sources {
        if source.room() == Some("cli") || source.path == "src/main.rs" || page.excuses("edge", &source.path) {
            continue;
        }
        for found in source.paths.iter().filter(|found| !found.test) {
            if let Some(what) = at_the_edge(found) {
                out.push(format!("{}:{}: {what} outside `cli`", source.path, found.line));
            }
        }
    }
    out
}

/// One file knows which HTTP client it is.
fn transport(sources: &[Source], page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources.iter().filter(|s| s.path != "src/azure/transport.rs" && !page.excuses("transport", &s.path)) {
        let named = source.paths.iter().filter(|found| found.what.first().is_some_and(|word| word == "reqwest"));
        out.extend(named.map(|found| format!("{}:{}: reqwest outside azure/transport.rs", source.path, found.line)));
    }
    out
}

/// A domain type that can be serialised is a promise to whoever reads it; wire types make that promise instead.
fn serde(sources: &[Source], page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources {
        let domain = matches!(source.room(), Some("model" | "names" | "document"));
        if !domain || page.excuses("serde", &source.path) {
            continue;
        }
        let named = source.words.iter().filter(|w| ["serde", "Serialize", "Deserialize"].contains(&w.what.as_str()));
        out.extend(named.map(|word| format!("{}:{}: {} on a domain type", source.path, word.line, word.what)));
    }
    out
}

/// What the engine knows of single properties is data of the schema.
fn properties(sources: &[Source], page: &Page) -> Vec<String> {
    let known = super::arm_properties();
    let mut out = Vec::new();
    for source in sources.iter().filter(|s| matches!(s.room(), Some("diff" | "plan" | "apply"))) {
        let allowed = page.named_properties.iter().filter(|(file, _)| *file == source.path);
        let allowed: BTreeSet<&str> = allowed.flat_map(|(_, names)| names.iter().map(String::as_str)).collect();
        for found in source.literals.iter().filter(|found| !found.test) {
            let segments = found.what.split(['.', '[', ']']);
            for segment in segments.filter(|s| known.contains(*s) && !allowed.contains(s)) {
                out.push(format!("{}:{}: names the property {segment}", source.path, found.line));
            }
        }
    }
    out
}

/// Every test runs, and says by its result what should happen.
fn tests(sources: &[Source], page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    for source in sources.iter().filter(|s| !page.excuses("tests", &s.path)) {
        for (at, line) in source.text.lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with("#[ignore") || line.starts_with("#[should_panic") {
                out.push(format!("{}:{}: a test that is ignored or must panic", source.path, at + 1));
            }
        }
    }
    out
}
