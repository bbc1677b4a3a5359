//! Tasks as callers see them.

use super::SqliteStore;
use super::clean;
use super::effects::mark_base;
use super::end::{cancel_family, cancel_idle};
use super::failure::Outcome;
use super::insert::insert_row;
use super::row::{find_task, get_task, task_columns, task_row};
use super::writer::Lane;
use crate::rows::{Cursor, DURATIONS, LISTED, TaskRow, column, count, encode, entry_of, parse};
use app::ports::store_error::StoreError;
use app::ports::tasks::{
    CancelOutcome, CleanBefore, ImportedFile, PersonalityRecord, QueueCounts, TaskPage, Tasks,
};
use domain::event::{Event, EventBody};
use domain::id::{TaskId, UserId};
use domain::journal::Entry;
use domain::task::{AtWork, NewTask, State, Task};
use domain::time::Timestamp;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use std::time::Duration;

#[async_trait::async_trait]
impl Tasks for SqliteStore {
    async fn submit_task(&self, new: NewTask, files: Vec<ImportedFile>) -> Result<Task, StoreError> {
        let weight = 1024 + 256 * files.len();
        // The row is made here and the task below, not on the writer's one thread, for which everybody waits.
        let row = TaskRow::queued(&new)?;
        let present =
            self.write(Lane::Normal, weight, move |connection| submit(connection, &row, &files)).await?;
        self.ring();
        Ok(present.unwrap_or_else(|| queued(new)))
    }

    async fn find_task(&self, user: UserId, id: &TaskId) -> Result<Option<Task>, StoreError> {
        let id = id.clone();
        self.read(move |connection| Ok(find_task(connection, &id)?.filter(|task| task.new.user == user)))
            .await
    }

    async fn list_tasks(
        &self,
        user: UserId,
        states: &[State],
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<TaskPage, StoreError> {
        let cursor = cursor.map(Cursor::parse).transpose()?;
        let states = encode(&states.iter().map(|state| state.as_str()).collect::<Vec<_>>())?;
        let kinds = encode(&LISTED.map(domain::task::Kind::as_str))?;
        let (limit, user) = (limit.max(1), user.to_string());
        self.read(move |connection| list(connection, &user, &states, &kinds, limit, cursor.as_ref())).await
    }

    async fn cancel_task(
        &self,
        user: UserId,
        id: &TaskId,
        now: Timestamp,
    ) -> Result<Option<CancelOutcome>, StoreError> {
        let id = id.clone();
        let work = move |connection: &Connection| cancel(connection, user, &id, now);
        let (outcome, queued) = self.write(Lane::First, 512, work).await?;
        if queued {
            self.ring();
        }
        Ok(outcome)
    }

    async fn list_events(&self, task: &TaskId, after: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        let task = task.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT pos, at, event, data FROM events WHERE task = ?1 AND pos > ?2 ORDER BY pos LIMIT ?3",
            )?;
            let mut rows = statement.query(params![task.as_str(), after, limit])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                let data: String = row.get(3)?;
                let body = EventBody { event: row.get(2)?, data: crate::rows::decode("events.data", &data)? };
                events.push(Event { pos: row.get(0)?, at: Timestamp(row.get(1)?), body });
            }
            Ok(events)
        })
        .await
    }

    async fn list_entries(
        &self,
        task: &TaskId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Entry)>, StoreError> {
        let task = task.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT pos, scope, ordinal, at, body FROM entries WHERE task = ?1 AND pos > ?2 ORDER BY pos LIMIT ?3",
            )?;
            let mut rows = statement.query(params![task.as_str(), after, limit])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let (scope, body): (String, String) = (row.get(1)?, row.get(4)?);
                entries.push((row.get(0)?, entry_of(&scope, row.get(2)?, row.get(3)?, &body)?));
            }
            Ok(entries)
        })
        .await
    }

    async fn count_queue(&self, user: Option<UserId>) -> Result<QueueCounts, StoreError> {
        let user = user.map(|user| user.to_string());
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT state, count(*) FROM tasks WHERE state IN ('queued', 'running', 'waiting')
                 AND (?1 IS NULL OR user_id = ?1) GROUP BY state",
            )?;
            let mut rows = statement.query(params![user])?;
            let mut counts = QueueCounts::default();
            while let Some(row) = rows.next()? {
                let (state, number): (String, i64) = (row.get(0)?, row.get(1)?);
                match State::parse(&state) {
                    Some(State::Queued) => counts.queued = count(number),
                    Some(State::Running) => counts.running = count(number),
                    _ => counts.waiting = count(number),
                }
            }
            Ok(counts)
        })
        .await
    }

    async fn recent_durations(&self, estimate_key: &str) -> Result<Vec<Duration>, StoreError> {
        let estimate_key = estimate_key.to_owned();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT completed_at - started_at FROM tasks WHERE estimate_key = ?1 AND state = 'completed'
                 AND started_at IS NOT NULL ORDER BY completed_at DESC LIMIT ?2",
            )?;
            let durations = statement
                .query_map(params![estimate_key, DURATIONS], |row| {
                    Ok(Duration::from_millis(count(row.get(0)?)))
                })?
                .collect::<Result<_, _>>()?;
            Ok(durations)
        })
        .await
    }

    async fn personality_record(
        &self,
        user: UserId,
        personality: &str,
    ) -> Result<PersonalityRecord, StoreError> {
        let (user, personality) = (user.to_string(), personality.to_owned());
        self.read(move |connection| record_of(connection, &user, &personality)).await
    }

    async fn list_busy_personalities(&self) -> Result<BTreeSet<String>, StoreError> {
        self.read(|connection| {
            // Each distinct list once: many tasks are in the same place. The first condition is the index's.
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT at_work FROM tasks WHERE state IN ('queued', 'running', 'waiting')
                 AND state <> 'queued' AND at_work <> '[]'",
            )?;
            let mut rows = statement.query([])?;
            let mut busy = BTreeSet::new();
            while let Some(row) = rows.next()? {
                let at_work: String = row.get(0)?;
                let at_work: Vec<AtWork> = crate::rows::decode("tasks.at_work", &at_work)?;
                busy.extend(at_work.into_iter().map(|at_work| at_work.agent));
            }
            Ok(busy)
        })
        .await
    }

    async fn clean_tasks(&self, before: CleanBefore, limit: u32) -> Result<u64, StoreError> {
        let work = move |connection: &Connection| clean::tasks(connection, before, limit);
        self.write(Lane::Normal, 64 << 10, work).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.write(Lane::First, 0, |connection| {
            connection.prepare_cached("UPDATE probe SET count = count + 1")?.execute([])?;
            Ok(())
        })
        .await
    }
}

