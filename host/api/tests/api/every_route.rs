//! Every route of the OpenAPI document: without a key, with a bad key, well used, and with bad input. A route without a rule fails here.

use crate::support::{TASK, TestHost, live_personality};
use app::ports::journal::FollowUps;
use domain::task::{Outcome, TaskFailure};
use http::Method;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a route must do.
struct Rule {
    /// No key is needed.
    open: bool,
    /// Status when it is well used.
    ok: u16,
    /// Its body then.
    body: &'static str,
    /// Bad input: a query or another path, a body, the status. None where nothing can be bad.
    bad: Option<(&'static str, &'static str, u16)>,
}

const fn open() -> Rule {
    Rule { open: true, ok: 200, body: "", bad: None }
}

const fn keyed(bad: Option<(&'static str, &'static str, u16)>) -> Rule {
    Rule { open: false, ok: 200, body: "", bad }
}

fn rules() -> BTreeMap<&'static str, Rule> {
    const MISSING: &str = "/v1/agents/tasks/task_000000000000";
    BTreeMap::from([
        ("GET /health", open()),
        ("GET /healthz", open()),
        ("GET /api/v1/health", open()),
        ("GET /readyz", open()),
        ("GET /openapi.json", open()),
        ("GET /metrics", keyed(None)),
        (
            "POST /v1/agents/tasks",
            Rule { open: false, ok: 202, body: TASK, bad: Some(("/v1/agents/tasks", r#"{"task":1}"#, 400)) },
        ),
        ("GET /v1/agents/tasks", keyed(Some(("/v1/agents/tasks?limit=0", "", 400)))),
        ("GET /v1/agents/tasks/{taskId}", keyed(Some((MISSING, "", 404)))),
        ("POST /v1/agents/tasks/{taskId}/cancel", keyed(Some(("/v1/agents/tasks/nonsense/cancel", "", 404)))),
        (
            "GET /v1/agents/tasks/{taskId}/events",
            keyed(Some(("/v1/agents/tasks/task_000000000000/events", "", 404))),
        ),
        (
            "GET /v1/agents/tasks/{taskId}/journal",
            keyed(Some(("/v1/agents/tasks/task_000000000000/journal", "", 404))),
        ),
        (
            "POST /v1/agents/tasks/{taskId}/replay",
            keyed(Some(("/v1/agents/tasks/task_000000000000/replay", "", 404))),
        ),
        ("GET /v1/agents/list", keyed(None)),
        ("GET /v1/agents/{id}/status", keyed(Some(("/v1/agents/nobody-ai/status", "", 404)))),
        ("GET /v1/agents/orchestrator/coordination", keyed(None)),
        ("GET /v1/health", keyed(None)),
        ("GET /v1/info", keyed(None)),
        ("GET /v1/admin/plugins", keyed(None)),
    ])
}

fn operations() -> BTreeSet<String> {
    let document = api::document();
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, item): (&String, &Value)| {
        let methods: Vec<String> = item
            .as_object()
            .unwrap()
            .keys()
            .map(|method| format!("{} {path}", method.to_uppercase()))
            .collect();
        methods
    };
    paths.iter().flat_map(of).collect()
}

#[test]
fn every_route_has_a_rule_and_every_rule_a_route() {
    let named: BTreeSet<String> = rules().keys().map(ToString::to_string).collect();
    assert_eq!(operations(), named);
}

#[tokio::test]
async fn every_route_refuses_the_unknown_and_bad_input_and_answers_the_rest() {
    let host = TestHost::new().await;
    live_personality(&host.app, "coder-ai");
    for (operation, rule) in rules() {
        // Its own, so that a cancelled one is not cancelled again.
        let task = host.submit(TASK).await;
        if operation.ends_with("/replay") {
            end(&host, &task).await;
        }
        let (method, template) = operation.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        let path = template.replace("{taskId}", &task).replace("{id}", "coder-ai");

        for key in [None, Some("skep_aaaaaaaaaaaa_wrong"), Some(""), Some("Bearer")] {
            let answer = host.call(method.clone(), &path).key(key).json(rule.body).send().await;
            if rule.open {
                assert_eq!(answer.status, rule.ok, "{operation} {key:?}");
            } else {
                assert_eq!(answer.status, 401, "{operation} {key:?}");
                assert_eq!(answer.header("www-authenticate"), "Bearer", "{operation}");
                assert!(!answer.json()["error"].is_null(), "{operation}");
            }
        }

        // A stream is not read to its end here: its head says enough.
        let ok = host.call(method.clone(), &path).json(rule.body).open().await;
        assert_eq!(ok.status(), rule.ok, "{operation}");
        assert!(ok.headers().contains_key("x-request-id"), "{operation}");
        assert_eq!(ok.headers()["x-content-type-options"], "nosniff", "{operation}");

        if let Some((path, body, status)) = rule.bad {
            let answer = host.call(method.clone(), path).json(body).send().await;
            assert_eq!(answer.status, status, "{operation}: {}", answer.text);
            assert!(!answer.code().is_empty(), "{operation}: {}", answer.text);
        }

        let slashed = host.call(method.clone(), &format!("{path}/")).json(rule.body).open().await;
        assert!(slashed.status().is_success(), "{operation}/");
        let wrong = host.call(Method::PATCH, &path).send().await;
        assert_eq!(wrong.status, 405, "{operation}");
        assert!(wrong.header("allow").contains(method.as_str()), "{operation}: {:?}", wrong.header("allow"));
    }
}

/// Let a task fail, as a worker would.
async fn end(host: &TestHost, id: &str) {
    loop {
        let (task, lease) = host.claim().await;
        let failure = TaskFailure {
            code: "X".into(),
            message: "x".into(),
            agent: None,
            phase: None,
            details: Value::Null,
        };
        let outcome = Outcome::Failed(failure);
        host.app.ports.journal.finish(&lease, outcome, FollowUps::default(), host.now()).await.unwrap();
        if task.new.id.as_str() == id {
            return;
        }
    }
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let host = TestHost::new().await;
    let head = host.call(Method::HEAD, "/v1/info").send().await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(head.header("content-type"), "application/json");
    assert_eq!(host.call(Method::HEAD, "/v1/info").key(None).send().await.status, 401);
}

#[tokio::test]
async fn a_key_is_taken_from_three_headers_and_the_first_one_counts() {
    let host = TestHost::new().await;
    let admin = host.admin.clone();
    for name in ["x-api-key", "x-eliza-token"] {
        assert_eq!(host.get("/v1/info").key(None).header(name, &admin).send().await.status, 200, "{name}");
        assert_eq!(
            host.get("/v1/info").key(Some("wrong")).header(name, &admin).send().await.status,
            401,
            "{name}"
        );
    }
    assert_eq!(
        host.get("/v1/info")
            .key(None)
            .header("authorization", &format!("bearer {admin}"))
            .send()
            .await
            .status,
        200
    );
    assert_eq!(host.get("/v1/info").key(None).header("authorization", "Basic eDp5").send().await.status, 401);
    assert_eq!(
        host.get("/v1/info")
            .key(None)
            .header("x-api-key", "wrong")
            .header("x-eliza-token", &admin)
            .send()
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn without_a_key_unknown_paths_are_401_and_with_one_404() {
    let host = TestHost::new().await;
    for path in [
        "/v1/nothing",
        "/api/agent/nothing",
        "/agents/nothing",
        "/api/agents/nothing",
        "/api/v1/nothing",
        "/nothing",
        "/",
    ] {
        assert_eq!(host.get(path).key(None).send().await.status, 401, "{path}");
        assert_eq!(host.get(path).send().await.status, 404, "{path}");
    }
}
