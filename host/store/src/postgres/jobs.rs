//! The port `Jobs`.

use super::PostgresStore;
use super::failure::Failure;
use super::rooms::submit;
use super::row::{task, task_columns};
use super::transaction::{Write, transact};
use crate::rows::{JobRow, job_columns, text_of};
use app::ports::jobs::Jobs;
use app::ports::store_error::StoreError;
use domain::id::{AgentId, UserId};
use domain::job::Job;
use domain::room::{NewMessage, Room};
use domain::task::{NewTask, Task};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use std::slice;
use uuid::Uuid;

#[async_trait::async_trait]
impl Jobs for PostgresStore {
    async fn submit_job(
        &self,
        job: Job,
        room: Room,
        message: NewMessage,
        task: NewTask,
    ) -> Result<Task, StoreError> {
        let submitted = transact!(self.database(), write => async {
            let submitted = submit(&mut write, &room, slice::from_ref(&message), &task).await?;
            insert(&mut write, &job).await?;
            Ok(submitted)
        })?;
        self.signal().raise();
        Ok(submitted)
    }

    async fn find_job(&self, user: UserId, id: Uuid) -> Result<Option<(Job, Task)>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(concat!(
                    "SELECT ", job_columns!(), " FROM jobs j WHERE j.id = $1 AND j.user_id = $2"
                ))
                .bind(id.to_string())
                .bind(user.to_string())
                .fetch_optional(write.connection())
                .await?;
            match row {
                Some(row) => with_task(&mut write, job_of(&row)?).await,
                None => Ok(None),
            }
        })
    }

    async fn list_jobs(
        &self,
        user: UserId,
        agent: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<(Job, Task)>, StoreError> {
        transact!(self.database(), write => async {
            let rows = write
                .query(concat!(
                    "SELECT ", job_columns!(), " FROM jobs j
                     WHERE j.user_id = $1 AND ($2::text IS NULL OR j.agent_id = $2) ORDER BY j.created_at DESC, j.id LIMIT $3"
                ))
                .bind(user.to_string())
                .bind(agent.map(|agent| agent.to_string()))
                .bind(i64::from(limit))
                .fetch_all(write.connection())
                .await?;
            let mut jobs = Vec::with_capacity(rows.len());
            for row in &rows {
                jobs.extend(with_task(&mut write, job_of(row)?).await?);
            }
            Ok(jobs)
        })
    }
}

async fn insert(write: &mut Write, job: &Job) -> Result<(), Failure> {
    let row = JobRow::of(job)?;
    write
        .query(
            "INSERT INTO jobs (id, user_id, agent_id, room, task, sender, content, metadata, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING",
        )
        .bind(row.id)
        .bind(row.user_id)
        .bind(row.agent_id)
        .bind(row.room)
        .bind(row.task)
        .bind(row.sender)
        .bind(row.content.into_bytes())
        .bind(row.metadata)
        .bind(row.created_at)
        .bind(row.expires_at)
        .execute(write.connection())
        .await?;
    Ok(())
}

/// None when its task goes away at this moment, and the job with it.
async fn with_task(write: &mut Write, job: Job) -> Result<Option<(Job, Task)>, Failure> {
    let row = write
        .query(concat!("SELECT ", task_columns!(), " FROM tasks t WHERE t.id = $1"))
        .bind(job.task.to_string())
        .fetch_optional(write.connection())
        .await?;
    Ok(row.as_ref().map(task).transpose()?.map(|task| (job, task)))
}

fn job_of(row: &PgRow) -> Result<Job, Failure> {
    let row = JobRow {
        id: row.try_get("id")?,
        user_id: row.try_get("user_id")?,
        agent_id: row.try_get("agent_id")?,
        room: row.try_get("room")?,
        task: row.try_get("task")?,
        sender: row.try_get("sender")?,
        content: text_of("jobs.content", row.try_get("content")?)?,
        metadata: row.try_get("metadata")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
    };
    Ok(row.into_job()?)
}
