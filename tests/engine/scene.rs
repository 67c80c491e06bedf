//! One environment, its state, and an Azure: what every test of the engine plays on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_core::http::HttpClient;
use landfall::apply::{self, Options, Stop, recover};
use landfall::azure::{Client, ClientSettings, CredentialSettings, Patience, credential};
use landfall::diagnostic::Severity;
use landfall::environment::{MapSources, load};
use landfall::event::{Event, Report};
use landfall::model::{Desired, HashKey, Live};
use landfall::observe::{Wants, observe};
use landfall::plan::{Inputs, Plan, Reads, Work, build, drift, drift_reads, reads};
use landfall::sandbox::{InProcess, Logged, Options as SandboxOptions, Pace, Request, Response, Sandbox};
use landfall::state::{MemoryStore, State, Store};
use serde_json::{Value as Json, json};
use tokio::sync::watch;

/// The group of most tests.
pub const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg";
/// What most files begin with.
pub const HEAD: &str = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n";

pub const AKS: &str = "2026-05-01";
pub const ACR: &str = "2025-11-01";
pub const MSI: &str = "2024-11-30";
pub const RBAC: &str = "2022-04-01";
pub const ARM: &str = "2025-04-01";

/// An Azure, a state, and what was asked.
pub struct Scene {
    pub sandbox: Arc<Sandbox>,
    pub store: MemoryStore,
    pub client: Client,
    pub events: Arc<Mutex<Vec<Event>>>,
    pub parallelism: usize,
}

impl Scene {
    /// An Azure in which time passes as it is waited for.
    pub fn new() -> Self {
        Self::paced(Pace::demo())
    }

    pub fn paced(pace: Pace) -> Self {
        Self::of(SandboxOptions { pace, latency: Duration::from_millis(50), ..SandboxOptions::default() }, 32)
    }

    /// A sandbox of these options, and a landfall that sends so many requests at once.
    pub fn of(options: SandboxOptions, parallelism: usize) -> Self {
        let sandbox = Sandbox::open(options).unwrap();
        let client = Client::new(settings(Arc::new(InProcess(sandbox.clone())), parallelism)).unwrap();
        Self { sandbox, client, store: MemoryStore::new("test".parse().unwrap()), events: Arc::default(), parallelism }
    }

    /// The environment that `HEAD` and this text make; a text may name its own group.
    pub fn desired(&self, text: &str) -> Desired {
        let head =
            if text.contains("resourceGroup:") { HEAD.replace("resourceGroup: rg\n", "") } else { HEAD.to_owned() };
        let sources = MapSources::new().file("test.yaml", format!("{head}{text}"));
        let (desired, problems) = load(&"test".parse().unwrap(), &sources);
        desired.filter(|_| !problems.has_errors()).unwrap_or_else(|| panic!("{}", problems.render(false)))
    }

    pub async fn state(&self) -> State {
        self.store.load().await.unwrap().unwrap_or_else(|| {
            let lineage = "6b6e0bd8-7d0b-4f3c-9a10-0c3a9b8d7f00".parse().unwrap();
            State::new("test".parse().unwrap(), lineage, HashKey(vec![7; 32]))
        })
    }

    /// Reads.
    pub async fn see(&self, reads: Reads) -> Live {
        see(&self.client, reads).await
    }

    async fn planned(&self, desired: &Desired, destroy: bool, replace: &[&str]) -> Plan {
        let state = self.state().await;
        let live = self.see(reads(desired, &state.recorded, destroy, &apply::ours(&state))).await;
        let replace: BTreeSet<_> = replace.iter().map(|a| a.parse().unwrap()).collect();
        let ours = apply::ours(&state);
        build(Inputs {
            desired,
            recorded: &state.recorded,
            record: None,
            live: &live,
            destroy,
            replace: &replace,
            ours: &ours,
        })
    }

    pub async fn plan(&self, text: &str) -> Plan {
        self.planned(&self.desired(text), false, &[]).await
    }

    pub async fn plan_destroy(&self, text: &str) -> Plan {
        self.planned(&self.desired(text), true, &[]).await
    }

    pub async fn plan_replacing(&self, text: &str, replace: &[&str]) -> Plan {
        self.planned(&self.desired(text), false, replace).await
    }

    /// Carries a plan out, as it is.
    pub async fn run(&self, plan: &Plan) -> Report {
        self.run_until(plan, std::future::pending()).await
    }

