//! The store of one state in a container.
//!
//! A save compares and writes in one request, by the blob's ETag; what an answer that was lost leaves open is settled by the
//! writer's id in the blob's metadata. The lease is on the blob itself and every write names it, so that a run whose lock
//! was taken away cannot write any more.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::http::{Etag, HttpClient};
use tokio::task::JoinSet;
use tokio::time::Instant;
use url::Url;
use uuid::Uuid;

use super::lease::LeaseGuard;
use super::service::{Meta, Over, Service};
use super::shelf::Shelf;
use super::trouble::Refused;
use crate::names::EnvName;
use crate::state::format::{self, Origin};
use crate::state::store::{expect_environment, expect_unmoved};
use crate::state::{Guard, Held, Holder, Kept, State, StateError, Store, Version};

/// How soon a waiting process asks for the lease again, and how seldom at last.
const LOCK_POLL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));
/// How often a write is tried while others change what stands beside the state.
const ROUNDS: usize = 5;

/// What a store in a container needs.
#[derive(Clone)]
pub struct BlobSettings {
    /// The container: `https://ACCOUNT.blob.core.windows.net/CONTAINER`, with a SAS as its query where there is one.
    pub container: Url,
    /// Whose state it is.
    pub environment: EnvName,
    /// Who asks; not used with a SAS.
    pub credential: Option<Arc<dyn TokenCredential>>,
    /// What carries the requests.
    pub transport: Arc<dyn HttpClient>,
    /// Random, and another one for every store: lease and writes are told apart by it.
    pub session: Uuid,
}

/// Keeps a state in a blob, `<environment>.json`.
#[derive(Debug)]
pub struct BlobStore {
    inner: Arc<Inner>,
}

/// What a store and the keeper of its lease have in common.
pub(super) struct Inner {
    service: Service,
    environment: EnvName,
    what: String,
    session: Uuid,
    count: AtomicU64,
    /// The lease this store holds.
    lock: Mutex<Option<(String, Holder)>>,
    shelf: Shelf,
    /// What this store found when it first looked, until that is kept as an earlier version.
    found: Mutex<Option<(Version, Vec<u8>)>>,
    /// Whether it is kept: what this store writes from then on is its own command's.
    kept: AtomicBool,
    /// What stood there when this store last looked.
    known: Mutex<Option<(Option<Version>, Over)>>,
    /// The keeper of the lease. It ends with the guard.
    keepers: Mutex<JoinSet<()>>,
}

impl BlobStore {
    /// The store of an environment's state. Nothing is asked until it is used.
    ///
    /// # Errors
    /// [`StateError::Access`] for a URL that no request can be sent to.
    pub fn new(settings: BlobSettings) -> Result<Self, StateError> {
        let BlobSettings { container: url, environment, credential, transport, session } = settings;
        let name = format!("{environment}.json");
        let mut shown = url.clone();
        shown.set_query(None);
        if let Ok(mut segments) = shown.path_segments_mut() {
            segments.pop_if_empty().push(&name);
        }
        let what = shown.to_string();
        let signed = url.query_pairs().any(|(name, _)| name == "sig");
        let credential = credential.filter(|_| !signed);
        let unfit = |error| StateError::Access { act: "reach", what: what.clone(), source: Box::new(error) };
        let service = Service::new(url.clone(), &name, credential.clone(), transport.clone()).map_err(unfit)?;
        let shelf = Shelf::new(url, &environment, credential, transport).map_err(unfit)?;
        let inner = Inner {
            service,
            shelf,
            found: Mutex::default(),
            kept: AtomicBool::new(false),
            environment,
            what,
            session,
            count: AtomicU64::default(),
            lock: Mutex::default(),
            known: Mutex::default(),
            keepers: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}

#[async_trait]
impl Store for BlobStore {
    async fn load(&self) -> Result<Option<State>, StateError> {
        let (state, over) = self.inner.load().await?;
        self.inner.remember(state.as_ref().and_then(State::version), over);
        Ok(state)
    }

    async fn document(&self) -> Result<Option<Vec<u8>>, StateError> {
        match self.inner.service.read().await {
            Ok(blob) => Ok((!blob.meta.absent).then_some(blob.bytes)),
            Err(Refused::Absent) => Ok(None),
            Err(refused) => Err(self.inner.access("read", refused)),
        }
    }

    async fn replace(&self, state: &mut State, over: Option<&Version>) -> Result<(), StateError> {
        let inner = &self.inner;
        let next = state.serial.next();
        let new = format::write(state, next)?;
        expect_environment(&inner.what, &inner.environment, state)?;
        let etag = inner.write(&new, over).await?;
        inner.kept.store(true, Ordering::Release);
        state.serial = next;
        inner.remember(state.version(), Over::Etag(etag));
        Ok(())
    }

    async fn lock(&self, holder: &Holder, wait: Duration) -> Result<Box<dyn Guard>, StateError> {
        let inner = &self.inner;
        let lease = inner.id("lease");
        inner.acquire(&lease, Instant::now() + wait).await?;
        *get(&inner.lock) = Some((lease.clone(), holder.clone()));
        let guard = Box::new(LeaseGuard::new(inner, lease.clone()));
        match inner.sign(&lease, Some(holder.clone())).await {
            Ok(()) => Ok(guard),
            Err(refused) => {
                let error = inner.access("lock", refused);
                // The first error is the one to tell.
                let _ = guard.release().await;
                Err(error)
            }
        }
    }

    async fn held(&self) -> Result<Option<Held>, StateError> {
        match self.inner.service.look().await {
            Ok((meta, true)) => Ok(Some(Held { holder: meta.holder, lease: meta.lease, breakable: true })),
            Ok((_, false)) | Err(Refused::Absent) => Ok(None),
            Err(refused) => Err(self.inner.access("read", refused)),
        }
    }

    async fn unlock(&self) -> Result<(), StateError> {
        match self.inner.service.break_lease().await {
            Ok(()) | Err(Refused::LeaseEnded | Refused::Absent) => Ok(()),
            Err(refused) => Err(self.inner.access("unlock", refused)),
        }
    }

    async fn history(&self) -> Result<Vec<Kept>, StateError> {
        self.inner.shelf.list().await.map_err(|refused| self.inner.access("list the earlier versions of", refused))
    }

    async fn kept(&self, version: &Version) -> Result<Option<Vec<u8>>, StateError> {
        match self.inner.shelf.read(version).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Refused::Absent) => Ok(None),
            Err(refused) => Err(self.inner.access("read an earlier version of", refused)),
        }
    }

