//! kill -9 at random moments and at every kill point: nothing acknowledged is lost, no effect happens twice, nothing is stuck.
//!
//! Three parties: a driver that writes down what the host acknowledged, the host as a process of its own, and a sink that counts effects.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use tests::api::{Api, eventually};
use tests::database::Database;
use tests::environment::{path, rounds};
use tests::host::{HostProcess, HostSpec};
use tests::sink::{Seen, Sink};

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// Tasks that are under way at once.
const OPEN_TASKS: usize = 3;

/// One run: what was acknowledged, and which scopes were seen to have ended.
struct Drill {
    spec: HostSpec,
    sink: Sink,
    acknowledged: Vec<String>,
    /// `TASK SCOPE` that the journal had an end for, with the number of probes that had arrived by then.
    ended: BTreeMap<String, usize>,
    kills: usize,
    random: u64,
}

impl Drill {
    async fn new(database: &Database, data: &tempfile::TempDir) -> Self {
        let sink = Sink::start().await;
        let folders: Vec<PathBuf> = vec![path("SKEP_TEST_COMPONENTS"), path("SKEP_TEST_GUESTS")];
        let spec = HostSpec::new(data.path()).components(&folders, &[sink.address()]);
        let spec = database.host(spec).set("SKEP_LEASE_MS", "2000").set("SKEP_HEARTBEAT_MS", "500");
        Self {
            spec,
            sink,
            acknowledged: Vec::new(),
            ended: BTreeMap::new(),
            kills: 0,
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// A small generator of its own: the moments of the kills are the same in every run.
    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn request(&self) -> Value {
        let orders = json!({ "sink": self.sink.url, "effects": ["probe", "kv", "file", "keyed", "once", "tool"], "spin": 20_000 });
        json!({
            "task": orders.to_string(),
            "capabilities": ["GOVERN"],
            "scope": "demo",
            "callbackUrl": format!("{}/webhook", self.sink.url),
        })
    }

    /// Keep the host busy; a submit that got no answer may or may not count.
    async fn submit(&mut self, api: &Api) {
        let mut open = 0;
        for task in self.acknowledged.iter().rev().take(OPEN_TASKS) {
            if let Ok(answer) = api.get(&format!("/v1/agents/tasks/{task}")).await {
                open += usize::from(
                    ["queued", "in_progress"].contains(&answer.body["status"].as_str().unwrap_or_default()),
                );
            }
        }
        for _ in open..OPEN_TASKS {
            if let Ok(task) = api.submit(&self.request()).await {
                self.acknowledged.push(task);
            }
        }
    }

    /// Which scopes have ended durably: no component may run for them again.
    async fn observe(&mut self, api: &Api) {
        for task in self.acknowledged.iter().rev().take(OPEN_TASKS + 1) {
            let Ok(answer) = api.get(&format!("/v1/agents/tasks/{task}/journal?limit=200")).await else {
                return;
            };
            // Counted after the journal was read: a scope that ends in between has had its probe by then.
            let probes = self.sink.seen().probes.len();
            for entry in answer.body["entries"].as_array().into_iter().flatten() {
                let scope = entry["scope"].as_str().unwrap_or_default();
                if entry["entry"]["type"] == "end" && !scope.contains("#1/") {
                    let name = format!("{task} {}", scope.trim_end_matches("#1"));
                    self.ended.entry(name).or_insert(probes);
                }
            }
        }
    }

    async fn start(&mut self) -> HostProcess {
        let host = self.spec.start();
        let api = host.api();
        self.observe(&api).await;
        self.submit(&api).await;
        host
    }

    /// Let it work for a moment that nobody chose, then kill it.
    async fn kill_at_random(&mut self) {
        let mut host = self.start().await;
        let moment = self.draw(400);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        host.kill();
        self.kills += 1;
    }

    /// Let it die by itself at a kill point.
    async fn kill_at(&mut self, point: &str, count: u64) {
        self.spec.variables.insert("SKEP_FAILPOINT".to_owned(), format!("{point}@{count}"));
        let mut host = match self.spec.try_start() {
            Ok(host) => host,
            // Tasks of the run before reached the point before the host could say its address.
            Err(_) => {
                self.spec.variables.remove("SKEP_FAILPOINT");
                self.kills += 1;
                return;
            }
        };
        let api = host.api();
        self.observe(&api).await;
        self.submit(&api).await;
        assert!(
            host.ends_within(PATIENCE).await,
            "kill point {point}@{count} was never reached; was the binary built with --features failpoints?"
        );
        self.spec.variables.remove("SKEP_FAILPOINT");
        self.kills += 1;
    }

    /// Let everything end, then look at it from outside.
    async fn check(&mut self) -> Vec<String> {
        let host = self.spec.start();
        let api = host.api();
        let mut problems = Vec::new();
        for task in self.acknowledged.clone() {
            let body = api.ended(&task, PATIENCE).await;
            if body["status"] != "completed" {
                problems.push(format!("{task} is {}: {}", body["status"], body["error"]));
            }
        }
        let sink = self.sink.clone();
        let expected = self.acknowledged.len();
        let told = eventually(PATIENCE, async || {
            let tasks: BTreeSet<String> = sink
                .seen()
                .webhooks
                .values()
                .flatten()
                .map(|body| body["data"]["taskId"].to_string())
                .collect();
            (tasks.len() >= expected).then_some(())
        });
        if told.await.is_none() {
            problems.push("a task's webhook was never delivered".to_owned());
        }
        self.judge(&self.sink.seen(), &mut problems);
        problems
    }

    fn judge(&self, seen: &Seen, problems: &mut Vec<String>) {
        for (effect, keys) in &seen.keyed {
            if keys.len() != 1 || keys.contains("(none)") {
                problems.push(format!("{effect} happened under {} keys: {keys:?}", keys.len()));
            }
        }
        for (effect, count) in &seen.once {
            if *count > 1 {
                problems.push(format!("{effect} was sent {count} times and must never be sent again"));
            }
        }
        for (scope, by_then) in &self.ended {
            if let Some(again) = seen.probes.iter().skip(*by_then).find(|probe| *probe == scope) {
                problems.push(format!("{again} had ended and was run again"));
            }
        }
        for task in &self.acknowledged {
            // 2 personalities of 5 phases each.
            let effects = seen.keyed.keys().filter(|name| name.starts_with(task.as_str())).count();
            if effects != 10 {
                problems.push(format!("{task} made {effects} of its 10 keyed effects"));
            }
        }
        for (id, bodies) in &seen.webhooks {
            if bodies.iter().any(|body| body["data"] != bodies[0]["data"]) {
                problems.push(format!("webhook {id} told different things"));
            }
        }
    }
}

async fn drill(database: Database, random_kills: usize) {
    let data = tempfile::tempdir().unwrap();
    let mut drill = Drill::new(&database, &data).await;
    for point in app::failpoint::NAMES {
        for count in [1, 2, 5] {
            // A host that serves two tasks at a time reaches these once per task.
            let count =
                if point.starts_with("finish") || point.starts_with("claim") { count.min(2) } else { count };
            drill.kill_at(point, count).await;
        }
    }
    while drill.kills < random_kills {
        drill.kill_at_random().await;
    }
    let problems = drill.check().await;
    assert!(
        problems.is_empty(),
        "{} kills, {} tasks:\n{}",
        drill.kills,
        drill.acknowledged.len(),
        problems.join("\n")
    );
    println!(
        "{} kills, {} acknowledged tasks, {} scopes seen ended",
        drill.kills,
        drill.acknowledged.len(),
        drill.ended.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_hosts_on_sqlite_lose_and_double_nothing() {
    drill(Database::Sqlite, rounds("SKEP_TEST_KILLS", 100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_hosts_on_postgres_lose_and_double_nothing() {
    drill(Database::postgres(), rounds("SKEP_TEST_KILLS_POSTGRES", 50)).await;
}

/// The checker itself can fail: it finds each kind of damage.
#[tokio::test]
async fn the_checker_finds_each_kind_of_damage() {
    let data = tempfile::tempdir().unwrap();
    let mut drill = Drill::new(&Database::Sqlite, &data).await;
    drill.acknowledged.push("task_000000000001".to_owned());
    drill.ended.insert("task_000000000001 req-ai@1/research".to_owned(), 1);
    let good = || {
        let mut seen = Seen::default();
        for index in 0..10 {
            seen.keyed.insert(format!("task_000000000001 scope-{index}"), BTreeSet::from(["key".to_owned()]));
        }
        seen.probes.push("task_000000000001 req-ai@1/research".to_owned());
        seen
    };
    let damages: [(&str, fn(&mut Seen)); 5] = [
        ("two keys", |seen| {
            seen.keyed.entry("task_000000000001 scope-0".to_owned()).or_default().insert("other".to_owned());
        }),
        ("lost effect", |seen| {
            seen.keyed.remove("task_000000000001 scope-0");
        }),
        ("sent again", |seen| {
            seen.once.insert("task_000000000001 scope-0".to_owned(), 2);
        }),
        ("run again", |seen| seen.probes.push("task_000000000001 req-ai@1/research".to_owned())),
        ("no key", |seen| {
            seen.keyed.insert("task_000000000001 scope-0".to_owned(), BTreeSet::from(["(none)".to_owned()]));
        }),
    ];
    let mut problems = Vec::new();
    drill.judge(&good(), &mut problems);
    assert_eq!(problems, Vec::<String>::new());
    for (name, damage) in damages {
        let mut seen = good();
        damage(&mut seen);
        let mut problems = Vec::new();
        drill.judge(&seen, &mut problems);
        assert!(!problems.is_empty(), "{name} was not found");
    }
}
