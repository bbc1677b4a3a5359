//! Autonomy and chat over the real binary: hosts without loops, restarts, a host that allows none, and the verbs for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use testkit::model_server::{ModelServer, Scripted};
use tests::api::{Api, eventually};
use tests::database::Database;
use tests::environment::path;
use tests::host::{ADMIN_KEY, HostSpec};

const PATIENCE: Duration = Duration::from_secs(60);

/// A model that says what it was asked, and how often anybody spoke before.
async fn model() -> ModelServer {
    let model = ModelServer::start().await.unwrap();
    model.otherwise(|request| {
        let asked = request.last_text();
        let told = asked.lines().filter_map(|line| line.strip_prefix("- ")).collect::<Vec<_>>().join(" ");
        if asked.starts_with("This turn is your own") {
            return Scripted::text(if told.is_empty() {
                "NO_REPLY".into()
            } else {
                format!("Heard {told}.")
            });
        }
        Scripted::text(format!("{} messages, the last: {asked}", request.messages().len() - 1))
    });
    model
}

fn spec(data: &Path, model: &ModelServer) -> HostSpec {
    let models = format!("core = {{ url = {:?}, model = \"scripted\" }}", model.base_url());
    HostSpec::new(data).set("SKEP_MODELS", models)
}

async fn status(api: &Api) -> Value {
    let answer = api.get("/api/agent/autonomy/status").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_without_loops_sets_the_flag_and_one_with_loops_acts_on_it() {
    let (model, database) = (model().await, Database::postgres());
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let host = |index: usize, worker: &str| {
        let spec = database.host(spec(folders[index].path(), &model));
        spec.set("SKEP_KEY", "ab".repeat(32)).set("SKEP_WORKER", worker).start()
    };
    let idle = host(0, "false");
    let set = idle.api().post("/api/agent/autonomy", &json!({ "enabled": true })).await.unwrap();
    assert_eq!((set.status, set.body), (200, json!({ "enabled": true })));
    assert_eq!(status(&idle.api()).await["lastTickAt"], Value::Null, "nobody is there to act");
    let busy = host(1, "true");
    let ticked =
        eventually(PATIENCE, async || status(&busy.api()).await["lastTickAt"].is_number().then_some(()));
    ticked.await.unwrap();
    for enabled in [false, true] {
        let body = json!({ "enabled": enabled });
        assert_eq!(idle.api().post("/api/agent/autonomy", &body).await.unwrap().body, body);
    }
    // Within one second, and what a loaded machine adds.
    let late = "SELECT t.created_at - (a.next_tick_at - a.tick_interval_ms) FROM agents a
        JOIN tasks t ON t.agent_id = a.id AND t.kind = 'tick' ORDER BY t.created_at";
    let rows = eventually(PATIENCE, async || {
        let rows = database.rows(folders[1].path(), late);
        (rows.len() == 2).then_some(rows)
    });
    let late: i64 = rows.await.unwrap()[1].parse().unwrap();
    println!("the other host acted {late} ms after the flag was set");
    assert!((0..=3000).contains(&late), "{late}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn autonomy_outlives_a_killed_host_and_yields_to_one_that_allows_none() {
    let (model, folder) = (model().await, tempfile::tempdir().unwrap());
    let spec = spec(folder.path(), &model);
    let mut host = spec.clone().set("SKEP_WORKER", "false").start();
    let api = host.api();
    for (interval, in_force) in [(1, 5000), (u64::MAX, 600_000), (700_000, 600_000), (7000, 7000)] {
        let answer = api.send("PUT", "/api/agent/autonomy/interval", &json!({ "interval": interval })).await;
        assert_eq!(answer.unwrap().body, json!({ "interval": in_force }), "{interval}");
    }
    api.post("/api/agent/autonomy", &json!({ "enabled": true })).await.unwrap();
    let told = json!({ "instructions": "Count the bees" });
    let queued = api.post("/api/agent/autonomy/instructions", &told).await.unwrap();
    assert_eq!((queued.status, &queued.body["queued"]), (202, &json!(1)));
    let before = status(&api).await;
    host.kill();
    let mut host = spec.clone().set("SKEP_AUTONOMY", "off").start();
    let api = host.api();
    assert_eq!(api.get("/api/agent/autonomy").await.unwrap().body, json!({ "enabled": false }));
    let refused = api.post("/api/agent/autonomy", &json!({ "enabled": true })).await.unwrap();
    assert_eq!((refused.status, &refused.body["code"]), (500, &json!("AUTONOMY_DISABLED")));
    assert_eq!(status(&api).await["lastTickAt"], Value::Null);
    host.kill();
    let mut host = spec.clone().set("SKEP_WORKER", "false").start();
    assert_eq!(status(&host.api()).await, before, "the flag, the interval and the time are as they were");
    host.kill();
    let host = spec.start();
    let api = host.api();
    let heard = eventually(PATIENCE, async || {
        let room = api.get("/api/agent/autonomy/messages").await.ok()?.body;
        let said = room["messages"].as_array()?.iter().map(|message| message["text"].clone());
        let said: Vec<Value> = said.collect();
        (said.len() >= 2).then_some(said)
    });
    assert_eq!(heard.await.unwrap()[..2], [json!("Count the bees"), json!("Heard Count the bees.")]);
    let off = api.post("/api/agent/autonomy", &json!({ "enabled": false })).await.unwrap();
    assert_eq!((off.status, off.body), (200, json!({ "enabled": false })));
}

/// What a verb printed, and whether it went well.
fn skep(data: &Path, arguments: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new(path("SKEP_TEST_BIN"));
    command.env_clear().env("SKEP_ADMIN_KEY", ADMIN_KEY).arg("--data-dir").arg(data).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_talk_to_agents_by_the_command_line() {
    let (model, folder) = (model().await, tempfile::tempdir().unwrap());
    let data = folder.path();
    let _host = spec(data, &model).start();
    let one = skep(data, &["chat", "Hello"], "");
    assert_eq!(one, (true, "1 messages, the last: Hello\n".to_owned()));
    let answer = |text: &str| format!("{}\n", json!({ "message": text, "agent": "manager" }));
    let (well, first) = skep(data, &["chat", "--json", "--conversation", "c1", "Hello"], "");
    let parsed =
        |text: &str| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    assert!(well && parsed(&first) == parsed(&answer("1 messages, the last: Hello")), "{first}");
    let (well, next) = skep(data, &["chat", "--json", "--conversation", "c1"], "Again\n\nAnd again\n");
    let expected = answer("3 messages, the last: Again") + &answer("5 messages, the last: And again");
    assert!(well && parsed(&next) == parsed(&expected), "{next}");
    let talk = skep(data, &["chat", "--agent", "manager", "--user", "default"], "One\nTwo\n");
    assert_eq!(talk, (true, "1 messages, the last: One\n3 messages, the last: Two\n".to_owned()));
    let (well, refused) = skep(data, &["chat", "--agent", "nobody", "Hello"], "");
    assert!(!well && refused.contains("agent not found"), "{refused}");
    let (well, refused) = skep(data, &["chat", " "], "");
    assert!(!well && refused.contains("messages[0].content must not be empty"), "{refused}");
    for (arguments, expected) in [
        (["agents", "autonomy", "interval", "7"].as_slice(), "a tick each 7 s"),
        (&["agents", "autonomy", "instruct", "Count the bees"], "1 instructions wait"),
        (&["agents", "autonomy", "on"], "autonomy is on"),
        (&["agents", "autonomy", "status"], "autonomousRoomId"),
        (&["agents", "autonomy", "off"], "autonomy is off"),
        (&["agents", "autonomy", "status", "--json"], "\"enabled\":false"),
    ] {
        let (well, text) = skep(data, arguments, "");
        assert!(well && text.contains(expected), "{arguments:?}: {text}");
    }
    let (well, refused) = skep(data, &["agents", "--user", "nobody", "autonomy", "status"], "");
    assert!(!well, "{refused}");
}
