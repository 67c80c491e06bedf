//! The record against Azure, without the file: what moved of what landfall manages.

use super::given::Given;
use super::grants::inherited;
use super::see::{parent_body, see};
use super::step::{DriftItem, Unread};
use super::{Reads, reads_of_record};
use crate::diff::{Around, leaves, look_up, settled};
use crate::document::{Path, Value};
use crate::model::{Entry, Live, Observed, Recorded, Seen};
use crate::names::Address;
use crate::schema::{ResourceType, Schema};

/// What moved, and what could not be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drift {
    /// Managed values that are not as they were applied.
    pub items: Vec<DriftItem>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// What a drift check has to read.
pub fn drift_reads(recorded: &Recorded) -> Reads {
    let mut out = Reads::default();
    reads_of_record(recorded, &mut out);
    out
}

/// Compares every recorded value with what is live.
pub fn drift(recorded: &Recorded, live: &Live) -> Drift {
    let mut out = Drift::default();
    for (address, entry) in &recorded.resources {
        let Some(resource) = Schema::get().resource(&entry.arm_type) else {
            let why = format!("this version of landfall does not know the type {}", entry.arm_type);
            out.unread.push(Unread { address: address.clone(), why });
            continue;
        };
        match stand(live, address, entry, resource) {
            Seen::Unreadable(why) => out.unread.push(Unread { address: address.clone(), why }),
            Seen::Absent if inherited(live, entry) => {}
            Seen::Absent => out.items.push(DriftItem {
                address: address.clone(),
                path: Path::root(),
                recorded: Some(Value::text(entry.id.as_str())),
                live: None,
            }),
            Seen::Present(observed) => out.items.extend(moved(live, address, entry, &observed, resource)),
        }
    }
    out
}

fn stand(live: &Live, address: &Address, entry: &Entry, resource: &ResourceType) -> Seen<Observed> {
    let scope = entry.id.parent();
    match scope.as_ref().and_then(|s| live.grants.get(s)).filter(|_| resource.extension) {
        Some(Seen::Present(listed)) => match listed.iter().find(|o| o.id == entry.id) {
            Some(observed) => Seen::Present(observed.clone()),
            None => Seen::Absent,
        },
        Some(Seen::Absent) => Seen::Absent,
        Some(Seen::Unreadable(why)) => Seen::Unreadable(why.clone()),
        None => see(live, &entry.id, Some(entry), address, resource),
    }
}

fn moved(
    live: &Live,
    address: &Address,
    entry: &Entry,
    observed: &Observed,
    resource: &ResourceType,
) -> Vec<DriftItem> {
    let parent = parent_body(live, &observed.id, resource);
    let mut out = Vec::new();
    let hidden = Given::of(resource, &entry.applied, Some(entry)).hidden_in(&observed.body);
    let body = hidden.as_ref().unwrap_or(&observed.body);
    let around = Around { asked: &entry.applied, live: body, parent };
    for (path, was) in leaves(resource, &entry.applied) {
        if resource.write_only(&path) || matches!(was, Value::Hash(_)) {
            continue;
        }
        let is = look_up(resource, body, &path);
        if !settled(resource, &path, was, &around) {
            let item = DriftItem { address: address.clone(), path, recorded: Some(was.clone()), live: is.cloned() };
            out.push(item);
        }
    }
    out
}
