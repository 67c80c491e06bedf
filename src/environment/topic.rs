//! What a path of the language names: a collection, a resource, a property, or a key of landfall's own. Typed with names of
//! resources (`clusters.prod.tags`) or without (`clusters.tags`), for whoever asks what it means.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::nearest::nearest;
use super::own_keys::{OwnKey, own_keys_at};
use crate::document::{Path, Segment};
use crate::schema::{Child, ResourceType, Schema, Shape};

const GROUP: &str = "resourceGroup";
const GROUP_TYPE: &str = "Microsoft.Resources/resourceGroups";

/// What a path names.
#[derive(Debug, Clone)]
pub enum Topic {
    /// The environment itself.
    Environment,
    /// A key of landfall's own, and the collections it stands below.
    Own(&'static OwnKey),
    /// A kind of resource.
    Resource(Kind),
    /// A property of a kind of resource.
    Property(Kind, Path),
}

/// A kind of resource, as a file names it.
#[derive(Debug, Clone)]
pub struct Kind {
    /// The collections down to it: `["clusters", "nodePools"]`.
    pub collections: Vec<String>,
    /// Its type.
    pub resource: &'static ResourceType,
    /// The collections below each.
    pub children: Option<&'static IndexMap<String, Child>>,
}

/// A path that names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoTopic {
    /// As far as it is right.
    pub right: String,
    /// The first word that is wrong.
    pub wrong: String,
    /// What it may have meant.
    pub meant: Option<String>,
    /// Whole paths that end in the word, where there are any.
    pub elsewhere: Vec<String>,
}

/// Finds what a path names; the empty path is the environment.
///
/// # Errors
/// Where it stops making sense, and the nearest names there.
pub fn topic(text: &str) -> Result<Topic, NoTopic> {
    if text.is_empty() {
        return Ok(Topic::Environment);
    }
    let words: Vec<String> = match Path::parse(text) {
        Some(path) => path
            .segments()
            .iter()
            .filter_map(|s| if let Segment::Key(key) = s { Some(key.clone()) } else { None })
            .collect(),
        None => text.split('.').map(str::to_owned).collect(),
    };
    let first = words.first().map(String::as_str).unwrap_or_default();
    let group = || Kind {
        collections: vec![GROUP.to_owned()],
        resource: Schema::get().resource(GROUP_TYPE).expect("BUG: the schema has resource groups"),
        children: None,
    };
    if first == GROUP {
        return below(group(), &words[1..], false);
    }
    match Schema::get().collections().get(first) {
        Some(child) => below(kind(first, child, Vec::new()), &words[1..], false)
            .map_err(|why| NoTopic { elsewhere: elsewhere(text), ..why }),
        None => {
            if let (Some(own), 1) = (own_keys_at(&[]).find(|own| own.key == first), words.len()) {
                return Ok(Topic::Own(own));
            }
            let names = own_keys_at(&[]).map(|own| own.key);
            let collections = Schema::get().collections().keys().map(String::as_str);
            Err(none("", first, nearest(first, names.chain(collections))))
        }
    }
}

fn kind(name: &str, child: &'static Child, mut above: Vec<String>) -> Kind {
    above.push(name.to_owned());
    let resource = Schema::get().resource(&child.arm_type).expect("BUG: the type of a collection is in the schema");
    Kind { collections: above, resource, children: Some(&child.children) }
}

/// What words mean below a kind of resource. Where the first means nothing it is taken for the name of one.
fn below(kind: Kind, words: &[String], named: bool) -> Result<Topic, NoTopic> {
    let first_wrong = match inside(&kind, words, named) {
        Err(why) if words.first() == Some(&why.wrong) => why,
        found => return found,
    };
    let nameless = kind.collections.first().is_some_and(|c| c == GROUP);
    match words {
        _ if nameless => Err(first_wrong),
        // A lone word that is near no property is a name, and so is one below a resource that was named.
        [word] if named || (first_wrong.meant.is_none() && elsewhere(word).is_empty()) => Ok(Topic::Resource(kind)),
        [_] => Err(first_wrong),
        [_, rest @ ..] => inside(&kind, rest, true).map_err(|deeper| match &first_wrong.meant {
            Some(_) if rest.first() == Some(&deeper.wrong) => first_wrong.clone(),
            _ => deeper,
        }),
        [] => Err(first_wrong),
    }
}

fn inside(kind: &Kind, words: &[String], named: bool) -> Result<Topic, NoTopic> {
    let Some(first) = words.first() else { return Ok(Topic::Resource(kind.clone())) };
    if let Some((name, child)) = kind.children.and_then(|children| children.get_key_value(first)) {
        return below(self::kind(name, child, kind.collections.clone()), &words[1..], named);
    }
    let collections: Vec<&str> = kind.collections.iter().map(String::as_str).collect();
    let property = kind.resource.properties().get(first).filter(|p| !p.identifier && !p.hidden);
    if property.is_none() {
        if let (Some(own), 1) = (own_keys_at(&collections).find(|own| own.key == first), words.len()) {
            return Ok(Topic::Own(own));
        }
        let names = kind.resource.properties().iter().filter(|(_, p)| !p.identifier && !p.hidden).map(|(n, _)| n);
        let children = kind.children.into_iter().flatten().map(|(name, _)| name);
        let all = names.chain(children).map(String::as_str).chain(own_keys_at(&collections).map(|own| own.key));
        return Err(none(&kind.collections.join("."), first, nearest(first, all)));
    }
    let mut path = Path::root();
    for word in words {
        let next = path.key(word);
        if kind.resource.at(&next).is_none() {
            // `agentPoolProfiles.name` may be typed for `agentPoolProfiles[0].name`.
            let element = path.index(0);
            if kind.resource.at(&element.key(word)).is_some() {
                path = element.key(word);
                continue;
            }
            let right = format!("{}.{path}", kind.collections.join("."));
            return Err(none(&right, word, nearest(word, names_at(kind.resource, &path).iter().map(String::as_str))));
        }
        path = next;
    }
    Ok(Topic::Property(kind.clone(), path))
}

