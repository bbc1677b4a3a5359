//! The worker as a whole: a task from its claim to its end, and stops that come at bad moments.

use crate::support::{TestHost, USER};
use domain::component::{CallEnd, Export, Output};
use domain::rigor::phase::{
    Decision, GenerateOutput, InspectOutput, Phase, PhaseInput, PhaseOutput, ResearchOutput, ReviewOutput,
    Verdict,
};
use domain::task::State;
use serde_json::json;
use std::time::Duration;
use testkit::components::{Guest, script};

/// What a personality that finds nothing wrong answers in a phase.
pub(crate) fn fine(guest: &Guest) -> Result<Output, CallEnd> {
    let Export::Phase(input) = &guest.export else { panic!("not a phase") };
    let details = json!({});
    let made = |details| GenerateOutput { artifacts: vec![], confidence: 1.0, details };
    Ok(Output::Phase(match PhaseInput::phase(input) {
        Phase::Research => PhaseOutput::Research(ResearchOutput { details }),
        Phase::Inspect => {
            PhaseOutput::Inspect(InspectOutput { decision: Decision::Go, gates: vec![], details })
        }
        Phase::Generate => PhaseOutput::Generate(made(details)),
        Phase::Optimize => PhaseOutput::Optimize(made(details)),
        Phase::Review => {
            PhaseOutput::Review(ReviewOutput { verdict: Verdict::Accept, gates: vec![], details })
        }
    }))
}

/// The manifest of a plugin that provides these personalities.
pub(crate) fn personalities(ids: &[&str]) -> serde_json::Value {
    let provided: Vec<_> = ids.iter().map(|id| json!({ "id": id, "description": "Scripted." })).collect();
    json!({
        "abi": "0.1.0", "kind": "personality", "name": ids[0], "version": "1.0.0", "description": "Scripted.",
        "capabilities": crate::support::everything(), "personalities": provided,
    })
}

#[tokio::test]
async fn a_task_goes_through_its_line_to_its_end() {
    let host = TestHost::new();
    let all = personalities(&["req-ai", "govern-ai"]);
    let digest = host.plugin(all, script(|guest| async move { fine(&guest) }));
    let id = host.submit().await;
    let working = host.work();
    host.until(|task| task.state.is_finished(), &id).await;
    let task = host.task(&id).await;
    assert_eq!((task.state, task.deliveries), (State::Completed, 1), "{:?}", task.failure);
    assert_eq!(host.components.calls(digest), 10);
    working.drain(&host).await;
}

#[tokio::test]
async fn a_task_whose_journal_is_being_read_hears_of_a_cancel_and_of_a_drain() {
    for cancels in [true, false] {
        let host = TestHost::new();
        let id = host.submit_delivery("one").await;
        let closed = host.faulty.reading.acquire().await.unwrap();
        let working = host.work();
        host.faulty.reads.notified().await;
        if cancels {
            host.app.ports.tasks.cancel_task(USER, &id, host.now()).await.unwrap();
            host.until(|task| task.state == State::Cancelled, &id).await;
            working.drain(&host).await;
        } else {
            let began = host.now();
            working.drain(&host).await;
            let task = host.task(&id).await;
            assert_eq!((task.state, task.strikes), (State::Queued, 0));
            assert!(host.now().since(began) < Duration::from_secs(10), "the drain waited for the journal");
        }
        drop(closed);
        assert!(host.wire.sent().is_empty());
    }
}

#[tokio::test]
async fn a_drain_ends_a_guest_that_computes_and_gives_its_task_back_without_a_strike() {
    let host = TestHost::new();
    let busy = std::sync::Arc::new(tokio::sync::Notify::new());
    let tells = std::sync::Arc::clone(&busy);
    host.plugin(
        personalities(&["req-ai", "govern-ai"]),
        script(move |_| {
            let tells = std::sync::Arc::clone(&tells);
            async move {
                tells.notify_one();
                std::future::pending().await
            }
        }),
    );
    let id = host.submit().await;
    let working = host.work();
    busy.notified().await;
    working.drain(&host).await;
    let task = host.task(&id).await;
    assert_eq!((task.state, task.strikes), (State::Queued, 0));
}
