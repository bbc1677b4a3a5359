//! Hosts that stand still past their lease and go on when another has their tasks: at each point where the fence matters, and at random
//! moments. On PostgreSQL, where hosts share a queue.
//!
//! The ledger of `kill.rs` judges from outside, and the database is asked whether anything was written late. With the fence off (only the
//! build of the tests can) the same cases do harm, and the same judges find it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::api::eventually;
use tests::database::{Database, rows};
use tests::environment::{path, rounds};
use tests::host::{HostProcess, HostSpec};
use tests::ledger::{Ledger, Moments, Stored};
use tests::sink::Sink;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
const LEASE_MS: u64 = 1500;

/// Where a host stands still: a kill point, and the how-manieth time it is reached.
type Point = (&'static str, u64);

/// Two hosts on a database, and what is known of them from outside.
struct Pair {
    url: String,
    specs: [HostSpec; 2],
    ledger: Ledger,
}

impl Pair {
    /// On a database of their own. Pairs on one folder share what was compiled.
    async fn new(data: &Path, fencing: &str) -> Self {
        let (database, sink) = (Database::postgres(), Sink::start().await);
        let Database::Postgres(url) = &database else { panic!("postgres") };
        let folders: Vec<PathBuf> = vec![path("SKEP_TEST_COMPONENTS"), path("SKEP_TEST_GUESTS")];
        let specs = ["first", "second"].map(|name| {
            let spec = HostSpec::new(&data.join(name)).components(&folders, &[sink.address()]);
            database
                .host(spec)
                .set("SKEP_LEASE_MS", LEASE_MS.to_string())
                .set("SKEP_HEARTBEAT_MS", "300")
                .set("SKEP_KEY_FILE", data.join("shared.key").display().to_string())
                .set("SKEP_LOG", "warn,worker=debug")
                .set("SKEP_LOG_FORMAT", "json")
                .set("SKEP_FENCING", fencing)
        });
        Self { url: url.clone(), specs, ledger: Ledger::new(sink) }
    }

    fn rows(&self, statement: &str) -> Vec<String> {
        rows(&self.url, statement)
    }

    /// The first host takes a task and stands still at the first point; the second takes it over. With a second point that one stands
    /// still there too, and the first goes on before it. Answers everything that is wrong when all of them have done their worst.
    async fn take_over(&mut self, stops: &[Point]) -> Vec<String> {
        let stopping = |spec: &HostSpec, stop: Option<&Point>| match stop {
            Some((point, count)) => spec.clone().set("SKEP_FAILPOINT", format!("{point}@{count}:stop")),
            None => spec.clone(),
        };
        let first = stopping(&self.specs[0], stops.first()).start();
        // It may stop before it has answered; then the answer comes when it goes on.
        let (api, request) = (first.api(), self.ledger.request());
        let submitted = tokio::spawn(async move { api.submit(&request).await });
        stands(&first, stops[0]).await;
        let task = self
            .rows("SELECT id FROM tasks WHERE kind = 'agent-task' ORDER BY created_at DESC LIMIT 1")
            .remove(0);
        self.ledger.acknowledged.push(task.clone());
        let second = stopping(&self.specs[1], stops.get(1)).start();
        let (last, finisher) = match stops.get(1) {
            None => (&first, &second),
            Some(stop) => {
                stands(&second, *stop).await;
                wake(&first, &task).await;
                (&second, &first)
            }
        };
        finisher.api().ended(&task, PATIENCE).await;
        self.ledger.observe(&finisher.api()).await;
        let before = self.everything(&task);
        wake(last, &task).await;
        let mut problems = Vec::new();
        let after = self.everything(&task);
        for (was, is) in before.iter().zip(&after).filter(|(was, is)| was != is) {
            problems.push(format!("{task} {LATE_CHANGE}: {was:?} became {is:?}"));
        }
        problems.extend(self.ledger.check(&finisher.api(), PATIENCE).await);
        problems.extend(self.stored());
        if let Ok(acknowledged) = submitted.await.unwrap() {
            assert_eq!(acknowledged, task);
        }
        problems
    }

    /// All that a task has in the database.
    fn everything(&self, task: &str) -> Vec<Vec<String>> {
        [
            "SELECT pos, token, scope, ordinal, hash, answered, md5(body) FROM entries WHERE task = $ ORDER BY pos",
            "SELECT pos, event, md5(data) FROM events WHERE task = $ ORDER BY pos",
            "SELECT state, percent, completed_at, md5(output), failure, deliveries, strikes FROM tasks WHERE id = $",
            "SELECT base, path, version, encode(blob, 'hex') FROM workspace_files WHERE task = $ ORDER BY base, path",
            "SELECT token, host, entries, pos FROM leases WHERE task = $",
            "SELECT plugin, encode(key, 'hex'), encode(value, 'hex') FROM kv WHERE $ <> '' ORDER BY plugin, key",
        ]
        .iter()
        .map(|statement| self.rows(&statement.replace('$', &format!("'{task}'"))))
        .collect()
    }

    /// What is wrong with what the database has.
    fn stored(&self) -> Vec<String> {
        let database = Database::Postgres(self.url.clone());
        Stored::read(&database, &self.specs[0].data_dir).judge(&self.ledger.acknowledged)
    }
}

/// Answers once the host stands still by itself.
async fn stands(host: &HostProcess, (point, count): Point) {
    let stands = eventually(PATIENCE, async || host.is_stopped().then_some(())).await;
    assert!(
        stands.is_some(),
        "{point}@{count} was never reached: {}",
        std::fs::read_to_string(&host.log).unwrap_or_default()
    );
}

/// Attempts of a task that are over, by this host's log: task and token.
fn attempts_over(host: &HostProcess) -> Vec<(String, i64)> {
    let is_over = |record: &serde_json::Value| record["fields"]["message"] == "an attempt is over";
    let attempt = |record: &serde_json::Value| {
        Some((record["fields"]["task"].as_str()?.to_owned(), record["fields"]["token"].as_i64()?))
    };
    host.records().iter().filter(|record| is_over(record)).filter_map(attempt).collect()
}

/// Let a host that stands still go on, and wait until the attempt it was in has done its worst.
async fn wake(host: &HostProcess, task: &str) {
    let over = || attempts_over(host).iter().filter(|(name, _)| name == task).count();
    let before = over();
    host.go_on();
    let done = eventually(PATIENCE, async || (over() > before).then_some(())).await;
    assert!(done.is_some(), "the attempt never ended: {:?}", host.records());
}

/// Once in each place; where a scope has it, in a later one than the first.
fn stop_points() -> Vec<Vec<Point>> {
    let count = |point: &str| match point.split_once('.') {
        Some(("claim" | "finish", _)) => 1,
        Some(("append", _)) => 12,
        _ => 3,
    };
    app::failpoint::NAMES.iter().map(|point| vec![(*point, count(point))]).collect()
}

/// Harm, as the judges word it.
const RUN_AGAIN: &str = "had ended and was run again";
const SENT_AGAIN: &str = "must never be sent again";
const LATE_ENTRY: &str = "was written under an older claim";
const LATE_CHANGE: &str = "was written to after its end";

/// Two hosts that stand still, one after the other, and what they do without the fence.
const BOTH_STAND: [(&[Point], &[&str]); 2] = [
    (&[("keyed.after-send", 3), ("once.before-send", 1)], &[SENT_AGAIN, LATE_ENTRY]),
    (&[("local.before-append", 5), ("keyed.before-send", 1)], &[SENT_AGAIN, LATE_ENTRY]),
];

/// One that stands still, and what it does without the fence.
const ONE_STANDS: [(&[Point], &[&str]); 2] =
    [(&[("scope.started", 3)], &[RUN_AGAIN]), (&[("claim.after", 1)], &[LATE_CHANGE])];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stood_still_does_no_harm_wherever_it_was() {
    let data = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(data.path(), "on").await;
    let mut cases = stop_points();
    cases.extend(BOTH_STAND.map(|(stops, _)| stops.to_vec()));
    for stops in cases {
        assert_eq!(pair.take_over(&stops).await, Vec::<String>::new(), "{stops:?}");
    }
}

/// The control: the same hosts, points and judges.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_fence_the_same_cases_do_harm_and_it_is_found() {
    let data = tempfile::tempdir().unwrap();
    for (stops, harms) in ONE_STANDS.into_iter().chain(BOTH_STAND) {
        let problems = Pair::new(data.path(), "off").await.take_over(stops).await;
        for harm in harms {
            let found = problems.iter().any(|problem| problem.contains(harm));
            assert!(found, "{stops:?}: nothing {harm}: {problems:#?}");
        }
    }
}

