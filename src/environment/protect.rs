//! Protection spreads: to what a protected resource stands on, and to the grants made to it or to that.

use indexmap::IndexMap;

use crate::model::{Target, Wanted};
use crate::names::Address;

/// Marks everything that a protected resource needs, and the role assignments to any of it.
pub(super) fn spread(resources: &mut IndexMap<Address, Wanted>) {
    let mut waiting: Vec<Address> = resources.values().filter(|w| w.protect).map(|w| w.address.clone()).collect();
    while let Some(address) = waiting.pop() {
        // A grant's scope is not the grant's to protect.
        let mut reached: Vec<Address> = match resources[&address].target {
            Target::Id(_) => resources[&address].depends_on.iter().cloned().collect(),
            Target::Grant(_) => Vec::new(),
        };
        reached.extend(resources.values().filter(|w| granted_to(w, &address)).map(|w| w.address.clone()));
        for other in reached {
            if let Some(wanted) = resources.get_mut(&other)
                && !wanted.protect
            {
                wanted.protect = true;
                waiting.push(other);
            }
        }
    }
}

fn granted_to(wanted: &Wanted, address: &Address) -> bool {
    match &wanted.target {
        Target::Grant(grant) => {
            grant.principal.templates().iter().any(|(_, t)| t.references().any(|r| r.address == *address))
        }
        Target::Id(_) => false,
    }
}
