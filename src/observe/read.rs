//! The one parallel round of reads. It never takes a failure for an absence.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures::future::join_all;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::listed::round;
use super::together::Reader;
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
    Resources(Vec<(ArmId, Seen<Observed>)>),
    Grants(ArmId, Seen<Vec<Observed>>),
    /// What a group's listing says of some scopes in it.
    GroupGrants(Vec<(ArmId, Option<Vec<Observed>>)>),
    Listing(ArmId, Seen<Vec<ArmId>>),
    Plain(String, Seen<Value>),
}

/// Reads everything side by side, as far as the client's gate lets it: one by one what are few, with listings what are many.
pub async fn observe(client: &Client, wants: &Wants) -> (Live, Statistics) {
    let started = Instant::now();
    let count = AtomicUsize::new(0);
    let reader = Reader { client, count: &count };
    let round = round(&wants.resources, &wants.grants, wants.listings.len() + wants.answers.len());
    let mut reads: FuturesUnordered<futures::future::BoxFuture<'_, Answer>> = FuturesUnordered::new();
    for collection in &round.collections {
        reads.push(Box::pin(async move { Answer::Resources(reader.collection(collection).await) }));
    }
    for (group, scopes) in &round.groups {
        reads.push(Box::pin(async move { Answer::GroupGrants(reader.grants_in(group, scopes).await) }));
    }
    for (id, arm_type) in &round.single {
        reads.push(Box::pin(async move { Answer::Resources(vec![reader.resource(id, arm_type).await]) }));
    }
    for scope in &round.scopes {
        reads.push(Box::pin(async move { Answer::Grants((*scope).clone(), reader.grants(scope).await) }));
    }
    for group in &wants.listings {
        reads.push(Box::pin(async move { Answer::Listing(group.clone(), listing(reader.counted(), group).await) }));
    }
    for (path, version) in &wants.answers {
        reads.push(Box::pin(async move { Answer::Plain(path.clone(), plain(reader.counted(), path, version).await) }));
    }
    let mut live = Live::default();
    let mut of_groups = Vec::new();
    while let Some(answer) = reads.next().await {
        match answer {
            Answer::Resources(seen) => live.resources.extend(seen),
            Answer::Grants(scope, seen) => drop(live.grants.insert(scope, seen)),
            Answer::GroupGrants(answered) => of_groups.extend(answered),
            Answer::Listing(group, seen) => drop(live.listings.insert(group, seen)),
            Answer::Plain(path, seen) => drop(live.answers.insert(path, seen)),
        }
    }
    drop(reads);
    let of_groups = of_groups.into_iter().map(async |(scope, held)| {
        // A listing says as little of a scope without assignments as of one that does not exist.
        let seen = match (live.get(&scope), held) {
            (Seen::Absent, _) => Seen::Absent,
            (_, Some(held)) => Seen::Present(held),
            (_, None) => reader.grants(&scope).await,
        };
        (scope, seen)
    });
    let of_groups = join_all(of_groups).await;
    live.grants.extend(of_groups);
    (live, Statistics { reads: count.into_inner(), elapsed: started.elapsed() })
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

/// The role assignments that hold at a scope, inherited ones included.
pub(super) async fn grants(client: &Client, scope: &ArmId) -> Seen<Vec<Observed>> {
    match assignments(client, scope, &[("$filter", "atScope()")]).await {
        Ok(assigned) => Seen::Present(assigned),
        Err(error) => failed(error),
    }
}

/// The role assignments at a scope; without a filter those above and below it too.
pub(super) async fn assignments(
    client: &Client,
    scope: &ArmId,
    query: &[(&str, &str)],
) -> Result<Vec<Observed>, Error> {
    let kind = Schema::get()
        .resource("Microsoft.Authorization/roleAssignments")
        .expect("BUG: the schema has role assignments");
    let items = client.list(&format!("{scope}/providers/{}", kind.name), query, &kind.api_version).await?;
    Ok(items.into_iter().map(|item| observed(kind, scope, item)).collect())
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
