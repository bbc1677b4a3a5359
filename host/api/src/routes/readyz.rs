//! `GET /readyz`.

use crate::error::ApiError;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use domain::error::Error;
use serde_json::{Value, json};

/// Whether requests are taken: the database accepts writes and the host does not stop. Needs no key.
#[utoipa::path(get, path = "/readyz", tag = "Utility", responses((status = 200, description = "They are.", content_type = "application/json", example = json!({"status": "ready"}))))]
pub(super) async fn get_readiness(State(state): State<ApiState>) -> Result<Json<Value>, ApiError> {
    if state.is_draining() {
        return Err(Error::unavailable("the host is stopping").into());
    }
    app::health::readiness(&state.app).await?;
    Ok(Json(json!({ "status": "ready" })))
}
