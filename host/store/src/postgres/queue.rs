//! The port `Queue`. `now` is the database's clock, whatever the caller's says.

use super::failure::Failure;
use super::row::{task, task_columns};
use super::transaction::{Write, transact};
use super::{PostgresStore, rescue};
use app::ports::queue::{Beat, ClaimRequest, Claimed, Queue, Rescued};
use app::ports::store_error::StoreError;
use domain::id::HostId;
use domain::task::Lease;
use domain::time::Timestamp;
use sqlx::Row as _;
use std::collections::HashMap;
use std::time::Duration;

/// Claim those queued tasks that fit `$strikes`: lock them, write their leases, move them.
macro_rules! claim_statement {
    ($strikes:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                 SELECT id, user_id, agent_id FROM tasks WHERE state = 'queued' AND strikes ",
            $strikes,
            " AND driver = ANY($1)
                 ORDER BY priority DESC, created_at, id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
             ), leased AS (
                 INSERT INTO leases AS l (task, user_id, agent_id, token, until, host, suspect)
                 SELECT id, user_id, agent_id, 1, skep_now() + $3, $4, $5 FROM due
                 ON CONFLICT (task) DO UPDATE SET token = l.token + 1, until = excluded.until, host = excluded.host,
                     suspect = excluded.suspect, claim_entries = l.entries,
                     stalls = CASE WHEN l.entries > l.claim_entries THEN 0 ELSE l.stalls END
                 RETURNING l.task, l.token, l.stalls
             )
             UPDATE tasks t SET state = 'running', deliveries = t.deliveries + 1, wake_at = NULL,
                 started_at = coalesce(t.started_at, skep_now())
             FROM leased WHERE t.id = leased.task
             RETURNING leased.token, leased.stalls, pg_current_xact_id()::text AS identity, ",
            task_columns!()
        )
    };
}

#[async_trait::async_trait]
impl Queue for PostgresStore {
    async fn claim(&self, request: ClaimRequest, _now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        transact!(self.database(), write => claim(&mut write, &request))
    }

    async fn has_suspect(&self, drivers: &[String]) -> Result<bool, StoreError> {
        transact!(self.database(), write => async {
            let row = write
                .query(
                    "SELECT EXISTS (SELECT 1 FROM tasks WHERE state = 'queued' AND strikes > 0 AND driver = ANY($1))",
                )
                .bind(drivers.to_vec())
                .fetch_one(write.connection())
                .await?;
            Ok(row.try_get(0)?)
        })
    }

    async fn extend(
        &self,
        leases: &[Lease],
        lease: Duration,
        _now: Timestamp,
    ) -> Result<Vec<Beat>, StoreError> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        transact!(self.database(), write => extend(&mut write, leases, lease))
    }

    async fn release(&self, leases: &[Lease], _now: Timestamp) -> Result<(), StoreError> {
        let released = transact!(self.database(), write => release(&mut write, leases))?;
        self.signal().raise_if(released > 0);
        Ok(())
    }

    async fn rescue(&self, _now: Timestamp, limit: u32) -> Result<Rescued, StoreError> {
        let rescued = transact!(self.database(), write => rescue::expired(&mut write, limit))?;
        self.signal().raise_if(!rescued.requeued.is_empty() || rescued.told);
        Ok(rescued)
    }

    async fn take_back(
        &self,
        installation: uuid::Uuid,
        host: HostId,
        _now: Timestamp,
    ) -> Result<Rescued, StoreError> {
        let rescued =
            transact!(self.database(), write => rescue::of_earlier_runs(&mut write, installation, host))?;
        self.signal().raise_if(!rescued.requeued.is_empty() || rescued.told);
        Ok(rescued)
    }

    async fn wake_due(&self, _now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let woken = transact!(self.database(), write => wake_due(&mut write, limit))?;
        self.signal().raise_if(woken > 0);
        Ok(woken)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        transact!(self.database(), write => async {
            let statement = write.query("SELECT min(wake_at) FROM tasks WHERE state = 'waiting'");
            let row = statement.fetch_one(write.connection()).await?;
            Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp))
        })
    }

    async fn changed(&self) {
        self.signal().changed().await;
    }
}

async fn claim(write: &mut Write, request: &ClaimRequest) -> Result<Vec<Claimed>, Failure> {
    if request.idle {
        let suspects = claim_some(write, request, true).await?;
        if !suspects.is_empty() {
            return Ok(suspects);
        }
    }
    claim_some(write, request, false).await
}

