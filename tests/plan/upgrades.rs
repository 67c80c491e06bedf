//! Kubernetes upgrades.

use landfall::model::Seen;
use landfall::plan::{drift, drift_reads};
use landfall::sandbox::{Fault, Request};

use super::rig::{GROUP, Rig, codes, said, told};

/// A cluster with two pools; what follows `extra` are its further properties.
fn file(version: &str, extra: &str, work: &str) -> String {
    format!(
        "clusters:\n  aks:\n    kubernetesVersion: \"{version}\"\n{extra}    nodePools:\n      system: {{mode: System, \
         vmSize: Standard_D4ds_v5, count: 1}}\n      work: {{vmSize: Standard_D4ds_v5, count: 1{work}}}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn three_minors_are_three_hops_control_plane_before_pools() {
    let mut rig = Rig::new();
    rig.apply(&file("1.33", "", "")).await;
    let plan = rig.apply(&file("1.36", "", "")).await;
    assert_eq!(
        told(&plan),
        [
            "1 update clusters.aks [kubernetesVersion 1.33>1.34] after ",
            "2 update clusters.aks.nodePools.system [orchestratorVersion 1.33>1.34] after 1",
            "3 update clusters.aks.nodePools.work [orchestratorVersion 1.33>1.34] after 1",
            "4 update clusters.aks [kubernetesVersion 1.34>1.35] after 1 2 3",
            "5 update clusters.aks.nodePools.system [orchestratorVersion 1.34>1.35] after 2 4",
            "6 update clusters.aks.nodePools.work [orchestratorVersion 1.34>1.35] after 3 4",
            "7 update clusters.aks [kubernetesVersion 1.35>1.36] after 1 2 3 4 5 6",
            "8 update clusters.aks.nodePools.system [orchestratorVersion 1.35>1.36] after 5 7",
            "9 update clusters.aks.nodePools.work [orchestratorVersion 1.35>1.36] after 6 7",
        ]
    );
    let pools = ["PUT agentPools/system", "PUT agentPools/work"];
    let hop = ["PUT managedClusters/aks", pools[0], pools[1]];
    assert_eq!(rig.writes(), [hop, hop, hop].concat());
    assert_eq!(plan.summary().update, 3, "three addresses");
}

#[tokio::test(start_paused = true)]
async fn a_pool_lags_as_told_and_hops_when_its_control_plane_lets_it() {
    let mut rig = Rig::new();
    rig.apply(&file("1.33", "", "")).await;
    let plan = rig.apply(&file("1.35", "", ", orchestratorVersion: \"1.34\"")).await;
    let work: Vec<String> = told(&plan).into_iter().filter(|s| s.contains("nodePools.work")).collect();
    assert_eq!(work, ["3 update clusters.aks.nodePools.work [orchestratorVersion 1.33>1.34] after 1"]);
    assert_eq!(rig.bodies("agentPools/work").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn pools_left_behind_by_somebody_else_follow() {
    let mut rig = Rig::new();
    let pinned = file("1.33", "", ", orchestratorVersion: \"1.33\"");
    rig.apply(&pinned).await;
    rig.apply(&file("1.35", "", ", orchestratorVersion: \"1.33\"")).await;
    // The pin goes: the pool catches up with the control plane, one minor at a time.
    let plan = rig.apply(&file("1.35", "", "")).await;
    assert_eq!(
        told(&plan),
        [
            "1 update clusters.aks.nodePools.work [orchestratorVersion 1.33>1.34] after ",
            "2 update clusters.aks.nodePools.work [orchestratorVersion 1.34>1.35] after 1",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_azure_would_refuse_is_refused_by_the_plan() {
    let mut rig = Rig::new();
    rig.apply(&file("1.32", "", "")).await;
    let pin = |version: &str| format!(", orchestratorVersion: \"{version}\"");
    let channel = "    autoUpgradeProfile: {upgradeChannel: patch}\n";
    for (text, code) in [
        (file("1.31", "", ""), "downgrade"),
        (file("1.40", "", ""), "version-not-offered"),
        (file("1.33.1", "", ""), "version-not-offered"),
        (file("1.36", "", &pin("1.32")), "pool-behind"),
        (file("1.33", "", &pin("1.34")), "pool-ahead"),
        (file("1.34", channel, &pin("1.33")), "pool-pinned"),
    ] {
        let plan = rig.plan(&text).await;
        assert_eq!(codes(&plan), [code], "{}", said(&plan));
        assert!(plan.diagnostics.has_errors());
    }
    let fresh = Rig::new().plan(&file("1.29", "", "")).await;
    assert_eq!(codes(&fresh), ["version-not-offered"], "nor is a cluster made of it");
}

#[tokio::test(start_paused = true)]
async fn with_a_channel_a_hop_is_one_write_that_names_every_pool() {
    let mut rig = Rig::new();
    let channel = "    autoUpgradeProfile: {upgradeChannel: patch}\n";
    rig.apply(&file("1.33", channel, "")).await;
    let plan = rig.apply(&file("1.35", channel, ", orchestratorVersion: \"1.35\"")).await;
    assert_eq!(rig.writes(), ["PUT managedClusters/aks", "PUT managedClusters/aks"]);
    for (body, version) in rig.bodies("managedClusters/aks").iter().zip(["1.34", "1.35"]) {
        assert_eq!(body["properties"]["kubernetesVersion"], version);
        let pools = body["properties"]["agentPoolProfiles"].as_array().expect("pools");
        let versions: Vec<&str> = pools.iter().filter_map(|p| p["orchestratorVersion"].as_str()).collect();
        assert_eq!(versions, [version; 2]);
    }
    let hop = plan.steps.iter().find(|s| s.address.to_string() == "clusters.aks").expect("a hop");
    assert_eq!(
        (hop.disruption.word(), hop.pools.as_slice()),
        ("reimages", ["system".to_owned(), "work".to_owned()].as_slice())
    );
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_its_channel_took_further_is_no_downgrade() {
    let mut rig = Rig::new();
    let channel = "    autoUpgradeProfile: {upgradeChannel: stable}\n";
    rig.apply(&file("1.35", channel, "")).await;
    let plan = rig.plan(&file("1.34", channel, "")).await;
    assert_eq!((told(&plan).len(), codes(&plan)), (0, vec!["version-ahead"]), "{}", said(&plan));
    // A patch that the file names is the channel's as well.
    let plan = rig.plan(&file("1.35.5", channel, "")).await;
    assert_eq!((told(&plan).len(), codes(&plan).len()), (0, 0), "{}", said(&plan));
}

#[tokio::test(start_paused = true)]
async fn patches_hop_too_and_settings_go_first() {
    let mut rig = Rig::new();
    rig.apply(&file("1.35.5", "", "")).await;
    let plan = rig.apply(&file("1.35.7", "    tags: {team: platform}\n", ", nodeLabels: {a: b}")).await;
    assert_eq!(
        told(&plan),
        [
            "1 update clusters.aks [tags.team ->platform] after ",
            "2 update clusters.aks.nodePools.work [nodeLabels.a ->b] after 1",
            "3 update clusters.aks [kubernetesVersion 1.35.5>1.35.7] after 1 2",
            "4 update clusters.aks.nodePools.system [orchestratorVersion 1.35.5>1.35.7] after 3",
            "5 update clusters.aks.nodePools.work [orchestratorVersion 1.35.5>1.35.7] after 2 3",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn offers_are_read_only_when_a_version_is_new() {
    let mut rig = Rig::new();
    let first = rig.reads(&file("1.33", "", ""));
    assert_eq!(first.answers.len(), 1, "a new cluster has no upgrade profile: {:?}", first.answers);
    rig.apply(&file("1.33", "", "")).await;
    assert_eq!(rig.reads(&file("1.33", "", "")).answers.len(), 0, "nothing to do reads nothing more");
    let reads = rig.reads(&file("1.35", "", ""));
    assert_eq!(reads.answers.len(), 2);
    let mut live = rig.live(reads).await;
    for answer in live.answers.values_mut() {
        *answer = Seen::Unreadable("403".to_owned());
    }
    let plan = rig.plan_of(&file("1.35", "", ""), &live);
    assert_eq!((plan.steps.len(), codes(&plan)), (6, vec!["offers-unread"]));
    assert!(plan.complete());
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_that_breaks_off_goes_on_from_where_it_is() {
    let mut rig = Rig::new();
    rig.apply(&file("1.33", "", "")).await;
    let refusal = serde_json::json!({"code": "PodDrainFailure", "message": "a budget"});
    rig.sandbox.inject(Fault::respond("PUT", "agentPools/work", 1, 400, &refusal));
    let plan = rig.plan(&file("1.35", "", "")).await;
    let report = rig.carry_out(&plan).await;
    assert_eq!((report.failed.len(), report.complete()), (1, false));
    let plan = rig.apply(&file("1.35", "", "")).await;
    assert_eq!(
        told(&plan),
        [
            "1 update clusters.aks.nodePools.work [orchestratorVersion 1.33>1.34] after ",
            "2 update clusters.aks [kubernetesVersion 1.34>1.35] after 1",
            "3 update clusters.aks.nodePools.system [orchestratorVersion 1.34>1.35] after 2",
            "4 update clusters.aks.nodePools.work [orchestratorVersion 1.34>1.35] after 1 2",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_by_somebody_else_makes_the_hops_stale() {
    let mut rig = Rig::new();
    rig.apply(&file("1.33", "", "")).await;
    let plan = rig.plan(&file("1.35", "", "")).await;
    let id = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks");
    let mut body = rig.get(&id, "2026-05-01").await;
    body["properties"]["kubernetesVersion"] = "1.34".into();
    rig.send("PUT", &id, "2026-05-01", Some(&body)).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let report = rig.carry_out(&plan).await;
    assert!(report.stale, "{report:?}");
    assert_eq!(rig.writes(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_pool_of_a_cluster_that_is_only_referred_to_hops_by_itself() {
    let mut rig = Rig::new();
    let pinned = |version: &str| {
        let work = format!(", orchestratorVersion: \"{version}\"");
        (
            file("1.35", "", &work),
            format!(
                "clusters:\n  aks:\n    existing: true\n    nodePools:\n      work: {{vmSize: Standard_D4ds_v5, count: 1{work}}}\n"
            ),
        )
    };
    rig.apply(&file("1.33", "", "")).await;
    rig.apply(&pinned("1.33").0).await;
    rig.state
        .recorded
        .resources
        .retain(|address, _| !address.within(&"clusters.aks".parse().unwrap()) || address.name() == "work");
    let plan = rig.apply(&pinned("1.35").1).await;
    assert_eq!(
        told(&plan),
        [
            "1 update clusters.aks.nodePools.work [orchestratorVersion 1.33>1.34] after ",
            "2 update clusters.aks.nodePools.work [orchestratorVersion 1.34>1.35] after 1",
        ]
    );
    assert_eq!(codes(&rig.plan(&pinned("1.36").1).await), ["pool-ahead"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_channel_moves_is_no_drift_of_the_record() {
    for (channel, drifted) in [("stable", 0), ("none", 1)] {
        let mut rig = Rig::new();
        rig.apply(&file("1.34", &format!("    autoUpgradeProfile: {{upgradeChannel: {channel}}}\n"), "")).await;
        let id = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks");
        let mut body = rig.get(&id, "2026-05-01").await;
        body["properties"]["kubernetesVersion"] = "1.35".into();
        rig.send("PUT", &id, "2026-05-01", Some(&body)).await;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        let live = rig.live(drift_reads(&rig.state.recorded)).await;
        let found = drift(&rig.state.recorded, &live);
        assert_eq!(found.items.len(), drifted, "{channel}: {:?}", found.items);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_never_written_with_some_of_its_pools_versions() {
    let mut rig = Rig::new();
    rig.apply(&file("1.33", "", "")).await;
    // The sandbox refuses it, as Azure does: a version for one pool of two.
    let id = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks");
    let mut body = rig.get(&id, "2026-05-01").await;
    let pool = body["properties"]["agentPoolProfiles"][0].as_object_mut().expect("a pool");
    pool.remove("orchestratorVersion");
    let url = format!("https://management.azure.com{id}?api-version=2026-05-01");
    let refused = rig.sandbox.handle(Request::new("PUT", &url).header("authorization", "Bearer x").json(&body)).await;
    assert!(refused.body_json().to_string().contains("NotAllAgentPoolOrchestratorVersionSpecifiedAndUnchanged"));
    // What landfall sends says all of them, as they were read.
    rig.apply(&file("1.34", "    tags: {a: b}\n", ", orchestratorVersion: \"1.33\"")).await;
    for body in rig.bodies("managedClusters/aks") {
        let pools = body["properties"]["agentPoolProfiles"].as_array().expect("pools");
        assert!(pools.iter().all(|p| p["orchestratorVersion"] == "1.33"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_at_work_spoils_no_hop() {
    let mut rig = Rig::new();
    let scaled = ", enableAutoScaling: true, minCount: 1, maxCount: 5";
    // `file` says a `count`, which is the first number of nodes only.
    let text = |version: &str| file(version, "", scaled);
    rig.apply(&text("1.33")).await;
    let plan = rig.plan(&text("1.35")).await;
    let id = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks/agentPools/work");
    let mut body = rig.get(&id, "2026-05-01").await;
    body["properties"]["count"] = 4.into();
    rig.send("PUT", &id, "2026-05-01", Some(&body)).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let report = rig.carry_out(&plan).await;
    assert!(report.complete(), "{report:?}");
    assert_eq!(rig.get(&id, "2026-05-01").await["properties"]["count"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_is_rotated_is_made_anew_at_the_end() {
    let mut rig = Rig::new();
    rig.apply(&file("1.33", "", "")).await;
    let bigger = |version: &str| {
        file(version, "", "").replace("work: {vmSize: Standard_D4ds_v5", "work: {vmSize: Standard_D8ds_v5")
    };
    let plan = rig.apply(&bigger("1.35")).await;
    let last: Vec<&str> = plan.steps.iter().rev().take(2).map(|s| s.action.word()).collect();
    assert_eq!(last, ["rotate", "rotate"]);
    let writes = rig.writes();
    assert_eq!(writes.iter().filter(|w| *w == "PUT managedClusters/aks").count(), 2, "{writes:?}");
    assert!(writes.last().is_some_and(|w| w == "DELETE agentPools/work"), "{writes:?}");
}
