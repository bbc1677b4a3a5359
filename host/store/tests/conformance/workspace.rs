//! Workspaces and small state.

use crate::bench::Bench;
use crate::cases;
use app::ports::store_error::StoreError;
use app::ports::tasks::ImportedFile;
use domain::id::{AgentId, Digest};
use domain::journal::LocalEffect;
use domain::task::Lease;
use uuid::Uuid;

cases! {
    async fn imported_files_are_the_base_and_the_present(bench: &Bench) {
        let lease = with_files(bench, &["src/a.js", "README.md"]).await;
        let paths = |files: Vec<app::ports::workspaces::WorkspaceFile>| files.into_iter().map(|file| (file.path, file.version)).collect::<Vec<_>>();
        let expected = vec![("README.md".to_owned(), 1), ("src/a.js".to_owned(), 1)];
        assert_eq!(paths(bench.store.list_files(&lease.task, "").await.unwrap()), expected);
        assert_eq!(paths(bench.store.list_base(&lease.task).await.unwrap()), expected);
        let file = bench.store.find_file(&lease.task, "src/a.js").await.unwrap().unwrap();
        assert_eq!((file.blob, file.size), (Digest::of(b"src/a.js"), 8));
        assert_eq!(bench.store.find_file(&lease.task, "src/b.js").await.unwrap(), None);
    }

    async fn writes_change_the_present_and_leave_the_base(bench: &Bench) {
        let lease = with_files(bench, &["a", "b"]).await;
        let put = put(bench, "a", b"new").await;
        bench.effects(&lease, vec![put.clone()]).await;
        bench.effects(&lease, vec![put, LocalEffect::DeleteFile { path: "b".to_owned() }]).await;
        let files = bench.store.list_files(&lease.task, "").await.unwrap();
        assert_eq!(files.iter().map(|file| (file.path.as_str(), file.size, file.version)).collect::<Vec<_>>(), [("a", 3, 3)]);
        let base = bench.store.list_base(&lease.task).await.unwrap();
        assert_eq!(base.iter().map(|file| (file.path.as_str(), file.blob)).collect::<Vec<_>>(), [("a", Digest::of(b"a")), ("b", Digest::of(b"b"))]);
        // Deleting what is not there is no error: redo must be harmless.
        bench.effects(&lease, vec![LocalEffect::DeleteFile { path: "b".to_owned() }]).await;
    }

    async fn marking_the_base_makes_it_the_present(bench: &Bench) {
        let lease = with_files(bench, &["old"]).await;
        let put = put(bench, "new", b"1").await;
        bench.effects(&lease, vec![LocalEffect::DeleteFile { path: "old".to_owned() }, put, LocalEffect::MarkBase]).await;
        assert_eq!(bench.store.list_base(&lease.task).await.unwrap(), bench.store.list_files(&lease.task, "").await.unwrap());
        assert_eq!(bench.store.list_base(&lease.task).await.unwrap()[0].path, "new");
    }

    async fn a_prefix_is_a_folder_and_not_the_start_of_a_name(bench: &Bench) {
        let lease = with_files(bench, &["src/a", "src/deep/b", "src-old/c", "src", "s_c/d", "SRC/e"]).await;
        for (prefix, expected) in [
            ("src", vec!["src", "src/a", "src/deep/b"]),
            ("src/deep", vec!["src/deep/b"]),
            ("src/deep/b", vec!["src/deep/b"]),
            ("s_c", vec!["s_c/d"]),
            ("nowhere", vec![]),
        ] {
            let files = bench.store.list_files(&lease.task, prefix).await.unwrap();
            assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), expected, "{prefix}");
        }
        let all = bench.store.list_files(&lease.task, "").await.unwrap();
        assert!(all.is_sorted_by_key(|file| file.path.clone()));
        assert_eq!(all.len(), 6);
    }

    async fn workspaces_of_two_tasks_are_apart(bench: &Bench) {
        let one = with_files(bench, &["a"]).await;
        let two = with_files(bench, &["b"]).await;
        assert_eq!(bench.store.find_file(&one.task, "b").await.unwrap(), None);
        assert_eq!(bench.store.list_files(&two.task, "").await.unwrap().len(), 1);
    }

    async fn a_file_without_its_blob_is_refused(bench: &Bench) {
        let lease = bench.running().await.lease;
        let effect = LocalEffect::PutFile { path: "a".to_owned(), blob: Digest([9; 32]), size: 1 };
        let append = app::ports::journal::Append { entries: vec![bench.start("a/b#1")], effects: vec![effect] };
        let error = bench.store.append(&lease, append, bench.now()).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{error:?}");
        assert!(bench.entries(&lease.task).await.is_empty());
        bench.append(&lease, vec![bench.start("a/b#1")]).await.unwrap();
    }

    async fn values_are_set_replaced_and_removed(bench: &Bench) {
        let lease = bench.running().await.lease;
        let put = |key: &str, value: &[u8]| LocalEffect::PutKv { plugin: "p".to_owned(), key: key.to_owned(), value: value.to_vec() };
        bench.effects(&lease, vec![put("k", b"one"), put("k", &[0, 255, 0]), put("gone", b"x")]).await;
        bench.effects(&lease, vec![LocalEffect::DeleteKv { plugin: "p".to_owned(), key: "gone".to_owned() }]).await;
        assert_eq!(bench.store.find_value(bench.agent, "p", "k").await.unwrap(), Some(vec![0, 255, 0]));
        assert_eq!(bench.store.find_value(bench.agent, "p", "gone").await.unwrap(), None);
        assert_eq!(bench.store.find_value(bench.agent, "q", "k").await.unwrap(), None);
        assert_eq!(bench.store.find_value(AgentId(Uuid::from_u128(77)), "p", "k").await.unwrap(), None);
    }

    async fn keys_are_listed_by_exact_prefix_in_order_and_counted_in_bytes(bench: &Bench) {
        let lease = bench.running().await.lease;
        let put = |key: &str| LocalEffect::PutKv { plugin: "p".to_owned(), key: key.to_owned(), value: vec![7; 10] };
        bench.effects(&lease, ["b%", "a_1", "ab1", "a_2", "\u{e9}", "a\u{0}z"].map(put).to_vec()).await;
        let keys = async |prefix: &str| bench.store.list_keys(bench.agent, "p", prefix).await.unwrap();
        assert_eq!(keys("a_").await, ["a_1", "a_2"]);
        assert_eq!(keys("b%").await, ["b%"]);
        assert_eq!(keys("%").await, Vec::<String>::new());
        assert_eq!(keys("a\u{0}").await, ["a\u{0}z"]);
        assert_eq!(keys("").await, ["a\u{0}z", "a_1", "a_2", "ab1", "b%", "\u{e9}"]);
        assert_eq!(bench.store.size(bench.agent, "p").await.unwrap(), 60 + 2 + 3 * 4 + 2);
        assert_eq!(bench.store.size(bench.agent, "q").await.unwrap(), 0);
    }
}

/// A running task whose files hold their own paths.
async fn with_files(bench: &Bench, paths: &[&str]) -> Lease {
    let mut files = Vec::new();
    for path in paths {
        let blob = bench.store.put_blob(path.as_bytes().to_vec().into()).await.unwrap();
        files.push(ImportedFile { path: (*path).to_owned(), blob, size: path.len() as u64 });
    }
    bench.store.submit_task(bench.new_task(), files).await.unwrap();
    bench.claim(1).await.pop().unwrap().lease
}

async fn put(bench: &Bench, path: &str, content: &[u8]) -> LocalEffect {
    let blob = bench.store.put_blob(content.to_vec().into()).await.unwrap();
    LocalEffect::PutFile { path: path.to_owned(), blob, size: content.len() as u64 }
}
