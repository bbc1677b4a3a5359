//! Calls that wait for a person, where somebody set the agent's `acmfMode`.

use crate::support::{AGENT, SCOPE, START, TestHost, USER, done, ended, everything, run, send, tool};
use app::effects::scope::ScopeResult;
use app::ports::approvals::Decided;
use app::ports::journal::Append;
use domain::agent::Agent;
use domain::approval::{Approval, Status};
use domain::component::{CallFailure, Stop};
use domain::effect::ErrorKind;
use domain::plan::Plan;
use domain::task::{Progress, State};
use domain::user::User;
use serde_json::json;
use std::time::Duration;
use testkit::components::script;

/// The agent's mode is this; `caller` calls the tool of `callee`, which sends.
async fn host(mode: &str, effects: serde_json::Value) -> TestHost {
    let host = TestHost::new();
    let user = User { id: USER, name: "ada".into(), email: None, plan: Plan::Startup, created_at: START };
    let config = json!({ "acmfMode": mode });
    let agent = Agent { is_default: true, config, ..Agent::new(AGENT, USER, "writer", START) };
    host.app.ports.users.insert_user(user, vec![agent], vec![]).await.unwrap();
    callee(&host, "1.0.0", &effects);
    host.skill(
        "caller",
        everything(),
        script(|guest| async move {
            guest.get(tool("callee")).await?;
            Ok(done())
        }),
    );
    host.submit().await;
    host
}

fn callee(host: &TestHost, version: &str, effects: &serde_json::Value) {
    host.plugin(
        json!({
            "abi": "0.1.0", "kind": "skill", "name": "callee", "version": version, "capabilities": everything(),
            "tools": [{ "name": "run", "schema": {}, "effects": effects }],
        }),
        script(|guest| async move {
            guest.get(send("POST", "order")).await?;
            Ok(done())
        }),
    );
}

async fn asked(host: &TestHost) -> Vec<Approval> {
    host.app.ports.approvals.list_approvals(USER, None, None, 10, host.now()).await.unwrap()
}

async fn decide(host: &TestHost, id: &str, approve: bool) -> Decided {
    let reason = (!approve).then(|| "not today".to_owned());
    host.app.ports.approvals.decide_approval(USER, id, approve, reason, "user", host.now()).await.unwrap()
}

/// The scope waits; the task is given back as the executor does.
async fn waits(host: &TestHost) {
    let attempt = host.attempt().await;
    let until = match run(&attempt, SCOPE, "caller").await {
        ScopeResult::Stopped(Stop::Suspend { until }) => until,
        ScopeResult::Stopped(other) => panic!("{other:?}"),
        ScopeResult::Ended { result, .. } => panic!("{result:?}"),
    };
    assert!(host.wire.sent().is_empty());
    let last: Append = attempt.take_buffer().await;
    let journal = &host.app.ports.journal;
    journal.suspend(&attempt.lease, last, Progress::default(), until, host.now()).await.unwrap();
    assert_eq!(host.task(&attempt.task.new.id).await.state, State::Waiting);
}

/// How it ends when it is taken again.
async fn goes_on(host: &TestHost) -> Result<domain::component::Output, CallFailure> {
    let attempt = host.attempt().await;
    ended(run(&attempt, SCOPE, "caller").await).0
}

fn denied(result: Result<domain::component::Output, CallFailure>, code: &str) {
    match result {
        Err(CallFailure::Error(error)) => {
            assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Denied, code))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_effect_waits_and_is_done_once_when_it_is_approved() {
    let host = host("ASSISTED", json!({ "egress": true })).await;
    waits(&host).await;
    let [approval] = asked(&host).await.try_into().unwrap();
    assert_eq!((approval.status, approval.binding.tool.as_str()), (Status::Pending, "callee.run"));
    assert!(matches!(decide(&host, &approval.id, true).await, Decided::Done(_)));
    // The request of the tool goes under the approval of the tool. A host that dies after using it comes to the same place again.
    let attempt = host.attempt().await;
    let (result, _) = ended(run(&attempt, SCOPE, "caller").await);
    assert_eq!(result, Ok(done()));
    assert_eq!(host.wire.sent().len(), 1);
    assert_eq!(asked(&host).await[0].status, Status::Used);
    assert_eq!(asked(&host).await.len(), 1);
    assert!(matches!(decide(&host, &approval.id, true).await, Decided::Over(_)));
}

#[tokio::test]
async fn an_effect_that_is_rejected_or_not_decided_in_time_is_denied() {
    let rejected = host("ASSISTED", json!({ "destructive": true })).await;
    waits(&rejected).await;
    let id = asked(&rejected).await[0].id.clone();
    decide(&rejected, &id, false).await;
    denied(goes_on(&rejected).await, "rejected");
    assert!(rejected.wire.sent().is_empty());

    let late = host("ASSISTED", json!({ "destructive": true })).await;
    waits(&late).await;
    late.clock.advance(late.app.settings.approval_life + Duration::from_secs(1));
    assert!(matches!(decide(&late, &asked(&late).await[0].id, true).await, Decided::Over(_)));
    late.app.ports.queue.wake_due(late.now(), 10).await.unwrap();
    denied(goes_on(&late).await, "approval-expired");
    assert!(late.wire.sent().is_empty());
}

#[tokio::test]
async fn an_approval_of_other_bytes_is_not_used() {
    let host = host("ASSISTED", json!({ "egress": true })).await;
    waits(&host).await;
    let first = asked(&host).await[0].clone();
    decide(&host, &first.id, true).await;
    // The tool is replaced before its approval is used.
    callee(&host, "2.0.0", &json!({ "egress": true }));
    waits(&host).await;
    let all = asked(&host).await;
    assert_eq!(all.len(), 2);
    let second = all.iter().find(|approval| approval.id != first.id).unwrap();
    assert_ne!(second.binding.digest, first.binding.digest);
    assert_eq!(second.status, Status::Pending);
}

#[tokio::test]
async fn what_a_tool_did_not_declare_is_asked_about_by_itself() {
    let host = host("ASSISTED", json!({ "readOnly": true })).await;
    waits(&host).await;
    assert_eq!(asked(&host).await[0].binding.tool, "http.send");
}

#[tokio::test]
async fn an_agent_that_only_observes_does_nothing_and_one_without_a_mode_what_it_was_granted() {
    let observes = host("OBSERVE", json!({})).await;
    denied(goes_on(&observes).await, "observe");
    for mode in ["AUTONOMOUS"] {
        let free = host(mode, json!({ "destructive": true, "egress": true })).await;
        assert_eq!(goes_on(&free).await, Ok(done()));
        assert_eq!(free.wire.sent().len(), 1);
        assert!(asked(&free).await.is_empty());
    }
}
