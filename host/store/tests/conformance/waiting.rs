use crate::bench::Bench;
use crate::build::{LEASE, SECOND, progress};
use crate::cases;
use app::ports::journal::Append;
use domain::journal::LocalEffect;
use domain::task::State;

cases! {
    async fn a_suspended_task_waits_with_its_entries_and_nobody_has_it(bench: &Bench) {
        let lease = bench.running().await.lease;
        let wake_at = bench.now().plus(SECOND * 10);
        let append = Append { entries: vec![bench.start("a/b#1")], effects: vec![LocalEffect::Progress(progress(5, "a"))] };
        bench.store.suspend(&lease, append, progress(20, "a"), wake_at, bench.now()).await.unwrap();
        let task = bench.task(&lease.task).await;
        assert_eq!((task.state, task.wake_at, task.progress.percent), (State::Waiting, Some(wake_at), 20));
        assert_eq!(bench.entries(&lease.task).await.len(), 1);
        assert_eq!(bench.event_names(&lease.task).await, ["progress", "progress"]);
        assert!(bench.claim(10).await.is_empty());
        bench.advance(LEASE).await;
        assert_eq!(bench.store.rescue(bench.now(), 10).await.unwrap(), app::ports::queue::Rescued::default());
    }

    async fn waiting_tasks_wake_when_they_are_due_and_not_before(bench: &Bench) {
        assert_eq!(bench.store.next_due().await.unwrap(), None);
        let start = bench.now();
        for seconds in [30, 10, 20] {
            let lease = bench.running().await.lease;
            bench.suspend(&lease, start.plus(SECOND * seconds)).await.unwrap();
        }
        assert_eq!(bench.store.next_due().await.unwrap(), Some(start.plus(SECOND * 10)));
        assert_eq!(bench.store.wake_due(bench.now(), 10).await.unwrap(), 0);
        bench.advance(SECOND * 20).await;
        assert_eq!(bench.store.wake_due(bench.now(), 10).await.unwrap(), 2);
        let woken = bench.claim(10).await;
        assert_eq!(woken.len(), 2);
        assert!(woken.iter().all(|claimed| claimed.task.wake_at.is_none() && claimed.lease.token == 2));
        assert_eq!(bench.store.next_due().await.unwrap(), Some(start.plus(SECOND * 30)));
    }

    async fn only_so_many_wake_at_once_the_longest_due_first(bench: &Bench) {
        let start = bench.now();
        for seconds in [3, 1, 2] {
            let lease = bench.running().await.lease;
            bench.suspend(&lease, start.plus(SECOND * seconds)).await.unwrap();
        }
        bench.advance(LEASE).await;
        assert_eq!(bench.store.wake_due(bench.now(), 2).await.unwrap(), 2);
        assert_eq!(bench.store.next_due().await.unwrap(), Some(start.plus(SECOND * 3)));
        assert_eq!(bench.store.wake_due(bench.now(), 2).await.unwrap(), 1);
    }
}
