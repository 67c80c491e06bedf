//! Node pools: within a new cluster, on a live one, rotated, and cut off in between.

use serde_json::json;

use crate::scene::{AKS, GROUP, Scene, counts, place, refusals, told};

const CLUSTER: &str = "/providers/Microsoft.ContainerService/managedClusters/aks";

fn cluster(pools: &str, rest: &str) -> String {
    format!(
        "clusters:\n  aks:\n    sku: {{tier: Standard}}\n{rest}    nodePools:\n      \
         system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n{pools}"
    )
}

fn work(size: &str, count: u32) -> String {
    format!("      work: {{vmSize: {size}, count: {count}}}\n")
}

#[tokio::test(start_paused = true)]
async fn pools_of_a_new_cluster_travel_in_its_put() {
    let scene = Scene::new();
    let writes = scene.apply(&cluster(&work("Standard_D4ds_v5", 2), "")).await;
    assert_eq!(writes, ["PUT resourceGroups/rg", "PUT managedClusters/aks"]);
    let sent = scene.sandbox.created_count(&format!("{GROUP}{CLUSTER}/agentPools/work"));
    assert!(sent <= 1, "made once");
    assert_eq!(
        scene.recorded("clusters.aks.nodePools.work").await.unwrap().to_ascii_lowercase(),
        format!("{GROUP}{CLUSTER}/agentPools/work").to_ascii_lowercase()
    );
}

#[tokio::test(start_paused = true)]
async fn pools_of_a_live_cluster_are_written_one_by_one() {
    let scene = Scene::new();
    let before = cluster(&work("Standard_D4ds_v5", 2), "");
    scene.apply(&before).await;

    // One more, and one of another size.
    let after =
        cluster(&format!("{}      more: {{vmSize: Standard_D4ds_v5, count: 1}}\n", work("Standard_D4ds_v5", 3)), "");
    let mut writes = scene.apply(&after).await;
    writes.sort();
    assert_eq!(writes, ["PUT agentPools/more", "PUT agentPools/work"]);

    // A cluster's PUT carries the pools as the GET before it showed them, also what somebody scaled.
    let pool = format!("{GROUP}{CLUSTER}/agentPools/system");
    let mut live = scene.get(&pool, AKS).await;
    live["properties"]["count"] = json!(4);
    scene.somebody("PUT", &pool, AKS, json!({"properties": live["properties"]})).await;
    let text =
        after.replace("count: 1}\n      work", "count: 4}\n      work").replace("tier: Standard", "tier: Premium");
    let text = text.replace("sku:", "supportPlan: AKSLongTermSupport\n    sku:");
    let plan = scene.plan(&text).await;
    let writes = scene.apply_plan(&text, &plan).await;
    assert_eq!(writes, ["PUT managedClusters/aks"]);
    let requests = scene.requests();
    let _ = requests;
    let cluster_put = put_of(&scene, "managedClusters/aks");
    let carried = cluster_put["properties"]["agentPoolProfiles"].as_array().unwrap();
    let shown: Vec<(&str, i64)> =
        carried.iter().map(|p| (p["name"].as_str().unwrap(), p["count"].as_i64().unwrap())).collect();
    assert_eq!(shown, [("system", 4), ("work", 3), ("more", 1)]);

    // Gone from the file, gone from Azure.
    let writes = scene.apply(&text.replace("      more: {vmSize: Standard_D4ds_v5, count: 1}\n", "")).await;
    assert_eq!(writes, ["DELETE agentPools/more"]);
    assert_eq!(scene.recorded("clusters.aks.nodePools.more").await, None);
}

fn put_of(scene: &Scene, ends: &str) -> serde_json::Value {
    let all = scene.sandbox.requests();
    all.iter().rev().find(|r| r.method == "PUT" && r.path.ends_with(ends)).unwrap().body.clone()
}

