//! `/v1/approvals`.

pub(in crate::routes) mod approval;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, Page, Parameters};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;
use wire::ApprovalListResponse;

/// List what waited or waits for a person, newest first. Ours.
#[utoipa::path(
    get,
    path = "/v1/approvals",
    tag = "Approvals",
    params(
        ("status" = Option<String>, Query, description = "pending, approved, rejected, used or expired.", example = "pending"),
        ("limit" = Option<u32>, Query, description = "1 to 200.", minimum = 1, maximum = 200, example = 50),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."),
    ),
    responses((status = 200, description = "A page.", body = ApprovalListResponse, example = json!({
        "approvals": [{
            "id": "appr_0f1e2d3c4b5a69788796a5b4", "status": "pending",
            "agentId": "550e8400-e29b-41d4-a716-446655440000", "taskId": "task_a1b2c3d4e5f6",
            "tool": "errand.send", "arguments": { "url": "https://example.com", "body": "hello" },
            "argumentsHash": "h1:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "origin": "task", "reason": null, "createdAt": "2026-02-23T15:00:00Z", "expiresAt": "2026-02-24T15:00:00Z",
            "decidedAt": null, "decidedBy": null, "usedAt": null
        }],
        "nextCursor": null
    })))
)]
pub(in crate::routes) async fn list_approvals(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Page { limit, cursor }: Page,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    let status = parameters.get("status");
    Ok(Json(app::approvals::list(&state.app, &caller, status, limit, cursor.as_deref()).await?))
}
