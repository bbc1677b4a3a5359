//! The port `RateWindows`.

use super::PostgresStore;
use super::failure::Failure;
use super::transaction::{Write, transact};
use crate::rows::{milliseconds, unreadable};
use app::ports::rate_windows::{Chunk, RateWindows};
use app::ports::store_error::StoreError;
use domain::id::UserId;
use domain::rate::{Counted, Quota, Window};
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

#[async_trait::async_trait]
impl RateWindows for PostgresStore {
    async fn take_chunks(
        &self,
        user: UserId,
        counted: Counted,
        wanted: &[(Window, Quota)],
    ) -> Result<Vec<Chunk>, StoreError> {
        transact!(self.database(), write => take(&mut write, user, counted, wanted))
    }

    async fn read_windows(
        &self,
        user: UserId,
        counted: Counted,
        windows: &[Window],
    ) -> Result<Vec<u32>, StoreError> {
        transact!(self.database(), write => async {
            let mut all = Vec::with_capacity(windows.len());
            for window in windows {
                all.push(taken(&mut write, user, counted, *window, "SELECT taken FROM rate_windows
                     WHERE user_id = $1 AND surface = $2 AND length_ms = $3 AND starts_at = $4").await?);
            }
            Ok(all)
        })
    }

    async fn clean_windows(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        transact!(self.database(), write => async {
            let outcome = write
                .query(
                    "DELETE FROM rate_windows WHERE ctid IN (
                         SELECT ctid FROM rate_windows WHERE starts_at + length_ms <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
                     )",
                )
                .bind(now.0)
                .bind(i64::from(limit))
                .execute(write.connection())
                .await?;
            Ok(outcome.rows_affected())
        })
    }
}

/// All in one order, so that two hosts never wait for each other in a circle.
async fn take(
    write: &mut Write,
    user: UserId,
    counted: Counted,
    wanted: &[(Window, Quota)],
) -> Result<Vec<Chunk>, Failure> {
    // Another run of a take whose commit is in doubt would take twice.
    write.identify().await?;
    let mut chunks = Vec::with_capacity(wanted.len());
    for (window, quota) in wanted {
        // The row must be there to be locked.
        let insert = write.query(
            "INSERT INTO rate_windows (user_id, surface, length_ms, starts_at, taken) VALUES ($1, $2, $3, $4, 0) ON CONFLICT DO NOTHING",
        );
        bind(insert, user, counted, *window).execute(write.connection()).await?;
        let before = taken(
            write,
            user,
            counted,
            *window,
            "SELECT taken FROM rate_windows
             WHERE user_id = $1 AND surface = $2 AND length_ms = $3 AND starts_at = $4 FOR UPDATE",
        )
        .await?;
        let got = quota.chunk(before);
        let taken = before.saturating_add(got);
        let update = write.query(
            "UPDATE rate_windows SET taken = $5 WHERE user_id = $1 AND surface = $2 AND length_ms = $3 AND starts_at = $4",
        );
        bind(update, user, counted, *window).bind(i64::from(taken)).execute(write.connection()).await?;
        chunks.push(Chunk { got, taken });
    }
    Ok(chunks)
}

async fn taken(
    write: &mut Write,
    user: UserId,
    counted: Counted,
    window: Window,
    sql: &'static str,
) -> Result<u32, Failure> {
    let row = bind(write.query(sql), user, counted, window).fetch_optional(write.connection()).await?;
    let Some(row) = row else { return Ok(0) };
    let taken: i64 = row.try_get("taken")?;
    Ok(u32::try_from(taken).map_err(|error| unreadable("rate_windows.taken", &taken.to_string(), &error))?)
}

fn bind(
    statement: Query<'static, Postgres, PgArguments>,
    user: UserId,
    counted: Counted,
    window: Window,
) -> Query<'static, Postgres, PgArguments> {
    statement
        .bind(user.to_string())
        .bind(counted.as_str())
        .bind(milliseconds(window.length))
        .bind(window.starts_at.0)
}
