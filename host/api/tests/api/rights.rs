//! The rights matrix: every route that there is, with every kind of key.

use crate::every_route::Case;
use crate::rules::{Who, rules};
use crate::support::{TestHost, live_personality};

/// An id of nothing.
const NOTHING: &str = "ffffffff-ffff-4fff-8fff-ffffffffffff";
/// Such an approval.
const NO_APPROVAL: &str = "appr_ffffffffffffffffffffffff";

/// Keys that are no keys.
const WORTHLESS: [Option<&str>; 3] = [None, Some("skep_aaaaaaaaaaaa_wrong"), Some("")];

#[tokio::test]
async fn every_route_gives_every_key_what_it_may_and_no_more() {
    let host = TestHost::new().await;
    let _answering = host.answering();
    live_personality(&host.app, "coder-ai");
    for (operation, rule) in rules() {
        let mut case = Case::new(&host, operation, &rule).await;
        let revoked = revoke(&host, &case).await;
        for key in WORTHLESS.into_iter().chain([Some(revoked.as_str())]) {
            let expected = if rule.who == Who::Open { rule.ok } else { 401 };
            let answer = case.call(&host).key(key).open().await;
            assert_eq!(answer.status(), expected, "{operation} with {key:?}");
        }
        // The revoked key was that of its sibling.
        case = Case::new(&host, operation, &rule).await;
        let ok = rule.ok;
        // Of the owner, its agent that it is about, another agent of it, a stranger, an agent of the stranger.
        let expected = match rule.who {
            Who::Open | Who::Keys => [ok; 5],
            Who::Users => [ok, 403, 403, ok, 403],
            Who::Admins => [403; 5],
            Who::Of(owner, agent, sibling) => {
                let or_ok = |status| if status == 200 { ok } else { status };
                [or_ok(owner), or_ok(agent), or_ok(sibling), 404, 404]
            }
        };
        for (index, expected) in expected.into_iter().enumerate() {
            if expected == ok {
                // It may change what the others are asked about.
                case = Case::new(&host, operation, &rule).await;
            }
            let people = &case.people;
            let keys = [
                &people.user_key,
                &people.agent_key,
                &people.sibling_key,
                &people.stranger_key,
                &people.stranger_agent_key,
            ];
            let answer = case.call_with(&host, &case.path, keys[index]).open().await;
            assert_eq!(answer.status(), expected, "{operation} with key {index}");
            if expected == ok {
                case = Case::new(&host, operation, &rule).await;
            }
        }
        assert_eq!(case.call(&host).open().await.status(), ok, "{operation} as admin");
    }
}

/// A key of the case's sibling agent that was alive until now.
async fn revoke(host: &TestHost, case: &Case) -> String {
    let path = format!("/api/v1/users/{}/agents/reader/rotate-key", case.people.user);
    let first = host.post(&path).send().await;
    assert_eq!(first.status, 200, "{}", first.text);
    let key = crate::people::text(&first.json(), "apiKey");
    assert_eq!(host.get("/v1/info").key(Some(&key)).send().await.status, 200, "the control lives");
    assert_eq!(host.post(&path).send().await.status, 200);
    key
}

#[tokio::test]
async fn a_stranger_cannot_tell_what_is_there_from_what_is_not() {
    let host = TestHost::new().await;
    live_personality(&host.app, "coder-ai");
    for (operation, rule) in rules() {
        if !matches!(rule.who, Who::Of(..)) {
            continue;
        }
        let template = operation.split_once(' ').unwrap().1;
        let case = Case::new(&host, operation, &rule).await;
        // Nothing of these exists.
        let missing = template
            .replace("{taskId}", "task_ffffffffffff")
            .replace("{turn}", "turn_ffffffffffff")
            .replace("{approval}", NO_APPROVAL)
            .replace("{sessionId}", NOTHING)
            .replace("{jobId}", NOTHING)
            .replace("{runId}", "7475726e-0000-8000-8000-ffffffffffff")
            .replace("{user}", "nobody")
            .replace("{agentId}", "ffffffff-ffff-4fff-8fff-ffffffffffff")
            .replace("{agent}", "nothing");
        for key in [&case.people.stranger_key, &case.people.stranger_agent_key] {
            let there = case.call_with(&host, &case.path, key).send().await;
            let not_there = case.call_with(&host, &missing, key).send().await;
            assert_eq!((there.status.as_u16(), not_there.status.as_u16()), (404, 404), "{operation}");
            let same = |text: &str| {
                let text = text.replace(&case.fill("{taskId}"), "X").replace("task_ffffffffffff", "X");
                let text = text.replace(&case.fill("{sessionId}"), "X").replace(NOTHING, "X");
                text.replace(&case.fill("{approval}"), "X").replace(NO_APPROVAL, "X")
            };
            assert_eq!(same(&there.text), same(&not_there.text), "{operation}");
        }
        // Another agent of the same user is as little to be seen.
        if template.contains("{agent") {
            let missing = case.fill(&template.replace("{agentId}", "ffffffff-ffff-4fff-8fff-ffffffffffff"));
            let missing = missing.replace("/agents/writer", "/agents/nothing");
            let key = &case.people.sibling_key;
            let there = case.call_with(&host, &case.path, key).send().await;
            let not_there = case.call_with(&host, &missing, key).send().await;
            assert_eq!((there.status.as_u16(), &there.text), (404, &not_there.text), "{operation}");
        }
    }
}
