use crate::bench::Bench;
use crate::build::{LEASE, SECOND, completed, progress};
use crate::cases;
use app::ports::journal::{Append, FollowUps};
use app::ports::queue::Beat;
use app::ports::store_error::StoreError;
use domain::journal::LocalEffect;
use domain::task::{Lease, State};

cases! {
    async fn a_stale_token_writes_nothing_and_the_present_one_does(bench: &Bench) {
        let old = bench.running().await.lease;
        bench.append(&old, vec![bench.start("a/b#1")]).await.unwrap();
        bench.advance(LEASE).await;
        bench.store.rescue(bench.now(), 10).await.unwrap();
        let present = bench.claim(1).await.pop().unwrap().lease;
        assert_eq!(refusals(bench, &old).await, [true; 5]);
        // The control: everything that was refused works with the present token.
        assert_eq!(bench.entries(&present.task).await.len(), 1);
        assert_eq!(bench.store.find_value(bench.agent, "p", "k").await.unwrap(), None);
        assert_eq!(refusals(bench, &present).await, [false, false, false, false, true]);
        assert_eq!(bench.entries(&present.task).await.len(), 2);
        assert_eq!(bench.task(&present.task).await.state, State::Waiting);
        assert_eq!(bench.store.find_value(bench.agent, "p", "k").await.unwrap(), Some(b"v".to_vec()));
    }

    async fn an_expired_lease_writes_nothing_even_before_its_rescue(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.advance(LEASE).await;
        assert_eq!(refusals(bench, &lease).await, [true; 5]);
        assert!(bench.entries(&lease.task).await.is_empty());
    }

    async fn a_token_from_the_future_is_as_stale_as_an_old_one(bench: &Bench) {
        let lease = bench.running().await.lease;
        let other = Lease { token: lease.token + 1, ..lease };
        assert_eq!(refusals(bench, &other).await, [true; 5]);
    }

    async fn a_task_that_has_ended_takes_no_more_writes(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.finish(&lease, completed()).await.unwrap();
        assert_eq!(refusals(bench, &lease).await, [true; 5]);
        assert_eq!(bench.task(&lease.task).await.state, State::Completed);
    }

    async fn the_last_moment_of_a_lease_is_still_good(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.advance(LEASE - SECOND / 1000).await;
        bench.append(&lease, vec![bench.start("a/b#1")]).await.unwrap();
    }
}

/// For each kind of write whether it was refused as stale: load, extend, append, suspend, finish.
async fn refusals(bench: &Bench, lease: &Lease) -> [bool; 5] {
    let stale = |result: Result<(), StoreError>| match result {
        Ok(()) => false,
        Err(StoreError::Stale) => true,
        Err(other) => panic!("{other:?}"),
    };
    let now = bench.now();
    let load = stale(bench.store.load_entries(lease).await.map(drop));
    let extend = bench.store.extend(std::slice::from_ref(lease), LEASE, now).await.unwrap() == [Beat::Stale];
    let put = LocalEffect::PutKv { plugin: "p".to_owned(), key: "k".to_owned(), value: b"v".to_vec() };
    let append = Append { entries: vec![bench.start("c/d#1")], effects: vec![put] };
    let append = stale(bench.store.append(lease, append, now).await.map(drop));
    let suspend =
        bench.store.suspend(lease, Append::default(), progress(50, "a"), now.plus(SECOND), now).await;
    let suspend = stale(suspend);
    let finish = stale(bench.store.finish(lease, completed(), FollowUps::default(), now).await.map(drop));
    [load, extend, append, suspend, finish]
}
