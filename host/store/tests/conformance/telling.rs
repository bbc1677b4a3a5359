//! The delivery to `callbackUrl` is stored with the end of a task, whoever ends it.

use crate::bench::Bench;
use crate::build::{DRIVER, LEASE, SECOND, completed};
use crate::cases;
use app::ports::journal::FollowUps;
use app::ports::queue::ClaimRequest;
use app::ports::tasks::CancelOutcome;
use domain::effect::webhook::WebhookRequest;
use domain::id::TaskId;
use domain::task::{Kind, NewTask, Outcome, State, Task};
use serde_json::{Value, json};

const URL: &str = "https://hooks.example/end";

cases! {
    async fn a_queued_or_waiting_task_that_is_cancelled_tells_of_it(bench: &Bench) {
        let queued = bench.submit(told(bench)).await.new.id;
        let outcome = bench.store.cancel_task(bench.user, &queued, bench.now()).await.unwrap().unwrap();
        assert!(matches!(outcome, CancelOutcome::Cancelled(_)));
        bench.submit(told(bench)).await;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        bench.suspend(&lease, bench.now().plus(SECOND)).await.unwrap();
        bench.store.cancel_task(bench.user, &lease.task, bench.now()).await.unwrap();
        for id in [&queued, &lease.task] {
            let message = message(bench, id).await;
            assert_eq!((&message["type"], &message["data"]["taskId"]), (&json!("task.cancelled"), &json!(id)));
            assert_eq!(message["data"]["completedAt"], bench.now().rfc3339());
            assert_eq!(message["timestamp"], bench.now().rfc3339());
        }
        assert_eq!(due(bench).await.len(), 2, "the deliveries can be claimed at once");
        // A second cancel finds the task ended and tells nothing more.
        bench.store.cancel_task(bench.user, &queued, bench.now()).await.unwrap();
        assert!(due(bench).await.is_empty());
    }

    async fn children_tell_of_their_end_whichever_way_it_comes(bench: &Bench) {
        let parent = bench.submit(bench.new_task()).await.new.id;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        assert_eq!(lease.task, parent);
        let child = |parent: &TaskId| NewTask { parent: Some(parent.clone()), ..told(bench) };
        // Idle when the cancel is asked for; started after that and found when the parent ends; below a parent that nobody runs.
        let asked = bench.submit(child(&parent)).await.new.id;
        bench.store.cancel_task(bench.user, &parent, bench.now()).await.unwrap();
        let late = bench.submit(child(&parent)).await.new.id;
        bench.finish(&lease, completed()).await.unwrap();
        let idle = bench.submit(bench.new_task()).await.new.id;
        let below = bench.submit(child(&idle)).await.new.id;
        let deep = bench.submit(child(&below)).await.new.id;
        bench.store.cancel_task(bench.user, &idle, bench.now()).await.unwrap();
        for id in [&asked, &late, &below, &deep] {
            assert_eq!(message(bench, id).await["data"]["status"], "cancelled", "{id}");
        }
        assert_eq!(due(bench).await.len(), 4);
        for silent in [&parent, &idle] {
            assert_eq!(delivery(bench, silent).await, None, "nobody asked to hear of it");
        }
    }

    async fn a_quarantined_task_tells_that_it_failed(bench: &Bench) {
        let id = bench.submit(told(bench)).await.new.id;
        let mut claimed = bench.claim(1).await;
        while bench.task(&id).await.state != State::Quarantined {
            assert_eq!(claimed.len(), 1);
            assert_eq!(delivery(bench, &id).await, None, "it is not over");
            bench.advance(LEASE).await;
            let rescued = bench.store.rescue(bench.now(), 10).await.unwrap();
            assert_eq!(rescued.told, !rescued.quarantined.is_empty());
            claimed = bench.claim_as(bench.host, true).await;
        }
        let message = message(bench, &id).await;
        assert_eq!((&message["type"], &message["data"]["error"]["code"]), (&json!("task.failed"), &json!("QUARANTINED")));
        assert_eq!(due(bench).await.len(), 1);
    }

    async fn a_cancel_that_wins_replaces_what_the_worker_wanted_to_tell(bench: &Bench) {
        let id = bench.submit(told(bench)).await.new.id;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        bench.store.cancel_task(bench.user, &id, bench.now()).await.unwrap();
        let done = Task { state: State::Completed, completed_at: Some(bench.now()), ..bench.task(&id).await };
        let tasks = domain::rigor::notice::delivery(&done, &json!("done")).into_iter().collect();
        let follow_ups = FollowUps { tasks, ..FollowUps::default() };
        let ended = bench.store.finish(&lease, completed(), follow_ups, bench.now()).await.unwrap();
        assert_eq!(ended.state, State::Cancelled);
        assert_eq!(message(bench, &id).await["type"], "task.cancelled");
    }

    async fn a_worker_that_ends_a_cancelled_task_tells_of_it(bench: &Bench) {
        let id = bench.submit(told(bench)).await.new.id;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        bench.finish(&lease, Outcome::Cancelled).await.unwrap();
        assert_eq!(message(bench, &id).await["type"], "task.cancelled");
    }
}

/// A task whose end somebody wants to hear of.
fn told(bench: &Bench) -> NewTask {
    NewTask { input: json!({ "task": "say hello", "callbackUrl": URL }), ..bench.new_task() }
}

async fn delivery(bench: &Bench, id: &TaskId) -> Option<Task> {
    let id = TaskId::derived(TaskId::DELIVERY, id.as_str());
    bench.store.find_task(bench.user, &id).await.unwrap()
}

/// The message that the delivery carries.
async fn message(bench: &Bench, id: &TaskId) -> Value {
    let delivery = delivery(bench, id).await.unwrap_or_else(|| panic!("the end of {id} is not told"));
    assert_eq!((delivery.new.kind, delivery.new.parent), (Kind::Webhook, None));
    let request: WebhookRequest = serde_json::from_value(delivery.new.input).unwrap();
    assert_eq!((request.url.as_str(), request.id.as_str()), (URL, delivery.new.id.as_str()));
    serde_json::from_str(&request.body).unwrap()
}

/// Deliveries that a worker can claim.
async fn due(bench: &Bench) -> Vec<TaskId> {
    assert_ne!(Kind::Webhook.driver(), DRIVER);
    let request = ClaimRequest { drivers: vec![Kind::Webhook.driver().to_owned()], ..bench.request(100) };
    let claimed = bench.store.claim(request, bench.now()).await.unwrap();
    claimed.into_iter().map(|claimed| claimed.lease.task).collect()
}
