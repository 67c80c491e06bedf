//! What a plan with nothing to do costs over HTTPS: requests, rounds, wall time, with latency injected into every answer.
//!
//! `cargo bench --bench noop_plan` builds the release binary, serves the sandbox on a free port, applies environments of
//! 1, 20 and 200 clusters with a registry each (or as many as are named: `-- 20`), and times `landfall plan` on each as a whole process. It measures; it asserts
//! only that the plans are empty. GNU time (`/usr/bin/time`) tells the peak of memory; without it that column is empty.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a benchmark prints its figures and stops where something fails"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use landfall::sandbox::{Options, Pace, Sandbox, ServeOptions, SystemClock, serve};

const RUNS: usize = 7;

fn main() {
    // `cargo test --benches` runs this as a test with --test: nothing to assert there.
    if std::env::args().any(|a| a == "--test") {
        return;
    }
    println!(
        "| clusters | latency | reads | other requests | connections | most in flight | wall, median | allowed | memory |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut sizes: Vec<usize> = std::env::args().filter_map(|a| a.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1, 20, 200];
    }
    sizes.into_iter().for_each(measure);
}

fn measure(clusters: usize) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("environments")).unwrap();
    std::fs::write(folder.path().join("environments/bench.yaml"), environment(clusters)).unwrap();
    let clock = Arc::new(SystemClock);
    let options = Options { clock, pace: Pace::instant(), page: 1000, ..Options::default() };
    let sandbox = Sandbox::open(options).unwrap();
    let served = Served::start(sandbox.clone(), folder.path());
    let started = Instant::now();
    let applied = run(folder.path(), served.port, &["apply", "bench", "--yes"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let (elapsed, steps) = (started.elapsed(), sandbox.requests().iter().filter(|r| r.method == "PUT").count());
    let state = std::fs::metadata(folder.path().join("state/bench.json")).map(|m| m.len()).unwrap_or_default();
    eprintln!("{clusters} clusters applied: {steps} PUTs in {elapsed:.1?}, a state of {} kB", state / 1000);
    for latency in [0, 50, 150].map(Duration::from_millis) {
        sandbox.set_latency(latency);
        let mut walls = Vec::new();
        let mut connections = 0;
        for _ in 0..RUNS {
            sandbox.clear_requests();
            connections = sandbox.connections();
            let started = Instant::now();
            let planned = run(folder.path(), served.port, &["plan", "bench", "--exit-code"]);
            walls.push(started.elapsed());
            connections = sandbox.connections() - connections;
            assert!(planned.status.success(), "{}", String::from_utf8_lossy(&planned.stdout));
        }
        let log = sandbox.requests();
        let reads = log.iter().filter(|r| r.method == "GET").count();
        let widest = log.iter().map(|r| r.in_flight).max().unwrap_or_default();
        walls.sort();
        // What is promised for up to 20 clusters.
        let allowed = match latency.as_millis() {
            0 => String::new(),
            50 => "140 ms".to_owned(),
            ms => format!("{} ms", 2 * ms * 115 / 100),
        };
        let memory = peak(folder.path(), served.port).map(|kb| format!("{:.1} MB", kb / 1000.0)).unwrap_or_default();
        println!(
            "| {clusters} | {} ms | {reads} | {} | {connections} | {widest} | {} ms | {allowed} | {memory} |",
            latency.as_millis(),
            log.len() - reads,
            walls[RUNS / 2].as_millis(),
        );
    }
}

/// The most memory that a plan has resident at once, in kB.
fn peak(folder: &Path, port: u16) -> Option<f64> {
    let said = command("/usr/bin/time", folder, port)
        .args(["-f", "peak %M", env!("CARGO_BIN_EXE_landfall"), "plan", "bench"])
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    said.lines().find_map(|line| line.strip_prefix("peak ")?.parse().ok())
}

fn environment(clusters: usize) -> String {
    let mut text = String::from(
        "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg-bench\nlocation: westeurope\nregistries:\n",
    );
    for n in 0..clusters {
        let _ = writeln!(text, "  benchreg{n:04}: {{sku: {{name: Standard}}}}");
    }
    text.push_str("clusters:\n");
    for n in 0..clusters {
        let _ = write!(
            text,
            "  aks-bench-{n:04}:\n    nodePools:\n      system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n      work: {{vmSize: Standard_D4ds_v5, count: 2}}\n    pullsFrom: [benchreg{n:04}]\n"
        );
    }
    text
}

struct Served {
    port: u16,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Served {
    fn start(sandbox: Arc<Sandbox>, folder: &Path) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (ready, port) = std::sync::mpsc::channel();
        let tls_dir = folder.join("tls");
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let options = ServeOptions { port: 0, tls_dir };
            let told = move |address: std::net::SocketAddr| ready.send(address.port()).unwrap();
            runtime.block_on(serve(sandbox, options, told, async { drop(stopped.await) })).unwrap();
        });
        Self { port: port.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn run(folder: &Path, port: u16, arguments: &[&str]) -> Output {
    command(env!("CARGO_BIN_EXE_landfall"), folder, port).args(arguments).output().unwrap()
}

fn command(program: &str, folder: &Path, port: u16) -> Command {
    let url = format!("https://localhost:{port}");
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("LANDFALL_RESOURCE_MANAGER", &url)
        .env("AZURE_AUTHORITY_HOST", &url)
        .env("SSL_CERT_FILE", folder.join("tls/ca.pem"))
        .env("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111")
        .env("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222")
        .env("AZURE_CLIENT_SECRET", "bench");
    command
}
