//! A database for one test on the server that `SKEP_TEST_DATABASE_URL` names; `scripts/postgres.sh` starts one.

use domain::time::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::str::FromStr as _;

/// A database that nobody else uses.
pub(crate) struct TestDatabase {
    name: String,
    server: String,
    url: String,
}

impl TestDatabase {
    /// Make one.
    pub(crate) async fn create() -> Self {
        let server = std::env::var("SKEP_TEST_DATABASE_URL")
            .expect("SKEP_TEST_DATABASE_URL is not set; `scripts/postgres.sh start DIR` starts a server and prints it");
        let name = format!("skep_test_{}", uuid::Uuid::new_v4().simple());
        let mut connection = PgConnection::connect(&server).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let options = PgConnectOptions::from_str(&server).unwrap().database(&name);
        Self { name, url: options.to_url_lossy().to_string(), server }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it is when the server is reached through another port.
    pub(crate) fn url_at(&self, port: u16) -> String {
        let options = PgConnectOptions::from_str(&self.url).unwrap().host("127.0.0.1").port(port);
        options.to_url_lossy().to_string()
    }

    /// Host and port of the server.
    pub(crate) fn server_address(&self) -> (String, u16) {
        let options = PgConnectOptions::from_str(&self.url).unwrap();
        (options.get_host().to_owned(), options.get_port())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Connections of the test's own.
    pub(crate) async fn pool(&self) -> PgPool {
        PgPoolOptions::new().max_connections(4).connect(&self.url).await.unwrap()
    }

    /// Make the database's clock stand at `now`; the schema must be there.
    pub(crate) async fn set_clock(&self, now: Timestamp) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let function = format!(
            "CREATE OR REPLACE FUNCTION skep_now() RETURNS bigint LANGUAGE sql VOLATILE AS $$ SELECT {}::bigint $$",
            now.0
        );
        sqlx::raw_sql(AssertSqlSafe(function)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Remove it, with whoever is still connected.
    pub(crate) async fn remove(self) {
        let mut connection = PgConnection::connect(&self.server).await.unwrap();
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
}
