//! elizaOS jobs.

use super::store_error::StoreError;
use domain::id::{AgentId, UserId};
use domain::job::Job;
use domain::room::{NewMessage, Room};
use domain::task::{NewTask, Task};
use uuid::Uuid;

/// Jobs. Every method that takes a user answers only that user's jobs. A job goes with its task.
#[async_trait::async_trait]
pub trait Jobs: Send + Sync + 'static {
    /// Keep a job with its room, what is asked, and the turn that answers it, in one transaction.
    async fn submit_job(
        &self,
        job: Job,
        room: Room,
        message: NewMessage,
        task: NewTask,
    ) -> Result<Task, StoreError>;

    /// One job and its task.
    async fn find_job(&self, user: UserId, id: Uuid) -> Result<Option<(Job, Task)>, StoreError>;

    /// Jobs with their tasks, newest first; of one agent, or of all of the user's.
    async fn list_jobs(
        &self,
        user: UserId,
        agent: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<(Job, Task)>, StoreError>;
}
