//! One claim of one task on this host: the lease, the journal as far as it is known, and the entries that wait for the next barrier.

use super::doubt::may_have_happened;
use crate::App;
use crate::failpoint;
use crate::live::Signal;
use crate::ports::journal::Append;
use crate::ports::queue::Claimed;
use crate::ports::store_error::StoreError;
use domain::address::Scope;
use domain::component::Stop;
use domain::event::{DELTA, EventBody, LiveEvent};
use domain::journal::{Entry, LocalEffect};
use domain::task::{Kind, Lease, Task};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// No effect leaves when the lease is nearer to its end than this.
const LEASE_MARGIN: Duration = Duration::from_secs(3);

/// One claim of a task.
pub struct Attempt {
    /// The application.
    pub app: Arc<App>,
    /// The task as it was claimed.
    pub task: Task,
    /// The right to write.
    pub lease: Lease,
    /// What is journaled or waits in the buffer, by scope. The executor and nested scopes read it.
    journal: Mutex<BTreeMap<Scope, Vec<Entry>>>,
    /// Entries and effects that are not durable yet. The lock is held over a flush, so that order is kept.
    buffer: tokio::sync::Mutex<Append>,
    /// Why the attempt must end; set by heartbeat, cancel and drain, watched by every host call.
    stop: watch::Sender<Option<Stop>>,
    /// `Clock::elapsed` in milliseconds when the lease ends, counted from before the last heartbeat was sent.
    deadline_ms: AtomicU64,
    tokens: AtomicU64,
    /// Claims in a row before this one that ended in a wait without a new entry.
    stalls: u32,
    /// Whether this claim made a durable entry.
    progressed: AtomicBool,
    pos: AtomicI64,
    sub: AtomicU64,
}

impl Attempt {
    /// An attempt whose lease was taken at `asked_at` (`Clock::elapsed` before the claim was sent). Its journal is loaded after that.
    #[must_use]
    pub fn new(app: Arc<App>, claimed: Claimed, asked_at: Duration) -> Arc<Self> {
        let attempt = Self {
            task: claimed.task,
            lease: claimed.lease,
            stalls: claimed.stalls,
            progressed: AtomicBool::new(false),
            journal: Mutex::default(),
            buffer: tokio::sync::Mutex::default(),
            stop: watch::channel(None).0,
            deadline_ms: AtomicU64::new(0),
            tokens: AtomicU64::new(0),
            pos: AtomicI64::new(0),
            sub: AtomicU64::new(0),
            app,
        };
        attempt.extend(asked_at);
        Arc::new(attempt)
    }

    /// What the store has of the task: its journal, and the tokens that it has used.
    pub fn load(&self, journal: BTreeMap<Scope, Vec<Entry>>, tokens: u64) {
        *self.journal() = journal;
        self.tokens.store(tokens, Ordering::SeqCst);
    }

    /// Claims in a row, up to now, that made no entry.
    #[must_use]
    pub fn stalls(&self) -> u32 {
        if self.progressed.load(Ordering::SeqCst) { 0 } else { self.stalls }
    }

