//! Files that are either the old one or the new one, whole, whatever happens while they are written.
//!
//! The bytes go to a temporary file in the same directory, are flushed to the disk, and take the old file's place in one
//! rename; then the directory is flushed, so that the rename outlives a power cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Tells temporary files of one process apart.
static COUNTER: AtomicU32 = AtomicU32::new(0);

/// Writes a file in one piece, with the permissions new files have, making missing directories. A symbolic link is
/// followed: what it points to is replaced.
///
/// # Errors
/// What the disk says; the old file is as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    stage(path, bytes, None)?.commit()
}

/// [`write_atomically`] for a file that only its owner may read (mode 0600 where there are modes).
///
/// # Errors
/// What the disk says; the old file is as it was.
pub fn write_atomically_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    stage(path, bytes, Some(0o600))?.commit()
}

/// New contents beside a file, flushed, not yet in its place. Dropped, they go away.
pub(super) struct Staged {
    temporary: PathBuf,
    target: PathBuf,
}

/// Writes new contents beside `path`.
pub(super) fn stage(path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<Staged> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let Some(name) = target.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    };
    let directory = directory_of(&target);
    fs::create_dir_all(directory)?;
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = directory.join(format!(".{}.{}-{number}.tmp", name.to_string_lossy(), std::process::id()));
    let staged = Staged { temporary, target };
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    restrict(&mut options, mode);
    let mut file = options.open(&staged.temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(staged)
}

/// Takes away what crashes left beside `path`, as far as it can: what stays is clutter and no harm. Only for one who knows
/// that nobody is writing the file.
pub(super) fn sweep(path: &Path) {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let Some(prefix) = target.file_name().map(|name| format!(".{}.", name.to_string_lossy())) else { return };
    for entry in fs::read_dir(directory_of(&target)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let middle = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(".tmp"));
        if middle.is_some_and(|it| it.chars().all(|c| c.is_ascii_digit() || c == '-')) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Staged {
    /// Puts the new contents in the file's place.
    pub(super) fn commit(self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.target)?;
        flush_directory(directory_of(&self.target))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After a commit there is nothing left under this name; before one, a left-over is clutter and no harm.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// The directory a file lies in.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes renames and removals in a directory outlive a power cut, where directories can be flushed.
pub(super) fn flush_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
pub(super) fn restrict(options: &mut OpenOptions, mode: Option<u32>) {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(mode) = mode {
        options.mode(mode);
    }
}

#[cfg(not(unix))]
pub(super) fn restrict(_options: &mut OpenOptions, _mode: Option<u32>) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut out: Vec<String> =
            fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        out.sort();
        out
    }

    #[test]
    fn a_crash_before_the_rename_leaves_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("prod.json");
        write_atomically(&path, b"old").unwrap();
        let staged = stage(&path, b"new", None).unwrap();
        std::mem::forget(staged);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(directory.path()).len(), 2, "what a crash leaves beside it");

        write_atomically(&path, b"newer").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("there");
        fs::create_dir(&path).unwrap();
        fs::create_dir(path.join("inside")).unwrap();
        assert!(write_atomically(&path, b"a file cannot take a full directory's place").is_err());
        assert_eq!(names(directory.path()), ["there"]);
        assert!(write_atomically(Path::new("/"), b"x").is_err());
    }

    #[test]
    fn missing_directories_are_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a/b/c.json");
        write_atomically(&path, b"x").unwrap();
        assert_eq!(names(path.parent().unwrap()), ["c.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_and_a_link_is_followed() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        write_atomically_private(&real, b"1").unwrap();
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_atomically_private(&link, b"2").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"2");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
