//! Durable submits per second of 64 callers through the store, which commits what waits as one group, against one commit for each
//! request: of one writer that all callers share, and of 64 connections, one for each caller. The same statement on the same disk. Aim: at
//! least 20 times.
//!
//! Rounds alternate on one disk. An answer counts when it came after the commit; at the end all databases are opened again and must hold
//! exactly what was answered.
//!
//! The ratio belongs to the disk: sharing a sync gains what a sync costs. So each side's processor time is told too, callers included. It
//! bounds what any number of shared syncs could reach on this machine, which the last line compares with the other side.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench"
)]

#[path = "submits/one_by_one.rs"]
mod one_by_one;

use app::ports::clock::Entropy as _;
use app::ports::tasks::Tasks as _;
use domain::id::{AgentId, TaskId, UserId};
use domain::task::{Kind, NewTask};
use domain::time::Timestamp;
use one_by_one::{OneByOne, Pooled};
use rusqlite::Connection;
use serde_json::json;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::sqlite::{Options, SqliteStore};
use testkit::clock::{SeededEntropy, SimClock};
use testkit::disk::Disk;
use uuid::Uuid;

/// Callers that each wait for their answer before they submit again.
const CALLERS: usize = 64;
/// Rounds of each side.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_secs(2);
/// Ours over theirs.
const AIM: f64 = 20.0;
/// The sides.
const NAMES: [&str; 3] = ["group commit", "one writer", "64 connections"];

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    println!("disk: {}", Disk::measure(folder.path()).unwrap());
    println!("{CALLERS} callers, rounds of {} s, synchronous=FULL, write-ahead log", ROUND.as_secs());
    let folders = NAMES.map(|name| folder.path().join(name.replace(' ', "-")));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let answered = runtime.block_on(compare(&folders));
    drop(runtime);
    for ((name, folder), answered) in NAMES.into_iter().zip(folders).zip(answered) {
        let connection = Connection::open(folder.join("skep.db")).unwrap();
        let kept: u32 = connection.query_row("SELECT count(*) FROM tasks", [], |row| row.get(0)).unwrap();
        assert_eq!(kept as usize, answered, "{name}: rows of the database, and answers");
        println!("{name}: {kept} rows, as many as answers");
    }
    println!("disk: {}", Disk::measure(folder.path()).unwrap());
}

/// Answers how many submits of each side were answered.
async fn compare(folders: &[PathBuf; 3]) -> [usize; 3] {
    let open = |folder: &Path| {
        SqliteStore::open(folder, Arc::new(SimClock::new(Timestamp(0))), Options::default()).unwrap()
    };
    let store = open(&folders[0]);
    // The store makes the schema, then leaves the database to the others.
    folders[1..].iter().for_each(|folder| drop(open(folder)));
    let single = OneByOne::open(&folders[1].join("skep.db"));
    let pooled = Pooled::open(&folders[2].join("skep.db"), CALLERS);
    let entropy = [1, 2, 3].map(|seed| Arc::new(SeededEntropy::new(seed)));
    let mut rounds = [Vec::new(), Vec::new(), Vec::new()];
    for number in 1..=ROUNDS {
        let (store, single, pooled) = (store.clone(), single.clone(), pooled.clone());
        let grouped = measure(&entropy[0], move |_, new| {
            let store = store.clone();
            async move { drop(store.submit_task(new, Vec::new()).await.unwrap()) }
        })
        .await;
        let single = measure(&entropy[1], move |_, new| {
            let single = single.clone();
            async move { single.submit(new).await }
        })
        .await;
        let pooled = measure(&entropy[2], move |caller, new| {
            let pooled = pooled.clone();
            async move { pooled.submit(caller, new).await }
        })
        .await;
        println!("round {number}: group commit {grouped}; one writer {single}; 64 connections {pooled}");
        rounds.iter_mut().zip([grouped, single, pooled]).for_each(|(rounds, round)| rounds.push(round));
    }
    let answered = [0, 1, 2].map(|side| rounds[side].iter().map(|round: &Round| round.submits).sum());
    let [ours, theirs, pooled] = rounds.map(|mut rounds| {
        rounds.sort_by(|left, right| left.rate.total_cmp(&right.rate));
        rounds.swap_remove(ROUNDS / 2)
    });
    let processors = std::thread::available_parallelism().unwrap().get();
    let bound = processors as f64 / ours.processor.as_secs_f64();
    let (ours, theirs, pooled) = (ours.rate, theirs.rate, pooled.rate);
    for (name, theirs) in
        [("one commit a request, 64 connections", pooled), ("one commit a request, one writer", theirs)]
    {
        let ratio = ours / theirs;
        let verdict = if ratio >= AIM { "met" } else { "NOT MET" };
        println!(
            "median: group commit {ours:.0} submits/s; {name} {theirs:.0} submits/s; ratio {ratio:.1} (aim: at least {AIM}): {verdict}"
        );
    }
    println!(
        "with syncs that cost nothing {processors} processors would do {bound:.0} grouped submits/s, {:.1} times one writer",
        bound / theirs
    );
    answered
}

