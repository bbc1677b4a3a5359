//! The control of the fence: with fencing off, the cases of `fence` would not hold.

use crate::bench::Bench;
use crate::build::LEASE;
use domain::task::Lease;
use store::postgres::PostgresOptions;
use store::sqlite::Options;

#[tokio::test]
async fn without_the_fence_sqlite_lets_a_stale_token_write() {
    let bench = Bench::sqlite_with(Options { fencing: false, ..Options::default() }).await;
    stale_token_writes(&bench).await;
    bench.close().await;
}

#[tokio::test]
async fn without_the_fence_postgres_lets_a_stale_token_write() {
    let bench = Bench::postgres_with(PostgresOptions { fencing: false, ..PostgresOptions::default() }).await;
    stale_token_writes(&bench).await;
    bench.close().await;
}

async fn stale_token_writes(bench: &Bench) {
    let old = bench.running().await.lease;
    bench.advance(LEASE).await;
    bench.store.rescue(bench.now(), 10).await.unwrap();
    let present = bench.claim_as(bench.host, true).await.pop().unwrap().lease;
    assert_ne!(old, present);
    bench.append(&old, vec![bench.start("a/b#1")]).await.unwrap();
    bench.append(&Lease { token: 99, ..old }, vec![bench.call("a/b#1", 1, "q")]).await.unwrap();
    assert_eq!(bench.entries(&present.task).await.len(), 2);
}
