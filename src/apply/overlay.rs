//! The body of an update: what Azure has with the plan's edits on top, or the edits alone.

use crate::document::{Path, Segment, Value};
use crate::plan::{Expectation, InlineEdit};
use crate::schema::{ResourceType, Update};

/// The document that an update sends, in the shape of the file.
pub(super) fn body(
    resource: &ResourceType,
    live: &Value,
    edits: &[(Path, Option<Value>)],
    inline: &[InlineEdit],
) -> Value {
    match resource.update {
        Update::Put => {
            let mut out = whole(resource, live, edits);
            inline.iter().for_each(|edit| everywhere(&mut out, edit));
            resource.together.iter().for_each(|(list, key)| all_or_none(&mut out, list, key));
            out
        }
        Update::Patch => merge(resource, live, edits),
    }
}

/// Whether all that an update sends shows already.
pub(super) fn shown(
    resource: &ResourceType,
    live: &Value,
    edits: &[(Path, Option<Value>)],
    inline: &[InlineEdit],
) -> bool {
    let within = |edit: &InlineEdit| {
        let items = live.property(&edit.property).and_then(Value::as_list).unwrap_or_default();
        items.iter().all(|item| item.get(&edit.path) == Some(&edit.value))
    };
    Expectation::left(resource, edits).met(resource, live) && inline.iter().all(within)
}

/// Puts a value into every element of a list.
fn everywhere(out: &mut Value, edit: &InlineEdit) {
    for element in elements(out, &edit.property) {
        element.set(&edit.path, edit.value.clone());
    }
}

/// What Azure takes only if every element of a list says it or none does: where some do not, nobody does.
fn all_or_none(out: &mut Value, list: &str, key: &str) {
    let items = elements(out, list);
    if items.iter().any(|item| item.property(key).is_none_or(Value::is_empty)) {
        for item in items {
            item.remove(&Path::of([key]));
        }
    }
}

fn elements<'a>(document: &'a mut Value, list: &str) -> &'a mut [Value] {
    match document {
        Value::Map(map) => match map.get_mut(list) {
            Some(Value::List(items)) => items,
            _ => &mut [],
        },
        _ => &mut [],
    }
}

/// What may be sent back of the live document, edited.
fn whole(resource: &ResourceType, live: &Value, edits: &[(Path, Option<Value>)]) -> Value {
    let mut out = resource.writable_part(live);
    let places: Vec<Path> = edits.iter().map(|(path, _)| spelled(resource, &out, path)).collect();
    let mut outdated = Vec::new();
    out.walk(&Path::root(), &mut |path, _| {
        if resource.outdated(path, |beside| places.contains(beside)) {
            outdated.push(path.clone());
        }
    });
    outdated.iter().for_each(|path| drop(out.remove(path)));
    for ((_, value), place) in edits.iter().zip(places) {
        match value {
            Some(value) => out.set(&place, value.clone()),
            None => drop(out.remove(&place)),
        }
    }
    out
}

/// What changed. A map of plain texts (tags) is replaced as a whole by a PATCH, so that all of it is sent; elsewhere a key
/// that goes is sent as `null`.
fn merge(resource: &ResourceType, live: &Value, edits: &[(Path, Option<Value>)]) -> Value {
    let mut out = Value::map();
    for (path, value) in edits {
        let place = spelled(resource, live, path);
        let replaced_whole = place.parent().filter(|parent| parent.segments().len() == 1 && resource.free_map(parent));
        if let Some(parent) = replaced_whole
            && out.get(&parent).is_none()
            && texts_only(live.get(&parent))
        {
            out.set(&parent, live.get(&parent).cloned().unwrap_or_else(Value::map));
        }
        let in_whole = place.parent().is_some_and(|p| out.get(&p).is_some_and(|m| texts_only(Some(m)) && !p.is_root()))
            && place.parent().is_some_and(|p| resource.free_map(&p));
        match value {
            Some(value) => out.set(&place, value.clone()),
            None if in_whole => drop(out.remove(&place)),
            None => out.set(&place, Value::Null),
        }
    }
    out
}

fn texts_only(value: Option<&Value>) -> bool {
    value.is_none_or(|v| v.as_map().is_some_and(|m| m.values().all(|v| matches!(v, Value::String(_)))))
}

