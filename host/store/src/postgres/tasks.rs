//! The port `Tasks`.

use super::failure::Failure;
use super::row::{task, task_columns, tasks};
use super::transaction::{Write, transact};
use super::{PostgresStore, cancel};
use crate::rows::{Cursor, DURATIONS, LISTED, count, decode, entry_of};
use app::ports::store_error::StoreError;
use app::ports::tasks::{
    CancelOutcome, CleanBefore, ImportedFile, PersonalityRecord, QueueCounts, TaskPage, Tasks,
};
use domain::event::{Event, EventBody};
use domain::id::{TaskId, UserId};
use domain::journal::Entry;
use domain::task::{AtWork, NewTask, State, Task};
use domain::time::Timestamp;
use sqlx::Row as _;
use std::collections::BTreeSet;
use std::time::Duration;

#[async_trait::async_trait]
impl Tasks for PostgresStore {
    async fn submit_task(&self, new: NewTask, files: Vec<ImportedFile>) -> Result<Task, StoreError> {
        let task = self.inner.submitter.submit(new, files).await?;
        self.signal().raise_if(task.state == State::Queued);
        Ok(task)
    }

    async fn find_task(&self, user: UserId, id: &TaskId) -> Result<Option<Task>, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(concat!("SELECT ", task_columns!(), " FROM tasks t WHERE t.id = $1 AND t.user_id = $2"))
                .bind(id.to_string())
                .bind(user.to_string())
                .fetch_optional(write.connection())
                .await?;
            row.as_ref().map(task).transpose()
        })
    }

    async fn list_tasks(
        &self,
        user: UserId,
        states: &[State],
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<TaskPage, StoreError> {
        let cursor = cursor.map(Cursor::parse).transpose()?;
        transact!(self.database(), write => list(&mut write, user, states, limit, cursor.as_ref()))
    }

    async fn cancel_task(
        &self,
        user: UserId,
        id: &TaskId,
        _now: Timestamp,
    ) -> Result<Option<CancelOutcome>, StoreError> {
        let (outcome, queued) = transact!(self.database(), write => cancel::cancel(&mut write, user, id))?;
        self.signal().raise_if(queued);
        Ok(outcome)
    }

    async fn list_events(&self, task: &TaskId, after: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        transact!(self.database(), write => list_events(&mut write, task, after, limit))
    }

    async fn list_entries(
        &self,
        task: &TaskId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Entry)>, StoreError> {
        transact!(self.database(), write => list_entries(&mut write, task, after, limit))
    }

    async fn count_queue(&self, user: Option<UserId>) -> Result<QueueCounts, StoreError> {
        transact!(self.database(), write => count_queue(&mut write, user))
    }

    async fn recent_durations(&self, estimate_key: &str) -> Result<Vec<Duration>, StoreError> {
        transact!(self.database(), write => recent_durations(&mut write, estimate_key))
    }

    async fn personality_record(
        &self,
        user: UserId,
        personality: &str,
    ) -> Result<PersonalityRecord, StoreError> {
        transact!(self.database(), write => personality_record(&mut write, user, personality))
    }

    async fn list_busy_personalities(&self) -> Result<BTreeSet<String>, StoreError> {
        transact!(self.database(), write => busy(&mut write))
    }

    async fn clean_tasks(&self, before: CleanBefore, limit: u32) -> Result<u64, StoreError> {
        transact!(self.database(), write => clean(&mut write, before, limit))
    }

    async fn check(&self) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            write.query("UPDATE probe SET count = count + 1 WHERE id = 1").execute(write.connection()).await?;
            Ok(())
        })
    }
}

