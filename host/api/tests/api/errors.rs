//! Errors have the shape of their surface, also those that no handler raised.

use crate::support::TestHost;
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn each_surface_shapes_what_the_framework_raises() {
    let host = TestHost::new().await;
    for (path, pointer) in [
        ("/api/agent/nothing", "/code"),
        ("/api/triggers/nothing", "/code"),
        ("/agents/nothing/here", "/success"),
        ("/api/agents/x/nothing", "/error/code"),
        ("/api/messaging/nothing", "/error/code"),
        ("/v1/nothing", "/error/code"),
        ("/v1/chat/nothing", "/error/type"),
        ("/api/v1/nothing", "/error"),
        ("/nothing", "/error"),
        ("/docs/nope", "/error"),
    ] {
        let answer = host.get(path).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (404, "application/json"),
            "{path}"
        );
        assert!(answer.json().pointer(pointer).is_some(), "{path}: {}", answer.text);
        let refused = host.get(path).key(None).send().await;
        assert!(refused.json().pointer(pointer).is_some(), "{path}: {}", refused.text);
    }
    let autonomy = host.get("/api/agent/nothing").send().await.json();
    assert_eq!(autonomy.as_object().unwrap().len(), 2);
    let start = host.get("/agents/nothing/here").send().await.json();
    assert_eq!((&start["success"], start["error"].is_string()), (&json!(false), true));
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right() {
    let host = TestHost::new().await;
    for (path, allow) in [("/v1/agents/tasks", vec!["GET", "HEAD", "POST"]), ("/health", vec!["GET", "HEAD"])]
    {
        let answer = host.call(Method::DELETE, path).send().await;
        assert_eq!(answer.status, 405, "{path}");
        let mut allowed: Vec<&str> = answer.header("allow").split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed, allow, "{path}");
    }
}

#[tokio::test]
async fn problem_json_is_for_those_who_accept_it() {
    let host = TestHost::new().await;
    let accept = |value: &'static str| {
        host.post("/v1/agents/tasks").header("accept", value).json(r#"{"task":"t","capabilities":["X"]}"#)
    };
    let answer = accept("application/json;q=0.5, application/problem+json").send().await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let body = answer.json();
    assert_eq!(
        (&body["status"], &body["title"], &body["code"]),
        (&json!(400), &json!("Bad Request"), &json!("INVALID_REQUEST"))
    );
    assert_eq!(body["field"], "capabilities[0]");
    assert_eq!(body["allowed"].as_array().unwrap().len(), 7);
    for value in ["application/json", "*/*", "application/problem+json;q=0"] {
        assert_eq!(accept(value).send().await.header("content-type"), "application/json", "{value}");
    }
    // The documented body is exactly this.
    let plain: Value = accept("*/*").send().await.json();
    assert_eq!(plain["error"].as_object().unwrap().keys().collect::<Vec<_>>(), ["code", "message"]);
}

#[tokio::test]
async fn a_request_id_comes_back_or_is_made() {
    let host = TestHost::new().await;
    assert_eq!(
        host.get("/health").header("x-request-id", "abc-1").send().await.header("x-request-id"),
        "abc-1"
    );
    for bad in ["", "has space", &"x".repeat(129)] {
        let made = host.get("/nothing").header("x-request-id", bad).send().await;
        assert_eq!(made.header("x-request-id").len(), 32, "{bad}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let host = TestHost::new().await;
    let answer = host.get("/v1/info").header("x-filler", &"x".repeat(40 << 10)).send().await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "TOO_LARGE"));
}

#[tokio::test]
async fn a_path_that_is_not_text_is_a_bad_request() {
    let host = TestHost::new().await;
    assert_eq!(host.get("/v1/agents/%ff/status").send().await.status, 400);
    assert_eq!(host.get("/v1/agents/%2e%2e/status").send().await.status, 404);
}

#[tokio::test]
async fn a_handler_that_takes_too_long_is_503_without_its_cause() {
    let host = TestHost::with(|settings| settings.timeout = std::time::Duration::from_millis(20)).await;
    // A body of which nothing comes.
    let silence = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
    let path = "/v1/agents/tasks/task_000000000000/cancel";
    let answer = host.post(path).raw(axum::body::Body::from_stream(silence)).send().await;
    assert_eq!(answer.status, 503);
    let error = json!({ "code": "SERVICE_UNAVAILABLE", "message": "service unavailable: try again later" });
    assert_eq!(answer.json(), json!({ "error": error }));
}
