//! What a create is given where the file says nothing: the table of the schema, filled in.

use super::attach;
use super::declare::Declared;
use super::naming::dns_label;
use super::settings::Settings;
use crate::document::{Path, Value};
use crate::model::Wanted;
use crate::names::EnvName;
use crate::schema::CreateDefault;

/// Not given to a cluster that pulls: the identities that make it attached from birth are landfall's choice.
const NOT_BESIDE_PULLS: &str = "identity";
const LOCATION: &str = "location";
const TAGS: &str = "tags";
/// Azure takes no more tags on one resource.
const MOST_TAGS: usize = 50;

/// The defaults of a resource's create.
pub(super) fn of(declared: &Declared<'_>, body: &Value, pulls: bool) -> Value {
    let mut out = Value::map();
    if declared.existing {
        return out;
    }
    let said = |key: &str| body.property(key).is_some_and(|value| !value.is_empty());
    for default in &declared.resource.create_defaults {
        let chosen = pulls && default.path == Path::of([NOT_BESIDE_PULLS]);
        let lonely = declared.among == 1 && !declared.parent_existing;
        let withheld = chosen || default.unless.iter().any(|key| said(key)) || (default.only_child && !lonely);
        if withheld || body.get(&default.path).is_some_and(|value| !value.is_empty()) {
            continue;
        }
        if let Some(value) = filled(default, declared) {
            out.set(&default.path, value);
        }
    }
    // A region that the type needs and the table does not give is the environment's.
    let needed = declared.resource.properties().get(LOCATION).is_some_and(|p| p.required);
    if needed
        && !said(LOCATION)
        && out.property(LOCATION).is_none()
        && let Some(location) = &declared.location
    {
        out.set(&Path::of([LOCATION]), Value::text(location.as_str()));
    }
    out
}

/// Adds the tag that says which environment a resource was made for, where its type has tags and the file says no such tag
/// itself. With the defaults it is given when the resource is made, and neither compared nor put right.
pub(super) fn tag(wanted: &mut Wanted, declared: &Declared<'_>, environment: &EnvName, settings: &Settings<'_>) {
    let Some(name) = settings.environment_tag.as_deref().filter(|_| !declared.existing) else { return };
    let said = wanted.body.property(TAGS).and_then(Value::as_map);
    let room = said.is_none_or(|tags| tags.len() < MOST_TAGS && !tags.keys().any(|tag| tag.eq_ignore_ascii_case(name)));
    if declared.resource.tagged() && room {
        wanted.create_defaults.set(&Path::of([TAGS, name]), Value::text(environment.as_str()));
    }
}

fn filled(default: &CreateDefault, declared: &Declared<'_>) -> Option<Value> {
    match default.value.as_str() {
        Some("{name}") => Some(dns_label(declared.address.name())).filter(|label| !label.is_empty()).map(Value::text),
        Some("{location}") => declared.location.clone().map(Value::text),
        _ => Some(default.value.clone()),
    }
}

/// Whether a cluster's entries say anything under `pullsFrom`.
pub(super) fn pulls(declared: &Declared<'_>) -> bool {
    declared.aside(attach::KEY)
        && declared
            .entries
            .get(attach::KEY)
            .is_some_and(|e| matches!(&e.value.kind, super::tree::Kind::List(l) if !l.is_empty()))
}
