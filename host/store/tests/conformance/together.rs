//! Operations at once share transactions, and still fail alone.

use crate::bench::Bench;
use crate::build::LEASE;
use crate::cases;
use app::ports::journal::Append;
use app::ports::store_error::StoreError;
use app::ports::tasks::ImportedFile;
use domain::id::Digest;
use domain::journal::LocalEffect;
use std::sync::Arc;

cases! {
    async fn of_many_submits_at_once_only_the_bad_ones_fail(bench: &Bench) {
        let mut submits = tokio::task::JoinSet::new();
        for number in 0..200 {
            let (store, new) = (Arc::clone(&bench.store), bench.new_task());
            submits.spawn(async move {
                // A file whose blob is not there: the row of the task has been written when that shows.
                let bad = number % 20 == 7;
                let files = if bad { vec![ImportedFile { path: "a".to_owned(), blob: Digest([1; 32]), size: 1 }] } else { Vec::new() };
                let id = new.id.clone();
                (id, bad, store.submit_task(new, files).await)
            });
        }
        let mut accepted = 0;
        for (id, bad, result) in submits.join_all().await {
            match result {
                Ok(_) => accepted += 1,
                Err(StoreError::Conflict(_)) => assert!(bad, "{id}"),
                Err(other) => panic!("{other:?}"),
            }
            assert_eq!(bench.store.find_task(bench.user, &id).await.unwrap().is_some(), !bad, "{id}");
        }
        assert_eq!(accepted, 190);
        assert_eq!(bench.store.count_queue(None).await.unwrap().queued, 190);
    }

    async fn of_many_appends_at_once_only_the_bad_ones_fail(bench: &Bench) {
        let mut leases = Vec::new();
        for _ in 0..40 {
            leases.push(bench.running().await.lease);
        }
        let mut appends = tokio::task::JoinSet::new();
        for (number, lease) in leases.iter().cloned().enumerate() {
            let (store, now, entries) = (Arc::clone(&bench.store), bench.now(), vec![bench.start("a/b#1")]);
            let bad = number % 10 == 3;
            let effects = if bad { vec![LocalEffect::PutFile { path: "a".to_owned(), blob: Digest([1; 32]), size: 1 }] } else { Vec::new() };
            appends.spawn(async move { (lease.clone(), bad, store.append(&lease, Append { entries, effects }, now).await) });
        }
        for (lease, bad, result) in appends.join_all().await {
            assert_eq!(matches!(result, Err(StoreError::Conflict(_))), bad, "{result:?}");
            assert_eq!(bench.entries(&lease.task).await.len(), usize::from(!bad));
        }
    }

    async fn heartbeats_go_on_while_submits_flood_in(bench: &Bench) {
        let lease = bench.running().await.lease;
        let mut flood = tokio::task::JoinSet::new();
        for _ in 0..300 {
            let (store, new) = (Arc::clone(&bench.store), bench.new_task());
            flood.spawn(async move { store.submit_task(new, Vec::new()).await.map(drop) });
        }
        for _ in 0..10 {
            let beats = bench.store.extend(std::slice::from_ref(&lease), LEASE, bench.now()).await.unwrap();
            assert_eq!(beats, [app::ports::queue::Beat::Kept]);
        }
        assert!(flood.join_all().await.into_iter().all(|result| result.is_ok()));
        assert_eq!(bench.store.count_queue(None).await.unwrap().queued, 300);
    }
}
