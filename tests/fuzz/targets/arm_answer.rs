//! Any answers of ARM. Their bodies are taken for refusals and for resources of some type; then an environment is planned,
//! applied and planned again with the sandbox behind it, some of whose answers are replaced by these. Nothing panics, nothing
//! takes forever, no secret is said, and what is recorded reads back.
//!
//! The input holds answers between lines of `%%%`. The first line of one says which answers of the run it replaces (its
//! number; every so many after that, if there is a second number) and its status; then come headers, an empty line, and the
//! body: `12 30 202`. A body that begins with `~` is a path and a value to be set in the sandbox's own answer.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azure_core::http::headers::{HeaderName, HeaderValue, Headers};
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode};
use landfall::apply::{self, Stop, run};
use landfall::azure::{Client, ClientSettings, CredentialSettings, Patience, classify, credential};
use landfall::diff::{compare, moved_unmanaged};
use landfall::document::{Path, Secret, Value};
use landfall::environment::{MapSources, load};
use landfall::model::{Desired, HashKey};
use landfall::names::{ArmId, EnvName, Serial};
use landfall::observe::{Wants, observe, observed};
use landfall::plan::{Inputs, Plan, build, reads};
use landfall::report::{Heading, plan_json, plan_text, report_json};
use landfall::sandbox::{InProcess, Options, Pace, Sandbox};
use landfall::schema::Schema;
use landfall::state::{MemoryStore, State, Store};
use libfuzzer_sys::fuzz_target;
use serde_json::Value as Json;
use tokio::sync::watch;
use url::Url;

/// What no output may hold.
const SECRET: &str = "Hunter2-is-a-secret-of-27-c";

/// What is planned and applied. One small answer to each of its requests is as good as a long one.
const ENVIRONMENT: &str = "
subscription: 00000000-0000-0000-0000-000000000000
resourceGroup: rg
location: westeurope
tags: {env: fuzz}
clusters:
  aks:
    pullsFrom: [registry]
    kubernetesVersion: '1.34'
    windowsProfile: {adminUsername: azure, adminPassword: '${env:PASSWORD}'}
    networkProfile: {networkPlugin: azure, networkPluginMode: overlay}
    nodePools:
      system: {mode: System, vmSize: Standard_D4ds_v5, count: 3}
      work: {vmSize: Standard_D8ds_v5, enableAutoScaling: true, minCount: 1, maxCount: 5, nodeTaints: ['a=b:NoSchedule']}
    maintenanceConfigurations:
      default: {timeInWeek: [{day: Monday, hourSlots: [1, 2]}]}
registries:
  registry: {sku: {name: Premium}, adminUserEnabled: false}
";

/// The same after an edit.
const EDITS: [(&str, &str); 4] = [
    ("count: 3", "count: 4"),
    ("adminUserEnabled: false", "adminUserEnabled: true"),
    ("maxCount: 5", "maxCount: 6"),
    ("kubernetesVersion: '1.34'", "kubernetesVersion: '1.35'"),
];

fuzz_target!(|input: &[u8]| {
    let lies = lies(input);
    for lie in &lies {
        alone(lie);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(amid(lies));
});

/// An answer that the sandbox did not give.
#[derive(Debug, Clone)]
struct Lie {
    first: usize,
    every: Option<usize>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn lies(input: &[u8]) -> Vec<Lie> {
    let mut out = Vec::new();
    let mut lines = input.split_inclusive(|byte| *byte == b'\n').peekable();
    while lines.peek().is_some() && out.len() < 16 {
        let part: Vec<&[u8]> = lines.by_ref().take_while(|line| line.trim_ascii() != b"%%%").collect();
        let Some((head, rest)) = part.split_first() else { continue };
        let head = String::from_utf8_lossy(head);
        let mut numbers = head.split_whitespace().map(|word| word.parse::<u16>().unwrap_or(200));
        let (Some(first), Some(second)) = (numbers.next(), numbers.next()) else { continue };
        let (every, status) = numbers.next().map_or((None, second), |third| (Some(second), third));
        let ends = rest.iter().position(|line| line.trim_ascii().is_empty()).unwrap_or(rest.len());
        let header = |line: &&[u8]| {
            let line = String::from_utf8_lossy(line).replace(|c: char| c.is_control(), "");
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = rest[..ends].iter().filter_map(header).collect();
        let body = rest.get(ends + 1..).unwrap_or_default().concat();
        out.push(Lie { first: first.into(), every: every.map(usize::from), status, headers, body });
    }
    out
}

/// What the parts of the reader make of one body, without a run.
fn alone(lie: &Lie) {
    let classified = classify(lie.status, &lie.body);
    assert!(classified.message.len() < 10_000, "a message of bounded length");
    let Ok(json) = serde_json::from_slice::<Json>(&lie.body) else { return };
    let id = ArmId::parse("/subscriptions/s/resourceGroups/rg").expect("an id");
    let kinds: Vec<_> = Schema::get().resources().collect();
    let kind = kinds[lie.first % kinds.len()];
    let hash = |secret: &Secret| Value::Hash(secret.hash(&[7; 32]));
    let (body, other) = (observed(kind, &id, json).body, Value::map());
    let same = compare(kind, &body, Some(&body), &body, &hash);
    assert!(same.drift.is_empty(), "{}: nothing differs from itself: {:?}", kind.name, same.drift);
    compare(kind, &body, None, &other, &hash);
    compare(kind, &other, Some(&body), &body, &hash);
    moved_unmanaged(kind, &[&other], &body, &other);
}

/// The sandbox, whose answers are replaced by number.
#[derive(Debug)]
struct Liar {
    honest: InProcess,
    lies: Vec<Lie>,
    asked: AtomicUsize,
}

#[async_trait::async_trait]
impl HttpClient for Liar {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.url().host_str() != Some("management.azure.com") {
            return self.honest.execute_request(request).await;
        }
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let tells = |lie: &&Lie| match (number.checked_sub(lie.first), lie.every) {
            (Some(0), _) => true,
            (Some(later), Some(every)) => every > 0 && later.is_multiple_of(every),
            _ => false,
        };
        let Some(lie) = self.lies.iter().find(tells) else { return self.honest.execute_request(request).await };
        let mut body = lie.body.clone();
        if let Some(edits) = lie.body.strip_prefix(b"~") {
            let answer = self.honest.execute_request(request).await?.try_into_raw_response().await?;
            let json = serde_json::from_slice(answer.body()).unwrap_or(Json::Null);
            body = edited(Value::from_json(json), &String::from_utf8_lossy(edits));
        }
        let mut headers = Headers::new();
        for (name, value) in lie.headers.clone() {
            headers.insert(HeaderName::from(name), HeaderValue::from(value));
        }
        Ok(AsyncRawResponse::from_bytes(StatusCode::from(lie.status), headers, body))
    }
}

/// A document with other values at some paths, `PATH=VALUE` a line.
fn edited(mut document: Value, edits: &str) -> Vec<u8> {
    for line in edits.lines() {
        let Some((path, value)) = line.split_once('=') else { continue };
        let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value));
        if let Some(path) = Path::parse(path).filter(|path| !path.is_root()) {
            document.set(&path, Value::from_json(value));
        }
    }
    document.to_json(&mut |_| Json::Null).to_string().into_bytes()
}

