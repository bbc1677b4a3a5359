//! elizaOS jobs.

use super::SqliteStore;
use super::failure::Outcome;
use super::insert::insert_task;
use super::rooms::{insert_message, insert_room};
use super::row::{find_task, get_task};
use super::writer::Lane;
use crate::rows::{JobRow, job_columns};
use app::ports::jobs::Jobs;
use app::ports::store_error::StoreError;
use domain::id::{AgentId, UserId};
use domain::job::Job;
use domain::room::{NewMessage, Room};
use domain::task::{NewTask, Task};
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

#[async_trait::async_trait]
impl Jobs for SqliteStore {
    async fn submit_job(
        &self,
        job: Job,
        room: Room,
        message: NewMessage,
        task: NewTask,
    ) -> Result<Task, StoreError> {
        let row = JobRow::of(&job)?;
        let weight = 1024 + row.metadata.len() + 2 * row.content.len();
        let task = self
            .write(Lane::Normal, weight, move |connection| {
                insert_room(connection, &room)?;
                insert_message(connection, &message, task.created_at)?;
                insert_task(connection, &task)?;
                insert_job(connection, &row)?;
                get_task(connection, &task.id)
            })
            .await?;
        self.ring();
        Ok(task)
    }

    async fn find_job(&self, user: UserId, id: Uuid) -> Result<Option<(Job, Task)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(concat!(
                "SELECT ",
                job_columns!(),
                " FROM jobs j WHERE j.id = ?1 AND j.user_id = ?2"
            ))?;
            let mut rows = statement.query(params![id.to_string(), user.to_string()])?;
            let found = rows.next()?.map(job).transpose()?;
            Ok(found.map(|job| with_task(connection, job)).transpose()?.flatten())
        })
        .await
    }

    async fn list_jobs(
        &self,
        user: UserId,
        agent: Option<AgentId>,
        limit: u32,
    ) -> Result<Vec<(Job, Task)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(concat!(
                "SELECT ",
                job_columns!(),
                " FROM jobs j WHERE j.user_id = ?1 AND (?2 IS NULL OR j.agent_id = ?2) ORDER BY j.created_at DESC, j.id LIMIT ?3"
            ))?;
            let agent = agent.map(|agent| agent.to_string());
            let mut rows = statement.query(params![user.to_string(), agent, limit])?;
            let mut jobs = Vec::new();
            while let Some(row) = rows.next()? {
                jobs.extend(with_task(connection, job(row)?)?);
            }
            Ok(jobs)
        })
        .await
    }
}

fn insert_job(connection: &Connection, row: &JobRow) -> Outcome<()> {
    connection
        .prepare_cached(
            "INSERT INTO jobs (id, user_id, agent_id, room, task, sender, content, metadata, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![
            row.id,
            row.user_id,
            row.agent_id,
            row.room,
            row.task,
            row.sender,
            row.content,
            row.metadata,
            row.created_at,
            row.expires_at
        ])?;
    Ok(())
}

/// None when its task goes away at this moment, and the job with it.
fn with_task(connection: &Connection, job: Job) -> Outcome<Option<(Job, Task)>> {
    Ok(find_task(connection, &job.task)?.map(|task| (job, task)))
}

fn job(row: &Row<'_>) -> Outcome<Job> {
    let row = JobRow {
        id: row.get(0)?,
        user_id: row.get(1)?,
        agent_id: row.get(2)?,
        room: row.get(3)?,
        task: row.get(4)?,
        sender: row.get(5)?,
        content: row.get(6)?,
        metadata: row.get(7)?,
        created_at: row.get(8)?,
        expires_at: row.get(9)?,
    };
    Ok(row.into_job()?)
}
