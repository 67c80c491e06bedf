//! What a text must look like by the way its property compares: resource IDs, address ranges, versions, regions.

use std::net::IpAddr;

use ipnet::IpNet;

use super::regions;
use crate::diagnostic::Diagnostic;
use crate::document::Path;
use crate::names::ArmId;
use crate::schema::{Equality, ResourceType};

/// Words that stand in the place of a resource ID.
const WORDS: [(&str, &[&str]); 1] = [("apiServerAccessProfile.privateDNSZone", &["system", "none"])];
/// What compares as a resource ID and is whatever a person says: the groups of a recording are managed by `test_admin`.
const FREE: [&str; 1] = ["managedBy"];
/// Keys that name a subnet, where the ID of the whole network is the usual slip.
const SUBNETS: [&str; 3] = ["vnetSubnetID", "podSubnetID", "apiServerAccessProfile.subnetId"];
const SUBNET: &str = "Microsoft.Network/virtualNetworks/subnets";

/// A text that a property is given.
pub(super) struct Given<'a> {
    pub resource: &'a ResourceType,
    pub path: &'a Path,
    pub text: &'a str,
    /// How a message shows it.
    pub shown: String,
    pub allow_unknown: bool,
}

impl Given<'_> {
    /// What is wrong with its form.
    pub(super) fn problem(&self) -> Option<Diagnostic> {
        if self.text.is_empty() {
            return None;
        }
        match self.resource.fact(self.path).equality {
            Equality::ArmId => self.id(),
            Equality::Cidr if range(self.text).is_none() => Some(
                Diagnostic::error("bad-range", format!("`{}` cannot be {}", self.path, self.shown))
                    .help("allowed: an address such as 20.1.2.3, or a range such as 10.0.0.0/16"),
            ),
            Equality::Version(_) if !version(self.text) => Some(
                Diagnostic::error("bad-version", format!("`{}` cannot be {}", self.path, self.shown))
                    .help("allowed: a minor version such as 1.35, or a full one such as 1.35.2"),
            ),
            Equality::Location if !self.allow_unknown => regions::slip(self.text),
            _ => None,
        }
    }

    fn id(&self) -> Option<Diagnostic> {
        let path = self.path.to_string();
        let words = WORDS.iter().find(|(known, _)| *known == path).map(|(_, words)| *words).unwrap_or_default();
        if FREE.contains(&path.as_str()) || words.iter().any(|word| word.eq_ignore_ascii_case(self.text)) {
            return None;
        }
        let subnet = SUBNETS.contains(&path.as_str());
        let right = ArmId::parse(self.text)
            .is_ok_and(|id| !subnet || id.resource_type().is_some_and(|kind| kind.eq_ignore_ascii_case(SUBNET)));
        if right {
            return None;
        }
        let what = if subnet { "the resource ID of a subnet" } else { "a resource ID" };
        let problem = Diagnostic::error("bad-id", format!("`{path}` takes {what}, this is none"));
        let kind = if subnet { "virtualNetworks/NAME/subnets" } else { "PROVIDER/TYPE" };
        let problem = problem.help(format!("one looks like /subscriptions/.../{kind}/NAME"));
        Some(match words {
            [] => problem,
            words => problem.help(format!("allowed too: {}", words.join(", "))),
        })
    }
}

/// An address, or a range of them.
pub(super) fn range(text: &str) -> Option<IpNet> {
    text.trim().parse().ok().or_else(|| text.trim().parse::<IpAddr>().ok().map(IpNet::from))
}

/// Whether a text is a version of Kubernetes as AKS takes one: `1.35`, `1.35.2`, with or without a suffix.
fn version(text: &str) -> bool {
    let (numbers, _) = text.split_once('-').unwrap_or((text, ""));
    let parts: Vec<&str> = numbers.split('.').collect();
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, fine) in [
            ("1.35", true),
            ("1.35.2", true),
            ("1.35.2-preview", true),
            ("1.30", true),
            ("v1.35", false),
            ("latest", false),
            ("1", false),
            ("1.35.", false),
            ("1.35.2.1", false),
        ] {
            assert_eq!(version(text), fine, "{text}");
        }
    }

    #[test]
    fn ranges() {
        for (text, fine) in
            [("10.0.0.0/16", true), ("1.2.3.4", true), ("fd12::/64", true), ("10.0.0.0/33", false), ("1.2.3", false)]
        {
            assert_eq!(range(text).is_some(), fine, "{text}");
        }
    }
}
