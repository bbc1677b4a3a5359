//! `GET /api/server/hello`.

use super::wire::Hello;
use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// A greeting.
#[utoipa::path(
    get,
    path = "/api/server/hello",
    tag = "elizaOS: Server",
    responses(
        (status = 200, description = "A greeting.", body = Hello, example = json!({ "message": "Hello World!" })),
    )
)]
pub(in crate::routes) async fn greet(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::servers::hello(&state.app, &caller)?))
}
