//! What a refusal means, out of its status, its codes and its texts. Pure; the knowledge is in the tables of `codes`.

use super::codes::{CODES, Code, GENERIC, MESSAGES, SUFFIXES};
use super::named::Named;
use super::refusal::{Detail, Refusal};

/// What a failure means for the caller. Closed: whatever Azure answers is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What was asked for does not exist.
    NotFound,
    /// What was to be created exists already, or its name is taken.
    AlreadyExists,
    /// The resource has changed since it was read (`If-Match`).
    Precondition,
    /// Another operation is in progress; waiting helps.
    Busy,
    /// Too many requests; waiting helps.
    Throttled,
    /// Nobody is logged in, or the token was refused.
    Unauthenticated,
    /// The principal may not do this, or a lock forbids it.
    Denied,
    /// An Azure Policy forbids it.
    Policy,
    /// A quota or the region's capacity is exhausted, or a size is not offered.
    Quota,
    /// The request is wrong and stays wrong.
    Invalid,
    /// A resource provider or feature is not registered in the subscription.
    Unregistered,
    /// A principal or a grant has not yet spread; waiting some minutes helps.
    Propagating,
    /// The network or the service failed; trying again helps.
    Transient,
    /// It took longer than the caller wanted to wait.
    Timeout,
    /// Someone canceled the operation.
    Canceled,
    /// The answer is not what ARM answers.
    Protocol,
}

impl Kind {
    /// What happened, for a person, as a fragment: `an Azure Policy forbids it`.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NotFound => "it, or something it needs, does not exist",
            Self::AlreadyExists => "it exists already, or its name is taken",
            Self::Precondition => "somebody else changed it meanwhile",
            Self::Busy => "another operation on it is in progress",
            Self::Throttled => "Azure asks for fewer requests",
            Self::Unauthenticated => "Azure does not accept the credential",
            Self::Denied => "it is not permitted",
            Self::Policy => "an Azure Policy forbids it",
            Self::Quota => "a quota or the region's capacity does not suffice",
            Self::Invalid => "Azure does not accept what was asked for",
            Self::Unregistered => "the subscription is not registered for it",
            Self::Propagating => "Azure does not see a principal or a grant yet",
            Self::Transient => "the network or the service failed",
            Self::Timeout => "it takes longer than landfall waits",
            Self::Canceled => "somebody canceled it",
            Self::Protocol => "the answer is not what Azure answers",
        }
    }

    /// Its name for machines: `already-exists`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::AlreadyExists => "already-exists",
            Self::Precondition => "precondition",
            Self::Busy => "busy",
            Self::Throttled => "throttled",
            Self::Unauthenticated => "unauthenticated",
            Self::Denied => "denied",
            Self::Policy => "policy",
            Self::Quota => "quota",
            Self::Invalid => "invalid",
            Self::Unregistered => "unregistered",
            Self::Propagating => "propagating",
            Self::Transient => "transient",
            Self::Timeout => "timeout",
            Self::Canceled => "canceled",
            Self::Protocol => "protocol",
        }
    }
}

/// A refusal, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// What it means.
    pub kind: Kind,
    /// The code that says most: the first from the outside in that is not a mere wrapper.
    pub code: Option<String>,
    /// That code's message, on one line, without the query strings of any URL.
    pub message: String,
    /// Every code and message below it.
    pub details: Vec<Detail>,
    /// What the answer names: the missing action, the quota, the policy.
    pub named: Named,
}

/// Understands an answer: `status` as HTTP gave it (200 for the body of a failed operation), `body` as received: JSON in
/// any of ARM's shapes, XML, HTML, plain text or nothing.
///
/// ```
/// use landfall::azure::{Kind, classify};
/// let body = br#"{"code": "NotFound", "message": "Could not find the agentpool: p"}"#;
/// assert_eq!(classify(404, body).kind, Kind::NotFound);
/// assert_eq!(classify(503, b"<html><title>Bad gateway</title></html>").kind, Kind::Transient);
/// ```
pub fn classify(status: u16, body: &[u8]) -> Classified {
    let refusal = Refusal::read(body);
    let telling = refusal.parts.iter().find(|p| !generic(&p.code) && !p.message.is_empty());
    let telling = telling.or_else(|| refusal.parts.iter().find(|p| !generic(&p.code))).or(refusal.parts.first());
    let kind = meaning(status, &refusal.parts);
    let said = |part: &Detail| (!part.code.is_empty()).then(|| part.code.clone());
    Classified {
        kind,
        code: telling.and_then(said).or_else(|| refusal.parts.iter().find_map(said)),
        message: telling.map(|p| p.message.clone()).filter(|m| !m.is_empty()).unwrap_or_else(|| spoken(status)),
        details: refusal.parts,
        named: refusal.named,
    }
}

fn generic(code: &str) -> bool {
    code.is_empty() || GENERIC.iter().any(|g| g.eq_ignore_ascii_case(code)) || code.bytes().all(|b| b.is_ascii_digit())
}

fn meaning(status: u16, parts: &[Detail]) -> Kind {
    match status {
        401 => return Kind::Unauthenticated,
        429 => return Kind::Throttled,
        _ => {}
    }
    let mut wrong = None;
    for part in parts {
        match by_message(status, part).or_else(|| by_code(&part.code)) {
            Some(kind) => return kind,
            // A code that only sounds like the request's fault may wrap one that says more.
            None if wrong.is_none() => wrong = by_suffix(&part.code),
            None => {}
        }
    }
    wrong.unwrap_or_else(|| by_status(status))
}

fn by_code(code: &str) -> Option<Kind> {
    let exact = CODES.iter().find(|Code(known, _)| known.eq_ignore_ascii_case(code)).map(|Code(_, kind)| *kind);
    exact.or_else(|| by_suffix(code).filter(|kind| *kind != Kind::Invalid))
}

fn by_suffix(code: &str) -> Option<Kind> {
    let code = code.to_ascii_lowercase();
    SUFFIXES.iter().find(|Code(end, _)| code.ends_with(&end.to_ascii_lowercase())).map(|Code(_, kind)| *kind)
}

fn by_message(status: u16, part: &Detail) -> Option<Kind> {
    let text = part.message.to_ascii_lowercase();
    let rule = MESSAGES.iter().find(|rule| {
        (rule.code.is_empty() || rule.code.eq_ignore_ascii_case(&part.code))
            && (rule.status == 0 || rule.status == status)
            && text.contains(rule.says)
    });
    rule.map(|rule| rule.kind)
}

fn by_status(status: u16) -> Kind {
    match status {
        401 => Kind::Unauthenticated,
        403 | 423 | 451 => Kind::Denied,
        404 | 410 => Kind::NotFound,
        507 => Kind::Quota,
        // 449 is Microsoft's "retry with"; 520 and above are told by networks in front of a server.
        408 | 425 | 449 | 500 | 502 | 503 | 504 | 520..=530 | 598 | 599 => Kind::Transient,
        412 | 428 => Kind::Precondition,
        429 | 509 => Kind::Throttled,
        // A failed operation is told with status 200; an unknown reason is taken for the request's fault.
        200..=299 | 400..=499 => Kind::Invalid,
        _ => Kind::Protocol,
    }
}

fn spoken(status: u16) -> String {
    match status {
        200..=299 => "the operation failed and no reason was given".to_owned(),
        300..=399 => format!("the server redirects (status {status}), which ARM never does"),
        _ => format!("the server answered status {status} without a reason"),
    }
}
