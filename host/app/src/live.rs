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

/// The text of a turn that runs on this host, as far as it is: who comes late reads it from the beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// So far.
    pub text: String,
    /// Position of the last event that had some of it.
    pub last: (i64, u64),
}

#[derive(Debug)]
struct Channel {
    sender: broadcast::Sender<Signal>,
    said: Option<Said>,
}

impl Default for Channel {
    fn default() -> Self {
        Self { sender: broadcast::channel(CAPACITY).0, said: None }
    }
}

/// One channel for each task that somebody watches, and for each turn that runs here.
#[derive(Debug, Default)]
pub struct LiveBus {
    channels: Mutex<HashMap<TaskId, Channel>>,
}

impl LiveBus {
    /// Watch a task. Read durable events from the store after subscribing, so that none falls between.
    pub fn subscribe(&self, task: &TaskId) -> broadcast::Receiver<Signal> {
        self.overhear(task).0
    }

    /// Watch a turn, with its text up to the first signal.
    pub fn overhear(&self, task: &TaskId) -> (broadcast::Receiver<Signal>, Option<Said>) {
        let mut channels = self.channels();
        channels.retain(|_, channel| channel.said.is_some() || channel.sender.receiver_count() > 0);
        let channel = channels.entry(task.clone()).or_default();
        (channel.sender.subscribe(), channel.said.clone())
    }

    /// Tell those who watch the task; nobody may.
    pub fn publish(&self, task: &TaskId, signal: Signal) {
        if let Some(channel) = self.channels().get(task) {
            // No receiver is left: nobody watches any more.
            let _unwatched = channel.sender.send(signal);
        }
    }

    /// Text of a turn: kept until it is forgotten, and told to those who watch. The first event of an attempt begins the text anew.
    pub fn say(&self, task: &TaskId, text: &str, live: LiveEvent) {
        let mut channels = self.channels();
        let channel = channels.entry(task.clone()).or_default();
        let last = (live.pos, live.sub);
        match &mut channel.said {
            Some(said) if live.sub > 1 => {
                said.text.push_str(text);
                said.last = last;
            }
            said => *said = Some(Said { text: text.to_owned(), last }),
        }
        // No receiver is left: nobody watches any more.
        let _unwatched = channel.sender.send(Signal::Live(live));
    }

    /// The attempt of a turn is over: its text is in the store, or will be said anew.
    pub fn forget(&self, task: &TaskId) {
        let mut channels = self.channels();
        if let Some(channel) = channels.get_mut(task) {
            channel.said = None;
            if channel.sender.receiver_count() == 0 {
                channels.remove(task);
            }
        }
    }

    /// Whether anybody watches.
    pub fn is_watched(&self, task: &TaskId) -> bool {
        self.channels().get(task).is_some_and(|channel| channel.sender.receiver_count() > 0)
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<TaskId, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
