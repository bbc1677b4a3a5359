//! The port `Journal`.

use super::append::append;
use super::failure::Failure;
use super::transaction::{Write, transact};
use super::{PostgresStore, end};
use crate::rows::entry_of;
use app::ports::journal::{Append, FollowUps, Journal};
use app::ports::store_error::StoreError;
use domain::journal::Entry;
use domain::task::{Lease, Outcome, Progress, Task};
use domain::time::Timestamp;
use sqlx::Row as _;

#[async_trait::async_trait]
impl Journal for PostgresStore {
    async fn load_entries(&self, lease: &Lease) -> Result<Vec<Entry>, StoreError> {
        transact!(self.database(), write => load(&mut write, lease))
    }

    async fn append(&self, lease: &Lease, append: Append, _now: Timestamp) -> Result<i64, StoreError> {
        let (pos, queued) = transact!(self.database(), write => append_and_save(&mut write, lease, &append))?;
        self.signal().raise_if(queued);
        Ok(pos)
    }

    async fn finish(
        &self,
        lease: &Lease,
        outcome: Outcome,
        follow_ups: FollowUps,
        _now: Timestamp,
    ) -> Result<Task, StoreError> {
        let (task, queued) =
            transact!(self.database(), write => end::finish(&mut write, lease, &outcome, &follow_ups))?;
        self.signal().raise_if(queued);
        Ok(task)
    }

    async fn suspend(
        &self,
        lease: &Lease,
        append: Append,
        progress: Progress,
        wake_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let wait = end::wait(wake_at, now);
        let queued =
            transact!(self.database(), write => end::suspend(&mut write, lease, &append, &progress, wait))?;
        self.signal().raise_if(queued);
        Ok(())
    }
}

async fn append_and_save(write: &mut Write, lease: &Lease, entries: &Append) -> Result<(i64, bool), Failure> {
    let mut held = append(write, lease, entries).await?;
    held.save(write).await?;
    Ok((held.pos, held.queued))
}

/// Only looks at the lease: reading under a stale one does no harm that the next write does not refuse.
async fn load(write: &mut Write, lease: &Lease) -> Result<Vec<Entry>, Failure> {
    let held = write
        .query(
            "SELECT 1 FROM leases WHERE task = $1 AND token = $2 AND host IS NOT NULL AND until > skep_now()",
        )
        .bind(lease.task.to_string())
        .bind(lease.token)
        .fetch_optional(write.connection())
        .await?;
    if held.is_none() && write.fenced() {
        return Err(StoreError::Stale.into());
    }
    let rows = write
        .query("SELECT scope, ordinal, at, body FROM entries WHERE task = $1 ORDER BY pos")
        .bind(lease.task.to_string())
        .fetch_all(write.connection())
        .await?;
    rows.iter()
        .map(|row| {
            let scope: String = row.try_get("scope")?;
            let body: String = row.try_get("body")?;
            Ok(entry_of(&scope, row.try_get("ordinal")?, row.try_get("at")?, &body)?)
        })
        .collect()
}
