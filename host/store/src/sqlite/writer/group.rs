//! One group of operations, one transaction.

use super::Operation;
use crate::sqlite::OpenError;
use crate::sqlite::schema::BUSY_TIMEOUT;
use app::ports::store_error::StoreError;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// Pages in the write-ahead log after which they are copied into the database: 16 MiB. Writes go on only after the copy and its two syncs,
/// and a page that changed often is copied once, so it is more than SQLite's own 1000.
const CHECKPOINT_PAGES: i32 = 4_000;
/// From here on a checkpoint also waits for readers and makes the log start over: 64 MiB.
const RESTART_PAGES: i32 = 16_000;
/// How long such a checkpoint waits for readers.
const RESTART_PATIENCE: Duration = Duration::from_millis(200);

/// The connection that writes.
pub(super) struct Committer {
    connection: Connection,
    /// Pages in the log after the last commit; the connection's hook sets it.
    log_pages: Arc<AtomicI32>,
}

/// How a run in an open transaction ended.
enum Run {
    /// Commit it.
    Done,
    /// One operation failed after it had written something: roll back and run each alone.
    Spoiled,
    /// The database does not accept writes.
    Refused(String),
}

impl Committer {
    pub(super) fn new(mut connection: Connection) -> Result<Self, OpenError> {
        let log_pages = Arc::new(AtomicI32::new(0));
        connection.wal_hook(Some({
            let log_pages = Arc::clone(&log_pages);
            move |_: &mut rusqlite::hooks::Wal, pages| {
                log_pages.store(pages, Ordering::Relaxed);
                Ok(())
            }
        }))?;
        Ok(Self { connection, log_pages })
    }

    /// Commit the operations and answer them. An error says why the database does not accept writes; all have been answered then, too.
    pub(super) fn commit(&self, mut group: Vec<Box<dyn Operation>>) -> Result<(), String> {
        let refused = match self.transaction(&mut group) {
            Ok(Run::Spoiled) if group.len() > 1 => return self.one_by_one(group),
            // A spoiled operation that ran alone is rolled back, and its own error is the answer.
            Ok(Run::Done | Run::Spoiled) => None,
            Ok(Run::Refused(reason)) | Err(reason) => Some(reason),
        };
        for operation in group {
            operation.answer(refused.clone().map(StoreError::Unavailable));
        }
        refused.map_or(Ok(()), Err)
    }

    fn one_by_one(&self, group: Vec<Box<dyn Operation>>) -> Result<(), String> {
        let mut broken: Option<String> = None;
        for operation in group {
            match &broken {
                Some(reason) => operation.answer(Some(StoreError::Unavailable(reason.clone()))),
                None => broken = self.commit(vec![operation]).err(),
            }
        }
        broken.map_or(Ok(()), Err)
    }

    /// Whatever it answers, no transaction is open afterwards.
    fn transaction(&self, group: &mut [Box<dyn Operation>]) -> Result<Run, String> {
        self.execute("BEGIN IMMEDIATE")?;
        let run = self.run_all(group);
        let ended = if matches!(run, Run::Done) { self.execute("COMMIT") } else { Ok(()) };
        self.roll_back();
        ended.map(|()| run)
    }

    fn run_all(&self, group: &mut [Box<dyn Operation>]) -> Run {
        for operation in group {
            let changes = self.connection.total_changes();
            match operation.run(&self.connection) {
                Ok(()) => {}
                Err(StoreError::Unavailable(reason)) => return Run::Refused(reason),
                // It has written nothing, so there is nothing to undo and the others need not suffer.
                Err(_) if self.connection.total_changes() == changes && !self.connection.is_autocommit() => {}
                Err(_) => return Run::Spoiled,
            }
        }
        Run::Done
    }

    /// Roll back what is open. After a commit, and after errors that have rolled back already, nothing is.
    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(reason) = self.execute("ROLLBACK")
        {
            tracing::error!(%reason, "a transaction could not be rolled back");
        }
    }

    /// Whether a write works: changes one row and commits.
    pub(super) fn probe(&self) -> Result<(), String> {
        self.roll_back();
        self.execute("UPDATE probe SET count = count + 1")
    }

    /// Copy the log into the database when it has grown. Callers have been answered; a failure only makes the log longer.
    pub(super) fn checkpoint(&self) {
        let pages = self.log_pages.load(Ordering::Relaxed);
        if pages < CHECKPOINT_PAGES {
            return;
        }
        let result = if pages < RESTART_PAGES { self.copy_log("PASSIVE") } else { self.restart_log() };
        match result {
            // Copied to the last page: the next commit begins the log anew, and the hook tells its size.
            Ok((log, copied)) if log == copied => self.log_pages.store(0, Ordering::Relaxed),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be copied into the database"),
        }
    }

    /// Waits for readers, but not so long that heartbeats come late.
    fn restart_log(&self) -> rusqlite::Result<(i64, i64)> {
        self.connection.busy_timeout(RESTART_PATIENCE)?;
        let result = self.copy_log("RESTART");
        self.connection.busy_timeout(BUSY_TIMEOUT)?;
        result
    }

    /// Pages of the log, and how many of them are in the database now.
    fn copy_log(&self, mode: &str) -> rusqlite::Result<(i64, i64)> {
        self.connection
            .query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| Ok((row.get(1)?, row.get(2)?)))
    }

    fn execute(&self, statement: &str) -> Result<(), String> {
        let done = self.connection.prepare_cached(statement).and_then(|mut statement| statement.execute([]));
        done.map(|_| ()).map_err(|error| error.to_string())
    }
}
