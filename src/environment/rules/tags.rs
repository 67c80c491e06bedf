//! How many tags a resource has, and what they may be called.

use super::table::Case;
use crate::diagnostic::Diagnostic;
use crate::document::{Path, Value};
use crate::schema::{Property, Schema};

pub(super) const CODE: &str = "tags";
const TAGS: &str = "tags";
const MOST: usize = 50;
const LONGEST_NAME: usize = 512;
const LONGEST_VALUE: usize = 256;
/// The documentation names `/` too, yet `hidden-link:/subscriptions/...` is taken.
const FORBIDDEN: [char; 6] = ['<', '>', '%', '&', '\\', '?'];

pub(super) fn check(case: &mut Case<'_>) {
    for wanted in case.resources.values().filter(|wanted| !wanted.existing) {
        // Tags of the envelope are Azure Resource Manager's, and so are their limits.
        let resource = Schema::get().resource(&wanted.arm_type);
        let property = resource.and_then(|resource| resource.properties().get(TAGS));
        if !matches!(property, Some(Property { envelope: true, .. })) {
            continue;
        }
        let tags = wanted.body.property(TAGS).and_then(Value::as_map);
        let count = tags.map_or(0, |map| map.len());
        if count > MOST {
            let problem = Diagnostic::error(CODE, format!("a resource has at most {MOST} tags, not {count}"));
            case.report(wanted, TAGS, problem.help("those of the environment count too"));
        }
        for (name, said) in tags.into_iter().flatten() {
            let long = said.as_str().is_some_and(|text| text.chars().count() > LONGEST_VALUE);
            let problem = if name.contains(FORBIDDEN) {
                let problem = Diagnostic::error(CODE, format!("Azure takes no tag of the name `{name}`"));
                problem.help("a tag's name has none of < > % & \\ ?")
            } else if name.chars().count() > LONGEST_NAME {
                Diagnostic::error(CODE, format!("a tag's name has at most {LONGEST_NAME} characters"))
            } else if long {
                Diagnostic::error(CODE, format!("a tag's value has at most {LONGEST_VALUE} characters"))
            } else {
                continue;
            };
            case.report(wanted, &Path::of([TAGS, name]).to_string(), problem);
        }
    }
}
