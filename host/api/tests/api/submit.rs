//! Bad input of `POST /v1/agents/tasks`: a precise error each, and nothing stored.

use crate::support::TestHost;
use serde_json::{Value, json};

#[tokio::test]
async fn bad_input_is_refused_by_field_and_stores_nothing() {
    let host = TestHost::new().await;
    let outside = host.folder.path().to_str().unwrap().to_owned();
    let long = "x".repeat(32_769);
    let valid = |change: Value| {
        let mut body = json!({ "task": "t", "capabilities": ["BUILD"] });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    for (body, status, part) in [
        (json!({}), 400, "task is required"),
        (
            json!({ "task": "t" }),
            400,
            "capabilities is required: a list of BUILD, OPERATE, SECURE, PLATFORM, EVOLVE, OPTIMIZE, GOVERN",
        ),
        (valid(json!({ "task": null })), 400, "task is required"),
        (valid(json!({ "task": 7 })), 400, "task must be a string, not a number"),
        (valid(json!({ "task": "" })), 400, "1 to 32768 characters"),
        (valid(json!({ "task": "  \n" })), 400, "1 to 32768 characters"),
        (valid(json!({ "task": long })), 400, "it has 32769"),
        (valid(json!({ "task": "a\u{0}b" })), 400, "NUL"),
        (valid(json!({ "capabilities": "BUILD" })), 400, "capabilities must be a list"),
        (valid(json!({ "capabilities": [] })), 400, "1 to 7 entries"),
        (valid(json!({ "capabilities": ["BUILD", "BUILD"] })), 400, "capabilities[1] repeats BUILD"),
        (
            valid(json!({ "capabilities": ["BUILD", "build"] })),
            400,
            "capabilities[1] must be one of BUILD, OPERATE",
        ),
        (valid(json!({ "capabilities": ["BUILD", 3] })), 400, "capabilities[1] must be a string"),
        (
            valid(
                json!({ "capabilities": ["BUILD", "OPERATE", "SECURE", "PLATFORM", "EVOLVE", "OPTIMIZE", "GOVERN", "BUILD"] }),
            ),
            400,
            "it has 8",
        ),
        (
            valid(json!({ "intelligence": "mega" })),
            400,
            "intelligence must be one of core, pro, ultra, not \\\"mega\\\"",
        ),
        (valid(json!({ "intelligence": 1 })), 400, "intelligence must be a string"),
        (valid(json!({ "scope": "MVP" })), 400, "scope must be one of demo, poc, mvp, product, production"),
        (valid(json!({ "priority": "urgent" })), 400, "priority must be one of low, normal, high"),
        (valid(json!({ "source": "" })), 400, "source"),
        (valid(json!({ "source": [] })), 400, "source must be a string, not a list"),
        (valid(json!({ "source": outside })), 400, "source"),
        (valid(json!({ "source": "../.." })), 400, "source"),
        (valid(json!({ "source": "/etc" })), 400, "source"),
        (valid(json!({ "source": "ftp://example.com/x" })), 400, "unknown scheme \\\"ftp\\\""),
        (valid(json!({ "source": "ssh://git@example.com/x" })), 400, "unknown scheme"),
        (valid(json!({ "source": "git@example.com:x.git" })), 400, "ssh"),
        (valid(json!({ "source": "file:///etc" })), 400, "source"),
        (valid(json!({ "source": "http://127.0.0.1/x.git" })), 400, "source"),
        (valid(json!({ "source": "https://example.com/x.git#" })), 400, "#ref"),
        (valid(json!({ "callbackUrl": 5 })), 400, "callbackUrl must be a string"),
        (valid(json!({ "callbackUrl": "not a url" })), 422, "callbackUrl"),
        (valid(json!({ "callbackUrl": "http://example.com/hook" })), 422, "callbackUrl"),
        (valid(json!({ "callbackUrl": "https://user:pass@example.com/" })), 422, "callbackUrl"),
        (valid(json!({ "callbackUrl": "https://127.0.0.1/hook" })), 422, "callbackUrl"),
        (valid(json!({ "callbackUrl": "https://10.0.0.7/hook" })), 422, "callbackUrl"),
        (valid(json!({ "callbackUrl": "https://[::1]/hook" })), 422, "callbackUrl"),
        (valid(json!({ "callbackUrl": "https://169.254.169.254/latest" })), 422, "callbackUrl"),
        (valid(json!({ "callbackUrl": "ftp://example.com/" })), 422, "callbackUrl"),
    ] {
        let answer = host.post("/v1/agents/tasks").json(body.to_string()).send().await;
        let shown = body.to_string().chars().take(200).collect::<String>();
        assert_eq!(answer.status, status, "{shown}: {}", answer.text);
        assert!(answer.text.contains(part), "{shown}: {}", answer.text);
        let code = if status == 400 { "INVALID_REQUEST" } else { "UNPROCESSABLE" };
        assert_eq!(answer.code(), code, "{shown}");
    }
    assert_eq!(host.get("/v1/agents/tasks").send().await.json(), json!({ "tasks": [], "nextCursor": null }));
}

#[tokio::test]
async fn bodies_follow_the_rules_of_all_surfaces() {
    let host = TestHost::new().await;
    let post = || host.post("/v1/agents/tasks");
    // No body is `{}`, also with a content type.
    for call in [
        post(),
        post().header("content-type", "application/json"),
        post().header("content-type", "text/plain"),
    ] {
        let answer = call.send().await;
        assert_eq!(
            (
                answer.status.as_u16(),
                answer.json()["error"]["message"].as_str().unwrap().starts_with("task is required")
            ),
            (400, true)
        );
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let answer = post().header("content-type", kind).raw(crate::support::TASK).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{kind}"
        );
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"] {
        assert_eq!(
            post().header("content-type", kind).raw(crate::support::TASK).send().await.status,
            202,
            "{kind}"
        );
    }
    assert_eq!(post().raw(crate::support::TASK).send().await.status, 202);
    for (body, part) in [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ("\"x\"", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("\u{fffd}", "not JSON"),
    ] {
        let answer = post().json(body).send().await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text.contains(part), "{body}: {}", answer.text);
    }
    // Unknown fields are ignored.
    assert_eq!(
        post().json(r#"{"task":"t","capabilities":["BUILD"],"unknown":{"deep":[1]}}"#).send().await.status,
        202
    );
    let large = format!("{{\"task\":\"{}\"}}", "x".repeat(1 << 20));
    let answer = post().json(large).send().await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "TOO_LARGE"));
    assert!(answer.text.contains("1048576"), "{}", answer.text);
}

