//! Changes in place: what is sent, what makes a step stale, what is put right, what is refused.

use std::time::Duration;

use landfall::sandbox::Fault;
use serde_json::{Value as Json, json};

use crate::scene::{ACR, AKS, GROUP, Scene, place, refusals, told};

const REGISTRY: &str = "/providers/Microsoft.ContainerRegistry/registries/landfallone";
const CLUSTER: &str = "/providers/Microsoft.ContainerService/managedClusters/aks";
const POOL: &str = "    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";

fn registry(rest: &str) -> String {
    format!("registries:\n  landfallone:\n    sku: {{name: Basic}}\n{rest}")
}

fn cluster(rest: &str) -> String {
    format!("clusters:\n  aks:\n{POOL}{rest}")
}

#[tokio::test(start_paused = true)]
async fn a_registry_is_sent_what_changed_alone() {
    let scene = Scene::new();
    scene.apply(&registry("    tags: {a: \"1\", b: \"2\"}\n    adminUserEnabled: true\n")).await;
    let text = registry("    tags: {a: \"1\", c: \"3\"}\n    adminUserEnabled: false\n");
    let plan = scene.plan(&text).await;
    assert_eq!(told(&plan), ["update registries.landfallone [tags.c adminUserEnabled tags.b]"]);
    let reasons: Vec<&str> =
        plan.steps[0].changes.iter().map(|c| if c.after.is_some() { "set" } else { "taken away" }).collect();
    assert_eq!(reasons, ["set", "set", "taken away"]);
    scene.sandbox.clear_requests();
    assert!(scene.run(&plan).await.complete());
    assert_eq!(
        scene.body("PATCH", "landfallone"),
        json!({"tags": {"a": "1", "c": "3", "landfall-environment": "test"}, "properties": {"adminUserEnabled": false}})
    );
    scene.settled(&text).await;
}

#[tokio::test(start_paused = true)]
async fn a_tag_of_the_environment_reaches_all_and_leaves_what_somebody_added() {
    let scene = Scene::new();
    let text = |env: &str| format!("tags: {{env: {env}}}\n{}{}", registry(""), cluster(""));
    scene.apply(&text("one")).await;
    let mut live = scene.get(&format!("{GROUP}{CLUSTER}"), AKS).await;
    live["tags"]["somebody"] = json!("was here");
    for key in ["id", "name", "type", "eTag", "systemData"] {
        live.as_object_mut().unwrap().remove(key);
    }
    scene.somebody("PUT", &format!("{GROUP}{CLUSTER}"), AKS, live).await;
    let plan = scene.plan(&text("two")).await;
    assert_eq!(plan.unmanaged.len(), 1, "somebody's tag is told: {:?}", plan.unmanaged);
    let writes = scene.apply_plan(&text("two"), &plan).await;
    assert_eq!(place(&writes, "PUT resourceGroups/rg"), 0);
    assert_eq!(writes.len(), 3, "{writes:#?}");
    let live = scene.get(&format!("{GROUP}{CLUSTER}"), AKS).await;
    assert_eq!(live["tags"], json!({"env": "two", "landfall-environment": "test", "somebody": "was here"}));
}

#[tokio::test(start_paused = true)]
async fn a_precondition_that_fails_is_read_again() {
    let scene = Scene::new();
    scene.apply(&cluster("    sku: {tier: Free}\n")).await;
    let text = cluster("    sku: {tier: Standard}\n");
    let plan = scene.plan(&text).await;
    scene.sandbox.clear_requests();
    let refusal = json!({"error": {"code": "PreconditionFailed", "message": "the etag is another by now"}});
    scene.sandbox.inject(Fault::respond("PUT", CLUSTER, 1, 412, &refusal));
    assert!(scene.run(&plan).await.complete());
    let asked: Vec<(String, u16)> = scene
        .requests()
        .into_iter()
        .filter(|r| r.path.ends_with(CLUSTER))
        .map(|r| (r.method, r.status))
        .take(4)
        .collect();
    let expected = [("GET", 200), ("PUT", 412), ("GET", 200), ("PUT", 200)].map(|(m, s)| (m.to_owned(), s));
    assert_eq!(asked, expected);
    scene.settled(&text).await;
}

