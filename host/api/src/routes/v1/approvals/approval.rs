//! `/v1/approvals/{approval}`.

use super::wire::{ApprovalResponse, DecisionRequest};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Get an approval with what exactly it is about. Ours.
#[utoipa::path(
    get,
    path = "/v1/approvals/{approval}",
    tag = "Approvals",
    params(("approval" = String, Path, description = "Of the approval.", example = "appr_0f1e2d3c4b5a69788796a5b4")),
    responses((status = 200, description = "The approval.", body = ApprovalResponse, example = json!({
        "id": "appr_0f1e2d3c4b5a69788796a5b4", "status": "pending",
        "agentId": "550e8400-e29b-41d4-a716-446655440000", "taskId": "task_a1b2c3d4e5f6",
        "tool": "errand.send", "arguments": { "url": "https://example.com", "body": "hello" },
        "argumentsHash": "h1:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "origin": "task", "reason": null, "createdAt": "2026-02-23T15:00:00Z", "expiresAt": "2026-02-24T15:00:00Z",
        "decidedAt": null, "decidedBy": null, "usedAt": null
    })))
)]
pub(in crate::routes) async fn get_approval(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::approvals::get(&state.app, &caller, &id).await?))
}

/// Approve or reject, once, before it expires. The task that waits goes on. Ours.
#[utoipa::path(
    post,
    path = "/v1/approvals/{approval}",
    tag = "Approvals",
    params(("approval" = String, Path, description = "Of the approval.", example = "appr_0f1e2d3c4b5a69788796a5b4")),
    request_body(content = DecisionRequest, example = json!({ "decision": "approve", "reason": "go ahead" })),
    responses(
        (status = 200, description = "It is decided.", body = ApprovalResponse, example = json!({
            "id": "appr_0f1e2d3c4b5a69788796a5b4", "status": "approved",
            "agentId": "550e8400-e29b-41d4-a716-446655440000", "taskId": "task_a1b2c3d4e5f6",
            "tool": "errand.send", "arguments": { "url": "https://example.com", "body": "hello" },
            "argumentsHash": "h1:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "origin": "task", "reason": "go ahead", "createdAt": "2026-02-23T15:00:00Z",
            "expiresAt": "2026-02-24T15:00:00Z", "decidedAt": "2026-02-23T15:01:00Z", "decidedBy": "user", "usedAt": null
        })),
        (status = 409, description = "It was decided, or is over.", content_type = "application/json", example = json!({
            "error": {
                "code": "CONFLICT", "message": "approval appr_0f1e2d3c4b5a69788796a5b4 cannot be decided: it is rejected"
            }
        })),
    )
)]
pub(in crate::routes) async fn decide_approval(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(id): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::approvals::decide(&state.app, &caller, &id, &request).await?))
}
