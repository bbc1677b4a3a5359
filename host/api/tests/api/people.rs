//! Users, agents and keys as the API makes them.

use crate::support::TestHost;
use http::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(1);

/// A user with two agents beside `manager`, and a stranger with one.
pub(crate) struct People {
    pub(crate) user: String,
    pub(crate) user_id: String,
    pub(crate) user_key: String,
    /// The agent that requests are about.
    pub(crate) agent: String,
    pub(crate) agent_id: String,
    pub(crate) agent_key: String,
    /// Of another agent of the same user.
    pub(crate) sibling_key: String,
    pub(crate) stranger_key: String,
    pub(crate) stranger_agent_key: String,
}

impl TestHost {
    /// New people, whom no other request has touched.
    pub(crate) async fn people(&self) -> People {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let (user, stranger) = (format!("user-{number}"), format!("stranger-{number}"));
        let made = self.new_user(&user).await;
        let agents =
            self.new_agents(&user, &json!({ "agents": [{ "name": "writer" }, { "name": "reader" }] })).await;
        let stranger_key = text(&self.new_user(&stranger).await, "apiKey");
        let foreign = self.new_agents(&stranger, &json!({ "name": "writer" })).await;
        People {
            user,
            user_id: text(&made, "id"),
            user_key: text(&made, "apiKey"),
            agent: "writer".to_owned(),
            agent_id: text(&agents["agents"][0], "id"),
            agent_key: text(&agents["agents"][0], "apiKey"),
            sibling_key: text(&agents["agents"][1], "apiKey"),
            stranger_key,
            stranger_agent_key: text(&foreign, "apiKey"),
        }
    }

    pub(crate) async fn new_user(&self, name: &str) -> Value {
        let made = self.post("/api/v1/users").json(json!({ "name": name }).to_string()).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()
    }

    pub(crate) async fn new_agents(&self, user: &str, body: &Value) -> Value {
        let made = self.post(&format!("/api/v1/users/{user}/agents")).json(body.to_string()).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.json()
    }

    /// As the admin, working as that user.
    pub(crate) fn call_as(&self, user: &str, method: Method, path: &str) -> crate::support::Call<'_> {
        self.call(method, path).header("x-skep-user", user)
    }
}

/// A turn of the agent that requests are about.
pub(crate) async fn turn(host: &TestHost, people: &People) -> String {
    let path = format!("/api/v1/users/{}/agents/{}/chat/stream", people.user, people.agent);
    let body = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;
    assert_eq!(host.post(&path).json(body).open().await.status(), 200);
    let agent = people.agent_id.parse().unwrap();
    host.app.ports.rooms.list_turns(agent, 1).await.unwrap()[0].new.id.to_string()
}

/// What elizaOS has of the agent that requests are about, by what stands for it, as far as the operation names it.
pub(crate) async fn eliza_ids(
    host: &TestHost,
    people: &People,
    operation: &str,
) -> Vec<(&'static str, String)> {
    let mut ids = Vec::new();
    let made = async |path: &str, name: &str| {
        let body = json!({
            "agentId": people.agent_id, "userId": "123e4567-e89b-42d3-a456-426614174000", "content": "Hello"
        });
        let made = host.call_as(&people.user, Method::POST, path).json(body.to_string()).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        text(&made.json(), name)
    };
    if operation.contains("{sessionId}") {
        ids.push(("{sessionId}", made("/api/messaging/sessions", "sessionId").await));
    }
    if operation.contains("{jobId}") {
        ids.push(("{jobId}", made("/api/messaging/jobs", "jobId").await));
    }
    if operation.contains("{runId}") {
        made("/api/messaging/jobs", "jobId").await;
        let path = format!("/api/agents/{}/runs", people.agent_id);
        let runs = host.call_as(&people.user, Method::GET, &path).send().await.json();
        ids.push(("{runId}", text(&runs["data"]["runs"][0], "runId")));
    }
    ids
}

/// A text field.
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}
