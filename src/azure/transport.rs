//! HTTP over sockets: the only file that names reqwest. It sends one request and judges nothing, but for certificates: a server
//! that is not trusted is told apart from one that cannot be reached.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::request::Body;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use futures::TryStreamExt;
use tokio_rustls::rustls;

const CONNECT: Duration = Duration::from_secs(20);
const READ: Duration = Duration::from_secs(120);

/// Why no transport could be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The certificates to be trusted cannot be read.
    #[error("read the certificates of `{name}`: it holds no PEM certificate (-----BEGIN CERTIFICATE-----)")]
    Certificates {
        /// The file, as the person named it.
        name: String,
        /// What is wrong.
        #[source]
        source: Option<reqwest::Error>,
    },
    /// TLS or the proxy cannot be set up.
    #[error("set up HTTPS")]
    Build(#[source] reqwest::Error),
}

/// A server whose certificate is not trusted. Trying again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the certificate of {host} is not trusted: {problem}; if that is expected, name the authority's PEM file with --ca-file"
)]
pub struct TrustFailure {
    /// The host that was called.
    pub host: String,
    /// What is wrong with its certificate.
    pub problem: String,
}

#[derive(Debug)]
struct Sockets(reqwest::Client);

/// HTTPS with HTTP/2 where the server has it, through the system's proxy, without redirects. `authorities` are PEM files (name
/// and content) trusted beside the system's; on Linux `SSL_CERT_FILE` replaces the system's.
pub fn transport(authorities: &[(String, Vec<u8>)]) -> Result<Arc<dyn HttpClient>, TransportError> {
    let mut roots = Vec::new();
    for (name, pem) in authorities {
        let unreadable = |source| TransportError::Certificates { name: name.clone(), source };
        let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|e| unreadable(Some(e)))?;
        if found.is_empty() {
            return Err(unreadable(None));
        }
        roots.extend(found);
    }
    let client = reqwest::Client::builder()
        .tls_certs_merge(roots)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .build()
        .map_err(TransportError::Build)?;
    Ok(Arc::new(Sockets(client)))
}

#[async_trait::async_trait]
impl HttpClient for Sockets {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let method = reqwest::Method::from_bytes(request.method().as_str().as_bytes())
            .map_err(|error| azure_core::Error::new(ErrorKind::Other, error))?;
        let mut out = self.0.request(method, request.url().clone());
        for (name, value) in request.headers().iter() {
            out = out.header(name.as_str(), value.as_str());
        }
        let Body::Bytes(bytes) = request.body().clone() else {
            return Err(azure_core::Error::with_message(ErrorKind::Other, "BUG: every body of this room is in memory"));
        };
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let answer = out.body(bytes).send().await.map_err(|error| failed(error, &host))?;
        let status = answer.status().as_u16();
        let mut headers = Headers::new();
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        let stream = answer.bytes_stream().map_err(move |error| failed(error, &host));
        Ok(AsyncRawResponse::new(status.into(), headers, Box::pin(stream)))
    }
}

fn failed(error: reqwest::Error, host: &str) -> azure_core::Error {
    // The URL may be signed.
    let error = error.without_url();
    if let Some(problem) = certificate_problem(&error) {
        let failure = TrustFailure { host: host.to_owned(), problem };
        return azure_core::Error::new(ErrorKind::Other, failure);
    }
    if error.is_builder() {
        return azure_core::Error::with_error(ErrorKind::Other, error, format!("the request to {host} cannot be sent"));
    }
    let kind = if error.is_connect() { ErrorKind::Connection } else { ErrorKind::Io };
    let what = if error.is_connect() { "cannot connect to" } else { "lost the connection to" };
    azure_core::Error::with_error(kind, error, format!("{what} {host}"))
}

impl TrustFailure {
    /// The trust failure in an error's chain.
    pub(super) fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a TrustFailure> {
        seek(error, &|e| e.downcast_ref::<TrustFailure>())
    }
}

fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    seek(error, &|e| match e.downcast_ref::<rustls::Error>() {
        Some(rustls::Error::InvalidCertificate(problem)) => Some(problem),
        _ => None,
    })
    .map(in_words)
}

fn seek<'a, T>(
    error: &'a (dyn StdError + 'static),
    wanted: &dyn Fn(&'a (dyn StdError + 'static)) -> Option<&'a T>,
) -> Option<&'a T> {
    if let Some(found) = wanted(error) {
        return Some(found);
    }
    // An I/O error and an SDK error hide what they wrap from `source`.
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    let held = held.or_else(|| error.downcast_ref::<azure_core::Error>().and_then(azure_core::Error::get_ref));
    held.and_then(|inner| seek(inner, wanted)).or_else(|| error.source().and_then(|inner| seek(inner, wanted)))
}

fn in_words(problem: &rustls::CertificateError) -> String {
    use rustls::CertificateError as C;
    match problem {
        C::UnknownIssuer => "it was issued by an authority that is not among the trusted ones".to_owned(),
        C::Expired | C::ExpiredContext { .. } => "it has expired".to_owned(),
        C::NotValidYet | C::NotValidYetContext { .. } => {
            "it is not valid yet (is this machine's clock right?)".to_owned()
        }
        C::NotValidForName | C::NotValidForNameContext { .. } => "it is for another name".to_owned(),
        C::Revoked => "it was revoked".to_owned(),
        C::BadSignature => "its signature is wrong".to_owned(),
        other => format!("{other}"),
    }
}
