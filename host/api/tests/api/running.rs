//! Components that run: scripted ones, under the real effects, journal and catalog.

use crate::events::{Frame, Frames};
use crate::support::{TASK, TestHost};
use app::effects::attempt::Attempt;
use app::effects::history::by_scope;
use app::effects::scope::{ScopeResult, run_component};
use app::live::Signal;
use app::ports::clock::Clock as _;
use app::ports::components::{CallRequest, Compiled, ComponentError, Components, Profile};
use app::ports::grants::Grants;
use app::ports::host_calls::Answer;
use app::ports::models::{Model, Models};
use app::ports::packages::{BrokenPackage, Package, Packages, Scan, Unpacked};
use app::ports::queue::ClaimRequest;
use bytes::Bytes;
use domain::address::Scope;
use domain::component::{CallEnd, CallFailure, CallOutcome, Cost, Export, Output, Stop};
use domain::effect::model::{Finish, ModelAnswer, ModelEvent, ModelMessage, ModelRequest, Role, Usage};
use domain::effect::{Call, CallError};
use domain::event::{EventBody, LiveEvent};
use domain::history::ComponentRef;
use domain::id::{Digest, HostId};
use domain::manifest::Manifest;
use domain::manifest::grant::Capability;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// A component asks the model twice, or traps if its bytes say so.
#[derive(Default)]
struct Talkers {
    bytes: Mutex<BTreeMap<Digest, Bytes>>,
}

#[async_trait::async_trait]
impl Components for Talkers {
    async fn compile(&self, bytes: Bytes, _: &Manifest) -> Result<Compiled, ComponentError> {
        let digest = Digest::of(&bytes);
        self.bytes.lock().unwrap().insert(digest, bytes);
        Ok(Compiled {
            digest,
            profile: Profile::Small,
            imports: vec!["model".into()],
            wasi: false,
            cached: false,
        })
    }

    async fn trial(&self, _: Digest) -> Result<(), ComponentError> {
        Ok(())
    }

    fn is_loaded(&self, digest: Digest) -> bool {
        self.bytes.lock().unwrap().contains_key(&digest)
    }

    fn unload(&self, _: Digest) {}

    async fn call(&self, request: CallRequest) -> CallOutcome {
        let ended = |result| CallOutcome { result, cost: Cost::default() };
        if self.bytes.lock().unwrap()[&request.digest].starts_with(b"trap") {
            let trap = CallFailure::Trap { message: "unreachable".into() };
            return ended(Err(CallEnd::Failed(trap)));
        }
        for question in ["first", "second"] {
            let message = ModelMessage {
                role: Role::User,
                content: question.into(),
                tool_calls: vec![],
                tool_call_id: None,
            };
            let asked = ModelRequest { messages: vec![message], ..ModelRequest::default() };
            match request.host.perform(Call::Model(asked)).await {
                Answer::Now { result: Ok(_), .. } => {}
                Answer::Now { result: Err(error), .. } => {
                    return ended(Err(CallEnd::Failed(CallFailure::Error(error))));
                }
                Answer::Stop(stop) => return ended(Err(CallEnd::Stopped(stop))),
            }
        }
        ended(Ok(Output::Json(json!({ "done": true }))))
    }
}

/// Answers `QUESTION!` in two pieces. The second question hangs after its first piece, if told so; asked again it waits for the gate
/// before the whole answer.
struct Stammerer {
    asked: AtomicU32,
    hangs: bool,
    gate: Arc<Notify>,
}

#[async_trait::async_trait]
impl Model for Stammerer {
    async fn complete(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        let question = request.messages[0].content.clone();
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = ModelAnswer {
            content: format!("{question}!"),
            tool_calls: vec![],
            finish: Finish::Stop,
            usage: Usage { input_tokens: 1, output_tokens: 1 },
            model: "stammerer".into(),
        };
        let first = stream::iter([Ok(ModelEvent::Delta(question))]);
        if number == 1 && self.hangs {
            return Ok(first.chain(stream::pending()).boxed());
        }
        let (gate, waits) = (Arc::clone(&self.gate), number == 2 && self.hangs);
        let last = async move {
            if waits {
                gate.notified().await;
            }
            Ok(ModelEvent::Answer(answer))
        };
        let second = stream::iter([Ok(ModelEvent::Delta("!".into()))]);
        Ok(first.chain(second).chain(stream::once(last)).boxed())
    }

    fn name(&self) -> String {
        "stammerer".into()
    }

    async fn check(&self) -> Result<(), CallError> {
        Ok(())
    }
}

/// One plugin file, and a policy that grants everything.
#[derive(Default)]
struct Folder {
    package: Mutex<Option<Package>>,
    grants: Mutex<BTreeMap<Digest, Vec<Capability>>>,
}

