//! A second opinion: Microsoft's own generated clients read from the sandbox what landfall applied to it, and landfall
//! takes in what they made. They have their own notion of every body, of paging and of long-running operations, so an error
//! that landfall and its sandbox share shows here. They speak their own, older api-versions.

mod engine;
mod transport;

use std::sync::Arc;

use azure_mgmt_authorization::package_2022_04_01 as authorization;
use azure_mgmt_containerregistry::package_2023_07 as registries;
use azure_mgmt_containerservice::package_preview_2023_01 as clusters;
use engine::{Engine, steps};
use futures::TryStreamExt as _;
use landfall::plan::Action;
use landfall::sandbox::{Request, Sandbox};
use serde_json::json;
use transport::{newer, old};

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
const GROUP: &str = "rg-opinion";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

/// A registry, a cluster of two pools that pulls from it, and what lies around them.
const ENVIRONMENT: &str = "\
subscription: 00000000-0000-0000-0000-000000000000
resourceGroup: rg-opinion
location: westeurope
tags: {app: opinion}
registries:
  landfallopinion:
    sku: {name: Premium}
    adminUserEnabled: false
    policies: {retentionPolicy: {status: enabled, days: 12}}
clusters:
  aks-opinion:
    kubernetesVersion: '1.35'
    sku: {name: Base, tier: Standard}
    networkProfile: {networkPlugin: azure, networkPluginMode: overlay, networkDataplane: cilium}
    autoUpgradeProfile: {upgradeChannel: patch}
    nodePools:
      system: {mode: System, vmSize: Standard_D4ds_v5, count: 2}
      work: {vmSize: Standard_D8ds_v5, enableAutoScaling: true, minCount: 1, maxCount: 3, nodeLabels: {tier: work}}
    pullsFrom: [landfallopinion]
";

fn cluster_client(sandbox: &Arc<Sandbox>) -> clusters::Client {
    let carrier = azure_core_010::TransportOptions::new_custom_policy(Arc::new(old::Carrier(sandbox.clone())));
    clusters::Client::builder(Arc::new(old::AnyToken))
        .transport(carrier)
        .retry(azure_core_010::RetryOptions::none())
        .build()
}

fn registry_client(sandbox: &Arc<Sandbox>) -> registries::Client {
    let carrier = azure_core_021::TransportOptions::new_custom_policy(Arc::new(newer::Carrier(sandbox.clone())));
    let builder = registries::Client::builder(Arc::new(newer::AnyToken)).transport(carrier);
    builder.retry(azure_core_021::RetryOptions::none()).build().expect("it knows its endpoint")
}

fn grant_client(sandbox: &Arc<Sandbox>) -> authorization::Client {
    let carrier = azure_core_021::TransportOptions::new_custom_policy(Arc::new(newer::Carrier(sandbox.clone())));
    let builder = authorization::Client::builder(Arc::new(newer::AnyToken)).transport(carrier);
    builder.retry(azure_core_021::RetryOptions::none()).build().expect("it knows its endpoint")
}

/// An engine that has applied the environment.
async fn applied() -> Engine {
    let mut engine = Engine::demo();
    let (_, report) = engine.apply(&Engine::read(ENVIRONMENT)).await;
    assert!(report.complete(), "{report:?}");
    engine
}

