//! The folder beside a local state where its earlier versions are kept: `state/.history/prod/41-LINEAGE.json`.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::file::{directory_of, write_atomically_private};
use super::history::{KEPT, Kept, file_name, newest_first, version_named};
use super::store::Version;

/// Keeps versions of one state. Only for one who knows that nobody else writes there.
#[derive(Debug)]
pub(super) struct Shelf {
    folder: PathBuf,
}

impl Shelf {
    /// The folder of the state at `path`. Nothing is touched until something is kept.
    pub(super) fn beside(path: &Path) -> Self {
        let name = path.file_stem().map(|name| name.to_owned()).unwrap_or_default();
        Self { folder: directory_of(path).join(".history").join(name) }
    }

    /// Keeps a version, and lets the oldest go.
    pub(super) fn keep(&self, version: &Version, bytes: &[u8]) -> io::Result<()> {
        make(&self.folder)?;
        write_atomically_private(&self.folder.join(file_name(version)), bytes)?;
        // What stays of these is clutter and no harm.
        self.sweep();
        for old in self.list()?.into_iter().skip(KEPT) {
            let _ = fs::remove_file(self.folder.join(file_name(&old.version())));
        }
        Ok(())
    }

    /// All that is kept, newest first.
    pub(super) fn list(&self) -> io::Result<Vec<Kept>> {
        let mut out = Vec::new();
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(out),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Some((lineage, serial)) = entry.file_name().to_str().and_then(version_named) else { continue };
            let about = match entry.metadata() {
                // A command that runs has just let it go.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                about => about?,
            };
            let replaced = about.modified().ok().map(OffsetDateTime::from);
            out.push(Kept { lineage, serial, bytes: about.len(), replaced });
        }
        newest_first(&mut out);
        Ok(out)
    }

    /// A version, to the byte; `None` if it is not kept.
    pub(super) fn read(&self, version: &Version) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join(file_name(version))) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where it is, for errors.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes away what crashes left.
    fn sweep(&self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let left = name.to_str().is_some_and(|name| name.starts_with('.') && name.ends_with(".tmp"));
            if left {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Makes a folder that only its owner may look into, where there are modes.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    restrict(&mut builder);
    builder.create(folder)
}

#[cfg(unix)]
fn restrict(builder: &mut DirBuilder) {
    use std::os::unix::fs::DirBuilderExt as _;
    builder.mode(0o700);
}

#[cfg(not(unix))]
fn restrict(_builder: &mut DirBuilder) {}
