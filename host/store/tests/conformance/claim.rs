use crate::bench::Bench;
use crate::build::{DRIVER, LEASE, SECOND};
use crate::cases;
use app::ports::queue::{Beat, ClaimRequest};
use domain::id::HostId;
use domain::task::{Lease, NewTask, State};
use std::collections::HashSet;
use uuid::Uuid;

cases! {
    async fn tasks_are_claimed_by_priority_then_age(bench: &Bench) {
        let mut expected = Vec::new();
        for priority in [0_i16, 5, -5, 5, 0] {
            let new = NewTask { priority, ..bench.new_task() };
            expected.push((std::cmp::Reverse(priority), new.created_at, new.id.clone()));
            bench.submit(new).await;
            bench.advance(SECOND).await;
        }
        expected.sort();
        let mut claimed = Vec::new();
        for _ in 0..5 {
            claimed.push(bench.claim(1).await.pop().unwrap().task.new.id);
        }
        assert_eq!(claimed, expected.into_iter().map(|(_, _, id)| id).collect::<Vec<_>>());
        assert!(bench.claim(1).await.is_empty());
    }

    async fn a_batch_is_claimed_in_order_and_not_beyond_its_limit(bench: &Bench) {
        for priority in [1_i16, 3, 2] {
            bench.submit(NewTask { priority, ..bench.new_task() }).await;
        }
        let priorities: Vec<i16> = bench.claim(2).await.into_iter().map(|claimed| claimed.task.new.priority).collect();
        assert_eq!(priorities, [3, 2]);
        assert!(bench.claim(0).await.is_empty());
        assert_eq!(bench.claim(9).await.len(), 1);
    }

    async fn a_claimed_task_runs_and_says_how_often(bench: &Bench) {
        let claimed = bench.running().await;
        let stored = bench.task(&claimed.lease.task).await;
        assert_eq!(claimed.task, stored);
        assert_eq!((stored.state, stored.deliveries, stored.started_at), (State::Running, 1, Some(bench.now())));
        assert!(!claimed.suspect);
    }

    async fn only_tasks_of_drivers_that_the_host_has_are_claimed(bench: &Bench) {
        bench.submit(NewTask { driver: "rigor/2".to_owned(), ..bench.new_task() }).await;
        bench.submit(bench.new_task()).await;
        let request = |drivers: &[&str]| ClaimRequest { drivers: drivers.iter().map(ToString::to_string).collect(), ..bench.request(9) };
        assert!(bench.store.claim(request(&[]), bench.now()).await.unwrap().is_empty());
        assert!(bench.store.claim(request(&["webhook/1"]), bench.now()).await.unwrap().is_empty());
        let claimed = bench.store.claim(request(&["rigor/2", "rigor/0"]), bench.now()).await.unwrap();
        assert_eq!(claimed.iter().map(|claimed| claimed.task.new.driver.as_str()).collect::<Vec<_>>(), ["rigor/2"]);
        assert_eq!(bench.claim(9).await[0].task.new.driver, DRIVER);
    }

    async fn each_claim_adds_one_to_the_token_and_the_first_start_stays(bench: &Bench) {
        let first = bench.running().await;
        let started = bench.now();
        let mut token = first.lease.token;
        for delivery in 2..5 {
            bench.advance(LEASE).await;
            bench.store.rescue(bench.now(), 10).await.unwrap();
            let again = bench.claim_as(bench.host, true).await.pop().unwrap();
            assert_eq!((again.lease.token, again.task.deliveries), (token + 1, delivery));
            assert_eq!(again.task.started_at, Some(started));
            token = again.lease.token;
            bench.append(&again.lease, vec![bench.start(&format!("a/b#{delivery}"))]).await.unwrap();
        }
    }

    async fn claims_at_once_never_give_a_task_twice(bench: &Bench) {
        let count = 60;
        for _ in 0..count {
            bench.submit(bench.new_task()).await;
        }
        let mut hosts = tokio::task::JoinSet::new();
        for host in 0..6_u128 {
            let store = std::sync::Arc::clone(&bench.store);
            let request = ClaimRequest { host: HostId(Uuid::from_u128(100 + host)), limit: 3, ..bench.request(3) };
            let now = bench.now();
            hosts.spawn(async move {
                let mut ids = Vec::new();
                let mut empty = 0;
                // A claim may find nothing while others hold rows; twice in a row after the last means the end.
                while empty < 5 {
                    let claimed = store.claim(request.clone(), now).await.unwrap();
                    empty = if claimed.is_empty() { empty + 1 } else { 0 };
                    ids.extend(claimed.into_iter().map(|claimed| claimed.lease));
                }
                ids
            });
        }
        let leases: Vec<Lease> = hosts.join_all().await.into_iter().flatten().collect();
        let tasks: HashSet<_> = leases.iter().map(|lease| lease.task.clone()).collect();
        assert_eq!((tasks.len(), leases.len()), (count, count));
    }

    async fn a_heartbeat_extends_and_without_one_the_lease_ends(bench: &Bench) {
        let [kept, lost] = [bench.running().await.lease, bench.running().await.lease];
        bench.advance(LEASE - SECOND).await;
        let beats = bench.store.extend(std::slice::from_ref(&kept), LEASE, bench.now()).await.unwrap();
        assert_eq!(beats, [Beat::Kept]);
        bench.advance(SECOND).await;
        let both = [lost.clone(), kept.clone()];
        assert_eq!(bench.store.extend(&both, LEASE, bench.now()).await.unwrap(), [Beat::Stale, Beat::Kept]);
        let rescued = bench.store.rescue(bench.now(), 10).await.unwrap();
        assert_eq!((rescued.requeued, rescued.quarantined), (vec![lost.task], vec![]));
    }

    async fn a_heartbeat_tells_of_a_cancel(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.store.cancel_task(bench.user, &lease.task, bench.now()).await.unwrap();
        assert_eq!(bench.store.extend(&[lease], LEASE, bench.now()).await.unwrap(), [Beat::CancelRequested]);
    }

    async fn a_released_task_is_queued_again_without_a_strike(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.store.release(std::slice::from_ref(&lease), bench.now()).await.unwrap();
        let task = bench.task(&lease.task).await;
        assert_eq!((task.state, task.strikes), (State::Queued, 0));
        let again = bench.claim(1).await.pop().unwrap();
        assert_eq!(again.lease.token, lease.token + 1);
        // Giving back what somebody else has now does nothing.
        bench.store.release(&[lease], bench.now()).await.unwrap();
        assert_eq!(bench.task(&again.lease.task).await.state, State::Running);
    }

    async fn a_submit_rings(bench: &Bench) {
        // Rings may be left over from the past; after these there is none.
        while tokio::time::timeout(std::time::Duration::from_millis(300), bench.store.changed()).await.is_ok() {}
        let store = std::sync::Arc::clone(&bench.store);
        let waiting = tokio::spawn(async move { store.changed().await });
        bench.submit(bench.new_task()).await;
        tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await.unwrap().unwrap();
    }
}
