//! A database for each test: SQLite in its data directory, or a fresh PostgreSQL database on the cluster of `make test`.

use crate::environment;
use crate::host::HostSpec;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// Which database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// In the data directory.
    Sqlite,
    /// By URL.
    Postgres(String),
}

static NEXT: AtomicU32 = AtomicU32::new(1);

impl Database {
    /// A fresh PostgreSQL database.
    ///
    /// # Panics
    /// When the cluster of `SKEP_TEST_DATABASE_URL` cannot make one.
    #[must_use]
    pub fn postgres() -> Self {
        let base = environment::text("SKEP_TEST_DATABASE_URL");
        let name = format!("skep_e2e_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
        query(&base, &format!("CREATE DATABASE {name}"));
        let (server, parameters) = base
            .split_once('?')
            .map_or((base.as_str(), None), |(server, parameters)| (server, Some(parameters)));
        let server = server.rsplit_once('/').map_or(server, |(server, _)| server);
        Self::Postgres(match parameters {
            Some(parameters) => format!("{server}/{name}?{parameters}"),
            None => format!("{server}/{name}"),
        })
    }

    /// A host on this database.
    #[must_use]
    pub fn host(&self, spec: HostSpec) -> HostSpec {
        match self {
            Self::Sqlite => spec,
            Self::Postgres(url) => spec.set("SKEP_DATABASE_URL", url.clone()),
        }
    }

    /// Ask the database of a host on this data directory from outside; rows of `|`-separated columns.
    ///
    /// # Panics
    /// When psql or Python fails.
    #[must_use]
    pub fn rows(&self, data_dir: &Path, statement: &str) -> Vec<String> {
        match self {
            Self::Postgres(url) => rows(url, statement),
            Self::Sqlite => run(Command::new("python3").args(["-c", SQLITE]).arg(data_dir).arg(statement))
                .lines()
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// The program that reads SQLite. It takes no part in the host's locks but the reader's own.
const SQLITE: &str = "
import sqlite3, sys
database = sqlite3.connect(f'file:{sys.argv[1]}/skep.db?mode=ro', uri=True, timeout=30)
for row in database.execute(sys.argv[2]):
    print('|'.join(column.decode() if isinstance(column, bytes) else str(column) for column in row))
";

/// Ask PostgreSQL from outside; rows of `|`-separated columns.
///
/// # Panics
/// When psql fails.
#[must_use]
pub fn rows(url: &str, statement: &str) -> Vec<String> {
    query(url, statement).lines().map(str::to_owned).collect()
}

fn query(url: &str, statement: &str) -> String {
    run(Command::new("psql").args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, url]))
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the reader can be started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
