//! The table of rules, and what a rule sees.

use indexmap::IndexMap;

use super::super::problems::Problems;
use super::super::tree::Place;
use super::{
    autoscaler, control_identity, duplicate_id, kubelet_identity, networks, node_labels, node_resource_group,
    one_schedule, os_sku, premium, system_pool, system_pool_kind, tags, windows_pool_name,
};
use crate::diagnostic::Diagnostic;
use crate::document::{Path, Value};
use crate::model::Wanted;
use crate::names::Address;

/// Something that must hold between properties or resources.
#[derive(Debug)]
pub struct Rule {
    /// The code of its findings.
    pub code: &'static str,
    /// What must hold, in one line.
    pub summary: &'static str,
    check: fn(&mut Case<'_>),
}

/// Every rule.
pub static RULES: [Rule; 14] = [
    Rule {
        code: autoscaler::CODE,
        summary: "an autoscaled pool has minCount <= count <= maxCount, a fixed one has neither bound",
        check: autoscaler::check,
    },
    Rule {
        code: control_identity::CODE,
        summary: "a control plane has at most one user-assigned identity, named by its resource ID",
        check: control_identity::check,
    },
    Rule {
        code: duplicate_id::CODE,
        summary: "no two entries name the same resource of Azure",
        check: duplicate_id::check,
    },
    Rule {
        code: kubelet_identity::CODE,
        summary: "a kubelet identity that the environment makes stands beside a user-assigned control-plane identity",
        check: kubelet_identity::check,
    },
    Rule {
        code: node_labels::CODE,
        summary: "labels and taints of node pools are such as Kubernetes takes",
        check: node_labels::check,
    },
    Rule {
        code: networks::CODE,
        summary: "the ranges of pods and services do not overlap, DNS lies in the latter, overlay and cilium stand on Azure CNI",
        check: networks::check,
    },
    Rule {
        code: node_resource_group::CODE,
        summary: "every cluster has a node resource group of its own, which AKS makes",
        check: node_resource_group::check,
    },
    Rule { code: one_schedule::CODE, summary: "a maintenance window has one schedule", check: one_schedule::check },
    Rule {
        code: os_sku::CODE,
        summary: "a node pool's distribution is one of its operating system",
        check: os_sku::check,
    },
    Rule {
        code: premium::CODE,
        summary: "what a registry offers in Premium only needs that SKU",
        check: premium::check,
    },
    Rule {
        code: system_pool::CODE,
        summary: "a cluster has a System node pool, unless Azure hosts the system",
        check: system_pool::check,
    },
    Rule {
        code: system_pool_kind::CODE,
        summary: "a System node pool is Linux, not Spot, and never empty",
        check: system_pool_kind::check,
    },
    Rule {
        code: tags::CODE,
        summary: "a resource has at most 50 tags, named and filled as Azure takes them",
        check: tags::check,
    },
    Rule {
        code: windows_pool_name::CODE,
        summary: "a Windows node pool has a name of at most six characters",
        check: windows_pool_name::check,
    },
];

/// An environment as a rule sees it.
pub(super) struct Case<'a> {
    /// Every resource.
    pub resources: &'a IndexMap<Address, Wanted>,
    problems: &'a mut Problems,
    /// Whether what Azure is thought to refuse is left for Azure to say.
    lenient: bool,
}

impl<'a> Case<'a> {
    /// Everything of one ARM type that landfall manages.
    pub(super) fn of_type(&self, arm_type: &'a str) -> impl Iterator<Item = &'a Wanted> + use<'a> {
        let resources: &'a IndexMap<Address, Wanted> = self.resources;
        resources.values().filter(move |w| !w.existing && w.arm_type.eq_ignore_ascii_case(arm_type))
    }

    /// Whether some child of a resource could not be read.
    pub(super) fn unclear(&self, wanted: &Wanted) -> bool {
        self.problems.unclear.contains(&wanted.address)
    }

    /// Where a property is said; its resource's key, when it is not.
    pub(super) fn said(&self, wanted: &Wanted, path: &str) -> Place {
        self.problems.said(&wanted.address, &Path::parse(path).unwrap_or_default())
    }

    /// Reports at the key of a property, or of the resource.
    pub(super) fn report(&mut self, wanted: &Wanted, path: &str, problem: Diagnostic) {
        let place = self.said(wanted, path);
        let problem = if self.lenient && problem.code != duplicate_id::CODE { problem.softened() } else { problem };
        self.problems.at(place, "", problem);
    }
}

/// The value at a path of keys: what the file says, or what a create gets.
pub(super) fn value<'w>(wanted: &'w Wanted, path: &str) -> Option<&'w Value> {
    let path = Path::parse(path)?;
    wanted.body.get(&path).filter(|v| !v.is_empty()).or_else(|| wanted.create_defaults.get(&path))
}

/// A whole number at a path.
pub(super) fn number(wanted: &Wanted, path: &str) -> Option<i64> {
    match value(wanted, path)? {
        Value::Number(n) => n.as_i64(),
        _ => None,
    }
}

/// Whether the text at a path is this word, whatever its capitals.
pub(super) fn is(wanted: &Wanted, path: &str, word: &str) -> bool {
    value(wanted, path).and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Applies every rule. `lenient`: their findings are warnings, but for what would make landfall itself go wrong.
pub(in crate::environment) fn check(resources: &IndexMap<Address, Wanted>, lenient: bool, problems: &mut Problems) {
    let mut case = Case { resources, problems, lenient };
    for rule in &RULES {
        (rule.check)(&mut case);
    }
}
