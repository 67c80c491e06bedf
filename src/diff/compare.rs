//! One resource compared: what to change and why, what moved, what nobody manages and moved.

use std::collections::BTreeSet;

use super::{Sides, Verdict, decide, equal, leaves, look_up};
use crate::document::{Path, Secret, Value};
use crate::schema::{Change, Equality, ResourceType};

/// Why a property is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The file asks for something new.
    File,
    /// Somebody else changed it; it is put right.
    Drift,
    /// The file no longer says it.
    Removed,
    /// It follows from another change of this plan.
    Dependency,
}

/// One property to change.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// What Azure has; `None` where it reports nothing.
    pub before: Option<Value>,
    /// What it is to have; `None`: the key goes.
    pub after: Option<Value>,
    /// Why.
    pub reason: Reason,
}

/// A value that moved without landfall.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// Where.
    pub path: Path,
    /// What was recorded.
    pub recorded: Option<Value>,
    /// What Azure has now.
    pub live: Option<Value>,
}

/// The outcome for one resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// What to change.
    pub differences: Vec<Difference>,
    /// Managed values that Azure moved.
    pub drift: Vec<Moved>,
    /// Paths that the file no longer says and that stay as they are in Azure, since nothing is known to put in their place.
    pub released: Vec<Path>,
}

/// Compares what is wanted (references resolved), what was recorded and what is live. `hash` turns a secret into what a
/// record keeps of it.
pub fn compare(
    resource: &ResourceType,
    wanted: &Value,
    recorded: Option<&Value>,
    live: &Value,
    hash: &dyn Fn(&Secret) -> Value,
) -> Comparison {
    let mut out = Comparison::default();
    let nothing = Value::map();
    let recorded = recorded.unwrap_or(&nothing);
    let mut seen = BTreeSet::new();
    for (path, want) in leaves(resource, wanted) {
        seen.insert(path.clone());
        let was = recorded.get(&path);
        let is = look_up(resource, live, &path);
        let sides = sides(resource, wanted, &path, Some(want), was, live, hash);
        let verdict = decide(sides);
        if matches!(verdict, Verdict::Drifted | Verdict::BothApart | Verdict::BothAlike) {
            out.drift.push(Moved { path: path.clone(), recorded: was.cloned(), live: is.cloned() });
        }
        let reason = match verdict {
            Verdict::FileChanged | Verdict::BothApart => Reason::File,
            Verdict::Drifted => Reason::Drift,
            _ => continue,
        };
        let before = if resource.write_only(&path) && was.is_some() { was.cloned() } else { is.cloned() };
        out.differences.push(Difference { path, before, after: Some(want.clone()), reason });
    }
    for (path, was) in leaves(resource, recorded) {
        if seen.contains(&path) || seen.iter().any(|p| p.starts_with(&path) || path.starts_with(p)) {
            continue;
        }
        let is = look_up(resource, live, &path);
        let verdict = decide(sides(resource, wanted, &path, None, Some(was), live, hash));
        if verdict == Verdict::RemovedAndDrifted {
            out.drift.push(Moved { path: path.clone(), recorded: Some(was.clone()), live: is.cloned() });
        }
        match removal(resource, &path, is) {
            Removal::Nothing => {}
            Removal::Released => out.released.push(path),
            Removal::To(after) => {
                out.differences.push(Difference { path, before: is.cloned(), after, reason: Reason::Removed });
            }
        }
    }
    out
}