    async fn remove(&self) -> Result<(), StateError> {
        self.inner.remove().await
    }

    fn describe(&self) -> String {
        self.inner.what.clone()
    }
}

impl Inner {
    pub(super) fn what(&self) -> &str {
        &self.what
    }

    /// Runs the keeper of a lease. Those before it have ended with their guards.
    pub(super) fn in_background(&self, keeper: impl Future<Output = ()> + Send + 'static) {
        let mut keepers = get(&self.keepers);
        while keepers.try_join_next().is_some() {}
        keepers.spawn(keeper);
    }

    pub(super) async fn renew(&self, lease: &str) -> Result<(), Refused> {
        self.service.renew(lease).await
    }

    /// Ends the lease, and takes its signature away.
    pub(super) async fn give_back(&self, lease: &str) -> Result<(), StateError> {
        // Without a lease there is nothing to sign off from, and a signature left behind does no harm: the blob is free.
        let _ = self.sign(lease, None).await;
        let mut lock = get(&self.lock).take();
        let ended = self.service.release(lease).await;
        if lock.as_ref().is_some_and(|(other, _)| other != lease) {
            // The next guard of this store is there already.
            *get(&self.lock) = lock.take();
        }
        match ended {
            Ok(()) | Err(Refused::LeaseEnded | Refused::Leased | Refused::Absent) => Ok(()),
            Err(refused) => Err(self.access("unlock", refused)),
        }
    }

    /// Takes the lease, waiting for it.
    async fn acquire(&self, lease: &str, until: Instant) -> Result<(), StateError> {
        let mut pause = LOCK_POLL.0;
        loop {
            match self.service.acquire(lease).await {
                Ok(()) => return Ok(()),
                Err(Refused::Absent) => {
                    match self.service.write_placeholder(Meta::default(), &Over::Nothing, None).await {
                        Ok(_) | Err(Refused::Changed | Refused::Leased) => {}
                        Err(refused) => return Err(self.access("lock", refused)),
                    }
                }
                Err(Refused::Leased) => {
                    let now = Instant::now();
                    if now >= until {
                        return Err(StateError::Locked { what: self.what.clone(), holder: self.holder().await });
                    }
                    tokio::time::sleep(pause.min(until - now)).await;
                    pause = (pause * 3 / 2).min(LOCK_POLL.1);
                }
                Err(refused) => return Err(self.access("lock", refused)),
            }
        }
    }

    /// Writes who holds the lease, or that nobody does, and leaves the rest as it is.
    async fn sign(&self, lease: &str, holder: Option<Holder>) -> Result<(), Refused> {
        let (meta, _) = self.service.look().await?;
        let named = holder.as_ref().map(|_| lease.to_owned());
        // What was known has another ETag from now on, and may have been known before the lease.
        *get(&self.known) = None;
        self.service.annotate(&Meta { holder, lease: named, ..meta }, lease).await
    }

    async fn holder(&self) -> Option<Box<Holder>> {
        // That it is locked is what has to be said; by whom, if it can be found out.
        self.service.look().await.ok().and_then(|(meta, _)| meta.holder.map(Box::new))
    }

    async fn load(&self) -> Result<(Option<State>, Over), StateError> {
        match self.service.read().await {
            Ok(blob) if blob.meta.absent => Ok((None, Over::Etag(blob.etag))),
            Ok(blob) => {
                let origin = Origin { what: &self.what, backup: None, environment: &self.environment };
                let state = format::read(&blob.bytes, &origin)?;
                if !self.kept.load(Ordering::Acquire) {
                    *get(&self.found) = state.version().map(|version| (version, blob.bytes));
                }
                Ok((Some(state), Over::Etag(blob.etag)))
            }
            Err(Refused::Absent) => Ok((None, Over::Nothing)),
            Err(refused) => Err(self.access("read", refused)),
        }
    }

