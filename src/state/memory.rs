//! A state in memory, for tests and rehearsals. It keeps the bytes of the file, so that it refuses what a file refuses.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;

use super::format::{self, Origin};
use super::store::{expect_environment, expect_unmoved};
use super::{Guard, Held, Holder, KEPT, Kept, State, StateError, Store, Version};
use crate::names::EnvName;

/// Keeps a state in memory. Clones share it, as processes share a file.
#[derive(Debug)]
pub struct MemoryStore {
    environment: EnvName,
    bytes: Arc<Mutex<Option<Vec<u8>>>>,
    /// Earlier versions, the newest last.
    history: Arc<Mutex<Vec<Earlier>>>,
    /// Whether this clone has kept the version that it found.
    kept: AtomicBool,
    lock: Arc<tokio::sync::Mutex<()>>,
    holder: Arc<Mutex<Option<Holder>>>,
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self {
            environment: self.environment.clone(),
            bytes: Arc::clone(&self.bytes),
            history: Arc::clone(&self.history),
            kept: AtomicBool::new(false),
            lock: Arc::clone(&self.lock),
            holder: Arc::clone(&self.holder),
        }
    }
}

/// A version and its bytes.
type Earlier = (Version, Vec<u8>);

struct MemoryGuard {
    holder: Arc<Mutex<Option<Holder>>>,
    _lock: OwnedMutexGuard<()>,
}

impl MemoryStore {
    /// An empty store of `environment`.
    pub fn new(environment: EnvName) -> Self {
        let (bytes, history, kept) = (Arc::default(), Arc::default(), AtomicBool::new(false));
        Self { environment, bytes, history, kept, lock: Arc::default(), holder: Arc::default() }
    }

    /// Keeps the version that this clone found, before its first write.
    fn keep(&self, old: Option<&[u8]>) {
        if self.kept.swap(true, Ordering::AcqRel) {
            return;
        }
        if let Some((old, version)) = old.and_then(|old| Some((old, format::version_of(old)?))) {
            let mut history = get(&self.history);
            history.retain(|(other, _)| *other != version);
            history.push((version, old.to_vec()));
            let surplus = history.len().saturating_sub(KEPT);
            history.drain(..surplus);
        }
    }

    fn read(&self, bytes: &[u8]) -> Result<State, StateError> {
        format::read(bytes, &Origin { what: &self.describe(), backup: None, environment: &self.environment })
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self) -> Result<Option<State>, StateError> {
        let bytes = get(&self.bytes).clone();
        bytes.map(|bytes| self.read(&bytes)).transpose()
    }

    async fn document(&self) -> Result<Option<Vec<u8>>, StateError> {
        Ok(get(&self.bytes).clone())
    }

    async fn replace(&self, state: &mut State, over: Option<&Version>) -> Result<(), StateError> {
        let what = self.describe();
        let new = format::write(state, state.serial.next())?;
        expect_environment(&what, &self.environment, state)?;
        let mut bytes = get(&self.bytes);
        let origin = Origin { what: &what, backup: None, environment: &self.environment };
        let stored = bytes.as_deref().map(|bytes| format::version(bytes, &origin)).transpose()?;
        expect_unmoved(&what, stored.flatten(), over)?;
        self.keep(bytes.as_deref());
        *bytes = Some(new);
        state.serial = state.serial.next();
        Ok(())
    }

    async fn lock(&self, holder: &Holder, wait: Duration) -> Result<Box<dyn Guard>, StateError> {
        let Ok(lock) = tokio::time::timeout(wait, Arc::clone(&self.lock).lock_owned()).await else {
            return Err(StateError::Locked { what: self.describe(), holder: get(&self.holder).clone().map(Box::new) });
        };
        *get(&self.holder) = Some(holder.clone());
        Ok(Box::new(MemoryGuard { holder: Arc::clone(&self.holder), _lock: lock }))
    }

    async fn held(&self) -> Result<Option<Held>, StateError> {
        Ok(get(&self.holder).clone().map(|holder| Held { holder: Some(holder), lease: None, breakable: false }))
    }

    async fn unlock(&self) -> Result<(), StateError> {
        Err(StateError::Unbreakable { what: self.describe() })
    }

    async fn history(&self) -> Result<Vec<Kept>, StateError> {
        let kept = |((lineage, serial), bytes): &Earlier| Kept {
            lineage: lineage.clone(),
            serial: *serial,
            bytes: bytes.len() as u64,
            replaced: None,
        };
        Ok(get(&self.history).iter().rev().map(kept).collect())
    }

    async fn kept(&self, version: &Version) -> Result<Option<Vec<u8>>, StateError> {
        Ok(get(&self.history).iter().find(|(other, _)| other == version).map(|(_, bytes)| bytes.clone()))
    }

    async fn remove(&self) -> Result<(), StateError> {
        let mut bytes = get(&self.bytes);
        self.keep(bytes.as_deref());
        *bytes = None;
        Ok(())
    }

    fn describe(&self) -> String {
        format!("the state of {} in memory", self.environment)
    }
}

#[async_trait]
impl Guard for MemoryGuard {
    async fn release(self: Box<Self>) -> Result<(), StateError> {
        Ok(())
    }
}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        *get(&self.holder) = None;
    }
}

/// What a mutex guards. Every change behind these is one assignment, so a panic elsewhere leaves nothing half done.
fn get<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
