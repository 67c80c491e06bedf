//! Several resources out of one listing. What a listing lacks is read by itself before it is said to be absent, and where a
//! listing fails, everything that it was to tell is read one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;

use super::listed::Collection;
use super::read::{assignments, grants, observed, resource, says_absent};
use crate::azure::{Client, Error};
use crate::model::{Observed, Seen};
use crate::names::ArmId;

/// Reads, and counts the reads.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub client: &'a Client,
    pub count: &'a AtomicUsize,
}

impl<'a> Reader<'a> {
    /// The client, for one more read.
    pub(super) fn counted(self) -> &'a Client {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.client
    }

    pub(super) async fn resource(self, id: &ArmId, arm_type: &str) -> (ArmId, Seen<Observed>) {
        (id.clone(), resource(self.counted(), id, arm_type).await)
    }

    pub(super) async fn grants(self, scope: &ArmId) -> Seen<Vec<Observed>> {
        grants(self.counted(), scope).await
    }

    /// What Azure has of a collection.
    pub(super) async fn collection(self, collection: &Collection<'_>) -> Vec<(ArmId, Seen<Observed>)> {
        let Collection { path, kind, wanted } = collection;
        let mut found: BTreeMap<&ArmId, Observed> = BTreeMap::new();
        match self.counted().list(path, &[], &kind.api_version).await {
            Ok(items) => {
                let wanted: BTreeSet<&ArmId> = wanted.iter().copied().collect();
                for item in items {
                    // An entry that only names the resource is no answer.
                    let id = item["id"].as_str().filter(|_| item["properties"].is_object());
                    let id = id.and_then(|text| ArmId::parse(text).ok());
                    if let Some(id) = id.and_then(|id| wanted.get(&id).copied()) {
                        found.insert(id, observed(kind, id, item));
                    }
                }
            }
            Err(error) if lacks_group(&error) => {
                return wanted.iter().map(|id| ((*id).clone(), Seen::Absent)).collect();
            }
            Err(_) => {}
        }
        let (mut out, mut rest) = (Vec::with_capacity(wanted.len()), Vec::new());
        for id in wanted {
            match found.remove(id) {
                Some(seen) => out.push(((*id).clone(), Seen::Present(seen))),
                None => rest.push(self.resource(id, &kind.name)),
            }
        }
        out.extend(join_all(rest).await);
        out
    }

    /// What holds at each of these scopes, which all lie in one group; nothing where the group's listing does not tell.
    pub(super) async fn grants_in(self, group: &ArmId, scopes: &[&ArmId]) -> Vec<(ArmId, Option<Vec<Observed>>)> {
        match assignments(self.counted(), group, &[]).await {
            Ok(assigned) => at_scopes(group, scopes, assigned),
            Err(_) => scopes.iter().map(|scope| ((*scope).clone(), None)).collect(),
        }
    }
}

/// Without the group there is nothing in it. What else may not be found, a page for one, says nothing about the resources.
fn lacks_group(error: &Error) -> bool {
    says_absent(error) && error.code.as_deref() == Some("ResourceGroupNotFound")
}

/// Of everything that is assigned at, above and below a group, what holds at each scope. That a listing without a filter shows
/// what lies below is said by Microsoft's documentation and in no recording: of a scope for which it shows nothing, it tells
/// nothing.
fn at_scopes(group: &ArmId, scopes: &[&ArmId], assigned: Vec<Observed>) -> Vec<(ArmId, Option<Vec<Observed>>)> {
    let mut below: BTreeMap<ArmId, Vec<Observed>> = BTreeMap::new();
    let mut inherited = Vec::new();
    for one in assigned {
        match one.id.parent().filter(|at| at != group && at.within(group)) {
            Some(at) => below.entry(at).or_default().push(one),
            None => inherited.push(one),
        }
    }
    let holds = |scope: &ArmId| {
        let up = std::iter::successors(Some(scope.clone()), ArmId::parent).take_while(|at| at != group);
        let own = up.filter_map(|at| below.get(&at)).flatten();
        below.contains_key(scope).then(|| inherited.iter().chain(own).cloned().collect())
    };
    scopes.iter().map(|scope| ((*scope).clone(), holds(scope))).collect()
}
