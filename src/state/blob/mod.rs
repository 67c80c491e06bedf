//! A state in a container of Azure Blob Storage: the blob `prod.json`, leased while a run writes it.
//!
//! `service` says single requests and what their answers mean, `lease` keeps the lock alive, `shelf` keeps earlier versions, and
//! `store` makes a store of them.

mod lease;
mod service;
mod shelf;
mod store;
mod trouble;

pub use store::{BlobSettings, BlobStore};
pub use trouble::BlobTrouble;
