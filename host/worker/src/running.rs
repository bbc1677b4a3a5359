//! The attempts that run on this host now.

use app::effects::attempt::Attempt;
use domain::component::Stop;
use domain::id::TaskId;
use domain::task::Lease;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Attempts by task. A suspect is here alone.
#[derive(Default)]
pub(crate) struct Running {
    attempts: Mutex<Attempts>,
    /// Rung when an attempt ends; dispatcher and drain wait on it.
    ended: Notify,
}

#[derive(Default)]
struct Attempts {
    by_task: HashMap<TaskId, Arc<Attempt>>,
    /// Claimed and not ended; those whose journal is still being read are not in `by_task` yet.
    claimed: usize,
    suspect: bool,
    /// Why everything must end; also for those that are inserted later.
    stopping: Option<Stop>,
    /// Leases of attempts that are over, and that could not be given back when they ended.
    left: Vec<Lease>,
}

impl Running {
    /// How many run or are about to.
    pub(crate) fn len(&self) -> usize {
        self.attempts().claimed
    }

    /// Whether a suspect runs, which must be alone.
    pub(crate) fn has_suspect(&self) -> bool {
        self.attempts().suspect
    }

    pub(crate) fn begin(&self, suspect: bool) {
        let mut attempts = self.attempts();
        attempts.claimed += 1;
        attempts.suspect |= suspect;
    }

    pub(crate) fn insert(&self, attempt: Arc<Attempt>) {
        let mut attempts = self.attempts();
        if let Some(reason) = &attempts.stopping {
            attempt.stop(reason.clone());
        }
        attempts.by_task.insert(attempt.task.new.id.clone(), attempt);
    }

    pub(crate) fn end(&self, task: &TaskId) {
        let mut attempts = self.attempts();
        attempts.by_task.remove(task);
        attempts.claimed = attempts.claimed.saturating_sub(1);
        if attempts.claimed == 0 {
            attempts.suspect = false;
        }
        drop(attempts);
        self.ended.notify_waiters();
    }

    pub(crate) fn all(&self) -> Vec<Arc<Attempt>> {
        self.attempts().by_task.values().cloned().collect()
    }

    pub(crate) fn find(&self, task: &TaskId) -> Option<Arc<Attempt>> {
        self.attempts().by_task.get(task).cloned()
    }

    pub(crate) fn stop_all(&self, reason: &Stop) {
        let mut attempts = self.attempts();
        attempts.stopping = Some(reason.clone());
        attempts.by_task.values().for_each(|attempt| attempt.stop(reason.clone()));
    }

    /// An attempt is over and its lease is not: it is given back when the database can be reached.
    pub(crate) fn leave(&self, lease: Lease) {
        self.attempts().left.push(lease);
    }

    /// Leases that are to be given back.
    pub(crate) fn left(&self) -> Vec<Lease> {
        self.attempts().left.clone()
    }

    /// These have been given back.
    pub(crate) fn gave_back(&self, leases: &[Lease]) {
        self.attempts().left.retain(|lease| !leases.contains(lease));
    }

    /// Answers when the next attempt ends.
    pub(crate) fn next_end(&self) -> tokio::sync::futures::Notified<'_> {
        self.ended.notified()
    }

    /// Answers when none runs.
    pub(crate) async fn until_idle(&self) {
        loop {
            let next = self.ended.notified();
            if self.len() == 0 {
                return;
            }
            next.await;
        }
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
