//! Kubernetes versions: how they are written and which way they go.

use std::fmt;

use crate::schema::Advisory;

/// Nodes may be so many minors behind their control plane; AKS refuses more.
pub(super) const MOST_BEHIND: u64 = 3;

/// A minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minor(u64, u64);

/// A version as far as it is said: `1.33` or `1.33.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    pub minor: Minor,
    pub patch: Option<u64>,
}

impl Minor {
    pub(super) fn next(self) -> Self {
        Self(self.0, self.1 + 1)
    }

    /// How many minors `self` is behind `other`; versions of another major count as one minor apart.
    pub(super) fn behind(self, other: Self) -> u64 {
        match self.0 == other.0 {
            true => other.1.saturating_sub(self.1),
            false => u64::from(self < other),
        }
    }
}

impl Version {
    /// Reads `1.33`, `1.33.5` or `v1.33.5`; anything else is no version that can be reckoned with.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let numbers: Option<Vec<u64>> =
            text.trim().trim_start_matches('v').split('.').map(|p| p.parse().ok()).collect();
        match numbers?[..] {
            [major, minor] => Some(Self { minor: Minor(major, minor), patch: None }),
            [major, minor, patch] => Some(Self { minor: Minor(major, minor), patch: Some(patch) }),
            _ => None,
        }
    }
}

impl fmt::Display for Minor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What an auto-upgrade channel does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    /// Nothing.
    Off,
    /// New node images; versions stay.
    NodeImage,
    /// Patches.
    Patch,
    /// Patches and minors.
    Minor,
}

impl Channel {
    /// What the channel of this name does, by the rule for the version it moves.
    pub(super) fn of(rule: &Advisory, name: &str) -> Self {
        let is = |words: &[String]| words.iter().any(|w| w.eq_ignore_ascii_case(name));
        match () {
            () if is(&rule.minor) => Self::Minor,
            () if is(&rule.patch) => Self::Patch,
            () if is(&rule.image) => Self::NodeImage,
            () => Self::Off,
        }
    }
}

/// What a wanted version asks of one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// It runs.
    Stay,
    /// Upgrade.
    Forward,
    /// What runs is newer, as the channel made it.
    Ahead,
    /// What runs is newer, and AKS does not go back.
    Back,
}

/// The course from what runs to what is wanted.
pub(super) fn course(wanted: Version, runs: Version, channel: Channel) -> Course {
    if wanted.minor > runs.minor {
        return Course::Forward;
    }
    if wanted.minor < runs.minor {
        return if channel == Channel::Minor { Course::Ahead } else { Course::Back };
    }
    match (wanted.patch, runs.patch) {
        // The channel owns the patch.
        (Some(_), Some(_)) if channel >= Channel::Patch => Course::Stay,
        (Some(wanted), Some(runs)) if wanted > runs => Course::Forward,
        (Some(wanted), Some(runs)) if wanted < runs => Course::Back,
        _ => Course::Stay,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn courses() {
        use Channel::*;
        for (wanted, runs, channel, expected) in [
            ("1.33", "1.33.5", Off, Course::Stay),
            ("1.33.5", "1.33.5", Off, Course::Stay),
            ("1.33.7", "1.33.5", Off, Course::Forward),
            ("1.33.7", "1.33.5", NodeImage, Course::Forward),
            ("1.33.7", "1.33.5", Patch, Course::Stay),
            ("1.33.3", "1.33.5", Off, Course::Back),
            ("1.33.3", "1.33.5", Minor, Course::Stay),
            ("1.36", "1.33.5", Patch, Course::Forward),
            ("1.32", "1.33.5", Patch, Course::Back),
            ("1.32", "1.33.5", Minor, Course::Ahead),
            ("1.33.7", "1.33", Off, Course::Stay),
        ] {
            let version = |text| Version::parse(text).expect("a version");
            assert_eq!(course(version(wanted), version(runs), channel), expected, "{wanted} {runs} {channel:?}");
        }
    }

    #[test]
    fn what_a_channel_does_stands_in_the_tables() {
        use Channel::*;
        for rule in Schema::get().resources().flat_map(|resource| &resource.advisory) {
            for (name, expected) in [
                ("stable", Minor),
                ("Rapid", Minor),
                ("patch", Patch),
                ("node-image", NodeImage),
                ("none", Off),
                ("", Off),
            ] {
                assert_eq!(Channel::of(rule, name), expected, "{name}");
            }
        }
    }

    #[test]
    fn what_is_no_version() {
        for text in ["", "1", "1.x", "1.2.3.4", "latest"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
