//! The store in a container against answers that no emulator gives: a lease over hours, refusals, a service that is down.

use std::collections::VecDeque;
use std::sync::Mutex;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};

use super::azurite::store;
use super::*;
use landfall::state::BlobStore;

/// Answers first what is in the queue, then as a service would that has the blob and nothing in it.
#[derive(Debug, Default)]
struct Service {
    queue: Mutex<VecDeque<Option<(u16, &'static str)>>>,
    sent: Mutex<Vec<String>>,
}

impl Service {
    /// Refuses the next request so, or does not answer it.
    fn then(self: Arc<Self>, answers: impl IntoIterator<Item = Option<(u16, &'static str)>>) -> Arc<Self> {
        self.queue.lock().unwrap().extend(answers);
        self
    }

    fn sent(&self, what: &str) -> usize {
        self.sent.lock().unwrap().iter().filter(|sent| *sent == what).count()
    }

    fn open(self: &Arc<Self>) -> BlobStore {
        let container = "https://account.blob.core.windows.net/states?sv=1&sig=hunter2".parse().unwrap();
        store(container, None, self.clone())
    }
}

#[async_trait::async_trait]
impl HttpClient for Service {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let header = |name: &'static str| request.headers().get_optional_string(&name.into());
        let action = header("x-ms-lease-action");
        let what = action.unwrap_or_else(|| request.method().as_str().to_owned());
        let status = if what == "acquire" { 201 } else { 200 };
        self.sent.lock().unwrap().push(what);
        let mut headers = Headers::new();
        headers.insert("etag", "\"1\"");
        headers.insert("x-ms-request-id", "6b1a");
        headers.insert("x-ms-meta-landfall_absent", "true");
        match self.queue.lock().unwrap().pop_front() {
            None => Ok(AsyncRawResponse::from_bytes(status.into(), headers, b"x".to_vec())),
            Some(None) => Err(azure_core::Error::with_message(ErrorKind::Connection, "no route to host")),
            Some(Some((status, code))) => {
                headers.insert("x-ms-error-code", code);
                Ok(AsyncRawResponse::from_bytes(status.into(), headers, Vec::new()))
            }
        }
    }
}

fn service() -> Arc<Service> {
    Arc::default()
}

/// An error and what caused it, as a person reads it.
fn told(error: &StateError) -> String {
    let mut out = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        out = format!("{out}: {error}");
        cause = error.source();
    }
    out
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_its_guard_lives() {
    let service = service();
    let store = service.open();
    let guard = store.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    assert!(service.sent("renew") >= 2 * 3600 / 20 - 1, "{}", service.sent("renew"));

    // Twice it may fail, and it may be asked for while it does.
    let before = service.sent("renew");
    let service = service.then([None, None, Some((503, "ServerBusy"))]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(service.sent("renew") >= before + 4);
    guard.release().await.unwrap();
    assert_eq!(service.sent("release"), 1);
    let before = service.sent("renew");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(service.sent("renew"), before, "nothing is renewed after its end");

    // A lease that was taken away is not asked for again; a guard that is dropped gives its lease back.
    let guard = store.lock(&holder("anna@one"), Duration::ZERO).await.unwrap();
    let service = service.then([Some((409, "LeaseIsBrokenAndCannotBeRenewed"))]);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(service.sent("renew"), before + 1);
    drop(guard);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(service.sent("release"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_the_moment_is_tried_again() {
    let troubles = [None, Some((500, "InternalError")), Some((503, "ServerBusy"))];
    let patient = service().then(troubles);
    assert_eq!(patient.open().load().await.unwrap(), None);
    assert_eq!(patient.sent("GET"), 4);

    let down = service().then([None; 4]);
    let error = told(&down.open().load().await.unwrap_err());
    assert!(error.contains("did not answer") && error.contains("no route to host"), "{error}");
    assert_eq!(down.sent("GET"), 4);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_by_their_meaning() {
    let table: [(u16, &str, &[&str]); 7] = [
        (403, "AuthorizationPermissionMismatch", &["Storage Blob Data Contributor"]),
        (403, "AuthorizationFailure", &["firewall"]),
        (403, "AuthenticationFailed", &["SAS"]),
        (401, "NoAuthenticationInformation", &["docs/authentication.md"]),
        (404, "ContainerNotFound", &["no container `states`", "--name states", "account.blob.core.windows.net"]),
        (409, "ContainerBeingDeleted", &["no container `states`"]),
        (400, "InvalidHeaderValue", &["400", "request 6b1a"]),
    ];
    for (status, code, words) in table {
        let refuses = || service().then([Some((status, code)); 12]);
        let store = refuses().open();
        let errors = [
            store.load().await.unwrap_err(),
            refuses().open().save(&mut fresh(ONE)).await.unwrap_err(),
            refuses().open().lock(&holder("anna@one"), Duration::ZERO).await.err().expect("it is refused"),
            refuses().open().held().await.unwrap_err(),
            refuses().open().unlock().await.unwrap_err(),
            refuses().open().remove().await.unwrap_err(),
        ];
        for error in &errors {
            let text = told(error);
            assert!(text.contains("https://account.blob.core.windows.net/states/prod.json"), "{text}");
            assert!(text.contains(code) || code.starts_with("Container"), "{text}");
            assert!(words.iter().all(|words| text.contains(words)), "{text}");
            assert!(!format!("{text}{error:?}").contains("hunter2"), "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_cannot_log_in_is_told_so_at_once() {
    #[derive(Debug)]
    struct Nobody;
    #[async_trait::async_trait]
    impl TokenCredential for Nobody {
        async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
            Err(azure_core::Error::with_message(ErrorKind::Credential, "AADSTS700016: no such application"))
        }
    }
    let service = service();
    let container = "https://account.blob.core.windows.net/states".parse().unwrap();
    let error = store(container, Some(Arc::new(Nobody)), service.clone()).load().await.unwrap_err();
    let error = told(&error);
    assert!(error.contains("no token for Azure Storage") && error.contains("AADSTS700016"), "{error}");
    assert_eq!(service.sent("GET"), 0);
}
