//! Long-running operations, as a pure state machine: what a write's answer began, and what a reading of it says.

use std::time::Duration;

use serde_json::Value as Json;
use url::Url;

use super::client::Method;
use super::refusal::member;
use crate::names::{ArmId, OperationUrl};

/// A running operation: plain data, so that another process can record it and go on following it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What is read to learn how far it is, to the letter: it carries its own api-version and signature.
    pub url: OperationUrl,
    /// How its readings are understood.
    pub kind: OperationKind,
    /// What began it: a deletion ends when the resource is gone.
    pub method: Method,
    /// What it works on.
    pub resource: ArmId,
    /// With which the resource itself is read, should the operation's own URL be forgotten.
    pub api_version: String,
    /// For how long it is followed, from the beginning of [`super::Client::follow`].
    pub deadline: Duration,
}

/// How an operation tells how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationKind {
    /// `Azure-AsyncOperation`: a body with a `status`.
    AsyncOperation,
    /// `Location`: 202 until it is done.
    Location,
    /// No URL of its own: the resource's `provisioningState`, or its absence once deleted.
    Resource,
}

/// Why nothing moves at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// The operation runs; Azure's own word for how far it is.
    Status(String),
    /// The network or the service failed; the same is tried again.
    Retrying {
        /// What failed.
        why: String,
        /// When it is tried again.
        after: Duration,
    },
    /// Azure asks for fewer requests, for so long.
    Throttled(Duration),
    /// Another operation on the resource is in progress.
    Busy {
        /// Azure's words.
        why: String,
        /// When it is tried again.
        after: Duration,
    },
    /// A principal or a grant has yet to spread.
    Propagating {
        /// Azure's words.
        why: String,
        /// When it is tried again.
        after: Duration,
    },
}

/// What a write's answer began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Began {
    /// Nothing more will happen.
    Done,
    /// It goes on; read this URL (`None`: the resource).
    Running(OperationKind, Option<Url>),
    /// It has failed already.
    Failed,
    /// The answer names a URL that cannot be followed.
    Unfollowable(String),
}

/// What a reading says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// It has succeeded.
    Done,
    /// It has failed; the body says why.
    Failed,
    /// Someone canceled it.
    Canceled,
    /// It runs; Azure's word for it.
    Running(String),
    /// It says nothing about itself: the resource must.
    Unknown,
}

/// Understands the answer to a write. `asked` is the URL that was written to; a relative URL in a header is joined to it.
pub(super) fn began(
    method: Method,
    status: u16,
    asked: &Url,
    header: impl Fn(&str) -> Option<String>,
    body: &Json,
) -> Began {
    let follow = |kind, text: String| match asked.join(&text) {
        Ok(url) if url.scheme() == "https" => Began::Running(kind, Some(url)),
        _ => Began::Unfollowable(text),
    };
    if let Some(url) = header("azure-asyncoperation").or_else(|| header("operation-location")) {
        return follow(OperationKind::AsyncOperation, url);
    }
    if status == 202 {
        return match header("location") {
            Some(url) => follow(OperationKind::Location, url),
            None => Began::Running(OperationKind::Resource, None),
        };
    }
    if status == 204 {
        return Began::Done;
    }
    // Managed identities answer 201 with a relative `Location`, which is merely where the resource is.
    match (method, provisioning_state(body).map(state)) {
        (_, None) | (_, Some(Reading::Done)) => Began::Done,
        (Method::Delete, Some(_)) => Began::Running(OperationKind::Resource, None),
        (_, Some(Reading::Failed | Reading::Canceled)) => Began::Failed,
        (_, Some(_)) => Began::Running(OperationKind::Resource, None),
    }
}

/// Understands a reading with a status of 2xx.
pub(super) fn reading(operation: OperationKind, method: Method, status: u16, body: &Json) -> Reading {
    let told = member(body, "status").and_then(Json::as_str).filter(|s| !s.is_empty());
    match operation {
        OperationKind::AsyncOperation => match told.or_else(|| provisioning_state(body)) {
            Some(word) => state(word),
            None if status == 204 => Reading::Done,
            None if status == 202 => Reading::Running("InProgress".to_owned()),
            None => Reading::Unknown,
        },
        // The body of a finished one is the resource, or nothing; some services answer like the other header's URL.
        OperationKind::Location => match (status, told) {
            (202, _) => Reading::Running(told.or_else(|| provisioning_state(body)).unwrap_or("InProgress").to_owned()),
            (_, Some(word)) if member(body, "id").is_none() && member(body, "properties").is_none() => state(word),
            (_, Some(word)) if member(body, "error").is_some() => state(word),
            _ => Reading::Done,
        },
        // It is still there, so it is not deleted, whatever it says; but a failed deletion is not waited for.
        OperationKind::Resource => match (method, provisioning_state(body).map(state)) {
            (Method::Delete, Some(failed @ (Reading::Failed | Reading::Canceled))) => failed,
            (Method::Delete, Some(running @ Reading::Running(_))) => running,
            (Method::Delete, _) => Reading::Running("Deleting".to_owned()),
            (_, Some(reading)) => reading,
            (_, None) => Reading::Done,
        },
    }
}

fn provisioning_state(body: &Json) -> Option<&str> {
    let properties = member(body, "properties").and_then(|p| member(p, "provisioningState"));
    properties.or_else(|| member(body, "provisioningState")).and_then(Json::as_str).filter(|s| !s.is_empty())
}

