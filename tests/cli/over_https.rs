//! The binary against a server over HTTPS: how it is found and trusted, and what it is asked, in which order.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use landfall::sandbox::{Logged, Pace};

use crate::served::Served;
use crate::test_env::{TestEnv, steps};

fn is_token(request: &Logged) -> bool {
    request.path.contains("/oauth2/")
}

fn is_warming(request: &Logged) -> bool {
    request.method == "HEAD" && request.path == "/"
}

/// The requests to the resource manager.
fn arm(served: &Served) -> Vec<Logged> {
    let mut all = served.requests();
    all.retain(|r| !is_token(r) && !is_warming(r) && !r.path.contains("/.well-known/") && !r.path.contains("/common/"));
    all
}

#[test]
fn the_main_job_and_what_it_asks() {
    let latency = Duration::from_millis(150);
    let served = Served::start(Pace::instant(), latency);
    let env = served.demo();
    env.expect(0, &["apply", "demo", "--yes"]);

    // Roles are granted before the cluster is asked for, and its pools travel with it.
    let asked = arm(&served);
    let puts: Vec<&Logged> = asked.iter().filter(|r| r.method == "PUT").collect();
    let of = |what: &str| -> Vec<usize> {
        puts.iter().enumerate().filter(|(_, r)| r.path.contains(what)).map(|(i, _)| i).collect()
    };
    let cluster = puts.iter().position(|r| r.path.ends_with("managedClusters/aks-landfall-demo")).unwrap();
    let grants = of("/roleAssignments/");
    assert_eq!(grants.len(), 2);
    assert!(grants.iter().all(|grant| *grant < cluster), "{:#?}", puts.iter().map(|r| &r.path).collect::<Vec<_>>());
    assert_eq!(of("/agentPools/"), Vec::<usize>::new(), "no pool is written by itself");
    let pools = puts[cluster].body["properties"]["agentPoolProfiles"].as_array().unwrap();
    let names: Vec<&str> = pools.iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["system", "work"]);

    // The registry and both identities are under way together: each arrives while the others are being answered.
    let together: Vec<i64> = ["registries/landfalldemo", "aks-landfall-demo-control", "aks-landfall-demo-kubelet"]
        .iter()
        .map(|end| puts.iter().find(|r| r.path.ends_with(end)).unwrap().at_ms)
        .collect();
    let spread = together.iter().max().unwrap() - together.iter().min().unwrap();
    assert!(spread < i64::try_from(latency.as_millis()).unwrap(), "{spread} ms between them");
    let most = puts
        .iter()
        .filter(|r| r.path.contains("userAssignedIdentities/aks") || r.path.contains("registries/landfalldemo"))
        .map(|r| r.in_flight)
        .max();
    assert!(most >= Some(3), "{most:?} in flight");

    // A plan with nothing to do: one token, one warming, and one round of reads.
    served.sandbox.clear_requests();
    let plan = env.expect(0, &["plan", "demo", "--exit-code", "--output", "json"]);
    assert_eq!(plan.json()["summary"]["unchanged"], 9);
    let all = served.requests();
    assert_eq!(all.iter().filter(|r| is_token(r)).count(), 1, "one token");
    assert_eq!(all.iter().filter(|r| is_warming(r)).count(), 1, "one warming");
    let reads = arm(&served);
    assert_eq!(reads.len(), 7, "{:#?}", reads.iter().map(|r| &r.path).collect::<Vec<_>>());
    assert_eq!(
        all.len(),
        2 + 7,
        "and nothing else: {:#?}",
        all.iter().map(|r| (&r.method, &r.path)).collect::<Vec<_>>()
    );
    assert!(reads.iter().all(|r| r.method == "GET" && r.status == 200));
    assert_eq!(reads.iter().map(|r| r.in_flight).max(), Some(7), "all of them are under way together");
    let round = reads.iter().map(|r| r.at_ms).max().unwrap() - reads.iter().map(|r| r.at_ms).min().unwrap();
    assert!(round < i64::try_from(latency.as_millis()).unwrap(), "one round: {round} ms");
    let token = all.iter().find(|r| is_token(r)).unwrap();
    let warming = all.iter().find(|r| is_warming(r)).unwrap();
    assert!((warming.at_ms - token.at_ms).abs() < i64::try_from(latency.as_millis()).unwrap(), "they go out together");

    env.expect(0, &["drift", "demo"]);
    env.expect(0, &["destroy", "demo", "--yes"]);
    assert_eq!(served.sandbox.ids(), Vec::<String>::new());
    assert!(!env.path("state/demo.json").exists());
}

