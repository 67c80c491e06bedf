//! An Azure Resource Manager that runs in process, written from recorded exchanges and the ARM type tables, with its own
//! tables of behaviour in `data/`. It never sees the engine's equality or disruption tables, nor any of its wire types.

mod actions;
mod address;
mod behaviour;
mod call;
mod certificate;
mod check;
mod clock;
mod clusters;
mod complete;
mod credentials;
mod directory;
mod fault;
mod fork;
mod front;
mod grants;
mod groups;
mod in_process;
mod json_path;
mod limits;
mod message;
mod operations;
mod pace;
mod platform;
mod pools;
mod principals;
mod refusal;
mod registries;
mod resources;
mod seed;
mod serve;
mod show;
mod upgrades;
mod versions;
mod world;

pub use certificate::CertificateError;
pub use clock::{Clock, SteppedClock, SystemClock, TokioClock};
pub use fault::{Answer, Fault};
pub use front::{Options, Sandbox};
pub use in_process::InProcess;
pub use message::{Logged, Request, Response};
pub use pace::Pace;
pub use seed::SeedError;
pub use serve::{ServeError, ServeOptions, serve};
