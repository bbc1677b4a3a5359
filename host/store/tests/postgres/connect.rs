//! What a server must be.

use crate::database::TestDatabase;
use crate::words::{connect, new_task};
use app::ports::store_error::StoreError;
use app::ports::tasks::Tasks as _;
use sqlx::AssertSqlSafe;
use store::postgres::{ConnectError, PostgresOptions, PostgresStore};

async fn refused(database: &TestDatabase) -> ConnectError {
    PostgresStore::connect(database.url(), None, PostgresOptions::default())
        .await
        .expect_err("the database is refused")
}

#[tokio::test]
async fn a_server_that_confirms_before_it_writes_is_refused() {
    let database = TestDatabase::create().await;
    let statement = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name());
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&database.pool().await).await.unwrap();
    let error = refused(&database).await;
    assert!(
        matches!(&error, ConnectError::NotDurable { setting } if setting == "synchronous_commit"),
        "{error}"
    );
    database.remove().await;
}

#[tokio::test]
async fn a_database_with_a_newer_schema_is_refused() {
    let database = TestDatabase::create().await;
    connect(database.url()).await.close().await;
    sqlx::raw_sql("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
        .execute(&database.pool().await)
        .await
        .unwrap();
    let error = refused(&database).await;
    assert!(matches!(error, ConnectError::NewerSchema { found: 99, .. }), "{error}");
    database.remove().await;
}

#[tokio::test]
async fn hosts_that_start_at_the_same_time_migrate_once() {
    let database = TestDatabase::create().await;
    let starts = (0..6).map(|_| {
        let url = database.url().to_owned();
        tokio::spawn(async move { connect(&url).await })
    });
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().check().await.unwrap();
    }
    database.remove().await;
}

#[tokio::test]
async fn a_host_with_another_key_encryption_key_is_refused() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    store.check_fingerprint("first").await.unwrap();
    store.check_fingerprint("first").await.unwrap();
    let error = store.check_fingerprint("second").await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict(_)), "{error}");
    database.remove().await;
}

#[tokio::test]
async fn a_store_that_is_closed_answers_unavailable() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    store.close().await;
    let error = store.submit_task(new_task(1), Vec::new()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    database.remove().await;
}

#[tokio::test]
async fn connections_that_died_while_they_were_idle_cost_nobody_an_error() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    let checks = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.check().await })
    });
    for check in checks.collect::<Vec<_>>() {
        check.await.unwrap().unwrap();
    }
    let killed = sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .fetch_all(&database.pool().await)
    .await
    .unwrap();
    assert!(!killed.is_empty());
    store.check().await.unwrap();
    database.remove().await;
}