async fn claim_some(
    write: &mut Write,
    request: &ClaimRequest,
    suspect: bool,
) -> Result<Vec<Claimed>, Failure> {
    let statement =
        if suspect { write.query(claim_statement!("> 0")) } else { write.query(claim_statement!("= 0")) };
    let limit = if suspect { request.limit.min(1) } else { request.limit };
    let rows = statement
        .bind(request.drivers.clone())
        .bind(i64::from(limit))
        .bind(milliseconds(request.lease))
        .bind(request.host.to_string())
        .bind(suspect)
        .fetch_all(write.connection())
        .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        // Leases that nobody knows of would become strikes: find out whether the commit went through.
        write.set_identity(row.try_get("identity")?);
        let task = task(&row)?;
        let lease = Lease { task: task.new.id.clone(), token: row.try_get("token")? };
        let stalls = u32::try_from(row.try_get::<i64, _>("stalls")?).unwrap_or(u32::MAX);
        claimed.push(Claimed { task, lease, suspect, stalls });
    }
    claimed.sort_by(|one, other| {
        let key = |claimed: &Claimed| (-claimed.task.new.priority, claimed.task.new.created_at);
        key(one).cmp(&key(other)).then_with(|| one.lease.task.cmp(&other.lease.task))
    });
    Ok(claimed)
}

async fn extend(write: &mut Write, leases: &[Lease], length: Duration) -> Result<Vec<Beat>, Failure> {
    let rows = write
        .query(
            "UPDATE leases l SET until = greatest(l.until, skep_now() + $3)
             FROM unnest($1::text[], $2::bigint[]) AS held (task, token)
             WHERE l.task = held.task AND l.token = held.token AND l.host IS NOT NULL AND l.until > skep_now()
             RETURNING l.task, l.token, coalesce((SELECT cancel_requested FROM tasks WHERE id = l.task), false)",
        )
        .bind(leases.iter().map(|lease| lease.task.to_string()).collect::<Vec<_>>())
        .bind(leases.iter().map(|lease| lease.token).collect::<Vec<_>>())
        .bind(milliseconds(length))
        .fetch_all(write.connection())
        .await?;
    let mut kept = HashMap::new();
    for row in rows {
        let address: (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        kept.insert(address, row.try_get::<bool, _>(2)?);
    }
    let beat = |lease: &Lease| match kept.get(&(lease.task.to_string(), lease.token)) {
        Some(true) => Beat::CancelRequested,
        Some(false) => Beat::Kept,
        None if !write.fenced() => Beat::Kept,
        None => Beat::Stale,
    };
    Ok(leases.iter().map(beat).collect())
}

async fn release(write: &mut Write, leases: &[Lease]) -> Result<u64, Failure> {
    let outcome = write
        .query(
            "WITH released AS (
                 UPDATE leases l SET host = NULL FROM unnest($1::text[], $2::bigint[]) AS held (task, token)
                 WHERE l.task = held.task AND l.token = held.token AND l.host IS NOT NULL
                 RETURNING l.task, l.entries > l.claim_entries AS progressed
             )
             UPDATE tasks SET state = 'queued', strikes = CASE WHEN released.progressed THEN 0 ELSE strikes END
             FROM released WHERE tasks.id = released.task AND tasks.state = 'running'",
        )
        .bind(leases.iter().map(|lease| lease.task.to_string()).collect::<Vec<_>>())
        .bind(leases.iter().map(|lease| lease.token).collect::<Vec<_>>())
        .execute(write.connection())
        .await?;
    Ok(outcome.rows_affected())
}

async fn wake_due(write: &mut Write, limit: u32) -> Result<u64, Failure> {
    // A subquery, so that the clock is read once and the index bounds the scan.
    let outcome = write
        .query(
            "WITH due AS MATERIALIZED (
                 SELECT id FROM tasks WHERE state = 'waiting' AND wake_at <= (SELECT skep_now())
                 ORDER BY wake_at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
             )
             UPDATE tasks SET state = 'queued', wake_at = NULL FROM due WHERE tasks.id = due.id",
        )
        .bind(i64::from(limit))
        .execute(write.connection())
        .await?;
    Ok(outcome.rows_affected())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
