//! A node pool's operating system and its distribution go together.

use super::table::{Case, is, value};
use crate::diagnostic::Diagnostic;
use crate::document::Value;

pub(super) const CODE: &str = "os-sku";
const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
const SKU: &str = "osSKU";
const TYPE: &str = "osType";
const WINDOWS: &str = "Windows";

pub(super) fn check(case: &mut Case<'_>) {
    for pool in case.of_type(POOL) {
        let Some(Value::String(sku)) = value(pool, SKU) else { continue };
        // Without `osType` a pool is Linux; with a template it is not known.
        let known = value(pool, TYPE).is_none_or(|said| said.as_str().is_some());
        let windows = sku.to_ascii_lowercase().starts_with(&WINDOWS.to_ascii_lowercase());
        if known && windows != is(pool, TYPE, WINDOWS) {
            let system = if windows { "Linux" } else { WINDOWS };
            let problem = Diagnostic::error(CODE, format!("`{SKU}: {sku}` is no distribution of {system}"));
            let right = if windows { "write `osType: Windows` beside it" } else { "take one of them away" };
            case.report(pool, SKU, problem.help(right));
        }
    }
}
