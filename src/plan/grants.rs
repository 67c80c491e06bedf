//! Finding a role assignment by what it says. One of the few files that name ARM properties: an assignment's identity is its
//! scope, principal and role, and Azure answers those as properties.

use crate::document::{Path, Value};
use crate::model::{Entry, Grant, Live, Observed, Seen};
use crate::names::{ArmId, PrincipalId, RoleAssignmentId, RoleId};

const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";

/// Where a grant stands.
pub(super) enum Standing {
    /// The principal is not known yet, so that the assignment cannot exist.
    Unknown,
    /// Not there; this will be its id.
    Absent(ArmId),
    /// There, under whatever name.
    Present(Observed),
    /// A scope above gives the same role to the same principal.
    Inherited(ArmId),
    /// Not readable.
    Unreadable(String),
    /// The principal is no GUID.
    Malformed(String),
}

/// Looks a grant up among what holds at its scope.
pub(super) fn standing(grant: &Grant, principal: &Value, live: &Live) -> Standing {
    let Value::String(text) = principal else { return Standing::Unknown };
    let Ok(principal) = text.parse::<PrincipalId>() else { return Standing::Malformed(text.clone()) };
    let listed = match live.grants.get(&grant.scope) {
        Some(Seen::Present(listed)) => listed.as_slice(),
        Some(Seen::Absent) => &[],
        Some(Seen::Unreadable(why)) => return Standing::Unreadable(why.clone()),
        None => return Standing::Unreadable("its scope was not read".to_owned()),
    };
    let says_the_same = |o: &&Observed| {
        let text = |key: &str| o.body.property(key).and_then(Value::as_str);
        let same_principal = text("principalId").and_then(|t| t.parse::<PrincipalId>().ok()) == Some(principal);
        let role = text("roleDefinitionId").and_then(|t| RoleId::from_guid_or_id(t).ok());
        // A condition narrows an inherited assignment, so that it is no full substitute.
        same_principal && role == Some(grant.role)
    };
    let mut inherited = None;
    for observed in listed.iter().filter(says_the_same) {
        let scope = observed.body.get(&Path::of(["scope"])).and_then(Value::as_str).and_then(|t| ArmId::parse(t).ok());
        let scope = scope.or_else(|| observed.id.parent());
        match scope {
            Some(scope) if scope == grant.scope => return Standing::Present(observed.clone()),
            Some(scope)
                if grant.scope.within(&scope) && observed.body.property("condition").is_none_or(Value::is_empty) =>
            {
                inherited = Some(observed.id.clone());
            }
            _ => {}
        }
    }
    match inherited {
        Some(id) => Standing::Inherited(id),
        None => Standing::Absent(id_of(grant, principal)),
    }
}

/// The id of the assignment that landfall makes for a grant.
pub(super) fn id_of(grant: &Grant, principal: PrincipalId) -> ArmId {
    let name = RoleAssignmentId::derive(&grant.scope, principal, grant.role);
    grant.scope.provider(ROLE_ASSIGNMENT, &name.to_string())
}

/// The id of a grant once its principal is known; `None` when the text is no GUID.
pub fn grant_id(grant: &Grant, principal: &str) -> Option<ArmId> {
    principal.parse().ok().map(|principal| id_of(grant, principal))
}

/// Whether a scope above gives what a recorded role assignment gave, so that nothing is missing without it.
pub(super) fn inherited(live: &Live, entry: &Entry) -> bool {
    let text = |key: &str| entry.applied.property(key).and_then(Value::as_str);
    let role = text("roleDefinitionId").and_then(|t| RoleId::from_guid_or_id(t).ok());
    let principal = entry.applied.property("principalId").cloned();
    let (Some(scope), Some(role), Some(principal)) = (entry.id.parent(), role, principal) else { return false };
    let grant = Grant { scope, role, principal };
    matches!(standing(&grant, &grant.principal, live), Standing::Inherited(_))
}
