//! A host without its worker: tasks are moved through the ports, as a worker would.

use api::HttpSettings;
use app::live::Signal;
use app::ports::components::{CallRequest, Compiled, ComponentError, Components, Profile};
use app::ports::journal::FollowUps;
use app::ports::models::{Model, Models};
use app::ports::queue::ClaimRequest;
use app::ports::rooms::Window;
use app::{App, Ports, Settings};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::Bytes;
use domain::component::CallOutcome;
use domain::effect::model::{ModelEvent, ModelRequest};
use domain::effect::{CallError, ErrorKind};
use domain::id::{Digest, HostId};
use domain::manifest::Manifest;
use domain::task::{Lease, Task};
use domain::time::Timestamp;
use egress::sources::SourceRoot;
use egress::{Egress, GuardedSources, Rules, SourceSettings, StandardWebhooks};
use futures_util::stream::BoxStream;
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::sqlite::{Options, SqliteStore};
use testkit::clock::{SeededEntropy, SimClock};
use tokio::sync::watch;
use tower::ServiceExt as _;

/// 2026-02-23T15:00:00Z, the document's own.
pub(crate) const START: Timestamp = Timestamp(1_771_858_800_000);
/// What a host needs at least to run a task.
pub(crate) const TASK: &str = r#"{"task":"Add a test","capabilities":["BUILD"]}"#;

/// A host.
pub(crate) struct TestHost {
    pub(crate) app: Arc<App>,
    pub(crate) router: Router,
    pub(crate) admin: String,
    pub(crate) clock: SimClock,
    pub(crate) draining: watch::Sender<bool>,
    pub(crate) folder: tempfile::TempDir,
    /// What the models say when they are asked whether they are well.
    pub(crate) illness: Illness,
}

impl TestHost {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With other HTTP settings.
    pub(crate) async fn with(change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::with_ports(|_| {}, change).await
    }

