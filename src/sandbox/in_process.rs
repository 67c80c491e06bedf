//! The sandbox as the transport of Azure's SDK: no sockets, any host.

use std::sync::Arc;

use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, StatusCode};

use super::front::Sandbox;
use super::message::Request;

/// A transport that hands every request to a sandbox, whatever its host.
#[derive(Debug, Clone)]
pub struct InProcess(pub Arc<Sandbox>);

#[async_trait::async_trait]
impl HttpClient for InProcess {
    async fn execute_request(&self, request: &azure_core::http::Request) -> azure_core::Result<AsyncRawResponse> {
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.to_vec(),
            Body::SeekableStream(_) => {
                return Err(Error::with_message(ErrorKind::Io, "the sandbox takes no streamed bodies"));
            }
        };
        let headers =
            request.headers().iter().map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned()));
        let method = request.method().as_str().to_owned();
        let asked = Request { method, url: request.url().clone(), headers: headers.collect(), body };
        let answered = self.0.handle(asked).await;
        if answered.status == 0 {
            return Err(Error::with_message(ErrorKind::Io, "the connection was reset by the sandbox"));
        }
        let mut headers = Headers::new();
        for (name, value) in answered.headers {
            headers.insert(HeaderName::from(name), HeaderValue::from(value));
        }
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(answered.status), headers, answered.body))
    }
}
