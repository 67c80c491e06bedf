//! Proofs of who asks for a token, each made afresh for every token: a federated token file, an ID token of GitHub Actions or
//! Azure Pipelines, a signature by a certificate's key. A long apply outlives any one of them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::{ClientMethodOptions, HttpClient, Method, Request};
use azure_identity::ClientAssertion;
use serde_json::Value as Json;
use url::Url;

use super::certificate::Signer;
use super::clock;
use super::credential::ReadFile;

/// Where a proof comes from.
#[derive(Clone)]
pub(super) enum Proof {
    /// A file that someone keeps fresh.
    File { path: PathBuf, read: ReadFile },
    /// A service that hands out ID tokens for a bearer token of its own.
    Service(Arc<Service>),
    /// A certificate's key.
    Key { signer: Arc<Signer>, client_id: String, audience: String },
}

/// A service that hands out ID tokens.
pub(super) struct Service {
    /// As a message names it.
    pub name: &'static str,
    pub method: Method,
    pub url: Url,
    pub token: String,
    /// The member of its answer that holds the ID token.
    pub member: &'static str,
    pub transport: Arc<dyn HttpClient>,
}

#[async_trait::async_trait]
impl ClientAssertion for Proof {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        match self {
            Proof::File { path, read } => {
                let bytes = read(path).map_err(|error| {
                    let what = format!("read the federated token file {}", path.display());
                    azure_core::Error::with_error(ErrorKind::Credential, error, what)
                })?;
                Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
            }
            Proof::Service(service) => service.id_token().await,
            Proof::Key { signer, client_id, audience } => {
                Ok(signer.assertion(client_id, audience, uuid::Uuid::new_v4(), clock::now()))
            }
        }
    }
}

impl Service {
    async fn id_token(&self) -> azure_core::Result<String> {
        let mut request = Request::new(self.url.clone(), self.method);
        request.insert_header("authorization", format!("Bearer {}", self.token));
        request.insert_header("accept", "application/json");
        // Azure DevOps redirects to a login page otherwise.
        request.insert_header("x-tfs-fedauthredirect", "Suppress");
        if self.method == Method::Post {
            request.insert_header("content-type", "application/json");
            request.insert_header("content-length", "0");
        }
        let answer = self.transport.execute_request(&request).await?.try_into_raw_response().await?;
        let status = answer.status();
        let body: bytes::Bytes = answer.into_body().into();
        let json: Json = serde_json::from_slice(&body).unwrap_or(Json::Null);
        match json.get(self.member).and_then(Json::as_str) {
            Some(token) if status.is_success() => Ok(token.to_owned()),
            _ => {
                let status_code = u16::from(status);
                let kind = ErrorKind::HttpResponse { status, error_code: None, raw_response: None };
                Err(azure_core::Error::with_message(
                    kind,
                    format!("{} gave no ID token (status {status_code})", self.name),
                ))
            }
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Proof::File { .. } => "Proof::File",
            Proof::Service(_) => "Proof::Service",
            Proof::Key { .. } => "Proof::Key",
        })
    }
}
