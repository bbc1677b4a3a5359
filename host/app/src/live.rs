//! What people see while a task runs on this host: text as it comes, progress inside a phase. Never stored; nobody's work depends on it.

use domain::event::LiveEvent;
use domain::id::TaskId;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// A slow reader loses deltas beyond this many, never durable events.
const CAPACITY: usize = 1024;

/// What a subscriber is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// Something that is not stored.
    Live(LiveEvent),
    /// Durable events were appended: read them from the store.
    Durable,
}

/// One channel for each task that somebody watches.
#[derive(Debug, Default)]
pub struct LiveBus {
    channels: Mutex<HashMap<TaskId, broadcast::Sender<Signal>>>,
}

impl LiveBus {
    /// Watch a task. Read durable events from the store after subscribing, so that none falls between.
    pub fn subscribe(&self, task: &TaskId) -> broadcast::Receiver<Signal> {
        let mut channels = self.channels();
        channels.retain(|_, sender| sender.receiver_count() > 0);
        channels.entry(task.clone()).or_insert_with(|| broadcast::channel(CAPACITY).0).subscribe()
    }

    /// Tell those who watch the task; nobody may.
    pub fn publish(&self, task: &TaskId, signal: Signal) {
        if let Some(sender) = self.channels().get(task) {
            // No receiver is left: nobody watches any more.
            let _unwatched = sender.send(signal);
        }
    }

    /// Whether anybody watches.
    pub fn is_watched(&self, task: &TaskId) -> bool {
        self.channels().get(task).is_some_and(|sender| sender.receiver_count() > 0)
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<TaskId, broadcast::Sender<Signal>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
