//! The unmodified npm client of elizaOS 1.x against the real binary and a scripted model; and what survives a kill.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;
use testkit::model_server::{Gate, ModelServer, Scripted};
use tests::api::{Api, eventually};
use tests::host::{ADMIN_KEY, HostProcess, HostSpec};

const PERSON: &str = "123e4567-e89b-42d3-a456-426614174000";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Node and the folder of the client. What cannot be installed fails the test.
fn client() -> &'static (String, String) {
    static CLIENT: OnceLock<(String, String)> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let output = Command::new(repository().join("scripts/eliza-client.sh")).output().unwrap();
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "scripts/eliza-client.sh: {problem}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let mut lines = printed.lines().map(str::to_owned);
        (lines.next().unwrap(), lines.next().unwrap())
    })
}

fn spec(data: &Path, model: &ModelServer) -> HostSpec {
    let models = format!("core = {{ url = {:?}, model = \"scripted\" }}", model.base_url());
    HostSpec::new(data).set("SKEP_MODELS", models)
}

fn echoing(model: &ModelServer) {
    model.otherwise(|received| Scripted::text(format!("heard: {}", received.last_text())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_of_elizaos_works_unchanged() {
    let (node, package) = client();
    let folder = tempfile::tempdir().unwrap();
    let model = ModelServer::start().await.unwrap();
    echoing(&model);
    let spec = spec(folder.path(), &model);
    let mut host = spec.start();
    let script = repository().join("tests/clients/eliza/client.mjs");
    let run = tokio::process::Command::new(node)
        .arg(script)
        .args([package, &host.url, ADMIN_KEY])
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(240), run).await.expect("it ends").unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}\n{}", host.printed());
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    let asked = model.requests();
    // The character counts: what its client said of it is what the model is told.
    let of_keeper: Vec<_> = asked.iter().filter(|received| received.contains("How many hives?")).collect();
    assert!(of_keeper.iter().any(|received| received.contains("Speak of bees.\\nKeeps many bees.")
        || received.contains("Speak of bees.\nKeeps many bees.")));

    // Nothing of it was in memory only.
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let paths = [
        format!("/api/agents/{}", text("agent")),
        format!("/api/messaging/sessions/{}/messages", text("session")),
        format!("/api/messaging/jobs/{}", text("job")),
        format!("/api/agents/{}/runs/{}", text("agent"), text("run")),
        format!("/api/memory/{}/memories", text("agent")),
    ];
    let before = answers(&host.api(), &paths).await;
    assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
    host.kill();
    let host = spec.start();
    assert_eq!(answers(&host.api(), &paths).await, before);
}

async fn answers(api: &Api, paths: &[String]) -> Vec<(u16, Value)> {
    let mut found = Vec::new();
    for path in paths {
        let answer = api.get(path).await.unwrap();
        found.push((answer.status, answer.body));
    }
    found
}

/// The default agent.
async fn manager(host: &HostProcess) -> String {
    let agents = host.api().get("/api/agents").await.unwrap().body;
    agents["data"]["agents"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_and_a_job_are_answered_once_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let model = ModelServer::start().await.unwrap();
    let gate = Gate::new();
    let hanging = |text: &str| Scripted::text(format!("heard: {text}")).hang(&gate);
    model.when_times(1, |received| received.contains("before the kill"), hanging("lost"));
    model.when_times(1, |received| received.contains("asked as a job"), hanging("lost"));
    echoing(&model);
    let spec = spec(folder.path(), &model);
    let mut host = spec.start();
    let (api, agent) = (host.api(), manager(&host).await);
    let session = api.post("/api/messaging/sessions", &json!({ "agentId": agent, "userId": PERSON })).await;
    let session = session.unwrap().body["sessionId"].as_str().unwrap().to_owned();
    let messages = format!("/api/messaging/sessions/{session}/messages");
    let sent = api.post(&messages, &json!({ "content": "before the kill" })).await.unwrap();
    assert_eq!(sent.status, 201, "{}", sent.body);
    let job =
        json!({ "userId": PERSON, "content": "asked as a job", "agentId": agent, "timeoutMs": 300_000 });
    let job = api.post("/api/messaging/jobs", &job).await.unwrap().body;
    let job = format!("/api/messaging/jobs/{}", job["jobId"].as_str().unwrap());
    // Both are in the middle of their model call.
    model.wait_for_requests(2).await;
    host.kill();
    let host = spec.start();
    let api = host.api();
    let answered = eventually(Duration::from_secs(120), async || {
        let said = api.get(&messages).await.ok()?.body;
        let job = api.get(&job).await.ok()?.body;
        let both = said["messages"].as_array()?.len() > 1 && job["status"] == "completed";
        both.then_some((said, job))
    });
    let (said, job) = answered.await.expect("both are answered after the kill");
    let said: Vec<&str> = said["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["content"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["heard: before the kill", "before the kill"]);
    assert_eq!(job["result"]["message"]["content"], "heard: asked as a job");
    // What the lost calls say now is heard by nobody.
    gate.open();
    let memories = api.get(&format!("/api/memory/{agent}/memories?limit=200")).await.unwrap().body;
    assert_eq!(memories["data"]["memories"].as_array().unwrap().len(), 4, "{memories}");
}
