//! A secret's value is nowhere but in its sealed row and in the requests that it goes out with: not in the database, its log, the
//! host's log, an answer of the API, the journal, a blob, the plugin cache, or the memory of the guest that used it.
//!
//! Beside each secret a control goes the same ways in the open, and the same search must find it there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test ends by panicking, and calls its host itself"
)]

#[path = "canary/echo.rs"]
mod echo;

use echo::Echo;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tests::api::Api;
use tests::database::Database;
use tests::environment::path;
use tests::host::{ADMIN_KEY, HostProcess, HostSpec};
use tests::package::{Package, folder};
use tests::traces;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(180);
/// The values of the secret `CANARY`, one after the other. With what escapes differently in each form.
const CANARIES: [&str; 2] =
    ["canary-one-d41d8cd98f00b204/7f3a+Q9=\"x\"&y~z1", "canary-two-9e107d9d372bb682/0b6e+R2=\"z\"&w~z2"];
/// An Ed25519 seed, the secret `SEED`.
const SEED: &str = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
/// The secret `ELSEWHERE`, which may not go where the guest wants to send it.
const ELSEWHERE: &str = "canary-elsewhere-c4ca4238a0b92382";
/// Goes through guests, journals and answers in the open.
const CONTROL: &str = "control-5f1d7a84-e3b0c44298fc/C4=\"c\"&d";
/// As the guest unscrambles it.
const SALT: u8 = 0x2a;

/// A host with the guest, at its most talkative.
fn spec(data: &Path, echo: &Echo) -> HostSpec {
    let (packages, guests) = (data.join("packages"), path("SKEP_TEST_GUESTS"));
    let of = |name: &str| Package::read(&guests.join(name));
    let drill = of("drill.wasm").with(|manifest| {
        for capability in manifest["capabilities"].as_array_mut().unwrap() {
            if capability["interface"] == "tools" {
                capability["names"] = json!(["keeper.*"]);
            }
        }
    });
    folder(&packages, [&drill, &of("keeper.wasm")]);
    HostSpec::new(&data.join("data"))
        .components(&[path("SKEP_TEST_COMPONENTS"), packages], &echo.addresses())
        .set("SKEP_LOG", "debug,skep=trace,api=trace,app=trace,egress=trace,worker=trace,store=trace,runtime=trace,hyper=trace,hyper_util=trace,reqwest=trace,rustls=trace,sqlx=debug")
}

/// One call of the guest.
fn errand(tool: &str, arguments: Value) -> Value {
    json!({ "tool": format!("keeper.{tool}"), "arguments": arguments })
}

/// Have them made in each phase of a task, and wait for its end.
async fn run(api: &Api, errands: &[Value]) -> (String, Value) {
    let orders = json!({ "sink": CONTROL, "effects": ["errands"], "errands": errands });
    let request = json!({ "task": orders.to_string(), "capabilities": ["GOVERN"], "scope": "demo" });
    let id = api.submit(&request).await.unwrap();
    let body = api.ended(&id, PATIENCE).await;
    (id, body)
}

/// What `keeper.*` answered in the first phase of a task, in order.
async fn answers(api: &Api, id: &str) -> Vec<Value> {
    let journal = api.journal(id).await;
    let calls = journal.iter().filter(|entry| entry["entry"]["function"] == "tools.call");
    let first = calls.clone().next().expect("a call")["scope"].clone();
    calls.filter(|entry| entry["scope"] == first).map(|entry| entry["entry"]["result"].clone()).collect()
}

fn show(url: &str, place: &str, secret: &str) -> Value {
    errand("show", json!({ "url": url, "place": place, "secret": secret }))
}

