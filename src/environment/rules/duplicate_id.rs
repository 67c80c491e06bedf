//! Two entries that are one resource in Azure, such as names that differ in capitals only.

use std::collections::BTreeMap;

use super::table::Case;
use crate::diagnostic::Diagnostic;
use crate::model::{Target, Wanted};

pub(super) const CODE: &str = "duplicate-resource";

pub(super) fn check(case: &mut Case<'_>) {
    let mut seen: BTreeMap<String, &Wanted> = BTreeMap::new();
    for wanted in case.resources.values() {
        let key = match &wanted.target {
            Target::Id(id) => id.key(),
            Target::Grant(grant) => format!("{}|{}|{:?}", grant.scope.key(), grant.role, grant.principal),
        };
        if let Some(first) = seen.get(&key) {
            let problem =
                Diagnostic::error(CODE, format!("`{}` is the same resource as `{}`", wanted.address, first.address));
            let capitals = wanted.address.as_str().eq_ignore_ascii_case(first.address.as_str());
            let problem = if capitals { problem.help("Azure does not tell capitals apart in names") } else { problem };
            case.report(wanted, "", problem);
            continue;
        }
        seen.insert(key, wanted);
    }
}
