//! What people see of personalities and tokens.

use crate::bench::Bench;
use crate::build::{HOUR, SECOND, completed, failed, progress};
use crate::cases;
use app::ports::journal::Append;
use app::ports::tasks::PersonalityRecord;
use domain::component::CallFailure;
use domain::effect::model::Usage;
use domain::journal::LocalEffect;
use domain::task::{AtWork, NewTask, Progress};
use serde_json::json;

cases! {
    async fn who_is_at_work_is_known_across_users_and_of_what_runs_only(bench: &Bench) {
        let two = ["planner-ai", "architect-ai"];
        let at_work = |names: &[&str]| Progress {
            at_work: names.iter().map(|name| AtWork { agent: (*name).to_owned(), phase: "generate".to_owned() }).collect(),
            ..progress(10, names[0])
        };
        let foreign = NewTask { user: bench.stranger, ..bench.new_task() };
        bench.submit(foreign).await;
        let theirs = bench.claim(1).await.pop().unwrap().lease;
        let mine = bench.running().await.lease;
        assert!(bench.store.list_busy_personalities().await.unwrap().is_empty());
        bench.effects(&theirs, vec![LocalEffect::Progress(at_work(&two))]).await;
        bench.effects(&mine, vec![LocalEffect::Progress(at_work(&["req-ai"]))]).await;
        let busy = async || bench.store.list_busy_personalities().await.unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!(busy().await, ["architect-ai", "planner-ai", "req-ai"]);
        assert_eq!(bench.task(&mine.task).await.progress.at_work, at_work(&["req-ai"]).at_work);
        let shown = bench.events(&theirs.task).await.pop().unwrap().body.data;
        assert_eq!(shown["atWork"][1], json!({ "agent": "architect-ai", "phase": "generate" }));
        // One waits, the other goes back to the queue: nobody works on that one.
        bench.store.suspend(&theirs, Append::default(), at_work(&two), bench.now().plus(HOUR), bench.now()).await.unwrap();
        bench.store.release(std::slice::from_ref(&mine), bench.now()).await.unwrap();
        assert_eq!(busy().await, ["architect-ai", "planner-ai"]);
    }

    async fn a_personality_that_never_worked_has_an_empty_record(bench: &Bench) {
        assert_eq!(bench.store.personality_record(bench.user, "coder-ai").await.unwrap(), PersonalityRecord::default());
    }

    async fn a_record_counts_tasks_finished_and_failed_and_the_time_on_each(bench: &Bench) {
        // Two rounds of one task: 3 s and 1 s.
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.end("coder-ai@1/generate#1", 1, SECOND), bench.end("coder-ai@1/review#1", 1, SECOND * 2)]).await.unwrap();
        bench.append(&lease, vec![bench.end("coder-ai@2/review#1", 1, SECOND)]).await.unwrap();
        // Nested calls are part of their caller's time; gates and sources are nobody's.
        bench.append(&lease, vec![bench.end("coder-ai@1/generate#1/3.files.read#1", 1, SECOND * 50)]).await.unwrap();
        bench.append(&lease, vec![bench.end("gates@1#1", 1, SECOND * 50)]).await.unwrap();
        let last = bench.now();
        bench.finish(&lease, completed()).await.unwrap();
        // A task that failed in it after 2 s.
        bench.advance(SECOND).await;
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.end_with("coder-ai@1/generate#1", 1, SECOND * 2, Err(trap()))]).await.unwrap();
        bench.finish(&lease, failed("coder-ai")).await.unwrap();
        // One that finished it and failed elsewhere, after 6 s.
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.end("coder-ai@1/review#1", 1, SECOND * 6)]).await.unwrap();
        bench.finish(&lease, failed("tester-ai")).await.unwrap();
        // One that still runs.
        let lease = bench.running().await.lease;
        bench.append(&lease, vec![bench.end("coder-ai@1/review#1", 1, SECOND * 100)]).await.unwrap();

        let record = bench.store.personality_record(bench.user, "coder-ai").await.unwrap();
        assert_eq!((record.completed, record.failed), (2, 1));
        assert_eq!(record.average_duration, Some(SECOND * 4));
        assert!(record.last_active.unwrap() > last);
        assert_eq!(bench.store.personality_record(bench.user, "tester-ai").await.unwrap().failed, 1);
        assert_eq!(bench.store.personality_record(bench.user, "coder").await.unwrap(), PersonalityRecord::default());
        assert_eq!(bench.store.personality_record(bench.stranger, "coder-ai").await.unwrap(), PersonalityRecord::default());
    }

    async fn an_end_that_is_appended_twice_counts_once(bench: &Bench) {
        let lease = bench.running().await.lease;
        for _ in 0..2 {
            bench.append(&lease, vec![bench.end("coder-ai@1/review#1", 1, SECOND)]).await.unwrap();
        }
        bench.finish(&lease, completed()).await.unwrap();
        let record = bench.store.personality_record(bench.user, "coder-ai").await.unwrap();
        assert_eq!((record.completed, record.average_duration), (1, Some(SECOND)));
    }

    async fn tokens_are_summed_by_agent_month_and_model_and_by_task(bench: &Bench) {
        let lease = bench.running().await.lease;
        let used = |model: &str, input_tokens, output_tokens| LocalEffect::Usage { model: model.to_owned(), usage: Usage { input_tokens, output_tokens } };
        bench.effects(&lease, vec![used("b", 1, 2), used("a", 10, 20), used("b", 100, 200)]).await;
        let rows = bench.store.list_usage(bench.user, "2026-02").await.unwrap();
        let seen: Vec<_> = rows.iter().map(|row| (row.agent, row.month.as_str(), row.model.as_str(), row.usage.input_tokens, row.usage.output_tokens)).collect();
        assert_eq!(seen, [(bench.agent, "2026-02", "a", 10, 20), (bench.agent, "2026-02", "b", 101, 202)]);
        assert_eq!(bench.store.task_usage(&lease.task).await.unwrap(), Usage { input_tokens: 111, output_tokens: 222 });
        assert!(bench.store.list_usage(bench.stranger, "2026-02").await.unwrap().is_empty());
        assert!(bench.store.list_usage(bench.user, "2026-03").await.unwrap().is_empty());
    }

    async fn tokens_of_the_next_month_are_apart(bench: &Bench) {
        bench.submit(NewTask { ..bench.new_task() }).await;
        bench.advance(HOUR * 24 * 7).await;
        let lease = bench.claim(1).await.pop().unwrap().lease;
        let usage = Usage { input_tokens: 5, output_tokens: 6 };
        bench.effects(&lease, vec![LocalEffect::Usage { model: "m".to_owned(), usage }]).await;
        assert!(bench.store.list_usage(bench.user, "2026-02").await.unwrap().is_empty());
        assert_eq!(bench.store.list_usage(bench.user, "2026-03").await.unwrap()[0].usage, usage);
        assert_eq!(bench.store.task_usage(&domain::id::TaskId::new("task", [1; 6])).await.unwrap(), Usage::default());
    }
}

fn trap() -> CallFailure {
    CallFailure::Trap { message: "unreachable".to_owned() }
}
