//! The webhook that tells `callbackUrl` how an agent task ended: a task of its own, so that it survives everything.
//!
//! It is stored in the transaction that ends the task. Of a task that completed or failed the worker brings it along, since an output
//! has to be read first. A task that is cancelled or quarantined has none, and often no worker: the store makes it, with [`cut_short`].

use super::body::body;
use super::request::Priority;
use crate::id::TaskId;
use crate::task::{Kind, NewTask, Task};
use serde_json::{Value, json};

/// Where to tell the end of the task; none for tasks that nobody wants to hear of.
#[must_use]
pub fn callback(task: &Task) -> Option<&str> {
    // The field of `AgentTask`. An input that is none must not keep a task from ending.
    (task.new.kind == Kind::AgentTask).then(|| task.new.input.get("callbackUrl")?.as_str()).flatten()
}

/// The delivery of a finished task's body (`data`). Its id follows from the task's, so a second one is a no-op.
#[must_use]
pub fn delivery(task: &Task, data: &Value) -> Option<NewTask> {
    let url = callback(task)?;
    let at = task.completed_at.unwrap_or(task.new.created_at);
    let message =
        json!({ "type": format!("task.{}", task.state.wire()), "timestamp": at.rfc3339(), "data": data });
    let id = TaskId::derived(TaskId::DELIVERY, task.new.id.as_str());
    Some(NewTask {
        // What `WebhookRequest` reads.
        input: json!({ "url": url, "id": id, "body": message.to_string() }),
        id,
        // No parent: cancelling the task must not cancel the news of it.
        parent: None,
        user: task.new.user,
        agent: task.new.agent,
        kind: Kind::Webhook,
        driver: Kind::Webhook.driver().to_owned(),
        priority: Priority::Normal.rank(),
        estimate_key: String::new(),
        created_at: at,
    })
}

/// The delivery for a task that was cancelled or quarantined.
#[must_use]
pub fn cut_short(task: &Task) -> Option<NewTask> {
    delivery(task, &body(task, None, &Value::Null))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;
    use crate::effect::webhook::WebhookRequest;
    use crate::id::{AgentId, UserId};
    use crate::rigor::request::{AgentTask, Capability, RigorScope};
    use crate::task::{Progress, State};
    use crate::time::Timestamp;

    fn ended(state: State, callback_url: Option<&str>) -> Task {
        let request = AgentTask {
            task: "Add a test".to_owned(),
            capabilities: vec![Capability::Build],
            intelligence: crate::effect::model::Tier::Core,
            scope: RigorScope::Demo,
            priority: Priority::High,
            source: None,
            callback_url: callback_url.map(str::to_owned),
        };
        let new = NewTask {
            id: TaskId::new(TaskId::TASK, [7; 6]),
            parent: None,
            user: UserId(uuid::Uuid::from_u128(1)),
            agent: AgentId(uuid::Uuid::from_u128(2)),
            kind: Kind::AgentTask,
            driver: Kind::AgentTask.driver().to_owned(),
            priority: 0,
            input: serde_json::to_value(request).unwrap(),
            estimate_key: String::new(),
            created_at: Timestamp(1000),
        };
        Task {
            new,
            state,
            progress: Progress { percent: 40, ..Progress::default() },
            output: None,
            failure: None,
            started_at: None,
            completed_at: Some(Timestamp(61_000)),
            wake_at: None,
            deliveries: 0,
            strikes: 0,
            cancel_requested: false,
        }
    }

    #[test]
    fn the_end_of_a_task_is_told_where_it_was_asked_for_and_only_there() {
        for (state, word) in [(State::Cancelled, "cancelled"), (State::Quarantined, "failed")] {
            let task = ended(state, Some("https://hooks.example/a"));
            let delivery = cut_short(&task).unwrap();
            assert_eq!((delivery.kind, delivery.parent.as_ref()), (Kind::Webhook, None));
            let request: WebhookRequest = serde_json::from_value(delivery.input).unwrap();
            assert_eq!(
                (request.url.as_str(), request.id.as_str()),
                ("https://hooks.example/a", delivery.id.as_str())
            );
            let message: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(message["type"], format!("task.{word}"));
            assert_eq!(message["timestamp"], "1970-01-01T00:01:01Z");
            assert_eq!(message["data"], body(&task, None, &Value::Null));
            assert_eq!(
                (&message["data"]["status"], &message["data"]["progress"]),
                (&json!(word), &json!(40))
            );
            assert!(cut_short(&ended(state, None)).is_none());
            let own = Task { new: delivery_of(&task), ..task };
            assert!(cut_short(&own).is_none(), "a delivery is not told of");
        }
    }

    fn delivery_of(task: &Task) -> NewTask {
        cut_short(task).unwrap()
    }
}
