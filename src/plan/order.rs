//! Steps in an order that respects their edges and depends on nothing but the addresses.

use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use crate::names::StepId;

/// Sorts by edges, then by address, and numbers the steps from 1. A cycle is a broken plan: `Err` names the addresses in it.
pub(super) fn arrange(steps: Vec<Step>) -> Result<Vec<Step>, Vec<String>> {
    let mut waiting: BTreeMap<StepId, Step> = steps.into_iter().map(|s| (s.id.clone(), s)).collect();
    let known: BTreeSet<StepId> = waiting.keys().cloned().collect();
    for step in waiting.values_mut() {
        step.depends_on.retain(|d| known.contains(d));
    }
    let mut numbers: BTreeMap<StepId, StepId> = BTreeMap::new();
    let mut out: Vec<Step> = Vec::new();
    while !waiting.is_empty() {
        let ready = waiting
            .values()
            .filter(|s| s.depends_on.iter().all(|d| numbers.contains_key(d)))
            .min_by(|a, b| (&a.address, a.action, &a.id).cmp(&(&b.address, b.action, &b.id)))
            .map(|s| s.id.clone());
        let Some(next) = ready else {
            return Err(waiting.values().map(|s| s.address.to_string()).collect());
        };
        let number: StepId = (out.len() + 1).to_string().parse().expect("a number is a step id");
        let mut step = waiting.remove(&next).expect("BUG: it was just found");
        numbers.insert(next, number.clone());
        step.id = number;
        out.push(step);
    }
    for step in &mut out {
        step.depends_on = step.depends_on.iter().filter_map(|d| numbers.get(d).cloned()).collect();
        if let super::Work::Within { step: carrier, .. } = &mut step.work
            && let Some(number) = numbers.get(carrier)
        {
            *carrier = number.clone();
        }
    }
    Ok(out)
}
