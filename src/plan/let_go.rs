//! Resources that landfall made or adopted and that the file now only refers to (`existing: true`): the record lets go of
//! them, and of what the record has below them that the file does not manage. Nothing of it is deleted, by a destroy neither.

use super::build::Draft;
use crate::diagnostic::Diagnostic;
use crate::names::Address;

impl Draft<'_> {
    /// Whether an address of the record is let go of: the file only refers to it, or to what it belongs to.
    pub(super) fn lets_go(&self, address: &Address) -> bool {
        let refers = |a: &Address| self.desired.resources.get(a).is_some_and(|w| w.existing);
        if let Some(wanted) = self.desired.resources.get(address) {
            return wanted.existing;
        }
        let above = std::iter::successors(address.parent(), Address::parent);
        above.into_iter().any(|a| refers(&a) && self.recorded.resources.contains_key(&a))
    }

    /// Takes it out of the record, and says so.
    pub(super) fn let_go(&mut self, address: &Address) {
        let Some(entry) = self.recorded.resources.get(address) else { return };
        let text = format!("{address} stays as it is, and landfall lets go of it: the file only refers to it");
        self.plan.diagnostics.push(Diagnostic::information("let-go", text).help(entry.id.to_string()));
        self.plan.forget.insert(address.clone());
    }
}
