//! elizaOS on a clock that only the test moves: sessions that end, jobs whose time is over, streams that are resumed.

use crate::people::text;
use crate::support::TestHost;
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;

const SESSIONS: &str = "/api/messaging/sessions";
const JOBS: &str = "/api/messaging/jobs";
const PERSON: &str = "123e4567-e89b-42d3-a456-426614174000";

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

async fn manager(host: &TestHost) -> String {
    text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id")
}

async fn session(host: &TestHost, timeout: Value) -> String {
    let body = json!({ "agentId": manager(host).await, "userId": PERSON, "timeoutConfig": timeout });
    let made = host.post(SESSIONS).json(body.to_string()).send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    format!("{SESSIONS}/{}", text(&made.json(), "sessionId"))
}

/// Status and code of an answer.
async fn refused(host: &TestHost, method: Method, path: &str, body: &str) -> (u16, String) {
    let answer = host.call(method, path).json(body).send().await;
    let body = answer.json();
    assert_eq!(body["success"], false, "{body}");
    (answer.status.as_u16(), text(&body["error"], "code"))
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    let path = session(&host, Value::Null).await;
    let messages = format!("{path}/messages");
    let said = r#"{"content":"Hello","transport":"http"}"#;
    host.clock.advance(minutes(26));
    let near = host.get(&path).send().await.json();
    assert_eq!((&near["isNearExpiration"], &near["timeRemaining"]), (&json!(true), &json!(240_000)));
    let sent = host.post(&messages).json(said).send().await;
    assert_eq!(sent.status, 201, "{}", sent.text);
    let sent = sent.json();
    assert_eq!(sent["agentResponse"]["text"], "You said: Hello");
    assert_eq!(
        (&sent["sessionStatus"]["wasRenewed"], &sent["sessionStatus"]["renewalCount"]),
        (&json!(true), &json!(1))
    );
    for name in ["success", "userMessage", "agentResponse", "sessionStatus"] {
        assert_eq!(sent["data"][name], sent[name], "{name}");
    }
    host.clock.advance(minutes(30) - Duration::from_millis(1));
    assert_eq!(host.get(&path).send().await.status, 200);
    assert_eq!(host.get(SESSIONS).send().await.json()["total"], 1);
    host.clock.advance(Duration::from_millis(1));
    let expired = (410, "SESSION_EXPIRED".to_owned());
    assert_eq!(refused(&host, Method::GET, &path, "").await, expired);
    assert_eq!(refused(&host, Method::GET, &messages, "").await, expired);
    assert_eq!(refused(&host, Method::POST, &messages, said).await, expired);
    assert_eq!(refused(&host, Method::POST, &format!("{path}/renew"), "").await, expired);
    assert_eq!(refused(&host, Method::POST, &format!("{path}/heartbeat"), "").await, expired);
    assert_eq!(refused(&host, Method::PATCH, &format!("{path}/timeout"), "{}").await, expired);
    assert_eq!(host.get(SESSIONS).send().await.json()["total"], 0);
    // After a day it is not there, once another one is made.
    host.clock.advance(minutes(24 * 60 + 1));
    session(&host, Value::Null).await;
    assert_eq!(refused(&host, Method::GET, &path, "").await, (404, "SESSION_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_session_lasts_as_its_timeout_says() {
    let host = TestHost::new().await;
    let path =
        session(&host, json!({ "timeoutMinutes": "10", "autoRenew": false, "maxDurationMinutes": 15 })).await;
    let heartbeat = format!("{path}/heartbeat");
    host.clock.advance(minutes(8));
    let kept = host.post(&heartbeat).send().await.json();
    assert_eq!((&kept["renewalCount"], &kept["timeRemaining"]), (&json!(0), &json!(120_000)));
    let renewed = host.post(&format!("{path}/renew")).send().await.json();
    assert_eq!(
        (&renewed["renewalCount"], &renewed["timeRemaining"]),
        (&json!(1), &json!(420_000)),
        "its whole life"
    );
    let changed =
        host.call(Method::PATCH, &format!("{path}/timeout")).json(r#"{"timeoutMinutes":60}"#).send().await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let changed = changed.json();
    assert_eq!(
        changed["timeoutConfig"],
        json!({
            "timeoutMinutes": 60, "autoRenew": true, "maxDurationMinutes": 720, "warningThresholdMinutes": 5
        })
    );
    assert_eq!(changed["timeRemaining"], 3_600_000);
    for (body, field) in [
        (r#"{"timeoutMinutes":4}"#, "timeoutMinutes"),
        (r#"{"timeoutMinutes":1441}"#, "timeoutMinutes"),
        (r#"{"timeoutMinutes":"soon"}"#, "timeoutMinutes"),
        (r#"{"autoRenew":"yes"}"#, "autoRenew"),
    ] {
        let answer = host.call(Method::PATCH, &format!("{path}/timeout")).json(body).send().await;
        assert_eq!(
            (answer.status.as_u16(), text(&answer.json()["error"], "code")),
            (400, "VALIDATION_ERROR".into())
        );
        assert!(text(&answer.json()["error"], "message").starts_with(field), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_stream_of_a_session_is_resumed_without_another_turn() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    let path = format!("{}/messages", session(&host, Value::Null).await);
    let said = r#"{"content":"Hello","transport":"sse"}"#;
    let stream = host.post(&path).json(said).send().await;
    assert_eq!((stream.status.as_u16(), stream.header("content-type")), (200, "text/event-stream"));
    let names: Vec<&str> = stream.text.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, ["user_message", "chunk", "done"], "{}", stream.text);
    let first = stream.text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let turn = first.split_once(':').unwrap().0;
    let again = host.post(&path).json(said).header("last-event-id", &format!("{turn}:9")).send().await;
    assert!(
        again.text.contains(r#""chunk":" Hello""#) && !again.text.contains("user_message"),
        "{}",
        again.text
    );
    let over = host.post(&path).json(said).header("last-event-id", &format!("{turn}:16")).send().await;
    assert_eq!(over.status, 204);
    let runs = host.get(&format!("/api/agents/{}/runs", manager(&host).await)).send().await.json();
    assert_eq!(runs["data"]["total"], 1);
    // A turn of another session is not there.
    let other = format!("{}/messages", session(&host, Value::Null).await);
    let foreign = host.post(&other).json(said).header("last-event-id", &format!("{turn}:9")).send().await;
    assert_eq!(foreign.status, 404, "{}", foreign.text);
}

#[tokio::test]
async fn a_job_whose_time_is_over_is_cancelled() {
    let host = TestHost::new().await;
    let body = json!({ "userId": PERSON, "content": "Hello", "timeoutMs": 5000 }).to_string();
    let made = host.post(JOBS).json(body).send().await.json();
    let path = format!("{JOBS}/{}", text(&made, "jobId"));
    assert_eq!(host.get(&path).send().await.json()["status"], "pending");
    host.clock.advance(Duration::from_millis(4999));
    assert_eq!(host.get(&path).send().await.json()["status"], "pending");
    host.clock.advance(Duration::from_millis(1));
    for _ in 0..2 {
        let over = host.get(&path).send().await.json();
        assert_eq!(
            (&over["status"], &over["error"]),
            (&json!("timeout"), &json!("Job timed out waiting for agent response"))
        );
    }
    let runs = host.get(&format!("/api/agents/{}/runs", manager(&host).await)).send().await.json();
    assert_eq!(runs["data"]["runs"][0]["status"], "error", "nobody works on it any more");
    let health = host.get(&format!("{JOBS}/health")).send().await.json();
    assert_eq!(
        (&health["statusCounts"]["timeout"], &health["metrics"]["timeoutRate"]),
        (&json!(1), &json!(1.0))
    );
}

#[tokio::test]
async fn a_server_without_running_agents_is_not_well() {
    let host = TestHost::new().await;
    let manager = manager(&host).await;
    let well = host.get("/api/server/health").send().await;
    assert_eq!((well.status.as_u16(), &well.json()["dependencies"]), (200, &json!({ "agents": "healthy" })));
    assert_eq!(host.post(&format!("/api/agents/{manager}/stop")).send().await.status, 200);
    let ill = host.get("/api/server/health").send().await;
    assert_eq!((ill.status.as_u16(), &ill.json()["dependencies"]), (503, &json!({ "agents": "no_agents" })));
    assert_eq!(
        refused(&host, Method::POST, &format!("/api/agents/{manager}/stop"), "").await,
        (404, "NOT_FOUND".into())
    );
    let job = json!({ "userId": PERSON, "content": "Hello" }).to_string();
    assert_eq!(refused(&host, Method::POST, JOBS, &job).await, (404, "AGENT_NOT_FOUND".into()));
}
