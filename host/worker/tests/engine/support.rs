//! A host whose guests are scripts, whose network is a closure and whose clock stands still until it is moved.

use crate::faulty::Faulty;
use app::effects::attempt::Attempt;
use app::effects::history::by_scope;
use app::effects::scope::{ScopeResult, run_component};
use app::ports::clock::Clock as _;
use app::ports::components::Profile;
use app::ports::models::{Model, Models};
use app::ports::outbound::{Attachment, Outbound, OutboundRequest, OutboundResponse, Purpose};
use app::ports::queue::{ClaimRequest, Claimed, Queue as _};
use app::{App, Ports, Settings};
use domain::address::Scope;
use domain::component::{CallFailure, Export, Output};
use domain::effect::http::HttpRequest;
use domain::effect::model::{ModelEvent, ModelRequest};
use domain::effect::{Call, CallError, ErrorKind};
use domain::history::ComponentRef;
use domain::id::{AgentId, Digest, HostId, TaskId, UserId};
use domain::journal::{Entry, EntryBody};
use domain::manifest::Manifest;
use domain::manifest::grant::Capability;
use domain::task::{Kind, NewTask, Task};
use domain::time::Timestamp;
use egress::{GuardedSources, Rules, SourceSettings, StandardWebhooks};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::sqlite::{Options, SqliteStore};
use testkit::clock::{SeededEntropy, SimClock};
use testkit::components::{Script, ScriptedComponents};
use testkit::packages::NoPackages;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// 2026-02-23T15:00:00Z.
pub(crate) const START: Timestamp = Timestamp(1_771_858_800_000);
/// Who works on every task.
pub(crate) const AGENT: AgentId = AgentId(Uuid::from_u128(2));
/// Who owns every task.
pub(crate) const USER: UserId = UserId(Uuid::from_u128(1));
/// Where most tests run their guest.
pub(crate) const SCOPE: &str = "coder-ai@1/generate#1";

/// The host.
pub(crate) struct TestHost {
    pub(crate) app: Arc<App>,
    pub(crate) clock: SimClock,
    pub(crate) components: Arc<ScriptedComponents>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) model: Arc<ScriptedModel>,
    /// Journal and queue fail where a test says so.
    pub(crate) faulty: Arc<Faulty>,
    store: Arc<SqliteStore>,
    _folder: tempfile::TempDir,
}

impl TestHost {
    pub(crate) fn new() -> Self {
        Self::with(|_, _| {})
    }

