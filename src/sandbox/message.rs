//! Requests and responses as plain values, so that the sandbox hangs on no HTTP library.

use serde_json::Value as Json;
use url::Url;

/// A request as it reaches the sandbox.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `PUT`, ...
    pub method: String,
    /// The whole URL; its host is used in the URLs that are answered.
    pub url: Url,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// Empty where there is none.
    pub body: Vec<u8>,
}

/// What the sandbox answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status; 0 means that the connection breaks without an answer (see [`super::Answer::Reset`]).
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Empty where there is none.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without body, with a bearer token.
    ///
    /// # Panics
    /// When `url` is no URL; meant for tests.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: Url::parse(url).expect("a URL"),
            headers: vec![("authorization".into(), "Bearer sandbox".into())],
            body: Vec::new(),
        }
    }

    /// The same request with a JSON body.
    pub fn json(mut self, body: &Json) -> Self {
        self.headers.push(("content-type".into(), "application/json".into()));
        self.body = body.to_string().into_bytes();
        self
    }

    /// The same request with one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first value of a header; case does not matter.
    pub fn get_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The first value of a query parameter; case does not matter.
    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.into_owned())
    }
}

impl Response {
    pub(super) fn json(status: u16, body: &Json) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json; charset=utf-8".into())],
            body: body.to_string().into_bytes(),
        }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first value of a header; case does not matter.
    pub fn get_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The body as JSON; null where it is none.
    pub fn body_json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or(Json::Null)
    }
}

/// A request that was answered, for tests to look at.
#[derive(Debug, Clone)]
pub struct Logged {
    /// `GET`, `PUT`, ...
    pub method: String,
    /// The URL's path.
    pub path: String,
    /// The URL's query, empty where there is none.
    pub query: String,
    /// The body as JSON, null where it is none.
    pub body: Json,
    /// When it arrived, by the sandbox's clock.
    pub at_ms: i64,
    /// The status that was answered; 0 for a broken connection.
    pub status: u16,
    /// How many requests were being answered when it arrived, itself included.
    pub in_flight: usize,
}