/// What came of one round.
struct Round {
    submits: usize,
    rate: f64,
    /// Of one submit: the median, and what one of a hundred takes at least.
    latency: [Duration; 2],
    /// Processor time of one submit, all threads.
    processor: Duration,
}

impl std::fmt::Display for Round {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [median, late] = self.latency.map(|time| time.as_secs_f64() * 1e3);
        let processor = self.processor.as_micros();
        write!(
            formatter,
            "{:.0}/s (p50 {median:.1} ms, p99 {late:.1} ms, processor {processor} us)",
            self.rate
        )
    }
}

async fn measure<F>(
    entropy: &Arc<SeededEntropy>,
    submit: impl Fn(usize, NewTask) -> F + Clone + Send + 'static,
) -> Round
where
    F: Future<Output = ()> + Send,
{
    let (began, used) = (Instant::now(), processor_time());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (entropy, submit) = (Arc::clone(entropy), submit.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < ROUND {
                    let new = new_task(&entropy, now());
                    let asked = Instant::now();
                    submit(caller, new).await;
                    times.push(asked.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for caller in callers {
        times.append(&mut caller.await.unwrap());
    }
    let rate = times.len() as f64 / began.elapsed().as_secs_f64();
    let processor = (processor_time() - used) / u32::try_from(times.len()).unwrap();
    times.sort();
    let latency = [times[times.len() / 2], times[times.len() * 99 / 100]];
    Round { submits: times.len(), rate, latency, processor }
}

/// Of this process, all threads.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

/// The time of day: tasks come in the order of their creation, which their indexes keep.
fn now() -> Timestamp {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    Timestamp(now.tv_sec * 1000 + now.tv_nsec / 1_000_000)
}

/// An agent task of usual size.
fn new_task(entropy: &SeededEntropy, created_at: Timestamp) -> NewTask {
    let mut random = [0; 6];
    entropy.fill(&mut random);
    NewTask {
        id: TaskId::new(TaskId::TASK, random),
        parent: None,
        user: UserId(Uuid::from_u128(1)),
        agent: AgentId(Uuid::from_u128(2)),
        kind: Kind::AgentTask,
        driver: Kind::AgentTask.driver().to_owned(),
        priority: 10,
        input: json!({
            "task": "Add a test for the parser of durations, and make the one that fails on leap seconds pass.",
            "capabilities": ["BUILD"],
            "scope": "mvp",
            "intelligence": "core",
            "priority": "normal",
            "source": { "folder": { "path": "/srv/projects/durations" } },
            "callbackUrl": "https://hooks.example/skep",
        }),
        estimate_key: "BUILD/core".to_owned(),
        created_at,
    }
}
