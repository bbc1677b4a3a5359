//! `POST /api/agent/autonomy/instructions`.

use super::wire::{InstructionRequest, InstructionResponse};
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::Value;

/// Inject a one-time instruction: exactly one tick takes it up; it is kept while autonomy is off. Ours.
#[utoipa::path(
    post,
    path = "/api/agent/autonomy/instructions",
    tag = "Autonomy",
    request_body(content = InstructionRequest, example = json!({ "instructions": "Look whether the report is done." })),
    responses((status = 202, description = "It is kept.", body = InstructionResponse, example = json!({
        "id": "0b5d3f60-6c1e-4b0e-8f3b-1c2d3e4f5a6b", "queued": 1
    })))
)]
pub(in crate::routes) async fn add_instruction(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    JsonObject(request): JsonObject,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(app::autonomy::instruct(&state.app, &caller, &request).await?)))
}
