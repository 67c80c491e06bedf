//! Text with references to what other resources report.

use std::fmt;

use super::Path;
use crate::names::Address;

/// `${clusters.prod.oidcIssuerProfile.issuerURL}`: a property of another resource of the environment.
///
/// The first key of `path` may be `id`, `name` or `principalId`, which every resource that has them answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Whose property.
    pub address: Address,
    /// Which property, in the shape of that resource's document.
    pub path: Path,
}

/// A stretch of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// To be filled in.
    Reference(Reference),
}

/// Text that is known once its references are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// In order; at least one is a reference.
    pub parts: Vec<Part>,
}

impl Template {
    /// A template that is one reference and nothing else, so that the referenced value keeps its type.
    pub fn reference(address: Address, path: Path) -> Self {
        Self { parts: vec![Part::Reference(Reference { address, path })] }
    }

    /// What this template waits for.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().filter_map(|p| match p {
            Part::Reference(r) => Some(r),
            Part::Text(_) => None,
        })
    }

    /// The one reference this template is made of, if it is.
    pub fn sole_reference(&self) -> Option<&Reference> {
        match self.parts.as_slice() {
            [Part::Reference(r)] => Some(r),
            _ => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.address, self.path)
    }
}
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Text(t) => f.write_str(t)?,
                Part::Reference(r) => write!(f, "${{{r}}}")?,
            }
        }
        Ok(())
    }
}
