//! The main job on the sandbox that is built in, from nothing to nothing.

use std::sync::Arc;

use landfall::sandbox::{Options, Pace, Sandbox, SystemClock};
use serde_json::json;

use crate::served::ask;
use crate::test_env::{SUBSCRIPTION, TestEnv, steps};

const CLUSTER: &str = "/providers/Microsoft.ContainerService/managedClusters/aks-landfall-demo";
const REGISTRY: &str = "/providers/Microsoft.ContainerRegistry/registries/landfalldemo";

fn group() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-landfall-demo")
}

/// Somebody else changes the world on disk.
fn meanwhile(env: &TestEnv, change: impl FnOnce(&Sandbox)) {
    let world = Some(env.path("state/.sandbox/world.json"));
    let options = Options { clock: Arc::new(SystemClock), pace: Pace::instant(), world, ..Options::default() };
    let sandbox = Sandbox::open(options).unwrap();
    change(&sandbox);
    sandbox.save().unwrap();
}

/// What the world holds, whatever was running having ended.
pub fn world(env: &TestEnv) -> Vec<String> {
    let mut ids = Vec::new();
    meanwhile(env, |sandbox| ids = sandbox.ids());
    ids
}

#[test]
fn from_nothing_to_nothing() {
    let env = TestEnv::demo();
    let first = env.expect(0, &["apply", "demo", "--sandbox", "--yes"]);
    insta::assert_snapshot!("demo_apply", crate::test_env::redacted(&first.stdout));
    let on_disk = env.read("state/.sandbox/world.json");
    for made in [
        "/resourceGroups/rg-landfall-demo\"",
        CLUSTER,
        REGISTRY,
        "userAssignedIdentities/aks-landfall-demo-control\"",
        "userAssignedIdentities/aks-landfall-demo-kubelet\"",
        "\"name\": \"system\"",
        "\"name\": \"work\"",
        // AcrPull and Managed Identity Operator
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "f1a07417-d97a-45cb-824c-7a7467783830",
    ] {
        assert!(on_disk.contains(made), "{made} is not in the world");
    }
    assert!(!env.path("state/demo.json").exists(), "under --sandbox the real state is never touched");

    insta::assert_snapshot!("demo_nothing_to_do", env.expect(0, &["apply", "demo", "--sandbox", "--yes"]).shown());
    insta::assert_snapshot!("demo_plan_empty", env.expect(0, &["plan", "demo", "--sandbox", "--exit-code"]).shown());
    insta::assert_snapshot!("demo_no_drift", env.expect(0, &["drift", "demo", "--sandbox"]).shown());

    // Changing the file plans exactly that change.
    env.edit_demo("env: demo", "env: trial");
    env.edit_demo("tier: Free", "tier: Standard");
    env.edit_demo("count: 1}", "count: 2}");
    let plan = env.expect(2, &["plan", "demo", "--sandbox", "--exit-code", "--output", "json"]);
    insta::assert_snapshot!("demo_changed_json", plan.stdout);
    insta::assert_snapshot!("demo_changed_text", env.expect(2, &["plan", "demo", "--sandbox", "--exit-code"]).shown());
    assert_eq!(plan.json()["summary"]["create"], 0);
    env.expect(0, &["apply", "demo", "--sandbox", "--yes"]);
    env.expect(0, &["plan", "demo", "--sandbox", "--exit-code"]);
    let on_disk = env.json("state/.sandbox/world.json");
    let cluster = &on_disk["resources"][format!("{}{CLUSTER}", group()).to_ascii_lowercase()];
    assert_eq!(cluster["body"]["sku"]["tier"], "Standard");

    // Somebody changes the world.
    meanwhile(&env, |sandbox| {
        let id = format!("{}{REGISTRY}", group());
        let tags = json!({"app": "somebody", "landfall-environment": "demo"});
        let body = json!({"properties": {"adminUserEnabled": true}, "tags": tags});
        ask(sandbox, "PATCH", &id, "2025-11-01", Some(&body));
    });
    insta::assert_snapshot!("demo_drift_text", env.expect(2, &["drift", "demo", "--sandbox"]).shown());
    insta::assert_snapshot!(
        "demo_drift_json",
        env.expect(2, &["drift", "demo", "--sandbox", "--output", "json"]).stdout
    );
    let repair = env.expect(2, &["plan", "demo", "--sandbox", "--exit-code", "--output", "json"]).json();
    assert_eq!(steps(&repair), ["update registries.landfalldemo: tags.app tags.env"]);
    assert_eq!(repair["steps"][0]["changes"][0]["reason"], "drift");
    assert_eq!(
        repair["unmanaged"],
        json!([{"address": "registries.landfalldemo", "path": "adminUserEnabled", "before": false, "after": true}]),
        "nobody manages it, so that it is told and left"
    );
    env.expect(0, &["apply", "demo", "--sandbox", "--yes"]);
    env.expect(0, &["drift", "demo", "--sandbox"]);

    insta::assert_snapshot!(
        "demo_destroy",
        crate::test_env::redacted(&env.expect(0, &["destroy", "demo", "--sandbox", "--yes"]).stdout)
    );
    assert!(!env.path("state/.sandbox/demo.json").exists(), "no state is left");
    assert_eq!(world(&env), Vec::<String>::new(), "nothing is left in the world");
    insta::assert_snapshot!("demo_destroy_again", env.expect(0, &["destroy", "demo", "--sandbox", "--yes"]).shown());
}

