//! A few connections that only read; each is used by one blocking thread at a time.

use super::failure::{Failure, Outcome};
use super::schema;
use app::ports::store_error::StoreError;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// The readers. Clones share them.
#[derive(Clone)]
pub(super) struct Readers {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf, count: usize) -> Self {
        Self { path: Arc::new(path), idle: Arc::default(), permits: Arc::new(Semaphore::new(count.max(1))) }
    }

    /// Read on a blocking thread. All statements of `work` see one state of the database.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let readers = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let present = readers.idle().pop();
            let connection = match present {
                Some(connection) => connection,
                None => schema::open_reader(&readers.path).map_err(Failure::Sql)?,
            };
            let result = in_snapshot(&connection, work);
            // A connection that is in a state we do not know is dropped.
            if connection.is_autocommit() {
                readers.idle().push(connection);
            }
            result
        });
        match answer.await {
            Ok(result) => result.map_err(StoreError::from),
            Err(error) => Err(StoreError::Internal(format!("a read did not end: {error}"))),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_snapshot<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
    connection.prepare_cached("BEGIN DEFERRED")?.execute([])?;
    let result = work(connection);
    connection.prepare_cached("COMMIT")?.execute([])?;
    result
}
