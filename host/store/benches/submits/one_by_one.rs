//! What the group commit is measured against: the store's statement, prepared once, on connections with the store's settings, and a
//! transaction for each request. Either one thread with one connection does them all, or each caller has a connection of its own, as
//! from a pool, and waits for SQLite's lock. Nothing that a plain host would do is left out, and nothing is added.

use domain::task::NewTask;
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

/// The writer; its thread ends with the last clone.
#[derive(Clone)]
pub(crate) struct OneByOne {
    requests: Sender<(NewTask, oneshot::Sender<()>)>,
}

impl OneByOne {
    /// Take over a database that has the schema.
    pub(crate) fn open(database: &Path) -> Self {
        let connection = connect(database);
        let (requests, received) = channel::<(NewTask, oneshot::Sender<()>)>();
        std::thread::spawn(move || {
            for (new, caller) in received {
                commit(&connection, &new);
                caller.send(()).expect("callers wait");
            }
        });
        Self { requests }
    }

    /// Answers after the commit.
    pub(crate) async fn submit(&self, new: NewTask) {
        let (caller, answer) = oneshot::channel();
        self.requests.send((new, caller)).unwrap();
        answer.await.unwrap();
    }
}

/// A connection for each caller.
#[derive(Clone)]
pub(crate) struct Pooled {
    connections: Arc<Vec<Mutex<Connection>>>,
}

impl Pooled {
    /// Connect `callers` times to a database that has the schema.
    pub(crate) fn open(database: &Path, callers: usize) -> Self {
        let connections = (0..callers).map(|_| {
            let connection = connect(database);
            connection.busy_timeout(std::time::Duration::from_secs(60)).unwrap();
            Mutex::new(connection)
        });
        Self { connections: Arc::new(connections.collect()) }
    }

    /// Answers after the commit, on the connection of this caller.
    pub(crate) async fn submit(&self, caller: usize, new: NewTask) {
        let connections = Arc::clone(&self.connections);
        let committed = tokio::task::spawn_blocking(move || {
            let connection = connections.get(caller).unwrap().lock().unwrap();
            commit(&connection, &new);
        });
        committed.await.unwrap();
    }
}

fn connect(database: &Path) -> Connection {
    let connection = Connection::open(database).unwrap();
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    for (name, value) in [
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        ("secure_delete", "ON"),
        ("mmap_size", "0"),
        ("cache_size", "-16384"),
        ("temp_store", "MEMORY"),
        // As many pages as the store's; the log is copied inside the commit that reaches it.
        ("wal_autocheckpoint", "4000"),
    ] {
        connection.pragma_update(None, name, value).unwrap();
    }
    connection
}

fn commit(connection: &Connection, new: &NewTask) {
    connection.prepare_cached("BEGIN IMMEDIATE").unwrap().execute([]).unwrap();
    let inserted = connection
        .prepare_cached(
            "INSERT INTO tasks (id, parent, user_id, agent_id, kind, driver, priority, input, estimate_key, created_at, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING",
        )
        .unwrap()
        .execute(params![
            new.id.as_str(),
            new.parent.as_ref().map(|parent| parent.as_str()),
            new.user.to_string(),
            new.agent.to_string(),
            new.kind.as_str(),
            new.driver,
            new.priority,
            serde_json::to_string(&new.input).unwrap(),
            new.estimate_key,
            new.created_at.0,
            "queued",
        ])
        .unwrap();
    assert_eq!(inserted, 1);
    connection.prepare_cached("COMMIT").unwrap().execute([]).unwrap();
}
