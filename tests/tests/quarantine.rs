//! A task whose guest kills its host each time is stopped in the end, alone, and those beside it go on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use tests::api::eventually;
use tests::database::Database;
use tests::environment::path;
use tests::host::{HostSpec, was_killed};
use tests::sink::Sink;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// The first death makes progress, the second makes a suspect, three alone are enough.
const DEATHS: usize = 5;

fn task(sink: &Sink, effects: &[&str]) -> Value {
    let orders = json!({ "sink": sink.url, "effects": effects });
    json!({ "task": orders.to_string(), "capabilities": ["GOVERN"], "scope": "demo" })
}

/// What the sink was told of a task.
async fn told(sink: &Sink, id: &str) -> Value {
    let found = eventually(PATIENCE, async || {
        let mut bodies = sink.seen().webhooks.into_values().flatten();
        bodies.find(|body| body["data"]["taskId"] == id)
    });
    found.await.unwrap_or_else(|| panic!("nobody was told of {id}"))
}

async fn judged(database: Database) {
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let folders: Vec<PathBuf> = vec![path("SKEP_TEST_COMPONENTS"), path("SKEP_TEST_GUESTS")];
    let spec = database.host(HostSpec::new(data.path()).components(&folders, &[sink.address()]));
    // Whoever sends dies, and only one of these tasks does. Only its end is told, when nothing kills any more: a webhook is sent, too.
    let deadly = spec.clone().set("SKEP_FAILPOINT", "keyed.before-send@1");
    let (mut poison, mut beside) = (String::new(), Vec::new());
    for death in 1..=DEATHS {
        let (status, printed) = match deadly.start_or_end() {
            Ok(mut host) => {
                let api = host.api();
                // The host may die under the request; what it acknowledged counts.
                if poison.is_empty() {
                    let mut poisonous = task(&sink, &["keyed"]);
                    poisonous["callbackUrl"] = json!(format!("{}/webhook", sink.url));
                    poison = api.submit(&poisonous).await.unwrap();
                }
                beside.extend(api.submit(&task(&sink, &["kv", "file"])).await.ok());
                (host.ends_within(PATIENCE).await.expect("the guest kills its host"), host.printed())
            }
            Err(ended) => (ended.status, ended.printed),
        };
        assert!(was_killed(status), "death {death}: {status}: {printed}");
    }
    // It would complete now. That it does not shows that it is not run.
    let host = spec.start();
    let api = host.api();
    let body = api.ended(&poison, PATIENCE).await;
    assert_eq!(body["status"], "failed", "{body}");
    assert_eq!(body["error"]["code"], "QUARANTINED", "{body}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("req-ai@1/research#1"), "the scope is not named: {message}");
    assert_eq!(told(&sink, &poison).await["data"], body);
    beside.push(api.submit(&task(&sink, &["kv", "file"])).await.unwrap());
    for id in &beside {
        let body = api.ended(id, PATIENCE).await;
        assert_eq!(body["status"], "completed", "a task beside it suffered: {body}");
    }
    assert_eq!(sink.seen().keyed.len(), 0, "it was sent all the same");
    // The control: the same orders once more, on a host that nothing kills.
    let again = api.submit(&task(&sink, &["keyed"])).await.unwrap();
    assert_eq!(api.ended(&again, PATIENCE).await["status"], "completed");
    println!("quarantined after {DEATHS} deaths, {} tasks beside it", beside.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_kills_its_host_each_time_is_quarantined_alone_on_sqlite() {
    judged(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_kills_its_host_each_time_is_quarantined_alone_on_postgres() {
    judged(Database::postgres()).await;
}
