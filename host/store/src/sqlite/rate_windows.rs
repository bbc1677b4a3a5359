//! Windows of rate limits.

use super::SqliteStore;
use super::failure::Outcome;
use super::writer::Lane;
use crate::rows::milliseconds;
use app::ports::rate_windows::{Chunk, RateWindows};
use app::ports::store_error::StoreError;
use domain::id::UserId;
use domain::rate::{Counted, Quota, Window};
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

#[async_trait::async_trait]
impl RateWindows for SqliteStore {
    async fn take_chunks(
        &self,
        user: UserId,
        counted: Counted,
        wanted: &[(Window, Quota)],
    ) -> Result<Vec<Chunk>, StoreError> {
        let wanted = wanted.to_vec();
        self.write(Lane::Normal, 512, move |connection| {
            wanted.iter().map(|(window, quota)| take(connection, user, counted, *window, *quota)).collect()
        })
        .await
    }

    async fn read_windows(
        &self,
        user: UserId,
        counted: Counted,
        windows: &[Window],
    ) -> Result<Vec<u32>, StoreError> {
        let windows = windows.to_vec();
        self.read(move |connection| {
            windows.iter().map(|window| taken(connection, user, counted, *window)).collect()
        })
        .await
    }

    async fn clean_windows(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(Lane::Normal, 4096, move |connection| {
            let deleted = connection
                .prepare_cached(
                    "DELETE FROM rate_windows WHERE (user_id, surface, length_ms, starts_at) IN (
                         SELECT user_id, surface, length_ms, starts_at FROM rate_windows WHERE starts_at + length_ms <= ?1 LIMIT ?2)",
                )?
                .execute(params![now.0, limit])?;
            Ok(deleted as u64)
        })
        .await
    }
}

fn taken(connection: &Connection, user: UserId, counted: Counted, window: Window) -> Outcome<u32> {
    let found = connection
        .prepare_cached(
            "SELECT taken FROM rate_windows WHERE user_id = ?1 AND surface = ?2 AND length_ms = ?3 AND starts_at = ?4",
        )?
        .query_row(
            params![user.to_string(), counted.as_str(), milliseconds(window.length), window.starts_at.0],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.unwrap_or(0))
}

fn take(
    connection: &Connection,
    user: UserId,
    counted: Counted,
    window: Window,
    quota: Quota,
) -> Outcome<Chunk> {
    let before = taken(connection, user, counted, window)?;
    let got = quota.chunk(before);
    let taken = before.saturating_add(got);
    if got > 0 {
        connection
            .prepare_cached(
                "INSERT INTO rate_windows (user_id, surface, length_ms, starts_at, taken) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (user_id, surface, length_ms, starts_at) DO UPDATE SET taken = excluded.taken",
            )?
            .execute(params![
                user.to_string(),
                counted.as_str(),
                milliseconds(window.length),
                window.starts_at.0,
                taken
            ])?;
    }
    Ok(Chunk { got, taken })
}
