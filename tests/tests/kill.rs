//! kill -9 at random moments and at every kill point: nothing acknowledged is lost, no effect happens twice, nothing is stuck.
//!
//! Three parties: a driver that writes down what the host acknowledged, the host as a process of its own, and a sink that counts effects.
//! What the fence does for hosts that only stood still is in `fencing.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tests::api::eventually;
use tests::database::Database;
use tests::environment::{path, rounds};
use tests::host::{HostProcess, HostSpec, was_killed};
use tests::ledger::{Ledger, Moments, Stored};
use tests::sink::{Seen, Sink};

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);

/// One run.
struct Drill {
    spec: HostSpec,
    ledger: Ledger,
    kills: usize,
    moments: Moments,
}

impl Drill {
    async fn new(database: &Database, data: &tempfile::TempDir) -> Self {
        let sink = Sink::start().await;
        let folders: Vec<PathBuf> = vec![path("SKEP_TEST_COMPONENTS"), path("SKEP_TEST_GUESTS")];
        let spec = HostSpec::new(data.path()).components(&folders, &[sink.address()]);
        let spec = database.host(spec).set("SKEP_LEASE_MS", "2000").set("SKEP_HEARTBEAT_MS", "500");
        Self { spec, ledger: Ledger::new(sink), kills: 0, moments: Moments::default() }
    }

    async fn start(&mut self) -> HostProcess {
        let host = self.spec.start();
        let api = host.api();
        self.ledger.observe(&api).await;
        self.ledger.submit(&api).await;
        host
    }

    /// Let it work for a moment that nobody chose, then kill it.
    async fn kill_at_random(&mut self) {
        let mut host = self.start().await;
        let moment = self.moments.draw(400);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        host.kill();
        self.kills += 1;
    }

    /// Let it die by itself at a kill point.
    async fn kill_at(&mut self, point: &str, count: u64) {
        self.spec.variables.insert("SKEP_FAILPOINT".to_owned(), format!("{point}@{count}"));
        let started = self.spec.start_or_end();
        self.spec.variables.remove("SKEP_FAILPOINT");
        let (status, printed) = match started {
            Ok(mut host) => {
                let api = host.api();
                self.ledger.observe(&api).await;
                // The tasks that are open may have too little left to reach the point so often.
                let reached = eventually(PATIENCE, async || {
                    self.ledger.submit(&api).await;
                    host.has_ended()
                });
                let status = reached.await.unwrap_or_else(|| {
                    panic!("kill point {point}@{count} was never reached; was the binary built with --features failpoints?")
                });
                (status, host.printed())
            }
            // Tasks of the run before reached the point before the host could say its address.
            Err(ended) => (ended.status, ended.printed),
        };
        assert!(was_killed(status), "{point}@{count} ended by {status}, which is no kill: {printed}");
        self.kills += 1;
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
    let host = drill.spec.start();
    let ledger = &drill.ledger;
    let mut problems = ledger.check(&host.api(), PATIENCE).await;
    problems.extend(Stored::read(&database, data.path()).judge(&ledger.acknowledged));
    assert!(
        problems.is_empty(),
        "{} kills, {} tasks:\n{}",
        drill.kills,
        ledger.acknowledged.len(),
        problems.join("\n")
    );
    println!(
        "{} kills, {} acknowledged tasks, {} scopes seen ended",
        drill.kills,
        ledger.acknowledged.len(),
        ledger.ended.len()
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

/// Something that must not arrive.
type Damage = fn(&mut Seen);

/// The control of what counts as a kill.
#[tokio::test]
async fn a_host_that_does_not_start_is_no_kill() {
    let data = tempfile::tempdir().unwrap();
    let spec = HostSpec::new(data.path());
    let refused = spec.clone().set("SKEP_LISTEN", "nowhere").start_or_end().expect_err("it has no address");
    assert!(!was_killed(refused.status), "{}: {}", refused.status, refused.printed);
    assert!(refused.printed.contains("nowhere"), "{}", refused.printed);
    let mut host = spec.start();
    host.kill();
    let killed = host.has_ended().unwrap();
    assert!(was_killed(killed), "the control: {killed}");
}

/// Rows that a database must not have.
type Mishap = fn(&mut Stored);

#[test]
fn the_checker_finds_each_kind_of_damage_in_the_database() {
    let task = "task_000000000001".to_owned();
    let good = || Stored {
        counts: vec![format!("{task}|10")],
        files: vec![format!("{task}|10|1")],
        late: Vec::new(),
    };
    let mishaps: [(&str, Mishap); 6] = [
        ("counted twice", |stored| stored.counts = vec!["task_000000000001|11".to_owned()]),
        ("not counted", |stored| stored.counts.clear()),
        ("written twice", |stored| stored.files = vec!["task_000000000001|10|2".to_owned()]),
        ("lost file", |stored| stored.files = vec!["task_000000000001|9|1".to_owned()]),
        ("no workspace", |stored| stored.files.clear()),
        ("late entry", |stored| stored.late.push("task_000000000001|scope|1|1|2".to_owned())),
    ];
    assert_eq!(good().judge(std::slice::from_ref(&task)), Vec::<String>::new());
    for (name, mishap) in mishaps {
        let mut stored = good();
        mishap(&mut stored);
        assert_ne!(stored.judge(std::slice::from_ref(&task)), Vec::<String>::new(), "{name} was not found");
    }
}

/// The checker itself can fail: it finds each kind of damage.
#[tokio::test]
async fn the_checker_finds_each_kind_of_damage() {
    let mut ledger = Ledger::new(Sink::start().await);
    ledger.acknowledged.push("task_000000000001".to_owned());
    ledger.ended.insert("task_000000000001 req-ai@1/research".to_owned(), 1);
    let good = || {
        let mut seen = Seen::default();
        for index in 0..20 {
            seen.keyed.insert(format!("task_000000000001 scope-{index}"), BTreeSet::from(["key".to_owned()]));
        }
        seen.probes.push("task_000000000001 req-ai@1/research".to_owned());
        seen.webhooks
            .insert("evt".to_owned(), vec![serde_json::json!({ "data": { "status": "completed" } })]);
        seen
    };
    let damages: [(&str, Damage); 6] = [
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
        ("another outcome", |seen| {
            let told = seen.webhooks.entry("evt".to_owned()).or_default();
            told.push(serde_json::json!({ "data": { "status": "failed" } }));
        }),
    ];
    let mut problems = Vec::new();
    ledger.judge(&good(), &mut problems);
    assert_eq!(problems, Vec::<String>::new());
    for (name, damage) in damages {
        let mut seen = good();
        damage(&mut seen);
        let mut problems = Vec::new();
        ledger.judge(&seen, &mut problems);
        assert!(!problems.is_empty(), "{name} was not found");
    }
}
