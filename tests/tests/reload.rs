//! Hot reload: versions swap under constant calls, and nothing broken ever goes live.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tests::api::{Api, eventually};
use tests::environment::{path, rounds};
use tests::host::HostSpec;
use tests::sink::Sink;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same component with other bytes, as a rebuilt version is: a custom section more, which no engine looks at.
fn version(component: &[u8], number: usize) -> Vec<u8> {
    let name = b"swap";
    let payload = format!("version {number}");
    let size = 1 + name.len() + payload.len();
    let mut bytes = component.to_vec();
    bytes.extend_from_slice(&[0, u8::try_from(size).unwrap(), u8::try_from(name.len()).unwrap()]);
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(payload.as_bytes());
    bytes
}

fn digest(bytes: &[u8]) -> String {
    domain::id::Digest::of(bytes).to_string()
}

/// Grant a digest what the first version was granted.
fn policy(first: &str, digests: &[String]) -> String {
    let table: toml::Table = first.parse().unwrap();
    let grants = table["grant"].as_array().unwrap();
    let drill = grants.iter().find(|grant| grant["plugin"].as_str().unwrap().starts_with("drill@")).unwrap();
    let mut text = String::new();
    for digest in digests {
        let mut grant = drill.as_table().unwrap().clone();
        grant.insert("digest".to_owned(), digest.clone().into());
        let mut whole = toml::Table::new();
        whole.insert("grant".to_owned(), toml::Value::Array(vec![toml::Value::Table(grant)]));
        text.push_str(&whole.to_string());
        text.push('\n');
    }
    text
}

/// As an installer does: beside it, then renamed.
fn put(directory: &Path, bytes: &[u8]) {
    let temporary = directory.join(".drill.wasm.new");
    std::fs::write(&temporary, bytes).unwrap();
    std::fs::rename(&temporary, directory.join("drill.wasm")).unwrap();
}

async fn live(api: &Api) -> Value {
    api.get("/v1/admin/plugins").await.unwrap().body
}

async fn drill_digest(api: &Api) -> String {
    let plugins = live(api).await;
    let rows = plugins["live"].as_array().unwrap().clone();
    rows.iter()
        .find(|row| row["name"] == "drill")
        .map(|row| row["digest"].as_str().unwrap().to_owned())
        .unwrap_or_default()
}

async fn goes_live(api: &Api, wanted: &str) -> bool {
    eventually(PATIENCE, async || (drill_digest(api).await == wanted).then_some(())).await.is_some()
}