    /// Carries a plan out until `cut`, and then walks away from what runs.
    pub async fn run_until(&self, plan: &Plan, cut: impl Future<Output = ()>) -> Report {
        let mut state = self.state().await;
        let (stop, stopped) = watch::channel(Stop::No);
        let recovery = recover(&self.client, &state, &|_, _| {}).await;
        let events = self.events.clone();
        let options = Options {
            parallelism: self.parallelism,
            now: &|| "2026-11-22T00:00:00Z".to_owned(),
            events: &move |event| events.lock().unwrap().push(event),
            stop: stopped,
            ours: &recovery.ours,
        };
        let run = apply::run(&self.client, plan, &mut state, &self.store, options);
        let cut = async {
            cut.await;
            let _ = stop.send(Stop::Leave);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            report = run => report.unwrap(),
            () = cut => unreachable!(),
        }
    }

    /// What a cut-off run left running is followed to its end, as a command does before it plans.
    pub async fn recovered(&self) {
        let state = self.state().await;
        let recovery = recover(&self.client, &state, &|_, _| {}).await;
        assert_eq!(recovery.failed, [], "what was left running ends well");
    }

    /// Plans and applies; everything must go well, and a plan after it must be empty. Returns the writes that were sent.
    pub async fn apply(&self, text: &str) -> Vec<String> {
        self.apply_plan(text, &self.plan(text).await).await
    }

    pub async fn apply_plan(&self, text: &str, plan: &Plan) -> Vec<String> {
        assert_eq!(refusals(plan), Vec::<String>::new());
        assert!(plan.complete(), "{:?}", plan.unread);
        self.sandbox.clear_requests();
        let report = self.run(plan).await;
        assert!(report.complete(), "{report:#?}");
        let writes = self.writes();
        self.settled(text).await;
        writes
    }

    /// A plan finds nothing to do, and nothing has drifted.
    pub async fn settled(&self, text: &str) {
        let plan = self.plan(text).await;
        assert_eq!(told(&plan), Vec::<String>::new(), "a plan after an apply is empty");
        assert_eq!(refusals(&plan), Vec::<String>::new());
        assert!(plan.complete(), "{:?}", plan.unread);
        assert_eq!(plan.drift, [], "nothing drifts");
        let state = self.state().await;
        assert!(state.journal.is_empty(), "the journal of a complete run is cleared: {:?}", state.journal);
        let live = self.see(drift_reads(&state.recorded)).await;
        let found = drift(&state.recorded, &live);
        assert_eq!((found.items, found.unread), (vec![], vec![]));
    }

    /// The addresses that a drift check tells of.
    pub async fn drifted(&self) -> Vec<String> {
        let state = self.state().await;
        let live = self.see(drift_reads(&state.recorded)).await;
        drift(&state.recorded, &live).items.iter().map(|item| item.address.to_string()).collect()
    }

    /// Destroys; everything must go well.
    pub async fn destroy(&self, text: &str) -> Vec<String> {
        let plan = self.plan_destroy(text).await;
        assert_eq!(refusals(&plan), Vec::<String>::new());
        self.sandbox.clear_requests();
        let report = self.run(&plan).await;
        assert!(report.complete(), "{report:#?}");
        self.writes()
    }

    /// Somebody else asks for something, waits for its end, and reads it.
    pub async fn somebody(&self, method: &str, id: &str, version: &str, body: Json) -> Json {
        let response = self.ask(method, id, version, body).await;
        assert!(response.status < 300, "{method} {id}: {} {}", response.status, response.body_json());
        tokio::time::sleep(Duration::from_secs(600)).await;
        self.get(id, version).await
    }

    /// Somebody else asks for something.
    pub async fn ask(&self, method: &str, id: &str, version: &str, body: Json) -> Response {
        let request = Request::new(method, &format!("https://management.azure.com{id}?api-version={version}"));
        self.sandbox.handle(if body.is_null() { request } else { request.json(&body) }).await
    }

    /// What Azure has.
    pub async fn get(&self, id: &str, version: &str) -> Json {
        self.ask("GET", id, version, Json::Null).await.body_json()
    }

    /// Everything that was asked for since the log was cleared, but tokens.
    pub fn requests(&self) -> Vec<Logged> {
        let mut all = self.sandbox.requests();
        all.retain(|r| !r.path.contains("/oauth2/"));
        all
    }

    /// The writes that were sent, in order, as `PUT managedClusters/aks`; an answer other than 2xx is told.
    pub fn writes(&self) -> Vec<String> {
        let requests = self.requests();
        let writes = requests.iter().filter(|r| r.method != "GET" && r.method != "HEAD");
        writes
            .map(|r| {
                let status = if r.status < 300 { String::new() } else { format!(" {}", r.status) };
                format!("{} {}{status}", r.method, short(&r.path))
            })
            .collect()
    }

