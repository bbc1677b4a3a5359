//! `GET /v1/admin/plugins` [ours]: what `skep plugins` shows.

use crate::error::ApiError;
use crate::extract::Authenticated;
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// What is installed on this host: live plugins, those that wait for a grant, and files that cannot be used. Ours; needs an admin key.
#[utoipa::path(
    get,
    path = "/v1/admin/plugins",
    tag = "Operation",
    responses((status = 200, description = "By state.", content_type = "application/json", example = json!({
        "live": [{
            "name": "files", "version": "0.1.0", "kind": "skill", "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "description": "Reads and writes files of the workspace.", "profile": "small",
            "tools": ["read"], "personalities": [],
            "requested": [{ "interface": "files", "reason": "to read the project", "access": "read", "paths": [""] }],
            "granted": [{ "interface": "files", "reason": "", "access": "read", "paths": [""] }]
        }],
        "held": [],
        "broken": [{ "path": "plugins/torn.wasm", "reason": "the file is not a WebAssembly component" }]
    })))
)]
pub(in crate::routes) async fn list_plugins(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::plugins::list(&state.app, &caller)?))
}