impl Folder {
    fn put(&self, version: &str, bytes: &'static [u8]) -> Digest {
        let manifest: Manifest = serde_json::from_value(json!({
            "abi": "0.1.0", "kind": "skill", "name": "talker", "version": version, "description": "Talks.",
            "capabilities": [{ "interface": "model", "reason": "to talk", "tiers": ["core"] }],
        }))
        .unwrap();
        let (bytes, path) = (Bytes::from_static(bytes), PathBuf::from("plugins/talker.wasm"));
        let digest = Digest::of(&bytes);
        self.grants.lock().unwrap().insert(digest, manifest.capabilities.clone());
        *self.package.lock().unwrap() = Some(Package { path, digest, bytes, manifest });
        digest
    }
}

#[async_trait::async_trait]
impl Packages for Folder {
    async fn scan(&self) -> Result<Scan, std::io::Error> {
        Ok(Scan { packages: self.package.lock().unwrap().iter().cloned().collect(), broken: vec![] })
    }

    async fn changed(&self) {
        std::future::pending().await
    }

    fn inspect(&self, _: &Bytes) -> Result<Manifest, BrokenPackage> {
        panic!("nothing is uploaded here")
    }

    fn unpack(&self, _: &Bytes) -> Result<Unpacked, BrokenPackage> {
        panic!("nothing is uploaded here")
    }
}

impl Grants for Folder {
    fn reload(&self) -> Result<(), String> {
        Ok(())
    }

    fn granted(&self, digest: Digest) -> Vec<Capability> {
        self.all().get(&digest).cloned().unwrap_or_default()
    }

    fn all(&self) -> BTreeMap<Digest, Vec<Capability>> {
        self.grants.lock().unwrap().clone()
    }
}

/// `hangs`: the second question does, the first time.
async fn talking_host(hangs: bool) -> (TestHost, Arc<Folder>, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let folder = Arc::new(Folder::default());
    let packages = Arc::clone(&folder);
    let host = TestHost::with_ports(
        |ports| {
            let model: Arc<dyn Model> = Arc::new(Stammerer { asked: AtomicU32::new(0), hangs, gate: opened });
            ports.models = Models { tiers: [Arc::clone(&model), Arc::clone(&model), model] };
            ports.components = Arc::new(Talkers::default());
            ports.packages = packages;
        },
        |_| {},
    )
    .await;
    (host, folder, gate)
}

/// Take the task as a worker does, with its journal.
async fn claim(host: &TestHost) -> Arc<Attempt> {
    let request = ClaimRequest {
        host: HostId(uuid::Uuid::from_u128(7)),
        drivers: domain::driver::NAMES.map(str::to_owned).to_vec(),
        limit: 1,
        lease: Duration::from_secs(15),
        idle: true,
    };
    let claimed = host.app.ports.queue.claim(request, host.now()).await.unwrap().remove(0);
    let entries = host.app.ports.journal.load_entries(&claimed.lease).await.unwrap();
    let attempt = Attempt::new(Arc::clone(&host.app), claimed, host.clock.elapsed());
    attempt.load(by_scope(entries), 0);
    attempt
}

async fn run(attempt: &Arc<Attempt>, scope: &str) -> ScopeResult {
    let scope: Scope = scope.parse().unwrap();
    let component = ComponentRef::Skill("talker".into());
    let export = Export::Tool { tool: "talk".into(), arguments: json!({}) };
    run_component(attempt, &scope, &component, &export, None).await
}

const SCOPE: &str = "coder-ai@1/generate#1";

/// Name and what of the data matters.
fn shown(frame: &Frame) -> (String, Value) {
    let key = match frame.event.as_str() {
        "model.delta" => "delta",
        "reset" => "scope",
        _ => "status",
    };
    (frame.event.clone(), frame.data[key].clone())
}

async fn read(frames: &mut Frames, count: usize) -> Vec<Frame> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(frames.next().await.unwrap());
    }
    all
}

fn is(frames: &[Frame], wanted: &[(&str, &str)]) {
    let got: Vec<(String, Value)> = frames.iter().map(shown).collect();
    let wanted: Vec<(String, Value)> =
        wanted.iter().map(|(event, value)| ((*event).to_owned(), json!(value))).collect();
    assert_eq!(got, wanted);
}

