//! The lock on a blob: a lease of a minute, renewed for as long as its guard lives, so that it ends with its process at the
//! latest a minute after it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;

use super::service::LEASE_SECONDS;
use super::store::Inner;
use super::trouble::Refused;
use crate::state::{Guard, StateError};

/// How often a lease is renewed: twice may fail.
const RENEW: Duration = Duration::from_secs(LEASE_SECONDS as u64 / 3);

/// Where the outcome of giving the lease back is to go.
type Reply = oneshot::Sender<Result<(), StateError>>;

/// The guard of a lease. Its keeper ends when it goes away, and gives the lease back.
pub(super) struct LeaseGuard {
    end: oneshot::Sender<Reply>,
    what: String,
}

impl LeaseGuard {
    /// Has a lease kept that was just taken.
    pub(super) fn new(inner: &Arc<Inner>, lease: String) -> Self {
        let (end, ended) = oneshot::channel();
        inner.in_background(keep(Arc::clone(inner), lease, ended));
        Self { end, what: inner.what().to_owned() }
    }
}

#[async_trait]
impl Guard for LeaseGuard {
    async fn release(self: Box<Self>) -> Result<(), StateError> {
        let (reply, outcome) = oneshot::channel();
        let Self { end, what } = *self;
        let answered = match end.send(reply) {
            Ok(()) => outcome.await.ok(),
            Err(_) => None,
        };
        answered.unwrap_or_else(|| {
            Err(StateError::Access { act: "unlock", what, source: "the lease has no keeper any more".into() })
        })
    }
}

/// Renews the lease until the guard is released or dropped, and gives it back then.
async fn keep(inner: Arc<Inner>, lease: String, ended: oneshot::Receiver<Reply>) {
    let reply = tokio::select! {
        biased;
        reply = ended => reply.ok(),
        never = renew(&inner, &lease) => match never {},
    };
    let outcome = inner.give_back(&lease).await;
    if let Some(reply) = reply {
        // Who asked may have stopped waiting.
        let _ = reply.send(outcome);
    }
}

async fn renew(inner: &Inner, lease: &str) -> Infallible {
    loop {
        tokio::time::sleep(RENEW).await;
        // A lease that has ended is noticed by the next write, which names it and is refused.
        if let Err(Refused::LeaseEnded | Refused::Leased | Refused::Absent) = inner.renew(lease).await {
            std::future::pending::<Infallible>().await;
        }
    }
}
