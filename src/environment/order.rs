//! What waits for what must come to an end.

use indexmap::IndexMap;

use super::problems::Problems;
use crate::diagnostic::Diagnostic;
use crate::document::Path;
use crate::model::Wanted;
use crate::names::Address;

/// Reports every cycle of dependencies, once.
pub(super) fn check(resources: &IndexMap<Address, Wanted>, problems: &mut Problems) {
    let mut done: Vec<&Address> = Vec::new();
    for start in resources.keys() {
        let mut trail: Vec<&Address> = Vec::new();
        visit(start, resources, &mut trail, &mut done, problems);
    }
}

fn visit<'a>(
    at: &'a Address,
    resources: &'a IndexMap<Address, Wanted>,
    trail: &mut Vec<&'a Address>,
    done: &mut Vec<&'a Address>,
    problems: &mut Problems,
) {
    if done.contains(&at) {
        return;
    }
    if let Some(from) = trail.iter().position(|seen| *seen == at) {
        let mut cycle: Vec<&str> = trail[from..].iter().map(|a| a.as_str()).collect();
        cycle.push(at.as_str());
        let problem = Diagnostic::error("reference-cycle", format!("`{at}` waits for itself"))
            .help(format!("the cycle: {}", cycle.join(" needs ")));
        problems.at(problems.said(at, &Path::root()), "", problem);
        return;
    }
    trail.push(at);
    for next in resources.get(at).into_iter().flat_map(|wanted| &wanted.depends_on) {
        visit(next, resources, trail, done, problems);
    }
    trail.pop();
    done.push(at);
}