    /// With other settings of the host.
    pub(crate) async fn with_settings(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("projects")).unwrap();
        Self::open(folder, SimClock::new(START), None, |_| {}, change, |_| {}).await
    }

    /// With other ports, too.
    pub(crate) async fn with_ports(
        change_ports: impl FnOnce(&mut Ports),
        change: impl FnOnce(&mut HttpSettings),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("projects")).unwrap();
        Self::open(folder, SimClock::new(START), None, change_ports, |_| {}, change).await
    }

    /// The host after a restart: nothing is left but the data directory, the clock and the key in somebody's hands.
    pub(crate) async fn restart(self) -> Self {
        let Self { app, router, admin, clock, folder, .. } = self;
        drop((router, app));
        Self::open(folder, clock, Some(admin), |_| {}, |_| {}, |_| {}).await
    }

    async fn open(
        folder: tempfile::TempDir,
        clock: SimClock,
        admin: Option<String>,
        change_ports: impl FnOnce(&mut Ports),
        change_settings: impl FnOnce(&mut Settings),
        change: impl FnOnce(&mut HttpSettings),
    ) -> Self {
        let illness = Illness::default();
        // Another run draws other ids.
        let seed = if admin.is_some() { 2 } else { 1 };
        let mut ports = ports(&folder, &clock, &illness, seed);
        change_ports(&mut ports);
        let mut settings = Settings { version: "0.1.0".into(), ..Settings::default() };
        change_settings(&mut settings);
        let app = Arc::new(App::new(ports, settings));
        let first = app::accounts::ensure_default(&app, None, Ok).await.unwrap();
        let (draining, receiver) = watch::channel(false);
        let mut settings = HttpSettings::new("127.0.0.1:3000".parse().unwrap(), receiver);
        change(&mut settings);
        let router = api::router(Arc::clone(&app), settings);
        let admin = first.new_admin_key.or(admin).unwrap();
        Self { app, router, admin, clock, draining, folder, illness }
    }

    /// A folder below the allowed root with one file.
    pub(crate) fn project(&self) -> PathBuf {
        let project = self.folder.path().join("projects/demo");
        std::fs::create_dir_all(&project).unwrap();
        std::fs::write(project.join("main.py"), "print('hello')\n").unwrap();
        project
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// A request with the admin key.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        let request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:3000");
        let request = request.extension(ConnectInfo("203.0.113.9:5555".parse::<SocketAddr>().unwrap()));
        Call { host: self, request: Some(request), key: Some(self.admin.clone()), body: Body::empty() }
    }

    /// Submit a task and answer its id.
    pub(crate) async fn submit(&self, body: &str) -> String {
        let answer = self.post("/v1/agents/tasks").json(body).send().await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json()["taskId"].as_str().unwrap().to_owned()
    }

    /// Take the next task, as a worker does.
    pub(crate) async fn claim(&self) -> (Task, Lease) {
        let request = ClaimRequest {
            host: HostId(uuid::Uuid::from_u128(7)),
            drivers: domain::driver::NAMES.map(str::to_owned).to_vec(),
            limit: 1,
            lease: Duration::from_secs(15),
            idle: true,
        };
        let claimed = self.app.ports.queue.claim(request, self.now()).await.unwrap().remove(0);
        (claimed.task, claimed.lease)
    }

    /// Answer chat turns as they come, as a worker with a model would, with `You said: …`.
    pub(crate) fn answering(&self) -> Answering {
        let app = Arc::clone(&self.app);
        Answering(tokio::spawn(async move {
            loop {
                app.queued.notified().await;
                let request = ClaimRequest {
                    host: HostId(uuid::Uuid::from_u128(8)),
                    drivers: vec![domain::driver::turn::CHAT.to_owned()],
                    limit: 100,
                    lease: Duration::from_secs(15),
                    idle: true,
                };
                let now = app.ports.clock.now();
                for claimed in app.ports.queue.claim(request, now).await.unwrap() {
                    let turn: domain::turn::Turn = serde_json::from_value(claimed.task.new.input).unwrap();
                    let window = Window::UpToTurn(claimed.lease.task.clone());
                    let said = app.ports.rooms.list_messages(turn.room, window, 1).await.unwrap();
                    let report = turn.report(&format!("You said: {}", said[0].new.text));
                    let outcome = domain::task::Outcome::Completed(json!(report));
                    let done =
                        app.ports.journal.finish(&claimed.lease, outcome, FollowUps::default(), now).await;
                    done.unwrap();
                    app.live.publish(&claimed.lease.task, Signal::Durable);
                }
            }
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        use app::ports::clock::Clock as _;
        self.clock.now()
    }
}

/// Ends with its test.
pub(crate) struct Answering(tokio::task::JoinHandle<()>);

impl Answering {
    /// Answers once it is over, and holds nothing of the host.
    pub(crate) async fn end(mut self) {
        self.0.abort();
        let _aborted = (&mut self.0).await;
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A request that is being made.
pub(crate) struct Call<'a> {
    host: &'a TestHost,
    request: Option<http::request::Builder>,
    key: Option<String>,
    body: Body,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.map(|request| request.header(name, value));
        self
    }

    /// In place of `127.0.0.1:3000`.
    pub(crate) fn host_header(mut self, value: &str) -> Self {
        let request = self.request.as_mut().and_then(http::request::Builder::headers_mut).unwrap();
        request.insert("host", value.parse().unwrap());
        self
    }

    pub(crate) fn peer(mut self, address: &str) -> Self {
        let peer: SocketAddr = address.parse().unwrap();
        self.request = self.request.map(|request| request.extension(ConnectInfo(peer)));
        self
    }

    pub(crate) fn key(mut self, key: Option<&str>) -> Self {
        self.key = key.map(str::to_owned);
        self
    }

    pub(crate) fn json(self, body: impl Into<String>) -> Self {
        self.header("content-type", "application/json").raw(body.into())
    }

    /// JSON, or the text of a `SKILL.md`.
    pub(crate) fn text(self, body: impl Into<String>) -> Self {
        let body = body.into();
        if body.starts_with("---") {
            self.header("content-type", "text/markdown").raw(body)
        } else {
            self.json(body)
        }
    }

    pub(crate) fn raw(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn open(mut self) -> Response {
        let request = self.request.take().unwrap();
        let request = match &self.key {
            Some(key) => request.header("authorization", format!("Bearer {key}")),
            None => request,
        };
        self.host.router.clone().oneshot(request.body(self.body).unwrap()).await.unwrap()
    }

    pub(crate) async fn send(self) -> Answer {
        // What an agent says by itself has no end; its tests read it piece by piece.
        let is_endless = self.request.as_ref().and_then(http::request::Builder::uri_ref);
        let is_endless = is_endless.is_some_and(|uri| uri.path().ends_with("/chat/events"));
        let response = self.open().await;
        let (status, headers) = (response.status(), response.headers().clone());
        if is_endless && status == StatusCode::OK {
            return Answer { status, headers, text: String::new() };
        }
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
        Answer { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Of an error of the surface Autonoma.
    pub(crate) fn code(&self) -> String {
        self.json().pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

fn ports(folder: &tempfile::TempDir, clock: &SimClock, illness: &Illness, seed: u64) -> Ports {
    let clock: Arc<SimClock> = Arc::new(clock.clone());
    let entropy = Arc::new(SeededEntropy::new(seed));
    let store =
        Arc::new(SqliteStore::open(&folder.path().join("data"), clock.clone(), Options::default()).unwrap());
    let rules = Arc::new(Rules::default());
    let roots = vec![folder.path().join("projects").to_str().unwrap().parse::<SourceRoot>().unwrap()];
    let sources = SourceSettings { roots, ..SourceSettings::default() };
    let model: Arc<dyn Model> = Arc::new(WellModel(Arc::clone(illness)));
    let secret = egress::webhook::make_secret(entropy.as_ref());
    Ports {
        clock,
        entropy: entropy.clone(),
        tasks: store.clone(),
        queue: store.clone(),
        journal: store.clone(),
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
        approvals: store,
        components: Arc::new(NoComponents),
        packages: Arc::new(catalog::Catalog::new(Vec::new(), &[], Arc::new(SimClock::new(START))).unwrap()),
        models: Models { tiers: [Arc::clone(&model), Arc::clone(&model), model] },
        outbound: Arc::new(Egress::new(Arc::clone(&rules))),
        sources: Arc::new(GuardedSources::new(rules, sources)),
        webhook_signer: Arc::new(StandardWebhooks::new(&secret).unwrap()),
        api_keys: Arc::new(vault::SkepKeys::new(entropy.clone())),
        vault: Arc::new(vault::Envelope::new(
            vault::key_file::KeyEncryptionKey::parse(&"07".repeat(32)).unwrap(),
            entropy,
        )),
    }
}

/// None: they are well.
pub(crate) type Illness = Arc<Mutex<Option<CallError>>>;

/// Is well, unless a test says otherwise, and is not asked.
struct WellModel(Illness);

#[async_trait::async_trait]
impl Model for WellModel {
    async fn complete(
        &self,
        _: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        Err(CallError::new(ErrorKind::Unavailable, "test", "no model is asked here"))
    }

    fn name(&self) -> String {
        "well".to_owned()
    }

    async fn check(&self) -> Result<(), CallError> {
        self.0.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

/// Takes every component and runs none.
struct NoComponents;

#[async_trait::async_trait]
impl Components for NoComponents {
    async fn compile(&self, bytes: Bytes, manifest: &Manifest) -> Result<Compiled, ComponentError> {
        match manifest.description.as_str() {
            "Does not link." => Err(ComponentError::Invalid("it does not link here".to_owned())),
            _ => Ok(Compiled {
                digest: Digest::of(&bytes),
                profile: Profile::Small,
                imports: manifest.capabilities.iter().map(|asked| asked.interface().to_owned()).collect(),
                wasi: false,
                cached: false,
            }),
        }
    }

    async fn trial(&self, _: Digest) -> Result<(), ComponentError> {
        Ok(())
    }

    fn is_loaded(&self, _: Digest) -> bool {
        false
    }

    fn unload(&self, _: Digest) {}

    async fn call(&self, _: CallRequest) -> CallOutcome {
        panic!("no component runs here")
    }
}

/// A personality plugin, live, and a broken one beside it.
pub(crate) fn live_personality(app: &App, id: &str) {
    add_personality(app, id);
    let mut view = app::catalog::CatalogView::clone(&app.catalog.view());
    view.broken
        .push(app::catalog::BrokenPlugin { path: "plugins/torn.wasm".into(), reason: "it is torn".into() });
    app.catalog.swap(view);
}

/// One live personality more.
pub(crate) fn add_personality(app: &App, id: &str) {
    let name = format!("bundled-{}", app.catalog.view().live.len()).replace("-0", "");
    let manifest: Manifest = serde_json::from_value(json!({
        "abi": "0.1.0", "kind": "personality", "name": name, "version": "0.1.0", "description": "Bundled.",
        "personalities": [{ "id": id, "description": "Writes the code." }],
        "capabilities": [{ "interface": "kv", "reason": "to remember", "quota": 10 }],
    }))
    .unwrap();
    let plugin = Arc::new(app::catalog::LivePlugin {
        digest: Digest::of(name.as_bytes()),
        manifest: manifest.clone(),
        granted: manifest.capabilities.clone(),
        profile: app::ports::components::Profile::Small,
        owner: None,
    });
    let mut view = app::catalog::CatalogView::clone(&app.catalog.view());
    view.live.insert((domain::manifest::PluginKind::Personality, name), Arc::clone(&plugin));
    view.personalities.insert(id.to_owned(), plugin);
    app.catalog.swap(view);
}
