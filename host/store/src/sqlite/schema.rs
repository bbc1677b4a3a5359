//! Opening connections: settings, version of the library, migrations.

use super::OpenError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// 3.51.3 is the first release without the WAL-reset bug that could lose a committed transaction at a checkpoint.
const OLDEST_LIBRARY: i32 = 3_051_003;
/// Only readers and this writer share the file, so a lock is never held for long.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// All statements of the store fit; the default of 16 would prepare most of them again and again.
const CACHED_STATEMENTS: usize = 192;

/// Each is one step; the file's `user_version` is how many have been made.
const MIGRATIONS: [&str; 5] = [
    include_str!("../../migrations/sqlite/0001_first.sql"),
    include_str!("../../migrations/sqlite/0002_at_work_and_live_plugins.sql"),
    include_str!("../../migrations/sqlite/0003_headers_of_answers.sql"),
    include_str!("../../migrations/sqlite/0004_stalls.sql"),
    include_str!("../../migrations/sqlite/0005_agents.sql"),
];

/// Refuse a library that is too old. It is bundled, so this fails only in a build that was made to use another.
pub(super) fn check_library() -> Result<(), OpenError> {
    let number = rusqlite::version_number();
    if number < OLDEST_LIBRARY {
        return Err(OpenError::OldLibrary { found: rusqlite::version().to_owned() });
    }
    Ok(())
}

/// The one connection that writes.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = Connection::open(path)?;
    configure(&connection)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::NoWal { path: path.to_owned(), mode });
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    // The writer checkpoints after it has answered, not inside a commit.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    configure(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// The file's version, if this build knows it.
pub(super) fn version(path: &Path) -> Result<usize, OpenError> {
    // Not read-only: that could not read a log that a killed host has left.
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    configure(&connection)?;
    known_version(&connection)
}

fn known_version(connection: &Connection) -> Result<usize, OpenError> {
    let found: usize = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0))? as usize;
    if found > MIGRATIONS.len() {
        return Err(OpenError::NewerSchema { found, supported: MIGRATIONS.len() });
    }
    Ok(found)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Else a cached statement is compiled anew whenever another value is bound where statistics might help, and we keep none.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // A damaged mapped page is a signal that kills the process; a damaged read is an error.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found = known_version(connection)?;
    for (index, step) in MIGRATIONS.iter().enumerate().skip(found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", u32::try_from(index + 1).unwrap_or(u32::MAX))?;
        transaction.commit()?;
    }
    Ok(())
}
