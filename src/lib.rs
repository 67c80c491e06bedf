//! landfall provisions AKS clusters and Azure Container Registries, attached to each other, from one declarative file per
//! environment. `docs/ARCHITECTURE.md` is the map of these rooms.

pub mod diagnostic;
pub mod names;

pub mod document;
pub mod model;
pub mod schema;

pub mod diff;
pub mod environment;
pub mod event;

pub mod azure;
pub mod plan;
pub mod state;

pub mod apply;
pub mod observe;
pub mod report;
pub mod sandbox;

pub mod cli;
