//! The transport between client and sandbox: it writes down what is asked, and strikes one request.

use std::sync::{Arc, Mutex};

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode};
use bytes::Bytes;
use futures::stream;
use landfall::sandbox::{Answer, Fault, InProcess, Sandbox};

use crate::blow::{Blow, Then};

/// A request that was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub if_match: bool,
    /// Whether it began something that goes on in Azure.
    pub began: bool,
    /// Whether Azure refused it.
    pub refused: bool,
}

/// A sandbox behind a network that strikes once.
#[derive(Debug)]
pub struct Striker {
    inner: InProcess,
    log: Mutex<Vec<Asked>>,
    strike: Option<(usize, Blow)>,
}

impl Striker {
    pub fn new(sandbox: Arc<Sandbox>, strike: Option<(usize, Blow)>) -> Arc<Self> {
        Arc::new(Self { inner: InProcess(sandbox), log: Mutex::default(), strike })
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    fn note(&self, request: &Request) -> usize {
        let mut log = self.log.lock().unwrap();
        log.push(Asked {
            method: request.method().as_str().to_owned(),
            path: request.url().path().to_owned(),
            if_match: request.headers().iter().any(|(name, _)| name.as_str() == "if-match"),
            began: false,
            refused: false,
        });
        log.len() - 1
    }

    async fn pass(&self, request: &Request, at: usize) -> azure_core::Result<(StatusCode, Headers, Bytes)> {
        let (status, headers, body) = self.inner.execute_request(request).await?.deconstruct();
        let began = |(name, _): (&_, &_)| {
            let name: &azure_core::http::headers::HeaderName = name;
            ["azure-asyncoperation", "location"].contains(&name.as_str())
        };
        let is_write = request.method().as_str() != "GET";
        let began = is_write
            && (status == StatusCode::Accepted
                || headers.iter().any(|(n, v)| began((n, v)) && v.as_str().starts_with("https")));
        let refused = u16::from(status) >= 400;
        {
            let entry = &mut self.log.lock().unwrap()[at];
            (entry.began, entry.refused) = (began, refused);
        }
        Ok((status, headers, body.collect().await?))
    }
}

#[async_trait::async_trait]
impl HttpClient for Striker {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let at = self.note(request);
        let Some((_, blow)) = self.strike.as_ref().filter(|(strikes, _)| *strikes == at) else {
            let (status, headers, body) = self.pass(request, at).await?;
            return Ok(AsyncRawResponse::from_bytes(status, headers, body));
        };
        if let Then::Fails(error) = &blow.then {
            self.inner.0.inject(Fault {
                method: request.method().as_str().to_owned(),
                path_contains: request.url().path().to_owned(),
                times: 1,
                answer: Answer::Fail(error.clone()),
            });
        }
        let real = if blow.carried_out { Some(self.pass(request, at).await?) } else { None };
        match (&blow.then, real) {
            (Then::Answers { status, headers, body }, _) => {
                let mut out = Headers::new();
                for (name, value) in headers {
                    out.insert(name.clone(), value.clone());
                }
                Ok(AsyncRawResponse::from_bytes(StatusCode::from(*status), out, body.clone()))
            }
            (Then::Breaks(kind), _) => Err(Error::with_message(kind.clone(), "the connection broke")),
            (Then::NeverAnswers, _) => std::future::pending().await,
            (Then::IsCut, Some((status, headers, body))) => {
                let half = body.slice(..body.len() / 2);
                let lost = Error::with_message(ErrorKind::Io, "the connection broke within the body");
                Ok(AsyncRawResponse::new(status, headers, Box::pin(stream::iter([Ok(half), Err(lost)]))))
            }
            (Then::IsShortened, Some((status, headers, body))) => {
                Ok(AsyncRawResponse::from_bytes(status, headers, body.slice(..body.len() / 2)))
            }
            (Then::IsReplaced(text), Some((status, headers, _))) => {
                Ok(AsyncRawResponse::from_bytes(status, headers, *text))
            }
            (Then::Fails(_), Some((status, headers, body))) => Ok(AsyncRawResponse::from_bytes(status, headers, body)),
            (Then::IsCut | Then::IsShortened | Then::IsReplaced(_) | Then::Fails(_), None) => {
                unreachable!("these need a real answer")
            }
        }
    }
}
