//! A transport that answers from a script, and a credential that counts.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::request::Body;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use landfall::azure::{Client, ClientSettings, Patience, Trace};
use serde_json::Value as Json;
use tokio::time::Instant;

/// The most requests in flight of every scripted client.
pub const PARALLELISM: usize = 8;

/// What one request is answered.
#[derive(Debug, Clone)]
pub enum Answered {
    /// With a status, headers and a body.
    Http(u16, Vec<(String, String)>, Vec<u8>),
    /// Not at all.
    Fails(ErrorKind),
}

impl Answered {
    pub fn json(status: u16, body: Json) -> Self {
        Self::Http(status, Vec::new(), body.to_string().into_bytes())
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self::Http(status, Vec::new(), body.as_bytes().to_vec())
    }

    pub fn lost() -> Self {
        Self::Fails(ErrorKind::Io)
    }

    pub fn unreachable() -> Self {
        Self::Fails(ErrorKind::Connection)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Http(_, headers, _) = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// A request that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub at: Duration,
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Json,
}

impl Sent {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// The script and its protocol.
#[derive(Debug)]
pub struct Script {
    answers: Mutex<VecDeque<Answered>>,
    always: Mutex<Option<Answered>>,
    sent: Mutex<Vec<Sent>>,
    traces: Arc<Mutex<Vec<Trace>>>,
    tokens: Mutex<(usize, i64, Option<String>)>,
    latency: Mutex<Duration>,
    start: Mutex<Option<Instant>>,
}

/// A script of answers, in order.
pub fn script(answers: impl IntoIterator<Item = Answered>) -> Arc<Script> {
    Arc::new(Script {
        answers: Mutex::new(answers.into_iter().collect()),
        always: Mutex::default(),
        sent: Mutex::default(),
        traces: Arc::default(),
        tokens: Mutex::new((0, 3600, None)),
        latency: Mutex::default(),
        start: Mutex::default(),
    })
}

impl Script {
    /// What is answered once the script is at its end.
    pub fn then(&self, answered: Answered) {
        *self.always.lock().unwrap() = Some(answered);
    }

    pub fn push(&self, answered: Answered) {
        self.answers.lock().unwrap().push_back(answered);
    }

    pub fn left(&self) -> usize {
        self.answers.lock().unwrap().len()
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub fn traces(&self) -> Vec<Trace> {
        self.traces.lock().unwrap().clone()
    }

    /// How many tokens were asked for.
    pub fn tokens(&self) -> usize {
        self.tokens.lock().unwrap().0
    }

    pub fn token_life(&self, seconds: i64) {
        self.tokens.lock().unwrap().1 = seconds;
    }

    pub fn token_fails(&self, why: &str) {
        self.tokens.lock().unwrap().2 = Some(why.to_owned());
    }

    pub fn latency(&self, latency: Duration) {
        *self.latency.lock().unwrap() = latency;
    }

    pub fn settings(self: &Arc<Self>, resource_manager: &str) -> ClientSettings {
        let traces = self.traces.clone();
        ClientSettings {
            resource_manager: resource_manager.parse().unwrap(),
            audience: "https://management.azure.com".to_owned(),
            credential: Arc::new(Counting(self.clone())),
            transport: Arc::new(Scripted(self.clone())),
            trace: Some(Arc::new(move |trace: &Trace| traces.lock().unwrap().push(trace.clone()))),
            parallelism: PARALLELISM,
            patience: Patience::default(),
            warm: false,
        }
    }

    /// A client whose requests are timed from now.
    pub fn client(self: &Arc<Self>) -> Client {
        *self.start.lock().unwrap() = Some(Instant::now());
        Client::new(self.settings("https://management.azure.com")).unwrap()
    }

    pub fn warm_client(self: &Arc<Self>) -> Client {
        *self.start.lock().unwrap() = Some(Instant::now());
        Client::new(ClientSettings { warm: true, ..self.settings("https://management.azure.com") }).unwrap()
    }
}

#[derive(Debug)]
struct Scripted(Arc<Script>);

#[async_trait::async_trait]
impl HttpClient for Scripted {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Body::Bytes(body) = request.body().clone() else { panic!("a body in memory") };
        let at = self.0.start.lock().unwrap().map(|start| start.elapsed()).unwrap_or_default();
        self.0.sent.lock().unwrap().push(Sent {
            at,
            method: request.method().as_str().to_owned(),
            url: request.url().to_string(),
            headers: request.headers().iter().map(|(n, v)| (n.as_str().to_owned(), v.as_str().to_owned())).collect(),
            body: serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into_owned().into()),
        });
        let latency = *self.0.latency.lock().unwrap();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let next = self.0.answers.lock().unwrap().pop_front();
        let next = next.or_else(|| self.0.always.lock().unwrap().clone());
        match next.unwrap_or_else(|| panic!("no answer left for {} {}", request.method().as_str(), request.url())) {
            Answered::Http(status, headers, body) => {
                let mut out = Headers::new();
                for (name, value) in headers {
                    out.insert(name, value);
                }
                Ok(AsyncRawResponse::from_bytes(status.into(), out, body))
            }
            Answered::Fails(kind) => {
                Err(azure_core::Error::with_message(kind, format!("no answer from {}", request.url())))
            }
        }
    }
}

#[derive(Debug)]
struct Counting(Arc<Script>);

#[async_trait::async_trait]
impl TokenCredential for Counting {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://management.azure.com/.default"]);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let mut tokens = self.0.tokens.lock().unwrap();
        if let Some(why) = &tokens.2 {
            return Err(azure_core::Error::with_message(ErrorKind::Credential, why.clone()));
        }
        tokens.0 += 1;
        #[expect(clippy::disallowed_methods, reason = "tokens expire by the wall clock")]
        let expires = time::OffsetDateTime::now_utc() + Duration::from_secs(tokens.1.unsigned_abs());
        Ok(AccessToken::new(format!("token-{}", tokens.0), expires))
    }
}