fn read(text: &str) -> Desired {
    let sources = MapSources::new().file("t.yaml", text).with_variable("PASSWORD", SECRET);
    let (desired, problems) = load(&"t".parse().expect("a name"), &sources);
    desired.unwrap_or_else(|| panic!("{}", problems.render(false)))
}

/// Plans, applies, plans again, edits, applies, destroys, all amid lies.
async fn amid(lies: Vec<Lie>) {
    let sandbox = Sandbox::new(Options { pace: Pace::instant(), ..Options::default() });
    let liar = Arc::new(Liar { honest: InProcess(sandbox), lies, asked: AtomicUsize::new(0) });
    let client = client(liar);
    let name: EnvName = "t".parse().expect("a name");
    let lineage = "0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e".parse().expect("a lineage");
    let mut state = State::new(name.clone(), lineage, HashKey(vec![7; 32]));
    let store = MemoryStore::new(name);
    let edits = EDITS.iter().fold(ENVIRONMENT.to_owned(), |text, (from, to)| text.replace(from, to));
    let (first, second) = (read(ENVIRONMENT), read(&edits));
    for (desired, destroy) in [(&first, false), (&first, false), (&second, false), (&second, true)] {
        carry(&client, desired, destroy, &mut state, &store).await;
    }
}

fn client(transport: Arc<dyn HttpClient>) -> Client {
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
    Client::new(ClientSettings {
        resource_manager: Url::parse("https://management.azure.com").expect("a URL"),
        audience: "https://management.azure.com".to_owned(),
        credential,
        transport,
        trace: None,
        parallelism: 10,
        patience: Patience::default(),
        warm: false,
    })
    .expect("https")
}

/// One command: reads, plans, and carries out what can be carried out.
async fn carry(client: &Client, desired: &Desired, destroy: bool, state: &mut State, store: &MemoryStore) {
    let plan = plan(client, desired, destroy, state).await;
    let heading = Heading { reads: 0, elapsed: Duration::ZERO };
    let mut said = vec![plan_text(&plan, heading, 80), plan_json(&plan), plan.diagnostics.render(false)];
    if plan.complete() && !plan.diagnostics.has_errors() {
        let (_hold, stop) = watch::channel(Stop::No);
        let options = apply::Options {
            parallelism: 10,
            now: &|| "2026-11-22T00:00:00Z".to_owned(),
            events: &|_| {},
            stop,
            ours: &[],
        };
        let report = run(client, &plan, state, store, options).await.expect("memory is written");
        said.push(report_json(&desired.environment, &plan, Some(&report)));
    }
    if let Some(document) = store.document().await.expect("memory is read") {
        said.push(String::from_utf8(document).expect("JSON is text"));
        let stored = store.load().await.expect("what was recorded reads").expect("it is there");
        assert!(stored == *state, "what was recorded reads as it was");
    }
    assert!(!said.iter().any(|text| text.contains(SECRET)), "a secret is said");
}

async fn plan(client: &Client, desired: &Desired, destroy: bool, state: &State) -> Plan {
    let needed = reads(desired, &state.recorded, destroy, &[]);
    let wants = Wants {
        resources: needed.resources.into_iter().collect(),
        grants: needed.grants.into_iter().collect(),
        listings: needed.listings.into_iter().collect(),
        answers: needed.answers.into_iter().collect(),
    };
    let (live, _) = observe(client, &wants).await;
    let ours = apply::ours(state);
    build(Inputs {
        desired,
        recorded: &state.recorded,
        record: (state.serial != Serial::default()).then_some((&state.lineage, state.serial)),
        live: &live,
        destroy,
        replace: &BTreeSet::new(),
        ours: &ours,
    })
}