#[tokio::test]
async fn good_input_is_stored_with_its_values_and_defaults() {
    let host = TestHost::new().await;
    let id = host
        .submit(r#"{"task":"é","capabilities":["GOVERN","SECURE"],"intelligence":"ultra","scope":"production","priority":"high","source":"https://example.com/x.git#main"}"#)
        .await;
    let (task, _) = host.claim().await;
    assert_eq!(task.new.id.as_str(), id);
    assert_eq!(task.new.priority, 20);
    assert_eq!(
        task.new.input["source"],
        json!({ "git": { "url": "https://example.com/x.git", "reference": "main" } })
    );
    let second = host
        .submit(r#"{"task":"t","capabilities":["BUILD"],"scope":null,"source":null,"callbackUrl":null}"#)
        .await;
    let (task, _) = host.claim().await;
    assert_eq!(task.new.id.as_str(), second);
    assert_eq!(
        (&task.new.input["scope"], &task.new.input["intelligence"], task.new.priority),
        (&json!("mvp"), &json!("core"), 10)
    );
}

#[tokio::test]
async fn a_folder_is_in_the_workspace_before_the_task_is_accepted() {
    let host = TestHost::new().await;
    let request = json!({ "task": "t", "capabilities": ["BUILD"], "source": host.project() });
    let id = host.submit(&request.to_string()).await;
    let files = host.app.ports.workspaces.list_base(&id.parse().unwrap()).await.unwrap();
    assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["main.py"]);
    let content = host.app.ports.blobs.find_blob(files[0].blob).await.unwrap().unwrap();
    assert_eq!(content, "print('hello')\n");
}

#[tokio::test]
async fn a_stopping_host_takes_nothing() {
    let host = TestHost::new().await;
    host.draining.send(true).unwrap();
    let answer = host.post("/v1/agents/tasks").json(crate::support::TASK).send().await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "5"));
    assert_eq!(host.get("/readyz").key(None).send().await.status, 503);
    assert_eq!(host.get("/health").key(None).send().await.status, 200);
}
