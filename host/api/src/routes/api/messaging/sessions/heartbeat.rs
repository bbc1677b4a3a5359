//! `POST /api/messaging/sessions/{sessionId}/heartbeat`.

use super::wire::SessionInfo;
use crate::error::ApiError;
use crate::extract::{Authenticated, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Say that the session is used; renews it with `autoRenew`.
#[utoipa::path(
    post,
    path = "/api/messaging/sessions/{sessionId}/heartbeat",
    tag = "elizaOS: Messaging",
    params(
        ("sessionId" = String, Path, description = "UUID of the session.", format = "uuid", example = "3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d"),
    ),
    responses(
        (status = 200, description = "The session.", body = SessionInfo, example = json!({
            "sessionId": "3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "channelId": "7d9f1a52-0a3b-4c4d-9e6f-2b3c4d5e6f70",
            "agentId": "550e8400-e29b-41d4-a716-446655440000", "userId": "123e4567-e89b-42d3-a456-426614174000",
            "createdAt": "2026-02-23T15:00:00.000Z", "lastActivity": "2026-02-23T15:00:00.000Z", "metadata": {},
            "expiresAt": "2026-02-23T15:30:00.000Z", "renewalCount": 0, "timeRemaining": 1800000, "isNearExpiration": false,
            "timeoutConfig": { "timeoutMinutes": 30, "autoRenew": true, "maxDurationMinutes": 720, "warningThresholdMinutes": 5 }
        })),
        (status = 404, description = "No such session for this caller.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "SESSION_NOT_FOUND", "message": "Session 3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d not found" }
        })),
        (status = 410, description = "It was not used for too long.", content_type = "application/json", example = json!({
            "success": false, "error": { "code": "SESSION_EXPIRED", "message": "Session 3f2b8c1d-5e6f-4a7b-8c9d-0e1f2a3b4c5d expired at 2026-02-23T15:30:00.000Z; make another one" }
        })),
    )
)]
pub(in crate::routes) async fn keep_session_alive(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::sessions::heartbeat(&state.app, &caller, &id).await?))
}
