//! What must not be written to at the same time.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::names::ArmId;
use crate::plan::{Hold, Step};

/// The locks of one run.
pub(super) struct Holds(BTreeMap<ArmId, Arc<RwLock<()>>>);

/// Something held; dropping it lets go.
pub(super) enum Held {
    Shared { _guard: OwnedRwLockReadGuard<()> },
    Alone { _guard: OwnedRwLockWriteGuard<()> },
}

impl Holds {
    pub(super) fn of(steps: &[Step]) -> Self {
        let ids = steps.iter().flat_map(|s| &s.holds).map(|h| (h.id.clone(), Arc::default()));
        Self(ids.collect())
    }

    /// Takes all of a step's holds. They come in one order in every step, so that no two steps wait for each other.
    pub(super) async fn take(&self, holds: &[Hold]) -> Vec<Held> {
        let mut out = Vec::with_capacity(holds.len());
        for hold in holds {
            let Some(lock) = self.0.get(&hold.id).cloned() else { continue };
            out.push(match hold.shared {
                true => Held::Shared { _guard: lock.read_owned().await },
                false => Held::Alone { _guard: lock.write_owned().await },
            });
        }
        out
    }
}
