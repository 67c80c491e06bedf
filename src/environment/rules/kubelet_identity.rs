//! A kubelet identity of one's own needs a control-plane identity of one's own.

use super::table::{Case, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;

pub(super) const CODE: &str = "kubelet-identity";
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const KUBELET: &str = "identityProfile.kubeletidentity";

pub(super) fn check(case: &mut Case<'_>) {
    for cluster in case.of_type(CLUSTER) {
        let assigned =
            value(cluster, "identity.type").and_then(Value::as_str).is_some_and(|t| t.contains("UserAssigned"));
        if value(cluster, KUBELET).is_some() && !assigned {
            let problem =
                Diagnostic::error(CODE, "a kubelet identity needs a user-assigned identity of the control plane").help(
                    "add `identity: {type: UserAssigned, userAssignedIdentities: {\"${identities.NAME.id}\": {}}}`",
                );
            case.report(cluster, KUBELET, problem);
        }
    }
}
