//! Which identities a cluster's control plane takes.

use super::table::{Case, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::names::ArmId;

pub(super) const CODE: &str = "control-identity";
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const NAMED: &str = "identity.userAssignedIdentities";
const EXAMPLE: &str = "write `identity: {type: UserAssigned, userAssignedIdentities: {\"${identities.NAME.id}\": {}}}`";

pub(super) fn check(case: &mut Case<'_>) {
    for cluster in case.of_type(CLUSTER) {
        let named = value(cluster, NAMED).and_then(Value::as_map);
        let names: Vec<&String> = named.into_iter().flat_map(|map| map.keys()).collect();
        if names.len() > 1 {
            let summary = format!("a cluster's control plane has one user-assigned identity, not {}", names.len());
            case.report(cluster, NAMED, Diagnostic::error(CODE, summary).help("keep one of them"));
        }
        for name in names {
            let user_assigned =
                ArmId::parse(name).is_ok_and(|id| id.resource_type().is_some_and(|kind| kind.ends_with("dentities")));
            if !user_assigned {
                let problem = Diagnostic::error(CODE, format!("`{name}` is no resource ID of an identity"));
                case.report(cluster, NAMED, problem.help(EXAMPLE));
            }
        }
    }
}
