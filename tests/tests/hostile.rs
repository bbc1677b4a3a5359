//! Hostile guests on a real host: what they try is refused with a typed error or ended, it is in the journal, their task ends as it
//! should, and honest tasks beside them never notice.
//!
//! The guest is `errand` under several names: the same code with everything granted, with little, and with short limits. The same calls
//! with the grant, and with the address in the policy, are the controls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tests::api::{Api, eventually};
use tests::database::Database;
use tests::environment::path;
use tests::host::{HostProcess, HostSpec};
use tests::ledger::{Ledger, Stored};
use tests::package::{Package, folder};
use tests::sink::Sink;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// A call of the guest `short` may run so long.
const SHORT: Duration = Duration::from_millis(700);

/// A private address, where the host of the tests has nothing.
const PRIVATE: &str = "http://10.1.2.3:9/";
/// A name that is loopback by its ending, whether or not the machine's resolver knows it.
const UNKNOWN: &str = "guest.localhost";

/// Something on loopback that no guest should reach, and how often one did.
struct Private {
    port: u16,
    reached: Arc<AtomicUsize>,
}

impl Private {
    async fn start() -> Self {
        let reached = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reached);
        let router = Router::new().fallback(move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            StatusCode::OK
        });
        Self { port: listen(router).await, reached }
    }

    fn reached(&self) -> usize {
        self.reached.load(Ordering::SeqCst)
    }
}

async fn listen(router: Router) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// Names that this machine's resolver sends to loopback, `localhost` first.
fn loopback_names() -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    for line in hosts.lines().filter(|line| line.starts_with("127.0.0.1")) {
        names.extend(line.split('#').next().unwrap().split_whitespace().skip(1).map(str::to_owned));
    }
    names.dedup();
    names
}

/// The guest under its three names, in a folder with the drill.
fn guests(into: &Path) {
    let guests = path("SKEP_TEST_GUESTS");
    let (drill, errand) =
        (Package::read(&guests.join("drill.wasm")), Package::read(&guests.join("errand.wasm")));
    let narrow = errand.with(|manifest| {
        manifest["name"] = json!("narrow");
        manifest["capabilities"] = json!([
            { "interface": "http", "hosts": ["api.example.com"], "methods": ["GET", "POST"] },
            { "interface": "files", "access": "read-write", "paths": ["out/"] },
        ]);
    });
    let short = errand.with(|manifest| {
        manifest["name"] = json!("short");
        manifest["limits"] = json!({ "wallMs": SHORT.as_millis(), "memoryMiB": 16 });
    });
    folder(into, [&drill, &errand, &narrow, &short]);
}

/// One thing that a guest tries.
struct Case {
    tool: &'static str,
    arguments: Value,
    /// The host call that is refused; none when it is the guest itself that is ended.
    function: Option<&'static str>,
    /// `kind/code` of the typed error.
    error: &'static str,
    /// What the error's text names.
    names: String,
}

fn refused(
    tool: &'static str,
    arguments: Value,
    function: &'static str,
    error: &'static str,
    names: &str,
) -> Case {
    Case { tool, arguments, function: Some(function), error, names: names.to_owned() }
}

fn ended(tool: &'static str, arguments: Value, error: &'static str, names: &str) -> Case {
    Case { tool, arguments, function: None, error, names: names.to_owned() }
}

fn file(path: &str) -> Value {
    json!({ "path": path, "content": "mine" })
}

