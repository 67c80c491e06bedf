//! One resource out of what was read: by itself, or out of its parent's list.

use super::rotate;
use crate::document::{Path, Value};
use crate::model::{Entry, Live, Observed, Seen};
use crate::names::{Address, ArmId};
use crate::schema::ResourceType;

/// What Azure has for `id`. An inline child (a node pool) is found in its parent's answer: under the recorded name, under its
/// own, or by the tag that a rotation left on it.
pub(super) fn see(
    live: &Live,
    id: &ArmId,
    entry: Option<&Entry>,
    address: &Address,
    resource: &ResourceType,
) -> Seen<Observed> {
    let (Some(list), Some(parent)) = (&resource.inline, id.parent()) else {
        return match live.get(id) {
            Seen::Absent => Seen::Absent,
            Seen::Present(observed) => Seen::Present(observed.clone()),
            Seen::Unreadable(why) => Seen::Unreadable(why),
        };
    };
    let observed = match live.get(&parent) {
        Seen::Absent => return Seen::Absent,
        Seen::Unreadable(why) => return Seen::Unreadable(why),
        Seen::Present(observed) => observed,
    };
    let items = observed.body.property(list).and_then(Value::as_list).unwrap_or_default();
    let name_of = |item: &Value| item.property("name").and_then(Value::as_str).map(str::to_owned);
    let named = |name: &str| items.iter().find(|i| name_of(i).is_some_and(|n| n.eq_ignore_ascii_case(name)));
    let item = entry
        .and_then(|e| named(e.id.name()))
        .or_else(|| named(id.name()))
        .or_else(|| items.iter().find(|i| rotate::belongs(i, address)));
    match item {
        None => Seen::Absent,
        Some(item) => {
            let name = name_of(item).unwrap_or_default();
            let mut body = item.clone();
            body.remove(&Path::of(["name"]));
            Seen::Present(Observed { id: parent.child(resource.segment(), &name), body, etag: None })
        }
    }
}

/// What Azure has of the parent that an inline child is read out of.
pub(super) fn parent_body<'a>(live: &'a Live, id: &ArmId, resource: &ResourceType) -> Option<&'a Value> {
    let parent = id.parent().filter(|_| resource.inline.is_some())?;
    live.resources.get(&parent)?.present().map(|observed| &observed.body)
}
