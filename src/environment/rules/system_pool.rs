//! A cluster's own pods need a System node pool.

use super::table::{Case, is, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::Wanted;

pub(super) const CODE: &str = "no-system-pool";
const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
const OTHERS: [&str; 2] = ["User", "Gateway"];

pub(super) fn check(case: &mut Case<'_>) {
    for cluster in case.of_type(CLUSTER) {
        let hosted = value(cluster, "hostedSystemProfile.enabled").and_then(Value::as_bool) == Some(true);
        if hosted || is(cluster, "sku.name", "Automatic") || case.unclear(cluster) {
            continue;
        }
        let mut pools = case
            .resources
            .values()
            .filter(|w| w.arm_type.eq_ignore_ascii_case(POOL) && w.parent.as_ref() == Some(&cluster.address));
        // A pool that is only referenced, or whose mode is no known word, may be the one.
        let fine = |pool: &Wanted| {
            pool.existing || value(pool, "mode").is_some() && !OTHERS.iter().any(|mode| is(pool, "mode", mode))
        };
        if !pools.any(fine) {
            let problem = Diagnostic::error(CODE, format!("`{}` has no node pool with `mode: System`", cluster.address))
                .help("a cluster's own pods run on one; for instance nodePools: {system: {mode: System, vmSize: Standard_D4ds_v5, count: 3}}");
            case.report(cluster, "", problem);
        }
    }
}