/// Out of the workspace, or out of the part of it that was granted.
fn escapes() -> Vec<Case> {
    vec![
        refused("errand.write", file("../../etc/passwd"), "files.write", "invalid-input/path", "etc/passwd"),
        refused("errand.write", file("/etc/passwd"), "files.write", "invalid-input/path", "etc/passwd"),
        refused("errand.write", file("a\0b"), "files.write", "invalid-input/path", "a\\0b"),
        refused(
            "errand.read",
            json!({ "path": "../../etc/passwd" }),
            "files.read",
            "invalid-input/path",
            "..",
        ),
        refused(
            "errand.read",
            json!({ "path": "/etc/passwd" }),
            "files.read",
            "invalid-input/path",
            "passwd",
        ),
        refused("narrow.write", file("elsewhere/x"), "files.write", "denied/missing-grant", "elsewhere/x"),
        refused("narrow.write", file("outside"), "files.write", "denied/missing-grant", "outside"),
        refused("narrow.write", file("out/../x"), "files.write", "invalid-input/path", "out/../x"),
    ]
}

/// To where nothing may go. The last ones are not granted, wherever they go.
fn visits(private: u16, redirects: u16) -> Vec<Case> {
    let denied = |url: String, names: &str| {
        refused("errand.get", json!({ "url": url }), "http.send", "denied/egress", names)
    };
    let mut cases = vec![
        denied(format!("http://127.0.0.1:{private}/"), "loopback"),
        denied(format!("http://2130706433:{private}/"), "loopback"),
        denied(format!("http://[::1]:{private}/"), "loopback"),
        denied(PRIVATE.to_owned(), "private"),
        denied(format!("http://{UNKNOWN}:{private}/"), "loopback"),
        denied("http://169.254.169.254/latest/meta-data/".to_owned(), "metadata"),
        denied(format!("http://127.0.0.1:{redirects}/"), "loopback"),
    ];
    cases.extend(
        loopback_names().into_iter().map(|name| denied(format!("http://{name}:{private}/"), "loopback")),
    );
    cases.push(refused(
        "narrow.get",
        json!({ "url": format!("http://127.0.0.1:{redirects}/") }),
        "http.send",
        "denied/missing-grant",
        "http GET 127.0.0.1",
    ));
    cases.push(refused(
        "narrow.send",
        json!({ "url": format!("http://127.0.0.1:{redirects}/"), "body": "" }),
        "http.send",
        "denied/missing-grant",
        "http POST 127.0.0.1",
    ));
    cases
}

/// What a guest does to itself, and what ends it.
fn excesses() -> Vec<Case> {
    vec![
        ended("short.spin", json!({ "turns": 0 }), "other/deadline", "700 ms"),
        ended("short.grow", json!({ "mebibytes": 0 }), "other/limit", "16777216 bytes of memory"),
        ended("errand.trap", json!({ "really": true }), "other/trap", "trapped"),
    ]
}

/// A task that does these things in each of its phases.
fn task(errands: &[(&str, Value)]) -> Value {
    let errands: Vec<Value> =
        errands.iter().map(|(tool, arguments)| json!({ "tool": tool, "arguments": arguments })).collect();
    let orders = json!({ "sink": "", "effects": ["errands"], "errands": errands });
    json!({ "task": orders.to_string(), "capabilities": ["GOVERN"], "scope": "demo" })
}

/// Errors of calls in a journal: `FUNCTION kind/code`, the scope, the text.
fn errors(journal: &[Value]) -> Vec<(String, String, String)> {
    let of_call = |entry: &Value| {
        let error = entry.pointer("/entry/result/error")?;
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let function = word(entry.pointer("/entry/function")?);
        let kind = format!("{function} {}/{}", word(&error["kind"]), word(&error["code"]));
        Some((kind, word(&entry["scope"]), word(&error["message"])))
    };
    journal.iter().filter_map(of_call).collect()
}

