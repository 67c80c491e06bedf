//! Which Kubernetes versions a region and a cluster are offered. Asked in the plan's one round of reads, and only for a
//! cluster whose file says another version than was recorded, so that a plan without changes reads nothing for it. One of
//! the few files that name properties of ARM, those of these two answers.

use super::Reads;
use super::version::{Minor, Version};
use crate::document::{Path, Value};
use crate::model::{Desired, Live, Recorded, Seen, Wanted};
use crate::names::ArmId;
use crate::schema::Schema;

const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";

/// What is known of the offers for one cluster.
pub(super) struct Offers {
    region: Option<Vec<Offer>>,
    /// What the cluster itself may be upgraded to in one step.
    profile: Vec<Version>,
    /// Why the region's versions are not known, where they were asked for.
    pub unread: Option<String>,
}

struct Offer {
    minor: Minor,
    patches: Vec<u64>,
    plans: Vec<String>,
}

/// What must be asked.
pub(super) fn reads(desired: &Desired, recorded: &Recorded, out: &mut Reads) {
    let schema = Schema::get();
    let says_new = |wanted: &&Wanted| {
        let Some(path) = schema.resource(&wanted.arm_type).and_then(|r| r.version.as_ref()) else { return false };
        let said = wanted.body.get(path).filter(|v| !v.is_empty());
        let was = recorded.resources.get(&wanted.address).and_then(|entry| entry.applied.get(path));
        said.is_some() && said != was
    };
    for new in desired.resources.values().filter(says_new) {
        let cluster = new.parent.as_ref().map_or(Some(new), |parent| desired.resources.get(parent));
        let Some(cluster) = cluster.filter(|c| c.arm_type.eq_ignore_ascii_case(CLUSTER)) else { continue };
        let (Some(id), Some(resource)) = (cluster.id(), schema.resource(CLUSTER)) else { continue };
        let paths = [
            location_of(cluster, desired).and_then(|location| region_path(id, &location)),
            // A cluster that was never seen has no profile to ask for.
            recorded.resources.contains_key(&cluster.address).then(|| profile_path(id)),
        ];
        out.answers.extend(paths.into_iter().flatten().map(|path| (path, resource.api_version.clone())));
    }
}

/// The region of a cluster as the file and its defaults say it.
pub(super) fn location_of(cluster: &Wanted, desired: &Desired) -> Option<String> {
    let said = [&cluster.body, &cluster.create_defaults].into_iter().find_map(|d| d.property("location")?.as_str());
    said.or(desired.location.as_ref().map(|l| l.as_str())).map(str::to_owned)
}

fn region_path(cluster: &ArmId, location: &str) -> Option<String> {
    let (subscription, namespace) = (cluster.subscription()?, CLUSTER.split('/').next()?);
    Some(format!("/subscriptions/{subscription}/providers/{namespace}/locations/{location}/kubernetesVersions"))
}

fn profile_path(cluster: &ArmId) -> String {
    format!("{cluster}/upgradeProfiles/default")
}

impl Offers {
    /// What was answered for a cluster.
    pub(super) fn of(live: &Live, cluster: &ArmId, location: Option<&str>) -> Self {
        let asked = location.and_then(|l| region_path(cluster, l)).and_then(|path| live.answers.get(&path));
        let (region, unread) = match asked {
            Some(Seen::Present(answer)) => (Some(offers(answer)), None),
            Some(Seen::Unreadable(why)) => (None, Some(why.clone())),
            Some(Seen::Absent) => (None, Some("Azure knows no such list".to_owned())),
            None => (None, None),
        };
        let profile = match live.answers.get(&profile_path(cluster)) {
            Some(Seen::Present(answer)) => upgrades(answer),
            _ => Vec::new(),
        };
        Self { region, profile, unread }
    }

    /// Whether a version is offered to a cluster with this support plan; `None`: not known.
    pub(super) fn has(&self, version: Version, plan: &str) -> Option<bool> {
        if self
            .profile
            .iter()
            .any(|p| p.minor == version.minor && (version.patch.is_none() || p.patch == version.patch))
        {
            return Some(true);
        }
        let region = self.region.as_ref()?;
        Some(region.iter().filter(|o| o.minor == version.minor && o.under(plan)).any(|offer| {
            // A listing without patches says nothing about them.
            version.patch.is_none_or(|patch| offer.patches.is_empty() || offer.patches.contains(&patch))
        }))
    }

