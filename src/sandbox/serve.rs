//! The sandbox over HTTPS on the loopback interface: the resource manager and the token authority on one host.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig, crypto};

use super::certificate::{self, CertificateError};
use super::front::Sandbox;
use super::message::Request;

/// ARM takes templates of up to 4 MB; nothing that is sent here is larger.
const MOST_BYTES: usize = 8 << 20;

/// Where and under which certificate the sandbox serves.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Where `ca.pem`, `cert.pem` and `key.pem` lie; made there when missing.
    pub tls_dir: PathBuf,
}

/// Why the sandbox does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The certificate could not be made.
    #[error("no certificate to serve under")]
    Certificate(#[from] CertificateError),
    /// The certificate's files are no certificate and key.
    #[error("cannot read the certificate's files in {folder}")]
    Pem {
        /// Where they lie.
        folder: PathBuf,
        /// What is wrong with them.
        #[source]
        source: pem::Error,
    },
    /// Certificate and key do not fit.
    #[error("cannot serve under this certificate")]
    Tls(#[from] rustls::Error),
    /// The port is taken, or may not be used.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// Serves until `stop` resolves; `ready` is told the address as soon as connections are taken.
///
/// # Errors
/// When the certificate cannot be made or read, or the port cannot be had.
pub async fn serve(
    sandbox: Arc<Sandbox>,
    options: ServeOptions,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    certificate::ensure(&options.tls_dir)?;
    let acceptor = TlsAcceptor::from(Arc::new(tls(&options.tls_dir)?));
    let listen = |source| ServeError::Listen { port: options.port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(listen)?;
    ready(listener.local_addr().map_err(listen)?);
    let tasks = Tasks::default();
    let _end = EndWith(tasks.clone());
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            taken = listener.accept() => {
                // What a client does to its own connection is not this server's failure.
                if let Ok((stream, _)) = taken {
                    let _ = stream.set_nodelay(true);
                    sandbox.count_connection();
                    tasks.spawn(connection(sandbox.clone(), acceptor.clone(), stream, tasks.clone()));
                }
            }
        }
    }
}

fn tls(folder: &Path) -> Result<ServerConfig, ServeError> {
    let pem = |source| ServeError::Pem { folder: folder.to_owned(), source };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(folder.join("cert.pem")).map_err(pem)?.collect();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).map_err(pem)?;
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain.map_err(pem)?, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

async fn connection(sandbox: Arc<Sandbox>, acceptor: TlsAcceptor, stream: TcpStream, tasks: Tasks) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(move |request| answer(sandbox.clone(), request));
    // An error here is a connection that broke, by the client or by an injected fault.
    let _ = auto::Builder::new(tasks).serve_connection(TokioIo::new(stream), service).await;
}

type Answer = hyper::Response<Full<Bytes>>;

async fn answer(sandbox: Arc<Sandbox>, request: hyper::Request<Incoming>) -> Result<Answer, io::Error> {
    let (parts, body) = request.into_parts();
    let authority = match parts.uri.authority() {
        Some(authority) => authority.to_string(),
        None => parts.headers.get("host").and_then(|h| h.to_str().ok()).unwrap_or("localhost").to_owned(),
    };
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let Ok(url) = url::Url::parse(&format!("https://{authority}{path}")) else {
        return Ok(plain(400, Vec::new(), Bytes::from_static(b"no URL")));
    };
    let Ok(body) = Limited::new(body, MOST_BYTES).collect().await else {
        return Ok(plain(413, Vec::new(), Bytes::from_static(b"the body is too large, or was cut off")));
    };
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let asked = Request {
        method: parts.method.as_str().to_owned(),
        url,
        headers: parts.headers.iter().filter_map(header).collect(),
        body: body.to_bytes().to_vec(),
    };
    let answered = sandbox.handle(asked).await;
    if answered.status == 0 {
        return Err(io::Error::new(io::ErrorKind::ConnectionReset, "an injected fault breaks the connection"));
    }
    Ok(plain(answered.status, answered.headers, Bytes::from(answered.body)))
}

fn plain(status: u16, headers: Vec<(String, String)>, body: Bytes) -> Answer {
    let mut response = hyper::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Full::new(body)).unwrap_or_else(|error| {
        // Only an injected fault can hold a header that is none.
        let mut response = hyper::Response::new(Full::new(Bytes::from(error.to_string())));
        *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// The tasks of a server.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut set = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while set.try_join_next().is_some() {}
        set.spawn(task);
    }
}

/// Ends the tasks with the server. The tasks hold the set they are in, so it would not end by being let go.
struct EndWith(Tasks);

impl Drop for EndWith {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, task: F) {
        self.spawn(async move {
            task.await;
        });
    }
}
