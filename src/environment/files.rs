//! Reads an environment and what it extends, and lays them over each other.

use super::merge::merge;
use super::nearest::{listed, nearest};
use super::problems::{File, Problems};
use super::sources::{ReadProblem, Sources};
use super::tree::{Kind, Node, Place};
use super::{mask, yaml};
use crate::diagnostic::Diagnostic;
use crate::names::EnvName;

/// The key that names a base.
pub(super) const EXTENDS: &str = "extends";
/// Keys that start so are the file's own, a place for anchors.
pub(super) const OWN: &str = "x-";

/// The merged tree of an environment; `None` when a file of the chain is missing or is no YAML.
pub(super) fn read(name: &EnvName, sources: &dyn Sources, problems: &mut Problems) -> Option<Node> {
    let mut chain: Vec<String> = Vec::new();
    let mut layers: Vec<Node> = Vec::new();
    let mut next = Some((format!("{name}.yaml"), None));
    let mut whole = true;
    while let Some((file, asked)) = next.take() {
        if let Some(at) = chain.iter().position(|seen| *seen == file) {
            let cycle: Vec<&str> = chain[at..].iter().map(String::as_str).chain([file.as_str()]).collect();
            let problem = Diagnostic::error("extends-cycle", format!("`{file}` extends itself"))
                .help(format!("the chain: {}", cycle.join(" extends ")));
            problems.at(asked.unwrap_or_default(), "leads back", problem);
            return None;
        }
        let index = match sources.read(&file) {
            Ok(text) => {
                problems.files.push(File { shown: sources.display(&file), text });
                problems.files.len() - 1
            }
            Err(why) => {
                unreadable(&file, asked, &why, sources, problems);
                return None;
            }
        };
        chain.push(file);
        let Some(mut node) = yaml::parse(index, problems) else {
            whole = false;
            break;
        };
        mask::hide_by_key(&node, problems);
        if let Kind::Map(entries) = &mut node.kind {
            let base = entries.shift_remove(EXTENDS);
            entries.retain(|key, _| !key.starts_with(OWN));
            if let Some(entry) = base.filter(|entry| entry.value.kind != Kind::Null) {
                let (file, at) = base_name(&entry.value, problems)?;
                next = Some((file, Some(at)));
            }
        }
        layers.push(node);
    }
    layers.into_iter().rev().reduce(merge).filter(|_| whole)
}

fn base_name(node: &Node, problems: &mut Problems) -> Option<(String, Place)> {
    match &node.kind {
        Kind::Scalar(scalar) if inside(&scalar.text) => Some((scalar.text.clone(), node.place)),
        Kind::Scalar(_) => {
            let problem = Diagnostic::error("wrong-base", "a base is a file of the same directory")
                .help("for instance `extends: _base.yaml`");
            problems.at(node.place, "", problem);
            None
        }
        _ => {
            let problem =
                Diagnostic::error("wrong-type", format!("`{EXTENDS}` names one file, this is {}", node.noun()));
            problems.at(node.place, "", problem);
            None
        }
    }
}

fn inside(file: &str) -> bool {
    !file.is_empty() && !file.starts_with('/') && !file.contains(['\\', ':']) && file.split('/').all(|p| p != "..")
}

fn unreadable(file: &str, asked: Option<Place>, why: &ReadProblem, sources: &dyn Sources, problems: &mut Problems) {
    let names = sources.names();
    let shown = sources.display(file);
    let problem = match why {
        ReadProblem::Missing => {
            let mut problem = match asked {
                Some(_) => Diagnostic::error("missing-base", format!("there is no file `{shown}`")),
                None => Diagnostic::error("missing-environment", format!("there is no environment file `{shown}`")),
            };
            let bases = asked.is_some() && names.iter().any(|name| name.starts_with('_'));
            let fitting: Vec<&str> = names.iter().map(String::as_str).filter(|n| n.starts_with('_') == bases).collect();
            if let Some(meant) = nearest(file, fitting.iter().copied().filter(|n| *n != file)) {
                problem = problem.help(format!("did you mean `{meant}`?"));
            }
            if fitting.is_empty() {
                problem.help("there are no environment files yet; `landfall init` writes a first one")
            } else {
                problem.help(format!("there are: {}", listed(fitting)))
            }
        }
        ReadProblem::NotUtf8 => Diagnostic::error("not-utf8", format!("`{shown}` is no text in UTF-8"))
            .help("save it as UTF-8 without any other encoding"),
        ReadProblem::Other(why) => Diagnostic::error("unreadable", format!("`{shown}` cannot be read: {why}")),
    };
    match asked {
        Some(place) => problems.at(place, "named here", problem),
        None if *why == ReadProblem::Missing => problems.push(problem),
        None => {
            problems.files.push(File { shown, text: String::new() });
            let place = Place { file: problems.files.len() - 1, start: 0, end: 0 };
            problems.at(place, "", problem);
        }
    }
}
