//! Agents, health, info, plugins.

use crate::support::{TASK, TestHost, add_personality, live_personality};
use app::ports::journal::{Append, FollowUps};
use app::ports::keys::{Account, KeyRow};
use app::ports::models::{Model, Models};
use domain::caller::KeyKind;
use domain::effect::model::{ModelEvent, ModelRequest};
use domain::effect::{CallError, ErrorKind};
use domain::id::{AgentId, UserId};
use domain::journal::LocalEffect;
use domain::task::{AtWork, Outcome, Progress};
use futures_util::stream::BoxStream;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn the_open_health_body_is_exactly_this() {
    let host = TestHost::new().await;
    for path in ["/health", "/healthz", "/api/v1/health", "/health/"] {
        assert_eq!(host.get(path).key(None).send().await.text, r#"{"status":"ok"}"#, "{path}");
    }
    // The short way and the common way are one answer to a client.
    let plain = host.get("/health").key(None).header("x-request-id", "a").send().await;
    let common =
        host.get("/health").key(None).header("x-request-id", "a").header("origin", "http://127.0.0.1:3000");
    let mut common = common.send().await;
    assert_eq!(common.headers.remove("vary").unwrap(), "Origin");
    assert_eq!(common.headers.remove("content-length").unwrap(), "15");
    assert_eq!((plain.headers, plain.text), (common.headers, common.text));
    let metrics = host.get("/metrics").send().await.text;
    let row = "skep_http_requests_total{method=\"GET\",route=\"/health\",status=\"200\"} 4";
    assert!(metrics.contains(row), "{metrics}");
    assert_eq!(host.get("/readyz").key(None).send().await.json(), json!({ "status": "ready" }));
}

#[tokio::test]
async fn health_is_measured() {
    let host = TestHost::new().await;
    let without = host.get("/v1/health").send().await.json();
    assert_eq!(
        (&without["status"], &without["checks"]["plugins"]["status"]),
        (&json!("degraded"), &json!("failed"))
    );
    live_personality(&host.app, "coder-ai");
    host.clock.advance(std::time::Duration::from_secs(42));
    let with = host.get("/v1/health").send().await.json();
    assert_eq!(
        with,
        json!({
            "status": "healthy", "version": "0.1.0", "uptime": 42,
            "checks": {
                "database": { "status": "ok" },
                "models": { "core": { "status": "ok", "model": "well" }, "pro": { "status": "ok", "model": "well" }, "ultra": { "status": "ok", "model": "well" } },
                "plugins": { "status": "ok", "live": 1, "held": 0, "broken": 1 },
            },
        })
    );
}

#[tokio::test]
async fn info_lists_the_endpoints_that_there_are() {
    let host = TestHost::new().await;
    let info = host.get("/v1/info").send().await.json();
    assert_eq!((&info["name"], &info["version"]), (&json!("skep"), &json!("0.1.0")));
    assert_eq!(info["documentation"], json!({ "openapi": "/openapi.json", "docs": "/docs" }));
    assert!(info["endpoints"].as_array().unwrap().contains(&json!("POST /v1/agents/tasks")));
}

#[tokio::test]
async fn an_agent_is_busy_while_it_works_and_its_record_is_counted() {
    let host = TestHost::new().await;
    live_personality(&host.app, "coder-ai");
    let listed = async || host.get("/v1/agents/list").send().await.json();
    assert_eq!(
        listed().await,
        json!({
            "agents": [{
                "id": "coder-ai", "name": "Coder AI", "description": "Writes the code.", "capabilities": ["BUILD", "SECURE"],
                "status": "available", "currentTask": null,
            }],
            "total": 1,
        })
    );
    let id = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    let progress = Progress {
        percent: 40,
        current_agent: Some("coder-ai".into()),
        current_phase: Some("generate".into()),
        completed_phases: vec![],
        at_work: vec![AtWork { agent: "coder-ai".into(), phase: "generate".into() }],
    };
    let append = Append { entries: vec![], effects: vec![LocalEffect::Progress(progress)] };
    host.app.ports.journal.append(&lease, append, host.now()).await.unwrap();
    let busy = listed().await;
    assert_eq!(
        (&busy["agents"][0]["status"], &busy["agents"][0]["currentTask"]),
        (&json!("busy"), &json!(id))
    );
    host.submit(TASK).await;
    let coordination = host.get("/v1/agents/orchestrator/coordination").send().await.json();
    assert_eq!(
        coordination,
        json!({
            "activeAgents": ["coder-ai"],
            "tasks": [{ "taskId": id, "agent": "coder-ai", "phase": "generate", "progress": 40 }],
            "queueDepth": 1,
            "timestamp": "2026-02-23T15:00:00Z",
        })
    );
    let status = host.get("/v1/agents/coder-ai/status").send().await.json();
    assert_eq!((&status["status"], &status["currentTasks"]), (&json!("busy"), &json!([id])));
    host.app
        .ports
        .journal
        .finish(&lease, Outcome::Completed(json!({})), FollowUps::default(), host.now())
        .await
        .unwrap();
    let idle = host.get("/v1/agents/coder-ai/status").send().await.json();
    let keys: Vec<&String> = idle.as_object().unwrap().keys().collect();
    assert_eq!(keys.len(), 7, "{keys:?}");
    assert_eq!(
        (&idle["status"], &idle["health"], &idle["acmfMode"], &idle["currentTasks"]),
        (&json!("available"), &json!("healthy"), &json!("ASSISTED"), &json!([]))
    );
    let missing = host.get("/v1/agents/nobody-ai/status").send().await;
    assert!(missing.text.contains("there are coder-ai"), "{}", missing.text);
}

#[tokio::test]
async fn all_who_work_at_the_same_time_are_busy_and_only_their_user_sees_on_what() {
    let host = TestHost::new().await;
    for id in ["planner-ai", "architect-ai", "coder-ai"] {
        add_personality(&host.app, id);
    }
    let stranger = Account {
        user: UserId(uuid::Uuid::from_u128(71)),
        name: "stranger".into(),
        plan: "startup".into(),
        default_agent: AgentId(uuid::Uuid::from_u128(72)),
    };
    host.app.ports.keys.ensure_account(stranger.clone(), host.now()).await.unwrap();
    let minted = host.app.ports.api_keys.mint();
    let row =
        KeyRow { id: minted.id, kind: KeyKind::User, user: stranger.user, agent: None, hash: minted.hash };
    host.app.ports.keys.insert_key(row, host.now()).await.unwrap();
    let key = minted.text.as_str();

    let id = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    let working = |agent: &str, phase: &str| AtWork { agent: agent.to_owned(), phase: phase.to_owned() };
    let progress = Progress {
        percent: 40,
        current_agent: Some("planner-ai".into()),
        current_phase: Some("generate".into()),
        completed_phases: vec![],
        at_work: vec![working("planner-ai", "generate"), working("architect-ai", "research")],
    };
    let append = Append { entries: vec![], effects: vec![LocalEffect::Progress(progress)] };
    host.app.ports.journal.append(&lease, append, host.now()).await.unwrap();

    let listed = async |key: Option<&str>| {
        let call = host.get("/v1/agents/list").key(key);
        let agents = call.send().await.json()["agents"].as_array().unwrap().clone();
        let row =
            |agent: &Value| (agent["id"].clone(), agent["status"].clone(), agent["currentTask"].clone());
        agents.iter().map(row).collect::<Vec<_>>()
    };
    let busy = |current: Value| {
        vec![
            (json!("architect-ai"), json!("busy"), current.clone()),
            (json!("coder-ai"), json!("available"), Value::Null),
            (json!("planner-ai"), json!("busy"), current),
        ]
    };
    assert_eq!(listed(Some(&host.admin)).await, busy(json!(id)));
    assert_eq!(listed(Some(key)).await, busy(Value::Null));
    let status =
        async |key: &str| host.get("/v1/agents/architect-ai/status").key(Some(key)).send().await.json();
    let (mine, theirs) = (status(&host.admin).await, status(key).await);
    assert_eq!((&mine["status"], &mine["currentTasks"]), (&json!("busy"), &json!([id])));
    assert_eq!((&theirs["status"], &theirs["currentTasks"]), (&json!("busy"), &json!([])));

    let coordination =
        async |key: &str| host.get("/v1/agents/orchestrator/coordination").key(Some(key)).send().await.json();
    let mine = coordination(&host.admin).await;
    assert_eq!(mine["activeAgents"], json!(["architect-ai", "planner-ai"]));
    assert_eq!(
        mine["tasks"],
        json!([
            { "taskId": id, "agent": "planner-ai", "phase": "generate", "progress": 40 },
            { "taskId": id, "agent": "architect-ai", "phase": "research", "progress": 40 },
        ])
    );
    let theirs = coordination(key).await;
    assert_eq!((&theirs["activeAgents"], &theirs["tasks"]), (&json!([]), &json!([])));
    assert!(!theirs.to_string().contains(&id));
}

#[tokio::test]
async fn plugins_are_listed_by_state_with_what_they_were_given() {
    let host = TestHost::new().await;
    live_personality(&host.app, "coder-ai");
    let body = host.get("/v1/admin/plugins").send().await.json();
    let live: &Value = &body["live"][0];
    assert_eq!(
        (&live["name"], &live["kind"], &live["profile"]),
        (&json!("bundled"), &json!("personality"), &json!("small"))
    );
    assert_eq!(live["granted"], json!([{ "interface": "kv", "reason": "to remember", "quota": 10 }]));
    assert!(live["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(body["broken"], json!([{ "path": "plugins/torn.wasm", "reason": "it is torn" }]));
    assert_eq!(body["held"], json!([]));
}

#[tokio::test]
async fn models_are_asked_once_in_fifteen_seconds_however_often_health_is() {
    let asked = Arc::new(AtomicUsize::new(0));
    let model: Arc<dyn Model> = Arc::new(CountedModel(Arc::clone(&asked)));
    let models = Models { tiers: [Arc::clone(&model), Arc::clone(&model), model] };
    let host = TestHost::with_ports(|ports| ports.models = models, |_| {}).await;
    // The start of the first agent asks, too.
    let before = asked.load(Ordering::SeqCst);
    let first = host.get("/v1/health").send().await.json();
    let (asked_once, well) = (asked.load(Ordering::SeqCst), &first["checks"]["models"]["core"]["status"]);
    assert!(asked_once > before && well == "ok", "{first}");
    for _ in 0..20 {
        host.get("/v1/health").send().await;
    }
    host.clock.advance(std::time::Duration::from_secs(14));
    host.get("/v1/health").send().await;
    assert_eq!(asked.load(Ordering::SeqCst), asked_once);
    host.clock.advance(std::time::Duration::from_secs(1));
    host.get("/v1/health").send().await;
    assert_eq!(asked.load(Ordering::SeqCst), 2 * asked_once - before);
}

/// Counts how often it is asked how it is.
struct CountedModel(Arc<AtomicUsize>);

#[async_trait::async_trait]
impl Model for CountedModel {
    async fn complete(
        &self,
        _: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        Err(CallError::new(ErrorKind::Unavailable, "test", "no model is asked here"))
    }

    fn name(&self) -> String {
        "counted".to_owned()
    }

    async fn check(&self) -> Result<(), CallError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}
