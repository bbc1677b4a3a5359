//! One development task, end to end: the real binary, the bundled plugins, a scripted model, a real project.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use testkit::model_server::{ModelServer, Scripted};
use tests::api::{Api, eventually};
use tests::database::Database;
use tests::environment::path;
use tests::host::{HostProcess, HostSpec};
use tests::sink::Sink;
use tests::team;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples/todo-python")
}

/// The change that mends the example's bug.
fn fix() -> Value {
    json!({
        "summary": "An item that is due today is not overdue.",
        "edits": [{
            "path": "todo.py",
            "find": "if item[\"due\"] <= today.isoformat()]",
            "replace": "if item[\"due\"] < today.isoformat()]",
        }],
        "files": [],
    })
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

struct Team {
    host: HostProcess,
    model: ModelServer,
    sink: Sink,
    spec: HostSpec,
    _data: tempfile::TempDir,
}

impl Team {
    async fn start(change: Value) -> Self {
        Self::start_with(change, |spec| spec).await
    }

    async fn start_with(change: Value, more: impl FnOnce(HostSpec) -> HostSpec) -> Self {
        let (data, sink, model) =
            (tempfile::tempdir().unwrap(), Sink::start().await, team::start(change).await);
        let models = ["core", "pro", "ultra"]
            .map(|tier| format!("{tier} = {{ url = {:?}, model = \"scripted-{tier}\" }}", model.base_url()));
        let spec = HostSpec::new(&data.path().join("data"))
            .components(&[path("SKEP_TEST_COMPONENTS")], &[sink.address()])
            .set("SKEP_MODELS", models.join("\n"))
            .set("SKEP_SOURCE_ROOTS", example().parent().unwrap().display().to_string());
        let spec = more(spec);
        Self { host: spec.start(), model, sink, spec, _data: data }
    }

    fn api(&self) -> Api {
        self.host.api()
    }

    async fn finished(&self, request: &Value) -> Value {
        let id = self.api().submit(request).await.unwrap();
        self.api().ended(&id, PATIENCE).await
    }
}

fn request() -> Value {
    json!({
        "task": "An item that is due today counts as overdue. It should not.",
        "capabilities": ["BUILD"],
        "source": example(),
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_on_a_real_project_ends_in_a_diff_that_makes_its_failing_test_pass() {
    let team = Team::start(fix()).await;
    let mut wanted = request();
    wanted["callbackUrl"] = json!(format!("{}/webhook", team.sink.url));
    let body = team.finished(&wanted).await;
    assert_eq!(body["status"], "completed", "{body}");
    assert_eq!(
        body["completedPhases"],
        json!(["requirements", "architecture", "implementation", "verification"])
    );
    assert_eq!(body["output"]["files"], json!([{ "path": "todo.py", "change": "modified" }]));

    let project = tempfile::tempdir().unwrap();
    let copied = run("cp", &["-r", example().to_str().unwrap(), "project"], project.path());
    assert!(copied.status.success());
    let project = project.path().join("project");
    let tests = || run("python3", &["-m", "unittest", "-q"], &project);
    assert!(!tests().status.success(), "the control: without the diff the project's test fails");
    std::fs::write(project.join("../task.diff"), body["output"]["diff"].as_str().unwrap()).unwrap();
    run("git", &["init", "-q"], &project);
    let check = run("git", &["apply", "--check", "../task.diff"], &project);
    assert!(check.status.success(), "{}\n{}", String::from_utf8_lossy(&check.stderr), body["output"]["diff"]);
    assert!(run("git", &["apply", "../task.diff"], &project).status.success());
    let after = tests();
    assert!(after.status.success(), "{}", String::from_utf8_lossy(&after.stderr));

    // The webhook tells exactly the task's body.
    let sink = team.sink.clone();
    let told = eventually(PATIENCE, async || sink.seen().webhooks.into_values().flatten().next())
        .await
        .expect("a webhook");
    assert_eq!(told["type"], "task.completed");
    assert_eq!(told["data"], body);
    // The source itself was not touched.
    assert!(!std::fs::read_to_string(example().join("todo.py")).unwrap().contains("< today.isoformat()"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_task_replays_byte_for_byte_without_the_model_and_a_changed_component_shows() {
    let team = Team::start(fix()).await;
    let body = team.finished(&request()).await;
    assert_eq!(body["status"], "completed", "{body}");
    let task = body["taskId"].as_str().unwrap().to_owned();
    let Team { host, model, spec, _data, .. } = team;
    drop(host);
    // No network at all: the model is gone, and the host that replays has no other address.
    drop(model);
    let host = spec.start();
    let replay = host.api().post(&format!("/v1/agents/tasks/{task}/replay"), &json!({})).await.unwrap();
    assert_eq!(replay.status, 200, "{}", replay.body);
    assert_eq!(replay.body["identical"], true, "{}", replay.body);
    assert!(replay.body["scopes"].as_u64().unwrap() >= 25, "{}", replay.body);
    drop(host);

    // A coder-ai that asks for something else takes the place of the recorded one.
    let changed_folder = tempfile::tempdir().unwrap();
    let other = reworded(&std::fs::read(path("SKEP_TEST_COMPONENTS").join("coder-ai.wasm")).unwrap());
    std::fs::write(changed_folder.path().join("coder-ai.wasm"), &other).unwrap();
    let policy = std::fs::read_to_string(path("SKEP_TEST_COMPONENTS").join("policy.toml")).unwrap();
    let mut grant: toml::Table = policy.parse().unwrap();
    let grants: Vec<toml::Value> = grant["grant"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|grant| grant["plugin"].as_str().unwrap().starts_with("coder-ai@"))
        .map(|found| {
            let mut found = found.as_table().unwrap().clone();
            found.insert("digest".to_owned(), domain::id::Digest::of(&other).to_string().into());
            toml::Value::Table(found)
        })
        .collect();
    grant.insert("grant".to_owned(), toml::Value::Array(grants));
    std::fs::write(changed_folder.path().join("policy.toml"), grant.to_string()).unwrap();
    let changed = spec.components(&[path("SKEP_TEST_COMPONENTS"), changed_folder.path().to_owned()], &[]);
    let host = changed.start();
    let replay = host
        .api()
        .post(&format!("/v1/agents/tasks/{task}/replay"), &json!({ "against": "live" }))
        .await
        .unwrap();
    assert_eq!(replay.body["identical"], false, "{}", replay.body);
    let difference = &replay.body["differences"][0];
    assert!(difference["scope"].as_str().unwrap().starts_with("coder-ai@1/"), "{difference}");
    let sides = (difference["recorded"].to_string(), difference["actual"].to_string());
    assert_ne!(sides.0, sides.1);
    assert!(
        sides.0.contains("You work in") && sides.1.contains("you work in"),
        "both sides are shown: {difference}"
    );
}

/// coder-ai with another letter in its questions: same length, so that the binary stays well-formed.
fn reworded(component: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    let words = b"You work in a software team";
    let place = component
        .windows(words.len())
        .position(|window| window == words)
        .expect("coder-ai's rules for the model");
    bytes[place] = b'y';
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intelligence_chooses_the_model() {
    let team = Team::start(fix()).await;
    for tier in ["core", "pro", "ultra"] {
        let before = team.model.requests().len();
        let mut wanted = request();
        wanted["intelligence"] = json!(tier);
        assert_eq!(team.finished(&wanted).await["status"], "completed");
        let requests = team.model.requests().split_off(before);
        assert!(requests.len() >= 25, "every phase asks the model: {}", requests.len());
        for received in requests {
            assert_eq!(received.body["model"], format!("scripted-{tier}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scope_decides_which_gates_must_pass() {
    // A change that does not parse: demo does not ask for that, mvp does.
    let broken = json!({
        "summary": "A file that is not Python.",
        "edits": [],
        "files": [{ "path": "broken.py", "content": "def broken(:\n" }],
    });
    let team = Team::start(broken).await;
    for (scope, status) in [("demo", "completed"), ("mvp", "failed"), ("production", "failed")] {
        let mut wanted = request();
        wanted["scope"] = json!(scope);
        let body = team.finished(&wanted).await;
        assert_eq!(body["status"], status, "{scope}: {body}");
        if status == "failed" {
            assert_eq!(body["error"]["code"], "GATES_FAILED", "{body}");
            assert!(body["error"]["message"].as_str().unwrap().contains("parses failed"), "{body}");
        }
    }
    let good = Team::start(fix()).await;
    let mut wanted = request();
    wanted["scope"] = json!("production");
    let body = good.finished(&wanted).await;
    assert_eq!(body["status"], "failed", "production refuses what was not run: {body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("tests_pass was not run"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_of_tester_ai_that_failed_sends_the_work_back_to_coder_ai() {
    // The host has nothing against this change; tester-ai has: nobody asked for another test.
    let (asserted, weakened) = ("self.assertEqual(items.add(\"a\"), 1)", "self.assertTrue(items.add(\"a\"))");
    let edit =
        |find: &str, replace: &str| json!({ "path": "test_todo.py", "find": find, "replace": replace });
    let mut first = fix();
    first["edits"].as_array_mut().unwrap().push(edit(asserted, weakened));
    let mut wanted = request();
    wanted["scope"] = json!("product");

    let stubborn = Team::start(first.clone()).await;
    let body = stubborn.finished(&wanted).await;
    assert_eq!(body["status"], "failed", "the control: a model that does not mend it: {body}");
    assert_eq!(body["error"]["code"], "GATES_FAILED", "{body}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("after 3 round(s)") && message.contains("tester-ai: tests-kept failed"),
        "{message}"
    );

    let team = Team::start(first).await;
    let put_back =
        json!({ "summary": "The test is as it was.", "edits": [edit(weakened, asserted)], "files": [] });
    team.model.when(
        |received| {
            let question = received.last_text();
            question.starts_with("PHASE coder-ai/generate")
                && question.contains("tester-ai: tests-kept: test_todo.py")
        },
        Scripted::json(&put_back),
    );
    let body = team.finished(&wanted).await;
    assert_eq!(body["status"], "completed", "{body}");
    assert_eq!(body["output"]["files"], json!([{ "path": "todo.py", "change": "modified" }]));
    let gates = body["output"]["gates"].as_array().unwrap();
    let status = |name: &str| gates.iter().find(|gate| gate["name"] == name).map(|gate| &gate["status"]);
    assert_eq!(status("tester-ai: tests-kept"), Some(&json!("passed")), "{body}");
    assert_eq!(status("tester-ai: findings-answered"), Some(&json!("passed")), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn priority_decides_the_order_of_the_queue() {
    // One at a time, and nothing runs while the queue is filled.
    let team =
        Team::start_with(fix(), |spec| spec.set("SKEP_CONCURRENCY", "1").set("SKEP_WORKER", "false")).await;
    let mut ids = Vec::new();
    for priority in ["low", "normal", "high", "low", "high"] {
        let mut wanted = request();
        wanted["priority"] = json!(priority);
        wanted["scope"] = json!("demo");
        ids.push((priority, team.api().submit(&wanted).await.unwrap()));
    }
    let Team { host, spec, model, _data, .. } = team;
    drop(host);
    let host = spec.set("SKEP_WORKER", "true").start();
    let mut started = Vec::new();
    for (priority, id) in &ids {
        let body = host.api().ended(id, PATIENCE).await;
        assert_eq!(body["status"], "completed", "{body}");
        let journal = host.api().get(&format!("/v1/agents/tasks/{id}/journal?limit=1")).await.unwrap().body;
        started.push((journal["entries"][0]["at"].as_str().unwrap().to_owned(), *priority));
    }
    started.sort();
    let order: Vec<&str> = started.into_iter().map(|(_, priority)| priority).collect();
    assert_eq!(order, ["high", "high", "normal", "low", "low"]);
    drop(model);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_git_source_is_cloned_and_one_that_cannot_be_fails_the_task_naming_it() {
    let team = Team::start(fix()).await;
    let repository = tempfile::tempdir().unwrap();
    let folder = repository.path().join("todo");
    assert!(run("cp", &["-r", example().to_str().unwrap(), "todo"], repository.path()).status.success());
    for arguments in [
        &["init", "-q"][..],
        &["add", "."],
        &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "first"],
    ] {
        let done = run("git", arguments, &folder);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
    let mut wanted = request();
    wanted["source"] = json!(format!("file://{}", folder.display()));
    let body = team.finished(&wanted).await;
    assert_eq!(body["status"], "completed", "{body}");
    assert_eq!(body["output"]["files"], json!([{ "path": "todo.py", "change": "modified" }]));
    wanted["source"] = json!(format!("file://{}/nothing-here", repository.path().display()));
    let body = team.finished(&wanted).await;
    assert_eq!(body["status"], "failed", "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("nothing-here"), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_model_suspends_the_task_and_it_goes_on_afterwards() {
    let team = Team::start(fix()).await;
    team.model.when_times(1, |_| true, Scripted::status(429).retry_after("5"));
    let data_dir = &team.spec.data_dir;
    let id = team.api().submit(&request()).await.unwrap();
    // It waits in the database and nobody holds it; a host that waited in place would hold its lease.
    let row =
        format!("SELECT state, wake_at > 0, host FROM tasks JOIN leases ON task = id WHERE id = '{id}'");
    let waiting = eventually(PATIENCE, async || {
        (Database::Sqlite.rows(data_dir, &row) == ["waiting|1|None"]).then_some(())
    });
    assert!(waiting.await.is_some(), "it never waited: {:?}", Database::Sqlite.rows(data_dir, &row));
    let asked = team.model.requests().len();
    assert_eq!(asked, 1, "it waits after its first question");
    let attempt = async || {
        let path = format!("/v1/agents/tasks/{id}?include=attempt");
        team.api().get(&path).await.unwrap().body["attempt"]["deliveries"].clone()
    };
    assert_eq!(attempt().await, 1);
    let body = team.api().ended(&id, PATIENCE).await;
    assert_eq!(body["status"], "completed", "{body}");
    assert_eq!(attempt().await, 2, "it was claimed a second time");
}
