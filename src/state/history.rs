//! Versions of a state that stay when a command replaces them: what they are called, in which order, and how many.
//!
//! A command writes a state many times over. What is kept is the version that it found, once, before its first write; so
//! there is one for each command that changed something, and never one of a moment in between.

use std::cmp::Reverse;

use time::OffsetDateTime;

use super::store::Version;
use crate::names::{Lineage, Serial};

/// How many versions are kept beside a state; older ones go.
pub const KEPT: usize = 20;

/// A version that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which state it is of.
    pub lineage: Lineage,
    /// How often that had been written.
    pub serial: Serial,
    /// How large it is, in bytes.
    pub bytes: u64,
    /// When a command came to replace it; `None` where the store has no clock.
    pub replaced: Option<OffsetDateTime>,
}

impl Kept {
    /// Its lineage and serial.
    pub fn version(&self) -> Version {
        (self.lineage.clone(), self.serial)
    }
}

/// What a version is called in a folder of versions: `41-0d3b7f5e-9f0a-4c39-9f43-8a1f0b6c2d11.json`.
pub(super) fn file_name((lineage, serial): &Version) -> String {
    format!("{serial}-{lineage}.json")
}

/// The version that such a name means; `None` for any other name.
pub(super) fn version_named(name: &str) -> Option<Version> {
    let (serial, lineage) = name.strip_suffix(".json")?.split_once('-')?;
    Some((lineage.parse().ok()?, Serial(serial.parse().ok()?)))
}

/// Puts versions in order: the one that was replaced last is the first.
pub(super) fn newest_first(kept: &mut [Kept]) {
    kept.sort_by_key(|one| Reverse((one.replaced, one.serial)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_version() {
        let version = ("0d3b7f5e-9f0a-4c39-9f43-8a1f0b6c2d11".parse().unwrap(), Serial(41));
        assert_eq!(version_named(&file_name(&version)), Some(version));
        for other in ["41.json", "-1-0d3b7f5e.json", "x-0d3b7f5e-9f0a-4c39-9f43-8a1f0b6c2d11.json", "prod.json", ""] {
            assert_eq!(version_named(other), None, "{other}");
        }
    }
}
