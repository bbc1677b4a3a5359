//! One database for one case, with two users, a clock and a source of ids.

use app::ports::clock::{Clock as _, Entropy as _};
use app::ports::keys::Account;
pub(crate) use app::ports::store::Store;
use domain::id::{AgentId, Digest, HostId, UserId};
use domain::time::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _};
use std::sync::Arc;
use std::time::Duration;
use store::postgres::{PostgresOptions, PostgresStore};
use store::sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use testkit::clock::{SeededEntropy, SimClock};
use uuid::Uuid;

enum Database {
    Sqlite {
        folder: TempDir,
    },
    Postgres {
        store: PostgresStore,
        /// Its session holds the lock on the database.
        server: sqlx::PgConnection,
        /// Moves the database's clock.
        pool: sqlx::PgPool,
    },
}

pub(crate) struct Bench {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) user: UserId,
    pub(crate) agent: AgentId,
    /// Another user, who must see nothing of the first.
    pub(crate) stranger: UserId,
    pub(crate) host: HostId,
    clock: SimClock,
    entropy: SeededEntropy,
    database: Database,
}

/// 2026-02-23T15:30:00Z.
const START: Timestamp = Timestamp(1_771_860_600_000);

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        Self::sqlite_with(Options::default()).await
    }

    pub(crate) async fn sqlite_with(options: Options) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = SimClock::new(START);
        let store = SqliteStore::open(folder.path(), Arc::new(clock.clone()), options).unwrap();
        Self::new(Arc::new(store), clock, Database::Sqlite { folder }).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::postgres_with(PostgresOptions { connections: 4, ..PostgresOptions::default() }).await
    }

    pub(crate) async fn postgres_with(options: PostgresOptions) -> Self {
        let Ok(url) = std::env::var("SKEP_TEST_DATABASE_URL") else {
            panic!(
                "SKEP_TEST_DATABASE_URL is not set: run `make test`, which starts a PostgreSQL, or set it to the URL of a server \
                 on which databases may be created"
            );
        };
        let (server, url) = own_database(&url).await;
        let store = PostgresStore::connect(&url, None, options).await.unwrap();
        let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&url).await.unwrap();
        sqlx::raw_sql(
            "CREATE TABLE case_clock (now bigint NOT NULL);
             INSERT INTO case_clock VALUES (0);
             CREATE OR REPLACE FUNCTION skep_now() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT now FROM case_clock'",
        )
        .execute(&pool)
        .await
        .unwrap();
        let database = Database::Postgres { store: store.clone(), server, pool };
        Self::new(Arc::new(store), SimClock::new(START), database).await
    }

    async fn new(store: Arc<dyn Store>, clock: SimClock, database: Database) -> Self {
        let id = |number| Uuid::from_u128(number);
        let bench = Self {
            store,
            user: UserId(id(1)),
            agent: AgentId(id(2)),
            stranger: UserId(id(3)),
            host: HostId(id(5)),
            clock,
            entropy: SeededEntropy::new(7),
            database,
        };
        bench.advance(Duration::ZERO).await;
        for (user, name, agent) in
            [(bench.user, "owner", bench.agent), (bench.stranger, "stranger", AgentId(id(4)))]
        {
            let account =
                Account { user, name: name.to_owned(), plan: "startup".to_owned(), default_agent: agent };
            bench.store.ensure_account(account, bench.now()).await.unwrap();
        }
        bench
    }

    /// It moves with [`Bench::advance`].
    pub(crate) fn clock(&self) -> SimClock {
        self.clock.clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Move the clock; PostgreSQL's own, too.
    pub(crate) async fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        if let Database::Postgres { pool, .. } = &self.database {
            sqlx::query("UPDATE case_clock SET now = $1").bind(self.now().0).execute(pool).await.unwrap();
        }
    }

    pub(crate) fn random(&self) -> [u8; 6] {
        let mut bytes = [0; 6];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// Change one byte of a stored blob behind the store's back.
    pub(crate) async fn damage_blob(&self, digest: Digest) {
        match &self.database {
            Database::Sqlite { folder } => {
                let hex = digest.hex();
                let path = folder.path().join("blobs").join(&hex[..2]).join(&hex[2..]);
                let mut bytes = std::fs::read(&path).unwrap();
                bytes[0] ^= 1;
                std::fs::write(path, bytes).unwrap();
            }
            Database::Postgres { pool, .. } => {
                let done = sqlx::query(
                    "UPDATE blob_chunks SET bytes = set_byte(bytes, 0, get_byte(bytes, 0) # 1) WHERE digest = $1
                     AND part = (SELECT min(part) FROM blob_chunks WHERE digest = $1)",
                )
                .bind(digest.0.to_vec())
                .execute(pool)
                .await
                .unwrap();
                assert_eq!(done.rows_affected(), 1);
            }
        }
    }

    /// Whether the database is SQLite.
    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.database, Database::Sqlite { .. })
    }

    /// Run statements behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) -> Result<(), String> {
        match &self.database {
            Database::Sqlite { .. } => {
                self.connection().execute_batch(sql).map_err(|error| error.to_string())
            }
            Database::Postgres { pool, .. } => {
                let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await;
                done.map(drop).map_err(|error| error.to_string())
            }
        }
    }

    /// The one text column of a query behind the store's back.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        match &self.database {
            Database::Sqlite { .. } => {
                let connection = self.connection();
                let mut statement = connection.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            }
            Database::Postgres { pool, .. } => {
                sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(pool).await.unwrap()
            }
        }
    }

    /// How many rows of a table meet a condition.
    pub(crate) async fn count(&self, table: &str, condition: &str) -> i64 {
        let sql = format!("SELECT CAST(count(*) AS text) FROM {table} WHERE {condition}");
        self.texts(&sql).await[0].parse().unwrap()
    }

    fn connection(&self) -> rusqlite::Connection {
        let connection = rusqlite::Connection::open(self.folder().join("skep.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(5)).unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        connection
    }

    /// The folder of SQLite.
    pub(crate) fn folder(&self) -> &std::path::Path {
        match &self.database {
            Database::Sqlite { folder } => folder.path(),
            Database::Postgres { .. } => panic!("a case of SQLite runs on PostgreSQL"),
        }
    }

    /// Close the database, and let the next case have it.
    pub(crate) async fn close(self) {
        if let Database::Postgres { store, server, pool } = self.database {
            store.close().await;
            pool.close().await;
            server.close().await.unwrap();
        }
    }
}

/// A database that no other case uses, emptied. Making one takes a server half a second and dropping one a checkpoint, so they are
/// used again: `skep_case_0`, `skep_case_1`, … stay on the server, as many as cases ran at once.
async fn own_database(url: &str) -> (sqlx::PgConnection, String) {
    let (before, _) = url.rsplit_once('/').unwrap();
    let mut server = sqlx::PgConnection::connect(url).await.unwrap();
    let mut number = 0;
    let lock = "SELECT pg_try_advisory_lock(hashtext('skep_case'), $1)";
    while !sqlx::query_scalar::<_, bool>(lock).bind(number).fetch_one(&mut server).await.unwrap() {
        number += 1;
    }
    let name = format!("skep_case_{number}");
    let there = "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)";
    if !sqlx::query_scalar::<_, bool>(there).bind(&name).fetch_one(&mut server).await.unwrap() {
        let create = format!("CREATE DATABASE {name}");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut server).await.unwrap();
    }
    let url = format!("{before}/{name}");
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    sqlx::raw_sql(empty).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    (server, url)
}
