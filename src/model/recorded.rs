//! What was last applied.

use std::collections::BTreeMap;

use crate::document::{Packed, Value};
use crate::names::{Address, ArmId};

/// The record of an environment: what landfall applied and created. Empty for a new environment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// By address.
    pub resources: BTreeMap<Address, Entry>,
    /// Under which secrets are remembered.
    pub key: HashKey,
}

/// One resource of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it is in Azure.
    pub id: ArmId,
    /// Its ARM type.
    pub arm_type: String,
    /// The managed properties as last applied; secrets as hashes.
    pub applied: Value,
    /// Defaults that a create was given; never compared.
    pub defaulted: Value,
    /// The whole document as last seen, for what moves outside the file.
    pub seen: Packed,
    /// Whether landfall made it, rather than adopting it.
    pub created: bool,
    /// Whether the file protected it when it was last applied.
    pub protect: bool,
    /// Why landfall added it by itself, where it did.
    pub chosen: Option<String>,
    /// What had to stand before it: the order of deletion is the reverse.
    pub depends_on: Vec<Address>,
}

/// What an interrupted run was making, by its journal: landfall's own, although no record may say so yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Made {
    /// Under which address.
    pub address: Address,
    /// What it is in Azure.
    pub id: ArmId,
}

/// The random key under which a state remembers secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HashKey(pub Vec<u8>);

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(..)")
    }
}
