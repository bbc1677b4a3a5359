//! The JSON examples of document Autonoma are golden bodies: their keys, types, nulls and formats are ours.

use crate::support::{START, TASK, TestHost};
use app::ports::journal::{Append, FollowUps};
use domain::journal::LocalEffect;
use domain::task::{AtWork, Outcome, Progress, TaskFailure};
use serde_json::{Value, json};

/// The keys of an object, sorted.
fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// `2026-02-23T15:30:00Z`: RFC 3339 with `Z` and without a fraction.
fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T' && !text.contains('.')
}

/// The document's answer to a submit.
fn submitted() -> Value {
    json!({
        "taskId": "task_a1b2c3d4e5f6",
        "status": "queued",
        "estimatedCompletion": "2026-02-23T15:30:00Z",
        "agentsAssigned": ["req-ai", "planner-ai", "architect-ai"],
        "statusUrl": "/v1/agents/tasks/task_a1b2c3d4e5f6"
    })
}

/// The document's answer to a status request.
fn in_progress() -> Value {
    json!({
        "taskId": "task_a1b2c3d4e5f6",
        "status": "in_progress",
        "progress": 65,
        "currentAgent": "coder-ai",
        "completedPhases": ["requirements", "architecture", "implementation"],
        "estimatedCompletion": "2026-02-23T15:30:00Z",
        "output": null,
        "error": null,
        "createdAt": "2026-02-23T15:00:00Z",
        "startedAt": "2026-02-23T15:00:05Z",
        "completedAt": null
    })
}

#[tokio::test]
async fn a_submit_answers_as_the_document_shows() {
    let host = TestHost::new().await;
    // The document's own request; its `source` must exist, and its callback is checked without DNS.
    let request = json!({
        "task": "Add user authentication to React app",
        "capabilities": ["BUILD"],
        "intelligence": "core",
        "priority": "normal",
        "source": host.project(),
        "callbackUrl": "https://your-domain.com/webhook"
    });
    let answer = host.post("/v1/agents/tasks").json(request.to_string()).send().await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let body = answer.json();
    assert_eq!(keys(&body), keys(&submitted()));
    let id = body["taskId"].as_str().unwrap();
    assert!(
        id.len() == 17
            && id.starts_with("task_")
            && id[5..].bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
        "{id}"
    );
    assert_eq!(body["status"], "queued");
    assert!(is_time(&body["estimatedCompletion"]), "{body}");
    assert_eq!(
        body["agentsAssigned"],
        json!(["req-ai", "planner-ai", "architect-ai", "coder-ai", "tester-ai"])
    );
    assert_eq!(body["statusUrl"], format!("/v1/agents/tasks/{id}"));
    assert_eq!(answer.header("location"), format!("/v1/agents/tasks/{id}"));
}

#[tokio::test]
async fn a_task_is_shown_as_the_document_shows_it_in_every_state() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let path = format!("/v1/agents/tasks/{id}");

    let queued = host.get(&path).send().await.json();
    assert_eq!(keys(&queued), keys(&in_progress()));
    assert_eq!(queued["progress"], json!(0));
    assert_eq!(queued["completedPhases"], json!([]));
    for field in ["currentAgent", "output", "error", "startedAt", "completedAt"] {
        assert_eq!(queued[field], Value::Null, "{field}");
    }
    assert_eq!(queued["createdAt"], "2026-02-23T15:00:00Z");
    assert!(is_time(&queued["estimatedCompletion"]));

    host.clock.advance(std::time::Duration::from_secs(5));
    let (_, lease) = host.claim().await;
    let progress = Progress {
        percent: 65,
        current_agent: Some("coder-ai".into()),
        current_phase: Some("generate".into()),
        completed_phases: vec!["requirements".into(), "architecture".into(), "implementation".into()],
        at_work: vec![AtWork { agent: "coder-ai".into(), phase: "generate".into() }],
    };
    let append = Append { entries: vec![], effects: vec![LocalEffect::Progress(progress)] };
    host.app.ports.journal.append(&lease, append, host.now()).await.unwrap();
    let mut running = host.get(&path).send().await.json();
    assert!(
        is_time(&running["estimatedCompletion"])
            && running["estimatedCompletion"].as_str().unwrap() > "2026-02-23T15:00:05Z"
    );
    // With the example's own illustrations in place of ours, it is the example.
    running["taskId"] = json!("task_a1b2c3d4e5f6");
    running["estimatedCompletion"] = json!("2026-02-23T15:30:00Z");
    assert_eq!(running, in_progress());

    let output =
        json!({ "summary": "s", "diff": "", "files": [], "artifacts": [], "gates": [], "confidence": 0.5 });
    host.app
        .ports
        .journal
        .finish(&lease, Outcome::Completed(output.clone()), FollowUps::default(), host.now())
        .await
        .unwrap();
    let completed = host.get(&path).send().await.json();
    assert_eq!(keys(&completed), keys(&in_progress()));
    assert_eq!((&completed["status"], &completed["progress"]), (&json!("completed"), &json!(100)));
    assert_eq!(completed["output"], output);
    assert_eq!(completed["completedAt"], "2026-02-23T15:00:05Z");
    for field in ["currentAgent", "estimatedCompletion", "error"] {
        assert_eq!(completed[field], Value::Null, "{field}");
    }
}

