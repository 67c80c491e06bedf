//! Role assignments: scope, role and principal, and the body that says them to Azure.

use super::body::Body;
use super::declare::Declared;
use super::nearest::{listed, nearest};
use super::resolve::Resolved;
use super::tree::{Entry, Kind, Scalar};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::Grant;
use crate::names::{ArmId, PrincipalId, RoleId};
use crate::schema::{role_by_name, role_names};

/// The keys of an assignment that are not simply properties.
pub(super) const KEYS: [&str; 2] = ["scope", "role"];
const SCOPE: &str = "scope";
const ROLE: &str = "role";
const ROLE_ID: &str = "roleDefinitionId";
const PRINCIPAL: &str = "principalId";
const CLIENT: &str = "clientId";
const PRINCIPAL_TYPE: &str = "principalType";

/// What a role assignment says: the grant, the body, and what a create gets beside it.
pub(super) fn read(declared: &Declared<'_>, reader: &mut Body<'_, '_>) -> Option<(Grant, Value, Value)> {
    let mut body = reader.read(declared.entries, &|key| key == ROLE_ID || declared.aside(key) || KEYS.contains(&key));
    let scope = scope(declared, reader);
    let role = role(declared, reader);
    let principal = body.property(PRINCIPAL).cloned();
    if principal.is_none() && !declared.entries.contains_key(PRINCIPAL) {
        missing(declared, reader, PRINCIPAL);
    }
    if let Some(Value::String(text)) = &principal
        && text.parse::<PrincipalId>().is_err()
    {
        let at = declared.entries[PRINCIPAL].value.place;
        let problem = Diagnostic::error("bad-guid", format!("`{PRINCIPAL}` is the object ID of a principal, a GUID"))
            .help("a reference such as ${identities.NAME.principalId} gives one");
        reader.problems.at(at, "", problem);
        return None;
    }
    if let Some(Value::Template(template)) = &principal
        && let Some(reference) = template.sole_reference()
        && let Some(meant) = principal_of(&reference.path.to_string())
    {
        let at = declared.entries[PRINCIPAL].value.place;
        let summary = format!("`{CLIENT}` is the ID of an application; a role is given to its principal");
        let problem =
            Diagnostic::error("bad-guid", summary).help(format!("did you mean `${{{}.{meant}}}`?", reference.address));
        reader.problems.at(at, "", problem);
        return None;
    }
    let (scope, role, principal) = (scope?, role?, principal?);
    let definition = match scope.subscription().and_then(|s| s.parse().ok()) {
        Some(subscription) => role.definition(&ArmId::subscription_of(&subscription)).to_string(),
        None => format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
    };
    body.as_map_mut().insert(ROLE_ID.to_owned(), Value::text(definition));
    let mut defaults = Value::map();
    if matches!(principal, Value::Template(_)) && body.property(PRINCIPAL_TYPE).is_none() {
        defaults.as_map_mut().insert(PRINCIPAL_TYPE.to_owned(), Value::text("ServicePrincipal"));
    }
    Some((Grant { scope, role, principal }, body, defaults))
}

/// Where the principal stands whose application this path names: Azure finds no principal of that ID.
fn principal_of(path: &str) -> Option<String> {
    match path.strip_suffix(CLIENT)? {
        "" => Some(PRINCIPAL.to_owned()),
        // A cluster's `identityProfile` calls it so.
        profile if profile.starts_with("identityProfile.") => Some(format!("{profile}objectId")),
        _ => None,
    }
}

fn text(entry: &Entry, key: &str, declared: &Declared<'_>, reader: &mut Body<'_, '_>) -> Option<String> {
    let place = entry.value.place;
    let Kind::Scalar(Scalar { text, .. }) = &entry.value.kind else {
        let summary = format!("`{key}` is text, not {}", entry.value.noun());
        reader.problems.at(place, "", Diagnostic::error("wrong-type", summary));
        return None;
    };
    match reader.resolver.resolve(text, place, Some(&declared.address), &mut reader.needs, reader.problems)? {
        Resolved::Text { text, .. } => Some(text),
        Resolved::Template { .. } => {
            let problem = Diagnostic::error("reference-here", format!("`{key}` must be known before apply"))
                .help("that is `id`, `name` and `location` of a resource");
            reader.problems.at(place, "", problem);
            None
        }
    }
}

fn missing(declared: &Declared<'_>, reader: &mut Body<'_, '_>, key: &str) {
    let problem = Diagnostic::error("missing-property", format!("`{}` needs `{key}`", declared.address));
    reader.problems.at(declared.key, format!("without `{key}`"), problem);
}

fn scope(declared: &Declared<'_>, reader: &mut Body<'_, '_>) -> Option<ArmId> {
    let Some(entry) = declared.entries.get(SCOPE) else {
        missing(declared, reader, SCOPE);
        return None;
    };
    let scope = text(entry, SCOPE, declared, reader)?;
    match ArmId::parse(&scope) {
        Ok(id) => {
            // The scope may be a resource of this environment, named by its id.
            let known = reader.resolver.known.iter().find(|(_, known)| known.id.as_ref() == Some(&id));
            reader.needs.extend(known.map(|(address, _)| address.clone()));
            Some(id)
        }
        Err(why) => {
            let problem = Diagnostic::error("bad-id", format!("`{SCOPE}` is no resource ID")).help(why.to_string());
            reader.problems.at(entry.value.place, "", problem);
            None
        }
    }
}

fn role(declared: &Declared<'_>, reader: &mut Body<'_, '_>) -> Option<RoleId> {
    let entry = match (declared.entries.get(ROLE), declared.entries.get(ROLE_ID)) {
        (Some(_), Some(second)) => {
            let problem = Diagnostic::error("said-twice", format!("`{ROLE}` and `{ROLE_ID}` say the same thing"))
                .help("keep one of them");
            reader.problems.at(second.key, "", problem);
            return None;
        }
        (Some(entry), None) | (None, Some(entry)) => entry,
        (None, None) => {
            missing(declared, reader, ROLE);
            return None;
        }
    };
    let said = text(entry, ROLE, declared, reader)?;
    if let Some(role) = role_by_name(&said).or_else(|| RoleId::from_guid_or_id(&said).ok()) {
        return Some(role);
    }
    let mut problem = Diagnostic::error("unknown-role", format!("no built-in role is called `{said}`"));
    if let Some(meant) = nearest(&said, role_names()) {
        problem = problem.help(format!("did you mean `{meant}`?"));
    }
    let problem = problem
        .help(format!("known by name: {}", listed(role_names())))
        .help("any other role is named by its GUID or ID");
    reader.problems.at(entry.value.place, "", problem);
    None
}
