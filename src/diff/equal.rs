//! Whether Azure has what was asked, by the equality that the tables give each path.

use std::collections::BTreeSet;

use crate::document::{Path, Value};
use crate::names::{ArmId, Location, RoleId};
use crate::schema::{Equality, ResourceType, Schema, Shape};

/// Whether `live` (absent: Azure does not report it) is what `wanted` asks for at `path`, as far as the place alone can tell.
///
/// Secrets are not compared here: Azure never answers them.
pub fn equal(resource: &ResourceType, path: &Path, wanted: &Value, live: Option<&Value>) -> bool {
    let fact = resource.fact(path);
    if fact.equality == Equality::Ignore || *wanted == Value::Null {
        return true;
    }
    if wanted.is_empty() && (resource.unsaid(path) || no_value(resource, path, wanted)) {
        return true;
    }
    // Azure reports some empty values for what it does not have.
    let Some(live) = live.filter(|l| !l.is_empty() || matches!(l, Value::Number(_) | Value::Map(_))) else {
        if matches!(wanted, Value::Map(map) if map.is_empty()) && member(resource, path) {
            return false;
        }
        return match &fact.default {
            Some(default) => wanted.is_empty() || by_kind(resource, path, &fact.equality, wanted, default),
            None => wanted.is_empty() || *wanted == Value::Bool(false),
        };
    };
    if wanted.is_empty() && live.is_empty() {
        return true;
    }
    // A text that says nothing asks for the default.
    let wanted = match &fact.default {
        Some(default) if matches!(wanted, Value::String(text) if text.is_empty()) => default,
        _ => wanted,
    };
    by_kind(resource, path, &fact.equality, wanted, live)
}

/// Whether an empty value is none that Azure could set: `""` where words are listed, 0 below the smallest number.
fn no_value(resource: &ResourceType, path: &Path, wanted: &Value) -> bool {
    let Some((shape, _)) = resource.at(path) else { return false };
    match (Schema::get().shape(shape), wanted) {
        (Shape::Enum { values, .. }, Value::String(_)) => !values.iter().any(String::is_empty),
        (Shape::Integer { min: Some(min), .. }, Value::Number(_)) => *min > 0,
        _ => false,
    }
}

/// Whether this place is a member of a map with keys of the user's choice, each of which is a thing of its own.
fn member(resource: &ResourceType, path: &Path) -> bool {
    path.parent().is_some_and(|parent| !parent.is_root() && resource.free_map(&parent))
}

fn by_kind(resource: &ResourceType, path: &Path, equality: &Equality, wanted: &Value, live: &Value) -> bool {
    if let (Some(w), Some(l)) = (scalar_text(wanted), scalar_text(live)) {
        return texts(equality, &w, &l).unwrap_or_else(|| by_type(resource, path, (wanted, &w), (live, &l)));
    }
    match (wanted, live) {
        (Value::List(w), Value::List(l)) => lists(resource, path, equality, w, l),
        (Value::Map(w), Value::Map(l)) if w.is_empty() && resource.free_map(path) => {
            l.keys().all(|key| services_own(equality, key))
        }
        (Value::Map(w), Value::Map(_)) => w.iter().all(|(key, inner)| {
            let below = path.key(key);
            let found = live.as_map().and_then(|l| l.get(key));
            let found = found.or_else(|| other_casing(resource, path, live, key));
            equal(resource, &below, inner, found)
        }),
        (w, l) => w.same(l),
    }
}

fn other_casing<'a>(resource: &ResourceType, path: &Path, live: &'a Value, key: &str) -> Option<&'a Value> {
    let folds = resource.fact(path).equality == Equality::MapIgnoreCase;
    let map = live.as_map().filter(|_| folds)?;
    map.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}

