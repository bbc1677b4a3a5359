//! A resume is the same try, answered from its entries; a retry is another, with other keys.

use crate::support::{SCOPE, TestHost, done, ended, everything, run, send};
use app::effects::scope::ScopeResult;
use domain::component::Stop;
use domain::effect::{Call, KvCall};
use std::sync::Arc;
use testkit::components::script;
use tokio::sync::Notify;

fn put(key: &str) -> Call {
    Call::Kv(KvCall::Put { key: key.to_owned(), value: vec![1] })
}

/// Run a guest that hangs after what it does in its first call, and let its host die there.
async fn until_it_hangs(host: &TestHost, hangs: &Notify) -> Arc<app::effects::attempt::Attempt> {
    let first = host.attempt().await;
    let dying = {
        let first = Arc::clone(&first);
        tokio::spawn(async move { run(&first, SCOPE, "guest").await })
    };
    hangs.notified().await;
    dying.abort();
    host.crash(first).await
}

#[tokio::test]
async fn a_resumed_guest_that_ends_before_its_recorded_calls_is_nondeterminism_with_both_sides() {
    let host = TestHost::new();
    let hangs = Arc::new(Notify::new());
    let tells = Arc::clone(&hangs);
    host.skill(
        "guest",
        everything(),
        script(move |guest| {
            let tells = Arc::clone(&tells);
            async move {
                guest.get(put("one")).await?;
                if guest.call == 1 {
                    guest.get(put("two")).await?;
                    tells.notify_one();
                    std::future::pending::<()>().await;
                }
                Ok(done())
            }
        }),
    );
    host.submit().await;
    let second = until_it_hangs(&host, &hangs).await;
    let ScopeResult::Stopped(Stop::Nondeterminism(sides)) = run(&second, SCOPE, "guest").await else {
        panic!("the scope ended")
    };
    assert_eq!((sides.scope.as_str(), sides.ordinal), (SCOPE, 2));
    assert_eq!(sides.recorded["request"]["key"], "two");
    assert!(sides.actual.as_str().unwrap().contains("ended without this call"), "{}", sides.actual);
}

#[tokio::test]
async fn a_resumed_guest_gets_its_recorded_answers_and_goes_on_live() {
    let host = TestHost::new();
    let hangs = Arc::new(Notify::new());
    let tells = Arc::clone(&hangs);
    host.skill(
        "guest",
        everything(),
        script(move |guest| {
            let tells = Arc::clone(&tells);
            async move {
                guest.get(send("POST", "first")).await?;
                if guest.call == 1 {
                    tells.notify_one();
                    std::future::pending::<()>().await;
                }
                guest.get(send("POST", "second")).await?;
                Ok(done())
            }
        }),
    );
    host.submit().await;
    let second = until_it_hangs(&host, &hangs).await;
    ended(run(&second, SCOPE, "guest").await).0.unwrap();
    let paths: Vec<String> = host.wire.sent().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["/first", "/second"]);
}

#[tokio::test]
async fn an_effect_whose_entry_was_lost_is_sent_again_under_its_key_and_by_another_try_under_another() {
    let host = TestHost::new();
    let hangs = Arc::new(Notify::new());
    let tells = Arc::clone(&hangs);
    host.wire.answer(move |_| {
        let tells = Arc::clone(&tells);
        async move {
            tells.notify_one();
            // Only the first one hangs: its host dies with it.
            std::future::pending().await
        }
    });
    host.skill(
        "guest",
        everything(),
        script(|guest| async move {
            guest.get(send("POST", "order")).await?;
            Ok(done())
        }),
    );
    host.submit().await;
    let second = until_it_hangs(&host, &hangs).await;
    host.wire.answer(|_| async { Ok(crate::support::response(200)) });
    ended(run(&second, SCOPE, "guest").await).0.unwrap();
    ended(run(&second, "coder-ai@1/generate#2", "guest").await).0.unwrap();
    let keys: Vec<String> = host.wire.sent().into_iter().map(|(_, key)| key.unwrap()).collect();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2]);
}
