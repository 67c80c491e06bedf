//! A state in a file: `state/prod.json`, with `prod.json.backup`, `prod.lock` and `.history/prod` beside it.
//!
//! The lock is the operating system's own lock on `prod.lock`, so it ends with its process, however that ends; the file
//! itself stays, since removing it would let two processes lock two files of one name. `.prod.json.write` is locked for the
//! moment of a save alone, which makes comparing the serial and replacing the file one act.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::file::{directory_of, flush_directory, restrict, sweep, write_atomically_private};
use super::format::{self, Origin};
use super::holder;
use super::shelf::Shelf;
use super::store::{expect_environment, expect_unmoved};
use super::{Guard, Held, Holder, Kept, State, StateError, Store, Version};
use crate::names::EnvName;

/// How often a waiting process tries the lock again: short enough not to be felt, long enough to cost nothing.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// Keeps a state in a file.
#[derive(Debug, Clone)]
pub struct LocalStore {
    files: Arc<Files>,
}

#[derive(Debug)]
struct Files {
    state: PathBuf,
    backup: PathBuf,
    lock: PathBuf,
    writing: PathBuf,
    shelf: Shelf,
    environment: EnvName,
    /// Whether the version from before this command is safe in the backup and on the shelf.
    backed_up: AtomicBool,
}

struct LocalGuard {
    file: File,
}

impl LocalStore {
    /// The store of `environment` at `path` (`state/prod.json`). Nothing is touched until it is used.
    pub fn new(path: PathBuf, environment: EnvName) -> Self {
        let beside = |prefix: &str, suffix: &str| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            directory_of(&path).join(format!("{prefix}{name}{suffix}"))
        };
        let (backup, writing) = (beside("", ".backup"), beside(".", ".write"));
        let lock = path.with_extension("lock");
        let shelf = Shelf::beside(&path);
        let backed_up = AtomicBool::new(false);
        Self { files: Arc::new(Files { backup, lock, writing, shelf, state: path, environment, backed_up }) }
    }

    /// Runs disk work off the runtime's threads. It goes on to its end when the caller is gone: a save is never cut.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, StateError> {
        let files = Arc::clone(&self.files);
        let joined = tokio::task::spawn_blocking(move || work(&files)).await;
        joined.map_err(|error| StateError::Access { act: "use", what: self.describe(), source: Box::new(error) })?
    }
}

#[async_trait]
impl Store for LocalStore {
    async fn load(&self) -> Result<Option<State>, StateError> {
        self.off_thread(Files::load).await
    }

    async fn document(&self) -> Result<Option<Vec<u8>>, StateError> {
        self.off_thread(Files::bytes).await
    }

    async fn replace(&self, state: &mut State, over: Option<&Version>) -> Result<(), StateError> {
        let next = state.serial.next();
        let new = format::write(state, next)?;
        expect_environment(&self.describe(), &self.files.environment, state)?;
        let over = over.cloned();
        self.off_thread(move |files| files.save(&new, over.as_ref())).await?;
        state.serial = next;
        Ok(())
    }

    async fn lock(&self, holder: &Holder, wait: Duration) -> Result<Box<dyn Guard>, StateError> {
        let until = Instant::now() + wait;
        loop {
            let mine = holder.clone();
            let (guard, theirs) = self.off_thread(move |files| files.try_lock(&mine)).await?;
            if let Some(guard) = guard {
                return Ok(Box::new(guard));
            }
            let now = Instant::now();
            if now >= until {
                return Err(StateError::Locked { what: self.describe(), holder: theirs.map(Box::new) });
            }
            tokio::time::sleep(LOCK_POLL.min(until - now)).await;
        }
    }

    async fn held(&self) -> Result<Option<Held>, StateError> {
        self.off_thread(Files::held).await
    }

    async fn unlock(&self) -> Result<(), StateError> {
        Err(StateError::Unbreakable { what: self.describe() })
    }

    async fn history(&self) -> Result<Vec<Kept>, StateError> {
        self.off_thread(|files| files.shelf.list().map_err(|error| access("read", files.shelf.folder(), error))).await
    }

    async fn kept(&self, version: &Version) -> Result<Option<Vec<u8>>, StateError> {
        let version = version.clone();
        let read = move |files: &Files| {
            files.shelf.read(&version).map_err(|error| access("read", files.shelf.folder(), error))
        };
        self.off_thread(read).await
    }

    async fn remove(&self) -> Result<(), StateError> {
        self.off_thread(Files::remove).await
    }

