//! Transactions: how one begins, is fenced, ends, and is run again.
//!
//! An operation is written as a function of `&mut Write` and run by [`transact!`], which commits, runs it again after a serialization
//! failure or a deadlock, and finds out what became of a commit whose answer was lost.

use super::Database;
use super::failure::{Failure, Remedy, remedy, store_error};
use app::ports::store_error::StoreError;
use domain::task::Lease;
use domain::time::Timestamp;
use sqlx::postgres::{PgArguments, PgConnection, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{Row as _, SqlSafeStr, Transaction};
use std::ops::ControlFlow;
use std::time::Duration;

/// A transaction is run at most this often.
const TRIES: u32 = 8;
/// Asked at most this often what became of a commit, 100 ms apart: a backend that lost its client ends soon.
const QUESTIONS: u32 = 50;
const QUESTION_PAUSE: Duration = Duration::from_millis(100);

/// The fence of each worker's write. Its row lock lasts until the transaction ends; a plain `INSERT … WHERE EXISTS` would have none.
const FENCE: &str = "UPDATE leases SET entries = entries + $3, pos = pos + $3, bytes = bytes + $4
     WHERE task = $1 AND token = $2 AND host IS NOT NULL AND until > skep_now()
     RETURNING user_id, agent_id, entries, claim_entries, bytes, pos, pg_current_xact_id()::text AS identity, skep_now() AS now";

/// What a store without the fence does, as a control of tests: write under any token, to an ended task, too.
const NO_FENCE: &str = "INSERT INTO leases AS l (task, user_id, agent_id, token, until, suspect, entries, bytes, pos)
     SELECT id, user_id, agent_id, $2, 0, false, $3, $4, $3 + greatest(
         (SELECT coalesce(max(pos), 0) FROM entries WHERE task = $1), (SELECT coalesce(max(pos), 0) FROM events WHERE task = $1))
     FROM tasks WHERE id = $1
     ON CONFLICT (task) DO UPDATE SET entries = l.entries + $3, pos = l.pos + $3, bytes = l.bytes + $4
     RETURNING user_id, agent_id, entries, claim_entries, bytes, pos, pg_current_xact_id()::text AS identity, skep_now() AS now";

/// A running transaction.
pub(super) struct Write {
    transaction: Transaction<'static, Postgres>,
    prepared: bool,
    fence: bool,
    /// Its id, where running it again would not be a no-op.
    identity: Option<String>,
    now: Timestamp,
}

impl Write {
    /// A statement of this transaction. Run it on [`Write::connection`].
    pub(super) fn query(&self, sql: impl SqlSafeStr) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(sql).persistent(self.prepared)
    }

    /// Whether leases are checked.
    pub(super) fn fenced(&self) -> bool {
        self.fence
    }

    /// The database's time at the fence (or `identify`).
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// The connection that it runs on.
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// The fence: lock the lease, count what is to be appended, and refuse when it is not the present one. First statement of each
    /// worker's write. Answers the lease's row.
    pub(super) async fn enter(&mut self, lease: &Lease, entries: i64, bytes: i64) -> Result<PgRow, Failure> {
        let statement = if self.fence { self.query(FENCE) } else { self.query(NO_FENCE) };
        let statement = statement.bind(lease.task.to_string()).bind(lease.token).bind(entries).bind(bytes);
        let row = statement.fetch_optional(self.connection()).await?.ok_or(StoreError::Stale)?;
        self.identity = Some(row.try_get("identity")?);
        self.now = Timestamp(row.try_get("now")?);
        Ok(row)
    }

    /// Remember the id of this transaction, which a statement answered.
    pub(super) fn set_identity(&mut self, identity: String) {
        self.identity = Some(identity);
    }

    /// Remember the id of this transaction, so that the answer to a lost commit can be had, and the time.
    pub(super) async fn identify(&mut self) -> Result<(), Failure> {
        let row =
            self.query("SELECT pg_current_xact_id()::text, skep_now()").fetch_one(self.connection()).await?;
        self.identity = Some(row.try_get(0)?);
        self.now = Timestamp(row.try_get(1)?);
        Ok(())
    }
}

/// Read committed whatever the server's default is: the fence is a row lock, and needs no more.
///
/// A host that stands still in the middle of a transaction (SIGSTOP, a paused machine) holds its row locks, and nobody could take its
/// tasks over: the server ends such a session. The host finds a lost connection when it wakes up, and a stale lease after that.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '5s'";

