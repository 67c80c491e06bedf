//! What a step expects to find: the managed values that the plan saw, and those that earlier steps of the plan leave.

use super::digest::digest;
use crate::diff::{equal, look_up};
use crate::document::{Path, Value};
use crate::schema::ResourceType;

/// What must hold of the live document right before an update is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Expectation {
    /// The managed paths whose live values the plan saw, and which no earlier step touches.
    pub paths: Vec<Path>,
    /// Their digest.
    pub digest: String,
    /// What earlier steps of the plan leave at the paths that they write; `None`: nothing.
    pub after: Vec<(Path, Option<Value>)>,
}

impl Expectation {
    /// What is expected of a document that stands at `live` now, once `earlier` was done to it.
    pub(super) fn of(
        resource: &ResourceType,
        live: &Value,
        mut paths: Vec<Path>,
        earlier: &[(Path, Option<Value>)],
    ) -> Self {
        let touched = |path: &Path| earlier.iter().any(|(at, _)| path.starts_with(at) || at.starts_with(path));
        paths.retain(|path| !touched(path));
        paths.sort();
        paths.dedup();
        let mut after: Vec<(Path, Option<Value>)> = Vec::new();
        for (path, value) in earlier {
            // A later edit of a place says what is there in the end.
            after.retain(|(at, _)| at != path);
            after.push((path.clone(), value.clone()));
        }
        let digest = digest(resource, live, &paths);
        Self { paths, digest, after }
    }

    /// That these edits show.
    pub fn left(resource: &ResourceType, edits: &[(Path, Option<Value>)]) -> Self {
        Self::of(resource, &Value::Null, Vec::new(), edits)
    }

    /// Whether it holds. What earlier steps left is compared as Azure shows it (an alias by its version), the rest to the
    /// letter.
    pub fn met(&self, resource: &ResourceType, live: &Value) -> bool {
        let left = |(path, value): &(Path, Option<Value>)| {
            let is = look_up(resource, live, path);
            match value {
                // A reference that only the apply could fill in was compared when it was sent.
                Some(value) if !value.templates().is_empty() => true,
                Some(value) => equal(resource, path, value, is),
                None => is.is_none_or(Value::is_empty),
            }
        };
        digest(resource, live, &self.paths) == self.digest && self.after.iter().all(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn a_later_step_expects_what_the_earlier_one_leaves() {
        let cluster = Schema::get().resource("Microsoft.ContainerService/managedClusters").expect("a type");
        let doc = |json| Value::from_json(json);
        let at = |text: &str| Path::parse(text).expect("a path");
        let now = doc(serde_json::json!({"kubernetesVersion": "1.33", "tags": {"a": "1"}}));
        let earlier = [(at("kubernetesVersion"), Some(Value::text("1.34"))), (at("tags.b"), None)];
        let paths = vec![at("kubernetesVersion"), at("tags.a")];
        let expectation = Expectation::of(cluster, &now, paths, &earlier);
        assert!(!expectation.met(cluster, &now), "the earlier step is not done");
        for (later, met) in [
            (serde_json::json!({"kubernetesVersion": "1.34.6", "tags": {"a": "1"}}), true),
            (serde_json::json!({"kubernetesVersion": "1.34", "tags": {"a": "2"}}), false),
            (serde_json::json!({"kubernetesVersion": "1.35", "tags": {"a": "1"}}), false),
            (serde_json::json!({"kubernetesVersion": "1.34", "tags": {"a": "1", "b": "2"}}), false),
        ] {
            assert_eq!(expectation.met(cluster, &doc(later.clone())), met, "{later}");
        }
    }
}