    /// The minor that comes after `at` on the way to `goal`: the next one; where it is not offered, the nearest that the
    /// cluster itself may be upgraded to. `None`: there is no way.
    pub(super) fn next(&self, at: Minor, goal: Minor, plan: &str) -> Option<Minor> {
        let next = at.next();
        let whole = Version { minor: next, patch: None };
        if next == goal || self.has(whole, plan) != Some(false) {
            return Some(next);
        }
        self.profile.iter().map(|v| v.minor).filter(|m| *m > next && *m <= goal).min()
    }

    /// The offered minors, for a message.
    pub(super) fn minors(&self, plan: &str) -> String {
        let mut minors: Vec<Minor> = self.region.iter().flatten().filter(|o| o.under(plan)).map(|o| o.minor).collect();
        minors.sort();
        minors.dedup();
        minors.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl Offer {
    fn under(&self, plan: &str) -> bool {
        self.plans.is_empty() || self.plans.iter().any(|p| p.eq_ignore_ascii_case(plan))
    }
}

fn offers(answer: &Value) -> Vec<Offer> {
    let entry = |item: &Value| {
        let patches = item.property("patchVersions").and_then(Value::as_map);
        let plans = item.get(&Path::of(["capabilities", "supportPlan"])).and_then(Value::as_list).unwrap_or_default();
        Some(Offer {
            minor: Version::parse(item.property("version")?.as_str()?)?.minor,
            patches: patches.into_iter().flatten().filter_map(|(v, _)| Version::parse(v)?.patch).collect(),
            plans: plans.iter().filter_map(|p| p.as_str().map(str::to_owned)).collect(),
        })
    };
    answer.property("values").and_then(Value::as_list).unwrap_or_default().iter().filter_map(entry).collect()
}

fn upgrades(answer: &Value) -> Vec<Version> {
    let list = answer.get(&Path::of(["properties", "controlPlaneProfile", "upgrades"])).and_then(Value::as_list);
    let versions = list.unwrap_or_default().iter();
    versions.filter_map(|u| Version::parse(u.property("kubernetesVersion")?.as_str()?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFICIAL: &str = "KubernetesOfficial";

    fn known(minors: &[(&str, &[&str], &str)], upgrades: &[&str]) -> Offers {
        let values: Vec<serde_json::Value> = minors
            .iter()
            .map(|(minor, patches, plan)| {
                let patches: serde_json::Map<String, serde_json::Value> =
                    patches.iter().map(|p| ((*p).to_owned(), serde_json::json!({}))).collect();
                serde_json::json!({"version": minor, "patchVersions": patches, "capabilities": {"supportPlan": [plan]}})
            })
            .collect();
        let upgrades: Vec<_> = upgrades.iter().map(|v| serde_json::json!({"kubernetesVersion": v})).collect();
        let cluster =
            ArmId::parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c");
        let cluster = cluster.expect("an id");
        let mut live = Live::default();
        let mut answer = |path: String, json| drop(live.answers.insert(path, Seen::Present(Value::from_json(json))));
        answer(region_path(&cluster, "westeurope").expect("a path"), serde_json::json!({"values": values}));
        answer(
            profile_path(&cluster),
            serde_json::json!({"properties": {"controlPlaneProfile": {"upgrades": upgrades}}}),
        );
        Offers::of(&live, &cluster, Some("westeurope"))
    }

    #[test]
    fn what_is_offered() {
        let offers = known(
            &[("1.32", &["1.32.9"], "AKSLongTermSupport"), ("1.33", &["1.33.5"], OFFICIAL), ("1.34", &[], OFFICIAL)],
            &["1.36.1"],
        );
        for (version, expected) in [
            ("1.33", true),
            ("1.33.5", true),
            ("1.33.6", false),
            ("1.34.9", true),
            ("1.32", false),
            ("1.36", true),
            ("1.35", false),
        ] {
            assert_eq!(offers.has(Version::parse(version).expect("a version"), OFFICIAL), Some(expected), "{version}");
        }
        assert_eq!(offers.minors(OFFICIAL), "1.33, 1.34");
    }

    #[test]
    fn the_way_leads_over_offered_minors() {
        let minor = |text| Version::parse(text).expect("a version").minor;
        let next = |offers: &Offers, at, goal| offers.next(minor(at), minor(goal), OFFICIAL).map(|m| m.to_string());
        let gap = known(&[("1.33", &[], OFFICIAL), ("1.35", &[], OFFICIAL)], &[]);
        assert_eq!(next(&gap, "1.33", "1.35"), None);
        assert_eq!(next(&known(&[("1.33", &[], OFFICIAL)], &["1.35.2"]), "1.33", "1.36").as_deref(), Some("1.35"));
        let unknown = Offers { region: None, profile: Vec::new(), unread: None };
        assert_eq!(next(&unknown, "1.33", "1.36").as_deref(), Some("1.34"));
    }
}
