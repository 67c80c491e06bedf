//! The engine on the sandbox, in process: environment, reads, plan, apply, as `landfall apply` drives them. It never
//! opens a socket, and time passes only while everything waits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall::apply::{Options as Run, Stop, ours, run};
use landfall::azure::{Client, ClientSettings, CredentialSettings, Patience, credential};
use landfall::environment::{MapSources, load};
use landfall::event::Report;
use landfall::model::{Desired, HashKey, Live};
use landfall::names::Serial;
use landfall::observe::{Wants, observe};
use landfall::plan::{Inputs, Plan, Reads, Work, build, reads};
use landfall::sandbox::{InProcess, Logged, Options, Request, Response, Sandbox};
use landfall::state::{MemoryStore, State, Store};
use serde_json::Value as Json;
use tokio::sync::watch;

/// Where everything lies.
pub const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg";

/// One environment with its Azure.
pub struct Rig {
    pub sandbox: Arc<Sandbox>,
    pub client: Client,
    pub state: State,
    store: MemoryStore,
}

impl Rig {
    pub fn new() -> Self {
        let sandbox = Sandbox::open(Options::default()).expect("a world in memory");
        let transport = Arc::new(InProcess(sandbox.clone()));
        let names = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s")];
        let (credential, _) = credential(CredentialSettings {
            choice: None,
            authority: "https://login.microsoftonline.com".parse().expect("a URL"),
            transport: transport.clone(),
            environment: names.map(|(k, v)| (k.to_owned(), guid_like(v))).into(),
            read_file: Arc::new(|_| Err(std::io::ErrorKind::NotFound.into())),
        })
        .expect("a secret is enough");
        let client = Client::new(ClientSettings {
            resource_manager: "https://management.azure.com".parse().expect("a URL"),
            audience: "https://management.azure.com".to_owned(),
            credential,
            transport,
            trace: None,
            parallelism: 8,
            patience: Patience::default(),
            warm: false,
        })
        .expect("https");
        let name: landfall::names::EnvName = "prod".parse().expect("a name");
        let lineage = "1b4e28ba-2fa1-4d2f-883f-0016d3cca427".parse().expect("a lineage");
        let state = State::new(name.clone(), lineage, HashKey(vec![7; 32]));
        Self { sandbox, client, state, store: MemoryStore::new(name) }
    }

    /// What a file means: its collections, below the usual heading.
    pub fn desired(text: &str) -> Desired {
        let heading = "subscription: 00000000-0000-0000-0000-000000000000\nresourceGroup: rg\nlocation: westeurope\n";
        let sources = MapSources::new().file("prod.yaml", format!("{heading}{text}"));
        let (desired, problems) = load(&"prod".parse().expect("a name"), &sources);
        desired.unwrap_or_else(|| panic!("{}", problems.render(false)))
    }

    pub fn reads(&self, text: &str) -> Reads {
        reads(&Self::desired(text), &self.state.recorded, false, &ours(&self.state))
    }

    pub async fn live(&self, reads: Reads) -> Live {
        let wants = Wants {
            resources: reads.resources.into_iter().collect(),
            grants: reads.grants.into_iter().collect(),
            listings: reads.listings.into_iter().collect(),
            answers: reads.answers.into_iter().collect(),
        };
        self.client.ready().await.expect("a token");
        observe(&self.client, &wants).await.0
    }

    pub async fn plan(&self, text: &str) -> Plan {
        let live = self.live(self.reads(text)).await;
        self.plan_of(text, &live)
    }

    /// The plan against what was read, or tampered with.
    pub fn plan_of(&self, text: &str, live: &Live) -> Plan {
        let saved = self.state.serial != Serial::default();
        build(Inputs {
            desired: &Self::desired(text),
            recorded: &self.state.recorded,
            record: saved.then_some((&self.state.lineage, self.state.serial)),
            live,
            destroy: false,
            replace: &BTreeSet::new(),
            ours: &ours(&self.state),
        })
    }

    /// Plans and applies; every step must end well, and the plan after it must be empty.
    pub async fn apply(&mut self, text: &str) -> Plan {
        let plan = self.plan(text).await;
        let report = self.carry_out(&plan).await;
        assert!(report.complete(), "{report:#?}");
        let rest = self.plan(text).await;
        assert_eq!(told(&rest), Vec::<String>::new(), "the following plan is empty");
        for (address, record) in &rest.remember {
            // What stood before it may have been known only afterwards; all else is as recorded.
            let entry = &self.state.recorded.resources[address];
            let as_recorded = record.id.as_ref() == Some(&entry.id) && record.applied.same(&entry.applied);
            assert!(as_recorded && record.created == entry.created, "{address}: {record:?} {entry:?}");
        }
        plan
    }