/// Insert the task with its files; answers the one that has its id already.
fn submit(connection: &Connection, row: &TaskRow, files: &[ImportedFile]) -> Outcome<Option<Task>> {
    let id = parse("tasks.id", &row.id)?;
    if !insert_row(connection, row)? {
        let present = get_task(connection, &id)?;
        if present.new.user != row.user_id {
            return Err(StoreError::Conflict(format!("the task id {id} is taken")).into());
        }
        return Ok(Some(present));
    }
    for file in files {
        connection
            .prepare_cached(
                "INSERT INTO workspace_files (task, base, path, user_id, blob, size, version) VALUES (?1, 0, ?2, ?3, ?4, ?5, 1)",
            )?
            .execute(params![row.id, file.path, row.user_id.to_string(), file.blob.0, column(file.size)])?;
    }
    if !files.is_empty() {
        mark_base(connection, &id)?;
    }
    Ok(None)
}

fn queued(new: NewTask) -> Task {
    Task {
        new,
        state: State::Queued,
        progress: domain::task::Progress::default(),
        output: None,
        failure: None,
        started_at: None,
        completed_at: None,
        wake_at: None,
        deliveries: 0,
        strikes: 0,
        cancel_requested: false,
    }
}

fn list(
    connection: &Connection,
    user: &str,
    states: &str,
    kinds: &str,
    limit: u32,
    cursor: Option<&Cursor>,
) -> Outcome<TaskPage> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ", task_columns!(), " FROM tasks WHERE user_id = ?1
         AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2))) AND kind IN (SELECT value FROM json_each(?3))
         AND (created_at, id) < (?4, ?5) ORDER BY created_at DESC, id DESC LIMIT ?6"
    ))?;
    // One more than asked tells whether there is another page. `~` sorts after every id.
    let (time, id) = cursor.map_or((i64::MAX, "~"), |cursor| (cursor.created_at.0, cursor.id.as_str()));
    let mut rows = statement.query(params![user, states, kinds, time, id, i64::from(limit) + 1])?;
    let mut tasks = Vec::new();
    while let Some(row) = rows.next()? {
        tasks.push(task_row(row)?);
    }
    let more = tasks.len() > limit as usize;
    tasks.truncate(limit as usize);
    let next = tasks.last().filter(|_| more).map(|task| Cursor::after(task).text());
    Ok(TaskPage { tasks, next })
}

/// Also answers whether something was queued.
fn cancel(
    connection: &Connection,
    user: UserId,
    id: &TaskId,
    now: Timestamp,
) -> Outcome<(Option<CancelOutcome>, bool)> {
    let Some(task) = find_task(connection, id)?.filter(|task| task.new.user == user) else {
        return Ok((None, false));
    };
    Ok(match task.state {
        State::Queued | State::Waiting => {
            let queued = cancel_idle(connection, id, user, now)?;
            (Some(CancelOutcome::Cancelled(get_task(connection, id)?)), queued)
        }
        State::Running => {
            connection
                .prepare_cached("UPDATE tasks SET cancel_requested = 1 WHERE id = ?1")?
                .execute(params![id.as_str()])?;
            // Its end will be `Cancelled` whatever its worker asks for, so its family need not wait.
            let queued = cancel_family(connection, id, now)?;
            (Some(CancelOutcome::Requested(Task { cancel_requested: true, ..task })), queued)
        }
        State::Completed | State::Failed | State::Cancelled | State::Quarantined => {
            (Some(CancelOutcome::Finished(task)), false)
        }
    })
}

fn record_of(connection: &Connection, user: &str, personality: &str) -> Outcome<PersonalityRecord> {
    let mut record = connection
        .prepare_cached(
            "SELECT coalesce(sum(t.completed_at IS NOT NULL AND w.finished AND t.failed_agent IS NOT w.personality), 0),
                    CAST(avg(w.wall_us) FILTER (WHERE t.completed_at IS NOT NULL) AS INTEGER), max(w.last_at)
             FROM personality_work w JOIN tasks t ON t.id = w.task WHERE w.user_id = ?1 AND w.personality = ?2",
        )?
        .query_row(params![user, personality], |row| {
            Ok(PersonalityRecord {
                completed: count(row.get(0)?),
                failed: 0,
                average_duration: row.get::<_, Option<i64>>(1)?.map(|average| Duration::from_micros(count(average))),
                last_active: row.get::<_, Option<i64>>(2)?.map(Timestamp),
            })
        })?;
    record.failed = connection
        .prepare_cached("SELECT count(*) FROM tasks WHERE user_id = ?1 AND failed_agent = ?2")?
        .query_row(params![user, personality], |row| Ok(count(row.get(0)?)))?;
    Ok(record)
}
