//! How many requests Azure takes: the documented allowances, and which of them a request draws on. Pure.
//!
//! ARM counts by subscription and kind of request (<https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>),
//! AKS by what is asked for, in every region apart (<https://learn.microsoft.com/azure/aks/quotas-skus-regions>). That of the
//! Authorization provider is known from its refusals: "exceeded the limit of '120' for time interval '00:01:00'".

use std::time::Duration;

use azure_core::http::Method;
use url::Url;

/// How many requests are taken in which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowance {
    /// A token bucket: so many at once, and one more after each of these times.
    Bucket { size: u32, every: Duration },
    /// At most so many within any stretch of this length.
    Window { most: u32, length: Duration },
    /// Nobody says.
    Unknown,
}

/// One allowance that a request draws on: requests with the same key share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draw {
    pub key: String,
    pub allowance: Allowance,
}

/// What a request draws on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draws {
    /// Of the resource manager.
    pub manager: Draw,
    /// Of the provider behind it.
    pub provider: Draw,
}

/// One row of a provider's table. The first that fits is the one.
struct Row {
    /// Empty: any.
    methods: &'static [Method],
    /// What follows the namespace, in lower case; `*` is any segment, and an empty pattern fits any path.
    tail: &'static [&'static str],
    per: Per,
    allowance: Allowance,
}

/// Which requests of a row share an allowance.
enum Per {
    Subscription,
    Path,
    /// All that differ in their last segment only.
    Folder,
}

const READ: &[Method] = &[Method::Get, Method::Head];
const PUT: &[Method] = &[Method::Put];
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

const AKS: &[Row] = &[
    row(READ, &["locations", "*", "operations", "*"], Per::Folder, bucket(200, Duration::from_millis(500))),
    row(READ, &["managedclusters", "*"], Per::Path, bucket(60, SECOND)),
    row(PUT, &["managedclusters", "*"], Per::Path, bucket(20, MINUTE)),
    row(PUT, &["managedclusters", "*", "agentpools", "*"], Per::Path, bucket(20, MINUTE)),
    // 60 in a resource group, 500 in a subscription: the smaller serves both.
    row(READ, &["managedclusters"], Per::Path, bucket(60, SECOND)),
    row(&[], &[], Per::Subscription, bucket(60, SECOND)),
];

const AUTHORIZATION: &[Row] = &[row(&[], &[], Per::Subscription, Allowance::Window { most: 120, length: MINUTE })];

const PROVIDERS: &[(&str, &[Row])] = &[("microsoft.containerservice", AKS), ("microsoft.authorization", AUTHORIZATION)];

