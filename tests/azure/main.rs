//! The room `azure` from outside: the client and the credentials against scripted answers, the transport against real TLS, and
//! the meaning of recorded refusals.

#![expect(clippy::unwrap_used, reason = "what fails in a test's own scaffolding fails the test")]

mod client;
mod credential;
mod errors;
mod renewal;
mod script;
mod transport;