async fn list(
    write: &mut Write,
    user: UserId,
    states: &[State],
    limit: u32,
    cursor: Option<&Cursor>,
) -> Result<TaskPage, Failure> {
    let words: Vec<String> = states.iter().map(|state| state.as_str().to_owned()).collect();
    let kinds: Vec<String> = LISTED.iter().map(|kind| kind.as_str().to_owned()).collect();
    let rows = write
        .query(concat!(
            "SELECT ",
            task_columns!(),
            " FROM tasks t WHERE t.user_id = $1 AND t.kind = ANY($2) AND (cardinality($3::text[]) = 0 OR t.state = ANY($3))
               AND (t.created_at, t.id) < ($4, $5)
             ORDER BY t.created_at DESC, t.id DESC LIMIT $6"
        ))
        .bind(user.to_string())
        .bind(kinds)
        .bind(words)
        // Without a cursor a place before all: no OR in the condition, so that the index bounds the scan.
        .bind(cursor.map_or(i64::MAX, |cursor| cursor.created_at.0))
        .bind(cursor.map_or(String::new(), |cursor| cursor.id.to_string()))
        .bind(i64::from(limit) + 1)
        .fetch_all(write.connection())
        .await?;
    let mut page = tasks(&rows)?;
    // One more than asked for tells whether there is a next page.
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = page.len() > wanted;
    page.truncate(wanted);
    let next = page.last().filter(|_| more).map(|task| Cursor::after(task).text());
    Ok(TaskPage { tasks: page, next })
}

async fn list_events(
    write: &mut Write,
    task: &TaskId,
    after: i64,
    limit: u32,
) -> Result<Vec<Event>, Failure> {
    let rows = write
        .query("SELECT pos, at, event, data FROM events WHERE task = $1 AND pos > $2 ORDER BY pos LIMIT $3")
        .bind(task.to_string())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(write.connection())
        .await?;
    rows.iter()
        .map(|row| {
            let data: String = row.try_get("data")?;
            Ok(Event {
                pos: row.try_get("pos")?,
                at: Timestamp(row.try_get("at")?),
                body: EventBody { event: row.try_get("event")?, data: decode("events.data", &data)? },
            })
        })
        .collect()
}

async fn list_entries(
    write: &mut Write,
    task: &TaskId,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Entry)>, Failure> {
    let rows = write
        .query(
            "SELECT pos, scope, ordinal, at, body FROM entries WHERE task = $1 AND pos > $2 ORDER BY pos LIMIT $3",
        )
        .bind(task.to_string())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(write.connection())
        .await?;
    rows.iter()
        .map(|row| {
            let (scope, body): (String, String) = (row.try_get("scope")?, row.try_get("body")?);
            let entry = entry_of(&scope, row.try_get("ordinal")?, row.try_get("at")?, &body)?;
            Ok((row.try_get("pos")?, entry))
        })
        .collect()
}

async fn count_queue(write: &mut Write, user: Option<UserId>) -> Result<QueueCounts, Failure> {
    let rows = write
        .query(
            "SELECT state, count(*) AS tasks FROM tasks
             WHERE state IN ('queued', 'running', 'waiting') AND ($1::text IS NULL OR user_id = $1) GROUP BY state",
        )
        .bind(user.map(|user| user.to_string()))
        .fetch_all(write.connection())
        .await?;
    let mut counts = QueueCounts::default();
    for row in rows {
        let tasks = count(row.try_get("tasks")?);
        match State::parse(&row.try_get::<String, _>("state")?) {
            Some(State::Queued) => counts.queued = tasks,
            Some(State::Running) => counts.running = tasks,
            Some(State::Waiting) => counts.waiting = tasks,
            Some(State::Completed | State::Failed | State::Cancelled | State::Quarantined) | None => {}
        }
    }
    Ok(counts)
}

async fn recent_durations(write: &mut Write, estimate_key: &str) -> Result<Vec<Duration>, Failure> {
    let rows = write
        .query(
            "SELECT started_at, completed_at FROM tasks
             WHERE state = 'completed' AND estimate_key = $1 AND started_at IS NOT NULL
             ORDER BY completed_at DESC LIMIT $2",
        )
        .bind(estimate_key.to_owned())
        .bind(i64::from(DURATIONS))
        .fetch_all(write.connection())
        .await?;
    rows.iter()
        .map(|row| Ok(Timestamp(row.try_get("completed_at")?).since(Timestamp(row.try_get("started_at")?))))
        .collect()
}

