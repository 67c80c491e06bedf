//! The digest of the managed values that a plan saw, so that apply can tell whether they moved.

use sha2::{Digest, Sha256};

use crate::diff::look_up;
use crate::document::{Path, Value};
use crate::schema::ResourceType;

/// SHA-256 over the live values at `paths`, in lower-case hexadecimal. Key order does not matter; what lies outside of the
/// paths does not either, so that background changes of things nobody manages spoil no plan.
pub(super) fn digest(resource: &ResourceType, live: &Value, paths: &[Path]) -> String {
    let mut hasher = Sha256::new();
    for path in paths {
        let value = look_up(resource, live, path).unwrap_or(&Value::Null);
        hasher.update(path.to_string().as_bytes());
        hasher.update([0]);
        // serde_json sorts an object's keys, so that the text is canonical.
        hasher.update(value.to_display_json().to_string().as_bytes());
        hasher.update([0]);
    }
    hasher.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// What a document says, place by place.
pub fn said<'a>(resource: &ResourceType, document: &'a Value) -> Vec<(Path, &'a Value)> {
    crate::diff::leaves(resource, document)
}

/// Whether Azure's value at a place is what was asked for there. For apply, which may not compare worlds itself, when Azure
/// says that an equal resource exists already.
pub fn same_value(resource: &ResourceType, path: &Path, wanted: &Value, live: Option<&Value>) -> bool {
    crate::diff::equal(resource, path, wanted, live)
}
