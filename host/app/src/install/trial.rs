//! Versions that were just swapped in are watched: when their calls trap and trap, the version before comes back.

use domain::id::Digest;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A version that has answered this often is not new any more: if it traps from now on, look at what it is given. Otherwise whoever can
/// make it trap could choose which version serves everybody.
const ANSWERS: u32 = 50;

/// The versions that are watched.
#[derive(Debug, Default)]
pub(crate) struct Trials {
    calls: Mutex<BTreeMap<Digest, Calls>>,
    /// Rung when a version has trapped too often; the watch of the plugin directories waits on it.
    failed: Notify,
}

#[derive(Debug, Default)]
struct Calls {
    /// In a row, up to now.
    traps: u32,
    answers: u32,
}

impl Trials {
    /// Watch a version from now on.
    pub(super) fn begin(&self, digest: Digest) {
        self.calls().insert(digest, Calls::default());
    }

    /// Watch it no more.
    pub(super) fn end(&self, digest: Digest) {
        self.calls().remove(&digest);
    }

    /// Whether it is watched.
    pub(super) fn is_new(&self, digest: Digest) -> bool {
        self.calls().contains_key(&digest)
    }

    /// A call ended: with a trap, or with an output. Other ends say nothing about a version.
    pub(crate) fn note(&self, digest: Digest, trapped: bool, limit: u32) {
        let mut all = self.calls();
        let Some(calls) = all.get_mut(&digest) else { return };
        if trapped {
            calls.traps = calls.traps.saturating_add(1);
            if limit > 0 && calls.traps >= limit {
                self.failed.notify_one();
            }
        } else {
            calls.traps = 0;
            calls.answers = calls.answers.saturating_add(1);
            if calls.answers >= ANSWERS {
                all.remove(&digest);
            }
        }
    }

    /// Those that trapped so often in a row.
    pub(super) fn failed(&self, limit: u32) -> Vec<Digest> {
        let failed = |calls: &Calls| limit > 0 && calls.traps >= limit;
        self.calls().iter().filter(|(_, calls)| failed(calls)).map(|(digest, _)| *digest).collect()
    }

    /// Answers when a version has trapped too often.
    pub(super) async fn until_failed(&self) {
        self.failed.notified().await;
    }

    fn calls(&self) -> MutexGuard<'_, BTreeMap<Digest, Calls>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
