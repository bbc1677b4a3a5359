use crate::bench::Bench;
use crate::build::{SECOND, completed, failed, progress};
use crate::cases;
use app::ports::journal::FollowUps;
use app::ports::store_error::StoreError;
use domain::id::TaskId;
use domain::journal::LocalEffect;
use domain::task::{Kind, NewTask, Outcome, State};
use serde_json::{Value, json};

cases! {
    async fn a_completed_task_has_its_output_and_a_hundred_percent(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.effects(&lease, vec![LocalEffect::Progress(progress(40, "req-ai"))]).await;
        bench.advance(SECOND).await;
        let task = bench.finish(&lease, completed()).await.unwrap();
        assert_eq!(task, bench.task(&lease.task).await);
        assert_eq!((task.state, task.progress.percent, task.completed_at), (State::Completed, 100, Some(bench.now())));
        assert_eq!((task.output, task.failure), (Some(json!({ "summary": "done" })), None));
        let last = bench.events(&lease.task).await.pop().unwrap();
        assert_eq!((last.body.event.as_str(), last.body.data), ("task.completed", Value::Null));
    }

    async fn a_failed_task_has_its_failure_and_keeps_its_percent(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.effects(&lease, vec![LocalEffect::Progress(progress(40, "req-ai"))]).await;
        let task = bench.finish(&lease, failed("coder-ai")).await.unwrap();
        assert_eq!((task.state, task.progress.percent, task.output), (State::Failed, 40, None));
        let Outcome::Failed(failure) = failed("coder-ai") else { panic!() };
        assert_eq!(task.failure, Some(failure));
        assert_eq!(bench.event_names(&lease.task).await, ["progress", "task.failed"]);
    }

    async fn follow_ups_are_queued_with_the_end(bench: &Bench) {
        let lease = bench.running().await.lease;
        let delivery = NewTask {
            id: TaskId::new(TaskId::DELIVERY, bench.random()),
            kind: Kind::Webhook,
            driver: "rigor/1".to_owned(),
            ..bench.new_task()
        };
        let follow_ups = FollowUps { tasks: vec![delivery.clone()], ..FollowUps::default() };
        bench.store.finish(&lease, completed(), follow_ups, bench.now()).await.unwrap();
        assert_eq!(bench.claim(10).await.pop().unwrap().task.new, delivery);
    }

    async fn a_task_ends_once(bench: &Bench) {
        let lease = bench.running().await.lease;
        bench.finish(&lease, completed()).await.unwrap();
        assert_eq!(bench.finish(&lease, failed("a")).await.unwrap_err(), StoreError::Stale);
        assert_eq!(bench.task(&lease.task).await.state, State::Completed);
        assert_eq!(bench.event_names(&lease.task).await, ["task.completed"]);
    }

    async fn durations_are_those_of_the_last_fifty_completed_tasks_of_a_group(bench: &Bench) {
        for number in 0..52_u32 {
            let lease = bench.running().await.lease;
            bench.advance(SECOND * (number + 1) / 100).await;
            bench.finish(&lease, completed()).await.unwrap();
        }
        let other = NewTask { estimate_key: "SECURE/pro".to_owned(), ..bench.new_task() };
        bench.submit(other).await;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        bench.finish(&lease, failed("a")).await.unwrap();
        let durations = bench.store.recent_durations("BUILD/core").await.unwrap();
        let expected: Vec<_> = (2..52_u32).rev().map(|number| SECOND * (number + 1) / 100).collect();
        assert_eq!(durations, expected);
        assert!(bench.store.recent_durations("SECURE/pro").await.unwrap().is_empty());
        assert!(bench.store.recent_durations("").await.unwrap().is_empty());
    }
}