    fn describe(&self) -> String {
        self.files.state.display().to_string()
    }
}

impl Files {
    fn load(&self) -> Result<Option<State>, StateError> {
        match self.bytes()? {
            Some(bytes) => self.read(&bytes).map(Some),
            None => Ok(None),
        }
    }

    fn save(&self, new: &[u8], over: Option<&Version>) -> Result<(), StateError> {
        let _writing = self.lock_writing()?;
        let old = self.bytes()?;
        let what = self.state.display().to_string();
        let stored = old.as_deref().map(|bytes| format::version(bytes, &self.origin(&what))).transpose()?;
        expect_unmoved(&what, stored.flatten(), over)?;
        sweep(&self.state);
        sweep(&self.backup);
        self.back_up(old.as_deref())?;
        write_atomically_private(&self.state, new).map_err(|error| access("write", &self.state, error))
    }

    fn remove(&self) -> Result<(), StateError> {
        let _writing = self.lock_writing()?;
        let Some(old) = self.bytes()? else { return Ok(()) };
        self.back_up(Some(&old))?;
        fs::remove_file(&self.state)
            .and_then(|()| flush_directory(directory_of(&self.state)))
            .map_err(|error| access("remove", &self.state, error))
    }

    /// Keeps the version from before this command's first write. Later ones are that command's own and would only push it
    /// out: a run saves after every step.
    fn back_up(&self, old: Option<&[u8]>) -> Result<(), StateError> {
        if !self.backed_up.load(Ordering::Acquire) {
            if let Some(old) = old {
                write_atomically_private(&self.backup, old).map_err(|error| access("write", &self.backup, error))?;
                if let Some(version) = format::version_of(old) {
                    let kept = self.shelf.keep(&version, old);
                    kept.map_err(|error| access("write", self.shelf.folder(), error))?;
                }
            }
            self.backed_up.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn bytes(&self) -> Result<Option<Vec<u8>>, StateError> {
        match fs::read(&self.state) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(access("read", &self.state, error)),
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<State, StateError> {
        let what = self.state.display().to_string();
        format::read(bytes, &self.origin(&what))
    }

    fn origin<'a>(&'a self, what: &'a str) -> Origin<'a> {
        let backup = self.backup.exists().then(|| self.backup.display().to_string());
        Origin { what, backup, environment: &self.environment }
    }

    fn lock_writing(&self) -> Result<File, StateError> {
        let file = open_beside(&self.writing).map_err(|error| access("open", &self.writing, error))?;
        file.lock().map_err(|error| access("lock", &self.writing, error))?;
        Ok(file)
    }

    /// Who has the lock. To find out it is tried, and given back at once.
    fn held(&self) -> Result<Option<Held>, StateError> {
        let mut file = match OpenOptions::new().read(true).write(true).open(&self.lock) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(access("open", &self.lock, error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => {
                Ok(Some(Held { holder: read_holder(&mut file), lease: None, breakable: false }))
            }
            Err(TryLockError::Error(error)) => Err(access("lock", &self.lock, error)),
        }
    }

    /// The lock, or who has it as far as that can be read.
    fn try_lock(&self, holder: &Holder) -> Result<(Option<LocalGuard>, Option<Holder>), StateError> {
        let mut file = open_beside(&self.lock).map_err(|error| access("open", &self.lock, error))?;
        match file.try_lock() {
            Ok(()) => {
                sign(&mut file, holder).map_err(|error| access("write", &self.lock, error))?;
                Ok((Some(LocalGuard { file }), None))
            }
            Err(TryLockError::WouldBlock) => Ok((None, read_holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(access("lock", &self.lock, error)),
        }
    }
}

#[async_trait]
impl Guard for LocalGuard {
    async fn release(self: Box<Self>) -> Result<(), StateError> {
        Ok(())
    }
}

impl Drop for LocalGuard {
    fn drop(&mut self) {
        // The signature is for people alone, and closing the file ends the lock: neither failure could do harm.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn open_beside(path: &Path) -> io::Result<File> {
    fs::create_dir_all(directory_of(path))?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    restrict(&mut options, Some(0o600));
    options.open(path)
}

fn sign(file: &mut File, by: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(holder::write(by).as_bytes())
}

/// Whose signature stands in a lock file. None while it is being written, or where a locked file cannot be read.
fn read_holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    holder::read(&text)
}

fn access(act: &'static str, path: &Path, source: io::Error) -> StateError {
    StateError::Access { act, what: path.display().to_string(), source: Box::new(source) }
}
