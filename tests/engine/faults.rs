//! Azure misbehaves, or the run is cut off: nothing is lost, nothing is made twice, and the next run ends in the same place.

use std::time::Duration;

use landfall::sandbox::{Answer, Fault, Pace};
use serde_json::json;

use crate::scene::{GROUP, Scene, refusals, told};

const TEXT: &str = "registries:\n  landfallone:\n    sku: {name: Basic}\n  landfalltwo:\n    sku: {name: Basic}\n\
    clusters:\n  aks:\n    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n    pullsFrom: [landfallone]\n";

/// What `TEXT` makes, by the end of its ID.
const MADE: [&str; 6] = [
    "",
    "/providers/Microsoft.ContainerRegistry/registries/landfallone",
    "/providers/Microsoft.ContainerRegistry/registries/landfalltwo",
    "/providers/Microsoft.ContainerService/managedClusters/aks",
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-control",
    "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/aks-kubelet",
];

fn made_once(scene: &Scene, what: &str) {
    for id in MADE {
        assert_eq!(scene.sandbox.created_count(&format!("{GROUP}{id}")), 1, "{what}: {id}");
    }
    let grants = scene.world().iter().filter(|w| w.contains("roleAssignments")).count();
    assert_eq!(grants, 2, "{what}: {:#?}", scene.world());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_fails_stops_only_what_waits_for_it() {
    let scene = Scene::new();
    let refusal = json!({"error": {"code": "RequestDisallowedByPolicy", "message": "no registries here"}});
    scene.sandbox.inject(Fault::respond("PUT", "registries/landfallone", 1, 403, &refusal));
    let plan = scene.plan(TEXT).await;
    let report = scene.run(&plan).await;
    let failed: Vec<String> = report.failed.iter().map(|o| o.address.to_string()).collect();
    let skipped: Vec<String> = report.skipped.iter().map(|o| o.address.to_string()).collect();
    assert_eq!(failed, ["registries.landfallone"]);
    assert_eq!(skipped, ["clusters.aks.pullsFrom.landfallone", "clusters.aks", "clusters.aks.nodePools.system"]);
    assert!(report.failed[0].message.contains("no registries here"), "{}", report.failed[0].message);
    assert_eq!(report.done, plan.steps.len() - 4, "the other registry, the identities and their grant are done");
    // Nothing stands in the way the second time.
    let plan = scene.plan(TEXT).await;
    assert!(told(&plan).iter().all(|s| !s.contains("landfalltwo")), "{:#?}", told(&plan));
    scene.apply_plan(TEXT, &plan).await;
    made_once(&scene, "after a refusal");
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_trouble_ends_in_the_same_place() {
    let busy = json!({"error": {"code": "OperationNotAllowed", "message": "Operation is not allowed: Another operation is in progress."}});
    let throttled = json!({"error": {"code": "TooManyRequests", "message": "slow down"}});
    let trouble = |method: &str, path: &str, answer: Answer| Fault {
        method: method.into(),
        path_contains: path.into(),
        times: 1,
        answer,
    };
    let respond = |path: &str, status: u16, body| Fault::respond("PUT", path, 1, status, body);
    let unavailable = json!({"error": {"code": "ServiceUnavailable", "message": "later"}});
    for path in [
        "resourceGroups/rg?",
        "registries/landfallone",
        "managedClusters/aks",
        "userAssignedIdentities/aks-kubelet",
        "roleAssignments",
    ] {
        let path = path.trim_end_matches('?');
        let kinds = [
            ("reset", trouble("PUT", path, Answer::Reset)),
            ("lost answer", trouble("PUT", path, Answer::Lost)),
            ("throttled", respond(path, 429, &throttled)),
            ("busy", respond(path, 409, &busy)),
            ("unavailable", respond(path, 503, &unavailable)),
            ("lost read", trouble("GET", path, Answer::Reset)),
        ];
        for (kind, fault) in kinds {
            let scene = Scene::new();
            let plan = scene.plan(TEXT).await;
            scene.sandbox.inject(fault);
            let report = scene.run(&plan).await;
            assert!(report.complete(), "{kind} at {path}: {report:#?}");
            made_once(&scene, &format!("{kind} at {path}"));
            scene.settled(TEXT).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_that_fails_is_told_and_tried_again_by_the_next_run() {
    let scene = Scene::paced(Pace::instant());
    let quota =
        json!({"code": "ErrCode_InsufficientVCPUQuota", "message": "Insufficient vcpu quota requested 4, remaining 0"});
    scene.sandbox.inject(Fault {
        method: "PUT".into(),
        path_contains: "managedClusters/aks".into(),
        times: 1,
        answer: Answer::Fail(quota),
    });
    let report = scene.run(&scene.plan(TEXT).await).await;
    let failed: Vec<String> = report.failed.iter().map(|o| o.address.to_string()).collect();
    assert_eq!(failed, ["clusters.aks"]);
    assert!(report.failed[0].message.contains("quota"), "{}", report.failed[0].message);
    // Azure keeps the failed cluster; it is landfall's own and is taken up again.
    let plan = scene.plan(TEXT).await;
    assert_eq!(refusals(&plan), Vec::<String>::new());
    assert!(plan.steps.iter().all(|s| s.record.as_ref().is_none_or(|r| r.created)), "{:#?}", told(&plan));
    scene.sandbox.clear_requests();
    let report = scene.run(&plan).await;
    assert!(report.complete(), "{report:#?}");
    assert_eq!(scene.writes(), ["PUT managedClusters/aks", "PUT agentPools/system"], "what failed is asked for again");
    made_once(&scene, "after a failed operation");
    scene.settled(TEXT).await;
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_azure_did_not_finish_is_asked_for_again() {
    let text = "registries:\n  landfallone:\n    sku: {name: Premium}\n    adminUserEnabled: false\n";
    let scene = Scene::new();
    scene.sandbox.inject(Fault {
        method: "PUT".into(),
        path_contains: "registries/landfallone".into(),
        times: 1,
        answer: Answer::Fail(json!({"code": "InternalServerError", "message": "it broke"})),
    });
    let report = scene.run(&scene.plan(text).await).await;
    assert_eq!(report.failed.len(), 1, "{report:#?}");
    let plan = scene.plan(text).await;
    scene.sandbox.clear_requests();
    let report = scene.run(&plan).await;
    assert!(report.complete(), "{report:#?}");
    assert_eq!(scene.writes(), ["PATCH registries/landfallone"], "{:#?}", told(&plan));
    let sent = scene.body("PATCH", "registries/landfallone");
    assert_eq!(sent, json!({"sku": {"name": "Premium"}, "properties": {"adminUserEnabled": false}}));
    scene.settled(text).await;
    let id = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/landfallone");
    assert_eq!(scene.get(&id, "2025-11-01").await["properties"]["provisioningState"], "Succeeded");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_never_taken_for_absent() {
    for path in ["registries/landfallone", "managedClusters/aks", "roleAssignments", "resourceGroups/rg"] {
        let scene = Scene::new();
        scene.apply(TEXT).await;
        let denied = json!({"error": {"code": "AuthorizationFailed", "message": "you may not read this"}});
        scene.sandbox.inject(Fault::respond("GET", path, 1, 403, &denied));
        let plan = scene.plan(TEXT).await;
        assert!(!plan.complete(), "{path}");
        assert!(plan.unread.iter().any(|u| u.why.contains("you may not read this")), "{path}: {:?}", plan.unread);
    }
}

#[tokio::test(start_paused = true)]
async fn cut_off_anywhere_the_next_run_ends_in_the_same_place() {
    // A first apply at the real pace takes about nine minutes.
    for seconds in [0, 1, 2, 5, 20, 26, 28, 60, 120, 180, 240, 300, 400, 500] {
        let what = format!("cut after {seconds} s");
        let scene = Scene::paced(Pace::real());
        let plan = scene.plan(TEXT).await;
        let report = scene.run_until(&plan, tokio::time::sleep(Duration::from_secs(seconds))).await;
        assert_eq!(report.interrupted, !report.complete(), "{what}: {report:#?}");
        if !report.complete() {
            scene.recovered().await;
            let plan = scene.plan(TEXT).await;
            assert_eq!(refusals(&plan), Vec::<String>::new(), "{what}");
            let foreign = |s: &&landfall::plan::Step| s.record.as_ref().is_some_and(|r| !r.created);
            assert_eq!(plan.steps.iter().filter(foreign).count(), 0, "{what}: all of it is landfall's own");
            let report = scene.run(&plan).await;
            assert!(report.complete(), "{what}: {report:#?}");
        }
        made_once(&scene, &what);
        scene.settled(TEXT).await;
    }
}

#[tokio::test(start_paused = true)]
async fn reads_that_lag_behind_writes_are_waited_for() {
    let text = "registries:\n  landfallone:\n    sku: {name: Basic}\n";
    let refusal = |code: &str| json!({"error": {"code": code, "message": "not found"}});
    let registry = "registries/landfallone";
    // The look before the create counts as the first.
    for (method, path, code, times, ends_well) in [
        ("GET", registry, "ResourceNotFound", 4, true),
        ("GET", registry, "ResourceNotFound", 100, false),
        ("PUT", registry, "ResourceGroupNotFound", 4, true),
        ("PUT", registry, "ParentResourceNotFound", 100, false),
        // What this run did not make does not come.
        ("PUT", "resourceGroups/rg", "ResourceGroupNotFound", 1, false),
    ] {
        let what = format!("{method} {path} {code} {times} times");
        let scene = Scene::new();
        let plan = scene.plan(text).await;
        scene.sandbox.inject(Fault::respond(method, path, times, 404, &refusal(code)));
        let started = tokio::time::Instant::now();
        let report = scene.run(&plan).await;
        assert_eq!(report.complete(), ends_well, "{what}: {report:#?}");
        assert!(started.elapsed() < Duration::from_secs(300), "{what}: {:?}", started.elapsed());
        if ends_well {
            scene.settled(text).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_left_says_what_azure_works_on_and_what_it_never_took() {
    let text = "clusters:\n  aks:\n    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";
    let busy = json!({"error": {"code": "AnotherOperationInProgress", "message": "busy"}});
    for accepted in [true, false] {
        let scene = Scene::paced(Pace::real());
        let plan = scene.plan(text).await;
        if !accepted {
            scene.sandbox.inject(Fault::respond("PUT", "managedClusters/aks", 1000, 409, &busy));
        }
        let report = scene.run_until(&plan, tokio::time::sleep(Duration::from_secs(60))).await;
        let of = |all: &[landfall::event::StepOutcome]| {
            let cluster = all.iter().find(|o| o.address.to_string() == "clusters.aks");
            cluster.map(|o| o.message.clone())
        };
        let expected = match accepted {
            true => (Some("Azure still works on it".to_owned()), None),
            false => (None, Some("it was not accepted yet; the next run asks again".to_owned())),
        };
        assert_eq!((of(&report.left), of(&report.skipped)), expected, "{report:#?}");
    }
}
