//! Live calls use the grants of now, also in the middle of a scope.

use crate::support::{SCOPE, TestHost, done, ended, everything, run, send};
use domain::effect::tools::ToolsCall;
use domain::effect::{Call, ErrorKind, KvCall, Reply};
use serde_json::json;
use std::sync::Arc;
use testkit::components::script;
use tokio::sync::Notify;

/// A guest that makes the same call before and after the operator changed the policy; what the second gave.
async fn before_and_after(call: Call, policy: serde_json::Value) -> Result<Reply, domain::effect::CallError> {
    let host = TestHost::new();
    let (asked, changed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tells, waits) = (Arc::clone(&asked), Arc::clone(&changed));
    let answer = Arc::new(std::sync::Mutex::new(None));
    let kept = Arc::clone(&answer);
    let digest = host.skill(
        "guest",
        everything(),
        script(move |guest| {
            let (call, tells, waits, kept) =
                (call.clone(), Arc::clone(&tells), Arc::clone(&waits), Arc::clone(&kept));
            async move {
                guest.get(call.clone()).await?;
                tells.notify_one();
                waits.notified().await;
                let second = guest.ask(call).await?;
                *kept.lock().unwrap() = Some(second);
                Ok(done())
            }
        }),
    );
    host.submit().await;
    let attempt = host.attempt().await;
    let running = tokio::spawn(async move { run(&attempt, SCOPE, "guest").await });
    asked.notified().await;
    host.grant(digest, policy);
    changed.notify_one();
    ended(running.await.unwrap()).0.unwrap();
    let answer = answer.lock().unwrap().take();
    answer.unwrap()
}

#[tokio::test]
async fn a_grant_that_is_taken_away_denies_the_next_call_of_a_running_scope() {
    let denied = before_and_after(send("GET", "page"), json!([])).await.unwrap_err();
    assert_eq!((denied.kind, denied.code.as_str()), (ErrorKind::Denied, "missing-grant"));
    // The control: the policy is written again and says the same.
    before_and_after(send("GET", "page"), everything()).await.unwrap();
}

#[tokio::test]
async fn a_quota_that_is_lowered_holds_for_the_next_write() {
    let put = Call::Kv(KvCall::Put { key: "key".into(), value: vec![0; 50] });
    let lowered = json!([{ "interface": "kv", "quota": 10 }]);
    let error = before_and_after(put.clone(), lowered).await.unwrap_err();
    assert_eq!(error.code, "quota");
    before_and_after(put, json!([{ "interface": "kv", "quota": 53 }])).await.unwrap();
}

#[tokio::test]
async fn tools_that_are_not_granted_any_more_are_not_offered() {
    let call = Call::Tools(ToolsCall::Available);
    let none = before_and_after(call.clone(), json!([{ "interface": "tools", "names": ["other.*"] }])).await;
    assert_eq!(none, Ok(Reply::Tools(vec![])));
    let Ok(Reply::Tools(tools)) =
        before_and_after(call, json!([{ "interface": "tools", "names": ["guest.run"] }])).await
    else {
        panic!("not offered")
    };
    assert_eq!(tools[0].name, "guest.run");
}