#[test]
fn trust_comes_from_ca_file_as_well() {
    let served = Served::instant();
    let mut env = TestEnv::demo();
    served.point_here(&mut env);
    let plan = env.expect(0, &["plan", "demo", "--output", "json", "--ca-file", served.ca().to_str().unwrap()]).json();
    assert_eq!(plan["summary"]["create"], 9);
    env.set("LANDFALL_CA_FILE", served.ca().to_str().unwrap());
    env.expect(0, &["plan", "demo"]);
    let missing = env.expect(3, &["plan", "demo", "--ca-file", "nowhere.pem"]);
    assert!(missing.stderr.contains("nowhere.pem"), "{}", missing.shown());
}

#[test]
fn a_server_that_nobody_trusts_is_told_at_once() {
    let served = Served::instant();
    let other = Served::instant();
    let mut env = TestEnv::demo();
    served.point_here(&mut env);
    env.set("SSL_CERT_FILE", other.ca().to_str().unwrap());
    let began = Instant::now();
    let ran = env.expect(1, &["plan", "demo"]);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    insta::assert_snapshot!("wrong_ca", without_port(&ran.shown(), &served));
    assert_eq!(served.requests().len(), 0, "nothing is said to it");
}

#[test]
fn a_wrong_secret_is_told() {
    let served = Served::instant();
    let mut env = served.demo();
    env.set("AZURE_CLIENT_SECRET", "wrong");
    let ran = env.expect(1, &["plan", "demo"]);
    insta::assert_snapshot!("wrong_secret", without_port(&ran.shown(), &served));
}

#[test]
fn nobody_to_log_in_as_is_told() {
    let served = Served::instant();
    let mut env = served.demo();
    env.set("AZURE_CLIENT_SECRET", "");
    let ran = env.expect(1, &["plan", "demo"]);
    insta::assert_snapshot!("no_credential", without_port(&ran.shown(), &served));
}

fn without_port(text: &str, served: &Served) -> String {
    text.replace(&served.address.port().to_string(), "[port]")
}

#[test]
fn sandbox_serve_serves() {
    let mut env = TestEnv::demo();
    let mut server = env
        .command(&["sandbox", "serve", "--port", "0", "--tls-dir", "tls", "--pace", "instant"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // What it prints is what another terminal needs.
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let exports: Vec<String> = lines.by_ref().take(6).map(Result::unwrap).collect();
    for line in &exports {
        let (name, value) = line.strip_prefix("export ").unwrap().split_once('=').unwrap();
        env.set(name, value);
    }
    env.expect(0, &["apply", "demo", "--yes"]);
    env.edit_demo("env: demo", "env: trial");
    let plan = env.expect(2, &["plan", "demo", "--exit-code", "--output", "json"]).json();
    assert_eq!(steps(&plan).len(), 5, "{:#?}", steps(&plan));
    env.expect(0, &["destroy", "demo", "--yes"]);

    let interrupted = std::process::Command::new("kill").args(["-INT", &server.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    assert_eq!(server.wait().unwrap().code(), Some(0), "Ctrl-C is how it is meant to end");
    assert!(env.path("state/.sandbox/world.json").exists(), "the world is kept");
}
