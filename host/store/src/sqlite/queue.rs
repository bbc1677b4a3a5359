//! Claims, heartbeats, timers.

use super::SqliteStore;
use super::failure::Outcome;
use super::fence::{Fencing, let_go, pass};
use super::judge;
use super::row::{task_columns, task_row};
use super::writer::Lane;
use crate::rows::encode;
use app::ports::queue::{Beat, ClaimRequest, Claimed, Queue, Rescued};
use app::ports::store_error::StoreError;
use domain::id::HostId;
use domain::task::{Lease, State, Task, Transition};
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::time::Duration;

/// Small operations.
const SMALL: usize = 512;

#[async_trait::async_trait]
impl Queue for SqliteStore {
    async fn claim(&self, request: ClaimRequest, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        if request.limit == 0 || request.drivers.is_empty() {
            return Ok(Vec::new());
        }
        self.write(Lane::First, SMALL, move |connection| claim(connection, &request, now)).await
    }

    async fn has_suspect(&self, drivers: &[String]) -> Result<bool, StoreError> {
        let drivers = encode(&drivers)?;
        self.read(move |connection| Ok(!queued(connection, SUSPECTS, &drivers, 1)?.is_empty())).await
    }

    async fn extend(
        &self,
        leases: &[Lease],
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<Beat>, StoreError> {
        let (leases, fencing) = (leases.to_vec(), self.fencing());
        self.write(Lane::First, SMALL, move |connection| {
            leases.iter().map(|held| extend(connection, held, now.plus(lease), now, fencing)).collect()
        })
        .await
    }

    async fn release(&self, leases: &[Lease], _now: Timestamp) -> Result<(), StoreError> {
        let (leases, fencing) = (leases.to_vec(), self.fencing());
        let work = move |connection: &Connection| {
            leases.iter().try_for_each(|lease| release(connection, lease, fencing))
        };
        self.write(Lane::First, SMALL, work).await?;
        self.ring();
        Ok(())
    }

    async fn rescue(&self, now: Timestamp, limit: u32) -> Result<Rescued, StoreError> {
        let rescued =
            self.write(Lane::First, SMALL, move |connection| judge::expired(connection, now, limit)).await?;
        if !rescued.requeued.is_empty() || rescued.told {
            self.ring();
        }
        Ok(rescued)
    }

    async fn take_back(
        &self,
        installation: uuid::Uuid,
        host: HostId,
        now: Timestamp,
    ) -> Result<Rescued, StoreError> {
        let work = move |connection: &Connection| judge::take_back(connection, installation, host, now);
        let rescued = self.write(Lane::First, SMALL, work).await?;
        self.ring();
        Ok(rescued)
    }

    async fn wake_due(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let work = move |connection: &Connection| {
            let woken = connection
                .prepare_cached(
                    "UPDATE tasks SET state = 'queued', wake_at = NULL WHERE id IN (
                         SELECT id FROM tasks WHERE state = 'waiting' AND wake_at <= ?1 ORDER BY wake_at LIMIT ?2)",
                )?
                .execute(params![now.0, limit])?;
            Ok(woken as u64)
        };
        let woken = self.write(Lane::Normal, SMALL, work).await?;
        if woken > 0 {
            self.ring();
        }
        Ok(woken)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|connection| {
            let next: Option<i64> = connection
                .prepare_cached("SELECT min(wake_at) FROM tasks WHERE state = 'waiting'")?
                .query_row([], |row| row.get(0))?;
            Ok(next.map(Timestamp))
        })
        .await
    }

    async fn changed(&self) {
        self.queued().notified().await;
    }
}

fn claim(connection: &Connection, request: &ClaimRequest, now: Timestamp) -> Outcome<Vec<Claimed>> {
    let drivers = encode(&request.drivers)?;
    if request.idle {
        let suspects = queued(connection, SUSPECTS, &drivers, 1)?;
        if !suspects.is_empty() {
            return take(connection, request, suspects, true, now);
        }
    }
    let tasks = queued(connection, FRESH, &drivers, request.limit)?;
    take(connection, request, tasks, false, now)
}

// Two texts instead of a parameter, because each must repeat the condition of its partial index.
const FRESH: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM tasks WHERE state = 'queued' AND strikes = 0 AND driver IN (SELECT value FROM json_each(?1))
     ORDER BY priority DESC, created_at, id LIMIT ?2"
);
const SUSPECTS: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM tasks WHERE state = 'queued' AND strikes > 0 AND driver IN (SELECT value FROM json_each(?1))
     ORDER BY priority DESC, created_at, id LIMIT ?2"
);

