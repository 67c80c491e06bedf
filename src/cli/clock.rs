//! Wall-clock time and randomness, read here and handed down as values.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::model::HashKey;
use crate::names::Lineage;

/// Now, as RFC 3339 in UTC, to the second.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn now() -> String {
    let now = OffsetDateTime::now_utc();
    let whole = now.replace_nanosecond(0).unwrap_or(now);
    whole.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".to_owned())
}

/// The identity of a new state.
pub(super) fn lineage() -> Lineage {
    Uuid::new_v4().to_string().parse().expect("a UUID is a lineage")
}

/// A key of 32 random bytes for the hashes of secrets.
pub(super) fn hash_key() -> HashKey {
    HashKey([Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|u| *u.as_bytes()).collect())
}

/// What tells the requests of one store from those of all others.
pub(super) fn session() -> Uuid {
    Uuid::new_v4()
}
