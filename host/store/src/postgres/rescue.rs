//! Judging claims whose host died.

use super::cancel::tell_ends;
use super::failure::Failure;
use super::ticks::end_tick;
use super::transaction::Write;
use crate::rows::{encode, finished_event, parse, quarantine_failure};
use app::ports::queue::Rescued;
use domain::id::{HostId, TaskId};
use domain::strike::{Verdict, judge};
use domain::task::State;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// Leases that expired. One that a worker is writing under, or another rescuer judges, is left alone.
pub(super) async fn expired(write: &mut Write, limit: u32) -> Result<Rescued, Failure> {
    let rows = write
        .query(
            "SELECT l.task, l.entries > l.claim_entries AS progressed, l.suspect, t.strikes
             FROM leases l JOIN tasks t ON t.id = l.task
             WHERE l.host IS NOT NULL AND l.until <= (SELECT skep_now())
             ORDER BY l.until LIMIT $1 FOR NO KEY UPDATE OF l, t SKIP LOCKED",
        )
        .bind(i64::from(limit))
        .fetch_all(write.connection())
        .await?;
    judge_all(write, &rows).await
}

/// Leases of earlier runs of this host, which holds the lock of the data directory: those runs are over.
pub(super) async fn of_earlier_runs(
    write: &mut Write,
    installation: uuid::Uuid,
    host: HostId,
) -> Result<Rescued, Failure> {
    let rows = write
        .query(
            "SELECT l.task, l.entries > l.claim_entries AS progressed, l.suspect, t.strikes
             FROM leases l JOIN tasks t ON t.id = l.task JOIN hosts h ON h.host = l.host
             WHERE h.installation = $1 AND h.host <> $2
             ORDER BY l.task FOR NO KEY UPDATE OF l, t",
        )
        .bind(installation.to_string())
        .bind(host.to_string())
        .fetch_all(write.connection())
        .await?;
    let rescued = judge_all(write, &rows).await?;
    write
        .query("DELETE FROM hosts WHERE installation = $1 AND host <> $2")
        .bind(installation.to_string())
        .bind(host.to_string())
        .execute(write.connection())
        .await?;
    write
        .query(
            "INSERT INTO hosts (host, installation, started_at) VALUES ($1, $2, skep_now()) ON CONFLICT (host) DO NOTHING",
        )
        .bind(host.to_string())
        .bind(installation.to_string())
        .execute(write.connection())
        .await?;
    Ok(rescued)
}

async fn judge_all(write: &mut Write, rows: &[PgRow]) -> Result<Rescued, Failure> {
    let mut rescued = Rescued::default();
    if rows.is_empty() {
        return Ok(rescued);
    }
    // Only now: to give a transaction an id is to write it into the log.
    write.identify().await?;
    let (mut ids, mut strikes): (Vec<String>, Vec<i64>) = (Vec::new(), Vec::new());
    for row in rows {
        let id: String = row.try_get("task")?;
        let task: TaskId = parse("leases.task", &id)?;
        let before = u32::try_from(row.try_get::<i64, _>("strikes")?).unwrap_or(0);
        match judge(before, row.try_get("progressed")?, row.try_get("suspect")?) {
            Verdict::Requeue { strikes: after } => {
                ids.push(id);
                strikes.push(i64::from(after));
                rescued.requeued.push(task);
            }
            Verdict::Quarantine => {
                quarantine(write, &id).await?;
                end_tick(write, vec![id.clone()], State::Quarantined).await?;
                rescued.told |= tell_ends(write, vec![id]).await?;
                rescued.quarantined.push(task);
            }
        }
    }
    if !ids.is_empty() {
        write
            .query("UPDATE leases SET host = NULL WHERE task = ANY($1)")
            .bind(ids.clone())
            .execute(write.connection())
            .await?;
        write
            .query(
                "UPDATE tasks SET state = 'queued', strikes = judged.strikes
                 FROM unnest($1::text[], $2::bigint[]) AS judged (id, strikes)
                 WHERE tasks.id = judged.id AND tasks.state = 'running'",
            )
            .bind(ids)
            .bind(strikes)
            .execute(write.connection())
            .await?;
    }
    Ok(rescued)
}

async fn quarantine(write: &mut Write, id: &str) -> Result<(), Failure> {
    let running = write
        .query(
            "SELECT s.scope FROM entries s WHERE s.task = $1 AND s.kind = 'start' AND NOT EXISTS (
                 SELECT 1 FROM entries e WHERE e.task = $1 AND e.scope = s.scope AND e.kind = 'end'
             ) ORDER BY s.pos DESC LIMIT 1",
        )
        .bind(id.to_owned())
        .fetch_optional(write.connection())
        .await?;
    let scope: Option<String> = running.map(|row| row.try_get(0)).transpose()?;
    let failure = quarantine_failure(scope.as_deref());
    let event = finished_event(State::Quarantined);
    let now = write.now().0;
    write
        .query(
            "WITH ended AS (
                 UPDATE tasks SET state = 'quarantined', completed_at = $2, failure = $3, failed_agent = $4
                 WHERE id = $1 RETURNING id, user_id
             ), released AS (
                 DELETE FROM leases WHERE task = $1 RETURNING pos
             )
             INSERT INTO events (task, pos, user_id, at, event, data)
             SELECT ended.id, released.pos + 1, ended.user_id, $2, $5, $6 FROM ended, released",
        )
        .bind(id.to_owned())
        .bind(now)
        .bind(encode(&failure)?)
        .bind(failure.agent)
        .bind(event.event)
        .bind(encode(&event.data)?)
        .execute(write.connection())
        .await?;
    Ok(())
}