/// Try it; everything that did not go as it should.
async fn try_case(api: &Api, case: &Case) -> Vec<String> {
    let id = api.submit(&task(&[(case.tool, case.arguments.clone())])).await.unwrap();
    let body = api.ended(&id, PATIENCE).await;
    let found = errors(&api.journal(&id).await);
    let mut problems = Vec::new();
    // The guest's own call, in its own scope, and the answer to whoever called the tool.
    let own = case.function.map(|function| (format!("{function} {}", case.error), true));
    for (wanted, nested) in own.into_iter().chain([(format!("tools.call {}", case.error), false)]) {
        let hit = found.iter().any(|(error, scope, text)| {
            *error == wanted && scope.contains("#1/") == nested && text.contains(&case.names)
        });
        if !hit {
            problems.push(format!("no {wanted} that names {:?} in {found:#?}", case.names));
        }
    }
    let (code, agent) = (&body["error"]["code"], body["error"]["message"].as_str().unwrap_or_default());
    if body["status"] != "failed" || code != "PHASE_FAILED" || !agent.contains("req-ai") {
        problems.push(format!("its task ended so: {body}"));
    }
    problems.iter().map(|problem| format!("{} {}: {problem}", case.tool, case.arguments)).collect()
}

/// A host with everything granted that its guests ask for, and these addresses allowed.
fn start(data: &Path, allow: &[String]) -> HostProcess {
    let packages = data.join("packages");
    guests(&packages);
    HostSpec::new(&data.join("data")).components(&[path("SKEP_TEST_COMPONENTS"), packages], allow).start()
}

