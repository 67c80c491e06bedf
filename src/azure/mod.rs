//! The client of Azure Resource Manager: JSON bodies at its edge, and below that credentials, retries, throttling, paging and
//! long-running operations. It knows nothing of plans, and nothing of what a document means.

mod advice;
mod advice_rows;
mod assertion;
mod certificate;
mod client;
mod clock;
mod codes;
mod credential;
mod entra;
mod error;
mod gate;
mod kind;
mod limits;
mod named;
mod operation;
mod refusal;
mod request;
mod retry;
mod send;
mod settings;
mod shape;
mod token;
mod transport;

pub use client::{Answer, Client, Method, Started, Write};
pub use credential::{Choice, CredentialError, CredentialSettings, ReadFile, credential};
pub use error::{Cause, Error, Failure};
pub use kind::{Classified, Kind, classify};
pub use named::Named;
pub use operation::{Operation, OperationKind, Wait};
pub use refusal::Detail;
pub use retry::{Next, Outcome, next};
pub use settings::{ClientSettings, Patience, Trace, TraceSink};
pub use transport::{TransportError, TrustFailure, transport};
