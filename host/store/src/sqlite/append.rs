//! Appending entries: all checks first, then all writes, so that a refused append leaves nothing to undo.

use super::effects::{Applied, apply_effects};
use super::failure::Outcome;
use super::fence::{Fenced, record};
use crate::rows::{EntryRow, Found, StoredEntry, column, compare, count, exhausted};
use app::failpoint;
use app::ports::journal::Append;
use app::ports::store_error::StoreError;
use domain::id::{Digest, TaskId};
use domain::task::Lease;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

/// What an append will do.
struct Plan {
    steps: Vec<(EntryRow, Found)>,
    /// Blobs that the task's journal does not name yet.
    blobs: Vec<Digest>,
    entries: u64,
    bytes: u64,
}

/// Append entries and effects behind the fence. `fenced` is what the task's journal is afterwards.
pub(super) fn append(
    connection: &Connection,
    lease: &Lease,
    fenced: &mut Fenced,
    append: &Append,
    now: Timestamp,
) -> Outcome<Applied> {
    failpoint::reach("append.fenced");
    let plan = plan(connection, &lease.task, fenced, append)?;
    let new = append.entries.is_empty() || plan.steps.iter().any(|(_, found)| *found != Found::Equal);
    if !new {
        return Ok(Applied::default());
    }
    for (row, found) in &plan.steps {
        write_entry(connection, lease, fenced, row, *found)?;
    }
    for blob in &plan.blobs {
        connection
            .prepare_cached("INSERT INTO entry_blobs (task, digest) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute(params![lease.task.as_str(), blob.0])?;
    }
    (fenced.entries, fenced.bytes) = (plan.entries, plan.bytes);
    let applied = apply_effects(connection, &lease.task, fenced, &append.effects, now)?;
    record(connection, lease, fenced)?;
    Ok(applied)
}

fn plan(connection: &Connection, task: &TaskId, fenced: &Fenced, append: &Append) -> Outcome<Plan> {
    let mut plan =
        Plan { steps: Vec::new(), blobs: Vec::new(), entries: fenced.entries, bytes: fenced.bytes };
    for entry in &append.entries {
        let row = EntryRow::of(entry)?;
        let stored = match plan
            .steps
            .iter()
            .rev()
            .find(|(earlier, _)| (&earlier.scope, earlier.ordinal) == (&row.scope, row.ordinal))
        {
            Some((earlier, _)) => Some(earlier.as_stored()),
            None => find_entry(connection, task, &row)?,
        };
        let found = compare(stored.as_ref(), &row)?;
        if found != Found::Equal {
            plan.entries += u64::from(found == Found::Nothing);
            plan.bytes += row.body.len() as u64;
            for blob in &row.blobs {
                if !plan.blobs.contains(blob)
                    && let Some(size) = size_of_new_blob(connection, task, *blob)?
                {
                    plan.bytes += size;
                    plan.blobs.push(*blob);
                }
            }
        }
        plan.steps.push((row, found));
    }
    if plan.entries > fenced.entries || plan.bytes > fenced.bytes {
        exhausted(plan.entries, plan.bytes)?;
    }
    Ok(plan)
}

fn find_entry(connection: &Connection, task: &TaskId, row: &EntryRow) -> Outcome<Option<StoredEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, hash, answered, body FROM entries WHERE task = ?1 AND scope = ?2 AND ordinal = ?3",
    )?;
    let found = statement.query_row(params![task.as_str(), row.scope, row.ordinal], |row| {
        Ok(StoredEntry { kind: row.get(0)?, hash: row.get(1)?, answered: row.get(2)?, body: row.get(3)? })
    });
    Ok(found.optional()?)
}

/// Bytes of a blob that the journal does not name yet; an entry never names one that is not there.
fn size_of_new_blob(connection: &Connection, task: &TaskId, blob: Digest) -> Outcome<Option<u64>> {
    let found: Option<(i64, bool)> = connection
        .prepare_cached(
            "SELECT size, EXISTS (SELECT 1 FROM entry_blobs WHERE task = ?1 AND digest = ?2) FROM blobs WHERE digest = ?2",
        )?
        .query_row(params![task.as_str(), blob.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((_, true)) => Ok(None),
        Some((size, false)) => Ok(Some(count(size))),
        None => {
            Err(StoreError::Conflict(format!("an entry names blob {blob}, which is not there: put it first"))
                .into())
        }
    }
}

fn write_entry(
    connection: &Connection,
    lease: &Lease,
    fenced: &mut Fenced,
    row: &EntryRow,
    found: Found,
) -> Outcome<()> {
    let task = &lease.task;
    match found {
        Found::Equal => return Ok(()),
        Found::Nothing => {
            fenced.pos += 1;
            connection
                .prepare_cached(
                    "INSERT INTO entries (task, scope, ordinal, pos, user_id, token, at, kind, hash, answered, body)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                )?
                .execute(params![
                    task.as_str(),
                    row.scope,
                    row.ordinal,
                    fenced.pos,
                    fenced.user.to_string(),
                    lease.token,
                    row.at,
                    row.kind,
                    row.hash,
                    row.answered,
                    row.body,
                ])?;
        }
        Found::Started => {
            connection
                .prepare_cached(
                    "UPDATE entries SET at = ?4, answered = 1, body = ?5 WHERE task = ?1 AND scope = ?2 AND ordinal = ?3",
                )?
                .execute(params![task.as_str(), row.scope, row.ordinal, row.at, row.body])?;
        }
    }
    let Some(work) = &row.work else { return Ok(()) };
    connection
        .prepare_cached(
            "INSERT INTO personality_work (task, personality, user_id, wall_us, finished, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (task, personality) DO UPDATE SET wall_us = wall_us + excluded.wall_us,
             finished = max(finished, excluded.finished), last_at = max(last_at, excluded.last_at)",
        )?
        .execute(params![
            task.as_str(),
            work.personality,
            fenced.user.to_string(),
            column(work.wall_us),
            work.finished,
            row.at
        ])?;
    Ok(())
}

/// The last scope of the task that has begun and not ended.
pub(super) fn open_scope(connection: &Connection, task: &TaskId) -> Outcome<Option<String>> {
    let found = connection
        .prepare_cached(
            "SELECT scope FROM entries AS begun WHERE task = ?1 AND kind = 'start' AND NOT EXISTS (
                 SELECT 1 FROM entries WHERE task = ?1 AND scope = begun.scope AND kind = 'end')
             ORDER BY pos DESC LIMIT 1",
        )?
        .query_row(params![task.as_str()], |row| row.get(0))
        .optional()?;
    Ok(found)
}
