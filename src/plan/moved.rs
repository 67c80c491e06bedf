//! Addresses that the file gives another meaning: its name, resource group or subscription changed, and Azure moves nothing.
//! Nothing is created, changed or deleted then, since what was recorded would be lost.

use super::build::Draft;
use crate::diagnostic::Diagnostic;
use crate::model::{Seen, Target, Wanted};
use crate::names::Address;
use crate::schema::Schema;

impl Draft<'_> {
    /// Refuses a resource whose address was recorded for another one that is still there. What is gone may be made elsewhere;
    /// assignments have their own way, and pools change their names when they are rotated.
    pub(super) fn moved_away(&mut self, wanted: &Wanted) -> bool {
        let Target::Id(id) = &wanted.target else { return false };
        let inline = Schema::get().resource(&wanted.arm_type).is_none_or(|r| r.inline.is_some());
        let entry = self.recorded.resources.get(&wanted.address).filter(|e| e.id != *id);
        let Some(entry) = entry.filter(|_| !wanted.existing && !inline) else { return false };
        let gone = matches!(self.see_recorded(&wanted.address, entry), Seen::Absent);
        if gone && matches!(self.live.get(id), Seen::Absent) {
            return false;
        }
        let group = Address::resource_group();
        let above = self.moved.iter().any(|a| wanted.address != *a && wanted.address.within(a))
            || self.moved.contains(&group) && wanted.depends_on.contains(&group);
        self.moved.insert(wanted.address.clone());
        // What lies in something that moved moves with it; one refusal says it.
        if !above {
            let text = format!("{} was {}; the file now means {id}", wanted.address, entry.id);
            let problem = Diagnostic::error("moved", text)
                .help("nothing is moved in Azure: put the old name, resource group and subscription back")
                .help("or give the new resource another name in the file, so that the old one can be deleted and the new one made or adopted");
            self.refuse(problem);
        }
        true
    }
}
