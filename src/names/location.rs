//! Azure regions.

use std::fmt;

/// A region in Azure's short form. `West Europe` and `westeurope` are the same place; the short form is kept, since that is
/// what the services of this tool answer.
///
/// ```
/// use landfall::names::Location;
/// assert_eq!(Location::new("West Europe"), Location::new("westeurope"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location(String);

impl Location {
    /// Folds case and spaces. Whether Azure has such a region is Azure's to say.
    pub fn new(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase())
    }

    /// The short form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
