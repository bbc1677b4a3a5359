//! A replay finds every difference, and none on an honest task.

use crate::support::{AGENT, TestHost, USER, done, everything, tool};
use crate::working::{fine, personalities};
use app::replay::{Against, Report};
use domain::caller::{Caller, KeyKind};
use domain::component::{CallEnd, CallFailure};
use domain::effect::{Call, CallError, ErrorKind, KvCall};
use domain::id::TaskId;
use domain::task::State;
use std::sync::Arc;
use testkit::components::{Guest, Script, script};
use tokio::sync::Barrier;

fn put(value: String) -> Call {
    Call::Kv(KvCall::Put { key: "seen".into(), value: value.into_bytes() })
}

fn refuses(message: &str) -> CallEnd {
    CallEnd::Failed(CallFailure::Error(CallError::new(ErrorKind::Permanent, "scripted", message)))
}

/// A task that ended, by its worker.
async fn finished(host: &TestHost, capability: &str) -> TaskId {
    let id = host.submit_for(capability).await;
    let working = host.work();
    host.until(|task| task.state.is_finished(), &id).await;
    working.drain(host).await;
    id
}

async fn replayed(host: &TestHost, id: &TaskId, against: Against) -> Report {
    let caller = Caller { kind: KeyKind::User, user: USER, agent: AGENT, key_id: None };
    app::replay::replay(&host.app, &caller, id.as_str(), against).await.unwrap()
}

#[tokio::test]
async fn a_nested_skill_sees_the_context_that_it_had() {
    let host = TestHost::new();
    host.skill(
        "callee",
        everything(),
        script(|guest| async move {
            guest.get(put(format!("{:?}", guest.context))).await?;
            Ok(done())
        }),
    );
    let ids = ["req-ai", "govern-ai"];
    host.plugin(
        personalities(&ids),
        script(move |guest| async move {
            assert!(guest.context.personality.as_deref().is_some_and(|id| ids.contains(&id)));
            guest.get(tool("callee")).await?;
            fine(&guest)
        }),
    );
    let id = finished(&host, "GOVERN").await;
    assert_eq!(host.task(&id).await.state, State::Completed);
    let report = replayed(&host, &id, Against::Recorded).await;
    assert_eq!((report.scopes, report.differences), (20, vec![]));
}

/// A task that failed in its first phase, replayed with another script.
async fn failed_and_changed(changed: Script) -> Report {
    let host = TestHost::new();
    let fails = script(|guest: Guest| async move {
        guest.get(put("one".into())).await?;
        Err(refuses("there is no room"))
    });
    let digest = host.plugin(personalities(&["req-ai", "govern-ai"]), fails);
    let id = finished(&host, "GOVERN").await;
    assert_eq!(host.task(&id).await.state, State::Failed);
    assert!(replayed(&host, &id, Against::Recorded).await.identical);
    host.components.put(digest, changed);
    replayed(&host, &id, Against::Recorded).await
}

#[tokio::test]
async fn an_error_with_other_words_is_a_difference() {
    let report = failed_and_changed(script(|guest| async move {
        guest.get(put("one".into())).await?;
        Err(refuses("there is room"))
    }))
    .await;
    assert!(!report.identical);
}

#[tokio::test]
async fn a_call_more_than_a_failed_scope_made_is_a_difference() {
    let report = failed_and_changed(script(|guest| async move {
        guest.get(put("one".into())).await?;
        guest.get(put("two".into())).await?;
        Err(refuses("there is no room"))
    }))
    .await;
    assert_eq!(report.differences[0].ordinal, 2);
}

#[tokio::test]
async fn two_branches_that_fail_together_end_the_task_as_its_replay_does() {
    for turns in 0..8 {
        let host = TestHost::new();
        let together = Arc::new(Barrier::new(2));
        let ids = ["req-ai", "planner-ai", "architect-ai", "coder-ai", "tester-ai"];
        host.plugin(
            personalities(&ids),
            script(move |guest| {
                let together = Arc::clone(&together);
                async move {
                    let personality = guest.context.personality.clone().unwrap_or_default();
                    if !["planner-ai", "architect-ai"].contains(&personality.as_str()) {
                        return fine(&guest);
                    }
                    // A replay runs them one after the other.
                    if guest.call <= 7 {
                        together.wait().await;
                    }
                    // The first in line is the last to fail.
                    for _ in 0..if personality == "planner-ai" { turns } else { 0 } {
                        tokio::task::yield_now().await;
                    }
                    Err(refuses(&personality))
                }
            }),
        );
        let id = finished(&host, "BUILD").await;
        let report = replayed(&host, &id, Against::Recorded).await;
        assert_eq!(report.differences, [], "after {turns} turns");
    }
}

#[tokio::test]
async fn a_replay_against_what_is_live_looks_for_the_same_kind() {
    let host = TestHost::new();
    // A skill with the name of the personality's plugin.
    host.skill("req-ai", everything(), script(|_| async { Err(refuses("I am a skill")) }));
    host.plugin(personalities(&["req-ai", "govern-ai"]), script(|guest| async move { fine(&guest) }));
    let id = finished(&host, "GOVERN").await;
    assert_eq!(replayed(&host, &id, Against::Live).await.differences, []);
}
