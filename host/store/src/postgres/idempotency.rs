//! The port `Idempotency`.

use super::PostgresStore;
use super::failure::Failure;
use super::transaction::{Write, transact};
use crate::rows::{ANSWER_LIFE, RESERVATION_LIFE, answer_headers, before, read_headers, unreadable};
use app::ports::idempotency::{Begin, Idempotency, IdempotencyScope, KeptAnswer};
use app::ports::store_error::StoreError;
use domain::time::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::query::Query;

#[async_trait::async_trait]
impl Idempotency for PostgresStore {
    async fn begin(
        &self,
        scope: &IdempotencyScope,
        body_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Begin, StoreError> {
        transact!(self.database(), write => begin(&mut write, scope, body_hash, now))
    }

    async fn complete(
        &self,
        scope: &IdempotencyScope,
        answer: KeptAnswer,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            let statement = write.query(
                // The 24 hours count from the answer, so that a slow first request is not forgotten early.
                "UPDATE answers SET status = $5, location = $6, body = $7, created_at = $8, headers = $9
                 WHERE caller = $1 AND method = $2 AND path = $3 AND key = $4 AND status IS NULL",
            );
            bind(statement, scope)
                .bind(i32::from(answer.status))
                .bind(answer.location.clone())
                .bind(answer.body.clone())
                .bind(now.0)
                .bind(answer_headers(&answer)?)
                .execute(write.connection())
                .await?;
            Ok(())
        })
    }

    async fn abandon(&self, scope: &IdempotencyScope) -> Result<(), StoreError> {
        transact!(self.database(), write => async {
            let statement = write.query(
                "DELETE FROM answers WHERE caller = $1 AND method = $2 AND path = $3 AND key = $4 AND status IS NULL",
            );
            bind(statement, scope).execute(write.connection()).await?;
            Ok(())
        })
    }

    async fn clean_answers(&self, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
        transact!(self.database(), write => async {
            let outcome = write
                .query(
                    "DELETE FROM answers WHERE ctid IN (
                         SELECT ctid FROM answers WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
                     )",
                )
                .bind(before(now, ANSWER_LIFE).0)
                .bind(i64::from(limit))
                .execute(write.connection())
                .await?;
            Ok(outcome.rows_affected())
        })
    }
}

fn bind(
    statement: Query<'static, Postgres, PgArguments>,
    scope: &IdempotencyScope,
) -> Query<'static, Postgres, PgArguments> {
    statement
        .bind(scope.caller.clone())
        .bind(scope.method.clone())
        .bind(scope.path.clone())
        .bind(scope.key.clone())
}

async fn begin(
    write: &mut Write,
    scope: &IdempotencyScope,
    body_hash: [u8; 32],
    now: Timestamp,
) -> Result<Begin, Failure> {
    write.identify().await?;
    // An abandoned reservation and an old answer are taken over.
    let statement = write.query(
        "INSERT INTO answers AS a (caller, method, path, key, body_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (caller, method, path, key) DO UPDATE SET body_hash = excluded.body_hash,
             created_at = excluded.created_at, status = NULL, location = NULL, body = NULL, headers = NULL
         WHERE a.created_at <= $8 OR (a.status IS NULL AND a.created_at <= $7)
         RETURNING 1",
    );
    let fresh = bind(statement, scope)
        .bind(body_hash.to_vec())
        .bind(now.0)
        .bind(before(now, RESERVATION_LIFE).0)
        .bind(before(now, ANSWER_LIFE).0)
        .fetch_optional(write.connection())
        .await?;
    if fresh.is_some() {
        return Ok(Begin::Fresh);
    }
    let statement = write.query(
        "SELECT body_hash, status, location, body, headers FROM answers
         WHERE caller = $1 AND method = $2 AND path = $3 AND key = $4",
    );
    let Some(row) = bind(statement, scope).fetch_optional(write.connection()).await? else {
        // Abandoned between the two statements: the caller may ask again.
        return Ok(Begin::Running);
    };
    if row.try_get::<Vec<u8>, _>("body_hash")? != body_hash {
        return Ok(Begin::OtherBody);
    }
    let Some(status) = row.try_get::<Option<i32>, _>("status")? else { return Ok(Begin::Running) };
    Ok(Begin::Kept(KeptAnswer {
        status: u16::try_from(status)
            .map_err(|error| unreadable("answers.status", &status.to_string(), &error))?,
        location: row.try_get("location")?,
        headers: read_headers(row.try_get::<Option<String>, _>("headers")?.as_deref())?,
        body: row.try_get::<Option<Vec<u8>>, _>("body")?.unwrap_or_default(),
    }))
}
