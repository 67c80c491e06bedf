//! A tree of values in the shape of the environment file: property names are ARM's, without the `properties` envelope.
//!
//! Desired, recorded and live resources are all held in this one shape, so that they can be compared path by path.

mod map;
mod packed;
mod path;
mod secret;
mod template;
mod value;
mod veil;
mod written;

pub use map::Map;
pub use packed::Packed;
pub use path::{Path, Segment};
pub use secret::{Secret, SecretHash};
pub use template::{Part, Reference, Template};
pub use value::Value;
pub use veil::Veil;
pub use written::{NoHash, Unwritable, decode, encode};