/// The value in every place, signed with, looked for in the guest's memory. The tasks.
async fn use_secret(api: &Api, echo: &Echo, canary: &str) -> Vec<String> {
    let url = format!("{}/open?q={CONTROL_QUERY}", echo.url);
    let scrambled = |text: &str| text.bytes().map(|byte| byte ^ SALT).collect::<Vec<u8>>();
    let search = |text: &str| {
        errand("search", json!({ "url": url, "secret": "CANARY", "scrambled": scrambled(text) }))
    };
    echo.clear();
    let places = ["bearer", "header", "basic", "query", "form", "json"];
    let mut errands: Vec<Value> = places.iter().map(|place| show(&url, place, "CANARY")).collect();
    errands.push(show(&format!("{}/elsewhere", echo.url), "query", "CANARY"));
    errands.push(errand("exists", json!({ "secret": "CANARY" })));
    errands.push(errand("exists", json!({ "secret": "MISSING" })));
    errands.push(errand("sign", json!({ "secret": "CANARY", "algorithm": "hmac", "text": "text" })));
    errands.push(errand("sign", json!({ "secret": "SEED", "algorithm": "ed25519", "text": "text" })));
    let coded = data_encoding::BASE64.encode(canary.as_bytes());
    // What the server says of itself in each answer, and what it says of the secret.
    for text in [echo::SIGNATURE, canary, &coded, &canary[..12]] {
        errands.push(search(text));
    }
    let (id, body) = run(api, &errands).await;
    assert_eq!(body["status"], "completed", "{body}");
    // The server has it in each place: it did go out.
    for place in places {
        assert!(echo.has_seen(place, canary), "{place}: {:?}", echo.seen());
    }
    let answers = answers(api, &id).await;
    let text = |index: usize| answers[index].to_string();
    for (index, place) in places.iter().enumerate() {
        assert!(text(index).contains("200") && text(index).contains("****"), "{place}: {}", text(index));
    }
    assert!(text(6).contains("307") && text(6).contains("****"), "a redirect: {}", text(6));
    let ok = |index: usize| answers[index]["inline"]["json"].clone();
    assert_eq!((ok(7), ok(8)), (json!(true), json!(false)), "{answers:?}");
    assert_eq!(ok(9), json!(echo::hmac(canary, "text")), "{}", text(9));
    assert_eq!(ok(10).as_str().map(str::len), Some(128), "{}", text(10));
    assert!(ok(11).as_u64().unwrap() > 0, "the guest's own search finds what is there: {}", text(11));
    for index in 12..15 {
        assert_eq!(ok(index), json!(0), "the guest found the secret in its memory: {}", text(index));
    }
    vec![id]
}

/// The control as it may stand in a URL.
const CONTROL_QUERY: &str = "control-5f1d7a84%2Fe3b0";

/// The control as it may stand in a path.
const CONTROL_PATH: &str = "control-in-a-path-5f1d7a84";

/// What must fail, and what its error says.
async fn fail(api: &Api, echo: &Echo) -> Vec<String> {
    let url = format!("{}/open", echo.url);
    let mut tasks = Vec::new();
    for (what, code, part) in [
        (show(&url, "header", "MISSING"), "not-found/no-secret", "the user has no secret MISSING"),
        (show(&url, "header", "ELSEWHERE"), "denied/secret-host", "may not go to 127.0.0.1"),
        (show(&url, "other", "CANARY"), "denied/missing-grant", "the secret CANARY to 127.0.0.1 as header"),
        (show(&url.replace("127.0.0.1", "localhost"), "header", "CANARY"), "denied/", "localhost"),
        (
            errand("sign", json!({ "secret": "CANARY", "algorithm": "ed25519", "text": "x" })),
            "invalid-input/no-seed",
            "CANARY is not an Ed25519 seed",
        ),
        (
            errand("sign", json!({ "secret": "ELSEWHERE", "algorithm": "hmac", "text": "x" })),
            "denied/missing-grant",
            "secrets ELSEWHERE",
        ),
        (show(&format!("{}/zip", echo.url), "bearer", "CANARY"), "permanent/credential", "coding"),
        (show(&format!("{}/hang-up", echo.url), "query", "CANARY"), "unavailable/", "127.0.0.1"),
    ] {
        let (id, body) = run(api, std::slice::from_ref(&what)).await;
        assert_eq!(body["status"], "failed", "{what}: {body}");
        let journal = json!(api.journal(&id).await).to_string();
        let (kind, code) = code.split_once('/').unwrap();
        assert!(
            journal.contains(part) && journal.contains(&format!("\"{kind}\"")) && journal.contains(code),
            "{what} without {kind} {code} {part:?}: {journal}"
        );
        tasks.push(id);
    }
    tasks
}

