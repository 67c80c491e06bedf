//! How large a state may grow. Every write sends all of it, so a large one is slow long before any store refuses it.

use super::{State, StateError, format};
use crate::names::Address;

/// From how many bytes on a state is said to be large: 8 MiB, some hundreds of clusters.
pub const LARGE: u64 = 8 << 20;
/// From how many bytes on a state is not begun to be written: 64 MiB. A run that has begun writes what it has to all the same.
pub const TOO_LARGE: u64 = 64 << 20;

/// How many resources are named that take the most room.
const NAMED: usize = 3;

/// What a state weighs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// How many bytes it is.
    pub bytes: u64,
    /// The resources whose records take the most, and how many bytes each; the largest first.
    pub largest: Vec<(Address, u64)>,
    /// How many bytes the journal takes.
    pub journal: u64,
}

/// Weighs a state, as it would be written.
///
/// # Errors
/// As [`Store::save`](super::Store::save), for what must not be written.
pub fn weigh(state: &State) -> Result<Weight, StateError> {
    let bytes = format::write(state, state.serial)?.len() as u64;
    let resources = state.recorded.resources.iter();
    let mut largest: Vec<(Address, u64)> =
        resources.map(|(address, entry)| (address.clone(), format::bytes_of(address, entry) as u64)).collect();
    let records: u64 = largest.iter().map(|(_, bytes)| bytes).sum();
    largest.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    largest.truncate(NAMED);
    Ok(Weight { bytes, largest, journal: bytes.saturating_sub(records) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Packed, Value};
    use crate::model::{Entry, HashKey};
    use crate::names::ArmId;

    #[test]
    fn the_largest_are_named_first() {
        let lineage = "b6a2a9a5-52a5-4f8c-9c9f-0b4a5b8f9a10".parse().unwrap();
        let mut state = State::new("prod".parse().unwrap(), lineage, HashKey(vec![1; 32]));
        for (name, size) in [("a", 10), ("b", 3_000), ("c", 20), ("d", 90_000)] {
            let entry = Entry {
                id: ArmId::parse("/subscriptions/s").unwrap(),
                arm_type: String::new(),
                applied: Value::text("x".repeat(size)),
                defaulted: Value::map(),
                seen: Packed::default(),
                created: true,
                protect: false,
                chosen: None,
                depends_on: Vec::new(),
            };
            state.recorded.resources.insert(Address::top("clusters", name), entry);
        }
        let weight = weigh(&state).unwrap();
        let named: Vec<&str> = weight.largest.iter().map(|(address, _)| address.as_str()).collect();
        assert_eq!(named, ["clusters.d", "clusters.b", "clusters.c"]);
        assert!(weight.largest[0].1 > 90_000 && weight.journal < 1_000, "{weight:?}");
    }
}
