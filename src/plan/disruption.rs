//! What a change disturbs and whether it is allowed, from the property tables.

use super::{Disruption, range};
use crate::diff::{Difference, Reason, equal};
use crate::document::{Path, Value};
use crate::schema::{Change, Confidence, Passage, ResourceType, Transition};

/// The effect of one difference.
pub(super) struct Effect {
    pub disruption: Disruption,
    pub note: Option<String>,
    /// Set when Azure refuses it in place: why, as a fragment.
    pub refused: Option<String>,
    /// The way that works instead.
    pub way: Option<String>,
    /// Only after the children that the plan deletes.
    pub last: bool,
}

impl Effect {
    fn of(disruption: Disruption) -> Self {
        Self { disruption, note: None, refused: None, way: None, last: false }
    }
    fn note(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }
    fn refused(why: &str) -> Self {
        Self { refused: Some(why.to_owned()), ..Self::of(Disruption::Replaces) }
    }
}

/// What changing a property of an existing resource from one value to another disturbs, as far as the tables know before the
/// values are known. What Azure refuses counts by what it takes instead: a new node pool, or a new resource.
/// Where it hangs on the values, nothing can be said without them.
pub fn disruption(resource: &ResourceType, path: &Path) -> Disruption {
    let pattern = resource.pattern(path);
    if resource.transitions().any(|row| row.path == pattern) {
        return Disruption::Unknown;
    }
    let (before, after) = (Some(Value::text("one")), Some(Value::text("another")));
    let effect =
        effect(resource, &Difference { path: path.clone(), before, after, reason: Reason::File }, &Value::map());
    if effect.refused.is_some() && resource.inline.is_some() { Disruption::Rotates } else { effect.disruption }
}

/// What this difference does to a resource that exists, and whose document will be `document`.
pub(super) fn effect(resource: &ResourceType, difference: &Difference, document: &Value) -> Effect {
    let (before, after) = (difference.before.as_ref(), difference.after.as_ref());
    if let Some(row) = resource.transition(&difference.path, before, after, document) {
        return passage(row);
    }
    let fact = resource.fact(&difference.path);
    let set_before = difference.before.as_ref().is_some_and(|b| !b.is_empty());
    let turned_off = {
        let off = difference.after.as_ref().is_none_or(|a| a.is_empty() || *a == Value::Bool(false));
        let to_default = match (&fact.default, &difference.after) {
            (Some(default), Some(after)) => equal(resource, &difference.path, after, Some(default)),
            _ => false,
        };
        set_before && (off || to_default)
    };
    match fact.change {
        Change::InPlace if fact.confidence == Confidence::Inferred && fact.source.is_empty() => {
            Effect::of(Disruption::Unknown)
        }
        Change::InPlace | Change::NoEffect | Change::Azure => Effect::of(Disruption::None),
        Change::Conditional => Effect::of(Disruption::Unknown).note("Azure allows it under conditions"),
        Change::Transition => Effect::of(Disruption::Unknown).note("Azure allows some transitions only"),
        Change::ManualReimage => Effect::of(Disruption::None).note("nodes take it up with their next image upgrade"),
        Change::Reimages | Change::TransitionReimages | Change::ConditionalReimages => Effect::of(Disruption::Reimages),
        Change::Upgrade => Effect::of(Disruption::Reimages).note("a Kubernetes upgrade"),
        Change::Rotates => Effect {
            refused: Some("is fixed when the node pool is made".to_owned()),
            ..Effect::of(Disruption::Rotates)
        },
        Change::Immutable => Effect::refused("is fixed at creation"),
        Change::ImmutableAdd if set_before => Effect::of(Disruption::Unknown),
        Change::ImmutableAdd => Effect::refused("cannot be added after creation"),
        Change::ImmutableOnceSet if !set_before => Effect::of(Disruption::None).note("cannot be unset later"),
        Change::ImmutableOnceSet if difference.after.as_ref().is_none_or(Value::is_empty) => {
            Effect::refused("cannot be unset once it is set")
        }
        Change::ImmutableOnceSet => Effect::of(Disruption::None),
        Change::OneWay | Change::OneWayReimages if turned_off => Effect::refused("cannot be turned off again"),
        Change::OneWay => Effect::of(Disruption::None).note("cannot be turned off again"),
        Change::OneWayReimages => Effect::of(Disruption::Reimages).note("cannot be turned off again"),
        Change::ExpandOnly => expansion(before, after),
        Change::AttachOnlyReimages if set_before => Effect::refused("cannot be changed once attached"),
        Change::AttachOnlyReimages => Effect::of(Disruption::Reimages),
    }
}

/// What a row of the transition tables says.
fn passage(row: &Transition) -> Effect {
    let of = |disruption| Effect { note: row.reason.clone(), ..Effect::of(disruption) };
    let refused = |disruption| Effect { refused: row.reason.clone(), way: row.way.clone(), ..Effect::of(disruption) };
    match row.passage {
        Passage::Allowed => of(Disruption::None),
        Passage::Reimages => of(Disruption::Reimages),
        Passage::Manual => {
            let upgrade = "nodes take it up with their next image upgrade";
            let note = row.reason.as_ref().map_or_else(|| upgrade.to_owned(), |reason| format!("{reason}; {upgrade}"));
            Effect::of(Disruption::None).note(&note)
        }
        Passage::Last => Effect { last: true, ..of(Disruption::None) },
        Passage::Rotates => refused(Disruption::Rotates),
        Passage::Refused => refused(Disruption::Replaces),
    }
}

/// A range that may only grow.
fn expansion(before: Option<&Value>, after: Option<&Value>) -> Effect {
    let texts = before.and_then(Value::as_str).zip(after.and_then(Value::as_str));
    match texts.and_then(|(old, new)| range::grows(old, new)) {
        Some(true) => Effect::of(Disruption::None).note("grows, and cannot shrink again"),
        Some(false) => {
            Effect { way: Some("write a range that holds the old one".to_owned()), ..Effect::refused("may only grow") }
        }
        None => Effect::of(Disruption::Unknown).note("may only grow: the new range must hold the old one"),
    }
}
