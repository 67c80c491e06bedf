//! The ARM client against a scripted transport in this process, on tokio's paused clock: every answer is written down here, and
//! every request that was sent can be looked at.

use std::sync::Arc;
use std::time::Duration;

use crate::script::{Answered, Script, script};
use landfall::azure::{Client, Kind, Method, Operation, OperationKind, Started, Wait, Write};
use landfall::names::{ArmId, Etag};
use serde_json::json;
use tokio::time::Instant;

const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c";
const OP: &str = "https://management.azure.com/subscriptions/s/providers/Microsoft.ContainerService/locations/l/operations/o?api-version=2016-03-30&t=1&s=sIgNaTuRe";

fn id() -> ArmId {
    ArmId::parse(ID).unwrap()
}

fn put(id: &ArmId) -> Write<'_> {
    let body = Some(json!({"location": "westeurope"}));
    Write { method: Method::Put, id, api_version: "2026-05-01", body, if_match: None, deadline: HOUR }
}

const HOUR: Duration = Duration::from_secs(3600);

fn quiet(_: Wait) {}

fn refused(status: u16, code: &str) -> Answered {
    Answered::json(status, json!({"error": {"code": code, "message": format!("about {code}")}}))
}

async fn write(script: &Arc<Script>) -> (Result<Started, landfall::azure::Error>, Duration) {
    let (id, client, start) = (id(), script.client(), Instant::now());
    let result = client.write(put(&id), &quiet).await;
    (result, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_read_names_itself_and_its_version() {
    let script = script([Answered::json(200, json!({"id": ID})).header("X-MS-Correlation-Request-Id", "corr-1")]);
    let answer = script.client().get(&id(), "2026-05-01").await.unwrap();
    assert_eq!((answer.status, answer.body["id"].as_str()), (200, Some(ID)));
    assert_eq!(answer.correlation.unwrap().as_str(), "corr-1");
    let sent = script.sent();
    assert_eq!(sent[0].url, format!("https://management.azure.com{ID}?api-version=2026-05-01"));
    assert_eq!(sent[0].header("authorization"), Some("Bearer token-1"));
    assert_eq!(sent[0].header("accept"), Some("application/json"));
    assert_eq!(sent[0].header("user-agent"), Some(concat!("landfall/", env!("CARGO_PKG_VERSION"))));
    assert!(sent[0].header("x-ms-client-request-id").is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_resource_is_never_absent() {
    for (answered, kind) in [
        (refused(404, "ResourceNotFound"), Kind::NotFound),
        (Answered::text(404, ""), Kind::NotFound),
        (refused(403, "AuthorizationFailed"), Kind::Denied),
        (Answered::text(200, ""), Kind::Protocol),
        (Answered::text(200, "<html>login</html>"), Kind::Protocol),
        (Answered::text(302, ""), Kind::Protocol),
        (refused(404, "SubscriptionNotFound"), Kind::Denied),
    ] {
        let script = script([]);
        script.then(answered);
        let error = script.client().get(&id(), "1").await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        // A 404 of nobody's is asked for again like any other answer that is not ARM's.
        let tries = if kind == Kind::Protocol || error.code.is_none() { 4 } else { 1 };
        assert_eq!(script.sent().len(), tries, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_is_waited_out() {
    let ok = || Answered::json(200, json!({"id": ID}));
    let late = || refused(429, "TooManyRequests");
    // what is answered before 200; the least and the most seconds it takes
    let table = [
        (vec![Answered::text(503, "<html></html>")], 0.6, 1.0),
        (vec![Answered::text(500, ""), Answered::text(504, "x")], 1.9, 2.9),
        (vec![Answered::lost(), Answered::unreachable()], 1.9, 2.9),
        (vec![late().header("Retry-After", "7")], 7.0, 7.8),
        (vec![late().header("x-ms-retry-after-ms", "2500")], 2.5, 2.8),
        (
            vec![
                late()
                    .header("date", "Thu, 10 Sep 2026 06:44:46 GMT")
                    .header("retry-after", "Thu, 10 Sep 2026 06:45:16 GMT"),
            ],
            30.0,
            33.1,
        ),
        (vec![Answered::text(503, "").header("Retry-After", "11")], 11.0, 11.1),
        (vec![Answered::text(429, "")], 1.6, 2.7),
        (vec![refused(401, "ExpiredAuthenticationToken")], 0.0, 0.1),
        (vec![refused(409, "AnotherOperationInProgress")], 2.4, 3.7),
        (vec![refused(400, "PrincipalNotFound")], 4.0, 6.1),
        (vec![refused(400, "CustomKubeletIdentityMissingPermissionError")], 4.0, 6.1),
    ];
    for (troubles, least, most) in table {
        let tries = troubles.len() + 1;
        let script = script(troubles.into_iter().chain([ok()]));
        let (result, took) = write(&script).await;
        assert!(matches!(result, Ok(Started::Done(_))), "{result:?}");
        let took = took.as_secs_f64();
        assert!((least..most).contains(&took), "{took} s, not {least} to {most}: {:?}", script.sent());
        assert_eq!(script.sent().len(), tries);
        let ids: Vec<_> = script.sent().iter().map(|s| s.header("x-ms-client-request-id").map(str::to_owned)).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "one request keeps its id");
    }
}

#[tokio::test(start_paused = true)]
async fn budgets_end() {
    // what is answered for ever; the kind in the end; the least and the most minutes
    for (answered, kind, least, most) in [
        (Answered::text(503, ""), Kind::Transient, 4, 5),
        (refused(400, "PrincipalNotFound"), Kind::Propagating, 9, 10),
        // A cluster takes one PUT a minute after the first twenty: the last try waits for its turn.
        (refused(409, "AnotherOperationInProgress"), Kind::Busy, 59, 61),
        (Answered::unreachable(), Kind::Transient, 0, 1),
    ] {
        let script = script([]);
        script.then(answered);
        let (result, took) = write(&script).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind, kind);
        assert!((least * 60..=most * 60).contains(&took.as_secs()), "{kind:?} after {took:?}");
        assert_eq!((error.attempts as usize, error.elapsed), (script.sent().len(), took));
    }
}

#[tokio::test(start_paused = true)]
async fn an_absurd_wait_is_not_taken() {
    for asked in ["1e300", "18446744073709551615", "99999999", "Thu, 10 Sep 2999 06:44:46 GMT"] {
        let script = script([refused(429, "Throttled").header("retry-after", asked)]);
        let (result, took) = write(&script).await;
        assert_eq!((result.unwrap_err().kind, took.as_secs()), (Kind::Throttled, 0), "{asked}");
    }
    for strange in ["-5", "nan", "soon", ""] {
        let script = script([refused(429, "Throttled").header("retry-after", strange), Answered::json(200, json!({}))]);
        let (result, took) = write(&script).await;
        assert!(result.is_ok() && (1..=3).contains(&took.as_secs()), "{strange}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_stands_at_once() {
    for (status, code, kind) in [
        (400, "InvalidParameter", Kind::Invalid),
        (403, "RequestDisallowedByPolicy", Kind::Policy),
        (409, "QuotaExceeded", Kind::Quota),
        (409, "RoleAssignmentExists", Kind::AlreadyExists),
        (409, "MissingSubscriptionRegistration", Kind::Unregistered),
        (412, "PreconditionFailed", Kind::Precondition),
    ] {
        let script = script([refused(status, code).header("x-ms-request-id", "r-9")]);
        let (result, took) = write(&script).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind, error.code.as_deref(), error.status), (kind, Some(code), Some(status)));
        assert_eq!((took.as_secs(), script.sent().len()), (0, 1));
        assert_eq!(error.to_string(), format!("PUT {ID}: {code}: about {code} (status {status}, correlation ID r-9)"));
    }
}

#[tokio::test(start_paused = true)]
async fn reads_do_not_wait_for_other_operations_and_posts_not_for_failures() {
    let busy = script([refused(409, "AnotherOperationInProgress")]);
    assert_eq!(busy.client().get(&id(), "1").await.unwrap_err().kind, Kind::Busy);
    let failed = script([Answered::text(503, "")]);
    assert_eq!(failed.client().post(ID, None, "1").await.unwrap_err().kind, Kind::Transient);
    assert_eq!(failed.sent().len(), 1);
    let throttled = script([Answered::text(429, ""), Answered::json(200, json!({"ok": true}))]);
    assert_eq!(throttled.client().post(ID, Some(json!({"a": 1})), "1").await.unwrap().body["ok"], true);
    assert_eq!(throttled.sent()[1].body, json!({"a": 1}));
}

#[tokio::test(start_paused = true)]
async fn a_write_carries_its_tag_and_tells_why_it_waits() {
    let script = script([
        refused(409, "AnotherOperationInProgress"),
        refused(400, "PrincipalNotFound"),
        Answered::text(503, ""),
        refused(429, "Throttled").header("retry-after", "3"),
        Answered::json(200, json!({})),
    ]);
    let told = std::sync::Mutex::new(Vec::new());
    let (id, etag) = (id(), "\"e1\"".parse::<Etag>().unwrap());
    let write = Write { if_match: Some(&etag), ..put(&id) };
    script.client().write(write, &|wait| told.lock().unwrap().push(wait)).await.unwrap();
    assert_eq!(script.sent()[4].header("if-match"), Some("\"e1\""));
    let told = told.into_inner().unwrap();
    assert!(
        matches!(
            told.as_slice(),
            [Wait::Busy { .. }, Wait::Propagating { .. }, Wait::Retrying { .. }, Wait::Throttled(Duration { .. })]
        ),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_retries() {
    let script = script([]);
    script.then(refused(409, "AnotherOperationInProgress"));
    let (id, start) = (id(), Instant::now());
    let write = Write { deadline: Duration::from_secs(60), ..put(&id) };
    let error = script.client().write(write, &quiet).await.unwrap_err();
    assert_eq!(error.kind, Kind::Busy);
    assert!(start.elapsed() <= Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn pages_are_followed_to_the_letter() {
    let second = "https://management.azure.com/subscriptions/s/next?$skiptoken=a%2Bb&api-version=9";
    let script = script([
        Answered::json(200, json!({"value": [1, 2], "nextLink": second})),
        Answered::json(200, json!({"value": [3], "nextLink": ""})),
    ]);
    let filter = [("$filter", "atScope()")];
    let items = script.client().list("/subscriptions/s/things", &filter, "1").await.unwrap();
    assert_eq!(items, [json!(1), json!(2), json!(3)]);
    let urls: Vec<String> = script.sent().into_iter().map(|s| s.url).collect();
    assert_eq!(urls[0], "https://management.azure.com/subscriptions/s/things?%24filter=atScope%28%29&api-version=1");
    assert_eq!(urls[1], second);
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_cannot_be_read_to_its_end_is_an_error() {
    let page = |link: &str| Answered::json(200, json!({"value": [1], "nextLink": link}));
    let first = "https://management.azure.com/subscriptions/s/things?api-version=1";
    for answers in [
        vec![page("https://evil.example/next")],
        vec![page("http://management.azure.com/next")],
        vec![page(first)],
        vec![page("/a"), page("/b"), page("/a")],
        vec![Answered::json(200, json!({"items": []}))],
        vec![Answered::text(200, "")],
        vec![page("/a"), Answered::text(200, "oops")],
        // A page that is not there does not mean that nothing is.
        vec![page("/a"), refused(404, "ResourceNotFound")],
        vec![page("/a"), refused(410, "ResourceGone")],
    ] {
        let last = answers.last().cloned().unwrap();
        let script = script(answers);
        script.then(last);
        let error = script.client().list("/subscriptions/s/things", &[], "1").await.unwrap_err();
        assert_eq!(error.kind, Kind::Protocol, "{error}");
        assert!(script.sent().iter().all(|s| s.url.starts_with("https://management.azure.com/")));
    }
}

/// Writes, follows, and says how it ended, how long it took and what was read.
async fn run(method: Method, script: &Arc<Script>) -> (Result<(), Kind>, u64, Vec<String>) {
    let (id, client, start) = (id(), script.client(), Instant::now());
    let write = Write { method, ..put(&id) };
    let result = match client.write(write, &quiet).await {
        Ok(Started::Done(_)) => Ok(()),
        Ok(Started::Running(operation)) => client.follow(&operation, &quiet).await.map_err(|e| e.kind),
        Err(error) => Err(error.kind),
    };
    let read = script.sent().into_iter().skip(1).map(|s| s.url).collect();
    (result, start.elapsed().as_secs(), read)
}

#[tokio::test(start_paused = true)]
async fn operations_of_every_shape() {
    let status = |word: &str| Answered::json(200, json!({"status": word}));
    let state = |code, word: &str| Answered::json(code, json!({"id": ID, "properties": {"provisioningState": word}}));
    let began = |code| state(code, "Creating").header("Azure-AsyncOperation", OP);
    let accepted = |name, url| Answered::text(202, "").header(name, url);
    let itself = format!("https://management.azure.com{ID}?api-version=2026-05-01");
    let failed = json!({"status": "Failed", "error": {"code": "QuotaExceeded", "message": "no cores"}});
    let superseded = json!({"status": "Succeeded", "error": {"code": "NotLatestOperation"}});
    let gone = || refused(404, "ResourceNotFound");
    let stray = || Answered::text(404, "<html><title>Not found</title>");
    let table = [
        (Method::Put, vec![began(201), status("InProgress"), status("Succeeded")], Ok(()), vec![OP, OP]),
        (Method::Put, vec![began(200), Answered::json(200, superseded)], Ok(()), vec![OP]),
        (
            Method::Put,
            vec![began(201), status("Half way"), Answered::json(200, failed)],
            Err(Kind::Quota),
            vec![OP, OP],
        ),
        (Method::Put, vec![began(201), status("Canceled")], Err(Kind::Canceled), vec![OP]),
        (Method::Put, vec![began(201), Answered::text(503, ""), status("Succeeded")], Ok(()), vec![OP, OP]),
        (Method::Put, vec![began(201), gone(), state(200, "Succeeded")], Ok(()), vec![OP, &itself]),
        (
            Method::Put,
            vec![began(201), gone(), state(200, "Creating"), state(200, "Failed")],
            Err(Kind::Invalid),
            vec![OP, &itself, &itself],
        ),
        (Method::Put, vec![began(201), Answered::text(200, ""), state(200, "Succeeded")], Ok(()), vec![OP, &itself]),
        (
            Method::Put,
            vec![accepted("Location", OP), Answered::text(202, ""), state(200, "Succeeded")],
            Ok(()),
            vec![OP, OP],
        ),
        (Method::Put, vec![accepted("LOCATION", OP), refused(409, "QuotaExceeded")], Err(Kind::Quota), vec![OP]),
        (Method::Delete, vec![accepted("Location", OP), Answered::text(204, "")], Ok(()), vec![OP]),
        (Method::Delete, vec![accepted("azure-asyncoperation", OP), gone(), gone()], Ok(()), vec![OP, &itself]),
        (Method::Delete, vec![Answered::text(202, ""), state(200, "Deleting"), gone()], Ok(()), vec![&itself, &itself]),
        (Method::Delete, vec![gone()], Ok(()), vec![]),
        (Method::Delete, vec![stray(), gone()], Ok(()), vec![&itself]),
        (Method::Delete, vec![stray(); 4], Err(Kind::Protocol), vec![&itself; 3]),
        (
            Method::Delete,
            vec![accepted("azure-asyncoperation", OP), gone(), stray(), stray(), stray(), stray()],
            Err(Kind::Protocol),
            vec![OP, &itself, &itself, &itself, &itself],
        ),
        (Method::Delete, vec![refused(404, "SubscriptionNotFound")], Err(Kind::Denied), vec![]),
        (Method::Delete, vec![Answered::text(204, "")], Ok(()), vec![]),
        (Method::Delete, vec![Answered::text(200, "")], Ok(()), vec![]),
        (Method::Put, vec![state(201, "Creating"), gone(), state(200, "Succeeded")], Ok(()), vec![&itself, &itself]),
        (Method::Put, vec![state(201, "Succeeded").header("Location", "/subscriptions/s/x")], Ok(()), vec![]),
        (Method::Put, vec![Answered::text(200, "")], Ok(()), vec![]),
        (Method::Patch, vec![state(200, "Succeeded")], Ok(()), vec![]),
        (
            Method::Put,
            vec![accepted("Location", "https://evil.example/o"), state(200, "Creating"), state(200, "Succeeded")],
            Ok(()),
            vec![&itself, &itself],
        ),
        (Method::Delete, vec![accepted("Location", "http://management.azure.com/o"), gone()], Ok(()), vec![&itself]),
    ];
    for (at, (method, answers, expected, read)) in table.into_iter().enumerate() {
        let script = script(answers);
        let (result, _, urls) = run(method, &script).await;
        assert_eq!((result, urls), (expected, read.into_iter().map(str::to_owned).collect()), "row {at}");
        assert_eq!(script.left(), 0, "row {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_operation_says_what_azure_said() {
    let failed = json!({"status": "Failed", "error": {"code": "BadRequest", "message": "Conflict response body: {\"error\":{\"code\":\"StorageAccountIsNotProvisioned\",\"message\":\"not yet\"}}"}});
    let began = Answered::text(202, "").header("azure-asyncoperation", OP);
    let script = script([began, Answered::json(200, failed).header("x-ms-request-id", "op-1")]);
    let (id, client) = (id(), script.client());
    let Ok(Started::Running(operation)) = client.write(put(&id), &quiet).await else { panic!() };
    let error = client.follow(&operation, &quiet).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("StorageAccountIsNotProvisioned"));
    assert_eq!(error.details.len(), 2);
    assert!(error.to_string().contains("correlation ID op-1"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn operations_are_read_at_a_polite_pace() {
    let script = script([]);
    script.then(Answered::json(200, json!({"status": "InProgress"})));
    let operation = operation(Duration::from_secs(600));
    let start = Instant::now();
    let told = std::sync::Mutex::new(0);
    let error = script.client().follow(&operation, &|_| *told.lock().unwrap() += 1).await.unwrap_err();
    assert_eq!(error.kind, Kind::Timeout);
    assert!(start.elapsed() <= Duration::from_secs(600));
    let reads = script.sent().len();
    assert_eq!(reads, *told.lock().unwrap());
    assert!((110..160).contains(&reads), "{reads} readings in ten minutes");
    assert_eq!(script.sent()[0].at.as_secs(), 1, "the first soon");
}

#[tokio::test(start_paused = true)]
async fn many_operations_are_read_no_more_than_two_a_second() {
    let script = script([]);
    script.then(Answered::json(200, json!({"status": "InProgress"})));
    let client = script.client();
    let operation = operation(Duration::from_secs(120));
    futures::future::join_all((0..20).map(|_| client.follow(&operation, &quiet))).await;
    let reads = script.sent().len();
    assert!((20..=240).contains(&reads), "{reads} readings in two minutes");
}

#[tokio::test(start_paused = true)]
async fn a_reading_may_ask_for_patience() {
    let running = Answered::json(200, json!({"status": "InProgress"})).header("Retry-After", "15");
    let script = script([running, Answered::json(200, json!({"status": "Succeeded"}))]);
    script.client().follow(&operation(HOUR), &quiet).await.unwrap();
    let between = (script.sent()[1].at - script.sent()[0].at).as_secs_f64();
    assert!((15.0..=16.5).contains(&between), "as long as it asks, or a little longer: {between}");
}

fn operation(deadline: Duration) -> Operation {
    Operation {
        url: OP.parse().unwrap(),
        kind: OperationKind::AsyncOperation,
        method: Method::Put,
        resource: id(),
        api_version: "2026-05-01".to_owned(),
        deadline,
    }
}

#[tokio::test(start_paused = true)]
async fn a_recorded_operation_that_leads_elsewhere_is_not_followed() {
    let script = script([]);
    let stray = Operation { url: "https://evil.example/op".parse().unwrap(), ..operation(HOUR) };
    let error = script.client().follow(&stray, &quiet).await.unwrap_err();
    assert_eq!((error.kind, script.sent().len(), script.tokens()), (Kind::Protocol, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_token_serves_everyone() {
    let script = script([]);
    script.then(Answered::json(200, json!({"id": ID})));
    let (client, id) = (script.client(), id());
    client.ready().await.unwrap();
    futures::future::join_all((0..8).map(|_| client.get(&id, "1"))).await;
    assert_eq!((script.tokens(), script.sent().len()), (1, 8));
    let fresh = script.client();
    futures::future::join_all((0..8).map(|_| fresh.get(&id, "1"))).await;
    assert_eq!(script.tokens(), 2, "eight requests without `ready` share one more");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends_and_after_a_refusal() {
    let script = script([]);
    script.then(Answered::json(200, json!({"id": ID})));
    script.token_life(0);
    let (client, id) = (script.client(), id());
    client.get(&id, "1").await.unwrap();
    let spent = script.tokens();
    script.token_life(3600);
    client.get(&id, "1").await.unwrap();
    client.get(&id, "1").await.unwrap();
    assert_eq!(script.tokens(), spent + 1, "a new token is good for an hour");
    script.push(refused(401, "InvalidAuthenticationToken"));
    client.get(&id, "1").await.unwrap();
    assert_eq!(script.tokens(), spent + 2);
    let token = |at: usize| script.sent()[at].header("authorization").map(str::to_owned);
    assert_eq!(token(2), Some(format!("Bearer token-{}", spent + 1)));
    assert_eq!(token(3), token(2));
    assert_eq!(token(4), Some(format!("Bearer token-{}", spent + 2)));
    script.then(refused(401, "InvalidAuthenticationToken"));
    assert_eq!(client.get(&id, "1").await.unwrap_err().kind, Kind::Unauthenticated);
    assert_eq!(script.sent().len(), 7, "a second refusal is meant");
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_sent() {
    let script = script([]);
    script.token_fails("AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1");
    let error = script.client().get(&id(), "1").await.unwrap_err();
    assert_eq!((error.kind, script.sent().len()), (Kind::Unauthenticated, 0));
    assert!(error.to_string().contains("AADSTS7000215: no token was given: Invalid client secret provided"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_warmed_without_the_token() {
    let script = script([Answered::text(400, "")]);
    script.warm_client().ready().await.unwrap();
    let sent = script.sent();
    assert_eq!(
        (sent.len(), sent[0].method.as_str(), sent[0].url.as_str()),
        (1, "HEAD", "https://management.azure.com/")
    );
    assert_eq!(sent[0].header("authorization"), None);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_holds_its_subscription() {
    let script = script([refused(429, "Throttled").header("retry-after", "20")]);
    script.then(Answered::json(200, json!({"id": ID})));
    let (client, mine, other) = (script.client(), id(), ArmId::parse("/subscriptions/t/resourceGroups/g").unwrap());
    client.ready().await.unwrap();
    tokio::join!(client.get(&mine, "1"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        tokio::join!(client.get(&mine, "2"), client.get(&other, "3"))
    })
    .0
    .unwrap();
    let at = |version: &str| {
        let sent = script.sent();
        sent.iter().rfind(|s| s.url.ends_with(&format!("api-version={version}"))).unwrap().at.as_secs()
    };
    // Waits are made longer by up to a tenth, and so is the wait of who comes while there is one.
    let held = 20..=25;
    let all = (at("1"), at("2"), at("3"));
    assert!(held.contains(&all.0) && held.contains(&all.1) && all.2 == 1, "{all:?}");
}

#[tokio::test(start_paused = true)]
async fn only_so_many_are_in_flight() {
    let script = script([]);
    script.then(Answered::json(200, json!({"id": ID})));
    script.latency(Duration::from_secs(1));
    let (client, id) = (script.client(), id());
    let start = Instant::now();
    futures::future::join_all((0..16).map(|_| client.get(&id, "1"))).await;
    assert_eq!(start.elapsed().as_secs(), 16 / crate::script::PARALLELISM as u64);
}

#[tokio::test(start_paused = true)]
async fn nothing_signed_and_no_token_is_told() {
    let leak = format!("poll {OP} for it");
    let began = Answered::text(202, "").header("azure-asyncoperation", OP);
    let failed = json!({"status": "Failed", "error": {"code": "InternalServerError", "message": leak}});
    let script = script([began, Answered::lost(), Answered::text(500, OP), Answered::json(200, failed)]);
    let told = std::sync::Mutex::new(String::new());
    let (id, client) = (id(), script.client());
    let notify = |wait: Wait| told.lock().unwrap().push_str(&format!("{wait:?}"));
    let Ok(Started::Running(operation)) = client.write(put(&id), &notify).await else { panic!() };
    let error = client.follow(&operation, &notify).await.unwrap_err();
    let all = format!("{error} {error:?} {client:?} {:?} {}", script.traces(), told.into_inner().unwrap());
    for secret in ["sIgNaTuRe", "token-1", "Bearer"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    let traces = script.traces();
    assert_eq!(traces.len(), 4);
    assert_eq!((traces[0].status, traces[0].attempt), (Some(202), 1));
    assert_eq!((traces[1].status, traces[2].attempt), (None, 2));
    assert!(traces[1].url.ends_with("?api-version=2016-03-30&t=...&s=..."), "{}", traces[1].url);
}

#[test]
fn no_token_travels_in_the_clear() {
    let script = script([]);
    let error = Client::new(script.settings("http://127.0.0.1:8080")).unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
}