/// Three words end an operation; every other is a free name for being under way.
fn state(word: &str) -> Reading {
    match word.to_ascii_lowercase().as_str() {
        "succeeded" => Reading::Done,
        "failed" => Reading::Failed,
        "canceled" | "cancelled" => Reading::Canceled,
        _ => Reading::Running(word.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ASKED: &str = "https://management.azure.com/subscriptions/s/resourceGroups/g?api-version=1";

    #[test]
    fn what_a_write_began() {
        use OperationKind::{AsyncOperation, Location, Resource};
        let op = "https://management.azure.com/op?api-version=2&s=x";
        let running = |kind, url: &str| Began::Running(kind, Some(Url::parse(url).unwrap()));
        let state = |word: &str| json!({"properties": {"provisioningState": word}});
        let table = [
            (Method::Put, 201, vec![("azure-asyncoperation", op)], state("Creating"), running(AsyncOperation, op)),
            (Method::Put, 200, vec![("azure-asyncoperation", op)], state("Succeeded"), running(AsyncOperation, op)),
            (
                Method::Delete,
                202,
                vec![("azure-asyncoperation", op), ("location", "https://x/l")],
                Json::Null,
                running(AsyncOperation, op),
            ),
            (Method::Delete, 202, vec![("location", op)], Json::Null, running(Location, op)),
            (
                Method::Put,
                202,
                vec![("location", "/op/7?t=1")],
                Json::Null,
                running(Location, "https://management.azure.com/op/7?t=1"),
            ),
            (Method::Put, 202, vec![], state("Accepted"), Began::Running(Resource, None)),
            (Method::Delete, 202, vec![], Json::Null, Began::Running(Resource, None)),
            (Method::Put, 201, vec![("location", "/subscriptions/s/x")], state("Succeeded"), Began::Done),
            (Method::Put, 201, vec![("location", "/subscriptions/s/x")], json!({"id": "/x"}), Began::Done),
            (Method::Put, 200, vec![], state("Updating"), Began::Running(Resource, None)),
            (Method::Put, 201, vec![], state("Failed"), Began::Failed),
            (Method::Put, 200, vec![], Json::Null, Began::Done),
            (Method::Delete, 204, vec![], Json::Null, Began::Done),
            (Method::Delete, 200, vec![], Json::Null, Began::Done),
            (Method::Delete, 200, vec![], state("Deleting"), Began::Running(Resource, None)),
            (
                Method::Put,
                201,
                vec![("azure-asyncoperation", "http://x/op")],
                Json::Null,
                Began::Unfollowable("http://x/op".to_owned()),
            ),
        ];
        for (method, status, headers, body, expected) in table {
            let header = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
            let got = began(method, status, &Url::parse(ASKED).unwrap(), header, &body);
            assert_eq!(got, expected, "{method:?} {status} {headers:?} {body}");
        }
    }

    #[test]
    fn what_a_reading_says() {
        use OperationKind::{AsyncOperation, Location, Resource};
        let run = |word: &str| Reading::Running(word.to_owned());
        let status = |word: &str| json!({"status": word});
        let state = |word: &str| json!({"id": "/x", "properties": {"provisioningState": word}});
        let not_latest = json!({"status": "Succeeded", "error": {"code": "NotLatestOperation"}});
        let table = [
            (AsyncOperation, Method::Put, 200, status("InProgress"), run("InProgress")),
            (AsyncOperation, Method::Put, 200, status("CreatingAgentPool: 0/1"), run("CreatingAgentPool: 0/1")),
            (AsyncOperation, Method::Put, 200, status("succeeded"), Reading::Done),
            (AsyncOperation, Method::Put, 200, not_latest, Reading::Done),
            (AsyncOperation, Method::Put, 202, status("FAILED"), Reading::Failed),
            (AsyncOperation, Method::Put, 200, status("Cancelled"), Reading::Canceled),
            (AsyncOperation, Method::Put, 200, json!({"Status": "Succeeded"}), Reading::Done),
            (AsyncOperation, Method::Put, 200, Json::Null, Reading::Unknown),
            (AsyncOperation, Method::Put, 204, Json::Null, Reading::Done),
            (AsyncOperation, Method::Put, 202, Json::Null, run("InProgress")),
            (AsyncOperation, Method::Put, 200, state("Creating"), run("Creating")),
            (Location, Method::Put, 202, Json::Null, run("InProgress")),
            (Location, Method::Put, 200, state("Succeeded"), Reading::Done),
            (Location, Method::Delete, 204, Json::Null, Reading::Done),
            (Location, Method::Put, 200, json!({"status": "Failed", "error": {"code": "X"}}), Reading::Failed),
            (Location, Method::Put, 200, status("Running"), run("Running")),
            (Location, Method::Put, 200, json!({"id": "/x", "status": "enabled"}), Reading::Done),
            (Resource, Method::Put, 200, state("Updating"), run("Updating")),
            (Resource, Method::Put, 200, state("Succeeded"), Reading::Done),
            (Resource, Method::Put, 200, json!({"id": "/x"}), Reading::Done),
            (Resource, Method::Put, 200, state("Failed"), Reading::Failed),
            (Resource, Method::Delete, 200, state("Succeeded"), run("Deleting")),
            (Resource, Method::Delete, 200, state("Failed"), Reading::Failed),
        ];
        for (kind, method, status, body, expected) in table {
            assert_eq!(reading(kind, method, status, &body), expected, "{kind:?} {method:?} {status} {body}");
        }
    }
}
