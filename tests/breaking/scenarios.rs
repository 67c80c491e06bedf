//! What is run and broken off: one environment for each kind of run, with the world that it finds.

use landfall::plan::Plan;
use serde_json::{Value as Json, json};

use crate::scene::{ACR, AKS, ARM, GROUP, Scene};

/// One run over one world.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub name: &'static str,
    /// What somebody else made, in order, before anything else was there.
    pub strangers: Vec<Stranger>,
    /// The files that were applied before, in order.
    pub before: Vec<String>,
    /// The file of the run.
    pub text: String,
    pub run: Run,
}

/// The kind of run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    Apply,
    /// An apply that may take in what somebody else made.
    Adopt,
    /// An apply that makes these addresses anew.
    Replace(&'static [&'static str]),
    Destroy,
}

/// What somebody else makes with a PUT.
#[derive(Debug, Clone)]
pub struct Stranger {
    pub id: String,
    pub version: &'static str,
    pub body: Json,
}

impl Scenario {
    /// Makes the world that the run finds, and the state.
    pub async fn prepare(&self, scene: &Scene) {
        for stranger in &self.strangers {
            scene.somebody("PUT", &stranger.id, stranger.version, stranger.body.clone()).await;
        }
        for text in &self.before {
            scene.apply(text).await;
        }
        scene.sandbox.clear_requests();
    }

    /// The plan of the run, on the world as it is now.
    pub async fn plan(&self, scene: &Scene) -> Plan {
        match &self.run {
            Run::Apply | Run::Adopt => scene.plan(&self.text).await,
            Run::Replace(addresses) => scene.plan_replacing(&self.text, addresses).await,
            Run::Destroy => scene.plan_destroy(&self.text).await,
        }
    }

    /// The plan after the run, which must be empty: of a run that replaces, without replacing once more.
    pub async fn plan_again(&self, scene: &Scene) -> Plan {
        match &self.run {
            Run::Destroy => scene.plan_destroy(&self.text).await,
            _ => scene.plan(&self.text).await,
        }
    }
}

/// All of them.
pub fn all() -> Vec<Scenario> {
    vec![create(), update(), shrink(), rotate(), upgrade(), switch(), replace(), adopt(), destroy()]
}

fn applied(name: &'static str, before: &[String], text: String, run: Run) -> Scenario {
    Scenario { name, strangers: Vec::new(), before: before.to_vec(), text, run }
}

/// A group, a registry with a copy elsewhere and a cache, a cluster that pulls from it by identities of its own, with two
/// pools and a window for maintenance, and an identity that its pods log in as.
fn whole() -> String {
    "tags: {env: one}\n\
     registries:\n  landfallone:\n    sku: {name: Premium}\n    adminUserEnabled: false\n    \
     replications: {northeurope: {}}\n    \
     cacheRules: {hub: {sourceRepository: mcr.microsoft.com/dotnet/sdk, targetRepository: sdk}}\n  \
     landfalltwo:\n    sku: {name: Basic}\n\
     identities:\n  pods:\n    federatedCredentials:\n      aks:\n        \
     issuer: ${clusters.aks.oidcIssuerProfile.issuerURL}\n        subject: system:serviceaccount:one:pods\n        \
     audiences: [api://AzureADTokenExchange]\n\
     clusters:\n  aks:\n    sku: {tier: Free}\n    oidcIssuerProfile: {enabled: true}\n    nodePools:\n      \
     system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n      work: {vmSize: Standard_D4ds_v5, count: 2}\n    \
     maintenanceConfigurations:\n      default: {timeInWeek: [{day: Monday, hourSlots: [1]}]}\n    \
     pullsFrom: [landfallone]\n"
        .to_owned()
}

/// A text with stretches of it replaced, each of which must stand there once.
fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "`{from}` stands once in\n{text}");
        text.replace(from, to)
    })
}

fn create() -> Scenario {
    applied("create", &[], whole(), Run::Apply)
}

fn destroy() -> Scenario {
    applied("destroy", &[whole()], whole(), Run::Destroy)
}

/// A tag of everything, a registry's setting, a cluster's, a pool's size, one more pool, a window moved, and a grant taken
/// back for another.
fn update() -> Scenario {
    let edits = [
        ("env: one}", "env: two}"),
        ("adminUserEnabled: false", "adminUserEnabled: true"),
        ("tier: Free", "tier: Standard"),
        ("count: 2}\n", "count: 3}\n      more: {vmSize: Standard_D4ds_v5, count: 1}\n"),
        ("hourSlots: [1]", "hourSlots: [2]"),
        ("pullsFrom: [landfallone]", "pullsFrom: [landfalltwo]"),
    ];
    applied("update", &[whole()], edited(&whole(), &edits), Run::Apply)
}

