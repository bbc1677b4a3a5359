//! `GET /api/v1/users/{user}/usage`.

use super::wire::UsageResponse;
use crate::error::ApiError;
use crate::extract::{Authenticated, Parameters, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Get token usage for the current month, or for `month`: what the models counted, in all, by agent and by model.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/usage",
    tag = "Usage & Monitoring",
    params(
        ("user" = String, Path, description = "Id or name.", example = "ada"),
        ("month" = Option<String>, Query, description = "As `2026-02`, in UTC; default this one.", example = "2026-02"),
    ),
    responses((status = 200, description = "Tokens.", body = UsageResponse, example = json!({
        "month": "2026-02", "inputTokens": 1200, "outputTokens": 300, "totalTokens": 1500, "limit": 1_000_000,
        "byAgent": [{ "agent": "manager", "inputTokens": 1200, "outputTokens": 300, "totalTokens": 1500, "limit": 1_000_000 }],
        "byModel": [{ "model": "gpt-4o-mini", "inputTokens": 1200, "outputTokens": 300, "totalTokens": 1500 }]
    })))
)]
pub(in crate::routes) async fn get_usage(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    parameters: Parameters,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::usage::get(&state.app, &caller, &user, parameters.get("month")).await?))
}
