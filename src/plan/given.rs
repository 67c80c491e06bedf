//! What a create was given into a map that the file says is empty: the file's `{}` is about what people put there, so that a
//! value of landfall's own is no difference, and stays when the rest is cleared.

use crate::diff::Difference;
use crate::document::{Map, Path, Value};
use crate::model::Entry;
use crate::schema::ResourceType;

/// What was given at creation, in the maps that the file empties.
pub(super) struct Given(Vec<(Path, Map)>);

impl Given {
    /// Of a recorded resource; nothing of one that was not made by landfall.
    pub(super) fn of(resource: &ResourceType, desired: &Value, entry: Option<&Entry>) -> Self {
        let defaulted = entry.and_then(|entry| entry.defaulted.as_map()).into_iter().flatten();
        let emptied = defaulted.filter_map(|(key, value)| {
            let path = Path::of([key.as_str()]);
            let empty = desired.get(&path).and_then(Value::as_map).is_some_and(|map| map.is_empty());
            let given = value.as_map().filter(|_| empty && resource.free_map(&path))?;
            Some((path, given.clone()))
        });
        Self(emptied.collect())
    }

    /// The live document without it.
    pub(super) fn hidden_in(&self, live: &Value) -> Option<Value> {
        let mut out = live.clone();
        let mut found = false;
        for (path, given) in &self.0 {
            for (key, _) in given.iter().flat_map(|one| standing(live, path, one)) {
                out.remove(&path.key(&key));
                found = true;
            }
        }
        found.then_some(out)
    }

    /// Keeps it where a difference empties the map.
    pub(super) fn keep(&self, live: &Value, differences: &mut [Difference]) {
        for difference in differences {
            let empties = difference.after.as_ref().and_then(Value::as_map).is_some_and(|map| map.is_empty());
            let Some((path, given)) = self.0.iter().find(|(path, _)| empties && *path == difference.path) else {
                continue;
            };
            let kept: Map = given.iter().flat_map(|one| standing(live, path, one)).collect();
            difference.after = Some(Value::Map(kept));
        }
    }
}

/// A given member as Azure has it, in whatever casing of its key; nothing if it has another value by now.
fn standing(live: &Value, path: &Path, (key, value): (&String, &Value)) -> Option<(String, Value)> {
    let map = live.get(path).and_then(Value::as_map)?;
    map.iter().find(|(k, v)| k.eq_ignore_ascii_case(key) && *v == value).map(|(k, v)| (k.clone(), v.clone()))
}
