//! The environments' folder and the process environment, as the reader of environments wants them.

use std::path::{Path, PathBuf};

use crate::environment::{ReadProblem, Sources};

/// Files of one folder.
#[derive(Debug)]
pub(super) struct FolderSources {
    folder: PathBuf,
}

impl FolderSources {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

impl Sources for FolderSources {
    fn read(&self, file: &str) -> Result<String, ReadProblem> {
        let bytes = std::fs::read(self.folder.join(file)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => ReadProblem::Missing,
            _ => ReadProblem::Other(error.to_string()),
        })?;
        String::from_utf8(bytes).map_err(|_| ReadProblem::NotUtf8)
    }

    fn display(&self, file: &str) -> String {
        self.folder.join(file).to_string_lossy().replace('\\', "/")
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|n| n.ends_with(".yaml") || n.ends_with(".yml"));
        names.sort();
        names
    }

    #[expect(clippy::disallowed_methods, reason = "an environment file may name any variable: ${env:NAME}")]
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}
