#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;
use crate::sqlite::failure::Failure;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use tempfile::TempDir;

/// A writer on a table of numbers.
struct Table {
    folder: TempDir,
    writer: Writer,
}

impl Table {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let connection = Connection::open(folder.path().join("t.db")).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
                 CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT;
                 CREATE TABLE probe (count INTEGER NOT NULL) STRICT; INSERT INTO probe VALUES (0);",
            )
            .unwrap();
        Self { writer: Writer::start(connection).unwrap(), folder }
    }

    /// Holds the writer inside an operation until the sender is dropped; answers once it is inside.
    fn hold(&self) -> mpsc::Sender<()> {
        let (inside, is_inside) = mpsc::channel();
        let (release, held) = mpsc::channel::<()>();
        let work = move |_: &Connection| {
            inside.send(()).unwrap();
            // An error means that the sender was dropped: go on.
            let _released = held.recv();
            Ok(())
        };
        let (caller, _) = oneshot::channel::<Result<(), StoreError>>();
        let operation = Box::new(Waiting { work, result: None, caller });
        self.writer.enqueue(Lane::Normal, Queued { operation, weight: 0 }).unwrap();
        is_inside.recv().unwrap();
        release
    }

    fn insert(&self, lane: Lane, n: i64) -> tokio::task::JoinHandle<Result<i64, StoreError>> {
        self.submit(lane, move |connection| {
            connection.execute("INSERT INTO numbers (n) VALUES (?1)", [n])?;
            Ok(n)
        })
    }

    /// Enqueues at once; the handle waits for the answer.
    fn submit<T, F>(&self, lane: Lane, work: F) -> tokio::task::JoinHandle<Result<T, StoreError>>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Outcome<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let operation = Box::new(Waiting { work, result: None, caller });
        self.writer.enqueue(lane, Queued { operation, weight: 0 }).unwrap();
        tokio::spawn(async move { answer.await.unwrap() })
    }

    fn numbers(&self) -> Vec<i64> {
        let connection = Connection::open(self.folder.path().join("t.db")).unwrap();
        let mut statement = connection.prepare("SELECT n FROM numbers ORDER BY n").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

#[tokio::test]
async fn what_gathers_behind_a_commit_is_one_group() {
    let table = Table::new();
    let release = table.hold();
    let path = table.folder.path().join("t.db");
    let handles: Vec<_> = (0..100)
        .map(|n: i64| {
            let path = path.clone();
            table.submit(Lane::Normal, move |connection| {
                connection.execute("INSERT INTO numbers (n) VALUES (?1)", [n])?;
                // Seen from outside, nothing of a group is there before its commit.
                let outside = Connection::open(&path)?;
                Ok(outside.query_row("SELECT count(*) FROM numbers", [], |row| row.get::<_, i64>(0))?)
            })
        })
        .collect();
    drop(release);
    for handle in handles {
        assert_eq!(handle.await.unwrap().unwrap(), 0);
    }
    assert_eq!(table.numbers().len(), 100);
}

#[tokio::test]
async fn an_operation_that_fails_after_writing_fails_alone() {
    let table = Table::new();
    let release = table.hold();
    let good = [table.insert(Lane::Normal, 1), table.insert(Lane::Normal, 2)];
    let bad = table.submit(Lane::Normal, |connection| -> Outcome<()> {
        connection.execute("INSERT INTO numbers (n) VALUES (50)", [])?;
        connection.execute("INSERT INTO numbers (n) VALUES (1)", [])?;
        Ok(())
    });
    let refused = table.submit(Lane::Normal, |connection| -> Outcome<()> {
        connection.execute("INSERT INTO numbers (n) VALUES (60)", [])?;
        Err(Failure::Store(StoreError::Stale))
    });
    let after = table.insert(Lane::Normal, 3);
    drop(release);
    for handle in good {
        handle.await.unwrap().unwrap();
    }
    assert!(matches!(bad.await.unwrap(), Err(StoreError::Conflict(_))));
    assert_eq!(refused.await.unwrap(), Err(StoreError::Stale));
    after.await.unwrap().unwrap();
    assert_eq!(table.numbers(), [1, 2, 3]);
}

#[tokio::test]
async fn an_operation_that_fails_before_writing_does_not_disturb_its_group() {
    let table = Table::new();
    let release = table.hold();
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let good = table.submit(Lane::Normal, {
        let runs = std::sync::Arc::clone(&runs);
        move |connection| {
            runs.fetch_add(1, Ordering::Relaxed);
            connection.execute("INSERT INTO numbers (n) VALUES (1)", [])?;
            Ok(())
        }
    });
    let stale = table.submit(Lane::Normal, |_| -> Outcome<()> { Err(Failure::Store(StoreError::Stale)) });
    drop(release);
    good.await.unwrap().unwrap();
    assert_eq!(stale.await.unwrap(), Err(StoreError::Stale));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn heartbeats_and_outcomes_go_first() {
    let table = Table::new();
    let release = table.hold();
    let order = |connection: &Connection| -> Outcome<i64> {
        connection.execute("INSERT INTO numbers (n) SELECT count(*) FROM numbers", [])?;
        Ok(connection.last_insert_rowid())
    };
    let normal = table.submit(Lane::Normal, order);
    let first = table.submit(Lane::First, order);
    drop(release);
    assert_eq!((first.await.unwrap().unwrap(), normal.await.unwrap().unwrap()), (0, 1));
}

#[tokio::test]
async fn when_writes_fail_everybody_hears_it_intake_stops_and_a_probe_starts_it_again() {
    let table = Table::new();
    let full = |connection: &Connection| -> Outcome<()> {
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        connection.execute_batch(&format!("PRAGMA max_page_count = {pages}"))?;
        Ok(())
    };
    table.submit(Lane::Normal, full).await.unwrap().unwrap();
    let release = table.hold();
    let large = |connection: &Connection| -> Outcome<()> {
        connection.execute_batch(
            "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000) INSERT INTO numbers SELECT n FROM c",
        )?;
        Ok(())
    };
    let small = table.submit(Lane::Normal, |connection| {
        connection.execute("UPDATE probe SET count = count + 1", [])?;
        Ok(())
    });
    let handles = [small, table.submit(Lane::Normal, large)];
    drop(release);
    for handle in handles {
        let answer = handle.await.unwrap();
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    }
    assert!(table.numbers().is_empty());
    // A probe needs no new page, so the writer takes writes again by itself.
    let deadline = tokio::time::timeout(Duration::from_secs(10), async {
        while table.writer.write(Lane::Normal, 0, |_| Ok(())).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    deadline.await.unwrap();
    table.insert(Lane::Normal, 7).await.unwrap().unwrap();
}

#[tokio::test]
async fn dropping_the_writer_finishes_what_is_queued() {
    let table = Table::new();
    let release = table.hold();
    let handles: Vec<_> = (0..300).map(|n| table.insert(Lane::Normal, n)).collect();
    drop(release);
    let Table { folder, writer } = table;
    tokio::task::spawn_blocking(move || drop(writer)).await.unwrap();
    for handle in handles {
        handle.await.unwrap().unwrap();
    }
    let connection = Connection::open(folder.path().join("t.db")).unwrap();
    let count: i64 = connection.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 300);
}