#[tokio::test(start_paused = true)]
async fn a_cluster_is_what_landfall_applied() {
    let engine = applied().await;
    let client = cluster_client(&engine.sandbox);
    let cluster = client.managed_clusters_client().get(SUBSCRIPTION, GROUP, "aks-opinion").await.expect("it is there");
    assert_eq!(cluster.tracked_resource.resource.name.as_deref(), Some("aks-opinion"));
    assert_eq!(cluster.tracked_resource.location, "westeurope");
    assert_eq!(cluster.tracked_resource.tags, Some(json!({"app": "opinion", "landfall-environment": "t"})));
    let sku = cluster.sku.expect("it has a sku");
    assert_eq!(sku.tier, Some(clusters::models::managed_cluster_sku::Tier::Standard));
    let identity = cluster.identity.expect("it has an identity");
    assert_eq!(identity.type_, Some(clusters::models::managed_cluster_identity::Type::UserAssigned), "{identity:?}");
    let properties = cluster.properties.expect("it has properties");
    assert_eq!(properties.provisioning_state.as_deref(), Some("Succeeded"));
    assert_eq!(properties.kubernetes_version.as_deref(), Some("1.35"));
    assert!(properties.current_kubernetes_version.is_some_and(|v| v.starts_with("1.35.")));
    let network = properties.network_profile.expect("it has a network");
    assert_eq!(network.network_plugin, Some(clusters::models::NetworkPlugin::Azure));
    // The word changed its case since this client was generated.
    assert_eq!(serde_json::to_value(network.network_plugin_mode).expect("it is text"), json!("overlay"));
    let mut pools: Vec<_> = properties
        .agent_pool_profiles
        .into_iter()
        .map(|p| (p.name, p.managed_cluster_agent_pool_profile_properties))
        .map(|(name, p)| (name, p.mode, p.count, p.vm_size, p.enable_auto_scaling, p.min_count, p.max_count))
        .collect();
    pools.sort_by(|a, b| a.0.cmp(&b.0));
    use clusters::models::AgentPoolMode::{System, User};
    let size = |text: &str| Some(text.to_owned());
    assert_eq!(
        pools,
        [
            ("system".to_owned(), Some(System), Some(2), size("Standard_D4ds_v5"), None, None, None),
            ("work".to_owned(), Some(User), Some(1), size("Standard_D8ds_v5"), Some(true), Some(1), Some(3)),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn pools_and_clusters_are_listed_page_by_page() {
    let options = landfall::sandbox::Options { page: 1, ..Default::default() };
    let mut engine = Engine::new(Sandbox::new(options));
    let (_, report) = engine.apply(&Engine::read(ENVIRONMENT)).await;
    assert!(report.complete(), "{report:?}");
    let client = cluster_client(&engine.sandbox);
    let pages: Vec<_> = client
        .agent_pools_client()
        .list(SUBSCRIPTION, GROUP, "aks-opinion")
        .into_stream()
        .try_collect()
        .await
        .expect("pages");
    let pools: Vec<_> = pages.into_iter().flat_map(|page| page.value).collect();
    let names: Vec<_> = pools.iter().filter_map(|p| p.sub_resource.name.as_deref()).collect();
    assert_eq!(names, ["system", "work"]);
    let labels = pools[1].properties.as_ref().and_then(|p| p.node_labels.clone());
    assert_eq!(labels, Some(json!({"tier": "work"})));
    for pool in &pools {
        let id = pool.sub_resource.id.clone().expect("a pool has an id").to_lowercase();
        assert!(id.ends_with(&format!(
            "/managedclusters/aks-opinion/agentpools/{}",
            pool.sub_resource.name.clone().unwrap_or_default()
        )));
    }
    let pages: Vec<_> =
        client.managed_clusters_client().list(SUBSCRIPTION).into_stream().try_collect().await.expect("pages");
    assert_eq!(pages.iter().map(|page| page.value.len()).sum::<usize>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_registry_is_what_landfall_applied() {
    let engine = applied().await;
    let client = registry_client(&engine.sandbox).registries_client();
    let registry = client.get(SUBSCRIPTION, GROUP, "landfallopinion").await.expect("it is there");
    assert_eq!(registry.sku.name, registries::models::sku::Name::Premium);
    assert_eq!(registry.resource.location, "westeurope");
    assert_eq!(registry.resource.tags, Some(json!({"app": "opinion", "landfall-environment": "t"})));
    let properties = registry.properties.expect("it has properties");
    assert_eq!(properties.login_server.as_deref(), Some("landfallopinion.azurecr.io"));
    assert_eq!(properties.admin_user_enabled, Some(false));
    let retention = properties.policies.and_then(|p| p.retention_policy).expect("it has a retention policy");
    assert_eq!(retention.days, Some(12));
    let listed: Vec<_> =
        client.list_by_resource_group(SUBSCRIPTION, GROUP).into_stream().try_collect().await.expect("pages");
    let names: Vec<_> = listed.into_iter().flat_map(|page| page.value).filter_map(|r| r.resource.name).collect();
    assert_eq!(names, ["landfallopinion"]);
    let name = |name: &str| {
        let kind = registries::models::registry_name_check_request::Type::MicrosoftContainerRegistryRegistries;
        client.check_name_availability(
            SUBSCRIPTION,
            registries::models::RegistryNameCheckRequest::new(name.to_owned(), kind),
        )
    };
    assert_eq!(name("landfallopinion").await.expect("an answer").name_available, Some(false));
    assert_eq!(name("landfallother").await.expect("an answer").name_available, Some(true));
}

#[tokio::test(start_paused = true)]
async fn the_attachment_is_a_role_assignment_at_the_registry() {
    let engine = applied().await;
    let cluster = cluster_client(&engine.sandbox).managed_clusters_client();
    let cluster = cluster.get(SUBSCRIPTION, GROUP, "aks-opinion").await.expect("it is there");
    let profile = cluster.properties.and_then(|p| p.identity_profile).expect("it has an identity profile");
    let kubelet = profile["kubeletidentity"]["objectId"].as_str().expect("kubelets have a principal").to_owned();
    let scope = format!(
        "subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.ContainerRegistry/registries/landfallopinion"
    );
    let client = grant_client(&engine.sandbox).role_assignments_client();
    let pages: Vec<_> = client.list_for_scope(scope.as_str()).into_stream().try_collect().await.expect("pages");
    let grants: Vec<_> = pages.into_iter().flat_map(|page| page.value).filter_map(|g| g.properties).collect();
    let [grant] = grants.as_slice() else { panic!("one grant, not {grants:?}") };
    assert!(grant.role_definition_id.ends_with(ACR_PULL));
    assert_eq!(grant.principal_id, kubelet);
    assert_eq!(grant.scope.as_deref(), Some(format!("/{scope}").as_str()));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found() {
    let engine = applied().await;
    let cluster = cluster_client(&engine.sandbox).managed_clusters_client();
    let refused = cluster.get(SUBSCRIPTION, GROUP, "aks-other").await.expect_err("there is none");
    let azure_core_010::error::ErrorKind::HttpResponse { status, .. } = refused.kind() else { panic!("{refused:?}") };
    assert_eq!(u16::from(*status), 404);
    let registry = registry_client(&engine.sandbox).registries_client();
    let refused = registry.get(SUBSCRIPTION, GROUP, "landfallother").await.expect_err("there is none");
    let azure_core_021::error::ErrorKind::HttpResponse { status, error_code } = refused.kind() else {
        panic!("{refused:?}")
    };
    assert_eq!((u16::from(*status), error_code.as_deref()), (404, Some("ResourceNotFound")));
}

#[tokio::test(start_paused = true)]
async fn what_landfall_destroyed_is_gone_for_them_too() {
    let mut engine = applied().await;
    engine.destroy(&Engine::read(ENVIRONMENT)).await;
    let clusters = cluster_client(&engine.sandbox).managed_clusters_client();
    let pages: Vec<_> = clusters.list(SUBSCRIPTION).into_stream().try_collect().await.expect("pages");
    assert!(pages.iter().all(|page| page.value.is_empty()));
    let registries = registry_client(&engine.sandbox).registries_client();
    let pages: Vec<_> = registries.list(SUBSCRIPTION).into_stream().try_collect().await.expect("pages");
    assert!(pages.iter().all(|page| page.value.is_empty()));
}

/// What these clients make is taken into the record, and nothing is changed about it.
#[tokio::test(start_paused = true)]
async fn what_others_made_is_adopted_as_it_is() {
    let sandbox = Sandbox::new(landfall::sandbox::Options::default());
    let group = Request::new(
        "PUT",
        &format!(
            "https://management.azure.com/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}?api-version=2021-04-01"
        ),
    );
    assert_eq!(sandbox.handle(group.json(&json!({"location": "westeurope"}))).await.status, 201);

    let client = registry_client(&sandbox).registries_client();
    let mut wanted = registries::models::Registry::new(
        registries::models::Resource::new("westeurope".to_owned()),
        registries::models::Sku::new(registries::models::sku::Name::Standard),
    );
    wanted.resource.tags = Some(json!({"by": "others"}));
    // Its own poller follows the operation to its end.
    let made = client.create(SUBSCRIPTION, GROUP, "landfallothers", wanted).await.expect("it is made");
    let state = made.properties.and_then(|p| p.provisioning_state);
    assert_eq!(state, Some(registries::models::registry_properties::ProvisioningState::Succeeded));

    let client = cluster_client(&sandbox).managed_clusters_client();
    let mut pool = clusters::models::ManagedClusterAgentPoolProfile::new("system".to_owned());
    pool.managed_cluster_agent_pool_profile_properties = clusters::models::ManagedClusterAgentPoolProfileProperties {
        mode: Some(clusters::models::AgentPoolMode::System),
        count: Some(1),
        vm_size: Some("Standard_D4ds_v5".to_owned()),
        ..Default::default()
    };
    let mut wanted =
        clusters::models::ManagedCluster::new(clusters::models::TrackedResource::new("westeurope".to_owned()));
    wanted.identity = Some(clusters::models::ManagedClusterIdentity {
        type_: Some(clusters::models::managed_cluster_identity::Type::SystemAssigned),
        ..Default::default()
    });
    wanted.properties = Some(clusters::models::ManagedClusterProperties {
        dns_prefix: Some("others".to_owned()),
        kubernetes_version: Some("1.35".to_owned()),
        agent_pool_profiles: vec![pool],
        ..Default::default()
    });
    client.create_or_update(SUBSCRIPTION, GROUP, "aks-others", wanted).await.expect("it is begun");
    // These clients do not follow: they ask until it is there.
    let mut readings = 0;
    loop {
        let cluster = client.get(SUBSCRIPTION, GROUP, "aks-others").await.expect("it is there");
        match cluster.properties.and_then(|p| p.provisioning_state).as_deref() {
            Some("Succeeded") => break,
            Some("Creating") if readings < 60 => readings += 1,
            other => panic!("after {readings} readings: {other:?}"),
        }
    }
    assert!(readings > 0, "it took its time");

    let mut engine = Engine::new(sandbox);
    let desired = Engine::read(
        "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg-opinion\nlocation: westeurope\nregistries:\n  \
         landfallothers: {sku: {name: Standard}, tags: {by: others}}\nclusters:\n  aks-others:\n    kubernetesVersion: '1.35'\n    \
         dnsPrefix: others\n    identity: {type: SystemAssigned}\n    nodePools: {system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n",
    );
    let (plan, report) = engine.apply(&desired).await;
    assert!(plan.steps.iter().all(|s| s.action == Action::Adopt) && !plan.changes_azure(), "{}", steps(&plan));
    let adopted: Vec<_> = plan.steps.iter().map(|s| s.address.to_string()).collect();
    for address in ["registries.landfallothers", "clusters.aks-others", "clusters.aks-others.nodePools.system"] {
        assert!(adopted.iter().any(|a| a == address), "{address} is not in {adopted:?}");
    }
    assert!(report.complete(), "{report:?}");
    let again = engine.plan(&desired).await;
    assert!(again.steps.is_empty(), "{}", steps(&again));
}