/// The answer of an equality that is about text; `None` where it is not.
fn texts(equality: &Equality, w: &str, l: &str) -> Option<bool> {
    Some(match equality {
        Equality::IgnoreCase | Equality::MapIgnoreCase => w.eq_ignore_ascii_case(l),
        Equality::Words => words(w) == words(l),
        Equality::ArmId => same_id(w, l).unwrap_or_else(|| w.eq_ignore_ascii_case(l)),
        Equality::Location => Location::new(w) == Location::new(l),
        Equality::Cidr => cidr(w) == cidr(l),
        Equality::Version(_) => version(w, l),
        Equality::Trim => w.trim() == l.trim(),
        Equality::IgnoreSpace => w.split_whitespace().eq(l.split_whitespace()),
        Equality::Time => time(w) == time(l),
        Equality::Duration => match (duration(w), duration(l)) {
            (Some(w), Some(l)) => w == l,
            _ => w.eq_ignore_ascii_case(l),
        },
        Equality::Role => match (RoleId::from_guid_or_id(w), RoleId::from_guid_or_id(l)) {
            (Ok(w), Ok(l)) => w == l,
            _ => w.eq_ignore_ascii_case(l),
        },
        Equality::Ignore => true,
        _ => return None,
    })
}

/// Words of a list without case, ids of Azure without case, numbers and truth values also as texts, anything else exactly.
fn by_type(resource: &ResourceType, path: &Path, (wanted, w): (&Value, &str), (live, l): (&Value, &str)) -> bool {
    if wanted.same(live) {
        return true;
    }
    let word = resource.at(path).is_some_and(|(id, _)| matches!(Schema::get().shape(id), Shape::Enum { .. }));
    let mixed = matches!(wanted, Value::String(_)) != matches!(live, Value::String(_));
    let number = || matches!((w.parse::<f64>(), l.parse::<f64>()), (Ok(w), Ok(l)) if w == l);
    (word || mixed) && w.eq_ignore_ascii_case(l) || mixed && number() || same_id(w, l) == Some(true)
}

/// Whether two texts that are both ids of Azure's resources are the same one; `None` where one is no such id.
fn same_id(w: &str, l: &str) -> Option<bool> {
    let id = |text: &str| text.starts_with('/').then(|| ArmId::parse(text).ok()).flatten();
    Some(id(w)? == id(l)?)
}

fn lists(resource: &ResourceType, path: &Path, equality: &Equality, wanted: &[Value], live: &[Value]) -> bool {
    let element = path.index(0);
    let same = |w: &Value, l: &Value| equal(resource, &element, w, Some(l));
    match equality {
        Equality::Subset => wanted.iter().all(|w| live.iter().any(|l| same(w, l))),
        Equality::Extended(_) => {
            let there = wanted.iter().all(|w| live.iter().any(|l| same(w, l)));
            let others = live.iter().filter(|l| !wanted.iter().any(|w| same(w, l)));
            there && others.into_iter().all(|l| l.as_str().is_some_and(|text| services_own(equality, text)))
        }
        Equality::Prefix => {
            let said = !wanted.is_empty() && wanted.len() <= live.len();
            said && wanted.iter().zip(live).all(|(w, l)| same(w, l))
        }
        Equality::Set => wanted.len() == live.len() && matched(wanted, live, same),
        Equality::SetBy(key) => {
            let key_path = element.key(key);
            let name = |v: &Value| v.property(key).cloned().unwrap_or(Value::Null);
            let by_name = |w: &Value, l: &Value| equal(resource, &key_path, &name(w), Some(&name(l))) && same(w, l);
            wanted.len() == live.len() && matched(wanted, live, by_name)
        }
        _ => wanted.len() == live.len() && wanted.iter().zip(live).all(|(w, l)| same(w, l)),
    }
}

/// Whether an element or a key looks like one that the service adds by itself.
pub(super) fn services_own(equality: &Equality, text: &str) -> bool {
    let Equality::Extended(patterns) = equality else { return false };
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => text.get(..start.len()).is_some_and(|s| s.eq_ignore_ascii_case(start)),
        None => text.eq_ignore_ascii_case(pattern),
    })
}

