//! `Idempotency-Key`.

use crate::support::{TASK, TestHost};
use axum::body::Body;
use bytes::Bytes;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn the_same_request_gets_the_first_answer_again() {
    let host = TestHost::new().await;
    let post =
        |key: &str, body: &str| host.post("/v1/agents/tasks").header("idempotency-key", key).json(body);
    let first = post("k1", TASK).send().await;
    let again = post("k1", TASK).send().await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (202, 202));
    assert_eq!(first.json(), again.json());
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert_eq!(post("k1", &format!("{TASK} ")).send().await.status, 422);
    assert_ne!(post("k2", TASK).send().await.json(), first.json());
    // A refusal is kept too; the key is bound to its path.
    let refused = post("k3", "{}").send().await;
    let replayed = post("k3", "{}").send().await;
    assert_eq!(
        (refused.status.as_u16(), replayed.status.as_u16(), replayed.header("idempotent-replayed")),
        (400, 400, "true")
    );
    assert_eq!(refused.json(), replayed.json());
    let id = first.json()["taskId"].as_str().unwrap().to_owned();
    let cancel =
        host.post(&format!("/v1/agents/tasks/{id}/cancel")).header("idempotency-key", "k1").send().await;
    assert_eq!((cancel.status.as_u16(), cancel.header("idempotent-replayed")), (200, ""));
    assert_eq!(host.get("/v1/agents/tasks").send().await.json()["tasks"].as_array().unwrap().len(), 2);
    host.clock.advance(Duration::from_secs(24 * 3600 + 1));
    assert_ne!(post("k1", TASK).send().await.json(), first.json());
}

#[tokio::test]
async fn a_first_request_that_still_runs_is_a_conflict_with_retry_after() {
    use app::ports::idempotency::IdempotencyScope;
    let host = TestHost::new().await;
    let account = host.app.ports.keys.find_account("default").await.unwrap().unwrap();
    let scope = IdempotencyScope {
        caller: format!("{}/admin", account.user),
        method: "POST".into(),
        path: "/v1/agents/tasks".into(),
        key: "k".into(),
    };
    let hash = domain::id::Digest::of(TASK.as_bytes()).0;
    host.app.ports.idempotency.begin(&scope, hash, host.now()).await.unwrap();
    let answer = host.post("/v1/agents/tasks").header("idempotency-key", "k").json(TASK).send().await;
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str(), answer.header("retry-after")),
        (409, "CONFLICT", "1")
    );
}

#[tokio::test]
async fn concurrent_requests_with_one_key_make_one_task() {
    let host = TestHost::new().await;
    let calls =
        (0..16).map(|_| host.post("/v1/agents/tasks").header("idempotency-key", "k").json(TASK).send());
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| [202, 409].contains(&answer.status.as_u16())));
    assert!(answers.iter().any(|answer| answer.status == 202));
    assert_eq!(host.get("/v1/agents/tasks").send().await.json()["tasks"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn our_own_failure_is_not_kept_and_a_bad_key_is_refused() {
    let host = TestHost::new().await;
    host.draining.send(true).unwrap();
    let post = |key: &str| host.post("/v1/agents/tasks").header("idempotency-key", key).json(TASK);
    assert_eq!(post("k").send().await.status, 503);
    host.draining.send(false).unwrap();
    let answer = post("k").send().await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (202, ""));
    assert_eq!(post(&"x".repeat(256)).send().await.status, 400);
    // On other methods it means nothing.
    let listed = host.get("/v1/agents/tasks").header("idempotency-key", "k").send().await;
    assert_eq!(listed.json()["tasks"].as_array().unwrap().len(), json!([1]).as_array().unwrap().len());
}

#[tokio::test]
async fn a_body_that_does_not_come_ends_in_time_with_a_key_as_without() {
    let host = TestHost::with(|settings| settings.timeout = Duration::from_millis(200)).await;
    let never = || Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    for key in [None, Some("k")] {
        let call = host.post("/v1/agents/tasks").header("content-type", "application/json").raw(never());
        let call = match key {
            Some(key) => call.header("idempotency-key", key),
            None => call,
        };
        let answer = tokio::time::timeout(Duration::from_secs(60), call.send()).await.expect("still open");
        assert_eq!(answer.status, 503, "{key:?}");
    }
    // Nothing was reserved for it.
    let answer = host.post("/v1/agents/tasks").header("idempotency-key", "k").json(TASK).send().await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotent-replayed")), (202, ""));
}

#[tokio::test]
async fn a_kept_answer_has_the_headers_of_the_first() {
    let host = TestHost::new().await;
    let refused = |accept: &'static str, key: &'static str| {
        let call = host.post("/v1/agents/tasks").header("accept", accept).header("idempotency-key", key);
        call.json(r#"{"task":"t","capabilities":["X"]}"#)
    };
    for accept in ["application/problem+json", "application/json"] {
        let (first, again) = (refused(accept, accept).send().await, refused("*/*", accept).send().await);
        assert_eq!((first.header("content-type"), again.header("content-type")), (accept, accept));
        assert_eq!((first.text, again.header("idempotent-replayed")), (again.text.clone(), "true"));
    }
    let wrong = || host.post("/v1/agents/list").header("idempotency-key", "k");
    let (first, again) = (wrong().send().await, wrong().send().await);
    assert_eq!((first.status.as_u16(), again.header("idempotent-replayed")), (405, "true"));
    assert!(!first.header("allow").is_empty());
    assert_eq!(first.header("allow"), again.header("allow"));
}
