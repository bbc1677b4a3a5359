//! Tasks as callers see them.

use super::store_error::StoreError;
use domain::event::Event;
use domain::id::{TaskId, UserId};
use domain::journal::Entry;
use domain::task::{NewTask, State, Task};
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// A file that was imported into blobs before the task was submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedFile {
    /// From the root.
    pub path: String,
    /// Its content.
    pub blob: domain::id::Digest,
    /// Bytes.
    pub size: u64,
}

/// A page of tasks, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskPage {
    /// The tasks.
    pub tasks: Vec<Task>,
    /// Give it to get the next page; none at the end.
    pub next: Option<String>,
}

/// What a cancel did.
#[derive(Debug, Clone, PartialEq)]
pub enum CancelOutcome {
    /// It was queued or waiting and is cancelled now (its children too); the event `task.cancelled` and the delivery to its
    /// `callbackUrl` are stored with that.
    Cancelled(Task),
    /// It runs; its worker has been asked.
    Requested(Task),
    /// It had already ended.
    Finished(Task),
}

/// Counts for health and coordination.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QueueCounts {
    /// Queued and due.
    pub queued: u64,
    /// Running.
    pub running: u64,
    /// Waiting.
    pub waiting: u64,
}

/// How a personality has done, from journal scopes of the caller's tasks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PersonalityRecord {
    /// Ended tasks whose line had it and that it finished.
    pub completed: u64,
    /// Tasks that failed in it.
    pub failed: u64,
    /// Mean wall time of a task's work in it.
    pub average_duration: Option<Duration>,
    /// The last end of one of its scopes.
    pub last_active: Option<Timestamp>,
}

/// What is deleted: tasks that ended before these times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanBefore {
    /// Completed and cancelled tasks.
    pub ended: Timestamp,
    /// Failed and quarantined tasks.
    pub failed: Timestamp,
    /// Webhook deliveries, however they ended.
    pub webhooks: Timestamp,
    /// Chat turns, however they ended. What was said stays in its room.
    pub chats: Timestamp,
    /// Ticks, however they ended.
    pub ticks: Timestamp,
}

/// Tasks and what people see of them. Every method that takes a user answers only that user's tasks.
#[async_trait::async_trait]
pub trait Tasks: Send + Sync + 'static {
    /// Store a queued task with its workspace (one for each agent task, with these files as base). Submitting the same id again is a no-op.
    async fn submit_task(&self, new: NewTask, files: Vec<ImportedFile>) -> Result<Task, StoreError>;

    /// One task of a user.
    async fn find_task(&self, user: UserId, id: &TaskId) -> Result<Option<Task>, StoreError>;

    /// Tasks of a user, newest first. `cursor` is `next` of the page before; another text is `Conflict`.
    async fn list_tasks(
        &self,
        user: UserId,
        states: &[State],
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<TaskPage, StoreError>;

    /// Cancel a task of a user and its children. Those that nobody runs end here, each with the delivery of its end
    /// (`domain::rigor::notice`).
    async fn cancel_task(
        &self,
        user: UserId,
        id: &TaskId,
        now: Timestamp,
    ) -> Result<Option<CancelOutcome>, StoreError>;

    /// Durable events after `pos` (0 for all), ascending.
    async fn list_events(&self, task: &TaskId, after: i64, limit: u32) -> Result<Vec<Event>, StoreError>;

    /// Journal entries in order of `pos`, after `pos`.
    async fn list_entries(
        &self,
        task: &TaskId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Entry)>, StoreError>;

    /// Counts; of one user, or of the host for none.
    async fn count_queue(&self, user: Option<UserId>) -> Result<QueueCounts, StoreError>;

    /// Durations (first claim to end) of the last 50 completed tasks with this estimate key.
    async fn recent_durations(&self, estimate_key: &str) -> Result<Vec<Duration>, StoreError>;

    /// How a personality has done on a user's tasks.
    async fn personality_record(
        &self,
        user: UserId,
        personality: &str,
    ) -> Result<PersonalityRecord, StoreError>;

    /// Personalities at work on anybody's unfinished tasks: that they are, not on what.
    async fn list_busy_personalities(&self) -> Result<BTreeSet<String>, StoreError>;

    /// Delete at most `limit` ended tasks that ended before the given times, with journal, events and workspace. Answers how many.
    async fn clean_tasks(&self, before: CleanBefore, limit: u32) -> Result<u64, StoreError>;

    /// Whether the database answers and accepts writes.
    async fn check(&self) -> Result<(), StoreError>;
}
