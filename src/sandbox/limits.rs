//! Request limits by `data/service.json`, as ARM, AKS and the Authorization provider document or show theirs: token buckets, and
//! counts that begin anew with each window of time.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::{Deserialize, Deserializer};

use super::address::subscription_of;
use super::behaviour::service;
use super::message::{Request, Response};
use super::refusal::Refusal;

/// One limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Limit {
    /// None: any.
    #[serde(default)]
    methods: Vec<String>,
    /// What the path, in lower case, must match. What its group matches, if it has one, tells requests apart that are counted
    /// apart; the subscription always does.
    #[serde(deserialize_with = "pattern")]
    path: Regex,
    /// Who counts, the resource manager or the provider behind it: of the limits of one, the first that fits is meant.
    owner: String,
    /// How many requests are taken at once, or in a window.
    bucket: u32,
    /// Milliseconds until one more request is taken.
    #[serde(default)]
    refill_ms: u32,
    /// Milliseconds after which counting begins anew, in place of refilling.
    #[serde(default)]
    window_ms: u32,
    code: String,
    /// With `{wait}` for the seconds to wait.
    message: String,
    /// The header that shows what is left.
    #[serde(default)]
    header: Option<String>,
}

fn pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
    let text = String::deserialize(deserializer)?;
    Regex::new(&text).map_err(serde::de::Error::custom)
}

/// How full the buckets are: what is left, and since when.
#[derive(Debug, Default)]
pub(super) struct Buckets(BTreeMap<String, (f64, i64)>);

impl Buckets {
    /// Takes a token from each bucket that a request touches. The refusal where one is empty; else what to show.
    pub(super) fn take(&mut self, request: &Request, now: i64) -> Result<Vec<(String, String)>, Response> {
        let path = request.url.path().to_ascii_lowercase();
        let mut headers = Vec::new();
        let mut owners: Vec<&str> = Vec::new();
        for (i, limit) in service().limits.iter().enumerate() {
            let asked = limit.methods.is_empty() || limit.methods.contains(&request.method);
            if !asked || owners.contains(&limit.owner.as_str()) {
                continue;
            }
            let Some(found) = limit.path.captures(&path) else { continue };
            owners.push(&limit.owner);
            let apart = found.get(1).map_or("", |group| group.as_str());
            let key = format!("{i}|{}|{apart}", subscription_of(&path).unwrap_or_default());
            let bucket = self.0.entry(key).or_insert((f64::from(limit.bucket), now));
            let wait = limit.take(bucket, now);
            if wait > 0.0 {
                let wait = wait.ceil();
                let message = limit.message.replace("{wait}", &wait.to_string());
                return Err(Refusal::arm(429, &limit.code, message).respond().with("retry-after", wait.to_string()));
            }
            if let Some(header) = &limit.header {
                headers.push((header.clone(), bucket.0.floor().to_string()));
            }
        }
        Ok(headers)
    }
}

impl Limit {
    /// Takes one, or tells how many seconds there is none.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds between requests are far below 2^52")]
    fn take(&self, (left, since): &mut (f64, i64), now: i64) -> f64 {
        let most = f64::from(self.bucket);
        let passed = (now - *since).max(0) as f64;
        let (refill, window) = (f64::from(self.refill_ms), f64::from(self.window_ms));
        let wait = if self.window_ms > 0 {
            if passed >= window {
                (*left, *since) = (most, now);
            }
            window - (now - *since).max(0) as f64
        } else {
            (*left, *since) = ((*left + passed / refill).min(most), now);
            (1.0 - *left) * refill
        };
        if *left < 1.0 {
            return (wait / 1000.0).max(1.0);
        }
        *left -= 1.0;
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many requests, sent together, are taken, and what the first refusal asks to wait.
    fn taken(buckets: &mut Buckets, now: i64, method: &str, path: &str, sent: usize) -> (usize, Option<String>) {
        let request = Request::new(method, &format!("https://h{path}"));
        let all: Vec<_> = (0..sent).map(|_| buckets.take(&request, now)).collect();
        let wait =
            all.iter().find_map(|a| a.as_ref().err()).and_then(|r| r.get_header("retry-after").map(str::to_owned));
        (all.iter().filter(|a| a.is_ok()).count(), wait)
    }

    #[test]
    fn the_documented_limits() {
        const GROUP: &str = "/subscriptions/S/resourceGroups/g";
        const AKS: &str = "/providers/Microsoft.ContainerService";
        let table = [
            // the request, how many are taken at once, how many after ten seconds
            ("GET", GROUP.to_owned(), 250, 250),
            ("PUT", GROUP.to_owned(), 200, 100),
            ("DELETE", GROUP.to_owned(), 200, 100),
            ("GET", format!("{GROUP}{AKS}/managedClusters/a"), 60, 10),
            ("PUT", format!("{GROUP}{AKS}/managedClusters/a"), 20, 0),
            ("PUT", format!("{GROUP}{AKS}/managedClusters/a/agentPools/p"), 20, 0),
            ("GET", format!("{GROUP}{AKS}/managedClusters"), 60, 10),
            ("GET", format!("/subscriptions/S{AKS}/locations/westeurope/operations/1"), 200, 20),
            ("GET", format!("{GROUP}{AKS}/managedClusters/a/agentPools/p"), 60, 10),
            ("POST", format!("{GROUP}{AKS}/managedClusters/a/abort"), 60, 10),
            ("DELETE", format!("{GROUP}{AKS}/managedClusters/a"), 60, 10),
            ("PUT", format!("{GROUP}{AKS}/managedClusters/a{AUTHORIZATION}/x"), 120, 0),
            ("GET", format!("{GROUP}{AUTHORIZATION}/x"), 120, 0),
        ];
        for (method, path, at_once, later) in table {
            let mut buckets = Buckets::default();
            assert_eq!(taken(&mut buckets, 0, method, &path, 300).0, at_once, "{method} {path}");
            assert_eq!(taken(&mut buckets, 10_000, method, &path, 300).0, later, "{method} {path}");
        }
    }

    const AUTHORIZATION: &str = "/providers/Microsoft.Authorization/roleAssignments";

    #[test]
    fn what_is_counted_apart() {
        const AKS: &str = "/subscriptions/S/providers/Microsoft.ContainerService/locations";
        let mut buckets = Buckets::default();
        assert_eq!(
            taken(&mut buckets, 0, "GET", &format!("{AKS}/westeurope/operations/1"), 201).1.as_deref(),
            Some("1")
        );
        assert_eq!(taken(&mut buckets, 0, "GET", &format!("{AKS}/westeurope/operations/2"), 1).0, 0, "one region's");
        assert_eq!(taken(&mut buckets, 0, "GET", &format!("{AKS}/eastus/operations/3"), 1).0, 1, "another region's");
        let grants = format!("/subscriptions/T/resourceGroups/g{AUTHORIZATION}/x");
        assert_eq!(taken(&mut buckets, 5_000, "PUT", &grants, 121), (120, Some("60".to_owned())));
        assert_eq!(taken(&mut buckets, 60_000, "GET", &grants, 1), (0, Some("5".to_owned())), "reads count as well");
        assert_eq!(taken(&mut buckets, 65_000, "GET", &grants, 121).0, 120, "a window begins anew");
    }
}
