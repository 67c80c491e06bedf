//! Steps in an order that respects their edges and depends on nothing but the addresses.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Step};
use crate::names::{Address, StepId};

/// Sorts by edges, then by address, and numbers the steps from 1. A cycle is a broken plan: `Err` names the addresses in it.
pub(super) fn arrange(steps: Vec<Step>) -> Result<Vec<Step>, Vec<String>> {
    let mut waiting: BTreeMap<StepId, Step> = steps.into_iter().map(|s| (s.id.clone(), s)).collect();
    let known: BTreeSet<StepId> = waiting.keys().cloned().collect();
    let mut after: BTreeMap<StepId, Vec<StepId>> = BTreeMap::new();
    let mut missing: BTreeMap<StepId, usize> = BTreeMap::new();
    let mut ready: BTreeSet<(Address, Action, StepId)> = BTreeSet::new();
    let place = |s: &Step| (s.address.clone(), s.action, s.id.clone());
    for step in waiting.values_mut() {
        step.depends_on.retain(|d| known.contains(d));
        for before in &step.depends_on {
            after.entry(before.clone()).or_default().push(step.id.clone());
        }
        missing.insert(step.id.clone(), step.depends_on.len());
        if step.depends_on.is_empty() {
            ready.insert(place(step));
        }
    }
    let mut numbers: BTreeMap<StepId, StepId> = BTreeMap::new();
    let mut out: Vec<Step> = Vec::new();
    while let Some((_, _, next)) = ready.pop_first() {
        let number: StepId = (out.len() + 1).to_string().parse().expect("a number is a step id");
        let mut step = waiting.remove(&next).expect("BUG: what is ready waits");
        for later in after.remove(&next).unwrap_or_default() {
            let left = missing.get_mut(&later).expect("BUG: every step is counted");
            *left -= 1;
            if *left == 0 {
                ready.extend(waiting.get(&later).map(place));
            }
        }
        numbers.insert(next, number.clone());
        step.id = number;
        out.push(step);
    }
    if !waiting.is_empty() {
        return Err(waiting.values().map(|s| s.address.to_string()).collect());
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
