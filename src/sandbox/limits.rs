//! Request limits: token buckets by `data/service.json`, as ARM and AKS document theirs.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::address::subscription_of;
use super::behaviour::service;
use super::message::{Request, Response};
use super::refusal::Refusal;

/// One limit.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Limit {
    methods: Vec<String>,
    /// What the path, in lower case, must match.
    path: String,
    bucket: u32,
    /// Milliseconds until one more request is allowed.
    refill_ms: u32,
    /// One bucket for each path rather than for each subscription.
    #[serde(default)]
    each_path: bool,
    code: String,
    /// The header that shows what is left.
    #[serde(default)]
    header: Option<String>,
}

/// How full the buckets are.
#[derive(Debug, Default)]
pub(super) struct Buckets(BTreeMap<String, (f64, i64)>);

impl Buckets {
    /// Takes a token from each bucket that a request touches. The refusal where one is empty; else what to show.
    pub(super) fn take(&mut self, request: &Request, now: i64) -> Result<Vec<(String, String)>, Response> {
        let path = request.url.path().to_ascii_lowercase();
        let mut headers = Vec::new();
        for (i, limit) in service().limits.iter().enumerate() {
            let fits = limit.methods.contains(&request.method)
                && regex_lite::Regex::new(&limit.path).is_ok_and(|pattern| pattern.is_match(&path));
            if !fits {
                continue;
            }
            let per = if limit.each_path { &path } else { subscription_of(&path).unwrap_or_default() };
            let refill = f64::from(limit.refill_ms);
            let (tokens, since) = self.0.entry(format!("{i}|{per}")).or_insert((f64::from(limit.bucket), now));
            #[expect(clippy::cast_precision_loss, reason = "milliseconds between requests are far below 2^52")]
            let gained = (now - *since).max(0) as f64 / refill;
            *tokens = (*tokens + gained).min(f64::from(limit.bucket));
            *since = now;
            if *tokens < 1.0 {
                let wait = ((1.0 - *tokens) * refill / 1000.0).ceil().max(1.0);
                let message = format!("The request limit of this API is used up; retry after {wait} seconds.");
                return Err(Refusal::arm(429, &limit.code, message).respond().with("retry-after", wait.to_string()));
            }
            *tokens -= 1.0;
            if let Some(header) = &limit.header {
                headers.push((header.clone(), tokens.floor().to_string()));
            }
        }
        Ok(headers)
    }
}
