//! A kubelet identity of one's own needs a control-plane identity of one's own.

use super::table::{Case, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::Wanted;
use crate::names::ArmId;

pub(super) const CODE: &str = "kubelet-identity";
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const KUBELET: &str = "identityProfile.kubeletidentity";
const RESOURCE_ID: &str = "identityProfile.kubeletidentity.resourceId";

pub(super) fn check(case: &mut Case<'_>) {
    for cluster in case.of_type(CLUSTER) {
        let assigned =
            value(cluster, "identity.type").and_then(Value::as_str).is_some_and(|t| t.contains("UserAssigned"));
        if value(cluster, KUBELET).is_some() && !assigned && made_here(case, cluster) {
            let problem =
                Diagnostic::error(CODE, "a kubelet identity needs a user-assigned identity of the control plane").help(
                    "add `identity: {type: UserAssigned, userAssignedIdentities: {\"${identities.NAME.id}\": {}}}`",
                );
            case.report(cluster, KUBELET, problem);
        }
    }
}

/// Whether this environment makes the identity. Another one may be what AKS itself gave the cluster, which it accepts when it
/// is said back beside a system-assigned identity; whether it is that shows only in the plan.
fn made_here(case: &Case<'_>, cluster: &Wanted) -> bool {
    let id = value(cluster, RESOURCE_ID).and_then(Value::as_str).and_then(|text| ArmId::parse(text).ok());
    id.is_some_and(|id| case.resources.values().any(|wanted| !wanted.existing && wanted.id() == Some(&id)))
}
