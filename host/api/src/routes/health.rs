//! `GET /health`, `/healthz`, `/api/v1/health`: the process answers.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// Where liveness is asked.
pub(crate) const PATHS: [&str; 3] = ["/health", "/healthz", "/api/v1/health"];
/// The whole answer.
pub(crate) const BODY: &[u8] = br#"{"status":"ok"}"#;

/// Exactly this.
#[derive(Serialize, ToSchema)]
pub(crate) struct Alive {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

const ALIVE: Alive = Alive { status: "ok" };

/// Whether the process answers. Needs no key.
#[utoipa::path(get, path = "/health", tag = "Utility", responses((status = 200, description = "It does.", body = Alive, example = json!({"status": "ok"}))))]
pub(super) async fn get_health() -> Json<Alive> {
    Json(ALIVE)
}

/// Whether the process answers. Needs no key.
#[utoipa::path(get, path = "/healthz", tag = "Utility", responses((status = 200, description = "It does.", body = Alive, example = json!({"status": "ok"}))))]
pub(super) async fn get_healthz() -> Json<Alive> {
    Json(ALIVE)
}

/// Whether the process answers. Needs no key.
#[utoipa::path(get, path = "/api/v1/health", tag = "Utility", responses((status = 200, description = "It does.", body = Alive, example = json!({"status": "ok"}))))]
pub(super) async fn get_api_v1_health() -> Json<Alive> {
    Json(ALIVE)
}
