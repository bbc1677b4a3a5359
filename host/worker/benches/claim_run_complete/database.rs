//! A PostgreSQL database of the bench's own, on the server that `SKEP_TEST_DATABASE_URL` names.

use std::process::Command;

/// Exists until `remove`.
pub(crate) struct Database {
    server: String,
    name: String,
    url: String,
}

impl Database {
    /// An empty one.
    pub(crate) fn create() -> Self {
        let server = std::env::var("SKEP_TEST_DATABASE_URL")
            .expect("SKEP_TEST_DATABASE_URL is not set: run `make bench`, which starts a PostgreSQL");
        let name = format!("skep_bench_{}", std::process::id());
        psql(&server, &format!("CREATE DATABASE {name}"));
        let mut url: url::Url = server.parse().unwrap();
        url.set_path(&name);
        Self { server, name, url: url.into() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// With whoever is still connected.
    pub(crate) fn remove(self) {
        psql(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn psql(url: &str, statement: &str) {
    let output = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, url])
        .output()
        .expect("psql can be started");
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
}
