//! `POST /api/v1/users/{user}/agents/{agent}/chat/stream`.

use super::super::super::wire::ChatRequest;
use super::answer;
use crate::error::ApiError;
use crate::event_stream::last_event_id;
use crate::extract::{Authenticated, JsonObject, SegmentPair};
use crate::state::ApiState;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

/// Send a message and follow the response: `delta {"delta"}`, then `done {"message","agent"}` or `error {"error"}`. With
/// `Last-Event-ID` the turn that it names is followed on; the body does not count then, and no new turn begins.
#[utoipa::path(
    post,
    path = "/api/v1/users/{user}/agents/{agent}/chat/stream",
    tag = "Chat",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("agent" = String, Path, description = "Id or name.", example = "manager"),
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this event."),
    ),
    request_body(content = ChatRequest, example = json!({
        "messages": [{ "role": "user", "content": "Hello, what can you help me with?" }]
    })),
    responses(
        (status = 200, description = "Server-sent events.", content_type = "text/event-stream", example = json!(
            "id: turn_a1b2c3d4e5f6:5\nevent: delta\ndata: {\"delta\":\"I can\"}\n\n"
        )),
        (status = 204, description = "`Last-Event-ID` was the last event."),
        (status = 409, description = "The agent is not started.", content_type = "application/json", example = json!({
            "error": "Agent is not running"
        })),
    )
)]
pub(in crate::routes) async fn stream_chat(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    SegmentPair(user, agent): SegmentPair,
    headers: HeaderMap,
    JsonObject(request): JsonObject,
) -> Result<Response, ApiError> {
    let last = last_event_id(&headers);
    let follow = app::chat::stream(&state.app, &caller, &user, &agent, &request, last).await?;
    Ok(answer(&state, follow))
}
