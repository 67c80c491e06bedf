//! What carries the requests for tokens: the same transport, but an outage is told as one. The SDK would try to read Entra's
//! JSON out of a gateway's page and report that instead.

use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use serde_json::Value as Json;

use super::shape::text;

/// The transport of credentials.
#[derive(Debug)]
pub(super) struct Entra(pub(super) Arc<dyn HttpClient>);

#[async_trait::async_trait]
impl HttpClient for Entra {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.0.execute_request(request).await?;
        let status = answer.status();
        match u16::from(status) {
            code @ (408 | 429 | 500..=599) => {
                let host = request.url().host_str().unwrap_or_default();
                let kind = ErrorKind::HttpResponse { status, error_code: None, raw_response: None };
                Err(azure_core::Error::with_message(kind, format!("{host} answered status {code}")))
            }
            200 => {
                let (status, headers, body) = answer.deconstruct();
                let body = body.collect().await?;
                // A proxy's page, or half a token: asked for again rather than taken for a refusal.
                if !serde_json::from_slice::<Json>(text(&body)).is_ok_and(|json| json.is_object()) {
                    let host = request.url().host_str().unwrap_or_default();
                    let message = format!("what {host} answered is no token (it is no JSON)");
                    return Err(azure_core::Error::with_message(ErrorKind::Io, message));
                }
                Ok(AsyncRawResponse::from_bytes(status, headers, body))
            }
            _ => Ok(answer),
        }
    }
}
