//! `plan --output json`: its keys, their order and types, and that nothing but the environment moves it.

use serde_json::{Value as Json, json};

use crate::served::Served;
use crate::test_env::TestEnv;

/// The keys of one kind of object, in the order in which the text has them.
fn keys_after<'a>(text: &'a str, opening: &str, indent: usize) -> Vec<&'a str> {
    let start = text.find(opening).unwrap() + opening.len();
    let pad = " ".repeat(indent);
    text[start..]
        .lines()
        .skip(if opening.ends_with('[') { 2 } else { 1 })
        .take_while(|l| l.starts_with(&pad))
        .filter_map(|l| l.strip_prefix(&pad)?.strip_prefix('"')?.split_once('"').map(|(key, _)| key))
        .collect()
}

#[test]
fn the_form_is_the_documented_one() {
    let served = Served::instant();
    let env = served.demo();
    env.expect(0, &["apply", "demo", "--yes"]);
    let registry = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-landfall-demo/providers/Microsoft.ContainerRegistry/registries/landfalldemo";
    served.somebody(
        "PATCH",
        registry,
        "2025-11-01",
        Some(&json!({"sku": {"name": "Premium"}, "properties": {"adminUserEnabled": true}})),
    );
    env.edit_demo(
        "oidcIssuerProfile:",
        "httpProxyConfig: {httpsProxy: \"https://proxy.example:3128\"}\n    oidcIssuerProfile:",
    );
    let text = env.expect(2, &["plan", "demo", "--exit-code", "--output", "json"]).stdout;
    insta::assert_snapshot!("plan_json", text);

    assert_eq!(
        keys_after(&text, "", 2),
        ["format", "environment", "complete", "summary", "steps", "drift", "unmanaged", "diagnostics"]
    );
    assert_eq!(
        keys_after(&text, "\"summary\": {", 4),
        ["create", "update", "rotate", "replace", "delete", "adopt", "unchanged"]
    );
    let step = keys_after(&text, "\"steps\": [", 6);
    assert_eq!(step[..6], ["id", "address", "action", "disruption", "pools", "changes"]);
    assert!(step.contains(&"dependsOn"));
    let change = keys_after(&text, "\"changes\": [", 10);
    assert_eq!(change[..5], ["path", "before", "after", "reason", "disruption"]);
    assert_eq!(keys_after(&text, "\"drift\": [", 6), ["address", "path", "recorded", "live"]);
    assert_eq!(keys_after(&text, "\"unmanaged\": [", 6)[..4], ["address", "path", "before", "after"]);
}

#[test]
fn twice_is_the_same_and_the_order_of_the_file_does_not_matter() {
    let one = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n\
        tags: {a: x, b: y}\n\
        registries:\n  landfallone:\n    sku: {name: Premium}\n    adminUserEnabled: false\n    replications: {northeurope: {}, eastus: {}}\n  landfalltwo:\n    sku: {name: Basic}\n\
        clusters:\n  blue:\n    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n      work: {vmSize: Standard_D4ds_v5, count: 2}\n    pullsFrom: [landfallone, landfalltwo]\n  \
        green:\n    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";
    let two = "tags: {b: y, a: x}\n\
        clusters:\n  green:\n    nodePools:\n      system: {count: 1, mode: System, vmSize: Standard_D4ds_v5}\n  \
        blue:\n    pullsFrom: [landfalltwo, landfallone]\n    nodePools:\n      work: {count: 2, vmSize: Standard_D4ds_v5}\n      system: {vmSize: Standard_D4ds_v5, count: 1, mode: System}\n\
        registries:\n  landfalltwo:\n    sku: {name: Basic}\n  landfallone:\n    replications: {eastus: {}, northeurope: {}}\n    adminUserEnabled: false\n    sku: {name: Premium}\n\
        location: westeurope\nresourceGroup: rg\nsubscription: 00000000-0000-0000-0000-000000000000\n";
    let plan = |text: &str| {
        let env = TestEnv::with("order", text);
        let first = env.expect(0, &["plan", "order", "--sandbox", "--output", "json"]).stdout;
        assert_eq!(first, env.expect(0, &["plan", "order", "--sandbox", "--output", "json"]).stdout, "twice");
        first
    };
    let (one, two) = (plan(one), plan(two));
    assert_eq!(serde_json::from_str::<Json>(&one).unwrap()["summary"]["create"], 15);
    assert!(one == two, "{}", similar::TextDiff::from_lines(&one, &two).unified_diff());
}

#[test]
fn an_apply_reports_its_steps_as_json() {
    let served = Served::instant();
    let env = served.demo();
    let report = env.expect(0, &["apply", "demo", "--yes", "--output", "json"]);
    insta::assert_snapshot!("apply_json", crate::test_env::redacted(&report.stdout));
    let again = env.expect(0, &["apply", "demo", "--yes", "--output", "json"]);
    insta::assert_snapshot!("apply_json_nothing", crate::test_env::redacted(&again.stdout));
}
