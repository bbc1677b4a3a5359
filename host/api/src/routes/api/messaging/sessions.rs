//! `/api/messaging/sessions`.

pub(in crate::routes) mod health;
pub(in crate::routes) mod heartbeat;
pub(in crate::routes) mod messages;
pub(in crate::routes) mod renew;
pub(in crate::routes) mod session;
pub(in crate::routes) mod timeout;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;
use wire::{CreateSessionRequest, CreateSessionResponse, SessionListResponse};

/// Begin a session: a conversation with an agent that ends when nobody has used it for a while.
#[utoipa::path(
    post,
    path = "/api/messaging/sessions",
    tag = "elizaOS: Messaging",
    request_body(content = CreateSessionRequest, example = json!({
        "agentId": "550e8400-e29b-41d4-a716-446655440000", "userId": "123e4567-e89b-42d3-a456-426614174000"
    })),
    responses(
        (status = 201, description = "The session.", body = CreateSessionResponse, example = json!({
            "sessionId": "3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "channelId": "7d9f1a52-0a3b-4c4d-9e6f-2b3c4d5e6f70",
            "agentId": "550e8400-e29b-41d4-a716-446655440000", "userId": "123e4567-e89b-42d3-a456-426614174000",
            "createdAt": "2026-02-23T15:00:00.000Z", "metadata": {}, "expiresAt": "2026-02-23T15:30:00.000Z",
            "timeoutConfig": { "timeoutMinutes": 30, "autoRenew": true, "maxDurationMinutes": 720, "warningThresholdMinutes": 5 }
        })),
        (status = 404, description = "No such agent for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "AGENT_NOT_FOUND", "message": "Agent 550e8400-e29b-41d4-a716-446655440000 not found" }
        })),
    )
)]
pub(in crate::routes) async fn create_session(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    JsonObject(request): JsonObject,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = app::sessions::create(&state.app, &caller, &request).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// List sessions that are not over, newest first.
#[utoipa::path(
    get,
    path = "/api/messaging/sessions",
    tag = "elizaOS: Messaging",
    responses(
        (status = 200, description = "The sessions.", body = SessionListResponse, example = json!({ "sessions": [{
            "sessionId": "3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "channelId": "7d9f1a52-0a3b-4c4d-9e6f-2b3c4d5e6f70",
            "agentId": "550e8400-e29b-41d4-a716-446655440000", "userId": "123e4567-e89b-42d3-a456-426614174000",
            "createdAt": "2026-02-23T15:00:00.000Z", "lastActivity": "2026-02-23T15:00:00.000Z", "metadata": {},
            "expiresAt": "2026-02-23T15:30:00.000Z", "renewalCount": 0, "timeRemaining": 1800000, "isNearExpiration": false,
            "timeoutConfig": { "timeoutMinutes": 30, "autoRenew": true, "maxDurationMinutes": 720, "warningThresholdMinutes": 5 }
        }], "total": 1 })),
    )
)]
pub(in crate::routes) async fn list_sessions(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::sessions::list(&state.app, &caller).await?))
}
