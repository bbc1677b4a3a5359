//! `GET /api/server/ping`.

use super::wire::Pong;
use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Whether the server answers.
#[utoipa::path(
    get,
    path = "/api/server/ping",
    tag = "elizaOS: Server",
    responses(
        (status = 200, description = "It does.", body = Pong, example = json!({ "pong": true, "timestamp": 1709683200000_i64 })),
    )
)]
pub(in crate::routes) async fn ping_server(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::servers::ping(&state.app, &caller)?))
}
