//! Document Start agent.

use crate::people::text;
use crate::support::{START, TestHost};
use domain::effect::{CallError, ErrorKind};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// The started agent `manager` of the user `default`.
async fn manager(host: &TestHost) -> String {
    text(&host.get("/api/v1/users/default/agents/manager").send().await.json(), "id")
}

/// A stopped agent of the user `default`.
async fn stopped(host: &TestHost) -> String {
    let id = text(&host.new_agents("default", &json!({ "name": "writer" })).await, "id");
    assert_eq!(host.post(&format!("/agents/{id}/stop")).send().await.status, 200);
    id
}

#[tokio::test]
async fn a_start_answers_as_the_document_shows() {
    let host = TestHost::new().await;
    let id = stopped(&host).await;
    for (body, autonomy) in [
        ("{}", false),
        ("", false),
        (r#"{"enableAutonomy":true}"#, true),
        (r#"{"enableAutonomy":false}"#, false),
        (r#"{"settings":{"temperature":0.8,"maxTokens":2000}}"#, false),
        (r#"{"enableAutonomy":true,"settings":{}}"#, true),
    ] {
        let started = host.post(&format!("/agents/{id}/start")).json(body).send().await;
        assert_eq!(started.status, 200, "{body}: {}", started.text);
        assert_eq!(
            started.json(),
            json!({
                "success": true,
                "message": "Agent started successfully",
                "data": { "agentId": id, "status": "active", "startedAt": START.0, "enableAutonomy": autonomy },
            }),
            "{body}"
        );
        let stopped = host.post(&format!("/agents/{id}/stop")).send().await;
        assert_eq!(
            (stopped.status.as_u16(), stopped.json()),
            (
                200,
                json!({
                    "success": true, "message": "Agent stopped successfully",
                    "data": { "agentId": id, "status": "inactive" },
                })
            )
        );
    }
}

#[tokio::test]
async fn errors_are_those_of_the_document() {
    let host = TestHost::new().await;
    let (running, stopped) = (manager(&host).await, stopped(&host).await);
    let unknown = "550e8400-e29b-41d4-a716-446655440000";
    for (path, body, status, message) in [
        (format!("/agents/{unknown}/start"), "{}", 404, "Agent not found"),
        (format!("/agents/{running}/start"), "{}", 409, "Agent is already running"),
        ("/agents/not-a-uuid/start".to_owned(), "{}", 400, "Invalid agent ID format"),
        ("/agents/manager/start".to_owned(), "{}", 400, "Invalid agent ID format"),
        (format!("/agents/{}/start", unknown.replace('-', "")), "{}", 400, "Invalid agent ID format"),
        ("/agents/manager/stop".to_owned(), "{}", 400, "Invalid agent ID format"),
        (format!("/agents/{unknown}/stop"), "{}", 404, "Agent not found"),
        (format!("/agents/{stopped}/stop"), "{}", 409, "Agent is not running"),
        (
            format!("/agents/{stopped}/start"),
            r#"{"enableAutonomy":"true"}"#,
            400,
            "enableAutonomy must be a boolean",
        ),
        (
            format!("/agents/{stopped}/start"),
            r#"{"enableAutonomy":null}"#,
            400,
            "enableAutonomy must be a boolean",
        ),
        (
            format!("/agents/{stopped}/start"),
            r#"{"enableAutonomy":1}"#,
            400,
            "enableAutonomy must be a boolean",
        ),
        (format!("/agents/{stopped}/start"), r#"{"settings":[]}"#, 400, "settings must be an object"),
        (
            format!("/agents/{stopped}/start"),
            r#"{"settings":{"temperature":2.5}}"#,
            400,
            "settings.temperature must be a number from 0 to 2",
        ),
        (
            format!("/agents/{stopped}/start"),
            r#"{"settings":{"model":"gpt-9"}}"#,
            400,
            "settings.model must be one of core, pro, ultra",
        ),
    ] {
        let answer = host.post(&path).json(body).send().await;
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.text);
        assert_eq!(answer.json(), json!({ "success": false, "error": message }), "{path} {body}");
    }
    assert_eq!(host.get("/agents/manager").send().await.status, 400);
    assert_eq!(host.get(&format!("/agents/{unknown}")).send().await.status, 404);
    let read = host.get(&format!("/agents/{stopped}")).send().await.json();
    assert_eq!((&read["status"], &read["data"]["settings"]), (&json!("inactive"), &json!({})));
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_agent_stopped_and_says_little() {
    let host = TestHost::new().await;
    let id = stopped(&host).await;
    for kind in [ErrorKind::Denied, ErrorKind::NotFound, ErrorKind::Permanent] {
        *host.illness.lock().unwrap() = Some(CallError::new(kind, "x", "the password is hunter2"));
        let answer = host.post(&format!("/agents/{id}/start")).send().await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.json(), json!({ "success": false, "error": "Failed to start agent runtime" }));
        let problem = host.post(&format!("/agents/{id}/start")).header("accept", "application/problem+json");
        let problem = problem.send().await;
        assert_eq!(
            (&problem.json()["code"], problem.text.contains("hunter2")),
            (&json!("START_ERROR"), false)
        );
        assert_eq!(host.get(&format!("/agents/{id}")).send().await.json()["status"], "inactive");
        let deploy = host.get("/api/v1/users/default/deploy/status").send().await.json();
        assert_eq!(
            deploy["agents"][1],
            json!({ "name": "writer", "status": "failed", "progress": 40, "step": "connect" })
        );
    }
    // A stored configuration that this host does not understand fails the step that loads it.
    *host.illness.lock().unwrap() = None;
    let agent = id.parse().unwrap();
    let bad = json!({ "model": "gpt-9" });
    assert!(host.app.ports.agents.set_config(agent, &json!({}), &bad, None, host.now()).await.unwrap());
    assert_eq!(host.post(&format!("/agents/{id}/start")).send().await.status, 500);
    let deploy = host.get("/api/v1/users/default/deploy/status").send().await.json();
    assert_eq!(
        (&deploy["agents"][1]["step"], &deploy["agents"][1]["progress"]),
        (&json!("load"), &json!(20))
    );
    assert!(host.app.ports.agents.set_config(agent, &bad, &json!({}), None, host.now()).await.unwrap());
    // A model that only does not answer now is waited for by the turns that need it.
    *host.illness.lock().unwrap() = Some(CallError::new(ErrorKind::Unavailable, "down", "down"));
    assert_eq!(host.post(&format!("/agents/{id}/start")).send().await.status, 200);
}

#[tokio::test]
async fn of_concurrent_starts_one_is_200() {
    let host = TestHost::new().await;
    let id = stopped(&host).await;
    let path = format!("/agents/{id}/start");
    let calls = (0..12).map(|_| host.post(&path).send());
    let answers = futures_util::future::join_all(calls).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[11]), (200, 409, 409), "{statuses:?}");
    let deploy = host.get("/api/v1/users/default/deploy/status").send().await.json();
    assert_eq!(deploy["status"], "ready");
}

#[tokio::test]
async fn agents_are_read_with_what_their_start_gave() {
    let host = TestHost::new().await;
    let id = stopped(&host).await;
    let settings = json!({ "temperature": 0.8, "maxTokens": 2000, "voice": { "pitch": "low" } });
    let body = json!({ "enableAutonomy": true, "settings": settings }).to_string();
    assert_eq!(host.post(&format!("/agents/{id}/start")).json(body).send().await.status, 200);
    let data = json!({
        "id": id, "agentId": id, "name": "writer", "status": "active", "startedAt": START.0, "enableAutonomy": true,
        "settings": settings,
    });
    let read = host.get(&format!("/agents/{id}")).send().await.json();
    assert_eq!(read, json!({ "success": true, "status": "active", "data": data }));
    let listed = host.get("/agents").send().await.json();
    assert_eq!((&listed["success"], &listed["data"]["agents"][1]), (&json!(true), &data));
    assert_eq!(listed["data"]["agents"].as_array().unwrap().len(), 2);
    // The stop forgets them.
    host.post(&format!("/agents/{id}/stop")).send().await;
    let read = host.get(&format!("/agents/{id}")).send().await.json();
    assert_eq!(
        (&read["data"]["settings"], &read["data"]["startedAt"], &read["data"]["enableAutonomy"]),
        (&json!({}), &Value::Null, &json!(false))
    );
    // Each key lists what it may see.
    let people = host.people().await;
    let listed =
        async |key: &str| host.get("/agents").key(Some(key)).send().await.json()["data"]["agents"].clone();
    assert_eq!(listed(&people.user_key).await.as_array().unwrap().len(), 3);
    assert_eq!(listed(&people.agent_key).await.as_array().unwrap().len(), 1);
    assert_eq!(listed(&people.stranger_key).await.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn status_and_settings_survive_a_restart_of_the_host_and_a_stopped_manager_stays_stopped() {
    let host = TestHost::new().await;
    let id = stopped(&host).await;
    let body = r#"{"enableAutonomy":true,"settings":{"temperature":1.5,"voice":"alto"}}"#;
    assert_eq!(host.post(&format!("/agents/{id}/start")).json(body).send().await.status, 200);
    let manager = manager(&host).await;
    assert_eq!(host.post(&format!("/agents/{manager}/stop")).send().await.status, 200);
    let before = host.get("/agents").send().await.json();
    // A start that the host did not live to end.
    let half = text(&host.new_agents("default", &json!({ "name": "half" })).await, "id");
    assert_eq!(host.post(&format!("/agents/{half}/stop")).send().await.status, 200);
    let deploy = domain::agent::Deploy {
        state: domain::agent::DeployState::Deploying,
        step: "connect".into(),
        percent: 40,
    };
    host.app.ports.agents.set_deploy(half.parse().unwrap(), &deploy).await.unwrap();
    let host = host.restart().await;
    let deploy = host.get("/api/v1/users/default/deploy/status").send().await.json();
    assert_eq!(
        (&deploy["status"], &deploy["agents"][1]),
        (&json!("failed"), &json!({ "name": "half", "status": "failed", "progress": 40, "step": "connect" }))
    );
    host.call(Method::DELETE, "/api/v1/users/default/agents/half").send().await;
    assert_eq!(host.get("/agents").send().await.json(), before);
    let config = host.app.ports.agents.find_agent(
        text(&host.get("/api/v1/users/default").send().await.json(), "id").parse().unwrap(),
        id.parse().unwrap(),
    );
    let config = config.await.unwrap().unwrap().configuration().unwrap();
    assert_eq!(config.temperature, Some(1.5), "they are in force");
}

#[tokio::test]
async fn the_manager_is_started_at_first_start_and_again_after_a_start_that_failed() {
    let host = TestHost::new().await;
    let id = manager(&host).await;
    assert_eq!(host.get(&format!("/agents/{id}")).send().await.json()["status"], "active");
    assert_eq!(host.post(&format!("/agents/{id}/stop")).send().await.status, 200);
    *host.illness.lock().unwrap() = Some(CallError::new(ErrorKind::Denied, "x", "x"));
    assert_eq!(host.post(&format!("/agents/{id}/start")).send().await.status, 500);
    *host.illness.lock().unwrap() = None;
    app::accounts::ensure_default(&Arc::clone(&host.app), None, Ok).await.unwrap();
    assert_eq!(host.get(&format!("/agents/{id}")).send().await.json()["status"], "active");
}

#[tokio::test]
async fn an_admin_works_on_the_agents_of_the_user_that_it_names() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let path = format!("/agents/{}", people.agent_id);
    assert_eq!(host.get(&path).send().await.status, 404, "it is the user `default`");
    assert_eq!(host.call_as(&people.user, Method::GET, &path).send().await.status, 200);
}
