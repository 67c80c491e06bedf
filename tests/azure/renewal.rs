//! A run that outlives its token: it is renewed before its end, with an ID token that was asked for afresh.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers};
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request};
use landfall::azure::{Client, ClientSettings, CredentialSettings, Method, Operation, OperationKind, credential};
use landfall::names::ArmId;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use crate::script::script;

/// GitHub, Entra and ARM in one.
#[derive(Debug)]
struct World {
    start: Instant,
    ends: Duration,
    told: Mutex<Told>,
}

#[derive(Debug, Default)]
struct Told {
    id_tokens: usize,
    /// Each ID token as Entra saw it, and when.
    assertions: Vec<(String, Duration)>,
    /// Which token each request to ARM carried, and when.
    bearers: Vec<(String, Duration)>,
}

#[async_trait::async_trait]
impl HttpClient for World {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let at = self.start.elapsed();
        let mut told = self.told.lock().unwrap();
        let body: Json = match request.url().host_str().unwrap() {
            "actions.example" => {
                told.id_tokens += 1;
                json!({"value": format!("id-{}", told.id_tokens)})
            }
            "login.example" => {
                let Body::Bytes(body) = request.body().clone() else { panic!("a body in memory") };
                let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
                told.assertions.push((form["client_assertion"].clone(), at));
                let token = format!("token-{}", told.assertions.len());
                json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token})
            }
            _ => {
                let bearer = request.headers().get_str(&HeaderName::from_static("authorization")).unwrap().to_owned();
                told.bearers.push((bearer, at));
                json!({"status": if at < self.ends { "InProgress" } else { "Succeeded" }})
            }
        };
        Ok(AsyncRawResponse::from_bytes(200.into(), Headers::new(), body.to_string()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_run_renews_its_token_with_a_fresh_assertion_each_time() {
    const HOUR: Duration = Duration::from_secs(3600);
    let world = Arc::new(World { start: Instant::now(), ends: HOUR * 3, told: Mutex::default() });
    let environment = [
        ("AZURE_TENANT_ID", "tenant-1"),
        ("AZURE_CLIENT_ID", "client-1"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://actions.example/token?api-version=2"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "gh-bearer"),
    ];
    let (credential, _) = credential(CredentialSettings {
        choice: None,
        authority: "https://login.example/".parse().unwrap(),
        transport: world.clone(),
        environment: environment.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        read_file: Arc::new(|path: &Path| panic!("{} is not read", path.display())),
    })
    .unwrap();
    let settings = script([]).settings("https://management.azure.com");
    let client = Client::new(ClientSettings { credential, transport: world.clone(), ..settings }).unwrap();
    let url =
        "https://management.azure.com/subscriptions/s/providers/Microsoft.ContainerService/locations/x/operations/1";
    let operation = Operation {
        url: url.parse().unwrap(),
        kind: OperationKind::AsyncOperation,
        method: Method::Put,
        resource: ArmId::parse("/subscriptions/s/resourceGroups/g").unwrap(),
        api_version: "1".to_owned(),
        deadline: HOUR * 4,
    };
    client.follow(&operation, &|_| {}).await.unwrap();

    let told = world.told.lock().unwrap();
    let assertions: Vec<&str> = told.assertions.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(assertions, ["id-1", "id-2", "id-3", "id-4"], "each token is asked for with an ID token of its own");
    for (i, (_, at)) in told.assertions.iter().enumerate() {
        let due = Duration::from_secs(55 * 60) * u32::try_from(i).unwrap();
        assert!(*at >= due && *at < due + Duration::from_secs(90), "token {} at {at:?}, due at {due:?}", i + 1);
    }
    for (bearer, at) in &told.bearers {
        let number: usize = bearer.strip_prefix("Bearer token-").unwrap().parse().unwrap();
        let age = *at - told.assertions[number - 1].1;
        assert!(
            age < HOUR && number == told.assertions.iter().filter(|(_, from)| from <= at).count(),
            "{bearer} at {at:?}"
        );
    }
}
