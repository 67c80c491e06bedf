//! Long-running operations: how they start, what their URLs look like, what they answer.

use std::time::Duration;

use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::behaviour::Behaviour;
use super::call::{Answered, Call};
use super::message::Response;
use super::refusal::Refusal;
use super::world::{Kind, Operation};

/// What starts an operation.
pub(super) struct Start<'a> {
    /// The resource's id, as it is answered.
    pub id: &'a str,
    pub kind: Kind,
    pub behaviour: &'a Behaviour,
    pub location: &'a str,
    pub namespace: &'a str,
    /// How many nodes a create makes.
    pub nodes: u64,
    pub takes: Duration,
}

impl Call<'_> {
    /// Starts an operation on a resource and returns its id.
    pub(super) fn start(&mut self, start: &Start<'_>) -> String {
        let id = self.world.guid().to_string();
        let subscription = start.id.split('/').nth(2).unwrap_or_default();
        let (path, version) = match start.behaviour.family.as_str() {
            "acr" => {
                let kind = start.id.rsplit('/').nth(1).unwrap_or_default();
                (format!("{}/operationStatuses/{kind}-{id}", start.id), start.behaviour.operation_version.as_str())
            }
            "arm" if start.id.split('/').count() <= 5 => (
                format!("/subscriptions/{subscription}/operationresults/{id}"),
                start.behaviour.operation_version.as_str(),
            ),
            "arm" => (format!("{}/operations/{id}", start.id), start.behaviour.operation_version.as_str()),
            _ => (
                format!(
                    "/subscriptions/{subscription}/providers/{}/locations/{}/operations/{id}",
                    start.namespace, start.location
                ),
                if start.behaviour.operation_version.is_empty() {
                    "2025-03-01"
                } else {
                    &start.behaviour.operation_version
                },
            ),
        };
        // Ticks, a certificate, a signature and a hash: opaque, and to be sent back as they are.
        let seal = |word: &str, times: usize| {
            let one =
                |i| Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{id}|{word}|{i}").as_bytes()).simple().to_string();
            (0..times).map(one).collect::<String>()
        };
        let ticks = 621_355_968_000_000_000_i64 + self.now * 10_000;
        let query =
            format!("api-version={version}&t={ticks}&c=MII{}&s={}&h={}", seal("c", 8), seal("s", 2), seal("h", 1));
        let stages = if start.kind == Kind::Create { &start.behaviour.stages[..] } else { &[] };
        let operation = Operation {
            id: id.clone(),
            resource: start.id.to_ascii_lowercase(),
            kind: start.kind,
            start_ms: self.now,
            end_ms: self.now + i64::try_from(start.takes.as_millis()).unwrap_or(i64::MAX / 2),
            done: false,
            failure: self.failure.clone(),
            canceled: false,
            family: start.behaviour.family.clone(),
            stages: stages.iter().map(|s| s.replace("{count}", &start.nodes.to_string())).collect(),
            url: format!("{path}?{query}"),
        };
        self.world.operations.insert(id.clone(), operation);
        id
    }

    /// Adds the headers by which a client follows an operation.
    pub(super) fn follow(&self, response: Response, operation: &str) -> Response {
        let Some(operation) = self.world.operations.get(operation) else { return response };
        let status = format!("{}{}", self.base(), operation.url);
        let results =
            status.replace("/operations/", "/operationresults/").replace("/operationStatuses/", "/operationResults/");
        match (operation.family.as_str(), operation.kind) {
            ("arm", Kind::Delete) if operation.url.contains("/operationresults/") => response.with("location", status),
            (_, Kind::Delete | Kind::Abort) => response.with("azure-asyncoperation", status).with("location", results),
            _ => response.with("azure-asyncoperation", status),
        }
    }

    /// Answers an operation's URL.
    pub(super) fn operation(&mut self, path: &str) -> Answered {
        let last = path.rsplit('/').next().unwrap_or_default();
        let id = last.get(last.len().saturating_sub(36)..).unwrap_or_default().to_ascii_lowercase();
        let Some(operation) = self.world.operations.get(&id) else {
            return Err(Refusal::arm(404, "NotFound", format!("The entity was not found: operation '{last}'.")));
        };
        let asked = self.request.url.query().unwrap_or_default();
        let handed_out = operation.url.split_once('?').map_or("", |(_, query)| query);
        if asked != handed_out {
            return Err(Refusal::arm(
                403,
                "InvalidOperationUrl",
                "The query parameters of an operation URL must be sent back exactly as they were handed out.",
            ));
        }
        if path.to_ascii_lowercase().contains("/operationresults/") {
            return Ok(self.result(operation));
        }
        Ok(Response::json(200, &status(operation, self.now)))
    }

    /// The `Location` form: 202 until it is over, then the outcome.
    fn result(&self, operation: &Operation) -> Response {
        if !operation.done {
            let here = self.request.url.as_str();
            return Response::empty(202).with("location", here).with("retry-after", "1");
        }
        match &operation.failure {
            _ if operation.canceled => Response::json(200, &status(operation, self.now)),
            Some(error) => Response::json(409, &json!({"error": error})),
            None if operation.family == "arm" => Response::empty(200),
            None => Response::empty(204),
        }
    }
}

/// The body of an operation's status.
fn status(operation: &Operation, now: i64) -> Json {
    let word = match (operation.done, &operation.failure) {
        (false, _) if operation.family == "acr" => operation.kind.gerund().to_owned(),
        (false, _) => stage(operation, now),
        (true, _) => operation.outcome().to_owned(),
    };
    let mut body = json!({"status": word});
    if operation.done
        && !operation.canceled
        && let Some(error) = &operation.failure
    {
        body["error"] = error.clone();
    }
    if operation.family != "acr" {
        body["name"] = json!(operation.id);
        body["startTime"] = json!(time_text(operation.start_ms));
        if operation.done {
            body["endTime"] = json!(time_text(operation.end_ms));
        }
    }
    body
}

fn stage(operation: &Operation, now: i64) -> String {
    let all = (operation.end_ms - operation.start_ms).max(1);
    let stages = operation.stages.len() as i64 + 1;
    let at = ((now - operation.start_ms) * stages / all).clamp(0, stages - 1);
    match usize::try_from(at - 1).ok().and_then(|i| operation.stages.get(i)) {
        Some(stage) => stage.clone(),
        None => "InProgress".to_owned(),
    }
}

/// A point in time as ARM writes it.
pub(super) fn time_text(ms: i64) -> String {
    let time = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    time.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