    /// With other ports or settings.
    pub(crate) fn with(change: impl FnOnce(&mut Ports, &mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = SimClock::new(START);
        let shared = Arc::new(clock.clone());
        let store = SqliteStore::open(&folder.path().join("data"), shared.clone(), Options::default());
        let store = Arc::new(store.unwrap());
        let entropy = Arc::new(SeededEntropy::new(1));
        let (components, wire) = (Arc::new(ScriptedComponents::default()), Arc::new(Wire::default()));
        let scripted = Arc::new(ScriptedModel::default());
        let model: Arc<dyn Model> = scripted.clone();
        let secret = egress::webhook::make_secret(entropy.as_ref());
        let faulty = Arc::new(Faulty::new(store.clone(), store.clone()));
        let mut ports = Ports {
            clock: shared,
            entropy: entropy.clone(),
            tasks: store.clone(),
            queue: faulty.clone(),
            journal: faulty.clone(),
            blobs: store.clone(),
            workspaces: store.clone(),
            kv: store.clone(),
            logs: store.clone(),
            agent_files: store.clone(),
            keys: store.clone(),
            users: store.clone(),
            agents: store.clone(),
            rooms: store.clone(),
            sessions: store.clone(),
            jobs: store.clone(),
            ticks: store.clone(),
            templates: store.clone(),
            secrets: store.clone(),
            idempotency: store.clone(),
            rate_windows: store.clone(),
            usage: store.clone(),
            plugins: store.clone(),
            skills: store.clone(),
            approvals: store.clone(),
            components: components.clone(),
            packages: Arc::new(NoPackages),
            models: Models { tiers: [Arc::clone(&model), Arc::clone(&model), model] },
            outbound: wire.clone(),
            sources: Arc::new(GuardedSources::new(Arc::new(Rules::default()), SourceSettings::default())),
            webhook_signer: Arc::new(StandardWebhooks::new(&secret).unwrap()),
            api_keys: Arc::new(vault::SkepKeys::new(entropy.clone())),
            vault: Arc::new(vault::Envelope::new(
                vault::key_file::KeyEncryptionKey::parse(&"07".repeat(32)).unwrap(),
                entropy,
            )),
        };
        let mut settings = Settings::default();
        change(&mut ports, &mut settings);
        let app = Arc::new(App::new(ports, settings));
        Self { app, clock, components, wire, model: scripted, faulty, store, _folder: folder }
    }

    /// A live skill of that name with the tool `run`, granted what it asks for.
    pub(crate) fn skill(&self, name: &str, capabilities: Value, script: Script) -> Digest {
        self.plugin(
            json!({
                "abi": "0.1.0", "kind": "skill", "name": name, "version": "1.0.0", "description": "Scripted.",
                "capabilities": capabilities,
                "tools": [{ "name": "run", "description": "Runs.", "schema": {}, "effects": {} }],
            }),
            script,
        )
    }

    /// A live plugin, granted what its manifest asks for.
    pub(crate) fn plugin(&self, manifest: Value, script: Script) -> Digest {
        let digest = Digest::of(manifest.to_string().as_bytes());
        let manifest: Manifest = serde_json::from_value(manifest).unwrap();
        self.components.put(digest, script);
        let granted = manifest.capabilities.clone();
        let plugin = Arc::new(app::catalog::LivePlugin {
            digest,
            granted: granted.clone(),
            profile: Profile::Small,
            owner: None,
            manifest,
        });
        let mut view = app::catalog::CatalogView::clone(&self.app.catalog.view());
        for personality in &plugin.manifest.personalities {
            view.personalities.insert(personality.id.clone(), Arc::clone(&plugin));
        }
        view.grants.insert(digest, granted);
        view.live.insert((plugin.manifest.kind, plugin.manifest.name.clone()), plugin);
        self.app.catalog.swap(view);
        digest
    }

    /// The operator changes the policy.
    pub(crate) fn grant(&self, digest: Digest, capabilities: Value) {
        let granted: Vec<Capability> = serde_json::from_value(capabilities).unwrap();
        let mut view = app::catalog::CatalogView::clone(&self.app.catalog.view());
        view.grants.insert(digest, granted);
        self.app.catalog.swap(view);
    }

    /// Submit an agent task of the shortest line.
    pub(crate) async fn submit(&self) -> TaskId {
        self.submit_for("GOVERN").await
    }

    /// Submit the delivery of a webhook to this path: the smallest task.
    pub(crate) async fn submit_delivery(&self, path: &str) -> TaskId {
        let mut random = [0; 6];
        self.app.ports.entropy.fill(&mut random);
        let id = TaskId::new(TaskId::DELIVERY, random);
        let input =
            json!({ "url": format!("https://hooks.example/{path}"), "id": id.to_string(), "body": "{}" });
        // Who comes first is claimed first; a suspect-to-be goes before the rest.
        let priority = if path == "suspect" { 20 } else { 10 };
        self.submit_new(id, Kind::Webhook, priority, input).await
    }

    /// Submit an agent task of the line of this capability.
    pub(crate) async fn submit_for(&self, capability: &str) -> TaskId {
        let mut random = [0; 6];
        self.app.ports.entropy.fill(&mut random);
        let input = json!({
            "task": "Write rules", "capabilities": [capability], "intelligence": "core", "scope": "demo",
            "priority": "normal", "source": null, "callbackUrl": null,
        });
        self.submit_new(TaskId::new(TaskId::TASK, random), Kind::AgentTask, 10, input).await
    }

    async fn submit_new(&self, id: TaskId, kind: Kind, priority: i16, input: Value) -> TaskId {
        let new = NewTask {
            id,
            parent: None,
            user: USER,
            agent: AGENT,
            kind,
            driver: kind.driver().to_owned(),
            priority,
            input,
            estimate_key: String::new(),
            created_at: self.clock.now(),
        };
        self.app.ports.tasks.submit_task(new, Vec::new()).await.unwrap().new.id
    }

    /// Start the worker.
    pub(crate) fn work(&self) -> Working {
        let host = HostId(Uuid::from_u128(8));
        let worker = worker::Worker::new(Arc::clone(&self.app), host, Uuid::from_u128(9));
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(worker.run(shutdown.clone()));
        Working { shutdown, running }
    }

    /// Let time pass, no faster than the store can follow.
    pub(crate) async fn step(&self) {
        self.clock.advance(Duration::from_millis(250));
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        self.store.wake_due(Timestamp(0), 1).await.unwrap();
    }

    /// Let this much time pass.
    pub(crate) async fn pass(&self, duration: Duration) {
        let until = self.clock.elapsed() + duration;
        while self.clock.elapsed() < until {
            self.step().await;
        }
    }

    /// Let time pass until the task is as it is expected.
    pub(crate) async fn until(&self, expected: impl Fn(&Task) -> bool, id: &TaskId) {
        for _ in 0..4000 {
            if expected(&self.task(id).await) {
                return;
            }
            self.step().await;
        }
        panic!("a thousand seconds later: {:?}", self.task(id).await);
    }

    /// The task as it is stored.
    pub(crate) async fn task(&self, id: &TaskId) -> Task {
        self.app.ports.tasks.find_task(USER, id).await.unwrap().unwrap()
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Its durable entries in order.
    pub(crate) async fn entries(&self, id: &TaskId) -> Vec<Entry> {
        let rows = self.app.ports.tasks.list_entries(id, 0, 1000).await.unwrap();
        rows.into_iter().map(|(_, entry)| entry).collect()
    }

    /// What `function` was recorded to give, in order.
    pub(crate) async fn results(&self, id: &TaskId, function: &str) -> Vec<Value> {
        let calls = self.entries(id).await.into_iter().filter_map(|entry| match entry.body {
            EntryBody::Call(record) if record.function == function => Some(json!(record.result)),
            _ => None,
        });
        calls.collect()
    }

    /// Take the next task, as a worker does.
    pub(crate) async fn claim(&self) -> Claimed {
        let request = ClaimRequest {
            host: HostId(Uuid::from_u128(7)),
            drivers: domain::driver::NAMES.map(str::to_owned).to_vec(),
            limit: 1,
            lease: self.app.settings.lease,
            idle: true,
        };
        self.app.ports.queue.claim(request, self.clock.now()).await.unwrap().remove(0)
    }

    /// Take the next task, with its journal.
    pub(crate) async fn attempt(&self) -> Arc<Attempt> {
        let claimed = self.claim().await;
        let entries = self.app.ports.journal.load_entries(&claimed.lease).await.unwrap();
        let attempt = Attempt::new(Arc::clone(&self.app), claimed, self.clock.elapsed());
        attempt.load(by_scope(entries), 0);
        attempt
    }

    /// Its host dies, what was buffered is lost, another one takes the task.
    pub(crate) async fn crash(&self, attempt: Arc<Attempt>) -> Arc<Attempt> {
        drop(attempt);
        self.clock.advance(self.app.settings.lease + Duration::from_secs(1));
        self.app.ports.queue.rescue(self.clock.now(), 10).await.unwrap();
        self.attempt().await
    }
}

/// A worker that was started.
pub(crate) struct Working {
    shutdown: CancellationToken,
    running: tokio::task::JoinHandle<()>,
}

impl Working {
    /// SIGTERM, and its end.
    pub(crate) async fn drain(self, host: &TestHost) {
        self.shutdown.cancel();
        while !self.running.is_finished() {
            host.step().await;
        }
        self.running.await.unwrap();
    }
}

/// Run the tool `run` of a skill in a scope.
pub(crate) async fn run(attempt: &Arc<Attempt>, scope: &str, skill: &str) -> ScopeResult {
    let scope: Scope = scope.parse().unwrap();
    let component = ComponentRef::Skill(skill.to_owned());
    let export = Export::Tool { tool: "run".to_owned(), arguments: json!({}) };
    run_component(attempt, &scope, &component, &export, None).await
}

/// The scope ended: its result, and whether another try is allowed.
pub(crate) fn ended(result: ScopeResult) -> (Result<Output, CallFailure>, bool) {
    match result {
        ScopeResult::Ended { result, end, .. } => (result, end.may_retry),
        ScopeResult::Stopped(stop) => panic!("stopped: {stop:?}"),
    }
}

/// A tool's answer.
pub(crate) fn done() -> Output {
    Output::Json(json!({ "done": true }))
}

/// A request of a plugin.
pub(crate) fn http(method: &str, path: &str) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        url: format!("https://sink.example/{path}"),
        ..HttpRequest::default()
    }
}

