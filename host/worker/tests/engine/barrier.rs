//! What is durable before an effect leaves, and what keeps it from leaving.

use crate::models::{answer, question};
use crate::support::{SCOPE, TestHost, done, ended, everything, once, response, run, send};
use app::effects::scope::ScopeResult;
use domain::component::{CallFailure, Stop};
use domain::effect::model::Usage;
use domain::effect::{CallError, ErrorKind};
use domain::journal::EntryBody;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::components::script;

#[tokio::test]
async fn everything_before_an_effect_is_durable_when_it_leaves_and_a_once_effect_as_started() {
    for (call, started) in [(send("POST", "order"), 0), (once("order"), 1)] {
        let host = TestHost::new();
        let id = host.submit().await;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (tasks, kept, task) = (Arc::clone(&host.app.ports.tasks), Arc::clone(&seen), id.clone());
        host.wire.answer(move |request| {
            let (tasks, kept, task) = (Arc::clone(&tasks), Arc::clone(&kept), task.clone());
            async move {
                if request.method == "POST" {
                    let entries = tasks.list_entries(&task, 0, 100).await.unwrap();
                    let answered = entries.into_iter().filter_map(|(_, entry)| match entry.body {
                        EntryBody::Call(record) => Some(record.result.is_some()),
                        _ => None,
                    });
                    *kept.lock().unwrap() = answered.collect();
                }
                Ok(response(200))
            }
        });
        host.skill(
            "guest",
            everything(),
            script(move |guest| {
                let call = call.clone();
                async move {
                    guest.get(send("GET", "one")).await?;
                    guest.get(send("GET", "two")).await?;
                    guest.get(call).await?;
                    Ok(done())
                }
            }),
        );
        let attempt = host.attempt().await;
        ended(run(&attempt, SCOPE, "guest").await).0.unwrap();
        let mut expected = vec![true, true];
        expected.extend(std::iter::repeat_n(false, started));
        assert_eq!(*seen.lock().unwrap(), expected);
    }
}

#[tokio::test]
async fn nothing_leaves_near_the_end_of_the_lease_and_a_once_effect_is_not_even_started() {
    for call in [send("POST", "order"), once("order")] {
        let host = TestHost::new();
        host.skill(
            "guest",
            everything(),
            script(move |guest| {
                let call = call.clone();
                async move {
                    guest.get(call).await?;
                    Ok(done())
                }
            }),
        );
        let id = host.submit().await;
        let attempt = host.attempt().await;
        host.clock.advance(Duration::from_secs(12));
        let result = run(&attempt, SCOPE, "guest").await;
        assert!(matches!(result, ScopeResult::Stopped(Stop::Stale)));
        assert!(host.wire.sent().is_empty());
        assert!(host.results(&id, "http.send").await.is_empty());
        // A heartbeat later it may.
        let second = host.crash(attempt).await;
        ended(run(&second, SCOPE, "guest").await).0.unwrap();
        assert_eq!(host.wire.sent().len(), 1);
    }
}

#[tokio::test]
async fn a_service_that_asks_for_a_long_wait_suspends_the_task_and_a_short_one_is_waited_for() {
    for (asked, suspends) in [(60_000, true), (1_000, false)] {
        let host = TestHost::new();
        let first = Mutex::new(true);
        host.wire.answer(move |_| {
            let busy = std::mem::take(&mut *first.lock().unwrap());
            async move {
                let error = CallError::new(ErrorKind::Busy, "egress", "come again").retry_after(asked);
                if busy { Err(error) } else { Ok(response(200)) }
            }
        });
        host.skill(
            "guest",
            everything(),
            script(|guest| async move {
                guest.get(send("GET", "page")).await?;
                Ok(done())
            }),
        );
        host.submit().await;
        let attempt = host.attempt().await;
        let running = tokio::spawn(async move { run(&attempt, SCOPE, "guest").await });
        if !suspends {
            host.clock.sleepers(1).await;
            host.clock.advance(Duration::from_millis(asked));
        }
        match running.await.unwrap() {
            ScopeResult::Stopped(Stop::Suspend { until }) => {
                assert!(suspends);
                assert_eq!(until, crate::support::START.plus(Duration::from_millis(asked)));
            }
            other => {
                assert!(!suspends);
                ended(other).0.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_task_whose_budget_of_tokens_is_used_up_asks_no_model_any_more() {
    let host = TestHost::with(|_, settings| settings.token_budget = 100);
    host.model.will(answer(60, 40));
    host.model.will(answer(1, 1));
    host.skill(
        "guest",
        everything(),
        script(|guest| async move {
            guest.get(question()).await?;
            guest.get(question()).await?;
            Ok(done())
        }),
    );
    let id = host.submit().await;
    let attempt = host.attempt().await;
    let (result, _) = ended(run(&attempt, SCOPE, "guest").await);
    let Err(CallFailure::Error(error)) = result else { panic!("{result:?}") };
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Exhausted, "token-budget"));
    assert_eq!(host.model.asked(), 1);
    let used = host.app.ports.usage.task_usage(&id).await.unwrap();
    assert_eq!(used, Usage { input_tokens: 60, output_tokens: 40 });
}