/// Whether each wanted element has a live one of its own.
fn matched(wanted: &[Value], live: &[Value], same: impl Fn(&Value, &Value) -> bool) -> bool {
    let mut taken = BTreeSet::new();
    wanted.iter().all(|w| {
        let free = live.iter().enumerate().position(|(i, l)| !taken.contains(&i) && same(w, l));
        free.is_some_and(|i| taken.insert(i))
    })
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// `SystemAssigned,UserAssigned` and `systemAssigned, userAssigned` are the same words.
fn words(text: &str) -> BTreeSet<String> {
    text.split(',').map(|word| word.trim().to_ascii_lowercase()).collect()
}

/// `10.0.0.1` and `10.0.0.1/32` are the same range, and so are `fd00::1` and `fd00:0::1/128`.
fn cidr(text: &str) -> String {
    use std::net::IpAddr;
    let text = text.trim();
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    match (address.parse::<IpAddr>(), length.map(str::parse::<u8>)) {
        (Ok(address), Some(Ok(length))) => format!("{address}/{length}"),
        (Ok(address), None) => format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 }),
        _ => text.to_ascii_lowercase(),
    }
}

/// `1.33` is met by `1.33.5`. The other way round only a neighbour can tell.
pub(super) fn version(wanted: &str, live: &str) -> bool {
    let parts = |v: &str| v.trim().trim_start_matches('v').split('.').map(str::to_owned).collect::<Vec<_>>();
    parts(live).starts_with(&parts(wanted))
}

/// The seconds of a span of time as ISO 8601 writes it (`PT48H`, `P2D`); `None` where its length is not certain.
fn duration(text: &str) -> Option<f64> {
    let (mut seconds, mut number, mut timed) = (0.0, String::new(), false);
    for c in text.trim().to_ascii_uppercase().strip_prefix('P')?.chars() {
        let unit = match c {
            '0'..='9' | '.' => {
                number.push(c);
                continue;
            }
            'T' if number.is_empty() && !timed => {
                timed = true;
                continue;
            }
            'W' if !timed => 604_800.0,
            'D' if !timed => 86_400.0,
            'H' if timed => 3600.0,
            'M' if timed => 60.0,
            'S' if timed => 1.0,
            _ => return None,
        };
        seconds += std::mem::take(&mut number).parse::<f64>().ok()? * unit;
    }
    number.is_empty().then_some(seconds)
}

