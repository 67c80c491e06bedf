//! Environment files: from YAML text to [`crate::model::Desired`], with every problem found in one go.
//!
//! Opens no file and reads no variable: both come through [`Sources`].

mod attach;
mod body;
mod cloud;
mod declare;
mod defaults;
mod draft;
mod files;
mod form;
mod grant;
mod interpolate;
mod json_schema;
mod load;
mod mask;
mod merge;
mod naming;
mod nearest;
mod order;
mod other_names;
mod own_keys;
mod problems;
mod protect;
mod regions;
mod required;
mod resolve;
mod rules;
mod scalar;
mod settings;
mod sources;
mod topic;
mod tree;
mod yaml;

pub use cloud::cloud_endpoints;
pub use draft::{Answers, DraftError, first_environment, from_az};
pub use json_schema::json_schema;
pub use load::load;
pub use own_keys::{OWN_KEYS, OwnKey, Stands, own_keys_at};
pub use rules::{RULES, Rule};
pub use sources::{MapSources, ReadProblem, Sources};
pub use topic::{Kind, NoTopic, Topic, names_at, topic};