#[tokio::test]
async fn after_a_resume_the_text_of_a_scope_is_taken_back_and_told_anew() {
    let (host, folder, gate) = talking_host(true).await;
    folder.put("1.0.0", b"talks");
    app::install::refresh(&host.app, folder.as_ref()).await.unwrap();
    let path = format!("/v1/agents/tasks/{}/events", host.submit(TASK).await);
    let first = claim(&host).await;
    let mut frames = Frames::new(host.get(&path).open().await.into_body());
    let running = {
        let attempt = Arc::clone(&first);
        tokio::spawn(async move { run(&attempt, SCOPE).await })
    };
    let before = read(&mut frames, 4).await;
    is(
        &before,
        &[
            ("phase.update", "running"),
            ("model.delta", "first"),
            ("model.delta", "!"),
            ("model.delta", "second"),
        ],
    );
    first.stop(Stop::Drain);
    assert!(matches!(running.await.unwrap(), ScopeResult::Stopped(Stop::Drain)));
    first.flush(Vec::new(), Vec::new()).await.unwrap();
    host.app.ports.queue.release(std::slice::from_ref(&first.lease), host.now()).await.unwrap();

    let second = claim(&host).await;
    let running = tokio::spawn(async move { run(&second, SCOPE).await });
    // Whoever stayed is told to forget, hears the recorded answer in one piece, and the rest as it comes.
    let mut after = read(&mut frames, 4).await;
    is(
        &after,
        &[("reset", SCOPE), ("model.delta", "first!"), ("model.delta", "second"), ("model.delta", "!")],
    );
    // What was said before the reset comes too late, wherever it was held up.
    for (scope, text) in [
        (SCOPE.to_owned(), "late"),
        (format!("{SCOPE}/1.talker.talk#1"), "late and nested"),
        (format!("{SCOPE}1"), "another scope's"),
    ] {
        let body = EventBody { event: "model.delta".into(), data: json!({ "scope": scope, "delta": text }) };
        let task = first.task.new.id.clone();
        host.app.live.publish(&task, Signal::Live(LiveEvent { pos: 1, sub: 1, body }));
    }
    is(&read(&mut frames, 1).await, &[("model.delta", "another scope's")]);
    gate.notify_one();
    after.extend(read(&mut frames, 1).await);
    is(&after[4..], &[("phase.update", "completed")]);
    assert!(matches!(running.await.unwrap(), ScopeResult::Ended { result: Ok(_), .. }));
    let pos: i64 = after[0].id.parse().expect("a reset is durable");
    assert_eq!(after[1].id, format!("{pos}.1"));
    // Whoever was away since the last delta learns of it, too; whoever saw it does not hear of it again.
    let back = |last: &str| host.get(&path).header("last-event-id", last).open();
    let missed = read(&mut Frames::new(back(&before[3].id).await.into_body()), 2).await;
    is(&missed, &[("reset", SCOPE), ("phase.update", "completed")]);
    let seen = read(&mut Frames::new(back(&after[3].id).await.into_body()), 1).await;
    is(&seen, &[("phase.update", "completed")]);
}

#[tokio::test]
async fn only_a_resume_takes_text_back() {
    let (host, folder, _) = talking_host(false).await;
    folder.put("1.0.0", b"talks");
    app::install::refresh(&host.app, folder.as_ref()).await.unwrap();
    let id = host.submit(TASK).await.parse().unwrap();
    let resets = async || {
        let events = host.app.ports.tasks.list_events(&id, 0, 100).await.unwrap();
        events.iter().filter(|event| event.body.event == "reset").count()
    };
    // Stopped after its start; resumed to its end; found ended; and another try of it, which begins.
    for (scope, stops, expected) in
        [(SCOPE, true, 0), (SCOPE, false, 1), (SCOPE, false, 1), ("coder-ai@1/generate#2", false, 1)]
    {
        let attempt = claim(&host).await;
        if stops {
            attempt.stop(Stop::Drain);
        }
        let result = run(&attempt, scope).await;
        assert_eq!(matches!(result, ScopeResult::Stopped(_)), stops);
        assert_eq!(resets().await, expected);
        host.app.ports.queue.release(std::slice::from_ref(&attempt.lease), host.now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_version_that_traps_after_its_swap_gives_way_to_the_one_before_and_is_shown() {
    let (host, folder, _) = talking_host(false).await;
    let old = folder.put("1.0.0", b"talks");
    app::install::refresh(&host.app, folder.as_ref()).await.unwrap();
    let new = folder.put("1.1.0", b"traps");
    app::install::refresh(&host.app, folder.as_ref()).await.unwrap();
    let live = async || host.get("/v1/admin/plugins").send().await.json();
    assert_eq!(live().await["live"][0]["digest"], new.to_string());
    host.submit(TASK).await;
    let attempt = claim(&host).await;
    for number in 1..=5 {
        assert_eq!(live().await["live"][0]["digest"], new.to_string(), "before trap {number}");
        let ended = run(&attempt, &format!("coder-ai@1/generate#{number}")).await;
        assert!(matches!(ended, ScopeResult::Ended { result: Err(CallFailure::Trap { .. }), .. }));
        app::install::refresh(&host.app, folder.as_ref()).await.unwrap();
    }
    let shown = live().await;
    assert_eq!(shown["live"][0]["digest"], old.to_string());
    assert_eq!(shown["broken"][0]["path"], "plugins/talker.wasm");
    let reason = shown["broken"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("talker@1.1.0 was taken back: it trapped 5 times in a row"), "{reason}");

    // Another run of the host on the same database: the same file, and still not those bytes.
    let again = app::App::new(host.app.ports.clone(), host.app.settings.clone());
    app::install::refresh(&again, folder.as_ref()).await.unwrap();
    let view = again.catalog.view();
    assert_eq!(view.live.values().map(|plugin| plugin.digest).collect::<Vec<_>>(), [old]);
    assert_eq!(view.broken.len(), 1);
}
