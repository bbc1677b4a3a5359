//! kill -9 at random moments and at every kill point: nothing acknowledged is lost, no effect happens twice, nothing is stuck.
//!
//! Three parties: a driver that writes down what the host acknowledged, the host as a process of its own, and a sink that counts effects.
//! What the fence does for hosts that only stood still is in `fencing.rs`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tests::database::Database;
use tests::environment::{path, rounds};
use tests::host::{HostProcess, HostSpec};
use tests::ledger::{Ledger, Moments};
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
        self.ledger.observe(&api).await;
        self.ledger.submit(&api).await;
        assert!(
            host.ends_within(PATIENCE).await,
            "kill point {point}@{count} was never reached; was the binary built with --features failpoints?"
        );
        self.spec.variables.remove("SKEP_FAILPOINT");
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
    let problems = ledger.check(&host.api(), PATIENCE).await;
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

/// The checker itself can fail: it finds each kind of damage.
#[tokio::test]
async fn the_checker_finds_each_kind_of_damage() {
    let mut ledger = Ledger::new(Sink::start().await);
    ledger.acknowledged.push("task_000000000001".to_owned());
    ledger.ended.insert("task_000000000001 req-ai@1/research".to_owned(), 1);
    let good = || {
        let mut seen = Seen::default();
        for index in 0..10 {
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