/// The names of the properties below a path that a person may write; those of the elements below a list.
pub fn names_at(resource: &ResourceType, path: &Path) -> Vec<String> {
    let Some((shape, _)) = resource.at(path) else { return Vec::new() };
    match Schema::get().shape(shape) {
        Shape::Object { properties, .. } => {
            properties.iter().filter(|(_, p)| p.writable()).map(|(name, _)| name.clone()).collect()
        }
        Shape::List { .. } => names_at(resource, &path.index(0)),
        _ => Vec::new(),
    }
}

fn none(right: &str, wrong: &str, meant: Option<&str>) -> NoTopic {
    let meant = meant.map(|meant| if right.is_empty() { meant.to_owned() } else { format!("{right}.{meant}") });
    NoTopic { right: right.to_owned(), wrong: wrong.to_owned(), meant, elsewhere: Vec::new() }
}

/// Where else the last word of a path is a property or a collection.
fn elsewhere(text: &str) -> Vec<String> {
    let last = text.rsplit('.').next().unwrap_or_default();
    let mut out = BTreeSet::new();
    fn walk(level: &IndexMap<String, Child>, above: &str, last: &str, out: &mut BTreeSet<String>) {
        for (name, child) in level {
            let here = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
            if let Some(resource) = Schema::get().resource(&child.arm_type) {
                let written = || resource.properties().iter().filter(|(_, p)| p.writable()).map(|(name, _)| name);
                let at_top = written().cloned();
                let deeper = written().flat_map(|key| {
                    names_at(resource, &Path::of([key.as_str()])).into_iter().map(move |name| format!("{key}.{name}"))
                });
                let fits = |path: &String| path == last || path.ends_with(&format!(".{last}"));
                out.extend(at_top.chain(deeper).filter(fits).map(|path| format!("{here}.{path}")));
            }
            walk(&child.children, &here, last, out);
        }
    }
    if last.len() > 3 {
        walk(Schema::get().collections(), "", last, &mut out);
    }
    out.into_iter().take(4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match topic(text) {
            Ok(Topic::Environment) => "environment".to_owned(),
            Ok(Topic::Own(own)) => format!("own {}", own.key),
            Ok(Topic::Resource(kind)) => format!("resource {}", kind.collections.join(".")),
            Ok(Topic::Property(kind, path)) => format!("property {} {path}", kind.collections.join(".")),
            Err(why) => format!("none: {} in {:?}, {}", why.wrong, why.right, why.meant.unwrap_or_default()),
        }
    }

    #[test]
    fn a_path_with_or_without_names() {
        let table = [
            ("", "environment"),
            ("clusters", "resource clusters"),
            ("clusters.prod", "resource clusters"),
            ("clusters.networkProfile.networkPolicy", "property clusters networkProfile.networkPolicy"),
            ("clusters.aks-prod.networkProfile.networkPolicy", "property clusters networkProfile.networkPolicy"),
            ("clusters.nodePools.vmSize", "property clusters.nodePools vmSize"),
            ("clusters.prod.nodePools.work.vmSize", "property clusters.nodePools vmSize"),
            ("clusters.prod.nodePools.work", "resource clusters.nodePools"),
            ("clusters.prod.tags", "property clusters tags"),
            ("clusters.prod.tags.team", "property clusters tags.team"),
            ("clusters.pullsFrom", "own pullsFrom"),
            ("registries.sku.name", "property registries sku.name"),
            ("registries.networkRuleSet.ipRules.value", "property registries networkRuleSet.ipRules[0].value"),
            ("resourceGroup.location", "property resourceGroup location"),
            ("extends", "own extends"),
            ("roleAssignments.role", "own role"),
            ("cluster", "none: cluster in \"\", clusters"),
            ("clusters.networkProfil", "none: networkProfil in \"clusters\", clusters.networkProfile"),
            (
                "clusters.prod.networkProfile.networkPolcy",
                "none: networkPolcy in \"clusters.networkProfile\", clusters.networkProfile.networkPolicy",
            ),
            ("clusters.nodePools.vmsise", "none: vmsise in \"clusters.nodePools\", clusters.nodePools.vmSize"),
        ];
        for (text, meant) in table {
            assert_eq!(shown(text), meant, "{text}");
        }
    }

    #[test]
    fn a_word_at_the_wrong_place_is_found_elsewhere() {
        let why = topic("clusters.vmSize").expect_err("a cluster has none");
        assert_eq!(why.elsewhere, ["clusters.nodePools.vmSize"]);
    }
}
