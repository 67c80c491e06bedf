//! What this room needs from outside: texts by file name, variables by name. Holds no path and no handle.

use std::collections::BTreeMap;

/// Where environment files and variables come from.
pub trait Sources {
    /// The text of a file, by its name relative to the environments directory: `prod.yaml`.
    ///
    /// # Errors
    /// Why there is no text.
    fn read(&self, file: &str) -> Result<String, ReadProblem>;
    /// How a person names that file: `environments/prod.yaml`.
    fn display(&self, file: &str) -> String;
    /// The names of the files in the directory, for "did you mean".
    fn names(&self) -> Vec<String>;
    /// The value of an environment variable, for `${env:NAME}`.
    fn variable(&self, name: &str) -> Option<String>;
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadProblem {
    /// There is no such file.
    Missing,
    /// It is no text in UTF-8.
    NotUtf8,
    /// The system says something else.
    Other(String),
}

/// Files and variables held in memory.
///
/// ```
/// use landfall::environment::{MapSources, Sources};
/// let sources = MapSources::new().file("prod.yaml", "location: westeurope").with_variable("NAME", "x");
/// assert_eq!(sources.display("prod.yaml"), "environments/prod.yaml");
/// assert_eq!(sources.variable("NAME").as_deref(), Some("x"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct MapSources {
    files: BTreeMap<String, Vec<u8>>,
    variables: BTreeMap<String, String>,
}

impl MapSources {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one file more.
    #[must_use]
    pub fn file(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(name.to_owned(), content.into());
        self
    }

    /// The same with one variable more.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }
}

impl Sources for MapSources {
    fn read(&self, file: &str) -> Result<String, ReadProblem> {
        let bytes = self.files.get(file).ok_or(ReadProblem::Missing)?;
        String::from_utf8(bytes.clone()).map_err(|_| ReadProblem::NotUtf8)
    }

    fn display(&self, file: &str) -> String {
        format!("environments/{file}")
    }

    fn names(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}