    /// The body of the last request of this method to this path.
    pub fn body(&self, method: &str, path_ends: &str) -> Json {
        let all = self.requests();
        let found = all.iter().rev().find(|r| r.method == method && r.path.ends_with(path_ends));
        found.unwrap_or_else(|| panic!("no {method} of {path_ends}")).body.clone()
    }

    /// The ids of all that exists, shortened.
    pub fn world(&self) -> Vec<String> {
        self.sandbox.ids().iter().map(|id| short(id)).collect()
    }

    /// The ID that the record has of an address.
    pub async fn recorded(&self, address: &str) -> Option<String> {
        let state = self.state().await;
        state.recorded.resources.get(&address.parse().unwrap()).map(|e| e.id.to_string())
    }

    /// An identity of somebody else's, and its principal.
    pub async fn identity(&self, name: &str) -> (String, String) {
        let id = format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}");
        let made = self.somebody("PUT", &id, MSI, json!({"location": "westeurope"})).await;
        (id, made["properties"]["principalId"].as_str().unwrap().to_owned())
    }

    pub async fn group(&self) {
        self.somebody("PUT", GROUP, ARM, json!({"location": "westeurope"})).await;
    }
}

/// Of a client that logs in with a secret and asks over this transport.
pub fn settings(transport: Arc<dyn HttpClient>, parallelism: usize) -> ClientSettings {
    let variables = [
        ("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111"),
        ("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222"),
        ("AZURE_CLIENT_SECRET", "sandbox"),
    ];
    let (credential, _) = credential(CredentialSettings {
        choice: None,
        authority: "https://login.microsoftonline.com".parse().unwrap(),
        transport: transport.clone(),
        environment: variables.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        read_file: Arc::new(|_| Err(std::io::ErrorKind::NotFound.into())),
    })
    .unwrap();
    ClientSettings {
        resource_manager: "https://management.azure.com".parse().unwrap(),
        audience: "https://management.azure.com".to_owned(),
        credential,
        transport,
        trace: None,
        parallelism,
        patience: Patience::default(),
        warm: false,
    }
}

/// What a plan needs to see of Azure.
pub async fn see(client: &Client, reads: Reads) -> Live {
    let wants = Wants {
        resources: reads.resources.into_iter().collect(),
        grants: reads.grants.into_iter().collect(),
        listings: reads.listings.into_iter().collect(),
        answers: reads.answers.into_iter().collect(),
    };
    observe(client, &wants).await.0
}

/// The last type and name of a path; a role assignment as what it stands on and `roleAssignments`.
pub fn short(path: &str) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let tail = |parts: &[&str]| parts[parts.len().saturating_sub(2)..].join("/");
    match parts.iter().position(|p| p.eq_ignore_ascii_case("roleAssignments")) {
        Some(at) => format!("{}/roleAssignments", tail(&parts[..at.saturating_sub(2)])),
        None => tail(&parts),
    }
}

/// The steps of a plan as `update registries.one: tags.a none`.
pub fn told(plan: &Plan) -> Vec<String> {
    let one = |step: &landfall::plan::Step| {
        let what: Vec<String> = step.changes.iter().map(|c| c.path.to_string()).collect();
        let within = if matches!(step.work, Work::Within { .. }) { " (within)" } else { "" };
        let what = if step.action.word() == "create" { String::new() } else { format!(" [{}]", what.join(" ")) };
        format!("{} {}{what}{within}", step.action.word(), step.address)
    };
    plan.steps.iter().map(one).collect()
}

/// What refuses a plan, by code.
pub fn refusals(plan: &Plan) -> Vec<String> {
    let all = plan.diagnostics.sorted();
    all.iter().filter(|d| d.severity == Severity::Error).map(|d| format!("{}: {}", d.code, d.summary)).collect()
}

/// The facts that a plan tells, by code.
pub fn facts(plan: &Plan) -> Vec<&str> {
    plan.diagnostics.sorted().iter().filter(|d| d.severity != Severity::Error).map(|d| d.code).collect()
}

/// Where in `all` the first stands that begins with this.
#[track_caller]
pub fn place(all: &[String], begins: &str) -> usize {
    all.iter().position(|w| w.starts_with(begins)).unwrap_or_else(|| panic!("no {begins} in {all:#?}"))
}

/// How often each write was sent.
pub fn counts(writes: &[String]) -> BTreeMap<&str, usize> {
    let mut out = BTreeMap::new();
    for write in writes {
        *out.entry(write.as_str()).or_insert(0) += 1;
    }
    out
}
