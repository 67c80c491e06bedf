//! What a create is given where the file says nothing: the table of the schema, filled in.

use super::attach;
use super::declare::Declared;
use super::naming::dns_label;
use crate::document::{Path, Value};
use crate::schema::CreateDefault;

/// Not given to a cluster that pulls: the identities that make it attached from birth are landfall's choice.
const NOT_BESIDE_PULLS: &str = "identity";
const LOCATION: &str = "location";

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
