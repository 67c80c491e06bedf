//! Records that are lost, and versions of them that come back, on the sandbox that is built in.

use serde_json::Value as Json;

use crate::sandbox::world;
use crate::test_env::{TestEnv, steps};

const STATE: &str = "state/.sandbox/demo.json";

fn addresses(rows: &Json) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["address"].as_str().unwrap()).collect()
}

#[test]
fn a_lost_record_is_rebuilt() {
    let env = TestEnv::demo();
    let nothing = env.expect(0, &["state", "rebuild", "demo", "--sandbox", "--yes"]);
    assert!(nothing.stderr.contains("nothing was recorded") && !env.path(STATE).exists(), "{}", nothing.shown());
    env.expect(0, &["apply", "demo", "--sandbox", "--yes"]);
    let before = env.json(STATE);
    std::fs::remove_file(env.path(STATE)).unwrap();
    env.expect(4, &["apply", "demo", "--sandbox", "--yes"]);

    let asked = env.expect(4, &["state", "rebuild", "demo", "--sandbox"]);
    assert!(asked.stderr.contains("--yes") && !env.path(STATE).exists(), "{}", asked.shown());
    insta::assert_snapshot!("rebuild", env.expect(0, &["state", "rebuild", "demo", "--sandbox", "--yes"]).shown());
    let after = env.json(STATE);
    let ids = |state: &Json| {
        let all = state["resources"].as_object().unwrap();
        all.iter().map(|(a, e)| format!("{a} {} {}", e["id"].as_str().unwrap(), e["created"])).collect::<Vec<_>>()
    };
    assert_eq!(ids(&after), ids(&before));
    env.expect(0, &["plan", "demo", "--sandbox", "--exit-code"]);
    env.expect(0, &["drift", "demo", "--sandbox"]);

    let refused = env.expect(4, &["state", "rebuild", "demo", "--sandbox", "--yes"]);
    assert!(refused.stderr.contains("--force"), "{}", refused.shown());
    let forced = ["state", "rebuild", "demo", "--sandbox", "--yes", "--force", "--output", "json"];
    let forced = env.expect(0, &forced).json();
    assert_eq!(forced["state"]["serial"], 2, "of the same lineage");
    assert_eq!(forced["state"]["lineage"], after["lineage"]);
    assert_eq!(addresses(&forced["recorded"]).len(), after["resources"].as_object().unwrap().len());
    assert_eq!(forced["notRecorded"], serde_json::json!([]));
    env.expect(0, &["plan", "demo", "--sandbox", "--exit-code"]);
    env.expect(0, &["destroy", "demo", "--sandbox", "--yes"]);
    assert_eq!(world(&env), Vec::<String>::new(), "nothing is left, the group neither");
}

#[test]
fn what_was_made_for_it_and_is_in_no_file_is_listed() {
    let env = TestEnv::demo();
    env.edit_demo("registries:\n", "identities: {extra: {}}\nregistries:\n");
    env.expect(0, &["apply", "demo", "--sandbox", "--yes"]);
    std::fs::remove_file(env.path(STATE)).unwrap();
    env.edit_demo("identities: {extra: {}}\n", "");
    let rebuilt = env.expect(0, &["state", "rebuild", "demo", "--sandbox", "--yes", "--output", "json"]).json();
    let orphans = rebuilt["notInFile"].as_array().unwrap();
    assert!(orphans.len() == 1 && orphans[0].as_str().unwrap().ends_with("/userAssignedIdentities/extra"), "{rebuilt}");
    let plan = env.expect(0, &["plan", "demo", "--sandbox", "--output", "json"]).json();
    assert_eq!(steps(&plan), Vec::<String>::new(), "nothing is deleted that no record has");

    env.edit_demo("registries:\n", "environmentTag: false\nregistries:\n");
    let refused = env.expect(4, &["state", "rebuild", "demo", "--sandbox", "--yes", "--force"]);
    assert!(refused.stderr.contains("--adopt"), "{}", refused.shown());
}

#[test]
fn an_earlier_version_comes_back_and_the_plan_sees_what_it_does_not_know() {
    let env = TestEnv::demo();
    env.expect(0, &["apply", "demo", "--sandbox", "--yes"]);
    let first = env.json(STATE)["serial"].as_u64().unwrap();
    env.edit_demo("registries:\n", "identities: {extra: {}}\nregistries:\n");
    env.expect(0, &["apply", "demo", "--sandbox", "--yes"]);
    let serial = first.to_string();
    let history = env.expect(0, &["state", "history", "demo", "--sandbox"]);
    assert!(history.stdout.contains(&format!("{serial:>6}")), "{}", history.shown());
    insta::assert_snapshot!(
        "restore",
        env.expect(0, &["state", "restore", "demo", &serial, "--sandbox", "--yes"]).shown()
    );
    let plan = env.expect(0, &["plan", "demo", "--sandbox", "--output", "json"]).json();
    assert_eq!(steps(&plan), ["adopt identities.extra: "]);
    env.expect(0, &["sandbox", "reset"]);
    assert!(!env.path("state/.sandbox/.history").exists(), "the sandbox forgets all of it");
}
