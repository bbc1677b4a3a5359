//! What the framework raises, in each surface's own shape and as problem+json: a table of surfaces and failures, and every route.

use crate::every_route::Case;
use crate::rules::rules;
use crate::support::{Answer, Call, TestHost, live_personality};
use app::ports::keys::{Account, KeyRow, Keys};
use app::ports::store_error::StoreError;
use axum::body::Body;
use bytes::Bytes;
use domain::caller::KeyKind;
use domain::id::UserId;
use domain::time::Timestamp;
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const AUTONOMY: &str = r#"{"code":"","error":""}"#;
const START: &str = r#"{"error":"","success":""}"#;
const ELIZA: &str = r#"{"error":{"code":"","message":""},"success":""}"#;
const AUTONOMA: &str = r#"{"error":{"code":"","message":""}}"#;
const OPENAI: &str = r#"{"error":{"code":"","message":"","type":""}}"#;
const RPC: &str = r#"{"error":{"code":"","message":""},"id":"","jsonrpc":""}"#;
const PLAIN: &str = r#"{"error":""}"#;

/// Prefixes of api.md and the keys of their errors; the longest comes first.
const SHAPES: [(&str, &str); 13] = [
    ("/api/messaging", ELIZA),
    ("/api/triggers", AUTONOMY),
    ("/api/agents", ELIZA),
    ("/api/memory", ELIZA),
    ("/api/server", ELIZA),
    ("/api/agent", AUTONOMY),
    ("/v1/models", OPENAI),
    ("/v1/chat", OPENAI),
    ("/api/v1", PLAIN),
    ("/agents", START),
    ("/mcp", RPC),
    ("/v1", AUTONOMA),
    ("", PLAIN),
];

/// Paths that only begin like a surface, and the keys of the errors that are right for them.
const LOOKALIKES: [(&str, &str); 16] = [
    ("/api/agentsx", PLAIN),
    ("/api/agentx/autonomy", PLAIN),
    ("/api/agent-autonomy", PLAIN),
    ("/api/messagingx", PLAIN),
    ("/api/triggersx", PLAIN),
    ("/api/memoryx", PLAIN),
    ("/api/serverx/ping", PLAIN),
    ("/api/v1x", PLAIN),
    ("/api/v10/users", PLAIN),
    ("/agentsfoo", PLAIN),
    ("/agentsfoo/start", PLAIN),
    ("/v1x", PLAIN),
    ("/v10/agents/tasks", PLAIN),
    ("/mcpx", PLAIN),
    ("/v1/chatx", AUTONOMA),
    ("/v1/modelsx", AUTONOMA),
];

fn shape_of(path: &str) -> &'static str {
    let has = |prefix: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| prefix.is_empty() || rest.is_empty() || rest.starts_with('/'))
    };
    SHAPES.iter().find(|(prefix, _)| has(prefix)).unwrap().1
}

/// The keys of a body, in their order, without its values.
fn keys_of(value: &Value) -> String {
    fn blank(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let mut names: Vec<&String> = fields.keys().collect();
                names.sort_unstable();
                Value::Object(names.into_iter().map(|name| (name.clone(), blank(&fields[name]))).collect())
            }
            _ => json!(""),
        }
    }
    blank(value).to_string()
}

/// The status, and the body that is right for the path: plain and as problem+json.
async fn assert_refused(call: impl Fn() -> Call<'static>, path: &str, status: u16, shape: &str) -> Answer {
    let plain = call().send().await;
    assert_eq!((plain.status.as_u16(), plain.header("content-type")), (status, "application/json"), "{path}");
    assert_eq!(keys_of(&plain.json()), shape, "{path}: {}", plain.text);
    assert!(!plain.text.contains("hunter2"), "{path}: {}", plain.text);
    assert!(!plain.header("x-request-id").is_empty(), "{path}");
    let problem = call().header("accept", "application/problem+json").send().await;
    assert_eq!(problem.status, status, "{path}");
    if path.starts_with("/api/v1/") && status >= 500 {
        assert_eq!(problem.text, r#"{"error":"internal server error"}"#, "{path}");
    } else {
        assert_eq!(problem.header("content-type"), "application/problem+json", "{path}");
        let body = problem.json();
        assert_eq!(
            (&body["status"], &body["type"]),
            (&json!(status), &json!("about:blank")),
            "{path}: {body}"
        );
        for field in ["title", "detail", "code"] {
            assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{path}: {body}");
        }
    }
    if status == 401 {
        assert_eq!(plain.header("www-authenticate"), "Bearer", "{path}");
    }
    plain
}

/// A host for a whole test program, so that calls to it can be made again.
fn kept(host: TestHost) -> &'static TestHost {
    Box::leak(Box::new(host))
}

