//! More than one host: zombies, a shared queue, one data directory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::api::eventually;
use tests::database::{Database, rows};
use tests::environment::path;
use tests::host::HostSpec;
use tests::sink::Sink;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

const LEASE: Duration = Duration::from_secs(2);
const HEARTBEAT: Duration = Duration::from_millis(400);
/// What a rescuer's own period and a loaded machine add to lease and heartbeat.
const MARGIN: Duration = Duration::from_secs(3);

fn spec(database: &Database, data: &Path, sink: &Sink) -> HostSpec {
    let folders: Vec<PathBuf> = vec![path("SKEP_TEST_COMPONENTS"), path("SKEP_TEST_GUESTS")];
    let spec = HostSpec::new(data).components(&folders, &[sink.address()]);
    database
        .host(spec)
        .set("SKEP_LEASE_MS", LEASE.as_millis().to_string())
        .set("SKEP_HEARTBEAT_MS", HEARTBEAT.as_millis().to_string())
        .set("SKEP_KEY_FILE", key_file(data))
}

/// Hosts of one database share one key-encryption key.
fn key_file(data: &Path) -> String {
    data.parent().unwrap().join("shared.key").display().to_string()
}

fn drill(sink: &Sink, spin: u64) -> Value {
    let orders = json!({ "sink": sink.url, "effects": ["probe", "kv", "file", "keyed", "once", "tool"], "spin": spin });
    json!({ "task": orders.to_string(), "capabilities": ["BUILD"], "scope": "demo" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_commits_nothing_and_another_host_finishes_its_tasks() {
    let (data, sink, database) = (tempfile::tempdir().unwrap(), Sink::start().await, Database::postgres());
    let Database::Postgres(url) = &database else { panic!("postgres") };
    let first = spec(&database, &data.path().join("first"), &sink).start();
    let task = first.api().submit(&drill(&sink, 3_000_000)).await.unwrap();
    // It is in the middle of the task when it stands still.
    let begun = eventually(PATIENCE, async || (sink.seen().probes.len() >= 3).then_some(())).await;
    assert!(begun.is_some(), "the task never began");
    first.stop();
    let second = spec(&database, &data.path().join("second"), &sink).start();
    let body = second.api().ended(&task, PATIENCE).await;
    assert_eq!(body["status"], "completed", "{body}");
    let everything = || {
        let journal = rows(
            url,
            &format!("SELECT scope, ordinal, pos, hash FROM entries WHERE task = '{task}' ORDER BY pos"),
        );
        let row =
            rows(url, &format!("SELECT state, completed_at, md5(output) FROM tasks WHERE id = '{task}'"));
        (journal, row)
    };
    let before = everything();
    first.go_on();
    // The zombie has woken up and noticed: only then is its silence worth something.
    let noticed = eventually(PATIENCE, async || {
        let log = std::fs::read_to_string(&first.log).unwrap_or_default();
        (log.contains("lost the lease") || log.contains("lease was gone") || log.contains("lost its lease"))
            .then_some(())
    });
    assert!(
        noticed.await.is_some(),
        "the zombie never noticed: {}",
        std::fs::read_to_string(&first.log).unwrap_or_default()
    );
    assert_eq!(before, everything(), "the zombie wrote something");
    let seen = sink.seen();
    for (effect, keys) in &seen.keyed {
        assert_eq!(keys.len(), 1, "{effect} happened twice");
    }
    for (effect, count) in &seen.once {
        assert_eq!(*count, 1, "{effect} was sent again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tasks_of_a_killed_host_move_to_the_other_with_their_workspace_within_lease_and_heartbeat() {
    let took = move_time(LEASE).await;
    assert!(took <= LEASE + HEARTBEAT + MARGIN, "the tasks moved after {took:?}");
    // The control: with a longer lease the same bound is not kept.
    let took = move_time(LEASE * 5).await;
    assert!(
        took > LEASE + HEARTBEAT + MARGIN,
        "the tasks moved after {took:?}, before their leases had expired"
    );
}

/// How long after a kill no lease is the dead host's any more; its tasks end well on the other.
async fn move_time(lease: Duration) -> Duration {
    let (data, sink, database) = (tempfile::tempdir().unwrap(), Sink::start().await, Database::postgres());
    let Database::Postgres(url) = &database else { panic!("postgres") };
    let spec = |name: &str| {
        spec(&database, &data.path().join(name), &sink).set("SKEP_LEASE_MS", lease.as_millis().to_string())
    };
    let mut first = spec("first").start();
    // So far it is the only one.
    let hosts = rows(url, "SELECT host FROM hosts");
    let [dead] = hosts.as_slice() else { panic!("one host has started: {hosts:?}") };
    let second = spec("second").start();
    let mut tasks = Vec::new();
    for index in 0..6 {
        let api = if index % 2 == 0 { first.api() } else { second.api() };
        tasks.push(api.submit(&drill(&sink, 3_000_000)).await.unwrap());
    }
    let held = || rows(url, "SELECT DISTINCT host FROM leases WHERE host IS NOT NULL");
    let begun =
        eventually(PATIENCE, async || (sink.seen().probes.len() >= 3 && held().contains(dead)).then_some(()));
    assert!(begun.await.is_some(), "the first host never had a task");
    first.kill();
    let killed = Instant::now();
    let moved = eventually(PATIENCE, async || (!held().contains(dead)).then_some(())).await;
    let took = killed.elapsed();
    assert!(moved.is_some(), "the tasks stayed with the dead host");
    for task in &tasks {
        let body = second.api().ended(task, PATIENCE).await;
        assert_eq!(body["status"], "completed", "{body}");
        // 25 phases wrote one file each; those that the dead host wrote are there too.
        assert_eq!(body["output"]["files"].as_array().unwrap().len(), 25, "{task}");
    }
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_host_on_the_same_data_directory_is_refused_and_told_by_whom() {
    // With PostgreSQL, too: the second would take the leases of the first for those of an earlier run of its own.
    for database in [Database::Sqlite, Database::postgres()] {
        let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
        let spec = spec(&database, &data.path().join("data"), &sink);
        let first = spec.start();
        let refusal = spec.try_start().expect_err("a second host started");
        for named in [first.id().to_string(), first.url.clone()] {
            assert!(refusal.contains(&named), "{database:?}: the refusal does not name {named}: {refusal}");
        }
        drop(first);
        // The control: with the first gone the same start works.
        let again = spec.start();
        assert_eq!(again.api().get("/v1/agents/tasks").await.unwrap().status, 200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_a_task_goes_on_within_a_second_whatever_the_lease() {
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    // A lease of ten minutes: waiting for it to expire would fail the test.
    let spec = spec(&Database::Sqlite, &data.path().join("data"), &sink)
        .set("SKEP_LEASE_MS", "600000")
        .set("SKEP_HEARTBEAT_MS", "60000");
    let mut host = spec.start();
    let task = host.api().submit(&drill(&sink, 3_000_000)).await.unwrap();
    let begun = eventually(PATIENCE, async || (sink.seen().probes.len() >= 2).then_some(())).await;
    assert!(begun.is_some(), "the task never began");
    host.kill();
    let probes = sink.seen().probes.len();
    let host = spec.start();
    let went_on =
        eventually(Duration::from_secs(1), async || (sink.seen().probes.len() > probes).then_some(())).await;
    assert!(went_on.is_some(), "the task did not go on within a second");
    assert_eq!(host.api().ended(&task, PATIENCE).await["status"], "completed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_host_gives_its_tasks_back_and_they_end_after_the_next_start() {
    let (data, sink) = (tempfile::tempdir().unwrap(), Sink::start().await);
    let spec = spec(&Database::Sqlite, &data.path().join("data"), &sink);
    let mut host = spec.start();
    let task = host.api().submit(&drill(&sink, 3_000_000)).await.unwrap();
    let begun = eventually(PATIENCE, async || (sink.seen().probes.len() >= 2).then_some(())).await;
    assert!(begun.is_some(), "the task never began");
    host.terminate();
    let host = spec.start();
    let body = host.api().ended(&task, PATIENCE).await;
    assert_eq!(body["status"], "completed", "{body}");
}
