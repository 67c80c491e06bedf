//! The token: fetched once for everyone who waits, kept until five minutes before its end, dropped when ARM refuses it.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::clock;
use super::error::{Cause, Error};
use super::kind::Kind;
use super::transport::TrustFailure;

/// A token is renewed when less than this is left.
const MARGIN: Duration = Duration::from_secs(5 * 60);
/// Whoever gives tokens is not waited for longer. The Azure CLI may take half a minute.
const ANSWER: Duration = Duration::from_secs(90);

/// A credential with a memory of one token.
#[derive(Debug)]
pub(super) struct Tokens {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    token: AccessToken,
    renew_at: OffsetDateTime,
    /// The same moment by the clock that waits: a wall clock that is set back keeps no token for longer.
    renew_after: Instant,
}

impl Kept {
    /// A token that lives shorter than twice the margin is used for half its life.
    fn new(token: AccessToken, now: OffsetDateTime) -> Self {
        let life = (token.expires_on - now).max(time::Duration::ZERO);
        let margin = time::Duration::seconds_f64(MARGIN.as_secs_f64()).min(life / 2);
        let renew_after = Instant::now() + (life - margin).unsigned_abs();
        Self { renew_at: token.expires_on - margin, renew_after, token }
    }

    fn is_fresh(&self, now: OffsetDateTime) -> bool {
        now < self.renew_at && Instant::now() < self.renew_after
    }
}

impl Tokens {
    pub(super) fn new(credential: Arc<dyn TokenCredential>, audience: &str) -> Self {
        let scope = format!("{}/.default", audience.trim_end_matches('/'));
        Self { credential, scope, kept: Mutex::new(None) }
    }

    /// The token, fetched if need be. Whoever comes while it is being fetched waits for the same one.
    pub(super) async fn get(&self) -> azure_core::Result<AccessToken> {
        let mut kept = self.kept.lock().await;
        let now = clock::now();
        if let Some(kept) = kept.as_ref().filter(|kept| kept.is_fresh(now)) {
            return Ok(kept.token.clone());
        }
        // Everyone waits for this one: it must come to an end.
        let silent =
            |_| azure_core::Error::with_message(ErrorKind::Io, format!("no answer came within {} s", ANSWER.as_secs()));
        let fetched = timeout(ANSWER, self.credential.get_token(&[&self.scope], None)).await;
        match fetched.unwrap_or_else(|late| Err(silent(late))) {
            Ok(token) => {
                *kept = Some(Kept::new(token.clone(), now));
                Ok(token)
            }
            // The old token is still good for a while: the next request asks again.
            Err(_) if kept.as_ref().is_some_and(|kept| now < kept.token.expires_on) => {
                Ok(kept.as_ref().map(|kept| kept.token.clone()).expect("BUG: just seen"))
            }
            Err(error) => Err(error),
        }
    }

    /// Forgets the token, since ARM refused it.
    pub(super) async fn drop_token(&self) {
        *self.kept.lock().await = None;
    }
}

/// Puts the token into each request. The SDK's own policy keeps a copy beside this memory, which may outlive it.
#[derive(Debug)]
pub(super) struct Bearer(pub(super) Arc<Tokens>);

#[async_trait::async_trait]
impl Policy for Bearer {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if request.url().scheme() != "https" {
            let message = "a token travels over TLS only";
            return Err(azure_core::Error::with_message(ErrorKind::Other, message));
        }
        let token = self.0.get().await?;
        request.insert_header("authorization", format!("Bearer {}", token.token.secret()));
        next[0].send(context, request, &next[1..]).await
    }
}

/// What it means that there is no token.
pub(super) fn failed(error: &azure_core::Error) -> Error {
    let error = telling(error);
    let cause = Cause::of(error);
    let chain = cause.chain();
    let (status, answered) = match error.kind() {
        ErrorKind::HttpResponse { status, .. } => (Some(u16::from(*status)), true),
        _ => (None, false),
    };
    let kind = match (error.kind(), status) {
        _ if TrustFailure::find(error).is_some() => Kind::Protocol,
        (ErrorKind::Connection | ErrorKind::Io, _) => Kind::Transient,
        (_, Some(408 | 429 | 500..=599)) => Kind::Transient,
        _ => Kind::Unauthenticated,
    };
    let said = aadsts(&chain);
    let what = if answered || said.is_some() { "no token was given" } else { "no token could be fetched" };
    let (code, reason) = said.map_or((None, chain), |(code, text)| (Some(code), text));
    let reason = match status {
        Some(status) if reason.trim().is_empty() => format!("status {status} without a reason"),
        _ => reason,
    };
    Error::new(kind, format!("{what}: {reason}")).change(|f| (f.code, f.source) = (code, Some(cause)))
}

/// The innermost error of the SDK's: around it are only the names of its credentials.
pub(super) fn telling(error: &azure_core::Error) -> &azure_core::Error {
    let mut found = error;
    let mut next = std::error::Error::source(error);
    while let Some(inner) = next {
        found = inner.downcast_ref().unwrap_or(found);
        next = inner.source();
    }
    found
}

/// Entra's code and sentence, wherever the SDK left them: with a line break in it, its own parser gives up.
fn aadsts(text: &str) -> Option<(String, String)> {
    let text = &text[text.find("AADSTS")?..];
    let code: String = text.chars().take_while(char::is_ascii_alphanumeric).collect();
    let end = [" Trace ID", "\\r", "\\n", "\", expected"].iter().filter_map(|mark| text.find(mark)).min();
    let sentence = text[code.len()..end.unwrap_or(text.len())].trim_start_matches(':').trim();
    Some((code, sentence.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entra_speaks_through_the_sdk() {
        let text = "invalid type: string \"AADSTS7000215: Invalid client secret provided.\\r\\nTrace ID: x\", expected a borrowed string";
        let expected = ("AADSTS7000215".to_owned(), "Invalid client secret provided.".to_owned());
        assert_eq!(aadsts(text), Some(expected));
        assert_eq!(aadsts("no such host"), None);
    }
}