#[tokio::test]
async fn every_surface_shapes_every_failure_that_needs_no_route() {
    let host = kept(TestHost::new().await);
    for (prefix, shape) in SHAPES {
        let path = format!("{prefix}/nothing/at/all");
        for slashes in ["", "/", "//"] {
            let path = format!("{path}{slashes}");
            assert_refused(|| host.get(&path), &path, 404, shape).await;
        }
        assert_refused(|| host.get(&path).key(None), &path, 401, shape).await;
        assert_refused(|| host.get(&path).host_header("evil.example"), &path, 421, shape).await;
        assert_refused(|| host.get(&path).header("origin", "https://evil.example"), &path, 403, shape).await;
        assert_refused(|| host.get(&path).header("x-filler", &"x".repeat(40 << 10)), &path, 413, shape).await;
        assert_refused(|| host.post(&path).json("{}").header("idempotency-key", ""), &path, 400, shape).await;
    }
}

#[tokio::test]
async fn what_only_begins_like_a_surface_is_none() {
    let host = kept(TestHost::new().await);
    for (path, shape) in LOOKALIKES {
        assert_eq!(shape_of(path), shape, "{path}");
        assert_refused(|| host.get(path), path, 404, shape).await;
        assert_refused(|| host.post(path).key(None), path, 401, shape).await;
    }
}

#[tokio::test]
async fn a_panic_is_a_500_without_its_cause_on_every_surface() {
    let host = kept(breaking().await);
    for (prefix, shape) in SHAPES {
        let path = format!("{prefix}/nothing");
        assert_refused(|| host.get(&path), &path, 500, shape).await;
    }
    assert_eq!(host.get("/health").send().await.status, 200, "the process goes on");
}

#[tokio::test]
async fn every_route_says_which_methods_it_takes_in_its_surfaces_shape() {
    let host = kept(TestHost::new().await);
    for operation in rules().keys() {
        let path = operation.split_once(' ').unwrap().1;
        let path: Vec<&str> =
            path.split('/').map(|segment| if segment.starts_with('{') { "x" } else { segment }).collect();
        let path = path.join("/");
        let brew = Method::from_bytes(b"BREW").unwrap();
        let answer = assert_refused(|| host.call(brew.clone(), &path), &path, 405, shape_of(&path)).await;
        let method = operation.split_once(' ').unwrap().0;
        assert!(answer.header("allow").split(',').any(|allowed| allowed.trim() == method), "{operation}");
    }
}

#[tokio::test]
async fn every_route_with_a_json_body_refuses_what_is_none() {
    let host = kept(
        TestHost::with(|settings| {
            settings.timeout = Duration::from_millis(300);
            settings.body_limit = 1 << 16;
        })
        .await,
    );
    live_personality(&host.app, "coder-ai");
    let mut seen = 0;
    for (operation, rule) in rules() {
        if !rule.body.starts_with('{') {
            continue;
        }
        let case = Case::new(host, operation, &rule).await;
        let (path, shape) = (case.path.clone(), shape_of(&case.path));
        let method: Method = operation.split_once(' ').unwrap().0.parse().unwrap();
        let call = || host.call_as(&case.people.user, method.clone(), &path);
        assert_refused(|| call().json("{"), &path, 400, shape).await;
        assert_refused(|| call().json("[]"), &path, 400, shape).await;
        assert_refused(|| call().json(r#"{"a":1"#), &path, 400, shape).await;
        let plain = || call().header("content-type", "text/plain").raw(case.body.clone());
        assert_refused(plain, &path, 415, shape).await;
        assert_refused(|| call().json(format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 16))), &path, 413, shape)
            .await;
        let never = || Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
        assert_refused(|| call().header("content-type", "application/json").raw(never()), &path, 503, shape)
            .await;
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}

/// A host in which a part panics that every request with a key needs.
pub(crate) async fn breaking() -> TestHost {
    let broken = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&broken);
    let host = TestHost::with_ports(
        |ports| ports.keys = Arc::new(Breaking { inner: Arc::clone(&ports.keys), broken: flag }),
        |_| {},
    )
    .await;
    broken.store(true, Ordering::SeqCst);
    host
}

struct Breaking {
    inner: Arc<dyn Keys>,
    broken: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl Keys for Breaking {
    async fn ensure_account(&self, account: Account, now: Timestamp) -> Result<Account, StoreError> {
        self.inner.ensure_account(account, now).await
    }

    async fn find_account(&self, name: &str) -> Result<Option<Account>, StoreError> {
        self.inner.find_account(name).await
    }

    async fn get_account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.inner.get_account(user).await
    }

    async fn find_key(&self, id: &str) -> Result<Option<KeyRow>, StoreError> {
        assert!(!self.broken.load(Ordering::SeqCst), "the password is hunter2");
        self.inner.find_key(id).await
    }

    async fn insert_key(&self, key: KeyRow, now: Timestamp) -> Result<(), StoreError> {
        self.inner.insert_key(key, now).await
    }

    async fn delete_key(&self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        self.inner.delete_key(id, now).await
    }

    async fn list_keys_of(&self, kind: KeyKind) -> Result<Vec<KeyRow>, StoreError> {
        self.inner.list_keys_of(kind).await
    }
}
