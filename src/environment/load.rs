//! The way from an environment's name to what it wants.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::body::Body;
use super::declare::{Declared, declare};
use super::problems::Problems;
use super::resolve::{Resolver, is_grant};
use super::settings::Settings;
use super::sources::Sources;
use super::tree::{Entries, Kind};
use super::{attach, defaults, files, grant, order, protect, required, rules, settings};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::document::{Map, Path, Value};
use crate::model::{Desired, Source, Target, Wanted};
use crate::names::{Address, EnvName, Location};
use crate::schema::Schema;

const TAGS: &str = "tags";
const LOCATION: &str = "location";

/// Reads an environment. There is none exactly when the problems hold an error.
///
/// ```
/// use landfall::environment::{MapSources, load};
/// let text = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n";
/// let (desired, problems) = load(&"prod".parse().unwrap(), &MapSources::new().file("prod.yaml", text));
/// assert!(problems.is_empty());
/// assert_eq!(desired.unwrap().resources.len(), 1);
/// ```
pub fn load(name: &EnvName, sources: &dyn Sources) -> (Option<Desired>, Diagnostics) {
    let mut problems = Problems::default();
    let desired = files::read(name, sources, &mut problems).and_then(|root| {
        let Kind::Map(root) = &root.kind else { unreachable!("BUG: only maps are parsed") };
        build(name, root, sources, &mut problems)
    });
    let wrong = problems.has_errors();
    (desired.filter(|_| !wrong), problems.finish())
}

/// What another kind of file says at its top, and what it is called.
const STRANGERS: [(&[&str], &str); 4] = [
    (&["apiVersion", "kind"], "a manifest of Kubernetes"),
    (&["$schema", "resources"], "a template of ARM"),
    (&["$schema", "parameters"], "a parameter file of ARM"),
    (&["services"], "a file for Docker Compose"),
];

/// Reports a file that was written for another tool. What it lacks of an environment is not worth saying.
fn stranger(root: &Entries, problems: &mut Problems) -> bool {
    let Some((keys, what)) = STRANGERS.iter().find(|(keys, _)| keys.iter().all(|key| root.contains_key(*key))) else {
        return false;
    };
    let problem = Diagnostic::error("not-an-environment", format!("this is {what}, not an environment"))
        .help("an environment says `subscription`, `resourceGroup`, `clusters`, `registries`")
        .help("`landfall init` writes a first one");
    problems.at(root[keys[0]].key, "", problem);
    true
}

fn build(name: &EnvName, root: &Entries, sources: &dyn Sources, problems: &mut Problems) -> Option<Desired> {
    if stranger(root, problems) {
        return None;
    }
    let mut resolver = Resolver::new(sources);
    let settings = settings::read(root, &resolver, problems);
    let declared = declare(root, &settings, &mut resolver, problems);
    let mut resources = IndexMap::new();
    for one in &declared {
        if let Some(mut wanted) = wanted(one, &declared, &settings, &resolver, problems) {
            defaults::tag(&mut wanted, one, name, &settings);
            resources.insert(one.address.clone(), wanted);
        }
    }
    order::check(&resources, problems);
    protect::spread(&mut resources);
    rules::check(&resources, settings.allow_unknown, problems);
    Some(Desired {
        environment: name.clone(),
        cloud: settings.cloud,
        subscription: settings.subscription?,
        resource_group: settings.group?,
        location: settings.location.as_deref().map(Location::new),
        state: settings.state,
        environment_tag: settings.environment_tag,
        resources,
    })
}

fn wanted(
    declared: &Declared<'_>,
    all: &[Declared<'_>],
    settings: &Settings<'_>,
    resolver: &Resolver<'_>,
    problems: &mut Problems,
) -> Option<Wanted> {
    let entries = with_tags(declared, settings);
    let mut reader = Body {
        resolver,
        problems,
        address: &declared.address,
        resource: declared.resource,
        children: declared.children,
        allow_unknown: settings.allow_unknown,
        needs: BTreeSet::new(),
    };
    let granted = Schema::get().collections().get(declared.address.collection()).is_some_and(is_grant);
    let (target, body, create_defaults, mut needs) = if granted && declared.parent.is_none() {
        let (grant, body, defaults) = grant::read(declared, &mut reader)?;
        (Target::Grant(grant), body, defaults, reader.needs)
    } else {
        let body = reader.read(&entries, &|key| declared.aside(key));
        let needs = reader.needs;
        let defaults = defaults::of(declared, &body, defaults::pulls(declared));
        required::check(declared, &body, &defaults, settings, problems);
        // Without an id nothing could be done; why there is none has been reported.
        (Target::Id(declared.id.clone()?), body, defaults, needs)
    };
    if declared.existing {
        unused(declared, &body, problems);
    }
    let pulls_from = attach::read(declared, resolver, problems);
    needs.extend(declared.parent.clone());
    needs.extend(group_of(&declared.address, &target, all));
    needs.remove(&declared.address);
    Some(Wanted {
        address: declared.address.clone(),
        arm_type: declared.resource.name.clone(),
        target,
        existing: declared.existing,
        protect: declared.protect || settings.protect,
        body: without_nulls(body),
        create_defaults,
        parent: declared.parent.clone(),
        depends_on: needs,
        pulls_from,
        source: Source::File,
    })
}

/// Warns of properties of a resource that is only referenced: nobody would set them.
fn unused(declared: &Declared<'_>, body: &Value, problems: &mut Problems) {
    for key in body.as_map().into_iter().flat_map(|map| map.keys()).filter(|key| *key != TAGS && *key != LOCATION) {
        let summary = format!("`{key}` has no effect, `{}` is only referenced", declared.address);
        let problem =
            Diagnostic::warning("ignored-property", summary).help("take it away, or take `existing: true` away");
        let place = problems.said(&declared.address, &Path::of([key.as_str()]));
        problems.at(place, "", problem);
    }
}

/// The environment's resource group, where landfall makes it and the resource lies in it.
fn group_of(address: &Address, target: &Target, all: &[Declared<'_>]) -> Option<Address> {
    let group = all.iter().find(|d| d.address == Address::resource_group() && !d.existing)?;
    let id = match target {
        Target::Id(id) => id,
        Target::Grant(grant) => &grant.scope,
    };
    (group.address != *address && id.within(group.id.as_ref()?)).then(|| group.address.clone())
}

/// A resource's entries with the environment's tags under its own, where its type has tags of the envelope.
fn with_tags(declared: &Declared<'_>, settings: &Settings<'_>) -> Entries {
    let mut entries = declared.entries.clone();
    let inherits = !declared.existing && declared.resource.tagged();
    if let Some(node) = settings.tags.filter(|_| inherits) {
        let own = entries.get(TAGS).cloned();
        let (key, value) = match own {
            Some(own) if matches!(own.value.kind, Kind::Null) => (own.key, node.clone()),
            Some(own) => (own.key, super::merge::merge(node.clone(), own.value)),
            None => (node.place, node.clone()),
        };
        entries.insert(TAGS.to_owned(), super::tree::Entry { key, value });
    }
    entries
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.into_iter().filter(|(_, v)| *v != Value::Null).map(|(k, v)| (k, without_nulls(v)));
            Value::Map(kept.collect::<Map>())
        }
        Value::List(items) => Value::List(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
