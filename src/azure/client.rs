//! The client: reads, lists, posts, writes, and follows what a write began.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, Pipeline, Request, RetryOptions, Transport};
use bytes::Bytes;
use serde_json::Value as Json;
use tokio::time::{Instant, sleep, timeout};
use url::Url;

use super::error::Error;
use super::gate::Gate;
use super::kind::{Kind, classify};
use super::limits::draws;
use super::operation::{Began, Operation, OperationKind, Reading, Wait, began, reading};
use super::refusal::member;
use super::request::{may_carry_token, same_origin, shown, subscription, target};
use super::retry::Jitter;
use super::send::{Call, Reply, retry_after};
use super::settings::{ClientSettings, Patience, Trace};
use super::shape::Shape;
use super::token::{Bearer, Tokens};
use crate::names::{ArmId, CorrelationId, Etag};

/// More pages than this are a loop that changes its links: ARM's pages hold hundreds of items.
const MOST_PAGES: usize = 2000;
/// A connection that takes longer to open is not waited for.
const WARM: Duration = Duration::from_secs(3);
/// A resource that was just written may be invisible for so many readings.
const INVISIBLE: u32 = 5;

/// A client of ARM. Cheap to clone: clones share the token, the connections and the gates.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    settings: ClientSettings,
    pipeline: Pipeline,
    tokens: Arc<Tokens>,
    gates: Mutex<BTreeMap<String, Arc<Gate>>>,
    jitter: Mutex<Jitter>,
    met: AtomicBool,
}

/// How a write is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Creates or replaces.
    Put,
    /// Merges.
    Patch,
    /// Deletes.
    Delete,
}

/// One write.
#[derive(Debug, Clone)]
pub struct Write<'a> {
    /// How.
    pub method: Method,
    /// What.
    pub id: &'a ArmId,
    /// In which version of the API.
    pub api_version: &'a str,
    /// The body, but for a deletion.
    pub body: Option<Json>,
    /// Only if the resource still has this tag.
    pub if_match: Option<&'a Etag>,
    /// No retry begins after so long; the operation that it begins is followed for as long again.
    pub deadline: Duration,
}

/// What a write led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Started {
    /// It is done; the answer's body, which is not always the resource's final shape. Null for what is gone.
    Done(Json),
    /// It goes on in Azure; see [`Client::follow`].
    Running(Operation),
}

/// An answer of 2xx.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body; Null where there is none.
    pub body: Json,
    /// For Azure's support.
    pub correlation: Option<CorrelationId>,
}

impl Client {
    /// Makes a client; sends nothing.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when the resource manager is not https: no token travels in the clear.
    pub fn new(settings: ClientSettings) -> Result<Client, Error> {
        Self::seeded(settings, uuid::Uuid::new_v4().as_u64_pair().0)
    }

