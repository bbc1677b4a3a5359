//! Guests from WAT, a scripted host, and a runtime to run them in.

use app::ports::components::{CallRequest, Compiled, ComponentError, Components as _, Determinism};
use app::ports::host_calls::{Answer, HostCalls};
use bytes::Bytes;
use domain::component::{CallContext, CallEnd, CallFailure, CallOutcome, Export, Limits, Output};
use domain::effect::{Call, CallError, ErrorKind, KvCall, Reply};
use domain::id::Digest;
use domain::manifest::{Manifest, PluginKind};
use domain::time::Timestamp;
use runtime::{Options, Runtime};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Where the WAT of guests is.
fn guests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests/hostile")
}

fn read(name: &str) -> String {
    let path = guests().join(format!("{name}.wat"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The component of a guest of that name.
pub(crate) fn skill(name: &str) -> Bytes {
    skill_of(&read(name))
}

/// The component of a guest with these fields beside the prelude.
pub(crate) fn skill_of(fields: &str) -> Bytes {
    component("skill", &format!("{}\n{fields}", read("prelude")))
}

/// The personality of that name.
pub(crate) fn personality(name: &str) -> Bytes {
    component("personality", &read(name))
}

/// A component of a world from the fields of its core module. Imports come first in a module, wherever they stand here.
fn component(world: &str, fields: &str) -> Bytes {
    let (imports, rest): (Vec<&str>, Vec<&str>) =
        fields.lines().partition(|line| line.starts_with("(import "));
    let text = format!("(module\n{}\n{}\n)", imports.join("\n"), rest.join("\n"));
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut resolve = wit_parser::Resolve::default();
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/0.1.0");
    let (package, _) = resolve.push_dir(wit).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        wit_component::StringEncoding::UTF8,
        false,
    )
    .unwrap();
    let mut encoder = wit_component::ComponentEncoder::default();
    Bytes::from(encoder.validate(true).module(&module).unwrap().encode().unwrap())
}

/// What a skill's export is made of, for components that are written by hand from imports and core instances.
/// A guest that imports its memory does so as memory 0. `imports` declares imports and lowers them; `main` declares the core instance `$main`, an instance of `$prelude` and the guest's fields.
pub(crate) fn by_hand(imports: &str, main: &str, fields: &str) -> Bytes {
    let mut prelude = read("prelude");
    if fields.contains("(memory ") {
        prelude = prelude.replace(r#"(memory (export "memory") 1)"#, r#"(export "memory" (memory 0))"#);
    }
    let fields = format!("{prelude}\n{fields}");
    let (core_imports, rest): (Vec<&str>, Vec<&str>) =
        fields.lines().partition(|line| line.starts_with("(import "));
    let text = format!(
        r#"(component
  (type $types (instance
    (type $kinds (enum "invalid-input" "denied" "not-found" "conflict" "permanent" "cancelled" "exhausted" "too-large" "other" "unavailable" "timeout" "busy" "uncertain"))
    (export "error-kind" (type $kind (eq $kinds)))
    (type $errors (record (field "kind" $kind) (field "code" string) (field "message" string) (field "retry-after-ms" (option u64))))
    (export "error" (type (eq $errors)))
    (type $contexts (record (field "task" string) (field "user" string) (field "agent" string) (field "personality" (option string)) (field "config" string)))
    (export "context" (type (eq $contexts)))))
  (import "skep:plugin/types@0.1.0" (instance $types (type $types)))
  (alias export $types "error" (type $error))
  (alias export $types "context" (type $context))
  {imports}
  (core module $guest
    {}
    {})
  {main}
  (type $call (func (param "tool" string) (param "arguments" string) (param "context" $context) (result (result string (error $error)))))
  (alias core export $main "memory" (core memory $memory))
  (alias core export $main "cabi_realloc" (core func $realloc))
  (func $lifted (type $call) (canon lift (core func $main "skep:plugin/skill-guest@0.1.0#call") (memory $memory) (realloc $realloc)))
  (instance $exported (export "call" (func $lifted)))
  (export "skep:plugin/skill-guest@0.1.0" (instance $exported)))"#,
        core_imports.join("\n"),
        rest.join("\n"),
    );
    Bytes::from(wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

/// A manifest that says only what the runtime reads.
pub(crate) fn manifest(kind: PluginKind) -> Manifest {
    serde_json::from_value(json!({ "abi": "0.1.0", "kind": kind, "name": "guest", "version": "1.0.0" }))
        .unwrap()
}

/// A runtime that compiles in this process: most guests here are built by the test itself.
pub(crate) fn runtime() -> Arc<Runtime> {
    // Few slots: a slot that did not come back would soon be missed.
    let options =
        Options { root_calls: 3, large_root_calls: 2, memory_bytes: 4 << 30, ..Options::in_process() };
    Arc::new(Runtime::new(options).unwrap())
}

/// Compile a skill.
pub(crate) async fn load(runtime: &Runtime, component: Bytes) -> Result<Compiled, ComponentError> {
    runtime.compile(component, &manifest(PluginKind::Skill)).await
}

/// What a scripted host answers.
pub(crate) type Script = dyn Fn(&Call) -> Answer + Send + Sync;

/// A host that answers by script and remembers.
#[derive(Default)]
pub(crate) struct ScriptedHost {
    /// Log lines, level first.
    pub(crate) lines: Mutex<Vec<(domain::log::Level, String)>>,
    /// Progress reports.
    pub(crate) reports: Mutex<Vec<(u8, String)>>,
    /// Calls that were performed.
    pub(crate) calls: Mutex<Vec<Call>>,
    /// Instead of the default script.
    pub(crate) script: Option<Box<Script>>,
    /// Never answers.
    pub(crate) silent: bool,
}

impl ScriptedHost {
    /// With this script.
    pub(crate) fn with(script: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { script: Some(Box::new(script)), ..Self::default() })
    }
}

/// Answer after a recorded duration of 1.5 s.
pub(crate) fn now(result: Result<Reply, CallError>) -> Answer {
    Answer::Now { result, duration_us: 1_500_000 }
}

#[async_trait::async_trait]
impl HostCalls for ScriptedHost {
    async fn perform(&self, call: Call) -> Answer {
        self.calls.lock().unwrap().push(call.clone());
        if self.silent {
            std::future::pending::<()>().await;
        }
        if let Some(script) = &self.script {
            return script(&call);
        }
        now(match call {
            Call::Kv(KvCall::Get { .. }) => Ok(Reply::Bytes(Some(b"value".to_vec()))),
            Call::Files(_) => Ok(Reply::Content(vec![b'x'; 1000])),
            Call::Tools(_) => Ok(Reply::Json(json!({ "done": true }))),
            other => {
                Err(CallError::new(ErrorKind::Denied, "grant", format!("{} is not granted", other.name())))
            }
        })
    }

    fn log(&self, level: domain::log::Level, message: &str, _: &[(String, String)]) {
        self.lines.lock().unwrap().push((level, message.to_owned()));
    }

    fn progress(&self, percent: u8, text: &str) {
        self.reports.lock().unwrap().push((percent, text.to_owned()));
    }
}

/// A call of a skill with a number.
pub(crate) fn request(digest: Digest, amount: u64, limits: Limits, host: Arc<dyn HostCalls>) -> CallRequest {
    CallRequest {
        digest,
        export: Export::Tool { tool: "run".to_owned(), arguments: json!(amount) },
        context: context(),
        limits,
        determinism: Determinism { start: Timestamp(1_700_000_000_000), seed: [7; 32] },
        depth: 0,
        host,
    }
}

/// In the name of nobody in particular.
pub(crate) fn context() -> CallContext {
    CallContext {
        task: "task_000000000001".to_owned(),
        user: "550e8400-e29b-41d4-a716-446655440000".to_owned(),
        agent: "550e8400-e29b-41d4-a716-446655440001".to_owned(),
        personality: None,
        config: json!({}),
    }
}

/// Little of everything but time: however busy the machine is, not the deadline ends the call.
pub(crate) fn tight() -> Limits {
    Limits {
        wall_ms: 60_000,
        host_calls: 100,
        host_call_bytes: 1 << 20,
        log_bytes: 4096,
        output_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// A deadline for guests that never end.
pub(crate) fn short() -> Limits {
    Limits { wall_ms: 300, ..tight() }
}

/// The failure of a call that must have one.
pub(crate) fn failure(outcome: CallOutcome) -> CallFailure {
    match outcome.result {
        Err(CallEnd::Failed(failure)) => failure,
        other => panic!("the call should fail, but ended with {other:?}"),
    }
}

/// The JSON of a call that must succeed.
pub(crate) fn json_of(outcome: CallOutcome) -> serde_json::Value {
    match outcome.result {
        Ok(Output::Json(value)) => value,
        other => panic!("the call should succeed, but ended with {other:?}"),
    }
}
