//! The one error of this room: what failed, what it means, and what Azure's support asks for. It never holds a secret or a
//! signed query string.

use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use super::advice::advice;
use super::kind::{Classified, Kind};
use super::named::Named;
use super::refusal::{Detail, tidy};
use crate::names::CorrelationId;

/// A failed request or operation. Its fields are those of [`Failure`].
#[derive(Debug, Clone)]
pub struct Error(Box<Failure>);

/// What is known of a failed request or operation.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What it means.
    pub kind: Kind,
    /// Azure's code.
    pub code: Option<String>,
    /// What happened, on one line: Azure's own words where it gave any.
    pub message: String,
    /// The HTTP status of the last answer, if there was one. An operation that failed was told so with 200.
    pub status: Option<u16>,
    /// `PUT`; of the request that was refused, or that began the operation.
    pub method: &'static str,
    /// The path that was asked for, without its query.
    pub target: String,
    /// For Azure's support.
    pub correlation: Option<CorrelationId>,
    /// How often it was tried.
    pub attempts: u32,
    /// From the first try to the last.
    pub elapsed: Duration,
    /// Every code and message of the answer, from the outside in.
    pub details: Vec<Detail>,
    /// What the answer names: the missing action, the quota, the policy.
    pub named: Named,
    /// What lies below, when there was no answer.
    pub source: Option<Cause>,
}

/// A cause, as text: errors of the network may hold URLs, and those may be signed.
#[derive(Debug, Clone)]
pub struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl Error {
    /// A failure of `kind` that no answer told; the rest is unknown and may be set by [`Error::change`].
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Failure {
            kind,
            code: None,
            message: message.into(),
            status: None,
            method: "",
            target: String::new(),
            correlation: None,
            attempts: 1,
            elapsed: Duration::ZERO,
            details: Vec::new(),
            named: Named::default(),
            source: None,
        }))
    }

    /// What an answer says.
    pub(super) fn refused(classified: Classified, status: u16) -> Self {
        let Classified { kind, code, message, details, named } = classified;
        Self::new(kind, message).change(|f| {
            (f.code, f.details, f.named, f.status) = (code, details, named, Some(status));
        })
    }

    /// The same with some fields changed.
    #[must_use]
    pub fn change(mut self, how: impl FnOnce(&mut Failure)) -> Self {
        how(&mut self.0);
        self
    }

    /// What to do next, one sentence each; `address` is what a person calls the resource.
    pub fn next_steps(&self, address: &str) -> Vec<String> {
        advice(self, address)
    }

    /// Azure's code and words, without the request they answer.
    pub fn reason(&self) -> String {
        // A full stop would stand before a bracket; an ellipsis is none.
        let message = self.message.strip_suffix('.').filter(|m| !m.ends_with('.')).unwrap_or(&self.message);
        match &self.code {
            Some(code) if !message.is_empty() => format!("{code}: {message}"),
            Some(code) => code.clone(),
            None => message.to_owned(),
        }
    }

    /// What Azure's support asks for: `PUT /subscriptions/...`, and then status, tries and correlation ID.
    pub fn circumstances(&self) -> Vec<String> {
        let request = (!self.method.is_empty()).then(|| format!("{} {}", self.method, self.target));
        let facts = self.facts().join(", ");
        request.into_iter().chain((!facts.is_empty()).then_some(facts)).collect()
    }

    fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        if let Some(status) = self.status {
            // An operation that failed is told so with 200.
            facts.push(if status < 300 { "its operation failed".to_owned() } else { format!("status {status}") });
        }
        if self.attempts > 1 {
            facts.push(format!("{} attempts in {} s", self.attempts, self.elapsed.as_secs()));
        }
        if let Some(correlation) = &self.correlation {
            facts.push(format!("correlation ID {correlation}"));
        }
        facts
    }

    /// The same, about this request.
    #[must_use]
    pub(super) fn about(self, method: &'static str, target: &str) -> Self {
        self.change(|f| (f.method, f.target) = (method, target.to_owned()))
    }
}

impl Deref for Error {
    type Target = Failure;
    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.method.is_empty() {
            write!(f, "{} {}: ", self.method, self.target)?;
        }
        f.write_str(&self.reason())?;
        let facts = self.facts();
        if facts.is_empty() { Ok(()) } else { write!(f, " ({})", facts.join(", ")) }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|cause| cause as &dyn StdError)
    }
}

impl Cause {
    /// The chain of an error, as text without queries of URLs.
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        Self { text: tidy(&error.to_string()), source: error.source().map(|inner| Box::new(Self::of(inner))) }
    }

    /// Every text of the chain, joined.
    pub(super) fn chain(&self) -> String {
        let mut out = self.text.clone();
        let mut next = self.source.as_deref();
        while let Some(cause) = next {
            if !out.contains(&cause.text) {
                out = format!("{out}: {}", cause.text);
            }
            next = cause.source.as_deref();
        }
        out
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|cause| cause as &dyn StdError)
    }
}