    /// A client whose waits are spread by this seed instead of by chance: the same trouble is waited out in the same way.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn seeded(settings: ClientSettings, seed: u64) -> Result<Client, Error> {
        if settings.resource_manager.scheme() != "https" || settings.resource_manager.host_str().is_none() {
            let shown = shown(&settings.resource_manager);
            return Err(Error::new(Kind::Invalid, format!("the resource manager must be an https URL, not {shown}")));
        }
        let tokens = Arc::new(Tokens::new(settings.credential.clone(), &settings.audience));
        let options = ClientOptions {
            transport: Some(Transport::new(settings.transport.clone())),
            retry: RetryOptions::none(),
            ..ClientOptions::default()
        };
        let each: Vec<Arc<dyn Policy>> = vec![Arc::new(UserAgent), Arc::new(Bearer(tokens.clone()))];
        let pipeline =
            Pipeline::new(Some("landfall"), Some(env!("CARGO_PKG_VERSION")), options, Vec::new(), each, None);
        Ok(Client(Arc::new(Shared {
            settings,
            pipeline,
            tokens,
            gates: Mutex::default(),
            jitter: Mutex::new(Jitter::new(seed)),
            met: AtomicBool::new(false),
        })))
    }

    /// Fetches the token, and meanwhile opens a connection.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] when no token is given, [`Kind::Transient`] when whoever gives it cannot be reached. A
    /// connection that cannot be opened is no error here.
    pub async fn ready(&self) -> Result<(), Error> {
        let warm = async {
            if self.0.settings.warm {
                let mut url = self.0.settings.resource_manager.clone();
                url.set_path("/");
                url.set_query(None);
                let mut head = Request::new(url, azure_core::http::Method::Head);
                head.insert_header("user-agent", USER_AGENT);
                // Whatever comes of it: the requests that follow will tell.
                let _ = timeout(WARM, self.0.settings.transport.execute_request(&head)).await;
            }
        };
        let (token, ()) = tokio::join!(self.token(), warm);
        token
    }

    /// Reads one resource.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when it does not exist; anything else means that nobody knows.
    pub async fn get(&self, id: &ArmId, api_version: &str) -> Result<Answer, Error> {
        self.read(id.as_str(), Shape::Resource, api_version).await
    }

    /// Reads what has no id of its own: which versions a region offers, for one.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn get_path(&self, path: &str, api_version: &str) -> Result<Answer, Error> {
        self.read(path, Shape::Object, api_version).await
    }

    async fn read(&self, path: &str, shape: Shape, api_version: &str) -> Result<Answer, Error> {
        let reply = self.send(Call::get(self.url(path, &[], api_version), shape)).await?;
        let body = reply.json().unwrap_or(Json::Null);
        Ok(answer(&reply, body))
    }

    /// Reads every page of a listing.
    ///
    /// # Errors
    /// As [`Client::get`]; [`Kind::Protocol`] when a page is no listing, or the links lead elsewhere or in circles: a listing
    /// that cannot be read to its end is never taken for a short one.
    pub async fn list(&self, path: &str, query: &[(&str, &str)], api_version: &str) -> Result<Vec<Json>, Error> {
        let mut items = Vec::new();
        let mut seen = BTreeSet::new();
        let mut url = self.url(path, query, api_version);
        loop {
            seen.insert(url.clone());
            let page = self.send(Call::get(url.clone(), Shape::Listing)).await;
            // That a further page is not there says nothing of what was listed.
            let reply = page.map_err(|error| if seen.len() > 1 { no_absence(error) } else { error })?;
            let wrong = |why: &str| Err(protocol("GET", path, why, &reply));
            let mut page = reply.json().unwrap_or(Json::Null);
            if let Some(Json::Array(value)) = page.get_mut("value").map(Json::take) {
                items.extend(value);
            }
            let link = member(&page, "nextLink").or_else(|| member(&page, "@odata.nextLink"));
            let Some(link) = link.and_then(Json::as_str).filter(|link| !link.is_empty()) else { return Ok(items) };
            let Ok(next) = url.join(link) else { return wrong("the link to the next page is no URL") };
            if !same_origin(&next, &self.0.settings.resource_manager) {
                return wrong("the link to the next page leads to another server");
            }
            if seen.contains(&next) || seen.len() >= MOST_PAGES {
                return wrong("the links between the pages lead in circles");
            }
            url = next;
        }
    }

    /// Calls an action. It is tried again only where it cannot have been carried out.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: &str, body: Option<Json>, api_version: &str) -> Result<Answer, Error> {
        let url = self.url(path, &[], api_version);
        let call =
            Call { method: azure_core::http::Method::Post, body: body.map(bytes), ..Call::get(url, Shape::Anything) };
        let reply = self.send(call).await?;
        let body = reply.json().unwrap_or(Json::Null);
        Ok(answer(&reply, body))
    }

    /// Sends a write; waits out other operations, grants that have yet to spread, and trouble on the way, and tells `notify`
    /// of each wait.
    ///
    /// # Errors
    /// [`Kind::Precondition`] when `if_match` no longer holds; whatever else Azure refuses.
    pub async fn write(&self, write: Write<'_>, notify: &(dyn Fn(Wait) + Send + Sync)) -> Result<Started, Error> {
        let url = self.url(write.id.as_str(), &[], write.api_version);
        let call = Call {
            method: write.method.http(),
            url: url.clone(),
            body: write.body.map(bytes),
            if_match: write.if_match,
            shape: if write.method == Method::Delete { Shape::Deleted } else { Shape::Written },
            deadline: Some(write.deadline),
            notify: Some(notify),
        };
        let reply = match self.send(call).await {
            Err(error) if write.method == Method::Delete && error.status == Some(404) => {
                return gone(error).map(|()| Started::Done(Json::Null));
            }
            other => other?,
        };
        let body = reply.json().unwrap_or(Json::Null);
        let (kind, followed) = match began(write.method, reply.status, &url, |name| reply.header(name), &body) {
            Began::Done => return Ok(Started::Done(if reply.status == 204 { Json::Null } else { body })),
            Began::Failed => return Err(refusal(write.method, write.id, &reply)),
            // Azure has accepted it, and where it would be followed the token must not go: the resource tells as well.
            Began::Unfollowable(_) => (OperationKind::Resource, url.clone()),
            Began::Running(kind, followed) => match followed {
                Some(followed) if !may_carry_token(&self.0.settings.resource_manager, &followed) => {
                    (OperationKind::Resource, url.clone())
                }
                followed => (kind, followed.unwrap_or_else(|| url.clone())),
            },
        };
        let url = followed.as_str().parse().map_err(|_| {
            protocol(write.method.as_str(), write.id.as_str(), "the URL of the operation is no https URL", &reply)
        })?;
        let operation = Operation {
            url,
            kind,
            method: write.method,
            resource: write.id.clone(),
            api_version: write.api_version.to_owned(),
            deadline: write.deadline,
        };
        Ok(Started::Running(operation))
    }

    /// Follows an operation to its end, telling `notify` how far it is. Dropping the future leaves the operation running; it
    /// can be followed again, by anyone.
    ///
    /// # Errors
    /// Azure's own error of an operation that failed; [`Kind::Canceled`]; [`Kind::Timeout`] when the deadline passes first.
    pub async fn follow(&self, operation: &Operation, notify: &(dyn Fn(Wait) + Send + Sync)) -> Result<(), Error> {
        let start = Instant::now();
        let mut url = self.checked(operation)?;
        let mut kind = operation.kind;
        let gate = self.gate(&subscription(&url));
        let running = gate.follow(&draws(azure_core::http::Method::Get, &url));
        let pause = |age, asked| running.interval(age, asked, self.patience(), self.chance());
        let mut wait = pause(Duration::ZERO, Some(self.patience().first_poll));
        let mut invisible = 0;
        loop {
            if start.elapsed() + wait > operation.deadline {
                return Err(late(operation, start.elapsed()));
            }
            sleep(wait).await;
            let shape = if kind == OperationKind::Resource { Shape::Resource } else { Shape::Operation };
            let call = Call { notify: Some(notify), ..Call::get(url.clone(), shape) };
            let reply = match self.send(call).await {
                Ok(reply) => reply,
                // The operation is forgotten, or cannot be read; the resource remembers.
                Err(error) if kind != OperationKind::Resource && unreadable(kind, &error) => {
                    (kind, url) = (OperationKind::Resource, self.resource(operation));
                    wait = Duration::ZERO;
                    continue;
                }
                Err(error) if error.status == Some(404) => {
                    if operation.method == Method::Delete {
                        return gone(error);
                    }
                    invisible += 1;
                    if invisible > INVISIBLE {
                        return Err(error);
                    }
                    wait = pause(start.elapsed(), None);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let body = reply.json().unwrap_or(Json::Null);
            match reading(kind, operation.method, reply.status, &body) {
                Reading::Done => return Ok(()),
                Reading::Failed => return Err(refusal(operation.method, &operation.resource, &reply)),
                Reading::Canceled => {
                    let error = refusal(operation.method, &operation.resource, &reply);
                    return Err(error.change(|f| {
                        f.kind = Kind::Canceled;
                        if f.code.is_none() {
                            "somebody cancelled it".clone_into(&mut f.message);
                        }
                    }));
                }
                Reading::Running(word) => {
                    notify(Wait::Status(word));
                    wait = pause(start.elapsed(), retry_after(&reply.headers));
                }
                Reading::Unknown => {
                    (kind, url) = (OperationKind::Resource, self.resource(operation));
                    wait = Duration::ZERO;
                }
            }
        }
    }

    /// The URL of an operation, if the token may go there.
    fn checked(&self, operation: &Operation) -> Result<Url, Error> {
        let url = Url::parse(operation.url.as_str()).ok();
        match url.filter(|url| may_carry_token(&self.0.settings.resource_manager, url)) {
            Some(url) => Ok(url),
            None => Err(Error::new(
                Kind::Protocol,
                "the URL of the operation leads to a server that must not see the token",
            )
            .about(operation.method.as_str(), operation.resource.as_str())),
        }
    }

    fn resource(&self, operation: &Operation) -> Url {
        self.url(operation.resource.as_str(), &[], &operation.api_version)
    }

    fn url(&self, path: &str, query: &[(&str, &str)], api_version: &str) -> Url {
        target(&self.0.settings.resource_manager, path, query, api_version)
    }

    pub(super) fn gate(&self, subscription: &str) -> Arc<Gate> {
        // The map only grows, one entry at a time: a panic cannot leave it half written.
        let mut gates = self.0.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Gate::new(self.0.settings.parallelism));
        gates.entry(subscription.to_owned()).or_insert_with(new).clone()
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.0.pipeline
    }

    pub(super) fn patience(&self) -> &Patience {
        &self.0.settings.patience
    }

    pub(super) fn chance(&self) -> f64 {
        self.0.jitter.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    pub(super) fn trace(&self, trace: &Trace) {
        if let Some(sink) = &self.0.settings.trace {
            sink(trace);
        }
    }

    /// The server has answered something.
    pub(super) fn answered(&self) {
        self.0.met.store(true, Ordering::Relaxed);
    }

    pub(super) fn met(&self) -> bool {
        self.0.met.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(&self.0.settings).finish()
    }
}

impl Method {
    /// As HTTP writes it.
    pub fn as_str(self) -> &'static str {
        self.http().as_str()
    }

    fn http(self) -> azure_core::http::Method {
        match self {
            Method::Put => azure_core::http::Method::Put,
            Method::Patch => azure_core::http::Method::Patch,
            Method::Delete => azure_core::http::Method::Delete,
        }
    }
}