/// Honest tasks, one after the other until it is time to stop.
async fn honest(api: &Api, ledger: &mut Ledger, done: &AtomicUsize, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        let id = api.submit(&ledger.request()).await.unwrap();
        ledger.acknowledged.push(id.clone());
        let body = api.ended(&id, PATIENCE).await;
        assert_eq!(body["status"], "completed", "an honest task suffered: {body}");
        done.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_guests_are_refused_or_ended_and_honest_tasks_beside_them_never_notice() {
    let (data, sink, private) = (tempfile::tempdir().unwrap(), Sink::start().await, Private::start().await);
    let away = format!("http://127.0.0.1:{}/", private.port);
    let redirects =
        listen(Router::new().fallback(get(move || async move { Redirect::temporary(&away) }))).await;
    let host = start(data.path(), &[sink.address(), format!("127.0.0.1:{redirects}")]);
    let api = host.api();
    let (mut ledger, stop, done) = (Ledger::new(sink), AtomicBool::new(false), AtomicUsize::new(0));
    let hostile = async {
        // It would run for ever, and is still at it when honest tasks that began after it have ended.
        let endless = api.submit(&task(&[("errand.spin", json!({ "turns": 0 }))])).await.unwrap();
        let mut problems = Vec::new();
        for case in escapes().into_iter().chain(visits(private.port, redirects)).chain(excesses()) {
            problems.extend(try_case(&api, &case).await);
        }
        let before = done.load(Ordering::SeqCst);
        let went_on = eventually(PATIENCE, async || (done.load(Ordering::SeqCst) > before + 1).then_some(()));
        assert!(went_on.await.is_some(), "honest tasks stand still beside an endless loop");
        let running = api.get(&format!("/v1/agents/tasks/{endless}")).await.unwrap().body;
        assert_eq!(running["status"], "in_progress", "{running}");
        let cancelled = api.post(&format!("/v1/agents/tasks/{endless}/cancel"), &json!({})).await.unwrap();
        assert!(cancelled.status < 300, "{}", cancelled.body);
        assert_eq!(api.ended(&endless, PATIENCE).await["status"], "cancelled");
        stop.store(true, Ordering::SeqCst);
        problems
    };
    let (problems, ()) = tokio::join!(hostile, honest(&api, &mut ledger, &done, &stop));
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(private.reached(), 0, "a guest reached what no guest may reach");
    let mut suffered = ledger.check(&api, PATIENCE).await;
    suffered.extend(Stored::read(&Database::Sqlite, &data.path().join("data")).judge(&ledger.acknowledged));
    assert_eq!(suffered, Vec::<String>::new());
    println!("{} honest tasks beside", ledger.acknowledged.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_guests_succeed_with_the_grant_the_address_and_within_their_limits() {
    let (data, private) = (tempfile::tempdir().unwrap(), Private::start().await);
    let away = format!("http://127.0.0.1:{}/", private.port);
    let redirects =
        listen(Router::new().fallback(get(move || async move { Redirect::temporary(&away) }))).await;
    let mut allow = vec![
        format!("127.0.0.1:{redirects}"),
        "10.1.2.3:9".to_owned(),
        format!("{UNKNOWN}:{}", private.port),
    ];
    allow.push(format!("127.0.0.1:{}", private.port));
    allow.extend(loopback_names().iter().map(|name| format!("{name}:{}", private.port)));
    let host = start(data.path(), &allow);
    let api = host.api();
    let get = |url: String| ("errand.get", json!({ "url": url }));
    let mut errands = vec![
        ("errand.write", file("etc/passwd")),
        ("errand.read", json!({ "path": "etc/passwd" })),
        ("narrow.write", file("out/x")),
        ("errand.write", file("elsewhere/x")),
        get(format!("http://127.0.0.1:{}/", private.port)),
        get(format!("http://2130706433:{}/", private.port)),
        get(format!("http://127.0.0.1:{redirects}/")),
        ("errand.send", json!({ "url": format!("http://127.0.0.1:{}/", private.port), "body": "" })),
        ("short.spin", json!({ "turns": 1000 })),
        ("short.grow", json!({ "mebibytes": 1 })),
        ("errand.trap", json!({ "really": false })),
    ];
    errands.extend(loopback_names().iter().map(|name| get(format!("http://{name}:{}/", private.port))));
    let visits = errands.iter().filter(|(_, arguments)| arguments["url"].is_string()).count();
    let id = api.submit(&task(&errands)).await.unwrap();
    let body = api.ended(&id, PATIENCE).await;
    assert_eq!(body["status"], "completed", "{body}");
    assert_eq!(errors(&api.journal(&id).await), Vec::new());
    // In each of its ten phases.
    assert_eq!(private.reached(), visits * 10);
    // Nobody is there, or knows that name, but it is no longer the host that refuses it.
    for url in [PRIVATE.to_owned(), format!("http://{UNKNOWN}:{}/", private.port)] {
        let id = api.submit(&task(&[get(url)])).await.unwrap();
        api.ended(&id, PATIENCE).await;
        let found = errors(&api.journal(&id).await);
        assert!(found.iter().all(|(error, ..)| !error.contains("denied")), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_without_its_grants_is_held_and_its_calls_find_nobody() {
    let data = tempfile::tempdir().unwrap();
    let packages = data.path().join("packages");
    guests(&packages);
    let errand = Package::read(&packages.join("errand.wasm"));
    let granted = std::fs::read_to_string(packages.join("policy.toml")).unwrap();
    let without = granted.replace(&errand.grant(), "");
    assert_ne!(granted, without);
    std::fs::write(packages.join("policy.toml"), without).unwrap();
    let spec = HostSpec::new(&data.path().join("data"))
        .components(&[path("SKEP_TEST_COMPONENTS"), packages.clone()], &[]);
    let host = spec.start();
    let case = Case {
        tool: "errand.write",
        arguments: file("x"),
        function: None,
        error: "not-found/tool",
        names: "errand.write".to_owned(),
    };
    assert_eq!(try_case(&host.api(), &case).await, Vec::<String>::new());
    let plugins = host.api().get("/v1/admin/plugins").await.unwrap().body;
    assert!(plugins["held"].to_string().contains(&errand.digest()), "{plugins}");
    drop(host);
    // The control: with its grant the same call of the same guest works.
    std::fs::write(packages.join("policy.toml"), granted).unwrap();
    let host = spec.start();
    let id = host.api().submit(&task(&[(case.tool, case.arguments)])).await.unwrap();
    assert_eq!(host.api().ended(&id, PATIENCE).await["status"], "completed");
}
