//! Effects that may or may not have happened: told as `uncertain`, and never a reason to try again.

use crate::support::{SCOPE, TestHost, done, ended, everything, http, once, response, run, send};
use app::ports::outbound::NOT_CONNECTED;
use domain::component::CallFailure;
use domain::effect::{CallError, ErrorKind};
use std::sync::Arc;
use std::time::Duration;
use testkit::components::{script, trap};
use tokio::sync::Notify;

fn late() -> CallError {
    CallError::new(ErrorKind::Timeout, "egress", "did not answer within 30000 ms")
}

fn refused() -> CallError {
    CallError::new(ErrorKind::Unavailable, NOT_CONNECTED, "could not be connected")
}

/// A guest that makes this call and answers with its error.
async fn one_call(
    host: &TestHost,
    call: domain::effect::Call,
) -> (Result<domain::component::Output, CallFailure>, bool) {
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
    host.submit().await;
    let attempt = host.attempt().await;
    let mut running = tokio::spawn(async move { run(&attempt, SCOPE, "guest").await });
    // Tries inside the call wait for the clock.
    loop {
        tokio::select! {
            result = &mut running => return ended(result.unwrap()),
            () = host.clock.sleepers(1) => host.clock.advance(Duration::from_millis(500)),
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_once_effect_that_got_no_answer_is_uncertain_and_never_sent_again() {
    for error in [late(), CallError::new(ErrorKind::Unavailable, "egress", "broke the connection")] {
        let host = TestHost::new();
        host.wire.answer(move |_| {
            let error = error.clone();
            async move { Err(error) }
        });
        let (result, may_retry) = one_call(&host, once("order")).await;
        let Err(failure) = result else { panic!("it succeeded") };
        assert_eq!(failure.code(), "uncertain");
        assert!(!failure.is_retryable() && !may_retry, "{failure}");
        assert_eq!(host.wire.sent().len(), 1);
    }
}

#[tokio::test]
async fn an_effect_that_certainly_did_not_leave_may_be_tried_again() {
    for call in [once("order"), send("POST", "order")] {
        let host = TestHost::new();
        host.wire.answer(|_| async { Err(refused()) });
        let (result, may_retry) = one_call(&host, call).await;
        assert_eq!(result, Err(CallFailure::Error(refused())));
        assert!(may_retry);
    }
}

#[tokio::test]
async fn a_keyed_effect_is_tried_again_in_its_call_under_one_key_and_not_under_another_later() {
    let host = TestHost::new();
    host.wire.answer(|_| async { Err(late()) });
    let (result, may_retry) = one_call(&host, send("POST", "order")).await;
    assert_eq!(result, Err(CallFailure::Error(late())));
    assert!(!may_retry, "it may have happened");
    let keys: std::collections::BTreeSet<_> =
        host.wire.sent().into_iter().map(|(_, key)| key.unwrap()).collect();
    assert_eq!((host.wire.sent().len(), keys.len()), (3, 1));
}

#[tokio::test]
async fn a_refused_request_is_no_effect() {
    let host = TestHost::new();
    let mut request = http("POST", "order");
    request.headers.push(("host".into(), "other.example".into()));
    let (result, may_retry) = one_call(&host, domain::effect::Call::Http(request)).await;
    assert_eq!(result.unwrap_err().code(), "invalid-input");
    assert!(may_retry);
    assert!(host.wire.sent().is_empty());
}

#[tokio::test]
async fn a_once_effect_that_a_crash_cut_is_uncertain_and_forbids_another_try() {
    let host = TestHost::new();
    let (left, arrived) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let tells = Arc::clone(&arrived);
    host.wire.answer(move |_| {
        let (left, tells) = (Arc::clone(&left), Arc::clone(&tells));
        async move {
            tells.notify_one();
            left.notified().await;
            Ok(response(200))
        }
    });
    host.skill(
        "guest",
        everything(),
        script(|guest| async move {
            let answer = guest.ask(once("order")).await?;
            assert_eq!(answer.unwrap_err().kind, ErrorKind::Uncertain);
            Err(trap())
        }),
    );
    let id = host.submit().await;
    let first = host.attempt().await;
    let dying = {
        let first = Arc::clone(&first);
        tokio::spawn(async move { run(&first, SCOPE, "guest").await })
    };
    arrived.notified().await;
    dying.abort();
    let second = host.crash(first).await;
    let (_, may_retry) = ended(run(&second, SCOPE, "guest").await);
    assert!(!may_retry);
    assert_eq!(host.wire.sent().len(), 1);
    assert_eq!(host.results(&id, "http.send").await[0]["error"]["kind"], "uncertain");
}
