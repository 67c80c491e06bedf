//! Work under the lock of a state.

use std::time::Duration;

use super::error::CommandError;
use crate::state::{Holder, Store};

/// Runs `work` with the lock held, and gives it back however the work ended: a lease in a container would go on for a minute
/// otherwise, and refuse the very next command.
pub(super) async fn locked<T>(
    store: &dyn Store,
    holder: &Holder,
    wait: Duration,
    work: impl AsyncFnOnce() -> Result<T, CommandError>,
) -> Result<T, CommandError> {
    let guard = store.lock(holder, wait).await?;
    let outcome = work().await;
    let released = guard.release().await;
    // What the work has to say comes first.
    let outcome = outcome?;
    released?;
    Ok(outcome)
}
