//! What a create cannot do without.

use super::declare::Declared;
use super::problems::Problems;
use crate::diagnostic::Diagnostic;
use crate::document::Value;

/// Reports required properties that neither the file nor a default gives.
pub(super) fn check(declared: &Declared<'_>, body: &Value, defaults: &Value, problems: &mut Problems) {
    if declared.existing {
        return;
    }
    for (name, property) in declared.resource.properties() {
        let needed = property.required && property.writable() && !property.identifier;
        if !needed || body.property(name).is_some() || defaults.property(name).is_some() {
            continue;
        }
        // What is said wrongly has been reported where it stands.
        if declared.entries.get(name).is_some_and(|entry| entry.value.kind != super::tree::Kind::Null) {
            continue;
        }
        let summary = format!("`{}` needs `{name}`", declared.address);
        let mut problem = Diagnostic::error("missing-property", summary);
        if name == "location" {
            problem = problem.help("say `location` here, or once for the environment");
        }
        problems.at(declared.key, format!("without `{name}`"), problem);
    }
}
