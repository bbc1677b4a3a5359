//! A lost answer to COMMIT: whether it was committed or not, the operation happens once and answers as if nothing had been lost.

use crate::database::TestDatabase;
use crate::proxy::{Cut, Proxy};
use crate::words::{NOW, USER, append, claim, connect, new_task};
use app::ports::journal::{Append, FollowUps, Journal as _};
use app::ports::tasks::Tasks as _;
use app::ports::usage::UsageReader as _;
use domain::event::EventBody;
use domain::journal::LocalEffect;
use domain::task::{Outcome, State};
use store::postgres::PostgresStore;

async fn behind_a_proxy() -> (TestDatabase, Proxy, PostgresStore) {
    let database = TestDatabase::create().await;
    let proxy = Proxy::start(&database).await;
    let store = connect(&database.url_at(proxy.port)).await;
    (database, proxy, store)
}

async fn everything_happens_once(cut: Cut) {
    let (database, proxy, store) = behind_a_proxy().await;

    proxy.arm(cut);
    let task = store.submit_task(new_task(1), Vec::new()).await.unwrap();
    assert_eq!((proxy.cuts(), task.state), (1, State::Queued));

    proxy.arm(cut);
    let claimed = claim(&store).await;
    assert_eq!((proxy.cuts(), claimed.task.deliveries, claimed.lease.token), (2, 1, 1));

    proxy.arm(cut);
    assert_eq!(store.append(&claimed.lease, append(1), NOW).await.unwrap(), 1);
    assert_eq!(proxy.cuts(), 3);
    assert_eq!(store.task_usage(&task.new.id).await.unwrap().input_tokens, 10);

    // An event has no address of its own: only the transaction's fate tells whether it is there.
    proxy.arm(cut);
    let event =
        LocalEffect::Event(EventBody { event: "phase.update".to_owned(), data: serde_json::json!({}) });
    let pos =
        store.append(&claimed.lease, Append { entries: vec![], effects: vec![event] }, NOW).await.unwrap();
    assert_eq!((proxy.cuts(), pos), (4, 2));

    proxy.arm(cut);
    let outcome = Outcome::Completed(serde_json::json!({ "a": 1 }));
    let follow_ups = FollowUps { tasks: vec![new_task(2)], append: append(2) };
    let ended = store.finish(&claimed.lease, outcome, follow_ups, NOW).await.unwrap();
    assert_eq!((proxy.cuts(), ended.state), (5, State::Completed));

    let events = store.list_events(&task.new.id, 0, 10).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| (event.pos, event.body.event.as_str())).collect();
    assert_eq!(names, [(2, "phase.update"), (4, "task.completed")]);
    assert_eq!(store.task_usage(&task.new.id).await.unwrap().input_tokens, 20);
    assert_eq!(store.list_tasks(USER, &[], 10, None).await.unwrap().tasks.len(), 2);
    database.remove().await;
}

#[tokio::test]
async fn what_was_committed_without_an_answer_is_not_done_again() {
    everything_happens_once(Cut::After).await;
}

#[tokio::test]
async fn what_was_not_committed_is_done_again() {
    everything_happens_once(Cut::Before).await;
}