/// Queued tasks in claim order. A queued task is due: what waits for a time is `waiting`.
fn queued(connection: &Connection, statement: &'static str, drivers: &str, limit: u32) -> Outcome<Vec<Task>> {
    let mut statement = connection.prepare_cached(statement)?;
    let mut rows = statement.query(params![drivers, limit])?;
    let mut tasks = Vec::new();
    while let Some(row) = rows.next()? {
        tasks.push(task_row(row)?);
    }
    Ok(tasks)
}

fn take(
    connection: &Connection,
    request: &ClaimRequest,
    tasks: Vec<Task>,
    suspect: bool,
    now: Timestamp,
) -> Outcome<Vec<Claimed>> {
    let until = now.plus(request.lease);
    let host = request.host.to_string();
    let mut claimed = Vec::with_capacity(tasks.len());
    for mut task in tasks {
        task.state = task.state.after(Transition::Claim).map_err(super::journal::conflict)?;
        task.started_at = task.started_at.or(Some(now));
        task.deliveries += 1;
        connection
            .prepare_cached("UPDATE tasks SET state = 'running', started_at = coalesce(started_at, ?2), deliveries = deliveries + 1 WHERE id = ?1")?
            .execute(params![task.new.id.as_str(), now.0])?;
        let (token, stalls) = connection
            .prepare_cached(
                "INSERT INTO leases (task, token, until, host, suspect) VALUES (?1, 1, ?2, ?3, ?4)
                 ON CONFLICT (task) DO UPDATE SET token = token + 1, until = excluded.until, host = excluded.host,
                 suspect = excluded.suspect, stalls = CASE WHEN entries > claim_entries THEN 0 ELSE stalls END,
                 claim_entries = entries RETURNING token, stalls",
            )?
            .query_row(params![task.new.id.as_str(), until.0, host, suspect], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        let lease = Lease { task: task.new.id.clone(), token };
        claimed.push(Claimed { task, lease, suspect, stalls });
    }
    Ok(claimed)
}

fn extend(
    connection: &Connection,
    lease: &Lease,
    until: Timestamp,
    now: Timestamp,
    fencing: Fencing,
) -> Outcome<Beat> {
    match pass(connection, lease, now, fencing) {
        Ok(_) => {}
        Err(super::failure::Failure::Store(StoreError::Stale)) => return Ok(Beat::Stale),
        Err(error) => return Err(error),
    }
    connection
        .prepare_cached("UPDATE leases SET until = max(until, ?2) WHERE task = ?1")?
        .execute(params![lease.task.as_str(), until.0])?;
    let cancelled: Option<bool> = connection
        .prepare_cached("SELECT cancel_requested FROM tasks WHERE id = ?1")?
        .query_row(params![lease.task.as_str()], |row| row.get(0))
        .optional()?;
    Ok(if cancelled == Some(true) { Beat::CancelRequested } else { Beat::Kept })
}

fn release(connection: &Connection, lease: &Lease, fencing: Fencing) -> Outcome<()> {
    // The token alone is asked: a lease that expired may be given back until somebody has judged it.
    let fenced = match pass(connection, lease, Timestamp(i64::MIN), fencing) {
        Ok(fenced) => fenced,
        // Somebody else has it, or it has ended: there is nothing to give back.
        Err(super::failure::Failure::Store(StoreError::Stale)) => return Ok(()),
        Err(error) => return Err(error),
    };
    connection
        .prepare_cached(
            "UPDATE tasks SET state = ?2, strikes = CASE WHEN ?3 THEN 0 ELSE strikes END WHERE id = ?1 AND state = 'running'",
        )?
        .execute(params![lease.task.as_str(), State::Queued.as_str(), fenced.progressed()])?;
    let_go(connection, &lease.task)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_claim_walks_its_index_in_order_and_sorts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let connection = super::super::schema::open_writer(&folder.path().join("skep.db")).unwrap();
        for (statement, index) in [(FRESH, "tasks_queue"), (SUSPECTS, "tasks_suspects")] {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
            let steps: Vec<String> =
                plan.query_map(params!["[]", 1], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            let text = steps.join("; ");
            assert!(text.contains(&format!("USING INDEX {index}")), "{text}");
            assert!(!text.contains("ORDER BY"), "{text}");
        }
    }
}
