//! Connecting: what a server must be, and what all hosts of a database must agree on.

use super::transaction::transact;
use super::{Database, migrate};
use app::ports::store_error::StoreError;
use sqlx::Row as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr as _;
use std::time::Duration;

/// `server_version_num` of PostgreSQL 14.
const OLDEST: i32 = 140_000;

/// How to connect.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Connections of the pool. Two more are used for notifications.
    pub connections: u32,
    /// Wait this long for a connection before an operation answers `Unavailable`.
    pub patience: Duration,
    /// False turns the fence off: the control of tests that show what the fence is for.
    #[cfg(feature = "failpoints")]
    pub fencing: bool,
}

impl Default for PostgresOptions {
    /// Enough to keep a server of a few cores busy: operations are short, and submits are joined.
    fn default() -> Self {
        Self {
            connections: 16,
            patience: Duration::from_secs(5),
            #[cfg(feature = "failpoints")]
            fencing: true,
        }
    }
}

/// A database that this host does not work on.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not a URL of PostgreSQL, no answer, no access.
    #[error("the database cannot be opened: {0}; check SKEP_DATABASE_URL")]
    Sql(#[from] sqlx::Error),
    /// Too old.
    #[error("the server is PostgreSQL {found}; 14 or newer is needed")]
    OldServer {
        /// What the server says.
        found: String,
    },
    /// It would confirm what it may lose.
    #[error(
        "the server's {setting} is off, so that confirmed writes may be lost; set it to on for this role and database"
    )]
    NotDurable {
        /// `synchronous_commit` or `fsync`.
        setting: String,
    },
    /// A newer host has changed the schema.
    #[error("the database has schema {found}, this host knows {known}; use a newer host")]
    NewerSchema {
        /// In the database.
        found: i64,
        /// In this build.
        known: i64,
    },
    /// Somebody else's table `meta`.
    #[error(
        "the table meta holds the schema version {0:?}, which is not a number; give Skep a database of its own"
    )]
    UnreadableVersion(String),
}

/// How each connection is begun.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    // Poolers refuse a start with `extra_float_digits`, and no column of ours is a float.
    Ok(PgConnectOptions::from_str(url)?.application_name("skep").extra_float_digits(None))
}

/// Open the pool, judge the server, migrate.
pub(super) async fn open(
    url: &str,
    pooled: bool,
    options: &PostgresOptions,
) -> Result<Database, ConnectError> {
    let connect = self::options(url)?;
    let connect = if pooled { connect.statement_cache_capacity(0) } else { connect };
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.patience)
        // A dead connection shows at BEGIN, and the operation is run again.
        .test_before_acquire(false)
        .connect_with(connect)
        .await?;
    judge(&pool).await?;
    migrate::migrate(&pool).await?;
    #[cfg(feature = "failpoints")]
    let fence = options.fencing;
    #[cfg(not(feature = "failpoints"))]
    let fence = true;
    Ok(Database { pool, prepared: !pooled, fence })
}

/// What a server and a database are, for whoever only looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The server's version.
    pub server: String,
    /// The version of our schema; none before the first start.
    pub schema: Option<i64>,
    /// Of the key-encryption key that the database was set up with.
    pub fingerprint: Option<String>,
}

/// Connect once and look, changing nothing.
///
/// # Errors
/// As when a host connects.
pub async fn inspect(url: &str) -> Result<Inspection, ConnectError> {
    let connect = options(url)?.statement_cache_capacity(0);
    let patience = PostgresOptions::default().patience;
    let pool =
        PgPoolOptions::new().max_connections(1).acquire_timeout(patience).connect_with(connect).await?;
    judge(&pool).await?;
    let server: String =
        sqlx::query_scalar("SELECT current_setting('server_version')").fetch_one(&pool).await?;
    let is_set_up: bool =
        sqlx::query_scalar("SELECT to_regclass('meta') IS NOT NULL").fetch_one(&pool).await?;
    let meta = async |key: &str| -> Result<Option<String>, sqlx::Error> {
        if is_set_up {
            sqlx::query_scalar("SELECT value FROM meta WHERE key = $1").bind(key).fetch_optional(&pool).await
        } else {
            Ok(None)
        }
    };
    let schema = meta("schema_version").await?;
    let schema: Option<i64> =
        schema.map(|text| text.parse().map_err(|_| ConnectError::UnreadableVersion(text))).transpose()?;
    let inspection = Inspection { server, schema, fingerprint: meta("key_fingerprint").await? };
    pool.close().await;
    match inspection.schema {
        Some(found) if found > migrate::VERSION => {
            Err(ConnectError::NewerSchema { found, known: migrate::VERSION })
        }
        _ => Ok(inspection),
    }
}

async fn judge(pool: &PgPool) -> Result<(), ConnectError> {
    let mut transaction = pool.begin().await?;
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::integer, current_setting('server_version'),
                current_setting('synchronous_commit'), current_setting('fsync')",
    )
    .persistent(false)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.rollback().await?;
    if row.try_get::<i32, _>(0)? < OLDEST {
        return Err(ConnectError::OldServer { found: row.try_get(1)? });
    }
    for (column, setting) in [(2, "synchronous_commit"), (3, "fsync")] {
        if row.try_get::<String, _>(column)? == "off" {
            return Err(ConnectError::NotDurable { setting: setting.to_owned() });
        }
    }
    Ok(())
}

/// Keep the first host's fingerprint; refuse another.
pub(super) async fn check_fingerprint(database: &Database, fingerprint: &str) -> Result<(), StoreError> {
    let present: String = transact!(database, write => async {
        write
            .query("INSERT INTO meta (key, value) VALUES ('key_fingerprint', $1) ON CONFLICT (key) DO NOTHING")
            .bind(fingerprint.to_owned())
            .execute(write.connection())
            .await?;
        let row = write
            .query("SELECT value FROM meta WHERE key = 'key_fingerprint'")
            .fetch_one(write.connection())
            .await?;
        Ok(row.try_get(0)?)
    })?;
    if present == fingerprint {
        return Ok(());
    }
    Err(StoreError::Conflict(format!(
        "this host's key-encryption key has the fingerprint {fingerprint}, the database was set up with {present}: \
         give this host the same key"
    )))
}