/// Everything that a key can GET: all routes of the description, with all tasks.
async fn crawl(host: &HostProcess, tasks: &[String]) -> Vec<(String, Vec<u8>)> {
    let api = host.api();
    let agent =
        api.get("/agents").await.unwrap().body["data"]["agents"][0]["id"].as_str().unwrap().to_owned();
    let description = api.get("/openapi.json").await.unwrap().body;
    let mut paths = Vec::new();
    for (template, item) in description["paths"].as_object().unwrap() {
        if item.get("get").is_none() {
            continue;
        }
        let path = template
            .replace("{user}", "default")
            .replace("{agentId}", &agent)
            .replace("{agent}", "manager")
            .replace("{id}", "req-ai")
            .replace("{key}", "CANARY");
        if path.contains("{taskId}") {
            paths.extend(tasks.iter().map(|task| path.replace("{taskId}", task)));
        } else {
            paths.push(path);
        }
    }
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
    let mut answers = Vec::new();
    for path in paths {
        let request = client.get(format!("{}{path}", host.url)).bearer_auth(ADMIN_KEY);
        let mut response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut answer = format!("{} {:?}\n", response.status(), response.headers()).into_bytes();
        let is_stream =
            response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream");
        // What follows an agent never ends; what there is to say already comes at once.
        let silence = if is_stream { Duration::from_secs(1) } else { PATIENCE };
        while let Ok(chunk) = tokio::time::timeout(silence, response.chunk()).await {
            match chunk.unwrap_or_else(|error| panic!("{path}: {error}")) {
                Some(chunk) => answer.extend_from_slice(&chunk),
                None => break,
            }
        }
        answers.push((path, answer));
    }
    for task in tasks {
        answers.push((format!("journal of {task}"), json!(api.journal(task).await).to_string().into_bytes()));
    }
    answers
}

