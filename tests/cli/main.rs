//! The built binary from outside: what it prints, what it leaves on disk, what it asks of a server, and its exit codes.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test writes its own files, waits for other processes, and fails when it cannot"
)]

mod canaries;
mod cancel;
mod exit_codes;
mod interrupt;
mod looking;
mod lost;
mod over_https;
mod plan_json;
mod sandbox;
mod secrets;
mod served;
mod test_env;
