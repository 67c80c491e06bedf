//! Ctrl-C: once to start nothing new, twice to leave; the next run ends in the same place.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use landfall::sandbox::Pace;

use crate::served::Served;
use crate::test_env::SUBSCRIPTION;

#[test]
fn twice_leaves_and_the_next_run_goes_on() {
    let served = Served::start(Pace { cluster: Duration::from_secs(10), ..Pace::instant() }, Duration::ZERO);
    let env = served.demo();
    let mut child =
        env.command(&["apply", "demo", "--yes"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let id = child.id().to_string();
    let interrupt = || {
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
    };
    let mut talk = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut until = |word: &str| loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended before it said `{word}`:\n{talk}");
        talk.push_str(&line);
        if line.contains(word) {
            break;
        }
    };
    until("create clusters.aks-landfall-demo: ");
    interrupt();
    until("Interrupted");
    interrupt();
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{talk}{rest}");
    assert!(rest.contains("clusters.aks-landfall-demo"), "what goes on in Azure is named: {rest}");
    let journal = env.json("state/demo.json");
    assert!(journal.to_string().contains("operation"), "the operation is recorded");

    let ran = env.expect(0, &["apply", "demo", "--yes"]);
    assert!(ran.stderr.contains("going on from an interrupted run"), "{}", ran.shown());
    env.expect(0, &["plan", "demo", "--exit-code"]);
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-landfall-demo");
    for id in [
        "",
        "/providers/Microsoft.ContainerRegistry/registries/landfalldemo",
        "/providers/Microsoft.ContainerService/managedClusters/aks-landfall-demo",
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-landfall-demo-control",
        "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-landfall-demo-kubelet",
    ] {
        assert_eq!(served.sandbox.created_count(&format!("{group}{id}")), 1, "{id}");
    }
}

#[test]
fn killed_outright_the_next_run_goes_on() {
    let served = Served::start(Pace { cluster: Duration::from_secs(3), ..Pace::instant() }, Duration::ZERO);
    let env = served.demo();
    let mut child =
        env.command(&["apply", "demo", "--yes"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let reached = lines.map(Result::unwrap).any(|l| l.contains("create clusters.aks-landfall-demo: "));
    assert!(reached, "it came to the cluster");
    child.kill().unwrap();
    child.wait().unwrap();
    env.expect(0, &["apply", "demo", "--yes"]);
    env.expect(0, &["plan", "demo", "--exit-code"]);
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-landfall-demo");
    let cluster = format!("{group}/providers/Microsoft.ContainerService/managedClusters/aks-landfall-demo");
    assert_eq!(served.sandbox.created_count(&cluster), 1);
}

#[test]
fn time_that_is_over_leaves_as_well() {
    let served = Served::start(Pace { cluster: Duration::from_secs(8), ..Pace::instant() }, Duration::ZERO);
    let env = served.demo();
    let ran = env.expect(130, &["apply", "demo", "--yes", "--timeout", "3s"]);
    assert!(ran.stderr.contains("--timeout"), "{}", ran.shown());
    assert!(ran.stdout.contains("clusters.aks-landfall-demo"), "what goes on in Azure is named: {}", ran.shown());
    env.expect(0, &["apply", "demo", "--yes"]);
    env.expect(0, &["plan", "demo", "--exit-code"]);
}
