//! The first five minutes: what a newcomer types, reads and copies, with the model that `make run` fetches, no key and no network.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use testkit::model_server::{ModelServer, Scripted};
use tests::environment::path;
use tests::events::{Seen, follow};
use tests::newcomer::{Newcomer, shell};

/// The promise is three minutes on two idle cores. Other work may take half of them and more; a passing test never waits this long.
const PATIENCE: Duration = Duration::from_secs(540);
/// What keeps the promise on two cores whatever else they do: even one after the other its work is done in three minutes.
const WORK: Duration = Duration::from_secs(180);
/// The promise is one second; the machine may be busy.
const FIRST_SIGN: Duration = Duration::from_secs(20);

/// Deltas that come too quickly for the follower are left out, so that not every word has to be found.
const MODELS_SHARE: usize = 70;

/// What came of the task of the copied `curl`.
struct Outcome {
    task: Value,
    events: Vec<Seen>,
}

/// Run the printed `curl` as it stands, follow the task that it submits, and take the result: completed, with a diff that the model
/// wrote. Or say why not.
async fn first_task(host: &Newcomer, key: &str, folder: &Path) -> Result<Outcome, String> {
    let answer = shell(&host.curl(), folder);
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let accepted: Value = serde_json::from_str(&text)
        .map_err(|error| format!("curl: {error}: {text} {}", String::from_utf8_lossy(&answer.stderr)))?;
    let id = accepted["taskId"].as_str().ok_or_else(|| format!("no task: {accepted}"))?;
    let events = follow(&host.url(), key, id, PATIENCE).await?;
    let task = events.last().map(|event| event.data.clone()).unwrap_or_default();
    if task["status"] != "completed" {
        return Err(format!("the task is {}: {}", task["status"], task["error"]));
    }
    let diff = task["output"]["diff"].as_str().unwrap_or_default();
    if diff.is_empty() {
        return Err(format!("the task has no diff: {}", task["output"]));
    }
    // A scope that asks for little completes with what the host can say without a model; that is no first success.
    let share = share_of_the_model(diff, &events);
    if share < MODELS_SHARE {
        return Err(format!("the model wrote {share} % of the diff: {diff}"));
    }
    Ok(Outcome { task, events })
}

