//! What a client needs to know: where, as whom, through what, how patiently.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::HttpClient;
use url::Url;

use crate::names::CorrelationId;

/// Called once per HTTP answer or failure.
pub type TraceSink = Arc<dyn Fn(&Trace) + Send + Sync>;

/// What a client is made from.
#[derive(Clone)]
pub struct ClientSettings {
    /// Where ARM is; https only.
    pub resource_manager: Url,
    /// Whom the token is for; its scope is `{audience}/.default`.
    pub audience: String,
    /// Who asks.
    pub credential: Arc<dyn TokenCredential>,
    /// What carries the requests: sockets, or an ARM in this process.
    pub transport: Arc<dyn HttpClient>,
    /// For `-v`.
    pub trace: Option<TraceSink>,
    /// The most requests in flight per subscription; at least 1.
    pub parallelism: usize,
    /// How long trouble is waited out.
    pub patience: Patience,
    /// Whether a connection is opened while the token is fetched.
    pub warm: bool,
}

/// Budgets: for how long each kind of trouble is waited out, counted from its first sign, and how often operations are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// Grants and principals that have yet to spread. Azure documents up to ten minutes.
    pub propagation: Duration,
    /// Another operation in progress.
    pub busy: Duration,
    /// Network and service failures.
    pub transient: Duration,
    /// Failures to connect to a server that has never answered: a wrong name is told sooner than an outage.
    pub first_contact: Duration,
    /// Throttling.
    pub throttled: Duration,
    /// One answer, from sending the request to its last byte. Who gives it up may ask again.
    pub answer: Duration,
    /// From the start of an operation to its first reading.
    pub first_poll: Duration,
    /// The shortest time between two readings of one operation.
    pub shortest_poll: Duration,
    /// The longest time between two readings, where Azure asks for none and few operations run.
    pub longest_poll: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            propagation: Duration::from_secs(10 * 60),
            busy: Duration::from_secs(60 * 60),
            transient: Duration::from_secs(5 * 60),
            first_contact: Duration::from_secs(30),
            throttled: Duration::from_secs(20 * 60),
            // ARM itself gives up on a service after a minute.
            answer: Duration::from_secs(150),
            first_poll: Duration::from_secs(1),
            shortest_poll: Duration::from_secs(1),
            longest_poll: Duration::from_secs(15),
        }
    }
}

/// One HTTP answer, or the failure to get one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// `GET`.
    pub method: &'static str,
    /// The URL; values that may be signed are left out.
    pub url: String,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong, if there was none.
    pub failure: Option<String>,
    /// From sending to the last byte.
    pub elapsed: Duration,
    /// Which try of this request it was, from 1.
    pub attempt: u32,
    /// For Azure's support.
    pub correlation: Option<CorrelationId>,
    /// The answer's own id.
    pub request_id: Option<String>,
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.method, self.url)?;
        match (self.status, &self.failure) {
            (Some(status), _) => write!(f, "{status}")?,
            (None, failure) => write!(f, "failed ({})", failure.as_deref().unwrap_or("no answer"))?,
        }
        write!(f, " in {} ms", self.elapsed.as_millis())?;
        if self.attempt > 1 {
            write!(f, ", attempt {}", self.attempt)?;
        }
        if let Some(correlation) = &self.correlation {
            write!(f, ", correlation {correlation}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSettings")
            .field("resource_manager", &self.resource_manager.as_str())
            .field("audience", &self.audience)
            .field("parallelism", &self.parallelism)
            .field("patience", &self.patience)
            .field("warm", &self.warm)
            .finish_non_exhaustive()
    }
}