#[tokio::test(start_paused = true)]
async fn a_managed_value_that_moved_makes_the_step_stale_and_others_do_not() {
    let scene = Scene::new();
    scene.apply(&registry("    tags: {a: \"1\"}\n    adminUserEnabled: false\n")).await;
    let text = registry("    tags: {a: \"2\"}\n    adminUserEnabled: false\n");
    let plan = scene.plan(&text).await;
    let id = format!("{GROUP}{REGISTRY}");

    // Nobody manages this: the plan still holds.
    scene.somebody("PATCH", &id, ACR, json!({"properties": {"anonymousPullEnabled": false, "dataEndpointEnabled": false}, "tags": {"a": "1", "x": "y"}})).await;
    // The plan does not touch it, yet the file manages it: it is not what was planned on.
    scene.somebody("PATCH", &id, ACR, json!({"properties": {"adminUserEnabled": true}})).await;
    scene.sandbox.clear_requests();
    let report = scene.run(&plan).await;
    assert!(report.stale && report.failed.len() == 1, "{report:#?}");
    assert_eq!(scene.writes(), Vec::<String>::new(), "nothing was sent");
    assert!(report.failed[0].message.contains("stale"), "{}", report.failed[0].message);

    let plan = scene.plan(&text).await;
    assert_eq!(told(&plan), ["update registries.landfallone [tags.a adminUserEnabled]"]);
    assert_eq!(plan.drift.len(), 1);
    scene.apply_plan(&text, &plan).await;
    assert_eq!(scene.get(&id, ACR).await["tags"], json!({"a": "2", "x": "y"}));
}