fn time(text: &str) -> String {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(at) => at.unix_timestamp_nanos().to_string(),
        Err(_) => match OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339) {
            Ok(at) => at.unix_timestamp_nanos().to_string(),
            Err(_) => text.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    const CLUSTER: &str = "Microsoft.ContainerService/managedClusters";
    const POOL: &str = "Microsoft.ContainerService/managedClusters/agentPools";
    const REGISTRY: &str = "Microsoft.ContainerRegistry/registries";
    const CONNECTED: &str = "Microsoft.ContainerRegistry/registries/connectedRegistries";

    fn same(arm_type: &str, path: &str, wanted: &Json, live: &Json) -> bool {
        let resource = Schema::get().resource(arm_type).unwrap();
        let live = (!live.is_null()).then(|| Value::from_json(live.clone()));
        equal(resource, &Path::parse(path).unwrap(), &Value::from_json(wanted.clone()), live.as_ref())
    }

    #[test]
    fn azure_reports_what_was_asked_in_other_words() {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v";
        let lower = "/subscriptions/s/resourcegroups/RG/providers/Microsoft.Network/virtualNetworks/v";
        for (arm_type, path, wanted, live) in [
            (CLUSTER, "kubernetesVersion", json!(""), json!("1.35")),
            (CLUSTER, "kubernetesVersion", json!("1.33"), json!("1.33.5")),
            (CLUSTER, "kubernetesVersion", json!("1.33"), json!("1.33")),
            (CLUSTER, "sku.tier", json!(""), json!("Free")),
            (CLUSTER, "sku.tier", json!("Free"), Json::Null),
            (CLUSTER, "location", json!("West Europe"), json!("westeurope")),
            (CLUSTER, "extendedLocation.type", json!("EdgeZone"), json!("edgezone")),
            (CLUSTER, "networkProfile.loadBalancerSku", json!("standard"), json!("Standard")),
            (CLUSTER, "networkProfile.podCidrs", json!(["10.244.0.0/16"]), json!(["10.244.0.0/16", "fd12::/64"])),
            (CLUSTER, "networkProfile.networkDataplane", json!("azure"), Json::Null),
            (CLUSTER, "networkProfile.networkPolicy", json!(""), json!("none")),
            (CLUSTER, "networkProfile.loadBalancerProfile.managedOutboundIPs.countIPv6", json!(0), Json::Null),
            (CLUSTER, "networkProfile.loadBalancerProfile.idleTimeoutInMinutes", json!(0), json!(30)),
            (CLUSTER, "httpProxyConfig.noProxy", json!(["a", "b"]), json!(["168.63.129.16", "b", "x", "a"])),
            (CLUSTER, "httpProxyConfig.trustedCa", json!("pem\n"), json!("pem")),
            (
                CLUSTER,
                "apiServerAccessProfile.authorizedIPRanges",
                json!(["2.2.2.2", "1.1.1.0/24"]),
                json!(["1.1.1.0/24", "2.2.2.2/32"]),
            ),
            (CLUSTER, "apiServerAccessProfile.privateDNSZone", json!("System"), json!("system")),
            (CLUSTER, "addonProfiles", json!({}), json!({"KubeDashboard": {"enabled": false, "config": null}})),
            (CLUSTER, "addonProfiles.omsAgent.enabled", json!(true), json!("True")),
            (CLUSTER, "autoScalerProfile.scan-interval", json!("10s"), Json::Null),
            (CLUSTER, "autoUpgradeProfile.upgradeChannel", json!(""), json!("none")),
            (CLUSTER, "autoUpgradeProfile.upgradeChannel", json!("none"), json!("")),
            (CLUSTER, "identity.type", json!("SystemAssigned,UserAssigned"), json!("userAssigned, systemAssigned")),
            (CLUSTER, "diskEncryptionSetID", json!(id), json!(lower)),
            (CLUSTER, "hostedSystemProfile.nodeSubnetID", json!(id), json!(lower)),
            (CLUSTER, "tags", json!({}), Json::Null),
            (CLUSTER, "disableLocalAccounts", json!(false), Json::Null),
            (POOL, "vmSize", json!(""), json!("standard_d4lds_v5")),
            (POOL, "vmSize", json!("Standard_D4lds_v5"), json!("standard_d4lds_v5")),
            (POOL, "osDiskSizeGB", json!(0), json!(128)),
            (POOL, "maxPods", json!(0), json!(250)),
            (POOL, "spotMaxPrice", json!(-1.0), Json::Null),
            (POOL, "spotMaxPrice", json!(-1), json!(-1.0)),
            (POOL, "scaleSetPriority", json!("Regular"), Json::Null),
            (POOL, "scaleDownMode", json!("Delete"), Json::Null),
            (POOL, "upgradeSettings.maxUnavailable", json!("0"), Json::Null),
            (POOL, "upgradeSettings.maxSurge", json!("1"), json!(1)),
            (POOL, "nodeTaints", json!([]), json!(["CriticalAddonsOnly=true:NoSchedule"])),
            (
                POOL,
                "nodeTaints",
                json!(["a=b:NoSchedule"]),
                json!(["kubernetes.azure.com/scalesetpriority=spot:NoSchedule", "a=b:NoSchedule"]),
            ),
            (POOL, "nodeLabels", json!({}), json!({"kubernetes.azure.com/scalesetpriority": "spot"})),
            (POOL, "availabilityZones", json!(["1", "2", "3"]), json!(["2", "1", "3"])),
            (POOL, "tags", json!({"Team": "a"}), json!({"team": "a", "other": "b"})),
            (
                REGISTRY,
                "networkRuleSet.ipRules",
                json!([{"value": "1.2.3.4"}]),
                json!([{"value": "1.2.3.4/32", "action": "Allow"}]),
            ),
            (REGISTRY, "zoneRedundancy", json!("Enabled"), json!("Disabled")),
            (REGISTRY, "identity.type", json!("None"), Json::Null),
            (REGISTRY, "policies.retentionPolicy.days", json!("7"), json!(7)),
            (CONNECTED, "parent.syncProperties.messageTtl", json!("PT48H"), json!("P2D")),
            (CONNECTED, "parent.syncProperties.messageTtl", json!("P1W"), json!("P7D")),
            (CONNECTED, "parent.syncProperties.syncWindow", json!("PT1H30M"), json!("PT90M")),
            (REGISTRY, "encryption.keyVaultProperties.identity", json!("CA0B-B"), json!("ca0b-b")),
            (CLUSTER, "addonProfiles.omsagent.config.useAADAuth", json!("true"), json!("True")),
            (CLUSTER, "identityProfile.kubeletidentity.clientId", json!("A-1"), json!("a-1")),
            (CLUSTER, "hostedSystemProfile.nodeSubnetID", json!(id), json!(lower)),
            (
                CLUSTER,
                "upgradeSettings.overrideSettings.until",
                json!("2020-01-01T22:30:17.000Z"),
                json!("2020-01-01T22:30:17Z"),
            ),
            (POOL, "kubeletConfig.cpuManagerPolicy", json!("none"), Json::Null),
            (POOL, "linuxOSConfig.transparentHugePageDefrag", json!("madvise"), Json::Null),
            (
                POOL,
                "virtualMachinesProfile.scale.manual",
                json!([{"size": "Standard_D2s_v3", "count": 2}, {"size": "Standard_D4s_v3", "count": 1}]),
                json!([{"size": "standard_d4s_v3", "count": 1}, {"size": "standard_d2s_v3", "count": 2}]),
            ),
        ] {
            assert!(same(arm_type, path, &wanted, &live), "{path}: {wanted} is {live}");
        }
    }

    #[test]
    fn what_differs_is_not_taken_for_equal() {
        for (arm_type, path, wanted, live) in [
            (CLUSTER, "kubernetesVersion", json!("1.33"), json!("1.34.1")),
            (CLUSTER, "kubernetesVersion", json!("1.3"), json!("1.33")),
            (CLUSTER, "kubernetesVersion", json!("1.33.5"), json!("1.33")),
            (CLUSTER, "networkProfile.podCidrs", json!(["fd12::/64"]), json!(["10.244.0.0/16", "fd12::/64"])),
            (CLUSTER, "networkProfile.ipFamilies", json!(["IPv4"]), json!(["IPv4", "IPv6"])),
            (CLUSTER, "networkProfile.ipFamilies", json!(["IPv6", "IPv4"]), json!(["IPv4", "IPv6"])),
            (CLUSTER, "httpProxyConfig.noProxy", json!(["a", "b"]), json!(["a"])),
            (CLUSTER, "identity.userAssignedIdentities[\"/subscriptions/s\"]", json!({}), Json::Null),
            (CLUSTER, "tags", json!({}), json!({"a": "b"})),
            (CLUSTER, "tags.a", json!("b"), json!("B")),
            (CLUSTER, "tags.a", json!(""), json!("b")),
            (CLUSTER, "enableRBAC", json!(false), Json::Null),
            (CLUSTER, "dnsPrefix", json!("a"), json!("A")),
            (POOL, "nodeTaints", json!([]), json!(["a=b:NoSchedule"])),
            (POOL, "nodeTaints", json!(["a=b:NoSchedule"]), json!(["a=b:NoSchedule", "c=d:NoSchedule"])),
            (POOL, "nodeLabels", json!({}), json!({"a": "b"})),
            (POOL, "count", json!(0), json!(3)),
            (POOL, "scaleSetPriority", json!("Spot"), Json::Null),
            (POOL, "availabilityZones", json!(["1", "1"]), json!(["1", "2"])),
            (REGISTRY, "networkRuleSet.ipRules", json!([]), json!([{"value": "1.2.3.4"}])),
            (REGISTRY, "networkRuleSet.defaultAction", json!("Deny"), Json::Null),
            (REGISTRY, "adminUserEnabled", json!(true), Json::Null),
            (CONNECTED, "parent.syncProperties.messageTtl", json!("PT48H"), json!("P3D")),
            (CONNECTED, "parent.syncProperties.messageTtl", json!("P1M"), json!("PT1M")),
            (CONNECTED, "parent.syncProperties.messageTtl", json!("P2"), json!("P2D")),
            (CLUSTER, "addonProfiles.omsagent.config.useAADAuth", json!("true"), json!("false")),
            (POOL, "kubeletConfig.cpuManagerPolicy", json!("static"), Json::Null),
            (
                POOL,
                "virtualMachinesProfile.scale.manual",
                json!([{"size": "a", "count": 2}]),
                json!([{"size": "A", "count": 1}]),
            ),
        ] {
            assert!(!same(arm_type, path, &wanted, &live), "{path}: {wanted} is not {live}");
        }
    }
}
