//! Every way a command can end, by its exit code.

use std::time::Duration;

use landfall::sandbox::Fault;
use landfall::state::{Holder, LocalStore, Store as _};
use serde_json::json;

use crate::served::Served;
use crate::test_env::TestEnv;

const SMALL: &str = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n\
    registries:\n  landfallone:\n    sku: {name: Basic}\n";
const REGISTRY: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/landfallone";

/// A small environment against a server, and the server.
fn small(text: &str) -> (Served, TestEnv) {
    let served = Served::instant();
    let mut env = TestEnv::with("small", text);
    served.join(&mut env);
    (served, env)
}

fn writes(served: &Served) -> usize {
    let asked = served.requests();
    asked
        .iter()
        .filter(|r| !r.path.contains("/oauth2/") && ["PUT", "PATCH", "DELETE"].contains(&r.method.as_str()))
        .count()
}

#[test]
fn zero_and_two() {
    let (_served, env) = small(SMALL);
    env.expect(0, &["plan", "small"]);
    env.expect(2, &["plan", "small", "--exit-code"]);
    env.expect(0, &["apply", "small", "--yes"]);
    env.expect(0, &["plan", "small", "--exit-code"]);
    env.expect(2, &["plan", "small", "--exit-code", "--destroy"]);
    env.expect(0, &["--help"]);
    env.expect(0, &["--version"]);
}

#[test]
fn one_when_something_cannot_be_read_and_nothing_is_applied() {
    let (served, env) = small(SMALL);
    let denied =
        json!({"error": {"code": "AuthorizationFailed", "message": "The client may not perform action 'read'."}});
    served.sandbox.inject(Fault::respond("GET", "registries/landfallone", 3, 403, &denied));
    let plan = env.expect(1, &["plan", "small", "--exit-code", "--output", "json"]).json();
    assert_eq!(plan["complete"], false);
    assert_eq!(plan["diagnostics"][0]["code"], "unreadable");
    let ran = env.expect(1, &["apply", "small", "--yes"]);
    insta::assert_snapshot!("unreadable", ran.shown());
    let report = env.expect(1, &["apply", "small", "--yes", "--output", "json"]).json();
    assert_eq!((&report["carriedOut"], &report["complete"]), (&json!(false), &json!(false)));
    assert_eq!(report["diagnostics"][0]["code"], "unreadable");
    assert_eq!(writes(&served), 0, "nothing was applied");
    assert!(!env.path("state/small.json").exists());

    env.expect(0, &["apply", "small", "--yes"]);
    served.sandbox.inject(Fault::respond("GET", "registries/landfallone", 2, 403, &denied));
    insta::assert_snapshot!("drift_unreadable", env.expect(1, &["drift", "small"]).shown());
    let drift = env.expect(1, &["drift", "small", "--output", "json"]).json();
    assert_eq!((&drift["complete"], drift["unreadable"].as_array().unwrap().len()), (&json!(false), 1));
}

#[test]
fn one_when_a_step_fails() {
    let (served, env) = small(SMALL);
    let refusal = json!({"error": {"code": "RequestDisallowedByPolicy", "message": "Resource 'landfallone' was disallowed by policy."}});
    served.sandbox.inject(Fault::respond("PUT", "registries/landfallone", 1, 403, &refusal));
    let ran = env.expect(1, &["apply", "small", "--yes"]);
    insta::assert_snapshot!("step_failed", ran.shown());
    env.expect(0, &["apply", "small", "--yes"]);
}

#[test]
fn three_for_wrong_input() {
    let env = TestEnv::with("small", &format!("{SMALL}    adminUserEnabeld: true\n    publicNetworkAccess: Perhaps\n"));
    for command in
        [&["plan", "small"][..], &["apply", "small", "--sandbox", "--yes"], &["drift", "small"], &["show", "small"]]
    {
        let ran = env.expect(3, command);
        assert!(ran.stderr.contains("small.yaml:7:5") && ran.stderr.contains("small.yaml:8:"), "{}", ran.shown());
        assert_eq!(ran.stdout, "", "{}", ran.shown());
    }
    insta::assert_snapshot!("wrong_input", env.expect(3, &["validate", "small"]).shown());
    insta::assert_snapshot!("no_such_environment", env.expect(3, &["plan", "nowhere", "--sandbox"]).shown());
    env.expect(3, &["plan"]);
    env.expect(3, &["plan", "small", "--bogus"]);
    env.expect(3, &["plan", "../small", "--replace", "no address"]);
}

