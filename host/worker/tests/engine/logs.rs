//! What a guest says is in its user's log exactly once, also when its host dies in between.

use crate::support::{SCOPE, TestHost, done, ended, everything, run};
use app::ports::logs::{LogFilter, LogPart, Logs as _};
use domain::effect::{Call, KvCall};
use domain::log::Level;
use std::sync::Arc;
use testkit::components::script;
use tokio::sync::Notify;

#[tokio::test]
async fn a_resumed_guest_neither_loses_nor_repeats_what_it_said() {
    let host = TestHost::new();
    let hangs = Arc::new(Notify::new());
    let tells = Arc::clone(&hangs);
    host.skill(
        "guest",
        everything(),
        script(move |guest| {
            let tells = Arc::clone(&tells);
            async move {
                guest.say("before");
                guest.get(Call::Kv(KvCall::Put { key: "one".to_owned(), value: vec![1] })).await?;
                guest.say("between");
                if guest.call == 1 {
                    tells.notify_one();
                    std::future::pending::<()>().await;
                }
                guest.say("after");
                Ok(done())
            }
        }),
    );
    host.submit().await;
    let first = host.attempt().await;
    let dying = {
        let first = Arc::clone(&first);
        tokio::spawn(async move { run(&first, SCOPE, "guest").await })
    };
    hangs.notified().await;
    dying.abort();
    let task = first.task.new.clone();
    let second = host.crash(first).await;
    ended(run(&second, SCOPE, "guest").await).0.unwrap();
    let filter = LogFilter {
        user: task.user,
        agent: Some(task.agent),
        task: Some(task.id),
        level: Level::Trace,
        since: None,
    };
    let rows = host.store.list_logs(&filter, LogPart::Newest(None), 100).await.unwrap();
    let said: Vec<&str> =
        rows.iter().rev().filter_map(|row| row.line.message.split_once(": ")).map(|(_, text)| text).collect();
    assert_eq!(said, ["before", "between", "after"]);
    assert!(rows.iter().all(|row| row.line.message.starts_with("guest@") && row.line.level == Level::Info));
}
