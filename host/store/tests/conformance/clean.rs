use crate::bench::Bench;
use crate::build::{HOUR, SECOND, completed, failed, progress};
use crate::cases;
use app::ports::tasks::{CleanBefore, ImportedFile};
use domain::effect::model::Usage;
use domain::id::TaskId;
use domain::journal::{LocalEffect, Recorded};
use domain::task::{Kind, NewTask, Outcome};
use domain::time::Timestamp;

cases! {
    async fn ended_tasks_go_with_everything_that_hangs_on_them(bench: &Bench) {
        let blob = bench.store.put_blob(b"file".to_vec().into()).await.unwrap();
        let file = ImportedFile { path: "a".to_owned(), blob, size: 4 };
        bench.store.submit_task(bench.new_task(), vec![file]).await.unwrap();
        let lease = bench.claim(1).await.pop().unwrap().lease;
        let reply = bench.store.put_blob(b"reply".to_vec().into()).await.unwrap();
        bench.append(&lease, vec![bench.call_with("a/b#1", 1, "q", Some(Recorded::Blob(reply)))]).await.unwrap();
        let usage = Usage { input_tokens: 1, output_tokens: 1 };
        let effects = vec![LocalEffect::Progress(progress(1, "a")), LocalEffect::Usage { model: "m".to_owned(), usage }];
        bench.effects(&lease, effects).await;
        bench.finish(&lease, completed()).await.unwrap();
        bench.advance(SECOND).await;
        assert_eq!(bench.store.clean_tasks(all(bench.now()), 10).await.unwrap(), 1);
        assert_eq!(bench.store.find_task(bench.user, &lease.task).await.unwrap(), None);
        assert!(bench.entries(&lease.task).await.is_empty() && bench.events(&lease.task).await.is_empty());
        assert!(bench.store.list_files(&lease.task, "").await.unwrap().is_empty());
        assert_eq!(bench.store.task_usage(&lease.task).await.unwrap(), Usage::default());
        // What was used in a month stays counted.
        assert_eq!(bench.store.list_usage(bench.user, "2026-02").await.unwrap()[0].usage, usage);
        // Nothing names its blobs any more.
        bench.advance(HOUR).await;
        assert_eq!(bench.store.clean_blobs(bench.now(), 10).await.unwrap(), 2);
        assert_eq!(bench.store.find_blob(blob).await.unwrap(), None);
    }

    async fn failed_tasks_have_a_time_of_their_own_and_the_young_and_unfinished_stay(bench: &Bench) {
        let old_completed = ended(bench, completed()).await;
        let old_cancelled = ended(bench, Outcome::Cancelled).await;
        let old_failed = ended(bench, failed("a")).await;
        let unfinished = bench.running().await.lease.task;
        bench.advance(HOUR).await;
        let between = bench.now();
        bench.advance(HOUR).await;
        let young = ended(bench, completed()).await;
        let there = async |id: &TaskId| bench.store.find_task(bench.user, id).await.unwrap().is_some();

        assert_eq!(bench.store.clean_tasks(CleanBefore { ended: between, ..all(Timestamp(0)) }, 10).await.unwrap(), 2);
        assert!(!there(&old_completed).await && !there(&old_cancelled).await);
        assert!(there(&old_failed).await && there(&unfinished).await && there(&young).await);
        assert_eq!(bench.store.clean_tasks(CleanBefore { failed: between, ..all(Timestamp(0)) }, 10).await.unwrap(), 1);
        assert!(!there(&old_failed).await && there(&unfinished).await && there(&young).await);
    }

    async fn turns_and_ticks_have_times_of_their_own_however_they_ended(bench: &Bench) {
        let mut turns = Vec::new();
        for kind in [Kind::Chat, Kind::Tick] {
            for outcome in [completed(), failed("a")] {
                bench.submit(NewTask { kind, ..bench.new_task() }).await;
                let lease = bench.claim(1).await.pop().unwrap().lease;
                turns.push(lease.task.clone());
                bench.finish(&lease, outcome).await.unwrap();
            }
        }
        bench.advance(SECOND).await;
        let there = async || {
            let mut there = Vec::new();
            for turn in &turns {
                there.push(bench.store.find_task(bench.user, turn).await.unwrap().is_some());
            }
            there
        };
        assert_eq!(bench.store.clean_tasks(CleanBefore { ticks: bench.now(), ..all(Timestamp(0)) }, 10).await.unwrap(), 2);
        assert_eq!(there().await, [true, true, false, false]);
        assert_eq!(bench.store.clean_tasks(CleanBefore { chats: bench.now(), ..all(Timestamp(0)) }, 10).await.unwrap(), 2);
        assert_eq!(there().await, [false; 4]);
    }

    async fn deliveries_have_a_time_of_their_own_however_they_ended(bench: &Bench) {
        let task = ended(bench, completed()).await;
        let mut deliveries = Vec::new();
        for outcome in [completed(), failed("a"), Outcome::Cancelled] {
            let new = NewTask { kind: Kind::Webhook, ..bench.new_task() };
            bench.submit(new).await;
            let lease = bench.claim(1).await.pop().unwrap().lease;
            bench.finish(&lease, outcome).await.unwrap();
            deliveries.push(lease.task);
        }
        bench.advance(SECOND).await;
        let there = async |id: &TaskId| bench.store.find_task(bench.user, id).await.unwrap().is_some();
        let never = all(Timestamp(0));
        let others = CleanBefore { webhooks: Timestamp(0), ..all(bench.now()) };
        assert_eq!(bench.store.clean_tasks(CleanBefore { ended: Timestamp(0), ..others }, 10).await.unwrap(), 0);
        assert_eq!(bench.store.clean_tasks(CleanBefore { webhooks: bench.now(), ..never }, 2).await.unwrap(), 2);
        assert_eq!(bench.store.clean_tasks(CleanBefore { webhooks: bench.now(), ..never }, 2).await.unwrap(), 1);
        for delivery in &deliveries {
            assert!(!there(delivery).await, "{delivery}");
        }
        assert!(there(&task).await);
        assert_eq!(bench.store.clean_tasks(others, 10).await.unwrap(), 1);
    }

    async fn a_cleaner_deletes_at_most_so_many(bench: &Bench) {
        for _ in 0..5 {
            ended(bench, completed()).await;
        }
        bench.advance(SECOND).await;
        let mut deleted = Vec::new();
        for _ in 0..4 {
            deleted.push(bench.store.clean_tasks(all(bench.now()), 2).await.unwrap());
        }
        assert_eq!(deleted, [2, 2, 1, 0]);
    }

    async fn blobs_stay_while_they_are_young_or_named(bench: &Bench) {
        let put = async |text: &str| bench.store.put_blob(text.as_bytes().to_vec().into()).await.unwrap();
        let (entry, file, base, loose) = (put("entry").await, put("file").await, put("base").await, put("loose").await);
        let again = put("again").await;
        let imported = ImportedFile { path: "b".to_owned(), blob: base, size: 4 };
        bench.store.submit_task(bench.new_task(), vec![imported]).await.unwrap();
        let lease = bench.claim(1).await.pop().unwrap().lease;
        bench.append(&lease, vec![bench.call_with("a/b#1", 1, "q", Some(Recorded::Content(entry)))]).await.unwrap();
        let put_file = LocalEffect::PutFile { path: "a".to_owned(), blob: file, size: 4 };
        bench.effects(&lease, vec![put_file, LocalEffect::DeleteFile { path: "b".to_owned() }]).await;
        bench.advance(HOUR - SECOND).await;
        assert_eq!(bench.store.clean_blobs(bench.now(), 10).await.unwrap(), 0, "all are young");
        // Putting it again makes it young again.
        put("again").await;
        bench.advance(SECOND * 2).await;
        assert_eq!(bench.store.clean_blobs(bench.now(), 10).await.unwrap(), 1);
        for (blob, there) in [(entry, true), (file, true), (base, true), (again, true), (loose, false)] {
            assert_eq!(bench.store.find_blob(blob).await.unwrap().is_some(), there, "{blob}");
        }
        assert_eq!(put("loose").await, loose);
        assert!(bench.store.find_blob(loose).await.unwrap().is_some());
    }
}

async fn ended(bench: &Bench, outcome: Outcome) -> TaskId {
    let lease = bench.running().await.lease;
    bench.finish(&lease, outcome).await.unwrap();
    lease.task
}

/// Everything that ended before then.
pub(crate) fn all(before: Timestamp) -> CleanBefore {
    CleanBefore { ended: before, failed: before, webhooks: before, chats: before, ticks: before }
}