const fn row(methods: &'static [Method], tail: &'static [&'static str], per: Per, allowance: Allowance) -> Row {
    Row { methods, tail, per, allowance }
}

const fn bucket(size: u32, every: Duration) -> Allowance {
    Allowance::Bucket { size, every }
}

/// What a request draws on, within its subscription.
pub(super) fn draws(method: Method, url: &Url) -> Draws {
    let path = url.path().trim_matches('/').to_ascii_lowercase();
    Draws { manager: manager(method), provider: provider(method, &path) }
}

fn manager(method: Method) -> Draw {
    let (key, allowance) = match method {
        Method::Get | Method::Head => ("reads", bucket(250, Duration::from_millis(40))),
        Method::Delete => ("deletes", bucket(200, Duration::from_millis(100))),
        _ => ("writes", bucket(200, Duration::from_millis(100))),
    };
    Draw { key: key.to_owned(), allowance }
}

fn provider(method: Method, path: &str) -> Draw {
    let parts: Vec<&str> = path.split('/').collect();
    // What lies on another provider's resource is its own provider's business.
    let at = parts.iter().rposition(|part| *part == "providers");
    let Some((namespace, tail)) = at.and_then(|at| parts[at + 1..].split_first()) else {
        return Draw { key: "resources".to_owned(), allowance: Allowance::Unknown };
    };
    let rows = PROVIDERS.iter().find(|(name, _)| name == namespace).map_or(&[][..], |(_, rows)| rows);
    let Some((at, row)) = rows.iter().enumerate().find(|(_, row)| row.fits(method, tail)) else {
        return Draw { key: (*namespace).to_owned(), allowance: Allowance::Unknown };
    };
    let shared = match row.per {
        Per::Subscription => "",
        Per::Path => path,
        Per::Folder => path.rsplit_once('/').map_or(path, |(folder, _)| folder),
    };
    Draw { key: format!("{namespace} {at} {shared}"), allowance: row.allowance }
}

impl Row {
    fn fits(&self, method: Method, tail: &[&str]) -> bool {
        let same = |(pattern, part): (&&str, &&str)| *pattern == "*" || pattern == part;
        (self.methods.is_empty() || self.methods.contains(&method))
            && (self.tail.is_empty() || self.tail.len() == tail.len() && self.tail.iter().zip(tail).all(same))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_draws_on() {
        const GROUP: &str = "/subscriptions/S/resourceGroups/G/providers";
        let aks = |rest: &str| format!("{GROUP}/Microsoft.ContainerService/{rest}");
        let grant = |on: &str| format!("{on}/providers/Microsoft.Authorization/roleAssignments/x");
        let operation = |region: &str, id: &str| {
            format!("/subscriptions/S/providers/Microsoft.ContainerService/locations/{region}/operations/{id}")
        };
        let registry = format!("{GROUP}/Microsoft.ContainerRegistry/registries/r");
        let of = |method, path: &str| draws(method, &Url::parse(&format!("https://h{path}?a=b")).unwrap());
        let table = [
            (Method::Get, aks("managedClusters/c"), "reads", Some(60)),
            (Method::Put, aks("managedClusters/c"), "writes", Some(20)),
            (Method::Put, aks("managedClusters/c/agentPools/p"), "writes", Some(20)),
            (Method::Get, aks("managedClusters/c/agentPools/p"), "reads", Some(60)),
            (Method::Delete, aks("managedClusters/c"), "deletes", Some(60)),
            (Method::Post, aks("managedClusters/c/abort"), "writes", Some(60)),
            (Method::Get, aks("managedClusters"), "reads", Some(60)),
            (Method::Get, operation("westeurope", "1"), "reads", Some(200)),
            (Method::Put, grant(&registry), "writes", Some(120)),
            (Method::Get, grant(&aks("managedClusters/c")), "reads", Some(120)),
            (Method::Patch, registry.clone(), "writes", None),
            (Method::Put, "/subscriptions/S/resourceGroups/G".to_owned(), "writes", None),
        ];
        for (method, path, manager, most) in table {
            let got = of(method, &path);
            let size = match got.provider.allowance {
                Allowance::Bucket { size, .. } => Some(size),
                Allowance::Window { most, .. } => Some(most),
                Allowance::Unknown => None,
            };
            assert_eq!((got.manager.key.as_str(), size), (manager, most), "{method:?} {path}");
        }
        let key = |method, path: &str| of(method, path).provider.key;
        assert_eq!(key(Method::Get, &operation("westeurope", "1")), key(Method::Get, &operation("WestEurope", "2")));
        assert_ne!(key(Method::Get, &operation("westeurope", "1")), key(Method::Get, &operation("eastus", "1")));
        assert_ne!(key(Method::Put, &aks("managedClusters/c")), key(Method::Put, &aks("managedClusters/d")));
        assert_ne!(key(Method::Put, &aks("managedClusters/c")), key(Method::Get, &aks("managedClusters/c")));
        assert_eq!(key(Method::Put, &grant(&registry)), key(Method::Get, &grant(&aks("managedClusters/c"))));
        assert_eq!(key(Method::Put, &registry), key(Method::Get, &registry));
    }
}
