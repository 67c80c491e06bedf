//! `pullsFrom`: the registries a cluster pulls from.

use std::collections::BTreeSet;

use super::declare::Declared;
use super::nearest::{listed, nearest};
use super::problems::Problems;
use super::resolve::{Resolved, Resolver};
use super::tree::{Kind, Node, Scalar};
use crate::diagnostic::Diagnostic;
use crate::document::Path;
use crate::model::Attachment;
use crate::names::{Address, ArmId};
use crate::schema::Schema;

/// The key under which a cluster names its registries.
pub(super) const KEY: &str = "pullsFrom";
/// The collection whose members pull.
pub(super) const PULLING: &str = "clusters";
/// The collection whose members are pulled from.
const PULLED: &str = "registries";

/// The attachments that a cluster names.
pub(super) fn read(declared: &Declared<'_>, resolver: &Resolver<'_>, problems: &mut Problems) -> Vec<Attachment> {
    let Some(entry) = declared.entries.get(KEY).filter(|_| declared.aside(KEY)) else { return Vec::new() };
    let at = Path::of([KEY]);
    problems.remember(&declared.address, &at, entry.key);
    let items = match &entry.value.kind {
        Kind::Null => return Vec::new(),
        Kind::List(items) => items,
        _ => {
            let problem = Diagnostic::error("wrong-type", format!("`{KEY}` is a list, not {}", entry.value.noun()))
                .help(format!("write `{KEY}: [NAME, ...]`: names of registries of this file, or resource IDs"));
            problems.at(entry.value.place, "", problem);
            return Vec::new();
        }
    };
    let mut out: Vec<Attachment> = Vec::new();
    for node in items {
        let Some(found) = one(node, declared, resolver, problems) else { continue };
        if out.iter().any(|before| before.registry == found.registry || before.name.eq_ignore_ascii_case(&found.name)) {
            let problem =
                Diagnostic::error("duplicate-attachment", format!("the registry `{}` is named twice", found.name));
            problems.at(node.place, "again", problem);
            continue;
        }
        out.push(found);
    }
    out
}

fn one(node: &Node, declared: &Declared<'_>, resolver: &Resolver<'_>, problems: &mut Problems) -> Option<Attachment> {
    let Kind::Scalar(Scalar { text, .. }) = &node.kind else {
        let summary = format!("`{KEY}` lists names and resource IDs, not {}", node.noun());
        problems.at(node.place, "", Diagnostic::error("wrong-type", summary));
        return None;
    };
    let mut needs = BTreeSet::new();
    let text = match resolver.resolve(text, node.place, Some(&declared.address), &mut needs, problems)? {
        Resolved::Text { text, .. } => text,
        Resolved::Template { .. } => {
            let problem = Diagnostic::error("reference-here", format!("`{KEY}` must be known before apply"))
                .help("name the registry, or its `id`");
            problems.at(node.place, "", problem);
            return None;
        }
    };
    if text.starts_with('/') {
        return by_id(&text, node, resolver, problems);
    }
    let name = text.strip_prefix(&format!("{PULLED}.")).unwrap_or(&text);
    let registries: Vec<&Address> =
        resolver.known.keys().filter(|a| a.collection() == PULLED && a.parent().is_none()).collect();
    match registries.iter().find(|a| a.name() == name) {
        Some(address) => Some(Attachment {
            name: name.to_owned(),
            registry: resolver.known[*address].id.clone()?,
            address: Some((*address).clone()),
        }),
        None if text.is_empty() => {
            let problem = Diagnostic::error("unknown-registry", "a registry without a name")
                .help(format!("`{KEY}` lists names of registries of this file, or resource IDs"));
            problems.at(node.place, "", problem);
            None
        }
        None => {
            let names: Vec<&str> = registries.iter().map(|a| a.name()).collect();
            let mut problem =
                Diagnostic::error("unknown-registry", format!("this environment has no registry `{name}`"));
            // The login server is what images are named by, and what people know.
            let host = name.split_once(".azurecr.").map_or(name, |(host, _)| host);
            if let Some(meant) = nearest(host, names.iter().copied()) {
                problem = problem.help(format!("did you mean `{meant}`?"));
            }
            if !names.is_empty() {
                problem = problem.help(format!("{PULLED}: {}", listed(names)));
            }
            problems.at(node.place, "", problem.help("a registry of elsewhere is named by its resource ID"));
            None
        }
    }
}

fn by_id(text: &str, node: &Node, resolver: &Resolver<'_>, problems: &mut Problems) -> Option<Attachment> {
    let wanted = Schema::get().collections().get(PULLED).map(|child| child.arm_type.as_str()).unwrap_or_default();
    let id = ArmId::parse(text).ok().filter(|id| id.resource_type().is_some_and(|t| t.eq_ignore_ascii_case(wanted)));
    let Some(id) = id else {
        let problem = Diagnostic::error("bad-id", "this is no resource ID of a registry")
            .help(format!("one looks like /subscriptions/.../{wanted}/NAME"));
        problems.at(node.place, "", problem);
        return None;
    };
    let address = resolver.known.iter().find(|(_, known)| known.id.as_ref() == Some(&id)).map(|(a, _)| a.clone());
    Some(Attachment { name: id.name().to_owned(), registry: id, address })
}
