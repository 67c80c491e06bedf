//! The one parallel round of reads. It never takes a failure for an absence.

use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use crate::azure::{Client, Error, Kind};
use crate::document::Value;
use crate::model::{Live, Observed, Seen};
use crate::names::{ArmId, Etag};
use crate::schema::{ResourceType, Schema};

/// What is to be read.
#[derive(Debug, Clone, Default)]
pub struct Wants {
    /// Single resources with their ARM types.
    pub resources: Vec<(ArmId, String)>,
    /// Scopes whose role assignments are listed.
    pub grants: Vec<ArmId>,
    /// Resource groups whose content is listed.
    pub listings: Vec<ArmId>,
    /// Paths whose answers are no resources, with their version of the API.
    pub answers: Vec<(String, String)>,
}

/// What a round of reads took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Statistics {
    /// How many reads were made, pages aside.
    pub reads: usize,
    /// How long all of them took together.
    pub elapsed: Duration,
}

enum Answer {
    Resource(ArmId, Seen<Observed>),
    Grants(ArmId, Seen<Vec<Observed>>),
    Listing(ArmId, Seen<Vec<ArmId>>),
    Plain(String, Seen<Value>),
}

/// Reads everything side by side, as far as the client's gate lets it.
pub async fn observe(client: &Client, wants: &Wants) -> (Live, Statistics) {
    let started = Instant::now();
    let mut live = Live::default();
    let mut reads: FuturesUnordered<futures::future::BoxFuture<'_, Answer>> = FuturesUnordered::new();
    for (id, arm_type) in &wants.resources {
        reads.push(Box::pin(async move { Answer::Resource(id.clone(), resource(client, id, arm_type).await) }));
    }
    for scope in &wants.grants {
        reads.push(Box::pin(async move { Answer::Grants(scope.clone(), grants(client, scope).await) }));
    }
    for group in &wants.listings {
        reads.push(Box::pin(async move { Answer::Listing(group.clone(), listing(client, group).await) }));
    }
    for (path, version) in &wants.answers {
        reads.push(Box::pin(async move { Answer::Plain(path.clone(), plain(client, path, version).await) }));
    }
    let count = reads.len();
    while let Some(answer) = reads.next().await {
        match answer {
            Answer::Resource(id, seen) => drop(live.resources.insert(id, seen)),
            Answer::Grants(scope, seen) => drop(live.grants.insert(scope, seen)),
            Answer::Listing(group, seen) => drop(live.listings.insert(group, seen)),
            Answer::Plain(path, seen) => drop(live.answers.insert(path, seen)),
        }
    }
    (live, Statistics { reads: count, elapsed: started.elapsed() })
}

/// Reads one resource.
pub async fn resource(client: &Client, id: &ArmId, arm_type: &str) -> Seen<Observed> {
    let Some(kind) = Schema::get().resource(arm_type) else {
        return Seen::Unreadable(format!("this version of landfall does not know the type {arm_type}"));
    };
    match client.get(id, &kind.api_version).await {
        Ok(answer) => Seen::Present(observed(kind, id, answer.body)),
        Err(error) => failed(error),
    }
}

async fn plain(client: &Client, path: &str, api_version: &str) -> Seen<Value> {
    match client.get_path(path, api_version).await {
        Ok(answer) => Seen::Present(Value::from_json(answer.body)),
        Err(error) => failed(error),
    }
}

/// What an answer says of a resource.
pub fn observed(kind: &ResourceType, asked: &ArmId, body: serde_json::Value) -> Observed {
    let body = Value::from_json(body);
    let id = body.property("id").and_then(Value::as_str).and_then(|t| ArmId::parse(t).ok());
    let document = kind.from_arm(&body);
    let etag = document.property("eTag").and_then(Value::as_str).and_then(|t| t.parse::<Etag>().ok());
    Observed { id: id.unwrap_or_else(|| asked.clone()), body: document, etag }
}

async fn grants(client: &Client, scope: &ArmId) -> Seen<Vec<Observed>> {
    let kind = Schema::get()
        .resource("Microsoft.Authorization/roleAssignments")
        .expect("BUG: the schema has role assignments");
    let path = format!("{scope}/providers/{}", kind.name);
    match client.list(&path, &[("$filter", "atScope()")], &kind.api_version).await {
        Ok(items) => Seen::Present(items.into_iter().map(|item| observed(kind, scope, item)).collect()),
        Err(error) => failed(error),
    }
}

/// What lies in a resource group.
pub async fn listing(client: &Client, group: &ArmId) -> Seen<Vec<ArmId>> {
    listed(client, group, |_| true).await
}

/// What of it carries a tag with this value.
pub async fn tagged(client: &Client, group: &ArmId, (tag, value): (&str, &str)) -> Seen<Vec<ArmId>> {
    let carries = |item: &serde_json::Value| {
        let tags = item["tags"].as_object().into_iter().flatten();
        tags.into_iter().any(|(name, text)| name.eq_ignore_ascii_case(tag) && text == value)
    };
    listed(client, group, carries).await
}

async fn listed(
    client: &Client,
    group: &ArmId,
    wanted: impl Fn(&serde_json::Value) -> bool + Send,
) -> Seen<Vec<ArmId>> {
    let kind =
        Schema::get().resource("Microsoft.Resources/resourceGroups").expect("BUG: the schema has resource groups");
    match client.list(&format!("{group}/resources"), &[], &kind.api_version).await {
        Ok(items) => {
            let ids: Vec<Option<ArmId>> = items
                .iter()
                .filter(|item| wanted(item))
                .map(|item| item["id"].as_str().and_then(|t| ArmId::parse(t).ok()))
                .collect();
            match ids.iter().all(Option::is_some) {
                true => Seen::Present(ids.into_iter().flatten().collect()),
                false => Seen::Unreadable("the listing names something without an ID".to_owned()),
            }
        }
        Err(error) => failed(error),
    }
}

fn failed<T>(error: Error) -> Seen<T> {
    if says_absent(&error) { Seen::Absent } else { Seen::Unreadable(error.to_string()) }
}

/// Whether Azure says that something does not exist. A 404 without Azure's own code comes from something in between (a proxy,
/// a wrong URL) and says nothing about the resource; nor does another status whose code speaks of something that is not found.
pub fn says_absent(error: &Error) -> bool {
    error.kind == Kind::NotFound && error.code.is_some() && matches!(error.status, Some(404 | 410))
}
