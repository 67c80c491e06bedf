//! The wall clock, which HTTP dates and the expiry of tokens are told in. Everything that waits uses tokio time instead.

use time::OffsetDateTime;

/// Now.
pub(super) fn now() -> OffsetDateTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "tokens and HTTP dates expire by the servers' clocks, not by one that tests stop"
    )]
    OffsetDateTime::now_utc()
}