    /// Carries a plan out that refuses nothing.
    pub async fn carry_out(&mut self, plan: &Plan) -> Report {
        assert!(plan.complete(), "{:?}", plan.unread);
        assert!(!plan.diagnostics.has_errors(), "{}", plan.diagnostics.render(false));
        self.sandbox.clear_requests();
        let (_never, stop) = watch::channel(Stop::No);
        let mine = ours(&self.state);
        let options =
            Run { parallelism: 8, now: &|| "2026-11-22T10:00:00Z".to_owned(), events: &|_| {}, stop, ours: &mine };
        run(&self.client, plan, &mut self.state, &self.store as &dyn Store, options).await.expect("a state")
    }

    /// The writes since the last apply began, refused ones left out: `PUT clusters/aks`.
    pub fn writes(&self) -> Vec<String> {
        let wrote = |r: &Logged| !["GET", "HEAD"].contains(&r.method.as_str()) && r.status < 400 && r.status > 0;
        let writes = self.sandbox.requests().into_iter().filter(|r| r.path.starts_with("/subscriptions") && wrote(r));
        writes.map(|r| format!("{} {}", r.method, short(&r.path))).collect()
    }

    /// The bodies of the successful writes of one resource, by the end of its path.
    pub fn bodies(&self, end: &str) -> Vec<Json> {
        let of =
            |r: &Logged| r.method != "GET" && r.status < 400 && r.path.to_lowercase().ends_with(&end.to_lowercase());
        self.sandbox.requests().into_iter().filter(of).map(|r| r.body).collect()
    }

    /// Somebody else's request.
    pub async fn send(&self, method: &str, id: &str, version: &str, body: Option<&Json>) -> Response {
        let request = Request::new(method, &format!("https://management.azure.com{id}?api-version={version}"))
            .header("authorization", "Bearer x");
        let response = self.sandbox.handle(body.map_or(request.clone(), |b| request.json(b))).await;
        assert!(response.status < 300, "{method} {id}: {} {}", response.status, response.body_json());
        response
    }

    pub async fn get(&self, id: &str, version: &str) -> Json {
        self.send("GET", id, version, None).await.body_json()
    }
}

fn guid_like(seed: &str) -> String {
    if seed == "s" { "secret".to_owned() } else { "11111111-1111-1111-1111-111111111111".to_owned() }
}

/// `agentPools/work` of a long path; an assignment by its role's place.
fn short(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    parts[parts.len().saturating_sub(2)..].join("/")
}

/// The steps in words: number, action, address, changes, and what they wait for.
pub fn told(plan: &Plan) -> Vec<String> {
    let step = |s: &landfall::plan::Step| {
        let changes: Vec<String> = s
            .changes
            .iter()
            .map(|c| {
                let show = |v: &Option<landfall::document::Value>| {
                    v.as_ref().map_or_else(|| "-".to_owned(), |v| v.to_display_json().to_string().replace('"', ""))
                };
                format!("{} {}>{}", c.path, show(&c.before), show(&c.after))
            })
            .collect();
        let word = match &s.work {
            Work::Delete { .. } => "deletes",
            Work::Within { .. } => "within",
            _ => s.action.word(),
        };
        let after: Vec<&str> = s.depends_on.iter().map(|d| d.as_str()).collect();
        let changes = if word == "create" { String::new() } else { changes.join(", ") };
        format!("{} {word} {} [{changes}] after {}", s.id, s.address, after.join(" ")).replace(" []", "")
    };
    plan.steps.iter().map(step).collect()
}

/// The codes of what a plan says.
pub fn codes(plan: &Plan) -> Vec<&'static str> {
    plan.diagnostics.sorted().into_iter().map(|d| d.code).collect()
}

/// The text of what a plan says.
pub fn said(plan: &Plan) -> String {
    plan.diagnostics.render(false)
}

/// A map of assignments: role GUID and principal by name, at one scope.
pub async fn assignments(rig: &Rig, scope: &str) -> BTreeMap<String, (String, String)> {
    let path = format!("{scope}/providers/Microsoft.Authorization/roleAssignments");
    let listed = rig.get(&path, "2022-04-01").await;
    let all = listed["value"].as_array().cloned().unwrap_or_default();
    let text = |v: &Json| v.as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|a| {
            let role = text(&a["properties"]["roleDefinitionId"]);
            let role = role.rsplit('/').next().unwrap_or_default().to_owned();
            (text(&a["name"]), (role, text(&a["properties"]["principalId"])))
        })
        .collect()
}
