//! A world twice: what happens to one of them does not happen to the other.

use std::sync::Arc;

use super::clock::Clock;
use super::front::{Options, Sandbox};

impl Sandbox {
    /// Another sandbox with the same options and this one's world as it is now, operations that run included. It has a
    /// clock of its own, which should begin where this one's stands; what was asked so far and faults that are not spent
    /// stay behind, and so does the file: the new world is in memory alone.
    pub fn fork(&self, clock: Arc<dyn Clock>) -> Arc<Self> {
        let options = Options { clock, world: None, ..self.options().clone() };
        Self::of(options, self.with_world(|world| world.clone()), None)
    }

    /// The world as its file has it, operations that are due being ended first.
    pub fn exported(&self) -> serde_json::Value {
        self.with_world(|world| serde_json::to_value(world).expect("BUG: a world is JSON"))
    }

    /// Where its clock stands, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.options().clock.now_ms()
    }
}