#[tokio::test(start_paused = true)]
async fn another_vm_size_rotates_a_pool() {
    let scene = Scene::new();
    scene.apply(&cluster(&work("Standard_D4ds_v5", 2), "")).await;
    let text = cluster(&work("Standard_D8ds_v5", 2), "");
    let plan = scene.plan(&text).await;
    assert_eq!(told(&plan), ["rotate clusters.aks.nodePools.work [vmSize]", "rotate clusters.aks.nodePools.work []"]);
    assert_eq!((plan.summary().rotate, plan.summary().unchanged), (1, 3));
    assert!(plan.steps.iter().all(|s| s.disruption.word() == "rotates" && s.pools == ["work"]));
    let writes = scene.apply_plan(&text, &plan).await;
    assert_eq!(writes.len(), 2, "{writes:#?}");
    assert!(writes[0].starts_with("PUT agentPools/work") && writes[1] == "DELETE agentPools/work", "{writes:#?}");
    let new = writes[0].strip_prefix("PUT agentPools/").unwrap();
    assert_ne!(new, "work");
    let made = put_of(&scene, new);
    assert_eq!(made["properties"]["tags"]["landfall-pool"], "work");
    assert_eq!(made["properties"]["vmSize"], "Standard_D8ds_v5");
    assert!(scene.recorded("clusters.aks.nodePools.work").await.unwrap().ends_with(&format!("/agentPools/{new}")));

    // Once rotated, the pool is an ordinary one under its address: scaled, rotated again, deleted.
    assert_eq!(scene.apply(&cluster(&work("Standard_D8ds_v5", 5), "")).await, [format!("PUT agentPools/{new}")]);
    assert_eq!(put_of(&scene, new)["properties"]["tags"]["landfall-pool"], "work", "the tag stays");
    let again = scene.apply(&cluster(&work("Standard_D4ds_v5", 5), "")).await;
    assert!(again[1] == format!("DELETE agentPools/{new}"), "{again:#?}");
    let third = again[0].strip_prefix("PUT agentPools/").unwrap().to_owned();
    assert_eq!(scene.apply(&cluster("", "")).await, [format!("DELETE agentPools/{third}")]);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_cut_off_in_the_middle_makes_no_third_pool() {
    for cut in [1, 30, 100, 200, 400] {
        let scene = Scene::paced(landfall::sandbox::Pace::real());
        scene.apply(&cluster(&work("Standard_D4ds_v5", 2), "")).await;
        let text = cluster(&work("Standard_D8ds_v5", 2), "");
        let plan = scene.plan(&text).await;
        scene.sandbox.clear_requests();
        let report = scene.run_until(&plan, tokio::time::sleep(std::time::Duration::from_secs(cut))).await;
        let mut writes = scene.writes();
        if !report.complete() {
            // What is going on is waited for by the next run, which then plans.
            scene.recovered().await;
            let plan = scene.plan(&text).await;
            assert_eq!(refusals(&plan), Vec::<String>::new(), "cut after {cut} s");
            scene.sandbox.clear_requests();
            let report = scene.run(&plan).await;
            assert!(report.complete(), "cut after {cut} s: {report:#?}");
            writes.extend(scene.writes());
        }
        let puts: Vec<&String> = writes.iter().filter(|w| w.starts_with("PUT ")).collect();
        assert_eq!(puts.len(), 1, "cut after {cut} s: {writes:#?}");
        assert_eq!(counts(&writes).values().copied().max(), Some(1), "cut after {cut} s: {writes:#?}");
        let live = scene.get(&format!("{GROUP}{CLUSTER}"), AKS).await;
        assert_eq!(live["properties"]["agentPoolProfiles"].as_array().unwrap().len(), 2, "cut after {cut} s");
        scene.settled(&text).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_protected_pool_is_not_rotated() {
    let scene = Scene::new();
    scene.apply(&cluster(&work("Standard_D4ds_v5", 2), "    protect: true\n")).await;
    let plan = scene.plan(&cluster(&work("Standard_D8ds_v5", 2), "    protect: true\n")).await;
    assert!(
        refusals(&plan).iter().any(|r| r.starts_with("protected: clusters.aks.nodePools.work")),
        "{:?}",
        refusals(&plan)
    );
    let plan = scene.plan(&cluster("", "    protect: true\n")).await;
    assert!(refusals(&plan).iter().any(|r| r.starts_with("protected")), "{:?}", refusals(&plan));
    assert_eq!(
        place(&told(&scene.plan(&cluster(&work("Standard_D4ds_v5", 3), "    protect: true\n")).await), "update"),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_rotation_cut_off_and_then_edited_leaves_no_pool_behind() {
    for size in ["Standard_D4ds_v5", "Standard_D16ds_v5"] {
        let scene = Scene::paced(landfall::sandbox::Pace::real());
        scene.apply(&cluster(&work("Standard_D4ds_v5", 2), "")).await;
        let plan = scene.plan(&cluster(&work("Standard_D8ds_v5", 2), "")).await;
        let report = scene.run_until(&plan, tokio::time::sleep(std::time::Duration::from_secs(30))).await;
        assert!(!report.complete());
        scene.recovered().await;
        let text = cluster(&work(size, 2), "");
        let plan = scene.plan(&text).await;
        scene.apply_plan(&text, &plan).await;
        let live = scene.get(&format!("{GROUP}{CLUSTER}"), AKS).await;
        let pools = live["properties"]["agentPoolProfiles"].as_array().unwrap();
        assert_eq!(pools.len(), 2, "{size}: {:#?}", told(&plan));
        assert_eq!(pools[1]["vmSize"], size);
    }
}
