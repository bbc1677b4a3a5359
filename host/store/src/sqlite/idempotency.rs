//! Answers kept for `Idempotency-Key`.

use super::SqliteStore;
use super::clean;
use super::failure::Outcome;
use super::writer::Lane;
use crate::rows::{ANSWER_LIFE, RESERVATION_LIFE, answer_headers, read_headers};
use app::ports::idempotency::{Begin, Idempotency, IdempotencyScope, KeptAnswer};
use app::ports::store_error::StoreError;
use domain::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

#[async_trait::async_trait]
impl Idempotency for SqliteStore {
    async fn begin(
        &self,
        scope: &IdempotencyScope,
        body_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Begin, StoreError> {
        let scope = scope.clone();
        self.write(Lane::Normal, 512, move |connection| begin(connection, &scope, body_hash, now)).await
    }

    async fn complete(
        &self,
        scope: &IdempotencyScope,
        answer: KeptAnswer,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (scope, weight) = (scope.clone(), 512 + answer.body.len());
        let headers = answer_headers(&answer)?;
        self.write(Lane::Normal, weight, move |connection| {
            // The 24 hours count from the answer, so that a slow first request is not forgotten early.
            connection
                .prepare_cached(
                    "UPDATE answers SET status = ?5, location = ?6, body = ?7, created_at = ?8, headers = ?9
                     WHERE caller = ?1 AND method = ?2 AND path = ?3 AND key = ?4 AND status IS NULL",
                )?
                .execute(params![
                    scope.caller,
                    scope.method,
                    scope.path,
                    scope.key,
                    answer.status,
                    answer.location,
                    answer.body,
                    now.0,
                    headers
                ])?;
            Ok(())
        })
        .await
    }

    async fn abandon(&self, scope: &IdempotencyScope) -> Result<(), StoreError> {
        let scope = scope.clone();
        self.write(Lane::Normal, 512, move |connection| {
            connection
                .prepare_cached(
                    "DELETE FROM answers WHERE caller = ?1 AND method = ?2 AND path = ?3 AND key = ?4 AND status IS NULL",
                )?
                .execute(params![scope.caller, scope.method, scope.path, scope.key])?;
            Ok(())
        })
        .await
    }

    async fn clean_answers(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        self.write(Lane::Normal, 4096, move |connection| clean::answers(connection, now, limit)).await
    }
}

struct Present {
    body_hash: Vec<u8>,
    created_at: Timestamp,
    answer: Option<KeptAnswer>,
}

fn begin(
    connection: &Connection,
    scope: &IdempotencyScope,
    body_hash: [u8; 32],
    now: Timestamp,
) -> Outcome<Begin> {
    if let Some(present) = find(connection, scope)? {
        let life = if present.answer.is_some() { ANSWER_LIFE } else { RESERVATION_LIFE };
        if now.since(present.created_at) < life {
            return Ok(match present.answer {
                _ if present.body_hash != body_hash => Begin::OtherBody,
                Some(answer) => Begin::Kept(answer),
                None => Begin::Running,
            });
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO answers (caller, method, path, key, body_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (caller, method, path, key) DO UPDATE SET body_hash = excluded.body_hash,
             created_at = excluded.created_at, status = NULL, location = NULL, body = NULL, headers = NULL",
        )?
        .execute(params![scope.caller, scope.method, scope.path, scope.key, body_hash, now.0])?;
    Ok(Begin::Fresh)
}

fn find(connection: &Connection, scope: &IdempotencyScope) -> Outcome<Option<Present>> {
    let mut statement = connection.prepare_cached(
        "SELECT body_hash, created_at, status, location, body, headers FROM answers
         WHERE caller = ?1 AND method = ?2 AND path = ?3 AND key = ?4",
    )?;
    let found = statement.query_row(params![scope.caller, scope.method, scope.path, scope.key], |row| {
        let status: Option<u16> = row.get(2)?;
        let answer = match status {
            Some(status) => Some((
                KeptAnswer { status, location: row.get(3)?, headers: Vec::new(), body: row.get(4)? },
                row.get::<_, Option<String>>(5)?,
            )),
            None => None,
        };
        Ok((row.get(0)?, Timestamp(row.get(1)?), answer))
    });
    let Some((body_hash, created_at, answer)) = found.optional()? else { return Ok(None) };
    let answer = match answer {
        Some((answer, headers)) => Some(KeptAnswer { headers: read_headers(headers.as_deref())?, ..answer }),
        None => None,
    };
    Ok(Some(Present { body_hash, created_at, answer }))
}