impl Database {
    /// Begin.
    pub(super) async fn begin(&self) -> Result<Write, StoreError> {
        let mut last = sqlx::Error::PoolClosed;
        // After a restart of the server each idle connection of the pool is dead; they are only found out here.
        for _connection in 0..=self.pool.options().get_max_connections() {
            match self.pool.begin_with(BEGIN).await {
                Ok(transaction) => {
                    return Ok(Write {
                        transaction,
                        prepared: self.prepared,
                        fence: self.fence,
                        identity: None,
                        now: Timestamp(0),
                    });
                }
                Err(error) => {
                    let lost = remedy(&error) == Remedy::Lost;
                    last = error;
                    if !lost {
                        break;
                    }
                }
            }
        }
        Err(StoreError::Unavailable(last.to_string()))
    }

    /// What became of a transaction whose commit got no answer: true when it was committed.
    async fn committed(&self, identity: &str) -> Result<bool, StoreError> {
        for _question in 0..QUESTIONS {
            let status: Result<Option<String>, sqlx::Error> = async {
                let mut transaction = self.pool.begin_with(BEGIN).await?;
                let row = sqlx::query("SELECT pg_xact_status($1::text::xid8)")
                    .persistent(self.prepared)
                    .bind(identity.to_owned())
                    .fetch_one(&mut *transaction)
                    .await?;
                transaction.rollback().await?;
                row.try_get(0)
            }
            .await;
            match status.as_ref().map(Option::as_deref) {
                Ok(Some("committed")) => return Ok(true),
                Ok(Some("aborted")) => return Ok(false),
                // In progress, or the server is not back yet.
                Ok(_) | Err(_) => tokio::time::sleep(QUESTION_PAUSE).await,
            }
        }
        Err(StoreError::Unavailable(
            "the answer to a commit was lost, and the database does not say what became of it".to_owned(),
        ))
    }
}

/// How often an operation has been run.
#[derive(Debug, Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// End a transaction: `Break` with the operation's result, or `Continue` to run it again.
    pub(super) async fn settle<T>(
        &mut self,
        database: &Database,
        write: Write,
        result: Result<T, Failure>,
    ) -> ControlFlow<Result<T, StoreError>> {
        self.0 += 1;
        let Write { transaction, identity, .. } = write;
        match result {
            Ok(answer) => match transaction.commit().await {
                Ok(()) => ControlFlow::Break(Ok(answer)),
                Err(error) => match (remedy(&error), identity) {
                    (Remedy::Again, _) => self.again(error).await,
                    (Remedy::Lost, Some(identity)) => match database.committed(&identity).await {
                        Ok(true) => ControlFlow::Break(Ok(answer)),
                        Ok(false) => self.again(error).await,
                        Err(unknown) => ControlFlow::Break(Err(unknown)),
                    },
                    // Running it again is a no-op where it was committed.
                    (Remedy::Lost, None) => self.again(error).await,
                    (Remedy::Unavailable | Remedy::None, _) => ControlFlow::Break(Err(store_error(&error))),
                },
            },
            Err(failure) => {
                // A connection that cannot roll back is closed, which rolls back.
                let _unsaid = transaction.rollback().await;
                match failure {
                    Failure::Store(error) => ControlFlow::Break(Err(error)),
                    Failure::Sql(error) => match remedy(&error) {
                        // Nothing was committed.
                        Remedy::Again | Remedy::Lost => self.again(error).await,
                        Remedy::Unavailable | Remedy::None => ControlFlow::Break(Err(store_error(&error))),
                    },
                }
            }
        }
    }

    async fn again<T>(&self, error: sqlx::Error) -> ControlFlow<Result<T, StoreError>> {
        if self.0 >= TRIES {
            return ControlFlow::Break(Err(store_error(&error)));
        }
        tracing::debug!(%error, tries = self.0, "a transaction is run again");
        // Those that collided wait for different times.
        let jitter = rand::random_range(0..10_u64);
        tokio::time::sleep(Duration::from_millis(u64::from(self.0) * jitter)).await;
        ControlFlow::Continue(())
    }
}

/// Run an operation as one transaction: `transact!(database, write => operation(&mut write, …))`.
macro_rules! transact {
    ($database:expr, $write:ident => $operation:expr) => {{
        let database: &$crate::postgres::Database = $database;
        let mut tries = $crate::postgres::transaction::Tries::default();
        loop {
            match database.begin().await {
                Err(error) => break Err(error),
                Ok(mut $write) => {
                    let result: Result<_, $crate::postgres::failure::Failure> = $operation.await;
                    if let std::ops::ControlFlow::Break(result) = tries.settle(database, $write, result).await
                    {
                        break result;
                    }
                }
            }
        }
    }};
}
pub(super) use transact;
