//! `landfall cancel` beside a run that holds the lock: Azure ends the work, the run fails, the next plan has it again.

use std::io::{BufRead, BufReader, Read as _};
use std::process::Stdio;
use std::time::Duration;

use landfall::sandbox::Pace;

use crate::served::Served;
use crate::test_env::{SUBSCRIPTION, TestEnv, steps};

const CLUSTER: &str = "clusters.aks-landfall-demo";

/// A server on which a cluster takes longer than any test waits, and an abort a moment.
fn slow() -> Served {
    let (cluster, other) = (Duration::from_secs(600), Duration::from_millis(300));
    Served::start(Pace { cluster, other, ..Pace::instant() }, Duration::ZERO)
}

#[test]
fn a_run_that_is_cancelled_from_another_process_fails_and_is_planned_anew() {
    let served = slow();
    let env = served.demo();
    let mut child =
        env.command(&["apply", "demo", "--yes"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut talk = String::new();
    while !talk.contains(&format!("create {CLUSTER}: ")) {
        assert!(lines.read_line(&mut talk).unwrap() > 0, "it came to the cluster:\n{talk}");
    }

    let ran = env.expect(4, &["cancel", "demo"]);
    assert!(ran.stderr.contains(&format!("create {CLUSTER}")) && ran.stderr.contains("--yes"), "{}", ran.shown());
    let ran = env.expect(0, &["cancel", "demo", "registries.landfalldemo", "--yes"]);
    assert!(ran.stderr.contains("Azure works on nothing of registries.landfalldemo"), "{}", ran.shown());
    env.expect(3, &["cancel", "demo", "what?", "--yes"]);
    let before = env.read("state/demo.json");
    let told = env.expect(0, &["cancel", "demo", "--yes", "--output", "json"]).json();
    assert_eq!(
        (told["steps"][0]["address"].as_str(), told["steps"][0]["outcome"].as_str()),
        (Some(CLUSTER), Some("asked"))
    );
    assert!(!told.to_string().contains("https://"), "URLs of operations are signed and stay out of it");
    assert_eq!(json_without_journal(&before), json_without_journal(&env.read("state/demo.json")));

    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{talk}{rest}{out}");
    for told in ["it was cancelled while Azure worked on it", "the next apply does it again"] {
        assert!(out.contains(told), "{out}");
    }
    let aborts = served.requests().into_iter().filter(|r| r.path.ends_with("/abort")).count();
    assert_eq!(aborts, 1, "what was refused or not confirmed asked nothing");

    let ran = env.expect(0, &["cancel", "demo", "--yes"]);
    assert!(ran.stderr.contains("Azure works on nothing of demo"), "{}", ran.shown());
    let plan = env.expect(2, &["plan", "demo", "--exit-code", "--output", "json"]).json();
    assert!(steps(&plan).iter().any(|step| step.contains(&format!(" {CLUSTER}:"))), "{:?}", steps(&plan));
    let id = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-landfall-demo/providers/Microsoft.ContainerService/managedClusters/aks-landfall-demo"
    );
    assert_eq!(served.sandbox.created_count(&id), 1);
}

/// What a cancellation leaves as it is: only the run that follows writes.
fn json_without_journal(text: &str) -> serde_json::Value {
    let mut state: serde_json::Value = serde_json::from_str(text).unwrap();
    state["resources"].take()
}

#[test]
fn without_a_state_or_a_server_it_says_so() {
    let env = TestEnv::demo();
    let ran = env.expect(1, &["cancel", "demo", "--yes", "--sandbox"]);
    assert!(ran.stderr.contains("there is no state of demo yet"), "{}", ran.shown());
    env.expect(0, &["apply", "demo", "--yes", "--sandbox"]);
    let told = env.expect(0, &["cancel", "demo", "--sandbox", "--output", "json"]).json();
    assert_eq!(told["steps"], serde_json::json!([]), "nothing is at work, and nothing needs to be confirmed");
}
