//! Bringing the schema up to date. Migrations only add, so that a host of the version before goes on working on the same database.

use super::connect::ConnectError;
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row as _};

/// In order; a file that has been released is never edited.
const MIGRATIONS: [&str; 5] = [
    include_str!("../../migrations/postgres/0001_first.sql"),
    include_str!("../../migrations/postgres/0002_at_work_and_live_plugins.sql"),
    include_str!("../../migrations/postgres/0003_headers_of_answers.sql"),
    include_str!("../../migrations/postgres/0004_stalls.sql"),
    include_str!("../../migrations/postgres/0005_agents.sql"),
];

/// Any number, as long as every version of the host takes the same: "skep" in ASCII.
const LOCK: i64 = 0x736b_6570;

/// The schema version of this build.
pub(super) const VERSION: i64 = 5;
const _: () = assert!(MIGRATIONS.len() == 5 && VERSION == 5, "one migration for each version");

/// Run what is missing, one host at a time.
pub(super) async fn migrate(pool: &PgPool) -> Result<(), ConnectError> {
    let mut transaction = pool.begin().await?;
    // Ends with the transaction, so that it holds behind a pooler, too.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .persistent(false)
        .bind(LOCK)
        .execute(&mut *transaction)
        .await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS meta (key text PRIMARY KEY, value text NOT NULL)")
        .execute(&mut *transaction)
        .await?;
    let row = sqlx::query("SELECT value FROM meta WHERE key = 'schema_version'")
        .persistent(false)
        .fetch_optional(&mut *transaction)
        .await?;
    let present: i64 = match row {
        None => 0,
        Some(row) => {
            let text: String = row.try_get(0)?;
            text.parse().map_err(|_| ConnectError::UnreadableVersion(text))?
        }
    };
    if present > VERSION {
        return Err(ConnectError::NewerSchema { found: present, known: VERSION });
    }
    let missing = MIGRATIONS.iter().skip(usize::try_from(present).unwrap_or(0));
    for migration in missing.copied() {
        sqlx::raw_sql(AssertSqlSafe(migration)).execute(&mut *transaction).await?;
    }
    if present < VERSION {
        sqlx::query(
            "INSERT INTO meta (key, value) VALUES ('schema_version', $1)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        )
        .persistent(false)
        .bind(VERSION.to_string())
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}
