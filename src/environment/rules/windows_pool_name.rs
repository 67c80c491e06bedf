//! Windows node pools have short names.

use super::table::{Case, is};
use crate::diagnostic::Diagnostic;

pub(super) const CODE: &str = "windows-pool-name";
const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
/// Computer names of Windows have 15 characters, of which AKS needs nine.
const LONGEST: usize = 6;

pub(super) fn check(case: &mut Case<'_>) {
    for pool in case.of_type(POOL) {
        let name = pool.address.name();
        if is(pool, "osType", "Windows") && name.len() > LONGEST {
            let problem = Diagnostic::error(CODE, format!("`{name}` is too long for a Windows node pool"))
                .help(format!("its name has at most {LONGEST} characters"));
            case.report(pool, "", problem);
        }
    }
}
