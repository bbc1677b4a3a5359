//! Agents' workspaces: rows as they were written, one winner, quotas, and blobs that stay as long as a row names them.

use crate::bench::Bench;
use crate::build::SECOND;
use crate::cases;
use app::ports::agent_files::{AgentFile, Condition, DeleteOutcome, FilePut, PutOutcome};
use std::time::Duration;

cases! {
    async fn files_are_put_found_listed_and_deleted(bench: &Bench) {
        for path in ["b", "a/b/c", "a/d", "a0", "a-/x", "\u{1f41d}/é"] {
            assert!(matches!(put(bench, path, "x", Condition::None).await, PutOutcome::Created(_)), "{path}");
        }
        bench.advance(SECOND).await;
        let PutOutcome::Replaced(file) = put(bench, "a/d", "longer", Condition::None).await else { panic!() };
        assert_eq!((file.version, file.size, file.modified_at), (2, 6, bench.now()));
        assert_eq!(bench.store.find_agent_file(bench.agent, "a/d").await.unwrap(), Some(file));
        assert_eq!(bench.store.find_agent_file(bench.agent, "a").await.unwrap(), None);
        assert_eq!(paths(bench, "").await, ["a-/x", "a/b/c", "a/d", "a0", "b", "\u{1f41d}/é"]);
        assert_eq!(paths(bench, "a").await, ["a/b/c", "a/d"]);
        assert_eq!(paths(bench, "a/b").await, ["a/b/c"]);
        assert_eq!(paths(bench, "b").await, [""; 0]);
        assert_eq!(delete(bench, "a", false).await, DeleteOutcome::NotEmpty);
        assert_eq!(delete(bench, "a", true).await, DeleteOutcome::Deleted(2));
        assert_eq!(delete(bench, "a", true).await, DeleteOutcome::NotFound);
        assert_eq!(delete(bench, "b", false).await, DeleteOutcome::Deleted(1));
        assert_eq!(paths(bench, "").await, ["a-/x", "a0", "\u{1f41d}/é"]);
    }

    async fn a_file_is_no_folder_and_limits_hold(bench: &Bench) {
        put(bench, "a/b", "12345", Condition::None).await;
        assert_eq!(put(bench, "a/b/c", "x", Condition::None).await, PutOutcome::BelowFile("a/b".to_owned()));
        assert_eq!(put(bench, "a", "x", Condition::None).await, PutOutcome::IsFolder);
        assert_eq!(put(bench, "c", &"x".repeat(96), Condition::None).await, PutOutcome::NoRoom { bytes: 5, files: 1 });
        put(bench, "c", "x", Condition::None).await;
        put(bench, "d", "x", Condition::None).await;
        let blob = bench.store.put_blob("x".into()).await.unwrap();
        let fourth = FilePut { most_files: 3, ..new(bench, "e", blob, 1, Condition::None) };
        let full = PutOutcome::NoRoom { bytes: 7, files: 3 };
        assert_eq!(bench.store.put_agent_file(fourth, bench.now()).await.unwrap(), full);
        assert!(matches!(put(bench, "d", &"x".repeat(94), Condition::None).await, PutOutcome::Replaced(_)));
        let nobody = domain::id::AgentId(uuid::Uuid::from_u128(99));
        let orphan = FilePut { agent: nobody, ..new(bench, "x", blob, 1, Condition::None) };
        assert_eq!(bench.store.put_agent_file(orphan, bench.now()).await.unwrap(), PutOutcome::NoAgent);
    }

    async fn of_concurrent_writes_exactly_one_wins_also_with_the_same_bytes(bench: &Bench) {
        let first = together(bench, Condition::Absent, false).await;
        assert_eq!(first.iter().filter(|outcome| matches!(outcome, PutOutcome::Created(_))).count(), 1, "{first:?}");
        for same in [false, true] {
            let AgentFile { blob, version, .. } = bench.store.find_agent_file(bench.agent, "a").await.unwrap().unwrap();
            let outcomes = together(bench, Condition::Is(blob, version), same).await;
            assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, PutOutcome::Replaced(_))).count(), 1);
            assert_eq!(outcomes.iter().filter(|outcome| **outcome == PutOutcome::Refused).count(), 7);
        }
        assert_eq!(bench.store.find_agent_file(bench.agent, "a").await.unwrap().unwrap().version, 3);
    }

    async fn a_blob_stays_as_long_as_a_file_names_it(bench: &Bench) {
        put(bench, "a", "kept", Condition::None).await;
        put(bench, "b", "replaced", Condition::None).await;
        put(bench, "b", "kept", Condition::None).await;
        bench.advance(Duration::from_secs(7200)).await;
        assert_eq!(bench.store.clean_blobs(bench.now(), 100).await.unwrap(), 1);
        let file = bench.store.find_agent_file(bench.agent, "a").await.unwrap().unwrap();
        assert_eq!(bench.store.find_blob(file.blob).await.unwrap().unwrap(), "kept");
        assert_eq!(delete(bench, "a", false).await, DeleteOutcome::Deleted(1));
        assert_eq!(bench.store.clean_blobs(bench.now(), 100).await.unwrap(), 0);
        assert_eq!(delete(bench, "b", false).await, DeleteOutcome::Deleted(1));
        assert_eq!(bench.store.clean_blobs(bench.now(), 100).await.unwrap(), 1);
        assert_eq!(bench.store.find_blob(file.blob).await.unwrap(), None);
    }
}

fn new(bench: &Bench, path: &str, blob: domain::id::Digest, size: u64, condition: Condition) -> FilePut {
    let (user, agent, path) = (bench.user, bench.agent, path.to_owned());
    FilePut { user, agent, path, blob, size, condition, most_bytes: 100, most_files: 10 }
}

async fn put(bench: &Bench, path: &str, content: &str, condition: Condition) -> PutOutcome {
    let blob = bench.store.put_blob(content.to_owned().into()).await.unwrap();
    let put = new(bench, path, blob, content.len() as u64, condition);
    bench.store.put_agent_file(put, bench.now()).await.unwrap()
}

async fn together(bench: &Bench, condition: Condition, same: bool) -> Vec<PutOutcome> {
    let mut writes = tokio::task::JoinSet::new();
    for number in 0..8 {
        let content = if same { "same".to_owned() } else { format!("number {number}") };
        let blob = bench.store.put_blob(content.clone().into()).await.unwrap();
        let (store, put, now) =
            (bench.store.clone(), new(bench, "a", blob, content.len() as u64, condition), bench.now());
        writes.spawn(async move { store.put_agent_file(put, now).await.unwrap() });
    }
    writes.join_all().await
}

async fn delete(bench: &Bench, path: &str, recursive: bool) -> DeleteOutcome {
    bench.store.delete_agent_file(bench.agent, path, recursive, Condition::None).await.unwrap()
}

async fn paths(bench: &Bench, folder: &str) -> Vec<String> {
    let files = bench.store.list_agent_files(bench.agent, folder, 100).await.unwrap();
    files.into_iter().map(|file| file.path).collect()
}
