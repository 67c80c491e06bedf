//! What a System node pool may be: Linux, regular, and never empty.

use super::table::{Case, is, number, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;
use crate::model::Wanted;

pub(super) const CODE: &str = "system-pool";
const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
const HELP: &str = "write `mode: User`; a cluster has another System pool beside it";

pub(super) fn check(case: &mut Case<'_>) {
    for pool in case.of_type(POOL) {
        if !is(pool, "mode", "System") {
            continue;
        }
        for (path, word) in [("scaleSetPriority", "Spot"), ("osType", "Windows")] {
            if is(pool, path, word) {
                let problem = Diagnostic::error(CODE, format!("a System node pool cannot have `{path}: {word}`"));
                case.report(pool, path, problem.help(HELP));
            }
        }
        // An autoscaler owns the count.
        let scaled = value(pool, "enableAutoScaling").is_some_and(|said| *said != Value::Bool(false));
        for (path, counts) in [("count", !scaled), ("minCount", scaled)] {
            if counts && written(pool, path) == Some(0) {
                let problem = Diagnostic::error(CODE, "a System node pool has at least one node");
                case.report(pool, path, problem.help(format!("write `{path}: 1` or more")));
            }
        }
    }
}

/// A number as it is written; 0 counts.
fn written(pool: &Wanted, path: &str) -> Option<i64> {
    number(pool, path).or_else(|| match pool.body.property(path)? {
        Value::Number(n) => n.as_i64(),
        _ => None,
    })
}
