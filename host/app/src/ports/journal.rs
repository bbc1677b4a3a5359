//! The journal: what a worker writes. Every method begins with the fence (`engine.md` §8) in its transaction.

use super::store_error::StoreError;
use domain::journal::{Entry, LocalEffect};
use domain::task::{Lease, NewTask, Outcome, Progress, Task};
use domain::time::Timestamp;

/// Entries and the local effects that commit with them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Append {
    /// In order. An equal entry that is already there is a no-op; a `started` one gets its result.
    pub entries: Vec<Entry>,
    /// In order, after the entries; skipped for entries that were already there.
    pub effects: Vec<LocalEffect>,
}

/// What a finish carries besides the outcome.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FollowUps {
    /// Tasks to queue, such as a webhook delivery.
    pub tasks: Vec<NewTask>,
    /// The last entries.
    pub append: Append,
}

/// What a worker writes and reads of a task's journal.
#[async_trait::async_trait]
pub trait Journal: Send + Sync + 'static {
    /// All entries of the task in order of `pos`.
    async fn load_entries(&self, lease: &Lease) -> Result<Vec<Entry>, StoreError>;

    /// Append, or nothing. Answers the last `pos` of the task.
    async fn append(&self, lease: &Lease, append: Append, now: Timestamp) -> Result<i64, StoreError>;

    /// End the task and its lease. Stores the event `task.completed`, `task.failed` or `task.cancelled` with `data` null.
    /// When a cancel was committed before, it wins: the task ends as cancelled, and what the follow-ups would tell of another outcome is
    /// dropped. Of a cancelled end the store makes the delivery itself (`domain::rigor::notice`), also for each child that nobody runs
    /// and that is cancelled with it. Answers the task as it is now.
    async fn finish(
        &self,
        lease: &Lease,
        outcome: Outcome,
        follow_ups: FollowUps,
        now: Timestamp,
    ) -> Result<Task, StoreError>;

    /// The task waits until `wake_at`; its lease ends.
    async fn suspend(
        &self,
        lease: &Lease,
        append: Append,
        progress: Progress,
        wake_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}
