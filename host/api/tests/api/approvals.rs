//! Approvals as users see and decide them. That tasks wait for them is shown by the engine's tests and end to end.

use crate::support::{TASK, TestHost};
use app::ports::approvals::Answer;
use domain::approval::{Approval, Binding, Status};
use domain::id::{Digest, TaskId};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn binding(task: &str, agent: domain::id::AgentId) -> Binding {
    Binding {
        agent,
        tool: "errand.send".to_owned(),
        arguments_hash: format!("h1:{task}"),
        digest: Digest([7; 32]),
    }
}

/// The identity of what [`ask`] asks for; it does not name the agent, which tests do not know.
pub(crate) fn id(task: &str) -> String {
    let digits = Digest::of(task.as_bytes()).hex();
    format!("appr_{}", digits.get(..24).unwrap())
}

/// A task asks, as its worker would.
pub(crate) async fn ask(host: &TestHost, task: &str) -> Answer {
    let (ports, wanted) = (&host.app.ports, task.parse::<TaskId>().unwrap());
    let (mut found, mut cursor) = (None, None);
    while found.is_none() {
        let page = ports.users.list_users(200, cursor.as_deref()).await.unwrap();
        for user in page.users {
            found = found.or(ports.tasks.find_task(user.id, &wanted).await.unwrap());
        }
        cursor = page.next;
        assert!(found.is_some() || cursor.is_some(), "there is no task {task}");
    }
    let found = found.unwrap();
    let now = host.now();
    let approval = Approval {
        id: id(task),
        user: found.new.user,
        binding: binding(task, found.new.agent),
        task: Some(found.new.id),
        arguments: json!({ "url": "https://example.com" }),
        origin: "task".to_owned(),
        status: Status::Pending,
        reason: None,
        created_at: now,
        expires_at: now.plus(DAY),
        decided_at: None,
        decided_by: None,
        used_at: None,
    };
    host.app.ports.approvals.ask_approval(approval, "here", now).await.unwrap()
}

#[tokio::test]
async fn an_approval_is_decided_once_and_in_time() {
    let host = TestHost::new().await;
    let tasks = [host.submit(TASK).await, host.submit(TASK).await, host.submit(TASK).await];
    for task in &tasks {
        assert_eq!(ask(&host, task).await, Answer::Wait);
        host.clock.advance(Duration::from_millis(1));
    }
    let pending = async || {
        let list = host.get("/v1/approvals?status=pending").send().await.json();
        list["approvals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|approval| approval["taskId"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(pending().await, [json!(tasks[2]), json!(tasks[1]), json!(tasks[0])]);
    let page = host.get("/v1/approvals?limit=2").send().await.json();
    let rest = host
        .get(&format!("/v1/approvals?limit=2&cursor={}", page["nextCursor"].as_str().unwrap()))
        .send()
        .await
        .json();
    assert_eq!((&rest["approvals"][0]["taskId"], &rest["nextCursor"]), (&json!(tasks[0]), &Value::Null));
    let decide = async |task: &str, body: &str| {
        host.post(&format!("/v1/approvals/{}", id(task))).json(body).send().await
    };
    for (body, field) in [
        ("{}", "decision"),
        (r#"{"decision":"maybe"}"#, "decision"),
        (r#"{"decision":"approve","reason":1}"#, "reason"),
    ] {
        let answer = decide(&tasks[0], body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text.contains(field), "{}", answer.text);
    }
    let approved = decide(&tasks[0], r#"{"decision":"approve"}"#).await;
    assert_eq!((approved.status.as_u16(), &approved.json()["status"]), (200, &json!("approved")));
    let rejected = decide(&tasks[1], r#"{"decision":"reject","reason":"not today"}"#).await.json();
    assert_eq!(
        (&rejected["status"], &rejected["reason"], &rejected["decidedBy"]),
        (&json!("rejected"), &json!("not today"), &json!("admin"))
    );
    for task in &tasks[..2] {
        let again = decide(task, r#"{"decision":"approve"}"#).await;
        assert_eq!((again.status.as_u16(), again.code().as_str()), (409, "CONFLICT"));
    }
    assert_eq!(ask(&host, &tasks[0]).await, Answer::Granted);
    assert_eq!(ask(&host, &tasks[1]).await, Answer::Rejected(Some("not today".into())));
    host.clock.advance(DAY);
    assert_eq!(pending().await, Vec::<Value>::new());
    let late = decide(&tasks[2], r#"{"decision":"approve"}"#).await;
    assert_eq!(late.status, 409);
    assert!(late.text.contains("it is expired"), "{}", late.text);
    assert_eq!(ask(&host, &tasks[2]).await, Answer::Expired);
    let task = host.get(&format!("/v1/agents/tasks/{}?include=approvals", tasks[0])).send().await.json();
    assert_eq!(
        (&task["approvals"][0]["id"], &task["approvals"][0]["status"]),
        (&json!(id(&tasks[0])), &json!("used"))
    );
}