async fn personality_record(
    write: &mut Write,
    user: UserId,
    personality: &str,
) -> Result<PersonalityRecord, Failure> {
    let row = write
        .query(
            "SELECT count(*) FILTER (WHERE t.completed_at IS NOT NULL AND w.finished
                                       AND t.failed_agent IS DISTINCT FROM w.personality) AS completed,
                    trunc(avg(w.wall_us) FILTER (WHERE t.completed_at IS NOT NULL))::bigint AS wall_us, max(w.last_at) AS last_at,
                    (SELECT count(*) FROM tasks f WHERE f.user_id = $1 AND f.failed_agent = $2) AS failed
             FROM personality_work w JOIN tasks t ON t.id = w.task
             WHERE w.user_id = $1 AND w.personality = $2",
        )
        .bind(user.to_string())
        .bind(personality.to_owned())
        .fetch_one(write.connection())
        .await?;
    Ok(PersonalityRecord {
        completed: count(row.try_get("completed")?),
        failed: count(row.try_get("failed")?),
        average_duration: row
            .try_get::<Option<i64>, _>("wall_us")?
            .map(|wall| Duration::from_micros(count(wall))),
        last_active: row.try_get::<Option<i64>, _>("last_at")?.map(Timestamp),
    })
}

async fn busy(write: &mut Write) -> Result<BTreeSet<String>, Failure> {
    // Each distinct list once: many tasks are in the same place.
    let rows = write
        .query("SELECT DISTINCT at_work FROM tasks WHERE state IN ('running', 'waiting') AND at_work <> '[]'")
        .fetch_all(write.connection())
        .await?;
    let mut busy = BTreeSet::new();
    for row in rows {
        let at_work: String = row.try_get("at_work")?;
        let at_work: Vec<AtWork> = decode("tasks.at_work", &at_work)?;
        busy.extend(at_work.into_iter().map(|at_work| at_work.agent));
    }
    Ok(busy)
}

async fn clean(write: &mut Write, before: CleanBefore, limit: u32) -> Result<u64, Failure> {
    let rows = write
        .query(
            "SELECT id FROM tasks WHERE completed_at IS NOT NULL
               AND completed_at < CASE WHEN kind = 'webhook' THEN $3 WHEN kind = 'chat' THEN $5 WHEN kind = 'tick' THEN $6
                                       WHEN state IN ('failed', 'quarantined') THEN $2 ELSE $1 END
               AND completed_at < greatest($1::bigint, $2::bigint, $3::bigint, $5::bigint, $6::bigint)
             ORDER BY completed_at LIMIT $4 FOR UPDATE SKIP LOCKED",
        )
        .bind(before.ended.0)
        .bind(before.failed.0)
        .bind(before.webhooks.0)
        .bind(i64::from(limit))
        .bind(before.chats.0)
        .bind(before.ticks.0)
        .fetch_all(write.connection())
        .await?;
    let ids: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    for statement in [
        "DELETE FROM entries WHERE task = ANY($1)",
        "DELETE FROM entry_blobs WHERE task = ANY($1)",
        "DELETE FROM events WHERE task = ANY($1)",
        "DELETE FROM personality_work WHERE task = ANY($1)",
        "DELETE FROM workspace_files WHERE task = ANY($1)",
        "DELETE FROM task_usage WHERE task = ANY($1)",
        "DELETE FROM leases WHERE task = ANY($1)",
        "DELETE FROM tasks WHERE id = ANY($1)",
    ] {
        write.query(statement).bind(ids.clone()).execute(write.connection()).await?;
    }
    Ok(ids.len() as u64)
}
