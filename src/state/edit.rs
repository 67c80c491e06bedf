//! The record edited by hand: entries forgotten, or kept under another address. What is below goes along, and what waited
//! for it is told. Knows nothing of ARM: whether an address makes sense for a resource is the caller's to ask.

use std::collections::BTreeSet;

use super::State;
use crate::names::Address;

impl State {
    /// Takes entries and everything below them out of the record, and says which; nothing is saved.
    pub fn forget(&mut self, addresses: &[Address]) -> Vec<Address> {
        let doomed = |address: &Address| addresses.iter().any(|above| address.within(above));
        let gone: BTreeSet<Address> = self.recorded.resources.keys().filter(|a| doomed(a)).cloned().collect();
        self.recorded.resources.retain(|address, _| !gone.contains(address));
        for entry in self.recorded.resources.values_mut() {
            entry.depends_on.retain(|address| !gone.contains(address));
        }
        gone.into_iter().collect()
    }

    /// Keeps an entry and everything below it under another address, and says which became which; nothing is saved.
    pub fn rename(&mut self, from: &Address, to: &Address) -> Vec<(Address, Address)> {
        let renamed = |address: &Address| -> Option<Address> {
            let rest = address.within(from).then(|| &address.as_str()[from.as_str().len()..])?;
            Some(format!("{to}{rest}").parse().expect("an address under another beginning is one"))
        };
        let moves: Vec<(Address, Address)> =
            self.recorded.resources.keys().filter_map(|a| Some((a.clone(), renamed(a)?))).collect();
        for (old, new) in &moves {
            if let Some(entry) = self.recorded.resources.remove(old) {
                self.recorded.resources.insert(new.clone(), entry);
            }
        }
        for address in self.recorded.resources.values_mut().flat_map(|entry| &mut entry.depends_on) {
            if let Some(new) = renamed(address) {
                *address = new;
            }
        }
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Packed, Value};
    use crate::model::{Entry, HashKey};
    use crate::names::ArmId;

    fn state(entries: &[(&str, &[&str])]) -> State {
        let lineage = "b6a2a9a5-52a5-4f8c-9c9f-0b4a5b8f9a10".parse().unwrap();
        let mut state = State::new("prod".parse().unwrap(), lineage, HashKey(vec![1; 32]));
        for (address, before) in entries {
            let entry = Entry {
                id: ArmId::parse("/subscriptions/s").unwrap(),
                arm_type: String::new(),
                applied: Value::map(),
                defaulted: Value::map(),
                seen: Packed::default(),
                created: true,
                protect: false,
                chosen: None,
                depends_on: before.iter().map(|a| a.parse().unwrap()).collect(),
            };
            state.recorded.resources.insert(address.parse().unwrap(), entry);
        }
        state
    }

    fn shown(state: &State) -> Vec<String> {
        let words = |all: &[Address]| all.iter().map(|a| a.as_str()).collect::<Vec<_>>().join(" ");
        state.recorded.resources.iter().map(|(a, e)| format!("{a} < {}", words(&e.depends_on))).collect()
    }

    const ENTRIES: [(&str, &[&str]); 5] = [
        ("resourceGroup", &[]),
        ("clusters.a", &["resourceGroup", "clusters.a.identities.control"]),
        ("clusters.a.identities.control", &["resourceGroup"]),
        ("clusters.a.nodePools.p", &["clusters.a"]),
        ("clusters.ab", &["clusters.a"]),
    ];

    #[test]
    fn what_is_forgotten_takes_what_is_below_along() {
        let mut state = state(&ENTRIES);
        let gone = state.forget(&["clusters.a".parse().unwrap()]);
        assert_eq!(
            gone.iter().map(Address::as_str).collect::<Vec<_>>(),
            ["clusters.a", "clusters.a.identities.control", "clusters.a.nodePools.p"]
        );
        assert_eq!(shown(&state), ["clusters.ab < ", "resourceGroup < "]);
    }

    #[test]
    fn what_is_moved_takes_what_is_below_along() {
        let mut state = state(&ENTRIES);
        state.rename(&"clusters.a".parse().unwrap(), &"clusters.z".parse().unwrap());
        assert_eq!(
            shown(&state),
            [
                "clusters.ab < clusters.z",
                "clusters.z < resourceGroup clusters.z.identities.control",
                "clusters.z.identities.control < resourceGroup",
                "clusters.z.nodePools.p < clusters.z",
                "resourceGroup < ",
            ]
        );
    }
}
