//! A secret of an environment is sent to Azure, and stands nowhere else.

use crate::served::Served;
use crate::test_env::{Ran, TestEnv};

const CANARY: &str = "Canary-7f3a-Pa55word!";
const TEXT: &str = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n\
    clusters:\n  aks:\n    networkProfile: {networkPlugin: azure}\n    \
    windowsProfile: {adminUsername: azureuser, adminPassword: \"${env:WINDOWS_PASSWORD}\"}\n    nodePools:\n      \
    system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";

fn clean(what: &str, ran: &Ran) {
    assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY), "landfall {what} tells the secret");
}

#[test]
fn a_canary_is_seen_by_azure_alone() {
    let served = Served::instant();
    let mut env = TestEnv::with("windows", TEXT);
    served.join(&mut env);
    env.set("WINDOWS_PASSWORD", CANARY);
    let commands: [&[&str]; 12] = [
        &["validate"],
        &["show", "windows", "--output", "json"],
        &["plan", "windows", "-vvv"],
        &["plan", "windows", "-vvv", "--output", "json"],
        &["apply", "windows", "-vvv", "--yes"],
        &["apply", "windows", "-vvv", "--yes", "--output", "json"],
        &["drift", "windows", "-vvv"],
        &["plan", "windows", "-vvv", "--output", "json"],
        &["show", "windows"],
        &["state", "show", "windows", "clusters.aks"],
        &["state", "show", "windows", "clusters.aks", "--output", "json"],
        &["state", "list", "windows"],
    ];
    for command in commands {
        clean(&command.join(" "), &env.expect(0, command));
    }
    let sent = served.requests().iter().any(|r| r.method == "PUT" && r.body.to_string().contains(CANARY));
    assert!(sent, "Azure is told");

    // Another secret is a change, and neither is told.
    let other = "Another-Canary-91!";
    env.set("WINDOWS_PASSWORD", other);
    let plan = env.expect(2, &["plan", "windows", "--exit-code", "--output", "json", "-vvv"]);
    clean("plan", &plan);
    assert!(!plan.stdout.contains(other) && !plan.stderr.contains(other));
    let change = &plan.json()["steps"][0]["changes"][0];
    assert_eq!(
        (change["path"].as_str(), change["after"].as_str()),
        (Some("windowsProfile.adminPassword"), Some("(secret)"))
    );
    let refused = serde_json::json!({"error": {"code": "InvalidParameter", "message": format!("adminPassword {other} is too weak")}});
    served.sandbox.inject(landfall::sandbox::Fault::respond("PUT", "managedClusters/aks", 1, 400, &refused));
    let ran = env.expect(1, &["apply", "windows", "--yes", "-vvv"]);
    assert!(
        !ran.stdout.contains(other) && !ran.stderr.contains(other),
        "not even in Azure's own words: {}",
        ran.shown()
    );
    env.expect(0, &["apply", "windows", "--yes"]);
    env.expect(0, &["plan", "windows", "--exit-code"]);
    for (name, bytes) in env.files() {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(CANARY) && !text.contains(other), "{name} holds the secret");
        assert!(!text.contains("sandbox\"") || !name.starts_with("state"), "{name} holds the client's secret");
    }
}
