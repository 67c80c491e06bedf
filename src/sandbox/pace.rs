//! How long the sandbox's operations take.

use std::time::Duration;

/// How long operations and the spreading of grants take.
#[derive(Debug, Clone)]
pub struct Pace {
    /// A cluster's create or update; a delete takes half.
    pub cluster: Duration,
    /// A node pool's.
    pub pool: Duration,
    /// A registry's, and a replication's.
    pub registry: Duration,
    /// Anything else that runs as an operation.
    pub other: Duration,
    /// The deletion of a resource group.
    pub group: Duration,
    /// From a role assignment's PUT until it is in force.
    pub grant: Duration,
    /// From an identity's PUT until the directory knows its principal.
    pub directory: Duration,
}

impl Pace {
    /// Everything is done when it is asked for.
    pub fn instant() -> Self {
        Self::of([0; 7])
    }

    /// Seconds: for a demonstration at which someone watches.
    pub fn demo() -> Self {
        Self::of([4_000, 2_000, 1_000, 500, 1_000, 2_000, 1_000])
    }

    /// The durations that were observed in Azure, in round numbers.
    pub fn real() -> Self {
        Self::of([270_000, 160_000, 25_000, 10_000, 60_000, 120_000, 20_000])
    }

    fn of(ms: [u64; 7]) -> Self {
        let [cluster, pool, registry, other, group, grant, directory] = ms.map(Duration::from_millis);
        Self { cluster, pool, registry, other, group, grant, directory }
    }

    pub(super) fn of_kind(&self, kind: &str) -> Duration {
        match kind {
            "cluster" => self.cluster,
            "pool" => self.pool,
            "registry" => self.registry,
            "group" => self.group,
            _ => self.other,
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::demo()
    }
}
