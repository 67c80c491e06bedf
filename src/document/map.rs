//! Properties by name. Copies share what they hold until one of them is changed: a plan looks at the same documents from many
//! sides, and rarely changes one.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;

use super::Value;

type Inner = IndexMap<String, Value>;

/// Properties or keys, in the order in which they were written or received.
#[derive(Debug, Clone, PartialEq)]
pub struct Map(Arc<Inner>);

/// What all maps without keys share.
static EMPTY: LazyLock<Arc<Inner>> = LazyLock::new(Arc::default);

impl Map {
    /// A map without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// A map that is about to get so many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self(Arc::new(Inner::with_capacity(keys)))
    }
}

impl Default for Map {
    fn default() -> Self {
        Self(EMPTY.clone())
    }
}

impl Deref for Map {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl DerefMut for Map {
    fn deref_mut(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(entries: I) -> Self {
        // Documents are many and live long: a map that was collected without knowing its size holds up to twice its room.
        let mut inner: Inner = entries.into_iter().collect();
        inner.shrink_to_fit();
        if inner.is_empty() { Self::default() } else { Self(Arc::new(inner)) }
    }
}

impl Extend<(String, Value)> for Map {
    fn extend<I: IntoIterator<Item = (String, Value)>>(&mut self, entries: I) {
        Inner::extend(self, entries);
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = indexmap::map::IntoIter<String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::unwrap_or_clone(self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a String, &'a Value);
    type IntoIter = indexmap::map::Iter<'a, String, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_shared_until_it_is_changed() {
        let one: Map = [("a".to_owned(), Value::text("x"))].into_iter().collect();
        let mut other = one.clone();
        assert!(Arc::ptr_eq(&one.0, &other.0));
        other.insert("b".to_owned(), Value::Null);
        assert_eq!((one.len(), other.len()), (1, 2));
        assert_ne!(one, other);
    }
}
