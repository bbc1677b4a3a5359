//! `GET /v1/agents/tasks/{taskId}/events`: server-sent events.

use crate::error::ApiError;
use crate::event_stream::{event_stream, last_event_id};
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use crate::surface::Surface;
use app::tasks::{Follow, TaskEvent};
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use futures_util::StreamExt as _;
use http::{HeaderMap, StatusCode};

/// What happens in a task, until it ends: `phase.update`, `progress`, `model.delta`, `reset` (forget the text of that scope, it
/// comes anew), …, `task.completed`. `Last-Event-ID` resumes;
/// after the last event the answer is 204, which ends a browser's reconnecting. Ours.
#[utoipa::path(
    get,
    path = "/v1/agents/tasks/{taskId}/events",
    tag = "Agent Tasks",
    params(
        ("taskId" = String, Path, description = "Of the task.", example = "task_a1b2c3d4e5f6"),
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this event."),
    ),
    responses(
        (status = 200, description = "Server-sent events.", content_type = "text/event-stream", example = json!(
            "id: 7\nevent: phase.update\ndata: {\"agent\":\"coder-ai\",\"phase\":\"generate\",\"status\":\"running\",\"progress\":65}\n\n"
        )),
        (status = 204, description = "`Last-Event-ID` was the last event."),
    )
)]
pub(in crate::routes) async fn follow_task(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let last_event_id = last_event_id(&headers);
    let events = match app::tasks::follow(&state.app, &caller, &id, last_event_id).await? {
        Follow::Over => return Ok(StatusCode::NO_CONTENT.into_response()),
        Follow::Events(events) => events,
    };
    let mut last = last_event_id.unwrap_or("0").to_owned();
    Ok(event_stream(&state, events.map(move |event| frame(event, &mut last))))
}

/// `last` is the id that was sent before.
fn frame(event: Result<TaskEvent, Error>, last: &mut String) -> Event {
    match event {
        Ok(event) => {
            last.clone_from(&event.id);
            Event::default().id(event.id).event(event.event).data(event.data.to_string())
        }
        Err(error) => {
            tracing::error!(cause = error.message, "an event stream broke");
            Event::default().id(next(last)).event("error").data(Surface::Autonoma.body(&error).to_string())
        }
    }
}

/// The id of an event that is not stored: who resumes after it goes on after the last durable one.
fn next(last: &str) -> String {
    let (durable, sub) = last.split_once('.').unwrap_or((last, "0"));
    format!("{durable}.{}", sub.parse::<u64>().unwrap_or(0).saturating_add(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use axum::response::sse::Sse;
    use std::convert::Infallible;

    #[tokio::test]
    async fn every_event_has_an_id_also_the_one_that_ends_a_broken_stream() {
        let event = |id: &str| Ok(TaskEvent { id: id.into(), event: "progress".into(), data: 1.into() });
        for (sent, expected) in
            [(vec![event("7")], "7.1"), (vec![event("7"), event("7.3")], "7.4"), (vec![], "5.1")]
        {
            let mut last = "5".to_owned();
            let events = sent.into_iter().chain([Err(Error::internal("the database is away"))]);
            let frames: Vec<_> = events.map(|event| Ok::<_, Infallible>(frame(event, &mut last))).collect();
            let response = Sse::new(futures_util::stream::iter(frames)).into_response();
            let body = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            let frames: Vec<&str> = text.split_terminator("\n\n").collect();
            assert!(frames.iter().all(|frame| frame.lines().any(|line| line.starts_with("id: "))), "{text}");
            let broken = frames.last().unwrap();
            assert!(broken.contains("event: error") && broken.contains(&format!("id: {expected}")), "{text}");
        }
    }
}
