//! What a create cannot do without.

use super::declare::Declared;
use super::problems::Problems;
use super::settings::Settings;
use super::tree::Kind;
use crate::diagnostic::Diagnostic;
use crate::document::Value;

const LOCATION: &str = "location";

/// Reports required properties that neither the file nor a default gives.
pub(super) fn check(
    declared: &Declared<'_>,
    body: &Value,
    defaults: &Value,
    settings: &Settings<'_>,
    problems: &mut Problems,
) {
    if declared.existing {
        return;
    }
    for (name, property) in declared.resource.properties() {
        let needed = property.required && property.writable() && !property.identifier;
        if !needed || body.property(name).is_some() || defaults.property(name).is_some() {
            continue;
        }
        // What is said wrongly has been reported where it stands.
        let said = declared.entries.get(name).is_some_and(|entry| entry.value.kind != Kind::Null);
        if said || (name == LOCATION && settings.says_location) {
            continue;
        }
        let summary = format!("`{}` needs `{name}`", declared.address);
        let mut problem = Diagnostic::error("missing-property", summary);
        if name == LOCATION {
            problem = problem.help("say `location` here, or once for the environment");
        }
        problems.at(declared.key, format!("without `{name}`"), problem);
    }
}
