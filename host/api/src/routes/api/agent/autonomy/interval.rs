//! `PUT /api/agent/autonomy/interval`.

use super::wire::TickInterval;
use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Set the time between two ticks; answers the value in force. Ours.
#[utoipa::path(
    put,
    path = "/api/agent/autonomy/interval",
    tag = "Autonomy",
    request_body(content = TickInterval, example = json!({ "interval": 60000 })),
    responses((status = 200, description = "In force.", body = TickInterval, example = json!({ "interval": 60000 })))
)]
pub(in crate::routes) async fn set_interval(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::autonomy::set_interval(&state.app, &caller, &request).await?))
}
