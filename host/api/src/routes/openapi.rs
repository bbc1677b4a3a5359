//! `GET /openapi.json`.

use crate::state::ApiState;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

/// This description. Needs no key.
#[utoipa::path(get, path = "/openapi.json", tag = "Utility", responses((status = 200, description = "OpenAPI 3.1.", content_type = "application/json", example = json!({"openapi": "3.1.0"}))))]
pub(super) async fn get_openapi(State(state): State<ApiState>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], state.document.text.clone()).into_response()
}
