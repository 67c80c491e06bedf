//! Kubernetes versions: what an alias means, and which steps are allowed.

use super::behaviour::service;
use super::call::Call;
use super::refusal::Refusal;

type Version = (u64, u64, u64);

impl Call<'_> {
    /// The patch that a cluster runs which says `asked`, given what it said and ran before.
    pub(super) fn cluster_version(
        &self,
        name: &str,
        asked: &str,
        before: Option<(&str, &str)>,
    ) -> Result<String, Refusal> {
        if let Some((said, runs)) = before
            && (said == asked || keeps(asked, runs))
        {
            return Ok(runs.to_owned());
        }
        let Some(current) = self.offered(asked) else {
            let message = format!(
                "Managed cluster {name} is on version {asked} which is not supported in this region. Please use [az aks \
                 get-versions] command to get the supported version list in this region. For more information, please check \
                 https://aka.ms/supported-version-list"
            );
            return Err(Refusal::aks(400, "K8sVersionNotSupported", message, ""));
        };
        if let Some((_, runs)) = before {
            step_allowed(runs, &current)?;
        }
        Ok(current)
    }

    /// The patch that a pool's nodes run which says `asked`, under a control plane that runs `plane`.
    pub(super) fn pool_version(
        &self,
        asked: &str,
        plane: &str,
        before: Option<(&str, &str)>,
    ) -> Result<String, Refusal> {
        if let Some((said, runs)) = before
            && (said == asked || keeps(asked, runs))
        {
            return Ok(runs.to_owned());
        }
        // An alias of the control plane's own minor means the control plane's patch.
        let current = if keeps(asked, plane) { Some(plane.to_owned()) } else { self.offered(asked) };
        let Some(current) = current else {
            let message = format!(
                "Version {asked} is not supported in this region. Please use [az aks get-versions] command to get the supported \
                 version list in this region. For more information, please check https://aka.ms/supported-version-list"
            );
            return Err(Refusal::aks(400, "AgentPoolK8sVersionNotSupported", message, ""));
        };
        let (node, control) = (parse(&current), parse(plane));
        if node > control || control.1.saturating_sub(node.1) > 3 {
            let message = format!(
                "Node pool version {current} and control plane version {plane} are incompatible. Minor version of node pool cannot \
                 be bigger than control plane version. Minor version of node pool cannot be more than 3 versions less than control \
                 plane version. For more information, please check https://aka.ms/aks/UpgradeVersionRules"
            );
            return Err(Refusal::aks(400, "NodePoolMcVersionIncompatible", message, ""));
        }
        if let Some((_, runs)) = before {
            step_allowed(runs, &current)?;
        }
        Ok(current)
    }

    /// The patch behind an offered version or alias.
    fn offered(&self, asked: &str) -> Option<String> {
        if self.options.kubernetes_versions.iter().any(|v| v == asked) {
            return Some(if asked.matches('.').count() < 2 { format!("{asked}.0") } else { asked.to_owned() });
        }
        let offered = &service().kubernetes.offered;
        match offered.get(asked) {
            Some(patches) => patches.last().cloned(),
            None => offered.values().flatten().find(|patch| *patch == asked).cloned(),
        }
    }
}

/// Whether `asked` is the alias of the minor that runs: then nothing is upgraded.
fn keeps(asked: &str, runs: &str) -> bool {
    asked == runs
        || (asked.matches('.').count() == 1 && runs.strip_prefix(asked).is_some_and(|rest| rest.starts_with('.')))
}

fn step_allowed(from: &str, to: &str) -> Result<(), Refusal> {
    let (before, after) = (parse(from), parse(to));
    if after >= before && after.0 == before.0 && after.1 - before.1 <= 1 {
        return Ok(());
    }
    let next = upgrades(from);
    let message = format!(
        "Upgrading Kubernetes version {from} to {to} is not allowed. Available upgrades: [{}]. Please see \
         https://aka.ms/aks-supported-k8s-ver for version details.",
        next.join(" ")
    );
    Err(Refusal::aks(400, "OperationNotAllowed", message, ""))
}

/// The offered patches that a version may be upgraded to.
pub(super) fn upgrades(from: &str) -> Vec<&'static str> {
    let before = parse(from);
    let offered = service().kubernetes.offered.values().flatten();
    offered.filter(|v| parse(v) > before && parse(v).1.saturating_sub(before.1) <= 1).map(String::as_str).collect()
}

fn parse(text: &str) -> Version {
    let mut parts = text.split('.').map(|p| p.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}
