//! List, cancel, journal.

use crate::support::{TASK, TestHost};
use app::ports::journal::FollowUps;
use domain::task::{Kind, Outcome};
use serde_json::{Value, json};

#[tokio::test]
async fn a_list_is_paged_newest_first_and_filtered_by_status() {
    let host = TestHost::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.insert(0, host.submit(TASK).await);
        host.clock.advance(std::time::Duration::from_millis(10));
    }
    let mut seen: Vec<String> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = host.get(&format!("/v1/agents/tasks?limit=2{cursor}")).send().await.json();
        let tasks = page["tasks"].as_array().unwrap();
        assert!(tasks.len() <= 2);
        seen.extend(tasks.iter().map(|task| task["taskId"].as_str().unwrap().to_owned()));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    host.post(&format!("/v1/agents/tasks/{}/cancel", ids[0])).send().await;
    let of = async |status: &str| {
        host.get(&format!("/v1/agents/tasks?status={status}")).send().await.json()["tasks"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (of("cancelled").await, of("queued").await, of("queued,cancelled").await, of("failed").await),
        (1, 4, 5, 0)
    );
    for query in ["status=done", "status=queued,done", "limit=201", "limit=x", "limit=-1", "cursor=nonsense"]
    {
        let answer = host.get(&format!("/v1/agents/tasks?{query}")).send().await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "INVALID_REQUEST"), "{query}");
    }
}

#[tokio::test]
async fn a_queued_task_is_cancelled_at_once_and_its_callback_is_told() {
    let host = TestHost::new().await;
    let id = host
        .submit(r#"{"task":"t","capabilities":["BUILD"],"callbackUrl":"https://example.com/hook"}"#)
        .await;
    let answer = host.post(&format!("/v1/agents/tasks/{id}/cancel")).send().await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str()), (200, Some("cancelled")));
    let (delivery, _) = host.claim().await;
    assert_eq!(delivery.new.kind, Kind::Webhook);
    let message: Value = serde_json::from_str(delivery.new.input["body"].as_str().unwrap()).unwrap();
    assert_eq!(message["type"], "task.cancelled");
    assert_eq!(message["timestamp"], "2026-02-23T15:00:00Z");
    assert_eq!(message["data"], host.get(&format!("/v1/agents/tasks/{id}")).send().await.json());
    // Again is no error, and tells nobody twice.
    assert_eq!(host.post(&format!("/v1/agents/tasks/{id}/cancel")).send().await.status, 200);
    let listed = host.get("/v1/agents/tasks").send().await.json();
    assert_eq!(listed["tasks"].as_array().unwrap().len(), 1, "a delivery is no agent task");
    let delivery_path = format!("/v1/agents/tasks/{}", delivery.new.id);
    assert_eq!(host.get(&delivery_path).send().await.status, 404);
}

#[tokio::test]
async fn a_running_task_is_asked_and_a_finished_one_is_a_conflict() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    let mut asked = host.app.cancelled.subscribe();
    let answer = host.post(&format!("/v1/agents/tasks/{id}/cancel")).send().await;
    assert_eq!((answer.status.as_u16(), answer.json()["status"].as_str()), (202, Some("in_progress")));
    assert_eq!(asked.try_recv().unwrap().as_str(), id);
    host.app
        .ports
        .journal
        .finish(&lease, Outcome::Cancelled, FollowUps::default(), host.now())
        .await
        .unwrap();

    let other = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    host.app
        .ports
        .journal
        .finish(&lease, Outcome::Completed(json!({})), FollowUps::default(), host.now())
        .await
        .unwrap();
    let answer = host.post(&format!("/v1/agents/tasks/{other}/cancel")).send().await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "CONFLICT"));
}

#[tokio::test]
async fn the_journal_is_paged_in_order() {
    use domain::address::{Place, Scope};
    use domain::journal::{Entry, EntryBody, ScopeStart};
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    let entry = |name: &str| Entry {
        scope: Scope { place: Place::new(name), attempt: 1 },
        ordinal: 0,
        at: host.now(),
        body: EntryBody::Start(Box::new(ScopeStart {
            context: None,
            plugin: None,
            digest: None,
            own: false,
            abi: None,
            export: None,
            config: Value::Null,
            limits: domain::component::Limits::default(),
            start: host.now(),
            seed: "00".repeat(32),
        })),
    };
    let entries = ["req-ai@1/research", "req-ai@1/inspect", "req-ai@1/generate"].map(entry).to_vec();
    let append = app::ports::journal::Append { entries, effects: vec![] };
    host.app.ports.journal.append(&lease, append, host.now()).await.unwrap();
    let first = host.get(&format!("/v1/agents/tasks/{id}/journal?limit=2")).send().await.json();
    assert_eq!(first["entries"][0]["scope"], "req-ai@1/research#1");
    assert_eq!(
        (&first["entries"][0]["entry"]["type"], &first["entries"][0]["at"]),
        (&json!("start"), &json!("2026-02-23T15:00:00.000Z"))
    );
    let cursor = first["nextCursor"].as_str().unwrap();
    let second =
        host.get(&format!("/v1/agents/tasks/{id}/journal?limit=2&cursor={cursor}")).send().await.json();
    assert_eq!((second["entries"].as_array().unwrap().len(), &second["nextCursor"]), (1, &Value::Null));
    assert_eq!(host.get(&format!("/v1/agents/tasks/{id}/journal?cursor=x")).send().await.status, 400);
    let rigor = host.get(&format!("/v1/agents/tasks/{id}?include=rigor")).send().await.json();
    assert_eq!(
        rigor["rigor"]["phases"][1],
        json!({ "agent": "req-ai", "name": "inspect", "round": 1, "attempt": 1, "status": "running", "durationMs": null })
    );
}
