//! `GET /api/v1/users/{user}/logs`.

use crate::events::Frames;
use crate::people::text;
use crate::support::{Answer, TestHost};
use domain::id::UserId;
use domain::log::{Level, LogLine};
use http::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_start_and_a_stop_are_in_the_log_with_exactly_the_documented_keys() {
    let host = TestHost::new().await;
    let people = host.people().await;
    for verb in ["stop", "start", "stop"] {
        let path = format!("/agents/{}/{verb}", people.agent_id);
        assert_eq!(host.call_as(&people.user, Method::POST, &path).send().await.status, 200);
    }
    let answer = logs(&host, &people.user_key, &people.user, "?limit=3").await.json();
    let name = text(&answer["logs"][0], "agent");
    let line = |message: &str| json!({ "time": host.now().rfc3339(), "level": "info", "agent": name, "task": null, "message": message });
    assert_eq!(
        answer["logs"],
        json!([line("the agent was stopped"), line("the agent was started"), line("the agent was stopped")])
    );
    let cursor = text(&answer, "nextCursor");
    let older = logs(&host, &people.user_key, &people.user, &format!("?cursor={cursor}")).await.json();
    assert_eq!(older["nextCursor"], Value::Null);
    assert!(
        older["logs"]
            .as_array()
            .unwrap()
            .iter()
            .all(|line| line["agent"] != name.as_str() || line["message"] == "the agent was started")
    );
}

#[tokio::test]
async fn filters_choose_and_what_is_none_is_refused() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let task = host.submit(crate::support::TASK).await;
    let mut lines = Vec::new();
    for (level, message, task) in [
        (Level::Debug, "quiet", None),
        (Level::Error, "loud", Some(task.as_str())),
        (Level::Warn, "odd", None),
    ] {
        lines.push(line(&people.user_id, &people.agent_id, level, message, task, &host));
    }
    host.app.ports.logs.write_logs(lines).await.unwrap();
    let said = |answer: Answer| {
        let all = answer.json()["logs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| text(line, "message"))
            .collect::<Vec<_>>();
        all.into_iter()
            .filter(|message| ["quiet", "loud", "odd"].contains(&message.as_str()))
            .collect::<Vec<_>>()
    };
    for (query, expected) in [
        (String::new(), vec!["odd", "loud", "quiet"]),
        ("?level=warn".to_owned(), vec!["odd", "loud"]),
        ("?level=error".to_owned(), vec!["loud"]),
        (format!("?task={task}"), vec!["loud"]),
        (format!("?agent={}&level=warn", people.agent_id), vec!["odd", "loud"]),
        (format!("?since={}", host.now().plus(std::time::Duration::from_secs(1)).rfc3339()), vec![]),
        ("?since=2020-01-01T01:00:00.5%2B01:00".to_owned(), vec!["odd", "loud", "quiet"]),
    ] {
        assert_eq!(said(logs(&host, &people.user_key, &people.user, &query).await), expected, "{query}");
    }
    for (query, status) in [
        ("?level=loud", 400),
        ("?level=", 400),
        ("?since=yesterday", 400),
        ("?task=x", 400),
        ("?cursor=1", 400),
        ("?agent=nobody", 404),
        ("?limit=0", 400),
    ] {
        assert_eq!(logs(&host, &people.user_key, &people.user, query).await.status, status, "{query}");
    }
}

#[tokio::test]
async fn an_agent_key_reads_its_own_lines_and_a_stranger_none() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let reader = host.get(&format!("/api/v1/users/{}/agents/reader", people.user)).send().await.json();
    let (own, other) = (people.agent_id.as_str(), &text(&reader, "id"));
    for agent in [own, other] {
        let said = line(&people.user_id, agent, Level::Info, agent, None, &host);
        host.app.ports.logs.write_logs(vec![said]).await.unwrap();
    }
    let seen = logs(&host, &people.agent_key, &people.user, "").await;
    assert!(seen.text.contains(own) && !seen.text.contains(other), "{}", seen.text);
    assert_eq!(logs(&host, &people.agent_key, &people.user, &format!("?agent={other}")).await.status, 404);
    assert_eq!(logs(&host, &people.stranger_key, &people.user, "").await.status, 404);
}

#[tokio::test]
async fn a_log_is_followed_live_and_resumed_without_a_gap() {
    let host = TestHost::new().await;
    let people = host.people().await;
    let say = async |message: &str| {
        let said = line(&people.user_id, &people.agent_id, Level::Info, message, None, &host);
        host.app.ports.logs.write_logs(vec![said]).await.unwrap();
        host.app.tell_logged(people.user_id.parse().unwrap());
    };
    say("first").await;
    let path = format!("/api/v1/users/{}/logs?limit=1", people.user);
    let open = async |last: Option<&str>| {
        let call = host.get(&path).key(Some(&people.user_key)).header("accept", "text/event-stream");
        let call = if let Some(last) = last { call.header("last-event-id", last) } else { call };
        Frames::new(call.open().await.into_body())
    };
    let mut frames = open(None).await;
    let first = frames.next().await.unwrap();
    assert_eq!((first.event.as_str(), first.data["message"].as_str()), ("log", Some("first")));
    say("second").await;
    let second = frames.next().await.unwrap();
    assert_eq!(second.data["message"], "second");
    assert_eq!(second.data.as_object().unwrap().len(), 5);
    drop(frames);
    say("third").await;
    let mut resumed = open(Some(&first.id)).await;
    for expected in ["second", "third"] {
        assert_eq!(resumed.next().await.unwrap().data["message"], expected);
    }
    let refused = host.get(&path).key(Some(&people.user_key)).header("accept", "text/event-stream");
    assert_eq!(refused.header("last-event-id", "nonsense").send().await.status, 400);
}

async fn logs(host: &TestHost, key: &str, user: &str, query: &str) -> Answer {
    host.get(&format!("/api/v1/users/{user}/logs{query}")).key(Some(key)).send().await
}

fn line(
    user: &str,
    agent: &str,
    level: Level,
    message: &str,
    task: Option<&str>,
    host: &TestHost,
) -> LogLine {
    let user: UserId = user.parse().unwrap();
    let task = task.map(|task| task.parse().unwrap());
    LogLine { user, agent: agent.parse().unwrap(), task, at: host.now(), level, message: message.to_owned() }
}