/// Where a text is, of all that there is.
fn places(text: &str, answers: &[(String, Vec<u8>)], data: &Path, database: &Database) -> Vec<String> {
    let mut found = traces::in_files(text, data);
    for (what, bytes) in answers {
        found.extend(traces::in_bytes(text, bytes).into_iter().map(|form| format!("{what}: {form}")));
    }
    if let Database::Postgres(url) = database {
        let output = std::process::Command::new("pg_dump").arg(url).output().expect("pg_dump can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let dumped = traces::in_bytes(text, &output.stdout);
        found.extend(dumped.into_iter().map(|form| format!("the database: {form}")));
    }
    found
}

async fn nowhere(database: Database) {
    let (data, echo) = (tempfile::tempdir().unwrap(), Echo::start().await);
    let spec = database.host(spec(data.path(), &echo));
    let (mut host, folder) = (spec.start(), data.path().join("data"));
    let api = host.api();
    let mut kept: Vec<(String, Vec<u8>)> = Vec::new();
    let mut put = async |url: &str, secrets: Value| {
        let request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .put(format!("{url}/api/v1/users/default/secrets"));
        let request = request.bearer_auth(ADMIN_KEY).header("idempotency-key", "the-same");
        let answer = request
            .header("content-type", "application/json")
            .body(secrets.to_string())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        kept.push(("the answer to a write".to_owned(), answer.bytes().await.unwrap().to_vec()));
    };
    let elsewhere = json!({ "value": ELSEWHERE, "hosts": ["api.example.com"] });
    put(&host.url, json!({ "secrets": { "CANARY": CANARIES[0], "SEED": SEED, "ELSEWHERE": elsewhere } }))
        .await;
    assert_eq!(api.get(&format!("/v1/{CONTROL_PATH}")).await.unwrap().status, 404);
    let mut tasks = use_secret(&api, &echo, CANARIES[0]).await;
    tasks.extend(fail(&api, &echo).await);

    assert_eq!(echo.strayed().len(), 0, "a secret was sent to another origin");

    // Another value under the same name, over a restart.
    put(&host.url, json!({ "CANARY": CANARIES[1] })).await;
    host.terminate();
    let mut host = spec.start();
    let api = host.api();
    tasks.extend(use_secret(&api, &echo, CANARIES[1]).await);
    assert!(!echo.has_seen("bearer", CANARIES[0]), "the old value is gone");

    // A guest leaves all of its memory, and traps.
    let dump = json!({ "url": format!("{}/open", echo.url), "secret": "CANARY", "into": "core", "planted": CONTROL });
    let (id, body) = run(&api, &[errand("dump", dump)]).await;
    assert!(
        body["status"] == "failed" && json!(api.journal(&id).await).to_string().contains("\"trap\""),
        "{body}"
    );
    tasks.push(id);

    let answers = crawl(&host, &tasks).await;
    let before = |text: &str| places(text, &answers, &folder, &database);
    let secrets = [CANARIES[0], CANARIES[1], SEED, ELSEWHERE];
    for secret in secrets {
        assert_eq!(before(secret), Vec::<String>::new(), "while the host runs");
    }

    // Deleted, closed, checkpointed.
    let gone = reqwest::Client::builder().no_proxy().build().unwrap();
    let gone =
        gone.delete(format!("{}/api/v1/users/default/secrets/CANARY", host.url)).bearer_auth(ADMIN_KEY);
    assert_eq!(gone.send().await.unwrap().status(), 204);
    let (id, body) = run(&api, &[show(&format!("{}/open", echo.url), "bearer", "CANARY")]).await;
    assert_eq!(body["status"], "failed", "{body}");
    tasks.push(id);
    let mut answers = crawl(&host, &tasks).await;
    answers.extend(kept);
    host.terminate();
    for secret in secrets {
        assert_eq!(places(secret, &answers, &folder, &database), Vec::<String>::new(), "after the end");
    }
    controls(&answers, &folder, &database);
    // Its replay needs no secret and no server.
    let host = spec.start();
    let replayed =
        host.api().post(&format!("/v1/agents/tasks/{}/replay", tasks[0]), &json!({})).await.unwrap();
    assert_eq!((replayed.status, &replayed.body["identical"]), (200, &json!(true)), "{}", replayed.body);
}

/// The search finds what is there: the control in each kind of place, and each form of a value that is planted.
fn controls(answers: &[(String, Vec<u8>)], folder: &Path, database: &Database) {
    let found = places(CONTROL, answers, folder, database).join("\n");
    let stored = if *database == Database::Sqlite {
        ["skep.db: core", "blobs/"]
    } else {
        ["the database: core", "the database: hex"]
    };
    for place in stored.into_iter().chain(["/v1/agents/tasks/", "journal of"]) {
        assert!(found.contains(place), "the control is not in {place}: {found}");
    }
    let log = traces::in_files(CONTROL_PATH, folder).join("\n");
    assert!(log.contains("test-host.log"), "the host's log says nothing: {log}");
    for secret in [CANARIES[0], SEED] {
        for (form, bytes) in traces::forms(secret) {
            let planted = folder.join("compiled/planted");
            std::fs::write(&planted, [b"before".as_slice(), &bytes, b"after"].concat()).unwrap();
            let found = traces::in_files(secret, folder);
            assert!(found.iter().any(|found| found.starts_with("compiled/planted")), "{form} is not found");
            std::fs::remove_file(planted).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_leaves_no_trace_on_sqlite() {
    nowhere(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_leaves_no_trace_on_postgres() {
    nowhere(Database::postgres()).await;
}
