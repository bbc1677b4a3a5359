//! Hot reload: versions swap under constant calls, and nothing broken ever goes live.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tests::api::{Api, eventually};
use tests::environment::{path, rounds};
use tests::host::HostSpec;
use tests::package::{Package, folder, put};
use tests::sink::Sink;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

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

fn drill() -> Package {
    Package::read(&path("SKEP_TEST_GUESTS").join("drill.wasm"))
}

/// Callers that never pause.
const CALLERS: usize = 3;

/// What happened while versions were swapped.
#[derive(Default)]
struct Swapped {
    /// Tasks that did not complete.
    failed: Vec<Value>,
    /// Tasks that did.
    completed: usize,
    /// Tasks in whose journal more than one version has run.
    mixed: usize,
    /// Versions that have run in any.
    ran: BTreeSet<String>,
}

/// The versions of the drill that ran in a task.
async fn versions_of(api: &Api, id: &str) -> BTreeSet<String> {
    let of_drill = |entry: &Value| {
        let start = entry.get("entry").filter(|entry| entry["plugin"] == "drill@0.1.0")?;
        Some(start["digest"].as_str()?.to_owned())
    };
    api.journal(id).await.iter().filter_map(of_drill).collect()
}

/// Swap these versions under callers that never pause; no swap goes by without a call that is under way.
async fn swap(versions: &[Package], swaps: usize) -> Swapped {
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let hot = data.path().join("hot");
    folder(&hot, versions);
    versions[0].put(&hot);
    let host = HostSpec::new(&data.path().join("data"))
        .components(&[path("SKEP_TEST_COMPONENTS"), hot.clone()], &[sink.address()])
        .start();
    let api = host.api();
    assert!(goes_live(&api, &versions[0].digest()).await, "{}", live(&api).await);
    let (stop, open) = (AtomicBool::new(false), AtomicUsize::new(0));
    let swapped = Mutex::new(Swapped::default());
    let call = async || {
        while !stop.load(Ordering::SeqCst) {
            let id = api.submit(&task(&sink)).await.unwrap();
            open.fetch_add(1, Ordering::SeqCst);
            let body = api.ended(&id, PATIENCE).await;
            open.fetch_sub(1, Ordering::SeqCst);
            let ran = versions_of(&api, &id).await;
            let mut swapped = swapped.lock().unwrap();
            swapped.mixed += usize::from(ran.len() > 1);
            swapped.ran.extend(ran);
            match body["status"] == "completed" {
                true => swapped.completed += 1,
                false => swapped.failed.push(body),
            }
        }
    };
    let swapping = async {
        for number in 1..=swaps {
            let under_way = eventually(PATIENCE, async || (open.load(Ordering::SeqCst) > 0).then_some(()));
            assert!(under_way.await.is_some(), "nobody calls at swap {number}");
            let next = &versions[number % versions.len()];
            next.put(&hot);
            let live_now = goes_live(&api, &next.digest()).await;
            assert!(live_now, "swap {number} never went live: {}", live(&api).await);
        }
        stop.store(true, Ordering::SeqCst);
    };
    futures_util::future::join(swapping, futures_util::future::join_all((0..CALLERS).map(|_| call()))).await;
    swapped.into_inner().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_swaps_under_constant_calls_fail_no_call() {
    let swaps = rounds("SKEP_TEST_SWAPS", 200);
    let versions: Vec<Package> = (0..4).map(|number| drill().version(number)).collect();
    let swapped = swap(&versions, swaps).await;
    assert_eq!(swapped.failed, Vec::<Value>::new(), "calls failed during swaps");
    assert_eq!(swapped.ran.len(), versions.len(), "a version was never called: {:?}", swapped.ran);
    assert!(swapped.mixed > 0, "no task was under way at a swap");
    println!(
        "{swaps} swaps, {} tasks of 10 calls each, none failed, {} ran on more than one version",
        swapped.completed, swapped.mixed
    );
}

/// The control: a version that goes live and does not do its work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swap_to_a_version_that_fails_its_calls_is_seen() {
    let worse = drill().with(|manifest| {
        for request in manifest["capabilities"].as_array_mut().unwrap() {
            if request["interface"] == "tools" {
                request["names"] = json!(["nothing.here"]);
            }
        }
    });
    let swapped = swap(&[drill(), worse], 6).await;
    assert!(!swapped.failed.is_empty(), "{} tasks completed", swapped.completed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_broken_goes_live_and_the_working_version_serves_on() {
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let hot = data.path().join("hot");
    let (component, good) = (drill().bytes, drill().version(1));
    let (next, ungranted) = (drill().version(2), drill().version(3));
    folder(&hot, [&good, &next]);
    good.put(&hot);
    let spec = HostSpec::new(&data.path().join("data"))
        .components(&[path("SKEP_TEST_COMPONENTS"), hot.clone()], &[sink.address()]);
    let mut host = spec.start();
    let api = host.api();
    assert!(goes_live(&api, &good.digest()).await);
    let manifest = component
        .windows(13)
        .position(|bytes| bytes == b"\"abi\":\"0.1.0\"")
        .expect("the manifest is in the component");
    let mut other_abi = component.clone();
    other_abi[manifest + 7] = b'9';
    let two_sections = {
        let mut bytes = good.bytes.clone();
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
        ("torn", good.bytes[..good.bytes.len() / 2].to_vec(), &["drill.wasm"]),
        ("truncated at the end", good.bytes[..good.bytes.len() - 3].to_vec(), &["drill.wasm"]),
        ("not wasm", b"hello".to_vec(), &["drill.wasm"]),
        ("empty", Vec::new(), &["drill.wasm"]),
        ("another ABI", other_abi, &["9.1.0", "0.1.0"]),
        ("two metadata sections", two_sections, &["drill.wasm"]),
    ];
    for (name, bytes, words) in broken {
        put(&hot, "drill", &bytes);
        let reported = eventually(PATIENCE, async || {
            let text = live(&api).await["broken"].to_string();
            words.iter().all(|word| text.contains(word)).then_some(())
        });
        assert!(reported.await.is_some(), "{name} was not reported: {}", live(&api).await);
        assert_eq!(drill_digest(&api).await, good.digest(), "{name} replaced a working version");
        let id = api.submit(&task(&sink)).await.unwrap();
        assert_eq!(api.ended(&id, PATIENCE).await["status"], "completed", "{name}");
        // Between two broken ones the good one is back, so that each report is its own.
        good.put(&hot);
        let clean = eventually(PATIENCE, async || {
            (live(&api).await["broken"].as_array().unwrap().is_empty()).then_some(())
        })
        .await;
        assert!(clean.is_some(), "the good file was not taken again: {}", live(&api).await);
    }
    ungranted.put(&hot);
    let held = eventually(PATIENCE, async || {
        live(&api).await["held"].to_string().contains(&ungranted.digest()).then_some(())
    })
    .await;
    assert!(held.is_some(), "changed bytes without a grant were not held: {}", live(&api).await);
    let text = live(&api).await["held"].to_string();
    assert!(text.contains("http") && text.contains("files"), "the missing grants are not named: {text}");
    assert_eq!(drill_digest(&api).await, good.digest());
    // Also after a restart, when no file has the good version any more: the database has it.
    host.kill();
    let host = spec.start();
    let api = host.api();
    assert_eq!(drill_digest(&api).await, good.digest(), "{}", live(&api).await);
    assert!(live(&api).await["held"].to_string().contains(&ungranted.digest()));
    let id = api.submit(&task(&sink)).await.unwrap();
    assert_eq!(api.ended(&id, PATIENCE).await["status"], "completed");
    // The control: a good version with a grant does go live.
    next.put(&hot);
    assert!(goes_live(&api, &next.digest()).await);
}
