//! The shortest time in which Azure would take so many requests, by its documented allowances. Written down here once more, so
//! that neither landfall's numbers nor the sandbox's are believed.

use std::collections::BTreeMap;
use std::time::Duration;

use landfall::sandbox::Logged;

/// What is counted together: <https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling>,
/// <https://learn.microsoft.com/azure/aks/quotas-skus-regions>, and the refusals of Microsoft.Authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    Reads,
    Writes,
    Deletes,
    Grants,
    AksOperations,
    AksOther,
}

impl Counted {
    /// The least time in which so many are taken, all of them being ready at once and the bucket full.
    pub fn least(self, requests: usize) -> Duration {
        let bucket = |size: usize, refill_ms: usize| {
            Duration::from_millis(u64::try_from(requests.saturating_sub(size) * refill_ms).unwrap())
        };
        match self {
            Self::Reads => bucket(250, 40),
            Self::Writes | Self::Deletes => bucket(200, 100),
            Self::AksOperations => bucket(200, 500),
            Self::AksOther => bucket(60, 1000),
            // Whole minutes pass after each 120.
            Self::Grants => Duration::from_secs(60) * u32::try_from(requests.saturating_sub(1) / 120).unwrap(),
        }
    }
}

/// What is counted of a request beside ARM's own count: buckets of single clusters and pools are too large to matter here.
fn provider(method: &str, path: &str) -> Option<Counted> {
    let path = path.to_ascii_lowercase();
    let (_, tail) = path.rsplit_once("/providers/")?;
    let parts: Vec<&str> = tail.split('/').collect();
    match (method, parts.as_slice()) {
        (_, ["microsoft.authorization", ..]) => Some(Counted::Grants),
        ("GET", ["microsoft.containerservice", "locations", _, "operations", _]) => Some(Counted::AksOperations),
        ("GET" | "PUT", ["microsoft.containerservice", "managedclusters", _]) => None,
        ("PUT", ["microsoft.containerservice", "managedclusters", _, "agentpools", _]) => None,
        (_, ["microsoft.containerservice", ..]) => Some(Counted::AksOther),
        _ => None,
    }
}

/// How often each count was drawn on.
pub fn counts<'a>(requests: impl IntoIterator<Item = (&'a str, &'a str)>) -> BTreeMap<Counted, usize> {
    let mut out = BTreeMap::new();
    for (method, path) in requests {
        let manager = match method {
            "GET" | "HEAD" => Counted::Reads,
            "DELETE" => Counted::Deletes,
            _ => Counted::Writes,
        };
        for counted in std::iter::once(manager).chain(provider(method, path)) {
            *out.entry(counted).or_insert(0) += 1;
        }
    }
    out
}

/// The least time that any of the counts leaves, told in words as well.
pub fn least(counts: &BTreeMap<Counted, usize>) -> (Duration, String) {
    let told: Vec<String> = counts.iter().map(|(c, n)| format!("{c:?} {n} ({} s)", c.least(*n).as_secs())).collect();
    (counts.iter().map(|(c, n)| c.least(*n)).max().unwrap_or_default(), told.join(", "))
}

/// The refusals for number among what was answered.
pub fn throttled(requests: &[Logged]) -> usize {
    requests.iter().filter(|r| r.status == 429).count()
}

/// How many requests were in flight at once.
pub fn at_once(requests: &[Logged]) -> usize {
    requests.iter().map(|r| r.in_flight).max().unwrap_or(0)
}
