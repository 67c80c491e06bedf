//! Rotation of a node pool: a new pool beside the old one, then the old one deleted, which drains it. One of the few files
//! that name ARM properties, since a pool's name, count and tags are what rotation is about.

use sha2::{Digest, Sha256};

use crate::document::{Path, Value};
use crate::names::{Address, ArmId};

/// The tag that keeps a rotated pool's address, so that a lost record orphans nothing.
pub(super) const POOL_TAG: &str = "landfall-pool";
/// AKS: at most twelve characters for a Linux pool, six for a Windows one.
const LINUX_NAME: usize = 12;
const WINDOWS_NAME: usize = 6;
const SUFFIX: usize = 4;

/// The document of the new pool: what the file says, the number of nodes that there are now where an autoscaler owns it,
/// and the address as a tag.
pub(super) fn new_pool(wanted: &Value, live: &Value, address: &Address) -> Value {
    let mut body = wanted.clone();
    let autoscaled = body.property("enableAutoScaling").and_then(Value::as_bool) == Some(true);
    if (autoscaled || body.property("count").is_none())
        && let Some(count) = live.property("count")
    {
        body.set(&Path::of(["count"]), count.clone());
    }
    body.set(&Path::of(["tags", POOL_TAG]), Value::text(address.name()));
    body
}

/// The new pool's name: the old stem and four characters that follow from what is rotated to what, so that a second try
/// finds the first one's pool.
pub(super) fn new_name(address: &Address, old: &ArmId, wanted: &Value) -> String {
    let windows = wanted.property("osType").and_then(Value::as_str).is_some_and(|t| t.eq_ignore_ascii_case("windows"));
    let room = if windows { WINDOWS_NAME } else { LINUX_NAME } - SUFFIX;
    let mut hasher = Sha256::new();
    hasher.update(old.key());
    hasher.update(wanted.to_display_json().to_string());
    let suffix: String = hasher.finalize().iter().take(SUFFIX / 2).map(|b| format!("{b:02x}")).collect();
    let stem: String = address.name().chars().take(room).collect();
    format!("{stem}{suffix}")
}

/// Whether a live pool is the one that an earlier rotation made for this address.
pub(super) fn belongs(pool: &Value, address: &Address) -> bool {
    pool.get(&Path::of(["tags"])).and_then(Value::as_map).is_some_and(|tags| {
        let of_address =
            |(k, v): (&String, &Value)| k.eq_ignore_ascii_case(POOL_TAG) && v.as_str() == Some(address.name());
        tags.iter().any(of_address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_within_aks_rules() {
        let old =
            ArmId::parse("/subscriptions/s/resourceGroups/g/providers/M.C/managedClusters/c/agentPools/work").unwrap();
        let address: Address = "clusters.c.nodePools.workloadpool".parse().unwrap();
        let linux = new_name(&address, &old, &Value::map());
        assert_eq!((linux.len(), linux.starts_with("workload")), (12, true));
        let mut windows = Value::map();
        windows.set(&Path::of(["osType"]), Value::text("Windows"));
        assert_eq!(new_name(&address, &old, &windows).len(), 6);
        assert_eq!(linux, new_name(&address, &old, &Value::map()), "a second try finds the same name");
    }
}