/// Scopes of these tasks that have begun and not ended.
fn open_scopes(pair: &Pair, tasks: &[String]) -> BTreeSet<String> {
    let list = tasks.iter().map(|task| format!("'{task}'")).collect::<Vec<_>>().join(", ");
    if list.is_empty() {
        return BTreeSet::new();
    }
    let open = pair.rows(&format!(
        "SELECT s.task || ' ' || s.scope FROM entries s WHERE s.task IN ({list}) AND s.kind = 'start' AND NOT EXISTS (
             SELECT 1 FROM entries e WHERE e.task = s.task AND e.scope = s.scope AND e.kind = 'end')"
    ));
    open.iter().map(|name| name.trim_end_matches("#1").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_stand_still_at_random_moments_lose_and_double_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut pair = Pair::new(data.path(), "on").await;
    let mut moments = Moments::default();
    let mut hosts: Vec<(HostProcess, String)> = Vec::new();
    for spec in &pair.specs {
        let process = spec.start();
        let id = eventually(PATIENCE, async || {
            let is_new = |id: &String| hosts.iter().all(|(_, known)| known != id);
            pair.rows("SELECT host FROM hosts").into_iter().find(is_new)
        });
        let id = id.await.expect("the host is in the database");
        hosts.push((process, id));
    }
    let (stops, mut with_tasks, mut taken_over) = (rounds("SKEP_TEST_STOPS", 15), 0, 0);
    for round in 0..stops {
        let ((still, id), (awake, _)) = (&hosts[round % 2], &hosts[(round + 1) % 2]);
        pair.ledger.observe(&awake.api()).await;
        // The host that takes a request is the first to hear of it, and claims it.
        pair.ledger.submit(&still.api()).await;
        tokio::time::sleep(Duration::from_millis(moments.draw(400))).await;
        still.stop();
        let stopped = eventually(PATIENCE, async || still.is_stopped().then_some(())).await;
        assert!(stopped.is_some(), "it never stopped");
        let held = pair.rows(&format!("SELECT task FROM leases WHERE host = '{id}'"));
        let tokens = pair.rows(&format!("SELECT task || ' ' || token FROM leases WHERE host = '{id}'"));
        pair.ledger.in_doubt = open_scopes(&pair, &held);
        with_tasks += usize::from(!held.is_empty());
        if moments.draw(3) == 0 {
            // It may come back before its lease is over, or just then.
            tokio::time::sleep(Duration::from_millis(moments.draw(LEASE_MS + 200))).await;
        } else {
            let let_go = eventually(PATIENCE, async || {
                pair.rows(&format!("SELECT task FROM leases WHERE host = '{id}'")).is_empty().then_some(())
            });
            assert!(let_go.await.is_some(), "nobody took the tasks over");
        }
        pair.ledger.observe(&awake.api()).await;
        still.go_on();
        // Until the attempts that it was in are over, or are its own again.
        let settled = eventually(PATIENCE, async || {
            let kept = pair.rows(&format!("SELECT task || ' ' || token FROM leases WHERE host = '{id}'"));
            let over = attempts_over(still);
            let is_settled = |name: &String| {
                kept.contains(name) || over.iter().any(|(task, token)| format!("{task} {token}") == *name)
            };
            tokens.iter().all(is_settled).then(|| tokens.iter().filter(|name| !kept.contains(name)).count())
        });
        taken_over += settled.await.expect("the attempts never ended");
        pair.ledger.in_doubt.clear();
    }
    let mut problems = pair.ledger.check(&hosts[0].0.api(), PATIENCE).await;
    problems.extend(pair.stored());
    assert_eq!(problems, Vec::<String>::new(), "{} tasks", pair.ledger.acknowledged.len());
    assert!(taken_over > 0, "no host lost a task, so nothing was shown");
    println!(
        "{stops} stops, {with_tasks} with tasks in hand, {taken_over} attempts lost, {} acknowledged tasks, {} scopes seen ended",
        pair.ledger.acknowledged.len(),
        pair.ledger.ended.len()
    );
}
