use crate::bench::Bench;
use crate::build::{LEASE, SECOND, completed};
use crate::cases;
use app::ports::journal::FollowUps;
use app::ports::store_error::StoreError;
use app::ports::tasks::CancelOutcome;
use domain::id::TaskId;
use domain::journal::LocalEffect;
use domain::task::{NewTask, Outcome, State};

cases! {
    async fn a_queued_task_is_cancelled_there_and_then(bench: &Bench) {
        let id = bench.submit(bench.new_task()).await.new.id;
        let outcome = bench.store.cancel_task(bench.user, &id, bench.now()).await.unwrap().unwrap();
        let task = bench.task(&id).await;
        assert_eq!(outcome, CancelOutcome::Cancelled(task.clone()));
        assert_eq!((task.state, task.completed_at), (State::Cancelled, Some(bench.now())));
        assert_eq!(bench.event_names(&id).await, ["task.cancelled"]);
        assert!(bench.claim(10).await.is_empty());
    }

    async fn a_waiting_task_is_cancelled_there_and_then(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.start("a/b#1")]).await.unwrap();
        bench.suspend(&lease, bench.now().plus(SECOND)).await.unwrap();
        bench.store.cancel_task(bench.user, &lease.task, bench.now()).await.unwrap();
        bench.advance(LEASE).await;
        assert_eq!(bench.store.wake_due(bench.now(), 10).await.unwrap(), 0);
        let task = bench.task(&lease.task).await;
        assert_eq!((task.state, task.wake_at), (State::Cancelled, None));
    }

    async fn a_cancel_that_commits_before_the_finish_wins(bench: &Bench) {
        let lease = bench.running().await.lease;
        let outcome = bench.store.cancel_task(bench.user, &lease.task, bench.now()).await.unwrap().unwrap();
        let CancelOutcome::Requested(task) = outcome else { panic!("{outcome:?}") };
        assert_eq!((task.state, task.cancel_requested), (State::Running, true));
        let ended = bench.finish(&lease, completed()).await.unwrap();
        assert_eq!((ended.state, ended.output), (State::Cancelled, None));
        assert_eq!(bench.event_names(&lease.task).await, ["task.cancelled"]);
    }

    async fn a_finish_that_commits_before_the_cancel_wins(bench: &Bench) {
        let lease = bench.running().await.lease;
        let ended = bench.finish(&lease, completed()).await.unwrap();
        let outcome = bench.store.cancel_task(bench.user, &lease.task, bench.now()).await.unwrap().unwrap();
        assert_eq!(outcome, CancelOutcome::Finished(ended));
        assert_eq!(bench.event_names(&lease.task).await, ["task.completed"]);
    }

    async fn of_a_cancel_and_a_finish_at_once_exactly_one_wins(bench: &Bench) {
        for _ in 0..20 {
            let lease = bench.running().await.lease;
            let now = bench.now();
            let (finish, cancel) = tokio::join!(
                bench.store.finish(&lease, completed(), FollowUps::default(), now),
                bench.store.cancel_task(bench.user, &lease.task, now),
            );
            let ended = finish.unwrap();
            match cancel.unwrap().unwrap() {
                CancelOutcome::Requested(_) => assert_eq!(ended.state, State::Cancelled),
                CancelOutcome::Finished(task) => assert_eq!((task.state, ended.state), (State::Completed, State::Completed)),
                CancelOutcome::Cancelled(task) => panic!("a running task ended by a cancel: {task:?}"),
            }
            assert_eq!(bench.event_names(&lease.task).await.len(), 1);
        }
    }

    async fn children_follow_whatever_they_do(bench: &Bench) {
        let parent = bench.running().await.lease;
        let child = |parent: &TaskId| NewTask { parent: Some(parent.clone()), ..bench.new_task() };
        let running = bench.submit(child(&parent.task)).await.new.id;
        let running_lease = bench.claim(1).await.pop().unwrap().lease;
        let grandchild = bench.submit(child(&running)).await.new.id;
        let done = bench.submit(NewTask { priority: 9, ..child(&parent.task) }).await.new.id;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        assert_eq!(lease.task, done);
        bench.finish(&lease, completed()).await.unwrap();
        let of_done = bench.submit(child(&done)).await.new.id;
        let bystander = bench.submit(bench.new_task()).await.new.id;

        bench.store.cancel_task(bench.user, &parent.task, bench.now()).await.unwrap();
        // The parent still runs, and will be cancelled whatever it answers: its family need not wait for that.
        assert!(bench.task(&running).await.cancel_requested);
        for id in [&grandchild, &of_done] {
            assert_eq!(bench.task(id).await.state, State::Cancelled, "{id}");
            assert_eq!(bench.event_names(id).await, ["task.cancelled"]);
        }
        assert_eq!(bench.task(&done).await.state, State::Completed);
        assert_eq!(bench.task(&bystander).await.state, State::Queued);
        assert_eq!(bench.finish(&running_lease, completed()).await.unwrap().state, State::Cancelled);
    }

    async fn a_child_that_was_started_after_the_request_follows_with_the_end(bench: &Bench) {
        let parent = bench.running().await.lease;
        bench.store.cancel_task(bench.user, &parent.task, bench.now()).await.unwrap();
        let child = NewTask { parent: Some(parent.task.clone()), ..bench.new_task() };
        bench.effects(&parent, vec![LocalEffect::ChildTask(Box::new(child.clone()))]).await;
        assert_eq!(bench.task(&child.id).await.state, State::Queued);
        bench.finish(&parent, completed()).await.unwrap();
        assert_eq!(bench.task(&child.id).await.state, State::Cancelled);
    }

    async fn a_family_is_left_alone_when_its_parent_completes(bench: &Bench) {
        let parent = bench.running().await.lease;
        let child = bench.submit(NewTask { parent: Some(parent.task.clone()), ..bench.new_task() }).await.new.id;
        bench.finish(&parent, completed()).await.unwrap();
        assert_eq!(bench.task(&child).await.state, State::Queued);
    }

    async fn children_of_a_queued_task_follow_at_once(bench: &Bench) {
        let parent = bench.submit(bench.new_task()).await.new.id;
        let child = bench.submit(NewTask { parent: Some(parent.clone()), ..bench.new_task() }).await.new.id;
        bench.store.cancel_task(bench.user, &parent, bench.now()).await.unwrap();
        assert_eq!(bench.task(&child).await.state, State::Cancelled);
    }

    async fn a_cancel_that_its_worker_did_not_live_to_see_is_seen_by_the_next(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.store.cancel_task(bench.user, &lease.task, bench.now()).await.unwrap();
        bench.advance(LEASE).await;
        bench.store.rescue(bench.now(), 10).await.unwrap();
        let again = bench.claim_as(bench.host, true).await.pop().unwrap();
        assert!(again.task.cancel_requested);
        assert_eq!(bench.finish(&again.lease, completed()).await.unwrap().state, State::Cancelled);
    }

    async fn a_cancel_does_not_wait_for_the_timer_of_a_suspend(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.store.cancel_task(bench.user, &lease.task, bench.now()).await.unwrap();
        bench.suspend(&lease, bench.now().plus(LEASE * 100)).await.unwrap();
        assert_eq!(bench.store.wake_due(bench.now(), 10).await.unwrap(), 1);
        assert!(bench.claim(1).await.pop().unwrap().task.cancel_requested);
    }

    async fn completing_with_the_outcome_cancelled_needs_no_request(bench: &Bench) {
        let lease = bench.running().await.lease;
        assert_eq!(bench.finish(&lease, Outcome::Cancelled).await.unwrap().state, State::Cancelled);
        let error = bench.finish(&lease, Outcome::Cancelled).await.unwrap_err();
        assert_eq!(error, StoreError::Stale);
    }
}
