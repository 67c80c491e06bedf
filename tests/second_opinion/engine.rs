//! The engine over a sandbox, in one process: an environment's text goes in, plans and runs come out. What `cli` adds to
//! this is files, a terminal and the clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall::apply::{self, Stop, run};
use landfall::azure::{Client, ClientSettings, CredentialSettings, Patience, credential};
use landfall::environment::{MapSources, load};
use landfall::event::Report;
use landfall::model::{Desired, HashKey};
use landfall::names::{EnvName, Serial};
use landfall::observe::{Wants, observe};
use landfall::plan::{Inputs, Plan, build, reads};
use landfall::sandbox::{InProcess, Options, Sandbox};
use landfall::state::{MemoryStore, State};
use tokio::sync::watch;
use url::Url;

/// One environment's engine: its state lives as long as it does.
pub struct Engine {
    pub sandbox: Arc<Sandbox>,
    /// What was in the sandbox before.
    theirs: BTreeSet<String>,
    client: Client,
    store: MemoryStore,
    state: State,
}

impl Engine {
    /// An engine with an empty state over this sandbox.
    pub fn new(sandbox: Arc<Sandbox>) -> Self {
        let name: EnvName = "t".parse().expect("a name");
        let transport = Arc::new(InProcess(sandbox.clone()));
        let login = [
            ("AZURE_TENANT_ID", "11111111-1111-1111-1111-111111111111"),
            ("AZURE_CLIENT_ID", "22222222-2222-2222-2222-222222222222"),
            ("AZURE_CLIENT_SECRET", "sandbox"),
        ];
        let (credential, _) = credential(CredentialSettings {
            choice: None,
            authority: Url::parse("https://login.microsoftonline.com").expect("a URL"),
            transport: transport.clone(),
            environment: BTreeMap::from(login.map(|(name, value)| (name.to_owned(), value.to_owned()))),
            read_file: Arc::new(|_| Err(std::io::ErrorKind::NotFound.into())),
        })
        .expect("a secret is a credential");
        let client = Client::new(ClientSettings {
            resource_manager: Url::parse("https://management.azure.com").expect("a URL"),
            audience: "https://management.azure.com".to_owned(),
            credential,
            transport,
            trace: None,
            parallelism: 10,
            patience: Patience::default(),
            warm: false,
        })
        .expect("https");
        let lineage = "0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e".parse().expect("a lineage");
        let state = State::new(name.clone(), lineage, HashKey(vec![7; 32]));
        let theirs = sandbox.ids().into_iter().collect();
        Self { sandbox, theirs, client, store: MemoryStore::new(name), state }
    }

    /// An engine over a new sandbox; under paused time, its operations take no time.
    pub fn demo() -> Self {
        Self::new(Sandbox::new(Options::default()))
    }

    /// What this text asks for.
    pub fn read(text: &str) -> Desired {
        let name = "t".parse().expect("a name");
        let (desired, problems) = load(&name, &MapSources::new().file("t.yaml", text));
        desired.unwrap_or_else(|| panic!("{}", problems.render(false)))
    }

    /// Reads Azure, and plans.
    pub async fn plan(&self, desired: &Desired) -> Plan {
        self.survey(desired, false).await
    }

    async fn survey(&self, desired: &Desired, destroy: bool) -> Plan {
        let needed = reads(desired, &self.state.recorded, destroy, &[]);
        self.client.ready().await.expect("the sandbox gives tokens");
        let wants = Wants {
            resources: needed.resources.into_iter().collect(),
            grants: needed.grants.into_iter().collect(),
            listings: needed.listings.into_iter().collect(),
            answers: needed.answers.into_iter().collect(),
        };
        let (live, _) = observe(&self.client, &wants).await;
        let ours = apply::ours(&self.state);
        let plan = build(Inputs {
            desired,
            recorded: &self.state.recorded,
            record: (self.state.serial != Serial::default()).then_some((&self.state.lineage, self.state.serial)),
            live: &live,
            destroy,
            replace: &BTreeSet::new(),
            ours: &ours,
        });
        assert!(plan.complete(), "{:?}", plan.unread);
        plan
    }

    /// Plans, and carries the plan out.
    pub async fn apply(&mut self, desired: &Desired) -> (Plan, Report) {
        let plan = self.plan(desired).await;
        let report = self.carry_out(&plan).await;
        (plan, report)
    }

    /// Deletes everything that the record names; nothing may be left but what was there before.
    pub async fn destroy(&mut self, desired: &Desired) {
        let plan = self.survey(desired, true).await;
        let report = self.carry_out(&plan).await;
        assert!(report.complete(), "{report:?}");
        assert!(self.state.recorded.resources.is_empty(), "{:?}", self.state.recorded.resources.keys());
        let left: BTreeSet<String> = self.sandbox.ids().into_iter().collect();
        assert_eq!(left, self.theirs, "what is left, and what was there before");
    }

    /// Carries a plan out.
    pub async fn carry_out(&mut self, plan: &Plan) -> Report {
        assert!(!plan.diagnostics.has_errors(), "{}", plan.diagnostics.render(false));
        let (_hold, stop) = watch::channel(Stop::No);
        let options = apply::Options {
            parallelism: 10,
            now: &|| "2026-11-22T00:00:00Z".to_owned(),
            events: &|_| {},
            stop,
            ours: &[],
        };
        run(&self.client, plan, &mut self.state, &self.store, options).await.expect("memory is written")
    }
}

/// The steps of a plan, a line each, for what a test says when it fails.
pub fn steps(plan: &Plan) -> String {
    let line = |step: &landfall::plan::Step| {
        let change = |c: &landfall::plan::Alteration| format!("\n    {} {:?} -> {:?}", c.path, c.before, c.after);
        format!("{} {}{}", step.action.word(), step.address, step.changes.iter().map(change).collect::<String>())
    };
    plan.steps.iter().map(line).collect::<Vec<_>>().join("\n")
}
