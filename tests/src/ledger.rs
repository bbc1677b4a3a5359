//! What a drill knows from outside of the hosts: what was acknowledged, which scopes were seen to end, what arrived at the sink.

use crate::api::{Api, eventually};
use crate::database::Database;
use crate::sink::{Seen, Sink};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Tasks that are under way at once.
const OPEN_TASKS: usize = 3;
/// Phases of a drill: 2 personalities of 5 phases each.
const PHASES: usize = 10;
/// Keyed effects of a drill: one of each phase, one of the tool that it calls.
const EFFECTS: usize = 2 * PHASES;

/// One drill.
#[derive(Debug)]
pub struct Ledger {
    /// Where effects arrive.
    pub sink: Sink,
    /// Tasks that a host has answered for.
    pub acknowledged: Vec<String>,
    /// `TASK SCOPE` that the journal had an end for, with the number of probes that had arrived by then.
    pub ended: BTreeMap<String, usize>,
    /// `TASK SCOPE` that a host stands still in. What it sent just before may arrive when it goes on, so nothing is written down of them.
    pub in_doubt: BTreeSet<String>,
}

impl Ledger {
    /// An empty one.
    #[must_use]
    pub fn new(sink: Sink) -> Self {
        Self { sink, acknowledged: Vec::new(), ended: BTreeMap::new(), in_doubt: BTreeSet::new() }
    }

    /// A task that makes every class of effect in every phase.
    #[must_use]
    pub fn request(&self) -> Value {
        let orders = json!({ "sink": self.sink.url, "effects": ["probe", "kv", "file", "keyed", "once", "tool", "nested"], "spin": 20_000 });
        json!({
            "task": orders.to_string(),
            "capabilities": ["GOVERN"],
            "scope": "demo",
            "callbackUrl": format!("{}/webhook", self.sink.url),
        })
    }

    /// Keep the host busy; a submit that got no answer may or may not count.
    pub async fn submit(&mut self, api: &Api) {
        let mut open = 0;
        for task in self.acknowledged.iter().rev().take(OPEN_TASKS) {
            if let Ok(answer) = api.get(&format!("/v1/agents/tasks/{task}")).await {
                let status = answer.body.get("status").and_then(Value::as_str).unwrap_or_default();
                open += usize::from(["queued", "in_progress"].contains(&status));
            }
        }
        for _ in open..OPEN_TASKS {
            if let Ok(task) = api.submit(&self.request()).await {
                self.acknowledged.push(task);
            }
        }
    }

    /// Which scopes have ended durably: no component may run for them again.
    pub async fn observe(&mut self, api: &Api) {
        for task in self.acknowledged.iter().rev().take(OPEN_TASKS + 1) {
            let Ok(answer) = api.get(&format!("/v1/agents/tasks/{task}/journal?limit=200")).await else {
                return;
            };
            // Counted after the journal was read: a scope that ends in between has had its probe by then.
            let probes = self.sink.seen().probes.len();
            for entry in answer.body.get("entries").and_then(Value::as_array).into_iter().flatten() {
                let scope = entry.get("scope").and_then(Value::as_str).unwrap_or_default();
                let is_end = entry.pointer("/entry/type").is_some_and(|kind| kind == "end");
                let name = format!("{task} {}", scope.trim_end_matches("#1"));
                if is_end && !scope.contains("#1/") && !self.in_doubt.contains(&name) {
                    self.ended.entry(name).or_insert(probes);
                }
            }
        }
    }

    /// Let everything end, then look at it from outside.
    pub async fn check(&self, api: &Api, patience: Duration) -> Vec<String> {
        let mut problems = Vec::new();
        for task in &self.acknowledged {
            let body = api.ended(task, patience).await;
            let word = |name: &str| body.get(name).cloned().unwrap_or_default();
            if word("status") != "completed" {
                problems.push(format!("{task} is {}: {}", word("status"), word("error")));
            }
        }
        let told = eventually(patience, async || {
            let seen = self.sink.seen();
            let task_of = |body: &Value| body.pointer("/data/taskId").map(ToString::to_string);
            let tasks: BTreeSet<String> = seen.webhooks.values().flatten().filter_map(task_of).collect();
            (tasks.len() >= self.acknowledged.len()).then_some(())
        });
        if told.await.is_none() {
            problems.push("a task's webhook was never delivered".to_owned());
        }
        self.judge(&self.sink.seen(), &mut problems);
        problems
    }

    /// What is wrong with what arrived.
    pub fn judge(&self, seen: &Seen, problems: &mut Vec<String>) {
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
            let effects = seen.keyed.keys().filter(|name| name.starts_with(task.as_str())).count();
            if effects != EFFECTS {
                problems.push(format!("{task} made {effects} of its {EFFECTS} keyed effects"));
            }
        }
        for (id, bodies) in &seen.webhooks {
            let mut told = bodies.iter().map(|body| body.get("data"));
            let first = told.next();
            if told.any(|data| Some(data) != first) {
                problems.push(format!("webhook {id} told different things"));
            }
        }
    }
}

/// What a database has of the drills' local effects, read behind the hosts' back.
#[derive(Debug, Default, Clone)]
pub struct Stored {
    /// `TASK|COUNT` of the key-value store: each phase counts one up.
    pub counts: Vec<String>,
    /// `TASK|FILES|HIGHEST VERSION` of the workspaces: each phase writes a file of its own, once.
    pub files: Vec<String>,
    /// `TASK|SCOPE|ORDINAL|TOKEN|HIGHEST` of entries that an older claim wrote after a newer one had begun to.
    pub late: Vec<String>,
}

impl Stored {
    /// Read it.
    #[must_use]
    pub fn read(database: &Database, data_dir: &Path) -> Self {
        let text = |column: &str| match database {
            Database::Sqlite => format!("CAST({column} AS TEXT)"),
            Database::Postgres(_) => format!("convert_from({column}, 'UTF8')"),
        };
        let rows = |statement: &str| database.rows(data_dir, statement);
        Self {
            counts: rows(&format!("SELECT {}, {} FROM kv ORDER BY 1", text("key"), text("value"))),
            files: rows(
                "SELECT task, count(*), max(version) FROM workspace_files GROUP BY task ORDER BY task",
            ),
            late: rows(
                "SELECT task, scope, ordinal, token, highest FROM (
                     SELECT *, max(token) OVER (PARTITION BY task ORDER BY pos) AS highest FROM entries
                 ) AS e WHERE token < highest ORDER BY task, pos",
            ),
        }
    }

    /// What is wrong with it, after these drills have ended.
    #[must_use]
    pub fn judge(&self, tasks: &[String]) -> Vec<String> {
        let mut problems: Vec<String> =
            self.late.iter().map(|entry| format!("{entry} was written under an older claim")).collect();
        for task in tasks {
            let of_task = |rows: &[String]| -> Vec<String> {
                let prefix = format!("{task}|");
                rows.iter().filter_map(|row| row.strip_prefix(&prefix)).map(str::to_owned).collect()
            };
            let counted = of_task(&self.counts);
            if counted != [PHASES.to_string()] {
                problems.push(format!("{task} has counted {PHASES} phases to {counted:?}"));
            }
            let files = of_task(&self.files);
            if files != [format!("{PHASES}|1")] {
                problems.push(format!("{task} wrote {PHASES} files once and has (number|version) {files:?}"));
            }
        }
        problems
    }
}

/// A small generator of its own: moments that nobody chose, the same in every run.
#[derive(Debug)]
pub struct Moments(u64);

impl Default for Moments {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Moments {
    /// A number below `below`.
    pub fn draw(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}
