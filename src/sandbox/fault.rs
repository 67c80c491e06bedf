//! Injected faults: what tests use to make the sandbox misbehave.

use serde_json::Value as Json;

use super::message::{Request, Response};

/// A fault that strikes requests which match.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The method it strikes, or `*`.
    pub method: String,
    /// What the path must contain; case does not matter.
    pub path_contains: String,
    /// How many requests it strikes before it is spent.
    pub times: u32,
    /// What happens.
    pub answer: Answer,
}

/// What a fault does.
#[derive(Debug, Clone)]
pub enum Answer {
    /// This is answered, and nothing is done.
    Respond(Response),
    /// The connection breaks before the request is read.
    Reset,
    /// The request is carried out and its answer is lost.
    Lost,
    /// The request is accepted, and its operation ends as `Failed` with this error (`{"code", "message"}`).
    Fail(Json),
}

impl Fault {
    /// A fault that answers an error body in ARM's form.
    pub fn respond(method: &str, path_contains: &str, times: u32, status: u16, body: &Json) -> Self {
        Self {
            method: method.into(),
            path_contains: path_contains.into(),
            times,
            answer: Answer::Respond(Response::json(status, body)),
        }
    }

    pub(super) fn strikes(&self, request: &Request) -> bool {
        self.times > 0
            && (self.method == "*" || self.method.eq_ignore_ascii_case(&request.method))
            && request.url.path().to_ascii_lowercase().contains(&self.path_contains.to_ascii_lowercase())
    }
}
