//! An environment as it would be made from nothing, without asking anybody: what attaching adds included.

use super::{Expansion, expand, reads};
use crate::document::{Path, Value};
use crate::model::{Desired, Live, Observed, Recorded, Seen};

/// The principal of an identity that is somebody else's: it has one, and nobody is asked which.
const SOMEBODY: &str = "00000000-0000-0000-0000-000000000000";

/// The resources of the file and those that attaching adds when none of them exists yet, and all that the file only refers to
/// does.
pub fn from_nothing(desired: &Desired) -> Expansion {
    let recorded = Recorded::default();
    let mut live = Live::default();
    for id in reads(desired, &recorded, false, &[]).resources.into_keys() {
        let seen = if desired.resources.values().any(|w| w.id() == Some(&id)) {
            Seen::Absent
        } else {
            let mut body = Value::map();
            body.set(&Path::of(["principalId"]), Value::text(SOMEBODY));
            Seen::Present(Observed { id: id.clone(), body, etag: None })
        };
        live.resources.insert(id, seen);
    }
    expand(desired, &recorded, &live)
}
