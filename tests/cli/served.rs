//! The sandbox served over HTTPS by the test itself, so that the test sees what the binary asked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use landfall::sandbox::{Logged, Options, Pace, Request, Response, Sandbox, ServeOptions, SystemClock, serve};
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::test_env::TestEnv;

/// A server on the loopback interface; it ends with this value.
pub struct Served {
    pub sandbox: Arc<Sandbox>,
    pub address: SocketAddr,
    tls: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// A server whose operations take no time.
    pub fn instant() -> Self {
        Self::start(Pace::instant(), Duration::ZERO)
    }

    pub fn start(pace: Pace, latency: Duration) -> Self {
        let options = Options { clock: Arc::new(SystemClock), pace, latency, ..Options::default() };
        Self::of(Sandbox::open(options).unwrap())
    }

    /// A server for a sandbox.
    pub fn of(sandbox: Arc<Sandbox>) -> Self {
        let tls = TempDir::new().unwrap();
        let (stop, stopped) = oneshot::channel();
        let (ready, address) = std::sync::mpsc::channel();
        let (served, folder) = (sandbox.clone(), tls.path().to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let options = ServeOptions { port: 0, tls_dir: folder };
            let tell = |address| ready.send(address).unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            runtime.block_on(serve(served, options, tell, stopped)).unwrap();
        });
        let address = address.recv_timeout(Duration::from_secs(30)).unwrap();
        Self { sandbox, address, tls, stop: Some(stop), thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    pub fn ca(&self) -> PathBuf {
        self.tls.path().join("ca.pem")
    }

    /// Where landfall is told to find it, but for the trust.
    pub fn point_here(&self, env: &mut TestEnv) {
        env.set("LANDFALL_RESOURCE_MANAGER", &self.url())
            .set("AZURE_AUTHORITY_HOST", &self.url())
            .set("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111")
            .set("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222")
            .set("AZURE_CLIENT_SECRET", "sandbox");
    }

    /// The demo against this server, which it trusts by SSL_CERT_FILE.
    pub fn demo(&self) -> TestEnv {
        let mut env = TestEnv::demo();
        self.join(&mut env);
        env
    }

    /// Any project against this server.
    pub fn join(&self, env: &mut TestEnv) {
        self.point_here(env);
        env.set("SSL_CERT_FILE", self.ca().to_str().unwrap());
    }

    /// What was asked, HEADs and tokens included, in the order of arrival.
    pub fn requests(&self) -> Vec<Logged> {
        self.sandbox.requests()
    }

    /// Somebody else asks for something.
    pub fn somebody(&self, method: &str, id: &str, api_version: &str, body: Option<&Json>) -> Response {
        ask(&self.sandbox, method, id, api_version, body)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Asks a sandbox for something without landfall, and expects that it is done.
pub fn ask(sandbox: &Sandbox, method: &str, id: &str, api_version: &str, body: Option<&Json>) -> Response {
    let request = Request::new(method, &format!("https://management.azure.com{id}?api-version={api_version}"));
    let request = body.map_or(request.clone(), |b| request.json(b));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let response = runtime.block_on(sandbox.handle(request));
    assert!(response.status < 300, "{method} {id}: {} {}", response.status, response.body_json());
    response
}
