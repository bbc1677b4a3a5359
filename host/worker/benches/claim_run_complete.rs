//! No-op tasks per second from claim to completion, through the real worker and the real store, on SQLite and on PostgreSQL.
//!
//! The smallest task that the product has is the delivery of a webhook: one scope with one keyed effect. Here the other end of the
//! network answers 204 at once, so what remains is the engine's own work: the claim, reading the journal, two questions to the driver, a
//! start, a call and an end in the journal, the outcome with its event. Before the effect leaves, after it, at the scope's end and at the
//! task's end the executor waits for a commit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

#[path = "claim_run_complete/database.rs"]
mod database;
#[path = "claim_run_complete/outside.rs"]
mod outside;

use app::ports::clock::{Clock as _, Entropy as _};
use app::ports::models::{Model, Models};
use app::ports::store::Store;
use app::{App, Ports, Settings};
use database::Database;
use domain::id::{AgentId, HostId, TaskId, UserId};
use domain::task::{Kind, NewTask, State};
use egress::{GuardedSources, Rules, SourceSettings, StandardWebhooks};
use futures_util::stream::{self, StreamExt as _};
use outside::{NotAsked, RealClock, Receiver};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::postgres::{PostgresOptions, PostgresStore};
use store::sqlite::{Options, SqliteStore};
use testkit::clock::SeededEntropy;
use testkit::disk::Disk;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::Worker;

/// Tasks of one round on each database.
const TASKS: usize = 2_000;
/// Rounds of each database.
const ROUNDS: usize = 5;
/// How often the end is looked for: much less than a round takes.
const LOOK: Duration = Duration::from_millis(20);
const USER: UserId = UserId(Uuid::from_u128(1));

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("disk: {}", Disk::measure(folder.path()).unwrap());
    println!(
        "{TASKS} tasks a round, {} at once, one keyed effect each that answers at once",
        Settings::default().concurrency
    );
    let clock = Arc::new(RealClock);
    let sqlite = SqliteStore::open(&folder.path().join("data"), clock.clone(), Options::default()).unwrap();
    let database = Database::create();
    let postgres = PostgresStore::connect(database.url(), None, PostgresOptions::default()).await.unwrap();
    let hosts = [("SQLite", app_on(sqlite)), ("PostgreSQL", app_on(postgres.clone()))];
    let entropy = SeededEntropy::new(1);
    let mut rates = [Vec::new(), Vec::new()];
    for round in 1..=ROUNDS {
        for ((name, host), rates) in hosts.iter().zip(&mut rates) {
            let rate = measure(host, &entropy).await;
            println!("round {round}: {name} {rate:.0} tasks/s");
            rates.push(rate);
        }
    }
    for ((name, _), mut rates) in hosts.iter().zip(rates) {
        rates.sort_by(f64::total_cmp);
        println!("median: {name} {:.0} tasks/s", rates[ROUNDS / 2]);
    }
    drop(hosts);
    postgres.close().await;
    database.remove();
    println!("disk: {}", Disk::measure(folder.path()).unwrap());
}

/// Queue the tasks, then start a worker and take the time until none is left.
async fn measure(app: &Arc<App>, entropy: &SeededEntropy) -> f64 {
    let ids: Vec<TaskId> = stream::iter(0..TASKS)
        .map(|_| async {
            let new = delivery(entropy);
            app.ports.tasks.submit_task(new, Vec::new()).await.unwrap().new.id
        })
        .buffer_unordered(64)
        .collect()
        .await;
    let mut host = [0; 16];
    entropy.fill(&mut host);
    let worker = Worker::new(Arc::clone(app), HostId(Uuid::from_bytes(host)), Uuid::from_u128(9));
    let shutdown = CancellationToken::new();
    let began = Instant::now();
    let working = tokio::spawn(worker.run(shutdown.clone()));
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let left = app.ports.tasks.count_queue(Some(USER)).await.unwrap();
        if left.queued + left.running + left.waiting == 0 {
            break;
        }
    }
    let rate = TASKS as f64 / began.elapsed().as_secs_f64();
    shutdown.cancel();
    working.await.unwrap();
    for id in ids {
        let task = app.ports.tasks.find_task(USER, &id).await.unwrap().unwrap();
        assert_eq!((task.state, task.deliveries), (State::Completed, 1), "{id}: {:?}", task.failure);
    }
    rate
}

fn delivery(entropy: &SeededEntropy) -> NewTask {
    let mut random = [0; 6];
    entropy.fill(&mut random);
    let id = TaskId::new(TaskId::DELIVERY, random);
    NewTask {
        parent: None,
        user: USER,
        agent: AgentId(Uuid::from_u128(2)),
        kind: Kind::Webhook,
        driver: Kind::Webhook.driver().to_owned(),
        priority: 10,
        input: json!({
            "url": "https://hooks.example/skep",
            "id": id.to_string(),
            "body": r#"{"type":"task.completed","timestamp":"2026-02-23T15:30:00Z","data":{"taskId":"task_0123456789ab"}}"#,
        }),
        id,
        estimate_key: String::new(),
        created_at: RealClock.now(),
    }
}

fn app_on<S: Store + Clone + 'static>(store: S) -> Arc<App> {
    let model: Arc<dyn Model> = Arc::new(NotAsked);
    let secret = egress::webhook::make_secret(&SeededEntropy::new(3));
    let ports = Ports {
        clock: Arc::new(RealClock),
        entropy: Arc::new(SeededEntropy::new(2)),
        tasks: Arc::new(store.clone()),
        queue: Arc::new(store.clone()),
        journal: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        workspaces: Arc::new(store.clone()),
        kv: Arc::new(store.clone()),
        logs: Arc::new(store.clone()),
        agent_files: Arc::new(store.clone()),
        keys: Arc::new(store.clone()),
        users: Arc::new(store.clone()),
        agents: Arc::new(store.clone()),
        rooms: Arc::new(store.clone()),
        sessions: Arc::new(store.clone()),
        jobs: Arc::new(store.clone()),
        ticks: Arc::new(store.clone()),
        templates: Arc::new(store.clone()),
        secrets: Arc::new(store.clone()),
        idempotency: Arc::new(store.clone()),
        rate_windows: Arc::new(store.clone()),
        usage: Arc::new(store.clone()),
        plugins: Arc::new(store.clone()),
        skills: Arc::new(store.clone()),
        approvals: Arc::new(store),
        components: Arc::new(NotAsked),
        packages: Arc::new(NotAsked),
        models: Models { tiers: [Arc::clone(&model), Arc::clone(&model), model] },
        outbound: Arc::new(Receiver),
        sources: Arc::new(GuardedSources::new(Arc::new(Rules::default()), SourceSettings::default())),
        webhook_signer: Arc::new(StandardWebhooks::new(&secret).unwrap()),
        api_keys: Arc::new(vault::SkepKeys::new(Arc::new(NotAsked))),
        vault: Arc::new(vault::Envelope::new(
            vault::key_file::KeyEncryptionKey::parse(&"07".repeat(32)).expect("64 hex digits"),
            Arc::new(NotAsked),
        )),
    };
    Arc::new(App::new(ports, Settings::default()))
}