/// A pool, a copy, a cache, a registry, a credential and a window leave the file.
fn shrink() -> Scenario {
    let text = whole();
    let until = |from: &str, to: &str| text[text.find(from).unwrap()..text.find(to).unwrap()].to_owned();
    let edits = [
        ("      work: {vmSize: Standard_D4ds_v5, count: 2}\n".to_owned(), String::new()),
        (until("    maintenanceConfigurations", "    pullsFrom"), String::new()),
        (until("    federatedCredentials", "clusters:"), String::new()),
        ("  pods:\n".to_owned(), "  pods: {}\n".to_owned()),
        (until("    replications", "  landfalltwo"), String::new()),
        (until("  landfalltwo", "identities:"), String::new()),
    ];
    let edits: Vec<(&str, &str)> = edits.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    applied("shrink", std::slice::from_ref(&text), edited(&text, &edits), Run::Apply)
}

fn pools(work: &str, rest: &str) -> String {
    format!(
        "clusters:\n  aks:\n{rest}    nodePools:\n      system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n      \
         work: {{vmSize: {work}}}\n"
    )
}

/// A pool's machines are others, which only a new pool can have.
fn rotate() -> Scenario {
    let text = |size: &str| pools(&format!("{size}, count: 2"), "");
    applied("rotate", &[text("Standard_D4ds_v5")], text("Standard_D8ds_v5"), Run::Apply)
}

/// Two minors, control plane and pools, and a setting.
fn upgrade() -> Scenario {
    let text = |version: &str, tier: &str| {
        let rest = format!("    kubernetesVersion: \"{version}\"\n    sku: {{tier: {tier}}}\n");
        pools("Standard_D4ds_v5, count: 1", &rest)
    };
    applied("upgrade", &[text("1.33", "Free")], text("1.35", "Standard"), Run::Apply)
}

/// A registry and a cluster that pulls from it.
fn attached(registry: &str) -> String {
    format!(
        "registries:\n  landfallone:\n{registry}clusters:\n  aks:\n    nodePools:\n      \
         system: {{mode: System, vmSize: Standard_D4ds_v5, count: 1}}\n    pullsFrom: [landfallone]\n"
    )
}

/// A registry whose mode becomes another, with all that pulls from it.
fn switch() -> Scenario {
    let text = |mode: &str| attached(&format!("    sku: {{name: Basic}}\n    roleAssignmentMode: {mode}\n"));
    let (legacy, abac) = (text("LegacyRegistryPermissions"), text("AbacRepositoryPermissions"));
    applied("switch", &[legacy], abac, Run::Apply)
}

/// A registry that is made anew, with its copy and what pulls from it.
fn replace() -> Scenario {
    let text = attached("    sku: {name: Premium}\n    replications: {northeurope: {}}\n");
    applied("replace", std::slice::from_ref(&text), text.clone(), Run::Replace(&["registries.landfallone"]))
}

/// A group, a registry and a cluster that somebody made by hand, taken in and changed.
fn adopt() -> Scenario {
    let put = |path: &str, version, body| Stranger { id: format!("{GROUP}{path}"), version, body };
    let strangers = vec![
        put("", ARM, json!({"location": "westeurope"})),
        put(
            "/providers/Microsoft.ContainerRegistry/registries/landfallone",
            ACR,
            json!({"location": "westeurope", "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": true}}),
        ),
        put(
            "/providers/Microsoft.ContainerService/managedClusters/aks",
            AKS,
            json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"dnsPrefix": "aks",
            "agentPoolProfiles": [
                {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D4ds_v5"},
                {"name": "work", "mode": "User", "count": 1, "vmSize": "Standard_D4ds_v5"},
            ]}}),
        ),
    ];
    let text = "registries:\n  landfallone:\n    sku: {name: Basic}\n    adminUserEnabled: false\n\
                clusters:\n  aks:\n    sku: {tier: Standard}\n    nodePools:\n      \
                system: {mode: System, vmSize: Standard_D4ds_v5, count: 1}\n      \
                work: {vmSize: Standard_D4ds_v5, count: 3}\n    pullsFrom: [landfallone]\n";
    Scenario { name: "adopt", strangers, before: Vec::new(), text: text.to_owned(), run: Run::Adopt }
}
