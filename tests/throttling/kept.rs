//! A store that keeps the state as it is. What is measured here is requests; encoding the whole state a thousand times is the
//! business of other stages.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use landfall::state::{Guard, Held, Holder, State, StateError, Store, Version};

/// The state that was saved last.
pub struct Kept(pub Mutex<Option<State>>);

struct Free;

#[async_trait]
impl Store for Kept {
    async fn load(&self) -> Result<Option<State>, StateError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn document(&self) -> Result<Option<Vec<u8>>, StateError> {
        Ok(None)
    }

    async fn replace(&self, state: &mut State, _: Option<&Version>) -> Result<(), StateError> {
        *self.0.lock().unwrap() = Some(state.clone());
        Ok(())
    }

    async fn lock(&self, _: &Holder, _: Duration) -> Result<Box<dyn Guard>, StateError> {
        Ok(Box::new(Free))
    }

    async fn held(&self) -> Result<Option<Held>, StateError> {
        Ok(None)
    }

    async fn unlock(&self) -> Result<(), StateError> {
        Ok(())
    }

    async fn history(&self) -> Result<Vec<landfall::state::Kept>, StateError> {
        Ok(Vec::new())
    }

    async fn kept(&self, _: &Version) -> Result<Option<Vec<u8>>, StateError> {
        Ok(None)
    }

    async fn remove(&self) -> Result<(), StateError> {
        *self.0.lock().unwrap() = None;
        Ok(())
    }

    fn describe(&self) -> String {
        "the state of a test".to_owned()
    }
}

#[async_trait]
impl Guard for Free {
    async fn release(self: Box<Self>) -> Result<(), StateError> {
        Ok(())
    }
}
