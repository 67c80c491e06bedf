//! Whether Azure has what was asked for at a place, where that also hangs on what stands beside it: a first value under an
//! autoscaler, an alias of a version, a property that another one makes moot.

use super::equal::version;
use super::{equal, look_up};
use crate::document::{Path, Value};
use crate::schema::{Equality, ResourceType};

/// The documents around a place.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The document that asks for something there.
    pub asked: &'a Value,
    /// What Azure has.
    pub live: &'a Value,
    /// What Azure has of the parent, for a child that is read out of it.
    pub parent: Option<&'a Value>,
}

impl<'a> Around<'a> {
    /// What a neighbour is going to be: what is asked for, or else what is live.
    fn said(&self, path: &Path) -> Option<&'a Value> {
        self.asked.get(path).or_else(|| self.live.get(path))
    }

    /// What Azure has beside a place.
    fn beside(&self, path: &Path, sibling: &str) -> Option<&'a Value> {
        self.live.get(&path.parent().unwrap_or_default().key(sibling))
    }
}

/// Whether Azure has `value` at `path`, all considered.
pub fn settled(resource: &ResourceType, path: &Path, value: &Value, around: &Around<'_>) -> bool {
    initial_only(resource, path, around)
        // While Azure still has another value there, it is not moot yet.
        || moot(resource, path, around) && moot(resource, path, &Around { asked: around.live, ..*around })
        || equal(resource, path, value, look_up(resource, around.live, path))
        || same_version(resource, path, value, around)
        || newer_by_channel(resource, path, value, around)
}

/// Whether the value at this path was a first value only (`count` under an autoscaler), so that what is there by now is
/// Azure's.
pub fn initial_only(resource: &ResourceType, path: &Path, around: &Around<'_>) -> bool {
    let Equality::InitialIf(sibling) = resource.fact(path).equality else { return false };
    let sibling = path.parent().unwrap_or_default().key(&sibling);
    around.said(&sibling).and_then(Value::as_bool) == Some(true)
}

/// Whether another property makes what is said at this path without effect, so that Azure drops it.
pub(super) fn moot(resource: &ResourceType, path: &Path, around: &Around<'_>) -> bool {
    resource.moot.iter().any(|moot| {
        // Nothing said is the default, which `equal` knows.
        path.starts_with(&moot.path) && equal(resource, &moot.when, &moot.is, around.said(&moot.when))
    })
}

/// What Azure takes an absent value at this path for, in this company.
pub(super) fn default_of(resource: &ResourceType, path: &Path, around: &Around<'_>) -> Option<Value> {
    let keyed = resource
        .keyed_defaults
        .iter()
        .find(|keyed| keyed.path == *path && equal(resource, &keyed.when, &keyed.is, around.said(&keyed.when)));
    keyed.map(|keyed| keyed.default.clone()).or_else(|| resource.row(path)?.default.clone())
}

/// Whether Azure reports an alias for the full version that is asked for, and says beside it that this is the one.
fn same_version(resource: &ResourceType, path: &Path, value: &Value, around: &Around<'_>) -> bool {
    let Equality::Version(Some(current)) = resource.fact(path).equality else { return false };
    let current = around.beside(path, &current).and_then(Value::as_str);
    matches!((value.as_str(), current), (Some(value), Some(current)) if version(value, current))
}

/// Whether a channel that Azure upgrades by has moved the version that is asked for.
fn newer_by_channel(resource: &ResourceType, path: &Path, value: &Value, around: &Around<'_>) -> bool {
    let Some(advisory) = resource.advisory.iter().find(|advisory| advisory.path == *path) else { return false };
    // Who switches a channel off finds the version that it has moved.
    let channels = match advisory.of_parent {
        true => vec![around.parent.and_then(|parent| parent.get(&advisory.channel))],
        false => vec![around.said(&advisory.channel), around.live.get(&advisory.channel)],
    };
    let named: Vec<&str> = channels.into_iter().flatten().filter_map(Value::as_str).collect();
    let is_one_of = |words: &[String]| named.iter().any(|n| words.iter().any(|word| word.eq_ignore_ascii_case(n)));
    let Equality::Version(current) = resource.fact(path).equality else { return false };
    let current = current.and_then(|current| around.beside(path, &current));
    let is = current.or_else(|| around.live.get(path)).and_then(Value::as_str).and_then(numbers);
    let (Some(asked), Some(is)) = (value.as_str().and_then(numbers), is) else { return false };
    // Within a minor the patch is the channel's, whichever was named.
    asked[..2] == is[..2] && is_one_of(&advisory.patch) || asked[..2] < is[..2] && is_one_of(&advisory.minor)
}

