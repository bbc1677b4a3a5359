//! SQLite, the embedded default: one file, one process, one writer.
//!
//! Every operation that writes is a closure that the writer thread runs inside a group's transaction (`writer`); reads use a few
//! connections that only read. Blobs are files beside the database. It is not for several hosts: a lock on the data directory refuses
//! the second process by naming the first.

mod agent_files;
mod agents;
mod append;
mod approvals;
mod blobs;
mod clean;
mod effects;
mod end;
mod failure;
mod fence;
mod idempotency;
mod insert;
mod jobs;
mod journal;
mod judge;
mod keys;
mod kv;
mod logs;
mod plugins;
mod queue;
mod rate_windows;
mod readers;
mod rooms;
mod row;
mod schema;
mod secrets;
mod sessions;
mod skills;
mod tasks;
mod templates;
mod ticks;
mod usage;
mod users;
mod workspaces;
mod writer;

use crate::lock::{DirectoryLock, LockError};
use app::ports::clock::Clock;
use app::ports::store_error::StoreError;
use blobs::BlobFolder;
use domain::time::Timestamp;
use effects::Applied;
use failure::Outcome;
use fence::Fencing;
use readers::Readers;
use rusqlite::Connection;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::Notify;
use writer::{Lane, Writer};

/// What a store is opened with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections that read at once.
    pub readers: usize,
    /// False turns the fence off: the control of tests that show what the fence is for.
    #[cfg(feature = "failpoints")]
    pub fencing: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            #[cfg(feature = "failpoints")]
            fencing: true,
        }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data directory, or its lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A newer host has been here.
    #[error(
        "the database has schema version {found}, this host knows {supported} and no newer one: run a newer host"
    )]
    NewerSchema {
        /// The file's.
        found: usize,
        /// Ours.
        supported: usize,
    },
    /// The library is not the bundled one.
    #[error("SQLite {found} is too old: 3.51.3 is needed, build with the bundled one")]
    OldLibrary {
        /// Its version.
        found: String,
    },
    /// The file system cannot do write-ahead logging.
    #[error("{} cannot use a write-ahead log (journal mode {mode}): put the data directory on a local file system", path.display())]
    NoWal {
        /// The database.
        path: PathBuf,
        /// What it does instead.
        mode: String,
    },
    /// A file or folder cannot be used.
    #[error("{} cannot be used: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The writer's thread could not be started.
    #[error("the writer could not be started: {0}")]
    Thread(std::io::Error),
    /// The database cannot be opened or migrated.
    #[error("the database cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

/// The store. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

/// Fields are dropped in order: the lock goes last, when nothing writes any more.
struct Inner {
    writer: Writer,
    readers: Readers,
    blobs: BlobFolder,
    clock: Arc<dyn Clock>,
    /// Rung after a commit that may have queued something; `Queue::changed` waits on it.
    queued: Notify,
    fencing: Fencing,
    lock: Arc<DirectoryLock>,
}

impl SqliteStore {
    /// Open `DATA_DIR/skep.db`, making and migrating what is needed. Blocks; call it before serving.
    ///
    /// # Errors
    /// When another process has the directory, a newer host has migrated it, or files cannot be used.
    pub fn open(data_dir: &Path, clock: Arc<dyn Clock>, options: Options) -> Result<Self, OpenError> {
        schema::check_library()?;
        let wrong = |path: &Path| {
            let path = path.to_owned();
            move |error| OpenError::Io { path, error }
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(wrong(data_dir))?;
        let lock = Arc::new(DirectoryLock::take(data_dir, clock.now())?);
        let database = data_dir.join("skep.db");
        let writer = Writer::start(schema::open_writer(&database)?)?;
        let blob_root = data_dir.join("blobs");
        let blobs = BlobFolder::open(blob_root.clone()).map_err(wrong(&blob_root))?;
        let readers = Readers::new(database, options.readers);
        let inner =
            Inner { writer, readers, blobs, clock, queued: Notify::new(), fencing: fencing(&options), lock };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Look at `DATA_DIR/skep.db` without a lock and without changing it, also while a host works on it: the version of its schema, none
    /// when there is no database yet. Blocks.
    ///
    /// # Errors
    /// When it cannot be read, or a newer host has migrated it.
    pub fn inspect(data_dir: &Path) -> Result<Option<usize>, OpenError> {
        schema::check_library()?;
        let database = data_dir.join("skep.db");
        if database.try_exists().map_err(|error| OpenError::Io { path: database.clone(), error })? {
            schema::version(&database).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The lock on the data directory, to tell a second process where this one listens.
    #[must_use]
    pub fn lock(&self) -> Arc<DirectoryLock> {
        Arc::clone(&self.inner.lock)
    }

    async fn write<T, F>(&self, lane: Lane, weight: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Outcome<T> + Send + 'static,
    {
        self.inner.writer.write(lane, weight, work).await
    }

    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Outcome<T> + Send + 'static,
    {
        self.inner.readers.read(work).await
    }

    fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    fn fencing(&self) -> Fencing {
        self.inner.fencing
    }

    fn blob_folder(&self) -> BlobFolder {
        self.inner.blobs.clone()
    }

    fn queued(&self) -> &Notify {
        &self.inner.queued
    }

    /// Something may be claimable.
    fn ring(&self) {
        self.inner.queued.notify_one();
    }

    /// After the commit of an append.
    fn after(&self, applied: Applied) {
        if applied.queued {
            self.ring();
        }
    }
}

#[cfg(feature = "failpoints")]
fn fencing(options: &Options) -> Fencing {
    if options.fencing { Fencing::On } else { Fencing::Off }
}

#[cfg(not(feature = "failpoints"))]
fn fencing(_: &Options) -> Fencing {
    Fencing::On
}
