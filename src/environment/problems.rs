//! Collects what is found, with the texts it is found in; knows where everything that was said stands.

use std::collections::{HashMap, HashSet};

use super::tree::{Entries, Place};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::document::Path;
use crate::names::Address;

/// A file that was read: the name a person uses, and its text.
#[derive(Debug)]
pub(super) struct File {
    pub shown: String,
    pub text: String,
}

/// Everything found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub files: Vec<File>,
    /// Stretches whose characters are never shown.
    pub masks: Vec<Place>,
    /// Resources of which a child could not be read: what they have in all cannot be judged.
    pub unclear: HashSet<Address>,
    found: Diagnostics,
    places: HashMap<(Address, String), Place>,
}

impl Problems {
    /// Adds a problem without a place.
    pub(super) fn push(&mut self, problem: Diagnostic) {
        self.found.push(problem);
    }

    /// Adds a problem at a place.
    pub(super) fn at(&mut self, place: Place, label: impl Into<String>, problem: Diagnostic) {
        let problem = match self.files.get(place.file) {
            Some(file) => {
                let end = (place.start..=place.end).rev().find(|at| file.text.is_char_boundary(*at));
                let range = place.start..end.unwrap_or(place.start);
                problem.at(Span { file: file.shown.clone(), range }, label)
            }
            None => problem,
        };
        self.found.push(problem);
    }

    /// Adds an unknown key, with the nearest right one and what is allowed.
    ///
    /// `allowed` comes with the path under which `landfall explain` lists it.
    pub(super) fn unknown_key(&mut self, key: &str, at: Place, of: &str, (allowed, topic): (&[&str], &str)) {
        let mut problem = Diagnostic::error("unknown-key", format!("{of} has no property `{key}`"));
        let same = || super::other_names::same_letters(key, allowed.iter().copied());
        if let Some(glued) = super::body::glued(key) {
            problem = problem.help(glued);
        } else if let Some(meant) = same().or_else(|| super::nearest::nearest(key, allowed.iter().copied())) {
            problem = problem.help(format!("did you mean `{meant}`?"));
        }
        if !allowed.is_empty() {
            problem = problem.help(super::nearest::allowed(allowed, topic));
        }
        self.at(at, "unknown", problem);
    }

    /// Reports every key of a map that is not among `allowed`.
    pub(super) fn only_keys(&mut self, entries: &Entries, of: &str, allowed: &[&str]) {
        for (key, entry) in entries {
            if !allowed.contains(&key.as_str()) {
                self.unknown_key(key, entry.key, of, (allowed, ""));
            }
        }
    }

    /// Whether there is an error so far.
    pub(super) fn has_errors(&self) -> bool {
        self.found.has_errors()
    }

    /// Remembers where a property of a resource is said.
    pub(super) fn remember(&mut self, address: &Address, path: &Path, said: Place) {
        self.places.insert((address.clone(), path.to_string()), said);
    }

    /// Where a property is said, or else the nearest thing around it.
    pub(super) fn said(&self, address: &Address, path: &Path) -> Place {
        let mut path = Some(path.clone());
        while let Some(at) = path {
            if let Some(said) = self.places.get(&(address.clone(), at.to_string())) {
                return *said;
            }
            path = at.parent();
        }
        match address.parent() {
            Some(parent) => self.said(&parent, &Path::root()),
            None => Place::default(),
        }
    }

    /// The findings with the texts they stand in, secrets blotted out.
    pub(super) fn finish(mut self) -> Diagnostics {
        for (index, file) in self.files.into_iter().enumerate() {
            let masks = self.masks.iter().filter(|m| m.file == index).map(|m| m.start..m.end);
            self.found.sources.insert(file.shown, super::mask::masked(&file.text, masks));
        }
        self.found
    }
}
