//! What a nested tool call did counts for its callers, however they learn of it.

use crate::support::{SCOPE, TestHost, done, ended, everything, run, send, tool};
use domain::component::{CallEnd, CallFailure};
use domain::effect::{Call, KvCall};
use std::sync::Arc;
use testkit::components::{script, trap};
use tokio::sync::Notify;

/// A skill whose tool posts once and answers.
fn posting(host: &TestHost) {
    let posts = script(|guest| async move {
        guest.get(send("POST", "order")).await?;
        Ok(done())
    });
    host.skill("callee", everything(), posts);
}

#[tokio::test]
async fn an_effect_of_a_nested_call_that_the_journal_answers_forbids_another_try() {
    let host = TestHost::new();
    posting(&host);
    let durable = Arc::new(Notify::new());
    let told = Arc::clone(&durable);
    host.skill(
        "caller",
        everything(),
        script(move |guest| {
            let told = Arc::clone(&told);
            async move {
                guest.get(tool("callee")).await?;
                if guest.call == 1 {
                    // A write takes everything before it to the disk.
                    guest.get(Call::Kv(KvCall::Put { key: "key".into(), value: vec![1] })).await?;
                    told.notify_one();
                    std::future::pending::<()>().await;
                }
                Err(trap())
            }
        }),
    );
    host.submit().await;
    let first = host.attempt().await;
    let dying = {
        let first = Arc::clone(&first);
        tokio::spawn(async move { run(&first, SCOPE, "caller").await })
    };
    durable.notified().await;
    dying.abort();
    let second = host.crash(first).await;
    let (result, may_retry) = ended(run(&second, SCOPE, "caller").await);
    // The guest ends before its recorded write: a trap may come at any point.
    assert_eq!(result, Err(CallFailure::Trap { message: "unreachable".into() }));
    assert!(!may_retry);
    assert_eq!(host.wire.sent().len(), 1);
}

#[tokio::test]
async fn an_effect_of_a_nested_call_that_its_caller_did_not_wait_for_forbids_another_try() {
    let host = TestHost::new();
    let posted = Arc::new(Notify::new());
    let tells = Arc::clone(&posted);
    host.skill(
        "callee",
        everything(),
        script(move |guest| {
            let tells = Arc::clone(&tells);
            async move {
                guest.get(send("POST", "order")).await?;
                tells.notify_one();
                std::future::pending().await
            }
        }),
    );
    host.skill(
        "caller",
        everything(),
        script(move |guest| {
            let posted = Arc::clone(&posted);
            async move {
                tokio::select! {
                    _ = guest.get(tool("callee")) => Ok(done()),
                    () = posted.notified() => Err(CallEnd::Failed(CallFailure::Deadline { wall_ms: 1 })),
                }
            }
        }),
    );
    host.submit().await;
    let attempt = host.attempt().await;
    let (result, may_retry) = ended(run(&attempt, SCOPE, "caller").await);
    assert_eq!(result, Err(CallFailure::Deadline { wall_ms: 1 }));
    assert!(!may_retry);
}

#[tokio::test]
async fn a_nested_call_without_effects_forbids_nothing() {
    let host = TestHost::new();
    host.skill(
        "callee",
        everything(),
        script(|guest| async move {
            guest.get(send("GET", "page")).await?;
            Ok(done())
        }),
    );
    host.skill(
        "caller",
        everything(),
        script(|guest| async move {
            guest.get(tool("callee")).await?;
            Err(trap())
        }),
    );
    host.submit().await;
    let attempt = host.attempt().await;
    assert!(ended(run(&attempt, SCOPE, "caller").await).1);
}

#[tokio::test]
async fn calls_are_nested_eight_deep_and_no_deeper() {
    let host = TestHost::new();
    host.skill(
        "deep",
        everything(),
        script(|guest| async move {
            guest.get(tool("deep")).await?;
            Ok(done())
        }),
    );
    host.submit().await;
    let attempt = host.attempt().await;
    let (result, _) = ended(run(&attempt, SCOPE, "deep").await);
    let Err(CallFailure::Error(error)) = result else { panic!("{result:?}") };
    assert_eq!((error.kind.as_str(), error.code.as_str()), ("exhausted", "depth"));
    let deepest = attempt.entries().keys().map(domain::address::Scope::depth).max();
    assert_eq!(deepest, Some(8));
}
