//! Sends one request until it is answered for good: token, gate, pipeline, trace, classification, retry.

use std::collections::BTreeMap;
use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{Context, Method, PipelineSendOptions, Request};
use bytes::Bytes;
use serde_json::Value as Json;
use time::format_description::well_known::Rfc2822;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::client::Client;
use super::clock;
use super::error::{Cause, Error};
use super::gate::{Gate, Throttler};
use super::kind::{Kind, classify};
use super::limits::{Draws, draws};
use super::operation::Wait;
use super::request::{shown, subscription};
use super::retry::{Next, Outcome, next};
use super::settings::Trace;
use super::shape::{Shape, text, wrong};
use super::token;
use super::transport::TrustFailure;
use crate::names::{CorrelationId, Etag};

/// Who is told why nothing moves.
pub(super) type Notify<'a> = &'a (dyn Fn(Wait) + Send + Sync);

/// One request.
pub(super) struct Call<'a> {
    pub method: Method,
    pub url: Url,
    pub body: Option<Bytes>,
    pub if_match: Option<&'a Etag>,
    /// What an answer of 2xx must be.
    pub shape: Shape,
    /// No retry begins after so long.
    pub deadline: Option<Duration>,
    pub notify: Option<Notify<'a>>,
}

/// An answer with a status of 2xx.
pub(super) struct Reply {
    pub status: u16,
    pub headers: Headers,
    pub body: Bytes,
    pub attempts: u32,
    pub elapsed: Duration,
}

struct Failed {
    error: Error,
    retry_after: Option<Duration>,
    sent: bool,
}

impl Call<'_> {
    pub(super) fn get(url: Url, shape: Shape) -> Self {
        Call { method: Method::Get, url, body: None, if_match: None, shape, deadline: None, notify: None }
    }

    fn write(&self) -> bool {
        matches!(self.method, Method::Put | Method::Patch | Method::Delete)
    }
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        header(&self.headers, name).map(str::to_owned)
    }

    pub(super) fn correlation(&self) -> Option<CorrelationId> {
        correlation(&self.headers)
    }

    /// The body; nothing where there is none, or none that is JSON.
    pub(super) fn json(&self) -> Option<Json> {
        serde_json::from_slice(text(&self.body)).ok()
    }
}

impl Client {
    /// Sends until there is an answer of 2xx, or a failure that stands.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Reply, Error> {
        let start = Instant::now();
        let id = uuid::Uuid::new_v4().to_string();
        let gate = self.gate(&subscription(&call.url));
        let draws = draws(call.method, &call.url);
        // Since when, and how often, each kind of trouble has been seen.
        let mut troubles: BTreeMap<Kind, (Instant, u32)> = BTreeMap::new();
        for attempt in 1.. {
            let failed = match self.once(&call, (&gate, &draws), &id, attempt).await {
                Ok(reply) => return Ok(Reply { attempts: attempt, elapsed: start.elapsed(), ..reply }),
                Err(failed) => failed,
            };
            let kind = failed.error.kind;
            // A 404 without Azure's own code comes from something in between, or was cut off.
            let stray = kind == Kind::NotFound && failed.error.code.is_none();
            let meaning = if stray { Kind::Protocol } else { kind };
            let (since, count) = troubles.entry(meaning).or_insert((Instant::now(), 0));
            *count += 1;
            let outcome = Outcome {
                kind: meaning,
                retry_after: failed.retry_after,
                write: call.write(),
                sent: failed.sent,
                met: self.met(),
            };
            let idempotent = call.method != Method::Post;
            let decided = next(*count, since.elapsed(), &outcome, idempotent, self.patience(), self.chance());
            let too_late = |wait| call.deadline.is_some_and(|deadline| start.elapsed() + wait > deadline);
            match decided {
                Next::After(wait) if !too_late(wait) => {
                    if kind == Kind::Unauthenticated {
                        self.tokens().drop_token().await;
                    }
                    if let Some(notify) = call.notify
                        && !wait.is_zero()
                    {
                        notify(waiting(&failed.error, wait));
                    }
                    if kind == Kind::Throttled {
                        let throttler = Throttler::of(failed.error.code.as_deref());
                        gate.pause(&draws, throttler, wait, self.chance());
                    }
                    sleep(wait).await;
                }
                _ => {
                    let target = call.url.path();
                    return Err(failed.error.about(call.method.as_str(), target).change(|f| {
                        (f.attempts, f.elapsed) = (attempt, start.elapsed());
                    }));
                }
            }
        }
        unreachable!("BUG: a request was tried more often than can be counted")
    }

    /// Fetches the token if need be, and waits out an outage of whoever gives it.
    pub(super) async fn token(&self) -> Result<(), Error> {
        let start = Instant::now();
        for attempt in 1.. {
            let error = match self.tokens().get().await {
                Ok(_) => return Ok(()),
                Err(error) => token::failed(&error),
            };
            let outcome = Outcome { kind: error.kind, retry_after: None, write: false, sent: false, met: self.met() };
            match next(attempt, start.elapsed(), &outcome, true, self.patience(), self.chance()) {
                Next::After(wait) => sleep(wait).await,
                Next::Stop => return Err(error.change(|f| (f.attempts, f.elapsed) = (attempt, start.elapsed()))),
            }
        }
        unreachable!("BUG: a token was asked for more often than can be counted")
    }

    async fn once(
        &self,
        call: &Call<'_>,
        (gate, draws): (&Gate, &Draws),
        id: &str,
        attempt: u32,
    ) -> Result<Reply, Failed> {
        if let Err(error) = self.tokens().get().await {
            return Err(Failed { error: token::failed(&error), retry_after: None, sent: false });
        }
        let mut request = Request::new(call.url.clone(), call.method);
        request.insert_header("accept", "application/json");
        request.insert_header("x-ms-client-request-id", id.to_owned());
        if let Some(etag) = call.if_match {
            request.insert_header("if-match", etag.as_str().to_owned());
        }
        if let Some(body) = &call.body {
            request.insert_header("content-type", "application/json");
            request.set_body(body.clone());
        } else if call.method == Method::Post {
            // Without it gateways answer 411.
            request.insert_header("content-length", "0");
        }
        let permit = gate.enter(draws).await;
        let start = Instant::now();
        let options = PipelineSendOptions { skip_checks: true, ..PipelineSendOptions::default() };
        let context = Context::new();
        let sending = self.pipeline().send(&context, &mut request, Some(options));
        let answer = timeout(self.patience().answer, sending).await.unwrap_or_else(|_| Err(silent(start.elapsed())));
        let elapsed = start.elapsed();
        drop(permit);
        let trace = Trace {
            method: call.method.as_str(),
            url: shown(&call.url),
            status: None,
            failure: None,
            elapsed,
            attempt,
            correlation: None,
            request_id: None,
        };
        let response = match answer {
            Ok(response) => response,
            Err(error) => {
                let error = unanswered(&error);
                self.trace(&Trace { failure: Some(error.error.message.clone()), ..trace });
                return Err(error);
            }
        };
        self.answered();
        let (status, headers, body) = response.deconstruct();
        let status = u16::from(status);
        let correlation = correlation(&headers);
        let request_id = header(&headers, "x-ms-request-id").map(str::to_owned);
        self.trace(&Trace { status: Some(status), correlation: correlation.clone(), request_id, ..trace });
        gate.remaining(draws, remaining(&headers));
        let body: Bytes = body.into();
        if (200..300).contains(&status) {
            return match wrong(call.shape, &body) {
                None => Ok(Reply { status, headers, body, attempts: attempt, elapsed }),
                Some(why) => {
                    let error = Error::new(Kind::Protocol, why);
                    let error = error.change(|f| (f.status, f.correlation) = (Some(status), correlation));
                    Err(Failed { error, retry_after: None, sent: true })
                }
            };
        }
        let error = Error::refused(classify(status, &body), status).change(|f| f.correlation = correlation);
        Err(Failed { error, retry_after: retry_after(&headers), sent: true })
    }
}