    /// Puts `new`, the file of a state, in the place of `over`.
    async fn write(&self, new: &[u8], over: Option<&Version>) -> Result<Etag, StateError> {
        let writer = self.id("write");
        let mut at = get(&self.known).take().filter(|(version, _)| version.as_ref() == over).map(|(_, at)| at);
        let mut renewed = false;
        for _ in 0..ROUNDS {
            let here = match at.take() {
                Some(here) => here,
                None => {
                    let (stored, here) = self.load().await?;
                    expect_unmoved(&self.what, stored.as_ref().and_then(State::version), over)?;
                    here
                }
            };
            self.keep(over).await?;
            let (meta, lease) = self.meta(Some(writer.clone()));
            let refused = match self.service.write(new, &meta, &here, lease.as_deref()).await {
                Ok(etag) => return Ok(etag),
                Err(Refused::Leased) => {
                    return Err(StateError::Locked { what: self.what.clone(), holder: self.holder().await });
                }
                Err(refused) => refused,
            };
            // It may have been written all the same, and only the answer was lost.
            if let Some(etag) = self.written_by(&writer).await {
                return Ok(etag);
            }
            match (refused, lease) {
                (Refused::Changed | Refused::Absent, _) => {}
                (Refused::LeaseEnded, Some(lease)) if !renewed && self.renew(&lease).await.is_ok() => {
                    renewed = true;
                    at = Some(here);
                }
                (Refused::LeaseEnded, _) => return Err(self.lost().await),
                (refused, _) => return Err(self.access("write", refused)),
            }
        }
        Err(self.access("write", Refused::Changed))
    }

    /// Keeps the version that is about to be replaced, unless this command wrote it.
    async fn keep(&self, over: Option<&Version>) -> Result<(), StateError> {
        let Some(version) = over.filter(|_| !self.kept.load(Ordering::Acquire)) else { return Ok(()) };
        let found = get(&self.found).take().filter(|(found, _)| found == version);
        let bytes = match found {
            Some((_, bytes)) => bytes,
            None => match self.service.read().await {
                // What is something else by now is not replaced either.
                Ok(blob) if format::version_of(&blob.bytes).as_ref() != Some(version) => return Ok(()),
                Ok(blob) => blob.bytes,
                Err(Refused::Absent) => return Ok(()),
                Err(refused) => return Err(self.access("read", refused)),
            },
        };
        self.shelf.keep(version, &bytes).await.map_err(|refused| self.access("keep the earlier version of", refused))
    }

    async fn remove(&self) -> Result<(), StateError> {
        *get(&self.known) = None;
        for _ in 0..ROUNDS {
            let blob = match self.service.read().await {
                Ok(blob) if blob.meta.absent => return Ok(()),
                Ok(blob) => blob,
                Err(Refused::Absent) => return Ok(()),
                Err(refused) => return Err(self.access("remove", refused)),
            };
            self.keep(format::version_of(&blob.bytes).as_ref()).await?;
            let (meta, lease) = self.meta(None);
            match self.service.write_placeholder(meta, &Over::Etag(blob.etag), lease.as_deref()).await {
                Ok(_) => return Ok(()),
                Err(Refused::Changed | Refused::Absent) => {}
                Err(Refused::LeaseEnded) => return Err(self.lost().await),
                Err(Refused::Leased) => {
                    return Err(StateError::Locked { what: self.what.clone(), holder: self.holder().await });
                }
                Err(refused) => return Err(self.access("remove", refused)),
            }
        }
        Err(self.access("remove", Refused::Changed))
    }

    /// The ETag of the blob, if this write made it.
    async fn written_by(&self, writer: &str) -> Option<Etag> {
        let blob = self.service.read().await.ok()?;
        (blob.meta.writer.as_deref() == Some(writer)).then_some(blob.etag)
    }

    async fn lost(&self) -> StateError {
        let holder = match self.service.look().await {
            Ok((meta, true)) => meta.holder.map(Box::new),
            _ => None,
        };
        StateError::LockLost { what: self.what.clone(), holder }
    }

    /// What stands beside a write, and the lease it names.
    fn meta(&self, writer: Option<String>) -> (Meta, Option<String>) {
        let (lease, holder) = get(&self.lock).clone().unzip();
        (Meta { writer, holder, lease: lease.clone(), absent: false }, lease)
    }

    fn remember(&self, version: Option<Version>, over: Over) {
        *get(&self.known) = Some((version, over));
    }

    /// An id that nobody else has.
    fn id(&self, of: &str) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        Uuid::new_v5(&self.session, format!("{of} {number}").as_bytes()).to_string()
    }

    fn access(&self, act: &'static str, refused: Refused) -> StateError {
        StateError::Access { act, what: self.what.clone(), source: Box::new(refused.trouble()) }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL of the service may be signed.
        f.debug_struct("Inner").field("what", &self.what).finish_non_exhaustive()
    }
}

/// What a mutex guards. Every change behind these is one assignment, so a panic elsewhere leaves nothing half done.
fn get<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
