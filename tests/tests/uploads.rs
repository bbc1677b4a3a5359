//! kill -9 during uploads: every acknowledged one is there with its exact bytes, none is there in part, none twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::time::Duration;
use tests::database::Database;
use tests::environment::rounds;
use tests::host::HostSpec;
use tests::ledger::Moments;
use tests::uploads::{Known, Target, Uploads};

const FILES: &str = "/api/v1/users/default/agents/manager/files";
/// Targets that are uploaded to at once.
const TARGETS: usize = 4;

async fn drill(database: Database, kills: usize) {
    let data = tempfile::tempdir().unwrap();
    let spec = database.host(HostSpec::new(data.path()));
    let target = |number: usize| format!("{FILES}/folder/{number}.bin");
    let targets = (0..TARGETS).map(|number| Target { put: target(number), get: target(number) }).collect();
    let uploads = Uploads::new(targets, content);
    let mut moments = Moments::default();
    let mut problems = Vec::new();
    for _ in 0..kills {
        let mut host = spec.start();
        problems.extend(uploads.check(&host).await);
        let running = {
            let (uploads, url) = (uploads.clone(), host.url.clone());
            tokio::spawn(async move { uploads.upload(&url).await })
        };
        // A moment that nobody chose, in the middle of uploads.
        tokio::time::sleep(Duration::from_millis(moments.draw(300))).await;
        host.kill();
        running.await.unwrap();
    }
    let host = spec.start();
    problems.extend(uploads.check(&host).await);
    assert!(problems.is_empty(), "{kills} kills:\n{}", problems.join("\n"));
    let left = std::fs::read_dir(data.path().join("blobs/incoming")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "files that were being written are left over");
    let acknowledged = uploads.acknowledged();
    assert!(acknowledged > kills as u64, "{acknowledged} acknowledged in {kills} kills");
    println!("{kills} kills, {acknowledged} uploads known to have happened");
}

/// Between 1 and 300,000 bytes, different for every upload in every place, so that a part of one is no other.
fn content(target: usize, number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (target as u64 + 1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let length = 1 + next() % if number.is_multiple_of(3) { 300_000 } else { 3_000 };
    let mut bytes = format!("{target}/{number}/{length}:").into_bytes();
    bytes.extend((0..length).map(|_| next().to_le_bytes()[0]));
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_hosts_on_sqlite_lose_and_double_no_upload() {
    drill(Database::Sqlite, rounds("SKEP_TEST_UPLOAD_KILLS", 40)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_hosts_on_postgres_lose_and_double_no_upload() {
    drill(Database::postgres(), rounds("SKEP_TEST_UPLOAD_KILLS_POSTGRES", 20)).await;
}

/// The checker itself can fail: it finds each kind of damage.
#[test]
fn the_checker_finds_each_kind_of_damage() {
    let (old, new, cut) = (b"acknowledged".to_vec(), b"on its way".to_vec(), b"acknow".to_vec());
    let known = Known { acknowledged: Some((old.clone(), 3)), unknown: vec![new.clone()] };
    for good in [(old.clone(), 3), (new.clone(), 4)] {
        assert_eq!(known.judge(&Some(good)), None);
    }
    for (name, damage) in [
        ("lost", None),
        ("cut", Some((cut, 3))),
        ("of somebody else", Some((b"another".to_vec(), 4))),
        ("doubled", Some((new.clone(), 5))),
        ("an older version", Some((old, 2))),
        ("a version too few", Some((new, 3))),
    ] {
        assert!(known.judge(&damage).is_some(), "{name} was not found");
    }
    assert_eq!(Known::default().judge(&None), None);
}
