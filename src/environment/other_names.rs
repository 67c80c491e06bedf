//! What az, Terraform and habit call things that a file calls otherwise, and names that stand at the wrong place.

use indexmap::IndexMap;

use super::own_keys::own_keys_at;
use super::topic::names_at;
use crate::document::Path;
use crate::schema::{Child, ResourceType, Schema};

/// Collections down to where it stands, the other name, and the right one from there. Capitals and `_` do not matter.
#[rustfmt::skip]
const OTHER_NAMES: [(&str, &str, &str); 91] = [
    ("", "region", "location"),
    ("", "acr", "registries"),
    ("", "acrs", "registries"),
    ("", "containerRegistries", "registries"),
    ("", "aks", "clusters"),
    ("", "managedClusters", "clusters"),
    ("", "kubernetesClusters", "clusters"),
    ("", "resourceGroupName", "resourceGroup"),
    ("", "group", "resourceGroup"),
    ("", "rg", "resourceGroup"),
    ("", "subscriptionId", "subscription"),
    ("", "managedIdentities", "identities"),
    ("", "userAssignedIdentities", "identities"),
    ("", "roles", "roleAssignments"),
    ("", "labels", "tags"),
    ("", "base", "extends"),
    ("", "include", "extends"),
    ("", "backend", "state"),
    ("clusters", "attachAcr", "pullsFrom"),
    ("clusters", "acr", "pullsFrom"),
    ("clusters", "acrId", "pullsFrom"),
    ("clusters", "registry", "pullsFrom"),
    ("clusters", "registries", "pullsFrom"),
    ("clusters", "imagePull", "pullsFrom"),
    ("clusters", "defaultNodePool", "nodePools"),
    ("clusters", "agentPoolProfile", "nodePools"),
    ("clusters", "nodePool", "nodePools"),
    ("clusters", "pools", "nodePools"),
    ("clusters", "tier", "sku.tier"),
    ("clusters", "skuTier", "sku.tier"),
    ("clusters", "version", "kubernetesVersion"),
    ("clusters", "k8sVersion", "kubernetesVersion"),
    ("clusters", "nodeCount", "nodePools.count"),
    ("clusters", "nodeVmSize", "nodePools.vmSize"),
    ("clusters", "enableManagedIdentity", "identity.type"),
    ("clusters", "kubeletIdentity", "identityProfile"),
    ("clusters", "workloadIdentityEnabled", "securityProfile.workloadIdentity.enabled"),
    ("clusters", "enableWorkloadIdentity", "securityProfile.workloadIdentity.enabled"),
    ("clusters", "oidcIssuerEnabled", "oidcIssuerProfile.enabled"),
    ("clusters", "enableOidcIssuer", "oidcIssuerProfile.enabled"),
    ("clusters", "privateClusterEnabled", "apiServerAccessProfile.enablePrivateCluster"),
    ("clusters", "apiServerAuthorizedIpRanges", "apiServerAccessProfile.authorizedIPRanges"),
    ("clusters", "automaticUpgradeChannel", "autoUpgradeProfile.upgradeChannel"),
    ("clusters", "automaticChannelUpgrade", "autoUpgradeProfile.upgradeChannel"),
    ("clusters", "autoUpgradeChannel", "autoUpgradeProfile.upgradeChannel"),
    ("clusters", "nodeOsUpgradeChannel", "autoUpgradeProfile.nodeOSUpgradeChannel"),
    ("clusters", "localAccountDisabled", "disableLocalAccounts"),
    ("clusters", "roleBasedAccessControlEnabled", "enableRBAC"),
    ("clusters", "azureActiveDirectoryRoleBasedAccessControl", "aadProfile"),
    ("clusters", "azurePolicyEnabled", "addonProfiles"),
    ("clusters", "omsAgent", "addonProfiles"),
    ("clusters", "enableAddons", "addonProfiles"),
    ("clusters", "addons", "addonProfiles"),
    ("clusters", "maintenanceWindow", "maintenanceConfigurations"),
    ("clusters", "imageCleanerEnabled", "securityProfile.imageCleaner.enabled"),
    ("clusters.nodePools", "nodeCount", "count"),
    ("clusters.nodePools", "replicas", "count"),
    ("clusters.nodePools", "size", "vmSize"),
    ("clusters.nodePools", "nodeVmSize", "vmSize"),
    ("clusters.nodePools", "machineType", "vmSize"),
    ("clusters.nodePools", "instanceType", "vmSize"),
    ("clusters.nodePools", "zones", "availabilityZones"),
    ("clusters.nodePools", "autoScalingEnabled", "enableAutoScaling"),
    ("clusters.nodePools", "clusterAutoscaler", "enableAutoScaling"),
    ("clusters.nodePools", "enableClusterAutoscaler", "enableAutoScaling"),
    ("clusters.nodePools", "autoscale", "enableAutoScaling"),
    ("clusters.nodePools", "labels", "nodeLabels"),
    ("clusters.nodePools", "taints", "nodeTaints"),
    ("clusters.nodePools", "priority", "scaleSetPriority"),
    ("clusters.nodePools", "evictionPolicy", "scaleSetEvictionPolicy"),
    ("clusters.nodePools", "kubernetesVersion", "orchestratorVersion"),
    ("clusters.nodePools", "version", "orchestratorVersion"),
    ("clusters.nodePools", "subnetId", "vnetSubnetID"),
    ("clusters.nodePools", "hostEncryptionEnabled", "enableEncryptionAtHost"),
    ("clusters.nodePools", "fipsEnabled", "enableFIPS"),
    ("clusters.nodePools", "nodePublicIpEnabled", "enableNodePublicIP"),
    ("clusters.nodePools", "ultraSsdEnabled", "enableUltraSSD"),
    ("clusters.nodePools", "diskSize", "osDiskSizeGB"),
    ("clusters.nodePools", "maxSurge", "upgradeSettings.maxSurge"),
    ("registries", "adminEnabled", "adminUserEnabled"),
    ("registries", "georeplications", "replications"),
    ("registries", "replicas", "replications"),
    ("registries", "publicNetworkAccessEnabled", "publicNetworkAccess"),
    ("registries", "zoneRedundancyEnabled", "zoneRedundancy"),
    ("registries", "retentionPolicyInDays", "policies.retentionPolicy.days"),
    ("registries", "tier", "sku.name"),
    ("roleAssignments", "roleDefinitionName", "role"),
    ("roleAssignments", "roleName", "role"),
    ("roleAssignments", "principal", "principalId"),
    ("roleAssignments", "assignee", "principalId"),
    ("roleAssignments", "assigneeObjectId", "principalId"),
];

