//! The store on PostgreSQL: any number of hosts share one database.
//!
//! One operation is one transaction; a worker's begins with the fence (`transaction`). No session state is used (no `SET`, no session
//! advisory locks, no prepared statements behind a pooler), so a pooler in transaction mode may stand before it; only `LISTEN` needs a
//! connection of its own, to the direct URL. Start reading at [`transaction`], then `queue` and `journal`.

mod agent_files;
mod agents;
mod append;
mod approvals;
mod blobs;
mod cancel;
mod connect;
mod effects;
mod end;
mod failure;
mod idempotency;
mod jobs;
mod journal;
mod keys;
mod kv;
mod logs;
mod migrate;
mod plugins;
mod queue;
mod rate_windows;
mod rescue;
mod rooms;
mod row;
mod secrets;
mod sessions;
mod signal;
mod skills;
mod submit;
mod tasks;
mod templates;
mod ticks;
mod transaction;
mod usage;
mod users;
mod workspaces;

pub use connect::{ConnectError, Inspection, PostgresOptions, inspect};

use app::ports::store_error::StoreError;
use signal::Signal;
use sqlx::PgPool;
use std::sync::Arc;
use submit::Submitter;

/// A store on PostgreSQL. Clones share one pool.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    inner: Arc<Inner>,
}

/// What the clones share.
#[derive(Debug)]
struct Inner {
    database: Database,
    /// Joins submits; its task ends with the last clone.
    submitter: Submitter,
    /// Tells other hosts, and hears them.
    signal: Signal,
}

/// How transactions are begun; the submitter and the operations each hold one.
#[derive(Clone, Debug)]
struct Database {
    pool: PgPool,
    /// Keep prepared statements on the connection. Not behind a pooler, which hands each transaction another one.
    prepared: bool,
    /// Check the lease. Only a test turns it off, as a control.
    fence: bool,
}

impl PostgresStore {
    /// Connect, bring the schema up to date, and check that this server keeps what it confirms.
    ///
    /// `listen_url` is a direct URL where `url` leads to a pooler.
    ///
    /// # Errors
    /// When the server cannot be reached, is older than 14, does not commit durably, or has a newer schema.
    pub async fn connect(
        url: &str,
        listen_url: Option<&str>,
        options: PostgresOptions,
    ) -> Result<Self, ConnectError> {
        let database = connect::open(url, listen_url.is_some(), &options).await?;
        let signal = Signal::start(url, listen_url.unwrap_or(url)).await;
        let submitter = Submitter::start(database.clone());
        Ok(Self { inner: Arc::new(Inner { database, submitter, signal }) })
    }

    /// Compare the fingerprint of the key-encryption key with that of the host that used the database first.
    ///
    /// # Errors
    /// `Conflict` when this host has another key: it could not open what others sealed.
    pub async fn check_fingerprint(&self, fingerprint: &str) -> Result<(), StoreError> {
        connect::check_fingerprint(&self.inner.database, fingerprint).await
    }

    /// Whether notifications of this host come back to it. If not, the queue is polled each 250 ms.
    #[must_use]
    pub fn has_echo(&self) -> bool {
        self.inner.signal.has_echo()
    }

    /// Close all connections; operations fail afterwards.
    pub async fn close(&self) {
        self.inner.signal.stop();
        self.inner.database.pool.close().await;
    }

    fn database(&self) -> &Database {
        &self.inner.database
    }

    fn signal(&self) -> &Signal {
        &self.inner.signal
    }
}