/// Major, minor and, where it is said, patch.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let parts: Option<Vec<u64>> =
        version.trim().trim_start_matches('v').split('.').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| (2..=3).contains(&parts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use serde_json::{Value as Json, json};

    /// What the document `asked` says at `path`, against a live document.
    fn is_settled(arm_type: &str, path: &str, asked: &Json, live: &Json) -> bool {
        let resource = Schema::get().resource(arm_type).unwrap();
        let (path, asked) = (Path::parse(path).unwrap(), Value::from_json(asked.clone()));
        let value = asked.get(&path).unwrap().clone();
        let live = Value::from_json(live.clone());
        settled(resource, &path, &value, &Around { asked: &asked, live: &live, parent: None })
    }

    #[test]
    fn neighbours_explain_a_value() {
        let cluster = "Microsoft.ContainerService/managedClusters";
        let pool = "Microsoft.ContainerService/managedClusters/agentPools";
        let patched = json!({"autoUpgradeProfile": {"upgradeChannel": "patch"}, "kubernetesVersion": "1.33.7"});
        let stable = json!({"autoUpgradeProfile": {"upgradeChannel": "stable"}, "kubernetesVersion": "1.34", "currentKubernetesVersion": "1.34.2"});
        let alias = json!({"kubernetesVersion": "1.33", "currentKubernetesVersion": "1.33.5"});
        for (arm_type, path, asked, live, expected) in [
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.33.5"}), &alias, true),
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.33.4"}), &alias, false),
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.33.5"}), &patched, true),
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.33.9"}), &patched, true),
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.32"}), &patched, false),
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.33.5"}), &stable, true),
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.33"}), &stable, true),
            (cluster, "kubernetesVersion", json!({"kubernetesVersion": "1.35"}), &stable, false),
            // The channel is to be switched off, and has moved the version before.
            (
                cluster,
                "kubernetesVersion",
                json!({"kubernetesVersion": "1.33", "autoUpgradeProfile": {"upgradeChannel": "none"}}),
                &stable,
                true,
            ),
            (
                cluster,
                "serviceMeshProfile.istio.revisions",
                json!({"serviceMeshProfile": {"mode": "Disabled", "istio": {"revisions": ["asm-1-20"]}}}),
                &json!({"serviceMeshProfile": {"mode": "Disabled"}}),
                true,
            ),
            (
                cluster,
                "serviceMeshProfile.istio.revisions",
                json!({"serviceMeshProfile": {"mode": "Istio", "istio": {"revisions": ["asm-1-20"]}}}),
                &json!({"serviceMeshProfile": {"mode": "Disabled"}}),
                false,
            ),
            (
                pool,
                "count",
                json!({"count": 2, "enableAutoScaling": true}),
                &json!({"count": 9, "enableAutoScaling": true}),
                true,
            ),
            (pool, "count", json!({"count": 2}), &json!({"count": 9, "enableAutoScaling": true}), true),
            (
                pool,
                "count",
                json!({"count": 2, "enableAutoScaling": false}),
                &json!({"count": 9, "enableAutoScaling": true}),
                false,
            ),
            (pool, "scaleSetEvictionPolicy", json!({"scaleSetEvictionPolicy": "Deallocate"}), &json!({}), true),
            (
                pool,
                "scaleSetEvictionPolicy",
                json!({"scaleSetEvictionPolicy": "Deallocate", "scaleSetPriority": "Spot"}),
                &json!({"scaleSetPriority": "Spot", "scaleSetEvictionPolicy": "Delete"}),
                false,
            ),
        ] {
            assert_eq!(is_settled(arm_type, path, &asked, live), expected, "{path}: {asked} against {live}");
        }
    }
}
