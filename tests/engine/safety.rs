//! What must never happen: strangers deleted, what landfall made forgotten, what is protected touched.

use landfall::plan::{Work, protected_since};

use crate::scene::{Scene, facts, refusals, told};

const ONE: &str = "registries:\n  landfallone:\n    sku: {name: Basic}\n";

/// The codes of what refuses a plan.
fn codes(plan: &landfall::plan::Plan) -> Vec<String> {
    refusals(plan).iter().map(|r| r.split(':').next().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_resource_group_is_never_replaced() {
    let scene = Scene::new();
    scene.apply(ONE).await;
    let mut destroy = scene.plan_destroy(ONE).await;
    scene.identity("somebodys").await;
    let plan = scene.plan_replacing(ONE, &["resourceGroup"]).await;
    assert_eq!(codes(&plan), ["replace-group"]);
    assert_eq!(told(&plan), Vec::<String>::new());

    // Nor does apply delete one that nobody has looked into.
    for step in &mut destroy.steps {
        if let Work::Delete { only, .. } = &mut step.work {
            *only = None;
        }
    }
    let report = scene.run(&destroy).await;
    assert!(report.stale, "{report:#?}");
    assert_eq!(scene.world(), ["resourceGroups/rg", "userAssignedIdentities/somebodys"]);
}

const POOL: &str = "    nodePools:\n      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n";

fn attached() -> String {
    format!("{ONE}clusters:\n  aks:\n{POOL}    pullsFrom: [landfallone]\n")
}

#[tokio::test(start_paused = true)]
async fn a_file_that_means_another_group_is_refused_and_makes_no_second_environment() {
    let scene = Scene::new();
    scene.apply(&attached()).await;
    let elsewhere = format!("resourceGroup: other\n{}", attached());
    let cluster = attached().replace("  aks:\n", "  aks:\n    resourceGroup: other\n");
    let own = attached().replace("    sku: {name: Basic}\n", "    sku: {name: Basic}\n    resourceGroup: other\n");
    let here = |text: String| format!("resourceGroup: rg\n{text}");
    let (cluster, own) = (here(cluster), here(own));
    for (text, who) in [(elsewhere, "resourceGroup"), (cluster, "clusters.aks"), (own, "registries.landfallone")] {
        let plan = scene.plan(&text).await;
        assert!(codes(&plan).iter().all(|c| c == "moved"), "{:?}", refusals(&plan));
        assert!(refusals(&plan)[0].starts_with(&format!("moved: {who} was")), "{:?}", refusals(&plan));
        assert_eq!(refusals(&plan).len(), 1, "{:?}", refusals(&plan));
        assert_eq!(told(&plan), Vec::<String>::new());
        assert!(plan.forget.is_empty() && plan.remember.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_resource_is_not_replaced_by_giving_an_address_its_group() {
    let scene = Scene::new();
    scene.apply("identities:\n  mine: {}\n").await;
    let group = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/other";
    let id = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mine");
    let body = serde_json::json!({"location": "westeurope"});
    scene.somebody("PUT", group, crate::scene::ARM, body.clone()).await;
    scene.somebody("PUT", &id, crate::scene::MSI, body).await;
    let theirs = "resourceGroup: rg\nidentities:\n  mine: {resourceGroup: other}\n";
    let plan = scene.plan_replacing(theirs, &["identities.mine"]).await;
    assert_eq!((codes(&plan), told(&plan)), (vec!["moved".to_owned()], vec![]));
}

#[tokio::test(start_paused = true)]
async fn what_the_file_only_refers_to_is_let_go_of_and_never_deleted() {
    let work = "      work: {vmSize: Standard_D4ds_v5, count: 1}\n";
    let text = attached().replace(POOL, &format!("{POOL}{work}"));
    let refers = text
        .replace("    sku: {name: Basic}\n", "    existing: true\n")
        .replace("  aks:\n", "  aks:\n    existing: true\n")
        .replace("      system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n", "");
    for applied in [true, false] {
        let scene = Scene::new();
        scene.apply(&text).await;
        let before = scene.world();
        if applied {
            let plan = scene.plan(&refers).await;
            assert!(facts(&plan).contains(&"let-go"), "{:?}", facts(&plan));
            assert_eq!(scene.apply_plan(&refers, &plan).await, Vec::<String>::new());
            let state = scene.state().await;
            let left: Vec<String> = state.recorded.resources.keys().map(ToString::to_string).collect();
            let kept = ["clusters.aks.nodePools.work", "clusters.aks.pullsFrom.landfallone", "resourceGroup"];
            assert_eq!(left, kept);
        }
        let writes = scene.destroy(&refers).await;
        let may = |w: &String| w == "DELETE registries/landfallone/roleAssignments" || w == "DELETE agentPools/work";
        assert!(writes.iter().all(may) && writes.contains(&"DELETE agentPools/work".to_owned()), "{writes:#?}");
        for id in ["registries/landfallone", "managedClusters/aks", "userAssignedIdentities/aks-kubelet"] {
            assert!(scene.world().contains(&id.to_owned()), "{applied}: {id} of {before:#?}");
        }
        assert!(scene.recorded("clusters.aks").await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_saved_plan_ends_nothing_that_is_protected_since() {
    let scene = Scene::new();
    let text = attached();
    let protected = text.replace("    pullsFrom", "    protect: true\n    pullsFrom");
    scene.apply(&text).await;
    let bigger = text.replace("D4ds", "D8ds");
    let abac = text.replace("    sku", "    roleAssignmentMode: AbacRepositoryPermissions\n    sku");
    let names = |plan: &landfall::plan::Plan, text: &str| -> Vec<String> {
        protected_since(plan, &scene.desired(text)).iter().map(ToString::to_string).collect()
    };
    let plans = [
        (scene.plan_destroy(&text).await, 7),
        (scene.plan_replacing(&text, &["clusters.aks"]).await, 1),
        (scene.plan(&bigger).await, 1),
        (scene.plan(&abac).await, 0),
    ];
    for (plan, count) in plans {
        assert!(!plan.steps.is_empty());
        assert_eq!(names(&plan, &text), Vec::<String>::new());
        assert_eq!(names(&plan, &protected).len(), count, "{:?} of {:?}", names(&plan, &protected), told(&plan));
    }
}

#[tokio::test(start_paused = true)]
async fn a_protected_cluster_keeps_its_roles_when_something_else_is_replaced() {
    let scene = Scene::new();
    let protected = attached().replace("    pullsFrom", "    protect: true\n    pullsFrom");
    scene.apply(&protected).await;
    let plan = scene.plan_replacing(&protected, &["registries.landfallone"]).await;
    assert_eq!(codes(&plan), ["protected"]);
    assert!(refusals(&plan)[0].contains("clusters.aks.pullsFrom.landfallone"), "{:?}", refusals(&plan));
    // The other role is given before the first one goes.
    let abac = protected.replace("    sku", "    roleAssignmentMode: AbacRepositoryPermissions\n    sku");
    scene.apply(&abac).await;

    // Whom the role is given to is made anew, in the very change that takes the protection away.
    let scene = Scene::new();
    let text = format!(
        "{ONE}identities:\n  kubelet: {{}}\n  control: {{}}\nclusters:\n  aks:\n    protect: true\n    identity:\n      \
         type: UserAssigned\n      userAssignedIdentities: {{\"${{identities.control.id}}\": {{}}}}\n    \
         identityProfile: {{kubeletidentity: {{resourceId: \"${{identities.kubelet.id}}\", clientId: \
         \"${{identities.kubelet.clientId}}\", objectId: \"${{identities.kubelet.principalId}}\"}}}}\n{POOL}    \
         pullsFrom: [landfallone]\n"
    );
    scene.apply(&text).await;
    let plan = scene.plan_replacing(&text.replace("    protect: true\n", ""), &["identities.kubelet"]).await;
    assert!(codes(&plan).contains(&"protected".to_owned()), "{:?} {:?}", refusals(&plan), told(&plan));
    assert!(refusals(&plan).iter().any(|r| r.contains("clusters.aks.pullsFrom.landfallone")), "{:?}", refusals(&plan));
}

#[tokio::test(start_paused = true)]
async fn identities_and_groups_are_not_made_anew_by_themselves() {
    let scene = Scene::new();
    let text = "identities:\n  mine: {location: westeurope}\n";
    scene.apply(text).await;
    let plan = scene.plan(&text.replace("westeurope", "northeurope")).await;
    assert_eq!((codes(&plan), told(&plan)), (vec!["cannot-change".to_owned()], vec![]));
    let plan = scene.plan("resourceGroup: {name: rg, location: northeurope}\n").await;
    assert_eq!(codes(&plan), ["cannot-change"]);
    let all = plan.diagnostics.render(false);
    assert!(!all.contains("--replace"), "{all}");
}

#[tokio::test(start_paused = true)]
async fn what_refers_to_a_child_that_is_made_anew_is_known_after_apply() {
    let scene = Scene::new();
    let secret = "https://vault.vault.azure.net/secrets/a";
    let text = |server: &str| {
        format!(
            "registries:\n  landfallone:\n    sku: {{name: Basic}}\n    credentialSets:\n      hub:\n        loginServer: \
             {server}\n        authCredentials: [{{name: Credential1, usernameSecretIdentifier: {secret}, \
             passwordSecretIdentifier: {secret}}}]\nidentities:\n  mine:\n    tags: {{hub: \
             \"${{registries.landfallone.credentialSets.hub.provisioningState}}\"}}\n"
        )
    };
    scene.apply(&text("docker.io")).await;
    let plan = scene.plan(&text("quay.io")).await;
    let all = told(&plan);
    assert_eq!(all.iter().filter(|s| s.starts_with("replace registries.landfallone.credentialSets.hub")).count(), 2);
    assert!(all.contains(&"update identities.mine [tags.hub]".to_owned()), "{all:#?}");
    scene.apply_plan(&text("quay.io"), &plan).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_a_cut_off_run_was_making_is_not_lost() {
    for destroy in [true, false] {
        let scene = Scene::paced(landfall::sandbox::Pace::real());
        let text = attached();
        let plan = scene.plan(&text).await;
        let report = scene.run_until(&plan, tokio::time::sleep(std::time::Duration::from_secs(200))).await;
        assert!(!report.complete(), "{report:#?}");
        assert!(scene.recorded("clusters.aks").await.is_none());
        scene.recovered().await;
        let plan = if destroy { scene.plan_destroy(&text).await } else { scene.plan("tags: {}\n").await };
        assert!(told(&plan).contains(&"delete clusters.aks []".to_owned()), "{:#?}", told(&plan));
        scene.sandbox.clear_requests();
        let report = scene.run(&plan).await;
        assert!(report.complete(), "{report:#?}");
        assert_eq!(scene.writes()[0], "DELETE managedClusters/aks", "{:#?}", scene.writes());
        let rest: &[&str] = if destroy { &[] } else { &["resourceGroups/rg"] };
        assert_eq!(scene.world(), rest);
        assert!(scene.state().await.journal.is_empty());
    }
}
