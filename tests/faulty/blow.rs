//! The faults: what may come instead of an answer, or after the request was carried out.

use azure_core::error::ErrorKind;
use landfall::azure::Kind;
use serde_json::{Value as Json, json};

use crate::recorded::recorded;
use crate::strike::Asked;

/// One fault.
#[derive(Debug, Clone)]
pub struct Blow {
    pub name: String,
    /// Whether Azure does what was asked before the fault.
    pub carried_out: bool,
    pub then: Then,
    /// Whether the run must end as if nothing had happened.
    pub heals: bool,
    /// Whether Azure says of something that it is not there.
    pub lies: bool,
}

/// What comes back.
#[derive(Debug, Clone)]
pub enum Then {
    Answers {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    Breaks(ErrorKind),
    NeverAnswers,
    /// The connection breaks within the body.
    IsCut,
    /// Half the body comes, as if it were all.
    IsShortened,
    /// The status and the headers are true, the body is this.
    IsReplaced(&'static str),
    /// The operation that the request begins ends like this.
    Fails(Json),
}

const PAGE: &str = "<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>";
const STRANGE: &str = r#"{"unexpected": true}"#;

fn blow(name: &str, then: Then) -> Blow {
    Blow { name: name.to_owned(), carried_out: false, then, heals: true, lies: false }
}

fn answers(name: &str, status: u16, headers: &[(&str, &str)], body: impl ToString) -> Blow {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    blow(name, Then::Answers { status, headers, body: body.to_string() })
}

fn refusal(code: &str, message: &str) -> String {
    json!({"error": {"code": code, "message": message}}).to_string()
}

/// Each of them that this request can meet.
pub fn for_request(asked: &Asked) -> Vec<Blow> {
    let throttled = refusal("TooManyRequests", "The request is being throttled.");
    let broken = refusal("InternalServerError", "Encountered internal server error.");
    let late = refusal("GatewayTimeout", "The gateway did not receive a response within the specified time period.");
    let unavailable = refusal("ServiceUnavailable", "The service is unavailable now.");
    let expired =
        refusal("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than current UTC time.");
    let moved = refusal("PreconditionFailed", "The resource has been modified (etag mismatch).");
    let bearer =
        r#"Bearer authorization_uri="https://login.windows.net/", error="invalid_token", error_description="expired""#;
    let ambiguous = [
        answers("500", 500, &[], broken),
        answers("502", 502, &[("content-type", "text/html")], PAGE),
        answers("503", 503, &[], unavailable),
        answers("504", 504, &[], late),
        blow("reset", Then::Breaks(ErrorKind::Io)),
        blow("timeout", Then::NeverAnswers),
        answers("page", 200, &[("content-type", "text/html")], PAGE),
        Blow { heals: !asked.path.ends_with("/kubernetesVersions"), ..answers("strange", 200, &[], STRANGE) },
    ];
    let mut out = vec![
        answers("429", 429, &[], &throttled),
        answers("429 after 7 s", 429, &[("retry-after", "7")], &throttled),
        blow("no connection", Then::Breaks(ErrorKind::Connection)),
        Blow { carried_out: true, ..blow("cut", Then::IsCut) },
        Blow { carried_out: true, ..blow("short", Then::IsShortened) },
        Blow { carried_out: true, ..blow("replaced by a page", Then::IsReplaced(PAGE)) },
        Blow { carried_out: true, ..blow("replaced by JSON", Then::IsReplaced(STRANGE)) },
    ];
    // A refusal that comes garbled may be one that is meant; and what is no resource may look like anything.
    let plain = !asked.refused && !asked.path.ends_with("/kubernetesVersions");
    for garbled in &mut out {
        garbled.heals = garbled.heals && (plain || !matches!(garbled.then, Then::IsShortened | Then::IsReplaced(_)));
    }
    // What is read is read again, whether or not the first reading was lost on its way.
    if asked.is_write() {
        let done = |b: &Blow| Blow { name: format!("{} after it was done", b.name), carried_out: true, ..b.clone() };
        out.extend(ambiguous.iter().map(done));
    }
    out.extend(ambiguous);
    // Whoever gives tokens takes none, and a tag that moved heals where one was sent.
    if !asked.is_token() {
        out.push(answers("expired token", 401, &[("www-authenticate", bearer)], expired));
    }
    out.push(Blow { heals: asked.if_match, ..answers("412", 412, &[], moved) });
    out.extend(recorded(asked));
    out
}

/// Whether Azure's refusal is one that waiting mends.
pub fn heals(kind: Kind, write: bool) -> bool {
    match kind {
        Kind::Throttled | Kind::Transient => true,
        Kind::Busy | Kind::Propagating => write,
        _ => false,
    }
}

impl Asked {
    pub fn is_token(&self) -> bool {
        self.path.contains("/oauth2/")
    }

    pub fn is_write(&self) -> bool {
        self.method != "GET" && !self.is_token()
    }
}
