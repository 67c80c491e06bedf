//! What ARM's resource types look like and how their properties behave, as data.
//!
//! `data/schema.json` is generated from Microsoft's type tables by `tests/schema.rs`; `data/facts.tsv`,
//! `data/transitions.tsv`, `data/patterns.tsv` and `data/overrides.json` are kept by hand. No property is named in this room's code.

mod envelope;
mod facts;
mod load;
mod paths;
mod patterns;
mod resource;
mod roles;
mod shape;
mod transitions;
mod words;

pub use facts::{Change, Confidence, Equality, Fact};
pub use patterns::pattern_words;
pub use resource::{
    Advisory, Child, CreateDefault, ImpliedRole, KeyedDefault, Moot, Referenced, ResourceType, Schema, Update,
};
pub use roles::{role_by_name, role_name, role_names};
pub use shape::{Property, Shape, ShapeId};
pub use transitions::{Condition, Passage, Transition};
