//! Bounds of an autoscaled node pool.

use super::table::{Case, number, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;

pub(super) const CODE: &str = "autoscaler-bounds";
const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";

pub(super) fn check(case: &mut Case<'_>) {
    for pool in case.of_type(POOL) {
        let scaled = value(pool, "enableAutoScaling").and_then(Value::as_bool) == Some(true);
        let (min, count, max) = (number(pool, "minCount"), number(pool, "count"), number(pool, "maxCount"));
        if !scaled {
            // A template may turn out true, so only what is known to be fixed is judged.
            let unknown = matches!(value(pool, "enableAutoScaling"), Some(Value::Template(_)));
            for (bound, said) in [("minCount", min), ("maxCount", max)] {
                if said.is_some() && !unknown {
                    let problem =
                        Diagnostic::error(CODE, format!("`{bound}` has no effect without `enableAutoScaling: true`"));
                    case.report(pool, bound, problem.help("add `enableAutoScaling: true`, or take the bound away"));
                }
            }
            continue;
        }
        for bound in ["minCount", "maxCount"] {
            // 0 is a bound too, though an empty one.
            if pool.body.property(bound).is_none() {
                let problem = Diagnostic::error(CODE, format!("an autoscaled pool needs `{bound}`"));
                case.report(pool, "enableAutoScaling", problem);
            }
        }
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            case.report(
                pool,
                "minCount",
                Diagnostic::error(CODE, format!("`minCount` {min} is more than `maxCount` {max}")),
            );
        } else if let Some(count) = count
            && (min.is_some_and(|min| count < min) || max.is_some_and(|max| count > max))
        {
            let range = format!("{} to {}", min.unwrap_or(0), max.map_or("any".to_owned(), |max| max.to_string()));
            let problem =
                Diagnostic::error(CODE, format!("`count` {count} lies outside `minCount` to `maxCount`, {range}"));
            case.report(pool, "count", problem);
        }
    }
}
