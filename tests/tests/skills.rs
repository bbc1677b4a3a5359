//! Plugins that users upload, on a real host with real components: they run for their user, survive restarts and kill -9, and an effect
//! waits for a person where the agent's mode says so.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test ends by panicking, and calls its host itself"
)]

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tests::api::{Api, eventually};
use tests::environment::{path, rounds};
use tests::host::{ADMIN_KEY, HostProcess, HostSpec};
use tests::package::Package;
use tests::sink::Sink;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

fn start(data: &Path, allow: &[String]) -> HostProcess {
    // The provider is process-wide; another test of this process may have set it.
    let _set = rustls::crypto::ring::default_provider().install_default();
    HostSpec::new(data).components(&[path("SKEP_TEST_COMPONENTS")], allow).start()
}

/// The status and body of an upload; an error when the host did not answer.
async fn put(base: &str, key: &str, target: &str, body: Vec<u8>) -> Result<(u16, Value), reqwest::Error> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let sent = client.put(format!("{base}{target}")).bearer_auth(key);
    let sent = if body.starts_with(b"{") { sent.header("content-type", "application/json") } else { sent };
    let answer = sent.body(body).send().await?;
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

async fn upload(host: &HostProcess, package: &Package) -> Value {
    let target = format!("/api/v1/users/default/skills/{}/file", package.name());
    let (status, body) = put(&host.url, ADMIN_KEY, &target, package.bytes.clone()).await.unwrap();
    assert_eq!(status, 201, "{body}");
    body
}

/// Grant the held version what it asks for.
async fn grant(host: &HostProcess, held: &Value) {
    let target = format!("/api/v1/users/default/skills/{}/grants", held["id"].as_str().unwrap());
    let grant = json!({ "digest": held["digest"], "capabilities": held["requested"] });
    let (status, body) = put(&host.url, ADMIN_KEY, &target, grant.to_string().into_bytes()).await.unwrap();
    assert_eq!((status, &body["state"]), (200, &json!("live")), "{body}");
}

/// The drill as the user's own, which stands before the host's personalities, and the errand.
async fn install(host: &HostProcess) {
    let guests = path("SKEP_TEST_GUESTS");
    for name in ["drill.wasm", "errand.wasm"] {
        let package = Package::read(&guests.join(name));
        let body = upload(host, &package).await;
        assert_eq!(body["state"], "held", "{body}");
        grant(host, &body).await;
    }
}

fn task(sink: &Sink) -> Value {
    let arguments = json!({ "url": format!("{}/task/keyed", sink.url), "body": r#"{"scope":"errand"}"# });
    let errand = json!({ "tool": "errand.send", "arguments": arguments });
    let orders = json!({ "sink": sink.url, "effects": ["errands"], "errands": [errand] });
    json!({ "task": orders.to_string(), "capabilities": ["GOVERN"], "scope": "demo" })
}

/// Requests that arrived, by their keys.
fn sent(sink: &Sink) -> usize {
    sink.seen().keyed.values().map(std::collections::BTreeSet::len).sum()
}

async fn pending(api: &Api) -> Vec<Value> {
    let list = api.get("/v1/approvals?status=pending").await.unwrap().body;
    list["approvals"].as_array().unwrap().clone()
}

async fn one_pending(api: &Api) -> Value {
    eventually(PATIENCE, async || pending(api).await.pop()).await.expect("something waits for a person")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_effect_of_an_uploaded_skill_waits_for_a_person_over_a_restart() {
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let mut host = start(data.path(), &[sink.address()]);
    install(&host).await;
    let config = "/api/v1/users/default/agents/manager/config";
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let patch = client.patch(format!("{}{config}", host.url)).bearer_auth(ADMIN_KEY);
    let patched =
        patch.header("content-type", "application/json").body(r#"{"acmfMode":"ASSISTED"}"#).send().await;
    assert_eq!(patched.unwrap().status(), 200);
    let id = host.api().submit(&task(&sink)).await.unwrap();
    let first = one_pending(&host.api()).await;
    assert_eq!((&first["tool"], &first["taskId"]), (&json!("errand.send"), &json!(id)));
    assert_eq!(first["arguments"]["body"], r#"{"scope":"errand"}"#);
    assert_eq!(sent(&sink), 0, "nothing left before somebody approved it");

    host.kill();
    let host = start(data.path(), &[sink.address()]);
    let api = host.api();
    assert_eq!(one_pending(&api).await["id"], first["id"], "it waits for the same approval after kill -9");
    let decide = async |approval: &Value, decision: &str| {
        let target = format!("/v1/approvals/{}", approval["id"].as_str().unwrap());
        api.post(&target, &json!({ "decision": decision })).await.unwrap()
    };
    assert_eq!(decide(&first, "approve").await.status, 200);
    assert_eq!(decide(&first, "approve").await.status, 409);
    // The next phase does it again: another place, another approval.
    let second = eventually(PATIENCE, async || {
        pending(&api).await.into_iter().find(|approval| approval["id"] != first["id"])
    });
    let second = second.await.expect("the next call waits, too");
    assert_eq!(sent(&sink), 1, "what was approved was done once");
    assert_eq!(decide(&second, "reject").await.status, 200);
    let body = api.ended(&id, PATIENCE).await;
    assert_eq!(body["status"], "failed", "{body}");
    assert!(body["error"].to_string().contains("rejected by a person"), "{body}");
    assert_eq!(sent(&sink), 1);
}

/// An acknowledged upload is live after a kill; one that was not is there as a whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_is_whole_or_not_there_however_the_host_dies() {
    let data = tempfile::tempdir().unwrap();
    let hello = Package::read(&path("SKEP_TEST_GUESTS").join("hello-skill.wasm"));
    let mut acknowledged: Option<String> = None;
    let mut tried = Vec::new();
    for round in 0..rounds("SKEP_TEST_KILLS", 6) {
        let mut host = start(data.path(), &[]);
        if let Some(digest) = &acknowledged {
            let got = host.api().get("/api/v1/users/default/skills/hello-skill").await.unwrap();
            assert_eq!(got.status, 200, "{}", got.body);
            let live = got.body["digest"].as_str().unwrap().to_owned();
            let position = |wanted: &str| tried.iter().position(|known: &String| known == wanted);
            assert!(position(&live) >= position(digest), "an acknowledged upload is lost");
            assert_eq!(
                got.body["tools"],
                json!(
                    hello.manifest["tools"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|tool| tool["name"].clone())
                        .collect::<Vec<_>>()
                )
            );
        }
        let (base, hello) = (host.url.clone(), hello.clone());
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let uploading = tokio::spawn(async move {
            for number in 0.. {
                let package = hello.version(round * 1000 + number);
                let _gone = sender.send((package.digest(), false));
                match put(
                    &base,
                    ADMIN_KEY,
                    "/api/v1/users/default/skills/hello-skill/file",
                    package.bytes.clone(),
                )
                .await
                {
                    Ok((201 | 200, _)) => drop(sender.send((package.digest(), true))),
                    Ok(other) => panic!("{other:?}"),
                    Err(_) => return,
                }
            }
        });
        // Each round dies at another moment of another upload.
        let mut seen = 0;
        while let Some((digest, done)) = receiver.recv().await {
            if done {
                acknowledged = Some(digest);
            } else {
                tried.push(digest);
                seen += 1;
                if seen > 1 + round % 3 {
                    host.kill();
                }
            }
        }
        uploading.await.unwrap();
    }
    assert!(acknowledged.is_some());
}