#[tokio::test(start_paused = true)]
async fn what_came_meanwhile_is_not_written_over() {
    let scene = Scene::new();
    scene.group().await;
    let plan = scene.plan(&registry("")).await;
    let body = json!({"location": "westeurope", "sku": {"name": "Premium"}});
    scene.somebody("PUT", &format!("{GROUP}{REGISTRY}"), ACR, body).await;
    scene.sandbox.clear_requests();
    let report = scene.run(&plan).await;
    assert!(report.stale, "{report:#?}");
    assert_eq!(scene.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_run_is_stale_when_all_that_failed_is() {
    let text = |on: bool| {
        format!(
            "registries:\n  landfallone: {{sku: {{name: Basic}}, adminUserEnabled: {on}}}\n  landfalltwo: {{sku: {{name: Basic}}, adminUserEnabled: {on}}}\n"
        )
    };
    let other = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/landfalltwo");
    for (both, stale) in [(true, true), (false, false)] {
        let scene = Scene::new();
        scene.apply(&text(false)).await;
        let plan = scene.plan(&text(true)).await;
        scene.somebody("PATCH", &format!("{GROUP}{REGISTRY}"), ACR, json!({"sku": {"name": "Premium"}})).await;
        if both {
            scene.somebody("PATCH", &other, ACR, json!({"sku": {"name": "Premium"}})).await;
        } else {
            let refusal = json!({"error": {"code": "RequestDisallowedByPolicy", "message": "no"}});
            scene.sandbox.inject(Fault::respond("PATCH", "landfalltwo", 1, 403, &refusal));
        }
        let report = scene.run(&plan).await;
        assert_eq!((report.failed.len(), report.stale), (2, stale), "{report:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_went_meanwhile_makes_the_step_stale() {
    let scene = Scene::new();
    scene.apply(&registry("    adminUserEnabled: false\n")).await;
    let plan = scene.plan(&registry("    adminUserEnabled: true\n")).await;
    scene.ask("DELETE", &format!("{GROUP}{REGISTRY}"), ACR, Json::Null).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let report = scene.run(&plan).await;
    assert!(report.stale, "{report:#?}");
    assert_eq!(report.failed[0].message, "the plan is stale: registries.landfallone is gone; plan again");
}

#[tokio::test(start_paused = true)]
async fn drift_is_put_right_and_what_is_gone_is_made_again() {
    let scene = Scene::new();
    let text = format!("{}{}", registry("    adminUserEnabled: false\n"), cluster("    disableLocalAccounts: false\n"));
    scene.apply(&text).await;
    let id = format!("{GROUP}{REGISTRY}");
    scene.somebody("PATCH", &id, ACR, json!({"properties": {"adminUserEnabled": true}})).await;
    let plan = scene.plan(&text).await;
    assert_eq!(told(&plan), ["update registries.landfallone [adminUserEnabled]"]);
    assert_eq!(scene.apply_plan(&text, &plan).await, ["PATCH registries/landfallone"]);

    scene.somebody("DELETE", &id, ACR, Json::Null).await;
    let plan = scene.plan(&text).await;
    assert_eq!(told(&plan), ["create registries.landfallone"]);
    assert!(plan.drift.iter().any(|d| d.path.is_root() && d.live.is_none()), "{:?}", plan.drift);
    assert_eq!(scene.apply_plan(&text, &plan).await, ["PUT registries/landfallone"]);

    // A whole group, with all it held.
    scene.somebody("DELETE", GROUP, "2025-04-01", Json::Null).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let writes = scene.apply(&text).await;
    assert_eq!(place(&writes, "PUT resourceGroups/rg"), 0, "{writes:#?}");
    assert_eq!(writes.len(), 3, "{writes:#?}");
}

#[tokio::test(start_paused = true)]
async fn replacing_is_said_aloud() {
    let scene = Scene::new();
    scene.apply(&cluster("    networkProfile: {networkPlugin: azure, networkPluginMode: overlay, podCidr: 10.244.0.0/16}\n    dnsPrefix: one\n")).await;
    let text = cluster(
        "    networkProfile: {networkPlugin: azure, networkPluginMode: overlay, podCidr: 10.244.0.0/16}\n    dnsPrefix: two\n",
    );
    let plan = scene.plan(&text).await;
    assert!(refusals(&plan)[0].starts_with("cannot-change: clusters.aks: dnsPrefix"), "{:?}", refusals(&plan));
    let protected = scene.plan_replacing(&format!("{text}    protect: true\n"), &["clusters.aks"]).await;
    assert!(refusals(&protected)[0].starts_with("protected"), "{:?}", refusals(&protected));
    let unknown = scene.plan_replacing(&text, &["clusters.other"]).await;
    assert!(refusals(&unknown).iter().any(|r| r.starts_with("replace-unknown")), "{:?}", refusals(&unknown));
    let pool = scene.plan_replacing(&text, &["clusters.aks.nodePools.system"]).await;
    assert!(refusals(&pool).iter().any(|r| r.starts_with("replace-inline")), "{:?}", refusals(&pool));
    let plan = scene.plan_replacing(&text, &["clusters.aks"]).await;
    assert_eq!(plan.summary().replace, 1);
    let writes = scene.apply_plan(&text, &plan).await;
    assert_eq!(writes, ["DELETE managedClusters/aks", "PUT managedClusters/aks"], "the pools travel again");
    assert_eq!(scene.sandbox.created_count(&format!("{GROUP}{CLUSTER}")), 2);
    assert_eq!(scene.get(&format!("{GROUP}{CLUSTER}"), AKS).await["properties"]["dnsPrefix"], "two");
}

#[tokio::test(start_paused = true)]
async fn an_attached_cluster_that_is_replaced_keeps_its_identities() {
    let scene = Scene::new();
    let text = |prefix: &str| {
        format!("{}{}    dnsPrefix: {prefix}\n    pullsFrom: [landfallone]\n", registry(""), cluster(""))
    };
    scene.apply(&text("one")).await;
    let grant = scene.plan_replacing(&text("one"), &["clusters.aks.pullsFrom.landfallone"]).await;
    assert!(refusals(&grant)[0].starts_with("replace-grant"), "{:?}", refusals(&grant));
    let plan = scene.plan_replacing(&text("two"), &["clusters.aks"]).await;
    let writes = scene.apply_plan(&text("two"), &plan).await;
    assert_eq!(writes, ["DELETE managedClusters/aks", "PUT managedClusters/aks"]);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_is_replaced_is_pulled_from_as_before() {
    let scene = Scene::new();
    let text = format!("{}{}    pullsFrom: [landfallone]\n", registry(""), cluster(""));
    scene.apply(&text).await;
    let before = scene.world();
    let plan = scene.plan_replacing(&text, &["registries.landfallone"]).await;
    let writes = scene.apply_plan(&text, &plan).await;
    let registry = "registries/landfallone";
    let expected = [format!("DELETE {registry}"), format!("PUT {registry}"), format!("PUT {registry}/roleAssignments")];
    assert_eq!(writes, expected, "nothing but the registry and what lies on it");
    assert_eq!(scene.world(), before);
}