fn sides(
    resource: &ResourceType,
    wanted: &Value,
    path: &Path,
    want: Option<&Value>,
    was: Option<&Value>,
    live: &Value,
    hash: &dyn Fn(&Secret) -> Value,
) -> Sides {
    let is = look_up(resource, live, path);
    if resource.write_only(path) || matches!(want, Some(Value::Secret(_))) {
        let kept = want.map(|w| if let Value::Secret(s) = w { hash(s) } else { w.clone() });
        let same = was.is_none() || kept.as_ref() == was;
        return Sides {
            wanted: want.is_some(),
            recorded: was.is_some(),
            wanted_is_recorded: same,
            wanted_is_live: same,
            recorded_is_live: true,
        };
    }
    let initial = initial_only(resource, path, wanted, live);
    let is_same = |value: &Value| initial || equal(resource, path, value, is);
    let alike = match (want, was) {
        (Some(w), Some(r)) => w.same(r) || equal(resource, path, w, Some(r)) && equal(resource, path, r, Some(w)),
        _ => false,
    };
    Sides {
        wanted: want.is_some(),
        recorded: was.is_some(),
        wanted_is_recorded: alike,
        wanted_is_live: want.is_some_and(is_same),
        recorded_is_live: was.is_some_and(is_same),
    }
}

/// Whether the value at this path was a first value only (`count` under an autoscaler), so that what is there by now is
/// Azure's.
pub fn initial_only(resource: &ResourceType, path: &Path, wanted: &Value, live: &Value) -> bool {
    let Equality::InitialIf(sibling) = resource.fact(path).equality else { return false };
    let sibling = path.parent().unwrap_or_default().key(&sibling);
    wanted.get(&sibling).or_else(|| live.get(&sibling)).and_then(Value::as_bool) == Some(true)
}

enum Removal {
    Nothing,
    Released,
    To(Option<Value>),
}

/// What removing a property from the file does to Azure.
fn removal(resource: &ResourceType, path: &Path, live: Option<&Value>) -> Removal {
    let Some(live) = live.filter(|l| !l.is_empty() || matches!(l, Value::Map(_))) else { return Removal::Nothing };
    let fact = resource.fact(path);
    if path.parent().is_some_and(|parent| resource.free_map(&parent)) {
        return Removal::To(None);
    }
    if !matches!(fact.change, Change::InPlace | Change::Reimages) {
        return Removal::Released;
    }
    if let Some(default) = resource.row(path).and_then(|row| row.default.clone()) {
        return if equal(resource, path, &default, Some(live)) { Removal::Nothing } else { Removal::To(Some(default)) };
    }
    if matches!(live, Value::List(_)) && !matches!(fact.equality, Equality::Subset) {
        return Removal::To(Some(Value::List(Vec::new())));
    }
    Removal::Released
}

/// What moved since it was last seen, outside of what the file or the record manages and Azure alone sets.
pub fn moved_unmanaged(resource: &ResourceType, managed: &[&Value], seen: &Value, live: &Value) -> Vec<Moved> {
    let managed: BTreeSet<Path> = managed.iter().flat_map(|m| leaves(resource, m)).map(|(p, _)| p).collect();
    let paths: BTreeSet<Path> =
        leaves(resource, seen).into_iter().chain(leaves(resource, live)).map(|(p, _)| p).collect();
    let mut out = Vec::new();
    for path in paths {
        let covered = managed.iter().any(|m| path.starts_with(m) || m.starts_with(&path));
        if covered || azures_own(resource, &path) {
            continue;
        }
        let (was, is) = (seen.get(&path), look_up(resource, live, &path));
        let same = match (was, is) {
            (Some(was), is) => equal(resource, &path, was, is),
            (None, Some(is)) => is.is_empty() || equal(resource, &path, is, None),
            (None, None) => true,
        };
        if !same {
            out.push(Moved { path, recorded: was.cloned(), live: is.cloned() });
        }
    }
    out
}

fn azures_own(resource: &ResourceType, path: &Path) -> bool {
    let mut at = Some(path.clone());
    while let Some(path) = at {
        if path.is_root() {
            break;
        }
        let unknown = resource.at(&path).is_none();
        let own = resource.at(&path).and_then(|(_, p)| p).is_some_and(|p| p.read_only || p.hidden);
        if unknown || own || resource.fact(&path).change == Change::Azure {
            return true;
        }
        at = path.parent();
    }
    false
}