/// The same as a call.
pub(crate) fn send(method: &str, path: &str) -> Call {
    Call::Http(http(method, path))
}

/// A POST to a sink without keys.
pub(crate) fn once(path: &str) -> Call {
    Call::Http(HttpRequest { once: true, ..http("POST", path) })
}

/// `skill.run`.
pub(crate) fn tool(skill: &str) -> Call {
    let name = format!("{skill}.run");
    Call::Tools(domain::effect::tools::ToolsCall::Call { name, arguments: json!({}) })
}

/// The grant of everything that a scripted guest asks for.
pub(crate) fn everything() -> Value {
    json!([
        { "interface": "http", "hosts": ["*"], "methods": ["*"] },
        { "interface": "model", "tiers": ["core"] },
        { "interface": "tools", "names": ["*.*", "tail.*", "callee.*", "deep.*"] },
        { "interface": "kv", "quota": 1000 },
        { "interface": "files", "access": "read-write", "paths": [""] },
    ])
}

type Answering =
    Arc<dyn Fn(OutboundRequest) -> BoxFuture<'static, Result<OutboundResponse, CallError>> + Send + Sync>;

/// The other end of the network. It answers 200 until it is told otherwise, and remembers what came.
pub(crate) struct Wire {
    sent: Mutex<Vec<OutboundRequest>>,
    answering: Mutex<Answering>,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            sent: Mutex::default(),
            answering: Mutex::new(Arc::new(|_| Box::pin(async { Ok(response(200)) }))),
        }
    }
}

