//! What Azure reports.

use std::collections::BTreeMap;

use crate::document::Value;
use crate::names::{ArmId, Etag};

/// The outcome of a read. A read that failed is never taken for an absence.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen<T> {
    /// Azure says that it does not exist.
    Absent,
    /// Azure's answer.
    Present(T),
    /// It could not be read; the text says why.
    Unreadable(String),
}

/// One resource as Azure reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Its id, as answered.
    pub id: ArmId,
    /// Its whole document, in the shape of the file.
    pub body: Value,
    /// Its version tag, where it has one.
    pub etag: Option<Etag>,
}

/// Everything that was read for one plan.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// Single resources by id.
    pub resources: BTreeMap<ArmId, Seen<Observed>>,
    /// The role assignments that hold at a scope, inherited ones included, by scope.
    pub grants: BTreeMap<ArmId, Seen<Vec<Observed>>>,
    /// The ids of what lies in a resource group, by the group.
    pub listings: BTreeMap<ArmId, Seen<Vec<ArmId>>>,
    /// Answers that are no resources (which versions a region offers), in ARM's form, by the path that was asked.
    pub answers: BTreeMap<String, Seen<Value>>,
}

impl Observed {
    /// Whether Azure says that its last write did not succeed: what it reports may then be half made.
    pub fn failed(&self) -> bool {
        let state = self.body.property("provisioningState").and_then(Value::as_str);
        state.is_some_and(|s| ["failed", "canceled"].iter().any(|bad| s.eq_ignore_ascii_case(bad)))
    }
}

impl<T> Seen<T> {
    /// What is there, if it was read and is there.
    pub fn present(&self) -> Option<&T> {
        if let Self::Present(it) = self { Some(it) } else { None }
    }
}

impl Live {
    /// What is known of a resource. What was never asked for counts as unreadable, not as absent.
    pub fn get(&self, id: &ArmId) -> Seen<&Observed> {
        match self.resources.get(id) {
            Some(Seen::Present(it)) => Seen::Present(it),
            Some(Seen::Absent) => Seen::Absent,
            Some(Seen::Unreadable(why)) => Seen::Unreadable(why.clone()),
            None => Seen::Unreadable("it was not read".to_owned()),
        }
    }
}
