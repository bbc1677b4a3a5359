//! A model that is away is waited for; what a failed answer took is paid.

use crate::support::{SCOPE, START, TestHost, done, ended, everything, run};
use app::effects::scope::ScopeResult;
use domain::component::{CallFailure, Stop};
use domain::effect::model::{Finish, ModelAnswer, ModelEvent, ModelMessage, ModelRequest, Role, Usage};
use domain::effect::{Call, CallError, ErrorKind};
use domain::task::Progress;
use std::time::Duration;
use testkit::components::script;

/// A question to the model.
pub(crate) fn question() -> Call {
    let message =
        ModelMessage { role: Role::User, content: "why".into(), tool_calls: vec![], tool_call_id: None };
    Call::Model(ModelRequest { messages: vec![message], ..ModelRequest::default() })
}

/// A whole answer that took this.
pub(crate) fn answer(input_tokens: u64, output_tokens: u64) -> Vec<Result<ModelEvent, CallError>> {
    vec![Ok(ModelEvent::Answer(ModelAnswer {
        content: "because".into(),
        tool_calls: vec![],
        finish: Finish::Stop,
        usage: Usage { input_tokens, output_tokens },
        model: "scripted".into(),
    }))]
}

fn asking(host: &TestHost) {
    host.skill(
        "guest",
        everything(),
        script(|guest| async move {
            guest.get(question()).await?;
            Ok(done())
        }),
    );
}

/// Run the guest until it ends, however often it waits; the waits in seconds.
async fn with_waits(host: &TestHost) -> (Result<domain::component::Output, CallFailure>, bool, Vec<i64>) {
    let mut waits = Vec::new();
    loop {
        let attempt = host.attempt().await;
        let now = attempt.app.ports.clock.now();
        match run(&attempt, SCOPE, "guest").await {
            ScopeResult::Stopped(Stop::Suspend { until }) => {
                let append = attempt.take_buffer().await;
                let journal = &host.app.ports.journal;
                journal.suspend(&attempt.lease, append, Progress::default(), until, now).await.unwrap();
                waits.push((until.0 - now.0) / 1000);
                host.clock.advance(until.since(now));
                host.app.ports.queue.wake_due(until, 10).await.unwrap();
            }
            other => {
                let (result, may_retry) = ended(other);
                return (result, may_retry, waits);
            }
        }
    }
}

#[tokio::test]
async fn a_model_that_is_away_for_minutes_fails_no_task() {
    let host = TestHost::new();
    asking(&host);
    host.submit().await;
    let attempt = host.attempt().await;
    let ScopeResult::Stopped(Stop::Suspend { until }) = run(&attempt, SCOPE, "guest").await else {
        panic!("the scope ended")
    };
    assert_eq!(until, START.plus(Duration::from_secs(5)));
    let host = TestHost::new();
    asking(&host);
    let away = || vec![Err(CallError::new(ErrorKind::Unavailable, "egress", "broke the connection"))];
    for _ in 0..7 {
        host.model.will(away());
    }
    host.model.will(answer(1, 1));
    host.submit().await;
    let (result, _, waits) = with_waits(&host).await;
    assert_eq!(result, Ok(done()));
    // The first claim made the scope's start durable, so it does not count as a stall.
    assert_eq!(waits, [5, 5, 10, 20, 40, 80, 160]);
}

#[tokio::test]
async fn a_model_that_stays_away_fails_the_task_when_patience_ends_and_no_try_begins_anew() {
    let host = TestHost::with(|_, settings| settings.model_patience = Duration::from_secs(60));
    asking(&host);
    host.submit().await;
    let (result, _, waits) = with_waits(&host).await;
    let failure = result.unwrap_err();
    assert!(failure.to_string().contains("could not be connected"), "{failure}");
    assert!(failure.code() == "permanent" && !failure.is_retryable());
    assert_eq!(waits, [5, 5, 10, 20, 40]);
}

#[tokio::test]
async fn tokens_of_an_answer_that_failed_are_charged_and_recorded_with_its_error() {
    let host = TestHost::with(|_, settings| settings.token_budget = 100);
    let used = Usage { input_tokens: 70, output_tokens: 30 };
    let misses = CallError::new(ErrorKind::Other, "schema", "misses its schema");
    host.model.will(vec![
        Ok(ModelEvent::Delta("bec".into())),
        Ok(ModelEvent::Used(used)),
        Err(misses.clone()),
    ]);
    host.skill(
        "guest",
        everything(),
        script(move |guest| {
            let misses = misses.clone();
            async move {
                assert_eq!(guest.ask(question()).await?, Err(misses));
                guest.get(question()).await?;
                Ok(done())
            }
        }),
    );
    let id = host.submit().await;
    let attempt = host.attempt().await;
    let (result, ..) = ended(run(&attempt, SCOPE, "guest").await);
    let Err(CallFailure::Error(error)) = result else { panic!("{result:?}") };
    assert_eq!(error.code, "token-budget");
    assert_eq!(host.app.ports.usage.task_usage(&id).await.unwrap(), used);
    assert_eq!(host.model.asked(), 1);
}

#[tokio::test]
async fn tokens_of_an_answer_that_broke_off_are_charged_when_the_task_waits() {
    let host = TestHost::new();
    asking(&host);
    let used = Usage { input_tokens: 7, output_tokens: 3 };
    let broke = CallError::new(ErrorKind::Unavailable, "stream-cut", "the answer broke off");
    host.model.will(vec![Ok(ModelEvent::Used(used)), Err(broke)]);
    host.model.will(answer(1, 1));
    let id = host.submit().await;
    assert_eq!(with_waits(&host).await.2, [5]);
    let all = Usage { input_tokens: 8, output_tokens: 4 };
    assert_eq!(host.app.ports.usage.task_usage(&id).await.unwrap(), all);
}
