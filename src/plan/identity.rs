//! An identity that was deleted and made again keeps its id and not its principal: a cluster that still has the old one pulls
//! with credentials that nobody honours, or its control plane acts as nobody. One of the few files that name ARM properties,
//! those of what a resource acts as.

use std::collections::BTreeSet;

use super::build::Draft;
use crate::diff::{Difference, Reason};
use crate::document::{Path, Template, Value};
use crate::model::{Observed, Seen, Wanted};
use crate::names::ArmId;

/// Where a resource names the identities it acts as, and what it keeps of each.
const ACTS_AS: [&str; 2] = ["identity", "userAssignedIdentities"];
const PRINCIPAL: &str = "principalId";
const KUBELET: [&str; 2] = ["identityProfile", "kubeletidentity"];
/// What a cluster keeps of the identity, and what the identity calls it; the one that tells identities apart comes first.
const KEPT: [(&str, &str); 2] = [("objectId", "principalId"), ("clientId", "clientId")];

impl Draft<'_> {
    /// What a cluster has to take up anew of the kubelet identity that its file names.
    pub(super) fn kubelet_moved(&self, wanted: &Wanted, observed: &Observed) -> Vec<Difference> {
        let place = Path::of(KUBELET);
        let id_in = |document: &Value| {
            let text = document.get(&place.key("resourceId")).and_then(Value::as_str);
            text.and_then(|t| ArmId::parse(t).ok())
        };
        // Another identity is a change of its own.
        let Some(id) = id_in(&wanted.body).filter(|id| Some(id) == id_in(&observed.body).as_ref()) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for (key, says) in KEPT {
            let path = place.key(key);
            let before = observed.body.get(&path).cloned();
            let Some(after) = self.identity_says(&id, says) else { return Vec::new() };
            let alike = |b: &Value| b.as_str().zip(after.as_str()).is_some_and(|(b, a)| b.eq_ignore_ascii_case(a));
            if out.is_empty() && before.as_ref().is_none_or(alike) {
                return out;
            }
            out.push(Difference { path, before, after: Some(after), reason: Reason::Drift });
        }
        out
    }

    /// Of the identities that a resource acts as, the principals that are others by now. What the resource keeps of them is
    /// Azure's to write: it looks when it is sent the resource again.
    pub(super) fn principals_moved(&self, wanted: &Wanted, observed: &Observed) -> Vec<Difference> {
        let place = Path::of(ACTS_AS);
        let (said, kept) = (wanted.body.get(&place), observed.body.get(&place));
        let (Some(said), Some(kept)) = (said.and_then(Value::as_map), kept.and_then(Value::as_map)) else {
            return Vec::new();
        };
        let said: BTreeSet<ArmId> = said.keys().filter_map(|text| ArmId::parse(text).ok()).collect();
        let one = |text: &String| {
            let id = ArmId::parse(text).ok().filter(|id| said.contains(id))?;
            let path = place.key(text).key(PRINCIPAL);
            let before = observed.body.get(&path).filter(|b| !b.is_empty())?.clone();
            let after = self.identity_says(&id, PRINCIPAL)?;
            let alike = before.as_str().zip(after.as_str()).is_some_and(|(b, a)| b.eq_ignore_ascii_case(a));
            (!alike).then_some(Difference { path, before: Some(before), after: Some(after), reason: Reason::Drift })
        };
        kept.keys().filter_map(one).collect()
    }

    /// What an identity reports, or will report once it is made; `None`: nobody knows.
    fn identity_says(&self, id: &ArmId, key: &str) -> Option<Value> {
        let later = || {
            let address = self.addresses.get(id)?.clone();
            Some(Value::Template(Template::reference(address, Path::of([key]))))
        };
        match self.live.get(id) {
            _ if self.replaced.contains(id) => later(),
            Seen::Present(observed) => observed.body.property(key).cloned(),
            Seen::Absent => later(),
            Seen::Unreadable(_) => None,
        }
    }
}
