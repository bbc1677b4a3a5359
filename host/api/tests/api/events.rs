//! `GET /v1/agents/tasks/{taskId}/events`.

use crate::support::{TASK, TestHost};
use app::live::Signal;
use app::ports::journal::{Append, FollowUps};
use axum::body::Body;
use domain::event::{EventBody, LiveEvent};
use domain::journal::LocalEffect;
use domain::task::{Lease, Outcome};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
}

/// Reads frames as they come.
pub(crate) struct Frames {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Frames {
    pub(crate) fn new(body: Body) -> Self {
        Self { body: body.into_data_stream(), text: String::new() }
    }

    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((block, rest)) = self.text.clone().split_once("\n\n") {
                rest.clone_into(&mut self.text);
                let field = |name: &str| {
                    block
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(|text| text.trim_start().to_owned())
                };
                if let Some(event) = field("event:") {
                    let data = serde_json::from_str(&field("data:").unwrap()).unwrap();
                    return Some(Frame { id: field("id:").unwrap_or_default(), event, data });
                }
                continue;
            }
            self.text.push_str(std::str::from_utf8(&self.body.next().await?.unwrap()).unwrap());
        }
    }
}

async fn append_event(host: &TestHost, lease: &Lease, name: &str) {
    let effect = LocalEffect::Event(EventBody { event: name.into(), data: json!({ "n": name }) });
    host.app
        .ports
        .journal
        .append(lease, Append { entries: vec![], effects: vec![effect] }, host.now())
        .await
        .unwrap();
}

async fn finish(host: &TestHost, lease: &Lease) {
    let output =
        json!({ "summary": "", "diff": "", "files": [], "artifacts": [], "gates": [], "confidence": 1.0 });
    host.app
        .ports
        .journal
        .finish(lease, Outcome::Completed(output), FollowUps::default(), host.now())
        .await
        .unwrap();
}

#[tokio::test]
async fn durable_and_live_events_come_in_order_until_the_exact_body_ends_the_stream() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let task = id.parse().unwrap();
    let (_, lease) = host.claim().await;
    append_event(&host, &lease, "phase.update").await;
    let response = host.get(&format!("/v1/agents/tasks/{id}/events")).open().await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut frames = Frames::new(response.into_body());
    let first = frames.next().await.unwrap();
    assert_eq!((first.event.as_str(), &first.data), ("phase.update", &json!({ "n": "phase.update" })));
    let pos: i64 = first.id.parse().unwrap();

    let delta = LiveEvent {
        pos,
        sub: 1,
        body: EventBody { event: "model.delta".into(), data: json!({ "text": "He" }) },
    };
    host.app.live.publish(&task, Signal::Live(delta));
    let second = frames.next().await.unwrap();
    assert_eq!((second.id, second.event.as_str()), (format!("{pos}.1"), "model.delta"));

    append_event(&host, &lease, "progress").await;
    host.app.live.publish(&task, Signal::Durable);
    let third = frames.next().await.unwrap();
    assert!(third.id.parse::<i64>().unwrap() > pos, "{third:?}");

    finish(&host, &lease).await;
    host.app.live.publish(&task, Signal::Durable);
    let last = frames.next().await.unwrap();
    assert_eq!(last.event, "task.completed");
    assert_eq!(last.data, host.get(&format!("/v1/agents/tasks/{id}")).send().await.json());
    assert_eq!(frames.next().await, None);
}

#[tokio::test]
async fn last_event_id_resumes_after_the_durable_event_and_the_last_one_is_204() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    for name in ["one", "two", "three"] {
        append_event(&host, &lease, name).await;
    }
    finish(&host, &lease).await;
    let path = format!("/v1/agents/tasks/{id}/events");
    let read = async |last: &str| {
        let mut frames = Frames::new(host.get(&path).header("last-event-id", last).open().await.into_body());
        let mut all = Vec::new();
        while let Some(frame) = frames.next().await {
            all.push(frame);
        }
        all
    };
    let all = read("").await;
    let names: Vec<&str> = all.iter().map(|frame| frame.event.as_str()).collect();
    assert_eq!(names[names.len() - 4..], ["one", "two", "three", "task.completed"]);
    for (index, frame) in all.iter().enumerate().take(all.len() - 1) {
        assert_eq!(read(&frame.id).await[..], all[index + 1..]);
        assert_eq!(read(&format!("{}.7", frame.id)).await[..], all[index + 1..]);
    }
    let over = host.get(&path).header("last-event-id", &all.last().unwrap().id).send().await;
    assert_eq!(over.status, 204);
    for bad in ["x", "-1", "1x", "9999999999999999999999"] {
        assert_eq!(host.get(&path).header("last-event-id", bad).send().await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_task_that_runs_on_another_host_is_polled() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let (_, lease) = host.claim().await;
    let mut frames = Frames::new(host.get(&format!("/v1/agents/tasks/{id}/events")).open().await.into_body());
    // No signal: only the store knows.
    let clock = host.clock.clone();
    let watched = tokio::spawn(async move {
        let mut events = Vec::new();
        while let Some(frame) = frames.next().await {
            events.push(frame.event);
        }
        events
    });
    clock.sleepers(1).await;
    finish(&host, &lease).await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(watched.await.unwrap().last().unwrap(), "task.completed");
}

#[tokio::test]
async fn a_stopping_host_ends_its_streams() {
    let host = TestHost::new().await;
    let id = host.submit(TASK).await;
    let body = host.get(&format!("/v1/agents/tasks/{id}/events")).open().await.into_body();
    let read = tokio::spawn(axum::body::to_bytes(body, 1 << 20));
    host.clock.sleepers(1).await;
    host.draining.send(true).unwrap();
    assert!(read.await.unwrap().is_ok());
}
