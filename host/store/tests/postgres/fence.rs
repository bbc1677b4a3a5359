//! The fence is a lock on the lease's row.

use crate::database::TestDatabase;
use crate::words::{LEASE, NOW, append, claim, claimed, connect};
use app::ports::journal::Journal as _;
use app::ports::queue::Queue as _;
use app::ports::store_error::StoreError;
use app::ports::tasks::Tasks as _;
use sqlx::PgPool;

/// Answers once a statement of another connection waits for a lock.
async fn somebody_waits(pool: &PgPool) {
    loop {
        let waiting = sqlx::query(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_optional(pool)
        .await
        .unwrap();
        if waiting.is_some() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_write_that_waits_behind_a_new_claim_is_stale() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    let first = claimed(&store, 1).await;
    let pool = database.pool().await;
    // Another host takes the task over, and has not committed yet when the first one writes.
    let mut takeover = pool.begin().await.unwrap();
    sqlx::query("UPDATE leases SET token = token + 1").execute(&mut *takeover).await.unwrap();
    let late = tokio::spawn({
        let (store, lease) = (store.clone(), first.lease.clone());
        async move { store.append(&lease, append(1), NOW).await }
    });
    somebody_waits(&pool).await;
    takeover.commit().await.unwrap();
    assert_eq!(late.await.unwrap(), Err(StoreError::Stale));
    assert_eq!(store.list_entries(&first.lease.task, 0, 10).await.unwrap(), []);
    database.remove().await;
}

#[tokio::test]
async fn time_is_the_databases() {
    let database = TestDatabase::create().await;
    let store = connect(database.url()).await;
    database.set_clock(NOW).await;
    let claimed = claimed(&store, 1).await;
    store.append(&claimed.lease, append(1), NOW).await.unwrap();
    // The caller's clock says that the lease is long over; only the database's counts.
    store.append(&claimed.lease, append(2), NOW.plus(LEASE * 10)).await.unwrap();
    database.set_clock(NOW.plus(LEASE)).await;
    assert_eq!(store.append(&claimed.lease, append(3), NOW).await, Err(StoreError::Stale));
    assert_eq!(store.rescue(NOW, 10).await.unwrap().requeued, std::slice::from_ref(&claimed.lease.task));
    database.remove().await;
}

/// The control: without the fence the same late write goes through, so the case above can fail.
#[cfg(feature = "failpoints")]
#[tokio::test]
async fn without_the_fence_a_late_write_goes_through() {
    use store::postgres::{PostgresOptions, PostgresStore};
    let database = TestDatabase::create().await;
    let options = PostgresOptions { fencing: false, ..PostgresOptions::default() };
    let store = PostgresStore::connect(database.url(), None, options).await.unwrap();
    let first = claimed(&store, 1).await;
    store.release(std::slice::from_ref(&first.lease), NOW).await.unwrap();
    let second = claim(&store).await;
    assert_eq!(second.lease.token, first.lease.token + 1);
    store.append(&first.lease, append(1), NOW).await.unwrap();
    assert_eq!(store.list_entries(&first.lease.task, 0, 10).await.unwrap().len(), 1);
    database.remove().await;
}
