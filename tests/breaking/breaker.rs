//! A process's only two ways to the outside, its state and its requests, with a breaker that counts what passes and kills
//! the process at one of them: from then on nothing of it comes through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use landfall::sandbox::InProcess;
use landfall::state::{Guard, Held, Holder, MemoryStore, State, StateError, Version};
use tokio::sync::Notify;

/// A moment in the life of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The state is about to be written (or taken away) for the n-th time, counted from 0.
    BeforeSave(usize),
    /// It was.
    AfterSave(usize),
    /// The n-th request is about to be sent. Others that are on their way are lost.
    BeforeRequest(usize),
    /// It was carried out, and its answer is lost. Others that are on their way arrive.
    AfterRequest(usize),
}

/// Counts, and kills.
#[derive(Debug)]
pub struct Breaker {
    at: Option<Moment>,
    saves: AtomicUsize,
    requests: AtomicUsize,
    dead: AtomicBool,
    died: Notify,
}

impl Breaker {
    pub fn at(moment: Moment) -> Arc<Self> {
        Arc::new(Self::new(Some(moment)))
    }

    /// One that only counts.
    pub fn never() -> Arc<Self> {
        Arc::new(Self::new(None))
    }

    fn new(at: Option<Moment>) -> Self {
        let (saves, requests, dead, died) = Default::default();
        Self { at, saves, requests, dead, died }
    }

    /// All the moments at which a process like the counted one can be killed.
    pub fn moments(&self) -> Vec<Moment> {
        let saves = (0..self.saves.load(Ordering::SeqCst)).flat_map(|n| [Moment::BeforeSave(n), Moment::AfterSave(n)]);
        let requests = 0..self.requests.load(Ordering::SeqCst);
        saves.chain(requests.flat_map(|n| [Moment::BeforeRequest(n), Moment::AfterRequest(n)])).collect()
    }

    /// Waits until the process is to be killed.
    pub async fn struck(&self) {
        self.died.notified().await;
    }

    async fn pass(&self, moment: Moment) {
        if self.at == Some(moment) {
            self.dead.store(true, Ordering::SeqCst);
            self.died.notify_one();
        }
        if self.dead.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
    }

    /// Whether what is on its way arrives although the process dies.
    fn arrives(&self) -> bool {
        matches!(self.at, Some(Moment::AfterSave(_) | Moment::AfterRequest(_)))
    }
}

/// The requests of a process.
#[derive(Debug)]
pub struct Transport {
    pub inner: InProcess,
    pub breaker: Arc<Breaker>,
}

#[async_trait::async_trait]
impl HttpClient for Transport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let n = self.breaker.requests.fetch_add(1, Ordering::SeqCst);
        self.breaker.pass(Moment::BeforeRequest(n)).await;
        let answer = if self.breaker.arrives() {
            let (inner, request) = (self.inner.clone(), request.clone());
            tokio::spawn(async move { inner.execute_request(&request).await }).await.unwrap()
        } else {
            self.inner.execute_request(request).await
        };
        self.breaker.pass(Moment::AfterRequest(n)).await;
        answer
    }
}

/// The state of a process.
pub struct Store {
    pub inner: MemoryStore,
    pub breaker: Arc<Breaker>,
}

#[async_trait::async_trait]
impl landfall::state::Store for Store {
    async fn load(&self) -> Result<Option<State>, StateError> {
        self.inner.load().await
    }

    async fn document(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.inner.document().await
    }

    async fn replace(&self, state: &mut State, over: Option<&Version>) -> Result<(), StateError> {
        let n = self.breaker.saves.fetch_add(1, Ordering::SeqCst);
        self.breaker.pass(Moment::BeforeSave(n)).await;
        let done = self.inner.replace(state, over).await;
        self.breaker.pass(Moment::AfterSave(n)).await;
        done
    }

    async fn lock(&self, holder: &Holder, wait: Duration) -> Result<Box<dyn Guard>, StateError> {
        self.inner.lock(holder, wait).await
    }

    async fn held(&self) -> Result<Option<Held>, StateError> {
        self.inner.held().await
    }

    async fn unlock(&self) -> Result<(), StateError> {
        self.inner.unlock().await
    }

    async fn history(&self) -> Result<Vec<landfall::state::Kept>, StateError> {
        self.inner.history().await
    }

    async fn kept(&self, version: &Version) -> Result<Option<Vec<u8>>, StateError> {
        self.inner.kept(version).await
    }

    async fn remove(&self) -> Result<(), StateError> {
        let n = self.breaker.saves.fetch_add(1, Ordering::SeqCst);
        self.breaker.pass(Moment::BeforeSave(n)).await;
        let done = self.inner.remove().await;
        self.breaker.pass(Moment::AfterSave(n)).await;
        done
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}