/// What a key of another tool is called here, as a path from the place where it stands.
pub(super) fn other_name(collections: &str, key: &str) -> Option<&'static str> {
    let plain = plain(key);
    let mut known = OTHER_NAMES.iter().filter(|(place, _, _)| *place == collections);
    known.find(|(_, other, _)| self::plain(other) == plain).map(|(_, _, ours)| *ours)
}

/// One of the names, written in other capitals or with underscores.
pub(super) fn same_letters<'a>(key: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(key);
    names.into_iter().find(|name| self::plain(name) == plain)
}

/// A property of a property of this name: `networkProfile.networkPlugin`.
pub(super) fn deeper(resource: &ResourceType, key: &str) -> Option<String> {
    let found = resource.properties().iter().filter(|(_, p)| p.writable() && !p.identifier).find_map(|(name, _)| {
        let below = names_at(resource, &Path::of([name.as_str()]));
        same_letters(key, below.iter().map(String::as_str)).map(|right| format!("{name}.{right}"))
    });
    found.filter(|_| key.len() > 4)
}

/// The one kind of resource that has this key, with its article and where that is written: a collection, a key of landfall's own,
/// or a property.
pub(super) fn elsewhere(key: &str) -> Option<(&'static str, String)> {
    fn walk(level: &'static IndexMap<String, Child>, above: &[&str], key: &str, out: &mut Vec<(&'static str, String)>) {
        for (name, child) in level {
            let here: Vec<&str> = above.iter().copied().chain([name.as_str()]).collect();
            let Some(resource) = Schema::get().resource(&child.arm_type) else { continue };
            let own = own_keys_at(&here).map(|own| own.key).filter(|own| !ANYWHERE.contains(own));
            let written = resource.properties().iter().filter(|(_, p)| p.writable() && !p.identifier);
            let names =
                written.map(|(name, _)| name.as_str()).chain(own).chain(child.children.keys().map(String::as_str));
            if let Some(right) = same_letters(key, names) {
                out.push((resource.label.as_str(), format!("{}.NAME.{right}", here.join(".NAME."))));
            }
            walk(&child.children, &here, key, out);
        }
    }
    let mut out = Vec::new();
    walk(Schema::get().collections(), &[], key, &mut out);
    // What a cluster has only so that node pools can be told is no second place.
    match out.as_slice() {
        [one] if key.len() > 4 => Some(one.clone()),
        _ => None,
    }
}

/// Keys of landfall's own that stand below every resource.
const ANYWHERE: [&str; 4] = ["existing", "protect", "resourceGroup", "subscription"];

fn plain(key: &str) -> String {
    key.chars().filter(|c| *c != '_' && *c != '-').collect::<String>().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::super::topic::{Topic, topic};
    use super::*;

    #[test]
    fn every_right_name_is_one_and_no_other_name_is() {
        for (place, other, ours) in OTHER_NAMES {
            let whole = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
            assert!(topic(&whole(ours)).is_ok(), "{place} {ours}");
            let known = topic(&whole(other));
            assert!(!matches!(known, Ok(Topic::Property(..) | Topic::Own(_))), "{place} {other} is right: {known:?}");
        }
    }

    #[test]
    fn names_of_other_tools_and_places() {
        assert_eq!(other_name("clusters.nodePools", "node_count"), Some("count"));
        assert_eq!(other_name("clusters", "sku_tier"), Some("sku.tier"));
        assert_eq!(other_name("registries", "node_count"), None);
        let cluster = Schema::get().resource("Microsoft.ContainerService/managedClusters").unwrap();
        assert_eq!(deeper(cluster, "network_plugin").as_deref(), Some("networkProfile.networkPlugin"));
        assert_eq!(elsewhere("pullsFrom"), Some(("AKS cluster", "clusters.NAME.pullsFrom".to_owned())));
        assert_eq!(elsewhere("vmSize"), Some(("node pool", "clusters.NAME.nodePools.NAME.vmSize".to_owned())));
        assert_eq!(elsewhere("tags"), None, "many have tags");
    }
}