/// No answer came. The request may have been carried out.
fn silent(after: Duration) -> azure_core::Error {
    azure_core::Error::with_message(ErrorKind::Io, format!("no answer came within {} s", after.as_secs()))
}

fn unanswered(error: &azure_core::Error) -> Failed {
    let cause = Cause::of(error);
    let (kind, sent) = match error.kind() {
        _ if TrustFailure::find(error).is_some() => (Kind::Protocol, false),
        ErrorKind::Connection => (Kind::Transient, false),
        ErrorKind::Io => (Kind::Transient, true),
        ErrorKind::Credential => (Kind::Unauthenticated, false),
        _ => (Kind::Protocol, true),
    };
    let message = match TrustFailure::find(error) {
        Some(trust) => trust.to_string(),
        None => cause.chain(),
    };
    Failed { error: Error::new(kind, message).change(|f| f.source = Some(cause)), retry_after: None, sent }
}

fn waiting(error: &Error, after: Duration) -> Wait {
    let why = match &error.code {
        Some(code) => format!("{code}: {}", error.message),
        None => error.message.clone(),
    };
    match error.kind {
        Kind::Throttled => Wait::Throttled(after),
        Kind::Busy => Wait::Busy { why, after },
        Kind::Propagating => Wait::Propagating { why, after },
        _ => Wait::Retrying { why, after },
    }
}

fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str().trim())
}

fn correlation(headers: &Headers) -> Option<CorrelationId> {
    ["x-ms-correlation-request-id", "x-ms-request-id"].into_iter().find_map(|name| header(headers, name)?.parse().ok())
}

/// The least of what any bucket has left.
fn remaining(headers: &Headers) -> Option<u64> {
    let left = headers.iter().filter(|(name, _)| {
        let prefix = "x-ms-ratelimit-remaining-";
        name.as_str().get(..prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix))
    });
    left.filter_map(|(_, value)| value.as_str().trim().parse().ok()).min()
}

/// Nobody waits longer for one answer, whatever it asks; the budgets of `retry` end well before.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long an answer asks to wait: milliseconds, seconds, or until a date, which is measured from the answer's own date.
pub(super) fn retry_after(headers: &Headers) -> Option<Duration> {
    let mut milliseconds = ["x-ms-retry-after-ms", "retry-after-ms"].into_iter();
    let milliseconds = milliseconds.find_map(|name| header(headers, name)?.parse().ok()).map(Duration::from_millis);
    milliseconds.or_else(|| seconds_or_date(headers)).map(|wait| wait.min(LONGEST_WAIT))
}

fn seconds_or_date(headers: &Headers) -> Option<Duration> {
    let text = header(headers, "retry-after")?;
    if let Ok(seconds) = text.parse::<f64>() {
        return Some(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST_WAIT));
    }
    // An HTTP date is RFC 2822 with `GMT` for the zone.
    let date = |text: &str| time::OffsetDateTime::parse(text, &Rfc2822).ok();
    let until = date(text)?;
    let from = header(headers, "date").and_then(date).unwrap_or_else(clock::now);
    Some((until - from).max(time::Duration::ZERO).unsigned_abs())
}