impl Wire {
    /// From now on.
    pub(crate) fn answer<F, R>(&self, answer: F)
    where
        F: Fn(OutboundRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<OutboundResponse, CallError>> + Send + 'static,
    {
        *self.answering.lock().unwrap() = Arc::new(move |request| Box::pin(answer(request)));
    }

    /// What came: path and idempotency key.
    pub(crate) fn sent(&self) -> Vec<(String, Option<String>)> {
        let key = |request: &OutboundRequest| {
            let found = request.headers.iter().find(|(name, _)| name == "idempotency-key");
            found.map(|(_, value)| value.clone())
        };
        self.sent.lock().unwrap().iter().map(|sent| (sent.url.path().to_owned(), key(sent))).collect()
    }

    /// The secrets of what came.
    pub(crate) fn attached(&self) -> Vec<Attachment> {
        self.sent.lock().unwrap().iter().flat_map(|sent| sent.credentials.clone()).collect()
    }
}

/// An answer without body.
pub(crate) fn response(status: u16) -> OutboundResponse {
    OutboundResponse { status, headers: Vec::new(), body: stream::empty().boxed() }
}

#[async_trait::async_trait]
impl Outbound for Wire {
    async fn send(&self, request: OutboundRequest, _: Purpose) -> Result<OutboundResponse, CallError> {
        self.sent.lock().unwrap().push(request.clone());
        let answering = Arc::clone(&self.answering.lock().unwrap());
        answering(request).await
    }

    fn check_url(&self, url: &str, _: Purpose) -> Result<url::Url, CallError> {
        url.parse().map_err(|error| CallError::new(ErrorKind::InvalidInput, "url", format!("{error}")))
    }
}

/// What the next questions get: the events of a stream, or no stream. Without any it is away.
#[derive(Default)]
pub(crate) struct ScriptedModel {
    answers: Mutex<std::collections::VecDeque<Vec<Result<ModelEvent, CallError>>>>,
    asked: std::sync::atomic::AtomicU32,
    requests: Mutex<Vec<ModelRequest>>,
}

impl ScriptedModel {
    pub(crate) fn will(&self, events: Vec<Result<ModelEvent, CallError>>) {
        self.answers.lock().unwrap().push_back(events);
    }

    /// What it was asked.
    pub(crate) fn requests(&self) -> Vec<ModelRequest> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl Model for ScriptedModel {
    async fn complete(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        self.requests.lock().unwrap().push(request);
        self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        match self.answers.lock().unwrap().pop_front() {
            Some(events) => Ok(stream::iter(events).boxed()),
            None => Err(CallError::new(ErrorKind::Unavailable, "egress", "could not be connected")),
        }
    }

    fn name(&self) -> String {
        "scripted".to_owned()
    }

    async fn check(&self) -> Result<(), CallError> {
        Ok(())
    }
}
