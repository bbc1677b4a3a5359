//! What only SQLite has: one process for each data directory, files.

use crate::bench::Bench;
use domain::task::NewTask;
use domain::time::Timestamp;
use std::sync::Arc;
use store::LockError;
use store::sqlite::{OpenError, Options, SqliteStore};
use testkit::clock::SimClock;

fn open(folder: &std::path::Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(folder, Arc::new(SimClock::new(Timestamp(0))), Options::default())
}

#[tokio::test]
async fn a_second_store_on_a_data_directory_is_refused_and_named_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    first.lock().describe(Some("127.0.0.1:3000")).unwrap();
    let error = open(folder.path()).map(drop).unwrap_err();
    assert!(matches!(error, OpenError::Lock(LockError::Locked { .. })), "{error:?}");
    let message = error.to_string();
    for part in [
        format!("process {}", std::process::id()),
        "127.0.0.1:3000".to_owned(),
        folder.path().display().to_string(),
    ] {
        assert!(message.contains(&part), "{message:?} without {part:?}");
    }
    drop(first);
    open(folder.path()).unwrap();
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let bench = Bench::sqlite().await;
    let id = bench.submit(bench.new_task()).await.new.id;
    let copy = tempfile::tempdir().unwrap();
    // The files as they are now, without closing anything: what a crash leaves.
    for name in ["skep.db", "skep.db-wal"] {
        std::fs::copy(bench.folder().join(name), copy.path().join(name)).unwrap();
    }
    let store = open(copy.path()).unwrap();
    let found = app::ports::tasks::Tasks::find_task(&store, bench.user, &id).await.unwrap();
    assert_eq!(found, Some(bench.task(&id).await));
}

#[tokio::test]
async fn a_database_of_a_newer_host_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let connection = rusqlite::Connection::open(folder.path().join("skep.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = open(folder.path()).map(drop).unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("99"));
}

#[tokio::test]
async fn a_database_with_another_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("skep.db"),
        "this is not a database, and long enough to be read as a header".repeat(9),
    )
    .unwrap();
    let error = open(folder.path()).map(drop).unwrap_err();
    assert!(matches!(error, OpenError::Sqlite(_)), "{error:?}");
}

#[tokio::test]
async fn the_bundled_library_and_its_settings_are_the_ones_we_need() {
    let bench = Bench::sqlite().await;
    bench.submit(bench.new_task()).await;
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    let connection = rusqlite::Connection::open(bench.folder().join("skep.db")).unwrap();
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let broken: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!((broken, whole.as_str()), (0, "ok"));
}

#[tokio::test]
async fn the_log_is_copied_into_the_database_before_it_grows_large() {
    let bench = Bench::sqlite().await;
    let text = "x".repeat(16 << 10);
    let size = |name: &str| std::fs::metadata(bench.folder().join(name)).unwrap().len();
    for _ in 0..1_000 {
        bench.submit(NewTask { input: serde_json::json!({ "task": text }), ..bench.new_task() }).await;
    }
    let (database, log) = (size("skep.db"), size("skep.db-wal"));
    assert!(database > 8 << 20, "{database} bytes of 16 MiB are in the database");
    assert!(log < 18 << 20, "the log has {log} bytes");
}

#[tokio::test]
async fn half_written_blobs_of_an_earlier_process_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let left = folder.path().join("blobs/incoming/left");
    std::fs::write(&left, "half").unwrap();
    drop(open(folder.path()).unwrap());
    assert!(!left.exists());
}
