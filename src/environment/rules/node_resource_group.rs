//! AKS makes the resource group of a cluster's nodes itself, and for that cluster alone.

use std::collections::BTreeMap;

use super::table::{Case, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::Wanted;
use crate::names::{ArmId, ResourceGroupName};

pub(super) const CODE: &str = "node-resource-group";
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const GROUP: &str = "nodeResourceGroup";

pub(super) fn check(case: &mut Case<'_>) {
    let mut taken: BTreeMap<(String, String), &Wanted> = BTreeMap::new();
    for cluster in case.of_type(CLUSTER) {
        let Some(Value::String(group)) = value(cluster, GROUP) else { continue };
        if let Err(why) = group.parse::<ResourceGroupName>() {
            case.report(
                cluster,
                GROUP,
                Diagnostic::error(CODE, format!("`{GROUP}` cannot be `{group}`")).help(why.to_string()),
            );
            continue;
        }
        let subscription = cluster.id().and_then(ArmId::subscription).unwrap_or_default().to_lowercase();
        let own = cluster.id().and_then(ArmId::resource_group).unwrap_or_default();
        if own.eq_ignore_ascii_case(group) {
            let problem = Diagnostic::error(CODE, format!("`{group}` is the group of the cluster itself"))
                .help("AKS makes a group of its own for the nodes; take `nodeResourceGroup` away, or name another");
            case.report(cluster, GROUP, problem);
        } else if let Some(first) = taken.insert((subscription, group.to_lowercase()), cluster) {
            let problem = Diagnostic::error(CODE, format!("`{group}` holds the nodes of `{}` already", first.address))
                .help("every cluster has a group of its own for its nodes, which AKS makes");
            case.report(cluster, GROUP, problem);
        }
    }
}