const USER_AGENT: &str = concat!("landfall/", env!("CARGO_PKG_VERSION"));

/// Names this tool, where the SDK would name itself.
#[derive(Debug)]
struct UserAgent;

#[async_trait::async_trait]
impl Policy for UserAgent {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        request.insert_header("user-agent", USER_AGENT);
        next[0].send(context, request, &next[1..]).await
    }
}

fn bytes(body: Json) -> Bytes {
    Bytes::from(body.to_string())
}

fn answer(reply: &Reply, body: Json) -> Answer {
    Answer { status: reply.status, body, correlation: reply.correlation() }
}

/// The reason of an operation that failed, as its last reading tells it.
fn refusal(method: Method, id: &ArmId, reply: &Reply) -> Error {
    Error::refused(classify(200, &reply.body), reply.status).about(method.as_str(), id.as_str()).change(|f| {
        (f.correlation, f.attempts, f.elapsed) = (reply.correlation(), reply.attempts, reply.elapsed);
    })
}

fn protocol(method: &'static str, target: &str, why: &str, reply: &Reply) -> Error {
    Error::new(Kind::Protocol, why).about(method, target).change(|f| {
        (f.status, f.correlation) = (Some(reply.status), reply.correlation());
        (f.attempts, f.elapsed) = (reply.attempts, reply.elapsed);
    })
}