#[test]
fn a_group_with_a_stranger_stays() {
    let env = TestEnv::with(
        "small",
        "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg-landfall-demo\nlocation: westeurope\n\
         registries:\n  landfalldemo:\n    sku: {name: Basic}\n",
    );
    env.expect(0, &["apply", "small", "--sandbox", "--yes"]);
    let stranger = format!("{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/somebodys", group());
    meanwhile(&env, |sandbox| {
        ask(sandbox, "PUT", &stranger, "2024-11-30", Some(&json!({"location": "westeurope"})));
    });
    let ran = env.expect(0, &["destroy", "small", "--sandbox", "--yes"]);
    insta::assert_snapshot!("stranger_stays", ran.shown());
    let left: Vec<String> = world(&env).iter().map(|id| id.to_ascii_lowercase()).collect();
    assert_eq!(left, [group().to_ascii_lowercase(), stranger.to_ascii_lowercase()]);
    insta::assert_snapshot!("stranger_state", env.expect(0, &["state", "list", "small", "--sandbox"]).shown());

    // Without the stranger, the group goes as well.
    meanwhile(&env, |sandbox| drop(ask(sandbox, "DELETE", &stranger, "2024-11-30", None)));
    env.expect(0, &["destroy", "small", "--sandbox", "--yes"]);
    assert_eq!(world(&env), Vec::<String>::new());
    assert!(!env.path("state/.sandbox/small.json").exists());
}

#[test]
fn reset_forgets_world_and_states() {
    let env = TestEnv::with(
        "small",
        "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg-landfall-demo\nlocation: westeurope\n",
    );
    insta::assert_snapshot!("reset_empty", env.expect(0, &["sandbox", "reset"]).shown());
    env.expect(0, &["apply", "small", "--sandbox", "--yes"]);
    insta::assert_snapshot!("reset", env.expect(0, &["sandbox", "reset"]).shown());
    let left: Vec<String> = env.files().into_keys().filter(|f| f.starts_with("state/")).collect();
    assert_eq!(left, Vec::<String>::new());
    let plan = env.expect(0, &["plan", "small", "--sandbox", "--output", "json"]).json();
    assert_eq!(plan["summary"]["create"], 1);
}

#[test]
fn a_world_that_cannot_be_written_is_told_at_once() {
    let env = TestEnv::with(
        "small",
        "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg-landfall-demo\nlocation: westeurope\n",
    );
    // A folder in its place is writable for nobody.
    std::fs::create_dir_all(env.path("state/.sandbox/world.json")).unwrap();
    let started = std::time::Instant::now();
    let ran = env.expect(1, &["plan", "small", "--sandbox"]);
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
    assert!(
        ran.stderr.contains("failed to write the sandbox's world") && ran.stderr.contains("world.json"),
        "{}",
        ran.stderr
    );
}