fn task(sink: &Sink) -> Value {
    let orders = json!({ "sink": sink.url, "effects": ["kv", "tool"] });
    json!({ "task": orders.to_string(), "capabilities": ["GOVERN"], "scope": "demo" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_swaps_under_constant_calls_fail_no_call() {
    let swaps = rounds("SKEP_TEST_SWAPS", 200);
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let hot = data.path().join("hot");
    std::fs::create_dir_all(&hot).unwrap();
    let component = std::fs::read(path("SKEP_TEST_GUESTS").join("drill.wasm")).unwrap();
    let versions: Vec<Vec<u8>> = (0..4).map(|number| version(&component, number)).collect();
    let granted: Vec<String> = versions.iter().map(|version| digest(version)).collect();
    let first_policy = std::fs::read_to_string(path("SKEP_TEST_GUESTS").join("policy.toml")).unwrap();
    std::fs::write(hot.join("policy.toml"), policy(&first_policy, &granted)).unwrap();
    put(&hot, &versions[0]);
    let host = HostSpec::new(&data.path().join("data"))
        .components(&[path("SKEP_TEST_COMPONENTS"), hot.clone()], &[sink.address()])
        .start();
    let api = host.api();
    assert!(goes_live(&api, &granted[0]).await, "{}", live(&api).await);

    let (stop, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let calling = async {
        while !stop.load(Ordering::SeqCst) {
            let id = api.submit(&task(&sink)).await.unwrap();
            let body = api.ended(&id, PATIENCE).await;
            assert_eq!(body["status"], "completed", "a call failed during a swap: {body}");
            calls.fetch_add(1, Ordering::SeqCst);
        }
    };
    let swapping = async {
        for swap in 1..=swaps {
            let next = swap % versions.len();
            put(&hot, &versions[next]);
            assert!(
                goes_live(&api, &granted[next]).await,
                "swap {swap} never went live: {}",
                live(&api).await
            );
        }
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(calling, swapping);
    assert!(calls.load(Ordering::SeqCst) > 0, "no call was made");
    println!("{swaps} swaps, {} tasks of 10 calls each, none failed", calls.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_broken_goes_live_and_the_working_version_serves_on() {
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let hot = data.path().join("hot");
    std::fs::create_dir_all(&hot).unwrap();
    let component = std::fs::read(path("SKEP_TEST_GUESTS").join("drill.wasm")).unwrap();
    let (good, next, ungranted) = (version(&component, 1), version(&component, 2), version(&component, 3));
    let first_policy = std::fs::read_to_string(path("SKEP_TEST_GUESTS").join("policy.toml")).unwrap();
    std::fs::write(hot.join("policy.toml"), policy(&first_policy, &[digest(&good), digest(&next)])).unwrap();
    put(&hot, &good);
    let spec = HostSpec::new(&data.path().join("data"))
        .components(&[path("SKEP_TEST_COMPONENTS"), hot.clone()], &[sink.address()]);
    let mut host = spec.start();
    let api = host.api();
    assert!(goes_live(&api, &digest(&good)).await);
    let manifest = component
        .windows(13)
        .position(|bytes| bytes == b"\"abi\":\"0.1.0\"")
        .expect("the manifest is in the component");
    let mut other_abi = component.clone();
    other_abi[manifest + 7] = b'9';
    let two_sections = {
        let mut bytes = good.clone();
        let name = b"skep:plugin";
        bytes.extend_from_slice(&[
            0,
            u8::try_from(1 + name.len() + 2).unwrap(),
            u8::try_from(name.len()).unwrap(),
        ]);
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(b"{}");
        bytes
    };
    // What is put there, and the words with which the host says why it is not used.
    let broken: [(&str, Vec<u8>, &[&str]); 6] = [
        ("torn", good[..good.len() / 2].to_vec(), &["drill.wasm"]),
        ("truncated at the end", good[..good.len() - 3].to_vec(), &["drill.wasm"]),
        ("not wasm", b"hello".to_vec(), &["drill.wasm"]),
        ("empty", Vec::new(), &["drill.wasm"]),
        ("another ABI", other_abi, &["9.1.0", "0.1.0"]),
        ("two metadata sections", two_sections, &["drill.wasm"]),
    ];
    for (name, bytes, words) in broken {
        put(&hot, &bytes);
        let reported = eventually(PATIENCE, async || {
            let text = live(&api).await["broken"].to_string();
            words.iter().all(|word| text.contains(word)).then_some(())
        });
        assert!(reported.await.is_some(), "{name} was not reported: {}", live(&api).await);
        assert_eq!(drill_digest(&api).await, digest(&good), "{name} replaced a working version");
        let id = api.submit(&task(&sink)).await.unwrap();
        assert_eq!(api.ended(&id, PATIENCE).await["status"], "completed", "{name}");
        // Between two broken ones the good one is back, so that each report is its own.
        put(&hot, &good);
        let clean = eventually(PATIENCE, async || {
            (live(&api).await["broken"].as_array().unwrap().is_empty()).then_some(())
        })
        .await;
        assert!(clean.is_some(), "the good file was not taken again: {}", live(&api).await);
    }
    put(&hot, &ungranted);
    let held = eventually(PATIENCE, async || {
        live(&api).await["held"].to_string().contains(&digest(&ungranted)).then_some(())
    })
    .await;
    assert!(held.is_some(), "changed bytes without a grant were not held: {}", live(&api).await);
    let text = live(&api).await["held"].to_string();
    assert!(text.contains("http") && text.contains("files"), "the missing grants are not named: {text}");
    assert_eq!(drill_digest(&api).await, digest(&good));
    // Also after a restart, when no file has the good version any more: the database has it.
    host.kill();
    let host = spec.start();
    let api = host.api();
    assert_eq!(drill_digest(&api).await, digest(&good), "{}", live(&api).await);
    assert!(live(&api).await["held"].to_string().contains(&digest(&ungranted)));
    let id = api.submit(&task(&sink)).await.unwrap();
    assert_eq!(api.ended(&id, PATIENCE).await["status"], "completed");
    // The control: a good version with a grant does go live.
    put(&hot, &next);
    assert!(goes_live(&api, &digest(&next)).await);
}