/// What is missing is a part of an answer, not what was asked for.
fn no_absence(error: Error) -> Error {
    if error.kind == Kind::NotFound { error.change(|f| f.kind = Kind::Protocol) } else { error }
}

/// Whether this answer is about the URL of an operation, and not about the operation. A `Location` tells a failed operation with
/// the status of its failure.
fn unreadable(kind: OperationKind, error: &Error) -> bool {
    error.status == Some(404)
        || error.kind == Kind::Protocol
        || (kind == OperationKind::AsyncOperation && matches!(error.kind, Kind::Denied | Kind::Precondition))
}

/// Whether a 404 ends a deletion. One without Azure's own code comes from something in between and says nothing.
fn gone(error: Error) -> Result<(), Error> {
    match (error.kind, error.code.is_some()) {
        (Kind::NotFound, true) => Ok(()),
        (Kind::NotFound, false) => Err(error.change(|f| {
            f.kind = Kind::Protocol;
            f.message = format!("whether it is gone is unknown: Azure itself did not answer ({})", f.message);
        })),
        _ => Err(error),
    }
}

fn late(operation: &Operation, elapsed: Duration) -> Error {
    let why = format!("the operation still runs after {} s; it goes on in Azure", elapsed.as_secs());
    Error::new(Kind::Timeout, why)
        .about(operation.method.as_str(), operation.resource.as_str())
        .change(|f| f.elapsed = elapsed)
}
