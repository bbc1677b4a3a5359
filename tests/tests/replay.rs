//! planner-ai and architect-ai run at the same time. Which of them is first decides nothing: not the output, not the failure, not the
//! replay.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::model_server::{Gate, ModelServer, Received, Scripted};
use tests::api::{Api, eventually};
use tests::environment::path;
use tests::host::{HostProcess, HostSpec};
use tests::team;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
const BRANCHES: [&str; 2] = ["planner-ai", "architect-ai"];

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("examples/todo-python")
}

/// What the model does with the questions of the two branches.
#[derive(Clone, Default)]
struct Script {
    /// These branches are answered when the gate opens.
    held: Option<(Vec<&'static str>, Gate)>,
    /// Neither branch is answered well.
    refuses: bool,
}

impl Script {
    fn shape(&self, received: &Received, answer: Scripted) -> Scripted {
        let asks = |branch: &str| received.last_text().starts_with(&format!("PHASE {branch}/"));
        let Some(branch) = BRANCHES.into_iter().find(|branch| asks(branch)) else { return answer };
        let answer = if self.refuses { Scripted::status(400) } else { answer };
        match &self.held {
            Some((held, gate)) if held.contains(&branch) => answer.hang(gate),
            _ => answer,
        }
    }
}

struct Team {
    host: HostProcess,
    script: Arc<Mutex<Script>>,
    model: ModelServer,
    _data: tempfile::TempDir,
}

impl Team {
    async fn start() -> Self {
        let script = Arc::new(Mutex::new(Script::default()));
        let (data, shared) = (tempfile::tempdir().unwrap(), Arc::clone(&script));
        let change = json!({
            "summary": "An item that is due today is not overdue.",
            // An edit is the same in each run; a new file would carry the number of the run.
            "edits": [{ "path": "todo.py", "find": "<= today.isoformat()", "replace": "< today.isoformat()" }],
            "files": [],
        });
        let shape = move |received: &Received, answer| shared.lock().unwrap().shape(received, answer);
        let model = team::start_shaped(change, shape).await;
        let spec = HostSpec::new(&data.path().join("data"))
            .components(&[path("SKEP_TEST_COMPONENTS")], &[])
            .set("SKEP_SOURCE_ROOTS", example().parent().unwrap().display().to_string())
            .set("SKEP_MODELS", format!("core = {{ url = {:?}, model = \"scripted\" }}", model.base_url()));
        Self { host: spec.start(), script, model, _data: data }
    }

    fn api(&self) -> Api {
        self.host.api()
    }

    /// A task in which `late` is held back until the other branch is through.
    async fn run(&self, late: &'static str, refuses: bool) -> Run {
        let gate = Gate::new();
        *self.script.lock().unwrap() = Script { held: Some((vec![late], gate.clone())), refuses };
        let (api, id) = (self.api(), self.submit().await);
        let early = BRANCHES.into_iter().find(|branch| *branch != late).unwrap();
        let through = eventually(PATIENCE, async || ended(&api.journal(&id).await, early));
        let body = async || api.get(&format!("/v1/agents/tasks/{id}")).await.unwrap().body;
        assert!(through.await.is_some(), "{early} never ended: {}", body().await);
        gate.open();
        self.ended(&id).await
    }

    /// A task in which both branches are refused at the same time.
    async fn run_together(&self) -> Run {
        let gate = Gate::new();
        let asked = self.model.requests().len();
        let held = Some((BRANCHES.to_vec(), gate.clone()));
        *self.script.lock().unwrap() = Script { held, refuses: true };
        let id = self.submit().await;
        let both = eventually(PATIENCE, async || {
            let requests = self.model.requests().split_off(asked);
            let has = |branch: &&str| {
                requests.iter().any(|received| received.last_text().starts_with(&format!("PHASE {branch}/")))
            };
            BRANCHES.iter().all(has).then_some(())
        });
        assert!(both.await.is_some(), "the branches never asked");
        gate.open();
        self.ended(&id).await
    }

    async fn submit(&self) -> String {
        let wanted = json!({
            "task": "An item that is due today counts as overdue. It should not.",
            "capabilities": ["BUILD"],
            "scope": "demo",
            "source": example(),
        });
        self.api().submit(&wanted).await.unwrap()
    }

    async fn ended(&self, id: &str) -> Run {
        let api = self.api();
        let body = api.ended(id, PATIENCE).await;
        let replay = api.post(&format!("/v1/agents/tasks/{id}/replay"), &json!({})).await.unwrap().body;
        Run { journal: api.journal(id).await, body, replay }
    }
}

/// A task that has ended.
struct Run {
    body: Value,
    journal: Vec<Value>,
    replay: Value,
}

impl Run {
    /// The branches in the order in which the journal has their ends.
    fn order(&self) -> Vec<&'static str> {
        let mut ends: Vec<(i64, &'static str)> =
            BRANCHES.into_iter().filter_map(|branch| Some((ended(&self.journal, branch)?, branch))).collect();
        ends.sort_unstable();
        ends.into_iter().map(|(_, branch)| branch).collect()
    }
}

/// Where the journal has the end of a branch: of its last phase, or of one that failed.
fn ended(journal: &[Value], branch: &str) -> Option<i64> {
    let is_end = |entry: &&Value| {
        let scope = entry["scope"].as_str().unwrap_or_default();
        let last = scope == format!("{branch}@1/review#1") || entry.pointer("/entry/result/Err").is_some();
        scope.starts_with(&format!("{branch}@1/"))
            && last
            && entry.pointer("/entry/type") == Some(&json!("end"))
    };
    journal.iter().find(is_end)?["pos"].as_i64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_that_end_in_another_order_replay_the_same_and_give_the_same() {
    let team = Team::start().await;
    let [planner, architect] = BRANCHES;
    let (first, second) = (team.run(planner, false).await, team.run(architect, false).await);
    assert_eq!(first.order(), [architect, planner]);
    assert_eq!(second.order(), [planner, architect], "the control: the order really differs");
    for run in [&first, &second] {
        assert_eq!(run.body["status"], "completed", "{}", run.body);
        assert_eq!(run.replay["identical"], true, "{}", run.replay);
    }
    assert_eq!(first.body["output"], second.body["output"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_that_both_fail_replay_the_same_whichever_failed_first() {
    let team = Team::start().await;
    let [planner, architect] = BRANCHES;
    for (late, early) in [(planner, architect), (architect, planner)] {
        let run = team.run(late, true).await;
        assert_eq!(run.order().first(), Some(&early), "the control: the order really differs");
        assert_eq!(run.body["status"], "failed", "{}", run.body);
        assert_eq!(run.body["error"]["agent"], early, "{}", run.body);
        assert_eq!(run.replay["identical"], true, "{}", run.replay);
    }
    // Both at once: the one that comes first in the line is named whenever both are recorded, in whatever order.
    for _ in 0..5 {
        let run = team.run_together().await;
        let named = BRANCHES.into_iter().find(|branch| run.order().contains(branch));
        assert_eq!(run.body["error"]["agent"].as_str(), named, "{}", run.body);
        assert_eq!(run.replay["identical"], true, "{}", run.replay);
    }
}
