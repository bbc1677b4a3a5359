//! Cancel, drain and a lost lease end a guest wherever it is; effects that have begun are finished and journaled first.

use crate::support::{SCOPE, TestHost, done, everything, response, run, send, tool};
use app::effects::scope::ScopeResult;
use domain::component::Stop;
use domain::effect::{CallError, ErrorKind};
use std::sync::Arc;
use testkit::components::script;
use tokio::sync::Notify;

const REASONS: [Stop; 3] = [Stop::Cancelled, Stop::Drain, Stop::Stale];

#[tokio::test]
async fn a_guest_that_computes_is_ended_by_every_stop_however_deep_it_is() {
    for reason in REASONS {
        for skill in ["busy", "caller"] {
            let host = TestHost::new();
            let busy = Arc::new(Notify::new());
            let tells = Arc::clone(&busy);
            host.skill(
                "busy",
                everything(),
                script(move |_| {
                    let tells = Arc::clone(&tells);
                    async move {
                        tells.notify_one();
                        std::future::pending().await
                    }
                }),
            );
            host.skill("tail", everything(), script(|_| async { Ok(done()) }));
            host.skill(
                "caller",
                serde_json::json!([{ "interface": "tools", "names": ["busy.*"] }]),
                script(|guest| async move {
                    guest.get(tool("busy")).await?;
                    Ok(done())
                }),
            );
            host.submit().await;
            let attempt = host.attempt().await;
            let running = {
                let attempt = Arc::clone(&attempt);
                tokio::spawn(async move { run(&attempt, SCOPE, skill).await })
            };
            busy.notified().await;
            attempt.stop(reason.clone());
            let ScopeResult::Stopped(stopped) = running.await.unwrap() else { panic!("{skill} ended") };
            assert_eq!(stopped, reason, "{skill}");
        }
    }
}

#[tokio::test]
async fn an_effect_that_has_begun_is_journaled_before_a_stopped_scope_answers() {
    let host = TestHost::new();
    let (arrived, answers) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tells, waits) = (Arc::clone(&arrived), Arc::clone(&answers));
    host.wire.answer(move |_| {
        let (tells, waits) = (Arc::clone(&tells), Arc::clone(&waits));
        async move {
            tells.notify_one();
            waits.notified().await;
            Ok(response(201))
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
    let id = host.submit().await;
    let attempt = host.attempt().await;
    let running = {
        let attempt = Arc::clone(&attempt);
        tokio::spawn(async move { run(&attempt, SCOPE, "guest").await })
    };
    arrived.notified().await;
    attempt.stop(Stop::Drain);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!running.is_finished(), "the effect is still under way");
    answers.notify_one();
    assert!(matches!(running.await.unwrap(), ScopeResult::Stopped(Stop::Drain)));
    assert_eq!(host.results(&id, "http.send").await[0]["inline"]["http"]["status"], 201);
}

#[tokio::test]
async fn a_stop_ends_the_tries_inside_a_call() {
    for reason in REASONS {
        let host = TestHost::new();
        host.wire.answer(|_| async { Err(CallError::new(ErrorKind::Timeout, "egress", "did not answer")) });
        host.skill(
            "guest",
            everything(),
            script(|guest| async move {
                guest.get(send("POST", "order")).await?;
                Ok(done())
            }),
        );
        let id = host.submit().await;
        let attempt = host.attempt().await;
        let running = {
            let attempt = Arc::clone(&attempt);
            tokio::spawn(async move { run(&attempt, SCOPE, "guest").await })
        };
        // It waits for its second try, and nobody moves the clock.
        host.clock.sleepers(1).await;
        attempt.stop(reason.clone());
        let ScopeResult::Stopped(stopped) = running.await.unwrap() else { panic!("the scope ended") };
        assert_eq!(stopped, reason);
        assert_eq!(host.wire.sent().len(), 1, "{reason:?}");
        // A cancelled task shows what was tried; another worker asks again under the same key.
        assert_eq!(host.results(&id, "http.send").await.len(), usize::from(reason == Stop::Cancelled));
    }
}
