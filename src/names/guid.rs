//! GUIDs that must not be mixed up: a principal's object id, a role, a role assignment's name.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::ArmId;

/// A text that is no GUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no GUID (8-4-4-4-12 hexadecimal digits)")]
pub struct GuidError(String);

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The GUID itself.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }
        impl FromStr for $name {
            type Err = GuidError;
            fn from_str(text: &str) -> Result<Self, GuidError> {
                let dashed = text.len() == 36;
                Uuid::parse_str(text).ok().filter(|_| dashed).map(Self).ok_or_else(|| GuidError(text.to_owned()))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

guid!(
    /// The object id of a principal in Entra: what a role is assigned to. Never an application's client id.
    ///
    /// ```compile_fail
    /// use landfall::names::{PrincipalId, RoleId};
    /// let p: PrincipalId = "7f951dda-4ed3-4680-a7ca-43fe172d538d".parse::<RoleId>().unwrap();
    /// ```
    PrincipalId
);
guid!(
    /// The GUID of a role definition; its id under a subscription and its tenant-level id name the same role.
    RoleId
);
guid!(
    /// The name of a role assignment.
    RoleAssignmentId
);

impl RoleId {
    /// The role definition's id below `subscription`, the form that role assignments answer.
    pub fn definition(self, subscription: &ArmId) -> ArmId {
        subscription.provider("Microsoft.Authorization/roleDefinitions", &self.0.to_string())
    }

    /// Reads a role out of a GUID or any role definition id.
    pub fn from_guid_or_id(text: &str) -> Result<Self, GuidError> {
        text.rsplit('/').next().unwrap_or(text).parse()
    }
}

impl RoleAssignmentId {
    /// The name landfall gives an assignment: a version-5 UUID of the lower-cased scope, the principal and the role, so
    /// that asking twice is one assignment.
    ///
    /// ```
    /// use landfall::names::{ArmId, RoleAssignmentId};
    /// let principal = "d0ad416c-2ccb-42c1-a5eb-01c8cb8e2c5b".parse().unwrap();
    /// let role = "7f951dda-4ed3-4680-a7ca-43fe172d538d".parse().unwrap();
    /// let of = |scope| RoleAssignmentId::derive(&ArmId::parse(scope).unwrap(), principal, role);
    /// assert_eq!(of("/subscriptions/s/resourceGroups/RG"), of("/subscriptions/s/resourcegroups/rg"));
    /// ```
    pub fn derive(scope: &ArmId, principal: PrincipalId, role: RoleId) -> Self {
        let text = format!("{}|{principal}|{role}", scope.key());
        Self(Uuid::new_v5(&Uuid::NAMESPACE_URL, text.as_bytes()))
    }
}
