//! The counts of a plan, by address.

use std::collections::BTreeMap;

use super::{Action, Plan};
use crate::names::Address;

/// How many addresses a plan touches in which manner. An address with several steps counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Made.
    pub create: usize,
    /// Changed in place.
    pub update: usize,
    /// Made anew under another name.
    pub rotate: usize,
    /// Deleted and made anew.
    pub replace: usize,
    /// Deleted.
    pub delete: usize,
    /// Taken into the record.
    pub adopt: usize,
    /// Nothing to do.
    pub unchanged: usize,
}

impl Plan {
    /// The counts.
    pub fn summary(&self) -> Summary {
        let mut by_address: BTreeMap<&Address, Action> = BTreeMap::new();
        for step in &self.steps {
            let known = by_address.entry(&step.address).or_insert(step.action);
            // The strongest word wins: a rotation's second step deletes, yet the address is rotated.
            if rank(step.action) > rank(*known) {
                *known = step.action;
            }
        }
        let count = |action: Action| by_address.values().filter(|a| **a == action).count();
        Summary {
            create: count(Action::Create),
            update: count(Action::Update),
            rotate: count(Action::Rotate),
            replace: count(Action::Replace),
            delete: count(Action::Delete),
            adopt: count(Action::Adopt),
            unchanged: self.unchanged.len(),
        }
    }
}

fn rank(action: Action) -> u8 {
    match action {
        Action::Adopt => 0,
        Action::Delete => 1,
        Action::Update => 2,
        Action::Create => 3,
        Action::Rotate => 4,
        Action::Replace => 5,
    }
}