#[test]
fn four_when_nobody_confirms() {
    let (served, env) = small(SMALL);
    let ran = env.expect(4, &["apply", "small"]);
    insta::assert_snapshot!("not_confirmed", ran.shown());
    assert_eq!(writes(&served), 0);
}

#[test]
fn four_when_it_is_not_adopted() {
    let (served, env) = small(SMALL);
    let group = REGISTRY.split("/providers").next().unwrap();
    served.somebody("PUT", group, "2025-04-01", Some(&json!({"location": "westeurope"})));
    let before = writes(&served);
    let ran = env.expect(4, &["apply", "small", "--yes"]);
    insta::assert_snapshot!("not_adopted", ran.shown());
    assert_eq!(writes(&served), before);
    env.expect(0, &["apply", "small", "--yes", "--adopt"]);
    env.expect(0, &["plan", "small", "--exit-code"]);
}

#[test]
fn four_when_it_is_protected() {
    let (_served, env) = small(&format!("{SMALL}    protect: true\n"));
    env.expect(0, &["apply", "small", "--yes"]);
    insta::assert_snapshot!("protected", env.expect(4, &["destroy", "small", "--yes"]).shown());
    env.write("environments/small.yaml", SMALL.split("registries").next().unwrap());
    env.expect(4, &["plan", "small"]);
    env.expect(4, &["apply", "small", "--yes"]);
    env.expect(4, &["plan", "small", "--replace", "registries.landfallone"]);
}

#[test]
fn four_when_replacing_was_not_allowed() {
    let text = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n\
        clusters:\n  aks:\n    dnsPrefix: one\n    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";
    let (served, env) = small(text);
    env.expect(0, &["apply", "small", "--yes"]);
    env.expect(3, &["plan", "small", "--replace", "clusters.other"]);
    env.write("environments/small.yaml", &text.replace("dnsPrefix: one", "dnsPrefix: two"));
    insta::assert_snapshot!("replace_missing", env.expect(4, &["apply", "small", "--yes"]).shown());
    let plan = env.expect(2, &["plan", "small", "--exit-code", "--output", "json", "--replace", "clusters.aks"]);
    assert_eq!(plan.json()["summary"]["replace"], 1);
    env.expect(0, &["apply", "small", "--yes", "--replace", "clusters.aks"]);
    let group = REGISTRY.split("/providers").next().unwrap();
    let cluster = format!("{group}/providers/Microsoft.ContainerService/managedClusters/aks");
    assert_eq!(served.sandbox.created_count(&cluster), 2);
    env.expect(0, &["plan", "small", "--exit-code"]);
}

#[test]
fn four_when_another_run_holds_the_lock() {
    let (served, env) = small(SMALL);
    env.expect(0, &["apply", "small", "--yes"]);
    let before = writes(&served);
    let store = LocalStore::new(env.path("state/small.json"), "small".parse().unwrap());
    let holder = Holder {
        who: "colleague@build".to_owned(),
        pid: 4242,
        command: "landfall apply small".to_owned(),
        since: "2026-11-22T00:00:00Z".to_owned(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let guard = runtime.block_on(store.lock(&holder, Duration::ZERO)).unwrap();
    insta::assert_snapshot!("locked", env.expect(4, &["destroy", "small", "--yes"]).shown());
    assert_eq!(writes(&served), before);
    env.expect(0, &["plan", "small"]);
    runtime.block_on(guard.release()).unwrap();
    env.expect(0, &["destroy", "small", "--yes"]);
}

#[test]
fn four_when_the_world_moves_under_the_plan() {
    // Between the reads of the plan and the step's own, somebody else makes the registry: the fault lets the first read say
    // that there is none.
    let (served, env) = small(SMALL);
    let group = REGISTRY.split("/providers").next().unwrap();
    env.write(
        "environments/small.yaml",
        &SMALL.replace("resourceGroup: rg", "resourceGroup: {name: rg, existing: true}"),
    );
    served.somebody("PUT", group, "2025-04-01", Some(&json!({"location": "westeurope"})));
    let body = json!({"location": "westeurope", "sku": {"name": "Premium"}});
    served.somebody("PUT", REGISTRY, "2025-11-01", Some(&body));
    let absent = json!({"error": {"code": "ResourceNotFound", "message": "The Resource was not found."}});
    served.sandbox.inject(Fault::respond("GET", "registries/landfallone", 1, 404, &absent));
    let before = writes(&served);
    insta::assert_snapshot!("stale", env.expect(4, &["apply", "small", "--yes"]).shown());
    assert_eq!(writes(&served), before);
}