    /// The lease was extended by a heartbeat that was sent at `asked_at` (`Clock::elapsed`).
    pub fn extend(&self, asked_at: Duration) {
        let until = asked_at + self.app.settings.lease;
        self.deadline_ms.store(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Whether the lease lasts long enough for an effect to leave.
    #[must_use]
    pub fn may_send(&self) -> bool {
        if !failpoint::is_fenced() {
            return true;
        }
        let until = Duration::from_millis(self.deadline_ms.load(Ordering::SeqCst));
        // With a lease shorter than the margin (tests) half of the lease is the margin.
        self.app.ports.clock.elapsed() + LEASE_MARGIN.min(self.app.settings.lease / 2) < until
    }

    /// Whether the lease is over by our own clock.
    #[must_use]
    pub fn is_overdue(&self) -> bool {
        failpoint::is_fenced()
            && self.app.ports.clock.elapsed()
                >= Duration::from_millis(self.deadline_ms.load(Ordering::SeqCst))
    }

    /// Stop when the lease is over by our own clock: a worker that stood still finds out before it does anything more, reads included.
    pub fn stop_when_overdue(&self) {
        if self.is_overdue() {
            self.stop(Stop::Stale);
        }
    }

    /// End the attempt; the first reason stays.
    pub fn stop(&self, reason: Stop) {
        self.stop.send_if_modified(|present| {
            let first = present.is_none();
            if first {
                *present = Some(reason);
            }
            first
        });
    }

    /// Why it must end, if it must.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        self.stop.borrow().clone()
    }

    /// Answers once it must end.
    pub async fn until_stopped(&self) -> Stop {
        let mut receiver = self.stop.subscribe();
        let result = receiver.wait_for(Option::is_some).await.map(|reason| reason.clone());
        match result {
            Ok(Some(reason)) => reason,
            // The sender lives as long as `self`.
            Ok(None) | Err(_) => std::future::pending().await,
        }
    }

    /// Entries of a scope, in order of ordinal.
    #[must_use]
    pub fn entries_of(&self, scope: &Scope) -> Vec<Entry> {
        self.journal().get(scope).cloned().unwrap_or_default()
    }

    /// Whether a foreign effect of the scope, or of one nested in it, happened or may have happened.
    #[must_use]
    pub fn has_effects(&self, scope: &Scope) -> bool {
        let below = format!("{scope}/");
        self.journal()
            .iter()
            .filter(|(other, _)| *other == scope || other.place.0.starts_with(&below))
            .any(|(_, entries)| entries.iter().any(may_have_happened))
    }

    /// All entries by scope.
    #[must_use]
    pub fn entries(&self) -> BTreeMap<Scope, Vec<Entry>> {
        self.journal().clone()
    }

    /// Keep an entry (and effects) until the next barrier.
    pub async fn buffer(&self, entry: Entry, effects: Vec<LocalEffect>) {
        let mut buffer = self.buffer.lock().await;
        self.remember(&entry);
        buffer.entries.push(entry);
        buffer.effects.extend(effects);
    }

    /// Keep effects that have no entry until the next barrier: the tokens of an answer that nobody got.
    pub async fn keep(&self, effects: Vec<LocalEffect>) {
        self.buffer.lock().await.effects.extend(effects);
    }

    /// The barrier: everything that is buffered, and this, becomes durable in one transaction.
    ///
    /// # Errors
    /// As the store says; after `Stale` the attempt is stopped.
    pub async fn flush(&self, entries: Vec<Entry>, effects: Vec<LocalEffect>) -> Result<(), StoreError> {
        let mut buffer = self.buffer.lock().await;
        let mut append = std::mem::take(&mut *buffer);
        append.entries.extend(entries.iter().cloned());
        append.effects.extend(effects);
        if append.entries.is_empty() && append.effects.is_empty() {
            return Ok(());
        }
        let has_entries = !append.entries.is_empty();
        let told = append
            .effects
            .iter()
            .any(|effect| matches!(effect, LocalEffect::Event(_) | LocalEffect::Progress(_)));
        let said = append.effects.iter().any(|effect| matches!(effect, LocalEffect::Log { .. }));
        match self.app.ports.journal.append(&self.lease, append, self.app.ports.clock.now()).await {
            Ok(pos) => {
                if said {
                    self.app.tell_logged(self.task.new.user);
                }
                entries.iter().for_each(|entry| self.remember(entry));
                self.progressed.fetch_or(has_entries, Ordering::SeqCst);
                self.pos.store(pos, Ordering::SeqCst);
                self.sub.store(0, Ordering::SeqCst);
                if told {
                    self.app.live.publish(&self.task.new.id, Signal::Durable);
                }
                Ok(())
            }
            Err(error) => {
                // Nothing was written, and nothing more will be: the attempt ends here and the task is resumed from what is durable.
                self.stop(stop_of(&error));
                Err(error)
            }
        }
    }

    /// What has not been flushed, for the transaction that ends or suspends the task.
    pub async fn take_buffer(&self) -> Append {
        std::mem::take(&mut *self.buffer.lock().await)
    }

    /// Tell those who watch now; not stored.
    pub fn tell(&self, event: &str, data: serde_json::Value) {
        let task = &self.task.new.id;
        if self.app.live.is_watched(task) {
            self.app.live.publish(task, Signal::Live(self.live(event, data)));
        }
    }

    /// Text as it comes. That of a chat turn is kept while the turn runs, for those who come late.
    pub fn tell_text(&self, scope: &str, text: &str) {
        let data = || serde_json::json!({ "scope": scope, "delta": text });
        if self.task.new.kind == Kind::Chat {
            self.app.live.say(&self.task.new.id, text, self.live(DELTA, data()));
        } else {
            self.tell(DELTA, data());
        }
    }

    fn live(&self, event: &str, data: serde_json::Value) -> LiveEvent {
        let sub = self.sub.fetch_add(1, Ordering::SeqCst) + 1;
        LiveEvent {
            pos: self.pos.load(Ordering::SeqCst),
            sub,
            body: EventBody { event: event.to_owned(), data },
        }
    }

    /// Count tokens; answers the task's total.
    pub fn spend(&self, tokens: u64) -> u64 {
        self.tokens.fetch_add(tokens, Ordering::SeqCst) + tokens
    }

    fn remember(&self, entry: &Entry) {
        let mut journal = self.journal();
        let entries = journal.entry(entry.scope.clone()).or_default();
        match entries.iter_mut().find(|known| known.ordinal == entry.ordinal) {
            Some(known) => *known = entry.clone(),
            None => entries.push(entry.clone()),
        }
    }

    fn journal(&self) -> MutexGuard<'_, BTreeMap<Scope, Vec<Entry>>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a failed write means for the attempt.
#[must_use]
pub fn stop_of(error: &StoreError) -> Stop {
    match error {
        StoreError::Stale => Stop::Stale,
        StoreError::Nondeterminism(sides) => Stop::Nondeterminism(sides.clone()),
        StoreError::Exhausted(what) => Stop::Exhausted(what.clone()),
        StoreError::Unavailable(_) => Stop::Unavailable(error.to_string()),
        // Asked again these say the same.
        StoreError::Conflict(_) | StoreError::NotFound(_) | StoreError::Internal(_) => {
            Stop::Broken(error.to_string())
        }
    }
}