/// The percentage of added lines that consist of words that the model streamed.
fn share_of_the_model(diff: &str, events: &[Seen]) -> usize {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 3);
        words.map(str::to_lowercase).collect()
    };
    // What a JSON text escapes, such as line ends, is no part of a word.
    let streamed: String =
        events.iter().filter(|event| event.name == "model.delta").map(|event| event.text("delta")).collect();
    let known: BTreeSet<String> =
        words(&streamed.replace("\\n", " ").replace("\\t", " ")).into_iter().collect();
    let added: Vec<Vec<String>> = diff
        .lines()
        .filter_map(|line| line.strip_prefix('+').filter(|_| !line.starts_with("+++")))
        .map(words)
        .filter(|words| !words.is_empty())
        .collect();
    let from_the_model = added.iter().filter(|line| line.iter().all(|word| known.contains(word))).count();
    100 * from_the_model / added.len().max(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_printed_curl_completes_with_the_embedded_model_and_shows_progress_from_the_start() {
    let place = tempfile::tempdir().unwrap();
    // Whatever a person calls a folder must not break what they copy.
    let folder = place.path().join("a newcomer's folder");
    std::fs::create_dir(&folder).unwrap();
    let variables = [("SKEP_MODEL_DIR", path("SKEP_TEST_MODEL_DIR").display().to_string())];
    let host = Newcomer::start(&folder, &variables).await;
    let key = host.key().expect("the first start shows the admin key");
    assert_eq!(host.printed().matches(&key).count(), 1, "shown once:\n{}", host.printed());
    assert!(!host.logged().contains(&key), "the key is not logged");

    // Copied into a terminal that stands elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    let before = host.processor_time();
    let Outcome { task, events } = first_task(&host, &key, elsewhere.path()).await.unwrap();
    let took = events.last().unwrap().after;
    let work = host.processor_time() - before;
    println!("first event after {:?}, end after {took:?}, processor time {work:?}", events[0].after);
    assert!(!work.is_zero() && work < WORK, "the task took {work:?} of processor time");
    shows_progress(&events);
    assert_eq!(task["progress"], 100);
    let diff = task["output"]["diff"].as_str().unwrap();
    std::fs::write(elsewhere.path().join("first.diff"), diff).unwrap();
    let check =
        shell("git init -q project && cd project && git apply --check ../first.diff", elsewhere.path());
    assert!(check.status.success(), "{}\n{diff}", String::from_utf8_lossy(&check.stderr));

    drop(host);
    let again = Newcomer::start(&folder, &variables).await;
    assert_eq!(again.key(), None, "{}", again.printed());
    assert!(!again.printed().contains(&key), "a second start does not show the key:\n{}", again.printed());
    // Its curl works all the same: it reads the key from where it is kept.
    let answer = shell(&again.curl(), elsewhere.path());
    let accepted: Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert!(accepted["taskId"].is_string(), "{accepted}");
}

/// Something at once, every personality in its turn, a percentage that only rises, text as the model writes it, and the end.
fn shows_progress(events: &[Seen]) {
    let first = events.first().expect("events");
    assert!(first.after < FIRST_SIGN, "the first event came after {:?}", first.after);
    assert!(!first.name.starts_with("task."), "progress comes before the end");
    assert_eq!(events.last().unwrap().name, "task.completed");

    let percents: Vec<u64> = events
        .iter()
        .filter(|event| event.name == "progress")
        .map(|event| event.data["percent"].as_u64().unwrap())
        .collect();
    assert!(percents.is_sorted(), "{percents:?}");
    let mut distinct = percents.clone();
    distinct.dedup();
    assert!(distinct.len() >= 10, "{percents:?}");

    let mut agents: Vec<&str> = Vec::new();
    for event in events.iter().filter(|event| event.name == "phase.update") {
        if !agents.contains(&event.text("agent")) {
            agents.push(event.text("agent"));
        }
    }
    // These two work side by side.
    if let Some(pair) = agents.get_mut(1..3) {
        pair.sort_unstable();
    }
    assert_eq!(agents, ["req-ai", "architect-ai", "planner-ai", "coder-ai", "tester-ai"]);
    let phases = |status: &str| {
        let of = |event: &&Seen| event.name == "phase.update" && event.text("status") == status;
        events.iter().filter(of).count()
    };
    let (begun, ended) = (phases("running"), phases("completed"));
    assert!(ended >= 25 && begun >= ended, "{begun} phases began, {ended} ended");

    let words: String =
        events.iter().filter(|event| event.name == "model.delta").map(|event| event.text("delta")).collect();
    assert!(words.len() > 100, "the model's text is shown as it comes: {words:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_check_fails_when_the_model_talks_nonsense_or_nothing() {
    for says in ["", "Lorem ipsum dolor sit amet, consectetur adipisci elit."] {
        let model = ModelServer::start().await.unwrap();
        model.otherwise(move |_| Scripted::text(says));
        let models = format!("core = {{ url = {:?}, model = \"silly\" }}", model.base_url());
        let folder = tempfile::tempdir().unwrap();
        let host = Newcomer::start(folder.path(), &[("SKEP_MODELS", models)]).await;
        let key = host.key().expect("the first start shows the admin key");
        let failed = first_task(&host, &key, folder.path()).await.err().expect("no success");
        assert!(failed.contains("the model wrote 0 % of the diff"), "{failed}");
        assert!(!model.requests().is_empty(), "the model was asked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_check_fails_when_the_embedded_model_cannot_start() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    // One that nobody knows, so that its bytes are not looked at before it starts.
    std::fs::write(models.join("broken.gguf"), "no model").unwrap();
    let variables = [
        ("SKEP_MODEL_DIR", models.display().to_string()),
        ("SKEP_MODELS", "embedded = \"broken\"".to_owned()),
        // A model that is away is waited for, for hours by default.
        ("SKEP_MODEL_PATIENCE_MS", "1000".to_owned()),
    ];
    let host = Newcomer::start(folder.path(), &variables).await;
    let key = host.key().expect("the first start shows the admin key");
    let failed = first_task(&host, &key, folder.path()).await.err().expect("no result without a model");
    assert!(failed.contains("the task is \"failed\""), "{failed}");
}
