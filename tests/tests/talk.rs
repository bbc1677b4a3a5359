//! kill -9 during chat and ticks, at random moments and at kill points: every message is answered exactly once, every instruction is
//! consumed by exactly one tick, every token is counted once, nothing is stuck.
//!
//! Three parties as in `kill.rs`: a driver that writes down what the host acknowledged, the host as a process of its own, and the model.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;
use tests::api::eventually;
use tests::database::Database;
use tests::environment::rounds;
use tests::host::{HostSpec, was_killed};
use tests::ledger::Moments;
use tests::talk::{Said, Talk};

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// Those that turns reach.
const POINTS: [&str; 6] = [
    "claim.after",
    "append.fenced",
    "local.before-append",
    "local.after-append",
    "finish.before",
    "finish.after",
];

async fn drill(database: Database, kills: usize) {
    let data = tempfile::tempdir().unwrap();
    let mut talk = Talk::new().await;
    let models = format!("core = {{ url = {:?}, model = \"scripted\" }}", talk.model.base_url());
    let spec = database.host(HostSpec::new(data.path()).set("SKEP_MODELS", models));
    let spec = spec.set("SKEP_LEASE_MS", "2000").set("SKEP_HEARTBEAT_MS", "500");
    let mut moments = Moments::default();
    let mut killed = 0;
    for point in POINTS {
        for count in [1, 3] {
            let dying = spec.clone().set("SKEP_FAILPOINT", format!("{point}@{count}"));
            let status = match dying.start_or_end() {
                Ok(mut host) => {
                    let api = host.api();
                    let ended = eventually(PATIENCE, async || {
                        talk.round(&api).await;
                        host.has_ended()
                    });
                    ended.await.unwrap_or_else(|| panic!("kill point {point}@{count} was never reached"))
                }
                // What the run before left reached the point before the host could say its address.
                Err(ended) => ended.status,
            };
            assert!(was_killed(status), "{point}@{count} ended by {status}");
            killed += 1;
        }
    }
    while killed < kills {
        let mut host = spec.start();
        let api = host.api();
        let moment = Duration::from_millis(moments.draw(600));
        // Every other host dies at its first work, the others after they have answered something.
        if killed % 2 == 0 {
            talk.round(&api).await;
        }
        let talking = async {
            loop {
                talk.round(&api).await;
            }
        };
        // Whoever talks is cut off in the middle of it.
        tokio::select! {
            () = tokio::time::sleep(moment) => {}
            () = talking => {}
        }
        host.kill();
        killed += 1;
    }
    let host = spec.start();
    let api = host.api();
    talk.round(&api).await;
    let problems = talk.check(&api, &database, data.path(), PATIENCE).await;
    let (answered, instructed) = (talk.answered.len(), talk.instructed.len());
    assert!(problems.is_empty(), "{killed} kills:\n{}", problems.join("\n"));
    assert!(
        answered > killed / 2 && instructed > killed / 6,
        "{answered} answers, {instructed} instructions"
    );
    println!("{killed} kills, {answered} answered messages, {instructed} instructions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_hosts_on_sqlite_answer_everything_once() {
    drill(Database::Sqlite, rounds("SKEP_TEST_TALK_KILLS", 40)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_hosts_on_postgres_answer_everything_once() {
    drill(Database::postgres(), rounds("SKEP_TEST_TALK_KILLS_POSTGRES", 25)).await;
}

/// Rows that a database must not have.
type Mishap = fn(&mut Said);

#[test]
fn the_checker_finds_each_kind_of_damage() {
    let good = || Said {
        turns: vec![
            "turn_1|chat|completed|1|9|1|1|0".to_owned(),
            "tick_1|tick|completed|1|9|1|1|0".to_owned(),
            "tick_2|tick|completed|1|9|0|0|1".to_owned(),
            "tick_3|tick|running|0|2|0|0|0".to_owned(),
        ],
        messages: vec!["m-1|1|1".to_owned()],
        instructions: vec!["i|tick_1|completed|1".to_owned()],
        tokens: 33,
        late: Vec::new(),
        overlaps: Vec::new(),
    };
    let (answered, instructed) = (["m-1".to_owned()], BTreeMap::from([("i".to_owned(), "i-1".to_owned())]));
    assert_eq!(good().judge(&answered, &instructed), Vec::<String>::new());
    let mishaps: [(&str, Mishap); 12] = [
        ("asked twice", |said| said.turns[0] = "turn_1|chat|completed|2|9|1|1|0".to_owned()),
        ("journal with a gap", |said| said.turns[0] = "turn_1|chat|completed|1|8|1|1|0".to_owned()),
        ("answered twice", |said| said.turns[0] = "turn_1|chat|completed|1|9|1|2|0".to_owned()),
        ("not answered", |said| said.turns[0] = "turn_1|chat|completed|1|9|1|0|0".to_owned()),
        ("stuck", |said| said.turns[0] = "turn_1|chat|queued|0|0|1|0|0".to_owned()),
        ("tick failed", |said| said.turns[1] = "tick_1|tick|failed|1|9|1|1|0".to_owned()),
        ("stored twice", |said| said.messages[0] = "m-1|2|2".to_owned()),
        ("lost", |said| said.messages.clear()),
        ("instruction waits", |said| said.instructions[0] = "i|||0".to_owned()),
        ("instruction lost", |said| said.instructions.clear()),
        ("tokens counted twice", |said| said.tokens = 44),
        ("two ticks at once", |said| said.overlaps.push("tick_1|tick_2".to_owned())),
    ];
    for (name, mishap) in mishaps {
        let mut said = good();
        mishap(&mut said);
        assert_ne!(said.judge(&answered, &instructed), Vec::<String>::new(), "{name} was not found");
    }
}
