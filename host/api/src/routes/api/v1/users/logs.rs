//! `GET /api/v1/users/{user}/logs`.

use super::wire::LogsResponse;
use crate::error::ApiError;
use crate::event_stream::{event_stream, last_event_id};
use crate::extract::{Authenticated, Page, Parameters, Segment};
use crate::state::ApiState;
use crate::surface::Surface;
use app::logs::{FollowedLine, Query};
use axum::Json;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use domain::error::Error;
use futures_util::StreamExt as _;
use http::HeaderMap;
use http::header::ACCEPT;

/// Get container logs: what the user's agents, their plugins and the host said of them, newest first. An agent key reads its own agent's.
///
/// With `Accept: text/event-stream` the answer begins with the newest `limit` lines (or all `since` a time), oldest first, and follows
/// the log; `Last-Event-ID` resumes.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/logs",
    tag = "Usage & Monitoring",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = Option<String>, Query, description = "About this agent only: id or name.", example = "manager"),
        ("task" = Option<String>, Query, description = "Of this task only.", example = "task_a1b2c3d4e5f6"),
        ("level" = Option<String>, Query, description = "Not below: `trace`, `debug`, `info`, `warn` or `error`.", example = "info"),
        ("since" = Option<String>, Query, description = "Not before, RFC 3339.", example = "2026-02-23T15:00:00Z"),
        ("limit" = Option<u32>, Query, description = "1 to 200, default 50.", example = 50),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
        ("Last-Event-ID" = Option<String>, Header, description = "Of a stream: go on after this line."),
    ),
    responses((status = 200, description = "Lines.", content(
        (LogsResponse = "application/json", example = json!({
            "logs": [
                { "time": "2026-02-23T15:30:02Z", "level": "warn", "agent": "manager", "task": "task_a1b2c3d4e5f6",
                  "message": "coder-ai@0.1.0: the answer had no patch; asking again" },
                { "time": "2026-02-23T15:00:00Z", "level": "info", "agent": "manager", "task": null, "message": "the agent was started" }
            ],
            "nextCursor": null
        })),
        (String = "text/event-stream", example = json!(
            "id: 0-17\nevent: log\ndata: {\"time\":\"2026-02-23T15:00:00Z\",\"level\":\"info\",\"agent\":\"manager\",\"task\":null,\"message\":\"the agent was started\"}\n\n"
        )),
    )))
)]
pub(in crate::routes) async fn list_logs(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    page: Page,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let given = |name: &str| parameters.get(name).map(str::to_owned);
    let query = Query {
        agent: given("agent"),
        task: given("task"),
        level: given("level"),
        since: given("since"),
        limit: page.limit,
        cursor: page.cursor,
    };
    if !wants_events(&headers) {
        return Ok(Json(app::logs::list(&state.app, &caller, &user, &query).await?).into_response());
    }
    let last_event_id = last_event_id(&headers);
    let lines = app::logs::follow(&state.app, &caller, &user, &query, last_event_id).await?;
    let mut last = last_event_id.unwrap_or("0-0").to_owned();
    Ok(event_stream(&state, lines.map(move |line| frame(line, &mut last))))
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
    })
}

/// `last` is the id that was sent before; an error has it again, so that who resumes misses nothing.
fn frame(line: Result<FollowedLine, Error>, last: &mut String) -> Event {
    match line {
        Ok(line) => {
            last.clone_from(&line.id);
            Event::default().id(line.id).event("log").data(line.data.to_string())
        }
        Err(error) => {
            tracing::error!(cause = error.message, "a followed log broke");
            Event::default()
                .id(last.as_str())
                .event("error")
                .data(Surface::Autonomis.body(&error).to_string())
        }
    }
}
