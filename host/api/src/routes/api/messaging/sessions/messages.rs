//! `/api/messaging/sessions/{sessionId}/messages`.

use super::wire::{SendRequest, SendResponse, SessionMessages};
use crate::error::ApiError;
use crate::event_stream::{event_stream, last_event_id};
use crate::extract::{Authenticated, JsonObject, Parameters, Segment};
use crate::state::ApiState;
use crate::surface::Surface;
use app::chat::{ChatEvent, ChatFollow};
use app::sessions::{MessageQuery, Sent, SessionEvents};
use axum::Json;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

/// What was said in a session, newest first.
#[utoipa::path(
    get,
    path = "/api/messaging/sessions/{sessionId}/messages",
    tag = "elizaOS: Messaging",
    params(
        ("sessionId" = String, Path, description = "UUID of the session.", format = "uuid", example = "3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"),
        ("limit" = Option<i64>, Query, description = "How many, at most 100."),
        ("before" = Option<i64>, Query, description = "Only earlier ones: milliseconds since 1970."),
        ("after" = Option<i64>, Query, description = "Only later ones: milliseconds since 1970."),
    ),
    responses(
        (status = 200, description = "The messages.", body = SessionMessages, example = json!({
            "messages": [{
                "id": "0b5d3f60-6c1e-4b0e-8f3b-1c2d3e4f5a6b", "content": "Hello", "authorId": "123e4567-e89b-42d3-a456-426614174000",
                "isAgent": false, "createdAt": "2026-02-23T15:00:00.000Z", "metadata": {}
            }],
            "hasMore": false, "cursors": { "before": 1771858800000_i64, "after": 1771858800000_i64 }
        })),
        (status = 404, description = "No such session for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "SESSION_NOT_FOUND", "message": "Session 3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d not found" }
        })),
        (status = 410, description = "It was not used for too long.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "SESSION_EXPIRED", "message": "Session 3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d expired at 2026-02-23T15:30:00.000Z; make another one" }
        })),
    )
)]
pub(in crate::routes) async fn list_session_messages(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let query = MessageQuery {
        limit: parameters.get("limit"),
        before: parameters.get("before"),
        after: parameters.get("after"),
    };
    Ok(Json(app::sessions::list_messages(&state.app, &caller, &id, query).await?))
}

/// Say something in a session. `transport` `http` answers when the agent has answered, `sse` with the events `user_message`, `chunk
/// {messageId,chunk,index}`, `done {text}` and `error {error}` (`Last-Event-ID` goes on after an event, without a new turn), `websocket`
/// at once: the answer is among the messages when it is there. Without `transport` it is `websocket`, as elizaOS has it.
#[utoipa::path(
    post,
    path = "/api/messaging/sessions/{sessionId}/messages",
    tag = "elizaOS: Messaging",
    params(
        ("sessionId" = String, Path, description = "UUID of the session.", format = "uuid", example = "3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"),
        ("Last-Event-ID" = Option<String>, Header, description = "Go on after this event."),
    ),
    request_body(content = SendRequest, example = json!({ "content": "Hello", "transport": "http" })),
    responses(
        (status = 200, description = "Server-sent events.", content_type = "text/event-stream", example = json!(
            "id: turn_a1b2c3d4e5f6:5\nevent: chunk\ndata: {\"messageId\":\"7475726e-0000-8000-8000-a1b2c3d4e5f6\",\"chunk\":\"Hello\",\"index\":0}\n\n"
        )),
        (status = 201, description = "It is said; with `http` also answered.", body = SendResponse, example = json!({
            "success": true, "userMessage": {
                "id": "0b5d3f60-6c1e-4b0e-8f3b-1c2d3e4f5a6b", "content": "Hello", "authorId": "123e4567-e89b-42d3-a456-426614174000",
                "createdAt": "2026-02-23T15:00:00.000Z", "metadata": {}
            }, "agentResponse": { "text": "Hello! What can I do for you?" },
            "sessionStatus": { "expiresAt": "2026-02-23T15:30:00.000Z", "renewalCount": 1, "wasRenewed": true, "isNearExpiration": false },
            "data": { "success": true, "userMessage": {
                "id": "0b5d3f60-6c1e-4b0e-8f3b-1c2d3e4f5a6b", "content": "Hello", "authorId": "123e4567-e89b-42d3-a456-426614174000",
                "createdAt": "2026-02-23T15:00:00.000Z", "metadata": {}
            }, "agentResponse": { "text": "Hello! What can I do for you?" },
            "sessionStatus": { "expiresAt": "2026-02-23T15:30:00.000Z", "renewalCount": 1, "wasRenewed": true, "isNearExpiration": false } }
        })),
        (status = 204, description = "`Last-Event-ID` was the last event."),
        (status = 404, description = "No such session for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "SESSION_NOT_FOUND", "message": "Session 3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d not found" }
        })),
        (status = 409, description = "The agent does not run.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "CONFLICT", "message": "Agent is not running" }
        })),
        (status = 410, description = "The session is over, or the agent was deleted meanwhile.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "SESSION_EXPIRED", "message": "Session 3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d expired at 2026-02-23T15:30:00.000Z; make another one" }
        })),
        (status = 424, description = "The agent's model refused.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "DEPENDENCY_FAILED", "message": "the agent could not answer: the model is not known there" }
        })),
        (status = 429, description = "The agent's budget is used up.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "RATE_LIMIT_EXCEEDED", "message": "agent \"manager\" has used 1000 tokens in 2026-02, its budget is 1000; PATCH its config to raise `budget`" }
        })),
    )
)]
pub(in crate::routes) async fn send_session_message(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    headers: HeaderMap,
    JsonObject(request): JsonObject,
) -> Result<Response, ApiError> {
    let last = last_event_id(&headers);
    match app::sessions::send(&state.app, &caller, &id, &request, last).await? {
        Sent::Body(mut body) => {
            let same = body.clone();
            if let Some(fields) = body.as_object_mut() {
                // The client keeps only `data` of an answer with `success`.
                fields.insert("data".to_owned(), same);
            }
            Ok((StatusCode::CREATED, Json(body)).into_response())
        }
        Sent::Events(events) => Ok(follow(&state, events)),
    }
}

/// The events of a turn, or 204 when the last one was seen.
fn follow(state: &ApiState, events: SessionEvents) -> Response {
    let SessionEvents { user_message, turn, run, follow } = events;
    let follow = match follow {
        ChatFollow::Over => return StatusCode::NO_CONTENT.into_response(),
        ChatFollow::Events(follow) => follow,
    };
    let first = user_message.map(|message| {
        Event::default().id(format!("{turn}:0")).event("user_message").data(message.to_string())
    });
    let rest = follow.enumerate().map(move |(index, event)| frame(event, &run.to_string(), index));
    event_stream(state, stream::iter(first).chain(rest))
}

fn frame(event: ChatEvent, run: &str, index: usize) -> Event {
    let text = |name: &str| event.data.get(name).cloned().unwrap_or_default();
    let (name, data) = match (&event.error, event.event) {
        (Some(error), _) => {
            tracing::warn!(cause = error.message, id = event.id, "a turn has no answer");
            let body = Surface::Eliza.body(error);
            let message = body.pointer("/error/message").cloned().unwrap_or_default();
            ("error", json!({ "error": message }))
        }
        (None, "delta") => ("chunk", json!({ "messageId": run, "chunk": text("delta"), "index": index })),
        (None, _) => ("done", json!({ "text": text("message") })),
    };
    Event::default().id(event.id).event(name).data(data.to_string())
}