#[tokio::test]
async fn a_failed_task_says_what_who_and_where() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    let failure = TaskFailure {
        code: "GATES_FAILED".into(),
        message: "parses failed".into(),
        agent: Some("tester-ai".into()),
        phase: Some("review".into()),
        details: json!({ "secret": "shown only on request" }),
    };
    host.app
        .ports
        .journal
        .finish(&lease, Outcome::Failed(failure), FollowUps::default(), host.now())
        .await
        .unwrap();
    let body = host.get(&format!("/v1/agents/tasks/{id}")).send().await.json();
    assert_eq!(keys(&body), keys(&in_progress()));
    assert_eq!(
        body["error"],
        json!({ "code": "GATES_FAILED", "message": "parses failed", "agent": "tester-ai", "phase": "review" })
    );
    assert_eq!((&body["output"], &body["status"]), (&Value::Null, &json!("failed")));
    assert!(body["progress"].as_u64().unwrap() < 100);
}

#[tokio::test]
async fn an_artifact_shows_the_text_of_its_file() {
    let host = TestHost::new().await;
    let request = json!({ "task": "t", "capabilities": ["BUILD"], "source": host.project() });
    let id = host.submit(&request.to_string()).await;
    let (_, lease) = host.claim().await;
    let artifacts = json!([
        { "id": "file:main.py", "type": "file", "path": "main.py", "language": "python" },
        { "id": "file:gone.py", "type": "file", "path": "gone.py", "language": "python" },
        { "id": "req-ai", "type": "document", "path": null, "content": { "goals": [] }, "language": "json" },
    ]);
    let output = json!({ "summary": "", "diff": "", "files": [], "artifacts": artifacts, "gates": [], "confidence": 1.0 });
    host.app
        .ports
        .journal
        .finish(&lease, Outcome::Completed(output), FollowUps::default(), host.now())
        .await
        .unwrap();
    let body = host.get(&format!("/v1/agents/tasks/{id}")).send().await.json();
    let shown = body["output"]["artifacts"].as_array().unwrap();
    for artifact in shown {
        assert_eq!(keys(artifact), ["content", "id", "language", "path", "type"]);
    }
    assert_eq!(shown[0]["content"], "print('hello')\n");
    assert_eq!(shown[1]["content"], Value::Null);
    assert_eq!(shown[2]["content"], json!({ "goals": [] }));
}

#[tokio::test]
async fn what_we_add_comes_only_on_request() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let plain = host.get(&format!("/v1/agents/tasks/{id}")).send().await.json();
    let more =
        host.get(&format!("/v1/agents/tasks/{id}?include=rigor,attempt,usage,approvals")).send().await.json();
    assert_eq!(keys(&plain).len() + 4, keys(&more).len());
    assert_eq!(more["attempt"], json!({ "deliveries": 0, "strikes": 0, "cancelRequested": false }));
    assert_eq!(more["usage"], json!({ "inputTokens": 0, "outputTokens": 0, "totalTokens": 0 }));
    assert_eq!(more["approvals"], json!([]));
    assert_eq!(
        (&more["rigor"]["scope"], &more["rigor"]["intelligence"], &more["rigor"]["priority"]),
        (&json!("mvp"), &json!("core"), &json!("normal"))
    );
    let wrong = host.get(&format!("/v1/agents/tasks/{id}?include=rigor,secrets")).send().await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("rigor, attempt, usage, approvals"), "{}", wrong.text);
}

#[tokio::test]
async fn an_estimate_follows_the_median_of_finished_tasks_of_the_same_line_and_tier() {
    let host = TestHost::new().await;
    let at = |body: &Value| body["estimatedCompletion"].as_str().unwrap().to_owned();
    let before = host.post("/v1/agents/tasks").json(TASK).send().await.json();
    // Five stations of 30 s each, as configured.
    assert_eq!(at(&before), START.plus(std::time::Duration::from_secs(150)).rfc3339());
    let (_, lease) = host.claim().await;
    host.clock.advance(std::time::Duration::from_secs(10));
    host.app
        .ports
        .journal
        .finish(&lease, Outcome::Completed(json!({})), FollowUps::default(), host.now())
        .await
        .unwrap();
    let after = host.post("/v1/agents/tasks").json(TASK).send().await.json();
    assert_eq!(at(&after), host.now().plus(std::time::Duration::from_secs(10)).rfc3339());
    let other_tier = host
        .post("/v1/agents/tasks")
        .json(r#"{"task":"t","capabilities":["BUILD"],"intelligence":"pro"}"#)
        .send()
        .await
        .json();
    assert_eq!(at(&other_tier), host.now().plus(std::time::Duration::from_secs(150)).rfc3339());
}
