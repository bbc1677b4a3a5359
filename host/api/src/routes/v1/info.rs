//! `GET /v1/info`.

use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// API version, available endpoints, and documentation links.
#[utoipa::path(
    get,
    path = "/v1/info",
    tag = "Utility",
    responses((status = 200, description = "What this host offers.", content_type = "application/json", example = json!({
        "name": "skep",
        "version": "0.1.0",
        "endpoints": ["POST /v1/agents/tasks", "GET /v1/agents/tasks"],
        "documentation": { "openapi": "/openapi.json", "docs": "/docs" }
    })))
)]
pub(in crate::routes) async fn get_info(
    State(state): State<ApiState>,
    _caller: Authenticated,
) -> Json<Value> {
    Json(json!({
        "name": "skep",
        "version": state.app.settings.version,
        "endpoints": state.document.operations,
        "documentation": { "openapi": "/openapi.json", "docs": "/docs" },
    }))
}
