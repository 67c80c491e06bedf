//! More resources than are read one by one: listings answer for them, and say the same as single reads would.

use std::fmt::Write as _;
use std::time::Duration;

use landfall::model::{Live, Seen};
use landfall::observe::{Wants, observe};
use landfall::plan::{Reads, reads};
use landfall::sandbox::{Fault, Options, Pace};
use serde_json::json;

use crate::scene::{AKS, GROUP, RBAC, Scene, refusals, told};

const CLUSTERS: usize = 20;
/// So many scope maps, which are read one by one, that everything else is listed.
const SCOPE_MAPS: usize = 45;

fn text(clusters: usize) -> String {
    let mut out = String::from("registries:\n");
    for n in 0..clusters {
        let _ = writeln!(out, "  landfall{n:02}:\n    sku: {{name: Premium}}");
    }
    out.push_str("    scopeMaps:\n");
    for n in 0..SCOPE_MAPS {
        let _ = writeln!(out, "      map{n:02}: {{actions: [repositories/one/content/read]}}");
    }
    out.push_str("clusters:\n");
    for n in 0..clusters {
        let _ = writeln!(
            out,
            "  aks-{n:02}:\n    nodePools:\n      system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n    pullsFrom: [landfall{n:02}]"
        );
    }
    out
}

/// All of them applied, listed in pages of seven.
async fn scene() -> (Scene, String) {
    let options = Options { pace: Pace::instant(), latency: Duration::from_millis(50), page: 7, ..Options::default() };
    let scene = Scene::of(options, 128);
    let text = text(CLUSTERS);
    scene.apply(&text).await;
    scene.sandbox.clear_requests();
    (scene, text)
}

async fn wants(scene: &Scene, text: &str) -> Reads {
    reads(&scene.desired(text), &scene.state().await.recorded, false, &[])
}

/// What is asked for, and what is asked of single resources.
fn asked(scene: &Scene) -> (usize, usize) {
    let all = scene.requests();
    let gets: Vec<_> = all.iter().filter(|r| r.method == "GET").collect();
    let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let collections = ["managedclusters", "registries", "userassignedidentities", "roleassignments"];
    let single = gets.iter().filter(|r| !collections.contains(&last(&r.path).as_str()));
    (gets.len(), single.count())
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_many_takes_a_listing_of_each_kind_and_finds_nothing_to_do() {
    let (scene, text) = scene().await;
    scene.settled(&text).await;
    let (all, single) = asked(&scene);
    // The plan's, and those of the drift check, in pages of seven; the group and the scope maps are read alone.
    let pages = |count: usize| count.div_ceil(7);
    assert_eq!(
        (all, single),
        (2 * (2 * pages(CLUSTERS) + 2 * pages(2 * CLUSTERS) + 1 + SCOPE_MAPS), 2 * (1 + SCOPE_MAPS))
    );
    a_listing_that_is_refused_or_says_nothing(&scene, &text).await;
    listings_say_what_single_reads_say(&scene, &text).await;
}

async fn listings_say_what_single_reads_say(scene: &Scene, text: &str) {
    let foreign =
        format!("{GROUP}/providers/Microsoft.Authorization/roleAssignments/6b6e0bd8-7d0b-4f3c-9a10-0c3a9b8d7f00");
    let role = "/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d";
    let properties = json!({"roleDefinitionId": role, "principalId": "9b6e0bd8-7d0b-4f3c-9a10-0c3a9b8d7f00", "principalType": "User"});
    scene.somebody("PUT", &foreign, RBAC, json!({"properties": properties})).await;
    let gone = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-07");
    scene.somebody("DELETE", &gone, AKS, serde_json::Value::Null).await;

    let reads = wants(scene, text).await;
    let all: Vec<_> = reads.resources.into_iter().collect();
    let scopes: Vec<_> = reads.grants.into_iter().collect();
    scene.sandbox.clear_requests();
    let (together, statistics) =
        observe(&scene.client, &Wants { resources: all.clone(), grants: scopes.clone(), ..Wants::default() }).await;
    assert_eq!(asked(scene).1, 2 + SCOPE_MAPS, "the group, and the cluster that the listing lacks");
    assert_eq!(statistics.reads, 6 + SCOPE_MAPS, "pages aside");
    let mut alone = Live::default();
    for some in all.chunks(16) {
        let wants = Wants { resources: some.to_vec(), ..Wants::default() };
        alone.resources.extend(observe(&scene.client, &wants).await.0.resources);
    }
    for some in scopes.chunks(16) {
        let wants = Wants { grants: some.to_vec(), ..Wants::default() };
        alone.grants.extend(observe(&scene.client, &wants).await.0.grants);
    }
    assert_eq!(together.resources, alone.resources);
    assert_eq!(together.resources.values().filter(|seen| **seen == Seen::Absent).count(), 1);
    assert_eq!(together.grants.len(), alone.grants.len());
    for (scope, seen) in &together.grants {
        let sorted = |seen: &Seen<Vec<landfall::model::Observed>>| {
            let mut ids: Vec<String> =
                seen.present().unwrap().iter().map(|o| format!("{} {:?}", o.id, o.body)).collect();
            ids.sort();
            ids
        };
        assert_eq!(sorted(seen), sorted(&alone.grants[scope]), "{scope}");
    }
}

/// Then everything is read alone.
async fn a_listing_that_is_refused_or_says_nothing(scene: &Scene, text: &str) {
    let refused = json!({"error": {"code": "AuthorizationFailed", "message": "no lists for you"}});
    let nothing = json!({"value": []});
    let stubs: Vec<_> = (0..CLUSTERS)
        .map(|n| json!({"id": format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-{n:02}")}))
        .collect();
    let table = [
        ("/managedClusters", 403, &refused, CLUSTERS),
        ("/managedClusters", 200, &nothing, CLUSTERS),
        ("/managedClusters", 200, &json!({"value": stubs}), CLUSTERS),
        ("/userAssignedIdentities", 403, &refused, 2 * CLUSTERS),
        ("/registries", 200, &nothing, CLUSTERS),
        // Scopes are asked for one by one, which ends in roleAssignments as well.
        ("/roleAssignments", 403, &refused, 0),
        ("/roleAssignments", 200, &nothing, 0),
    ];
    for (path, status, body, singles) in table {
        scene.sandbox.clear_requests();
        scene.sandbox.inject(Fault::respond("GET", path, 1, status, body));
        let plan = scene.plan(text).await;
        let what = format!("{path} {status} {body}");
        assert_eq!((told(&plan), refusals(&plan)), (vec![], vec![]), "{what}");
        assert!(plan.complete(), "{what}: {:?}", plan.unread);
        assert_eq!(asked(scene).1, singles + 1 + SCOPE_MAPS, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_group_that_is_not_there_nothing_is_asked_for_twice() {
    let options = Options { pace: Pace::instant(), latency: Duration::from_millis(50), ..Options::default() };
    let scene = Scene::of(options, 128);
    let plan = scene.plan(&text(CLUSTERS)).await;
    assert!(plan.complete(), "{:?}", plan.unread);
    assert_eq!(plan.steps.iter().filter(|s| s.action.word() == "create").count(), 1 + CLUSTERS * 7 + SCOPE_MAPS);
    assert_eq!(asked(&scene), (5 + SCOPE_MAPS, 1 + SCOPE_MAPS));
}
