//! What a text must look like by the way its property compares: resource IDs, address ranges, versions, regions.

use std::net::IpAddr;

use ipnet::IpNet;

use super::regions;
use crate::diagnostic::Diagnostic;
use crate::document::Path;
use crate::names::ArmId;
use crate::schema::{Equality, Referenced, ResourceType};

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
        let Referenced { arm_type, words } = self.resource.referenced(self.path).cloned().unwrap_or_default();
        let of_type = |id: ArmId| match &arm_type {
            Some(wanted) => id.resource_type().is_some_and(|kind| kind.eq_ignore_ascii_case(wanted)),
            None => true,
        };
        if words.iter().any(|word| word.eq_ignore_ascii_case(self.text)) || ArmId::parse(self.text).is_ok_and(of_type) {
            return None;
        }
        let kinds = arm_type.as_deref().and_then(|kind| kind.split_once('/')).map(|(_, kinds)| kinds);
        let what = kinds.map_or("a resource ID".to_owned(), |kinds| format!("the ID of one of {kinds}"));
        // As IDs have it: a name after each word.
        let shape = kinds.map_or("PROVIDER/TYPE".to_owned(), |kinds| kinds.replace('/', "/NAME/"));
        let problem = Diagnostic::error("bad-id", format!("`{}` takes {what}, this is none", self.path))
            .help(format!("one looks like /subscriptions/.../{shape}/NAME"));
        Some(if words.is_empty() { problem } else { problem.help(format!("allowed too: {}", words.join(", "))) })
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