/// The path with its keys as Azure spells them, where it has them in another casing.
fn spelled(resource: &ResourceType, live: &Value, path: &Path) -> Path {
    let mut out = Path::root();
    for segment in path.segments() {
        let key = match segment {
            Segment::Index(index) => {
                out = out.index(*index);
                continue;
            }
            Segment::Key(key) => key,
        };
        let map = live.get(&out).and_then(Value::as_map);
        let free = resource.free_map(&out);
        let other =
            map.filter(|m| free && !m.contains_key(key)).and_then(|m| m.keys().find(|k| k.eq_ignore_ascii_case(key)));
        out = out.key(other.unwrap_or(key));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    fn doc(json: serde_json::Value) -> Value {
        Value::from_json(json)
    }
    fn at(path: &str) -> Path {
        Path::parse(path).unwrap()
    }

    #[test]
    fn a_cluster_is_sent_back_whole_without_what_azure_alone_sets() {
        let cluster = Schema::get().resource("Microsoft.ContainerService/managedClusters").unwrap();
        let live = doc(serde_json::json!({
            "location": "westeurope", "provisioningState": "Succeeded", "fqdn": "x", "eTag": "e", "tags": {"a": "1", "b": "2"},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s": {"clientId": "c", "principalId": "p"}}},
            "identityProfile": {"kubeletidentity": {"resourceId": "/subscriptions/s", "clientId": "c", "objectId": "o"}},
            "agentPoolProfiles": [{"name": "p", "count": 3, "currentOrchestratorVersion": "1.35.7", "nodeImageVersion": "x", "eTag": "q"}],
        }));
        let edits = [
            (at("tags.b"), None),
            (at("tags.c"), Some(Value::text("3"))),
            (at("sku.tier"), Some(Value::text("Standard"))),
        ];
        let sent = body(cluster, &live, &edits, &[]).to_display_json();
        assert_eq!(
            sent,
            serde_json::json!({
                "location": "westeurope", "tags": {"a": "1", "c": "3"}, "sku": {"tier": "Standard"},
                "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/subscriptions/s": {}}},
                "identityProfile": {"kubeletidentity": {"resourceId": "/subscriptions/s", "clientId": "c", "objectId": "o"}},
                "agentPoolProfiles": [{"name": "p", "count": 3}],
            })
        );
    }

    #[test]
    fn what_follows_from_a_value_is_never_sent_beside_another() {
        let cluster = Schema::get().resource("Microsoft.ContainerService/managedClusters").unwrap();
        let kubelet = |id: &str| serde_json::json!({"resourceId": id, "clientId": "c", "objectId": "o"});
        let live =
            doc(serde_json::json!({"identityProfile": {"kubeletidentity": kubelet("/a"), "other": kubelet("/b")}}));
        let edits = [(at("identityProfile.kubeletidentity.resourceId"), Some(Value::text("/new")))];
        let sent = body(cluster, &live, &edits, &[]).to_display_json();
        let expected = serde_json::json!({"kubeletidentity": {"resourceId": "/new"}, "other": kubelet("/b")});
        assert_eq!(sent["identityProfile"], expected);
    }

    #[test]
    fn a_value_is_given_to_every_pool_or_left_to_azure_for_all() {
        let cluster = Schema::get().resource("Microsoft.ContainerService/managedClusters").unwrap();
        let pools = |a: serde_json::Value, b: serde_json::Value| doc(serde_json::json!({"agentPoolProfiles": [a, b]}));
        let said = serde_json::json!({"name": "p", "orchestratorVersion": "1.33"});
        let silent = serde_json::json!({"name": "q"});
        let hop = InlineEdit {
            property: "agentPoolProfiles".to_owned(),
            path: at("orchestratorVersion"),
            value: Value::text("1.34"),
        };
        let versions = |sent: Value| {
            let items = sent.property("agentPoolProfiles").and_then(Value::as_list).unwrap().to_vec();
            items.iter().map(|i| i.property("orchestratorVersion").cloned()).collect::<Vec<_>>()
        };
        let new = Some(Value::text("1.34"));
        let old = Some(Value::text("1.33"));
        for (live, edits, expected) in [
            (pools(said.clone(), silent.clone()), vec![hop.clone()], [new.clone(), new]),
            (pools(said.clone(), silent), vec![], [None, None]),
            (pools(said.clone(), said), vec![], [old.clone(), old]),
        ] {
            assert_eq!(versions(body(cluster, &live, &[], &edits)), expected);
        }
    }

    #[test]
    fn a_registry_is_sent_what_changed() {
        let registry = Schema::get().resource("Microsoft.ContainerRegistry/registries").unwrap();
        let live = doc(serde_json::json!({
            "location": "westeurope", "tags": {"A": "1", "b": "2"}, "adminUserEnabled": true,
            "identity": {"type": "userAssigned", "userAssignedIdentities": {"/subscriptions/s/x": {"clientId": "c"}}},
        }));
        let edits = [
            (at("tags.a"), Some(Value::text("9"))),
            (at("tags.b"), None),
            (at("adminUserEnabled"), Some(Value::Bool(false))),
            (at("identity.userAssignedIdentities[\"/subscriptions/s/x\"]"), None),
        ];
        let sent = body(registry, &live, &edits, &[]).to_display_json();
        assert_eq!(
            sent,
            serde_json::json!({
                "tags": {"A": "9"}, "adminUserEnabled": false,
                "identity": {"userAssignedIdentities": {"/subscriptions/s/x": null}},
            })
        );
    }
}
