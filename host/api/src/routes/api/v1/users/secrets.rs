//! `/api/v1/users/{user}/secrets`.

pub(in crate::routes) mod secret;
mod wire;

use crate::error::ApiError;
use crate::extract::{Authenticated, JsonObject, Segment};
use crate::state::ApiState;
use axum::Json;
use axum::extract::State;
use serde_json::Value;
use wire::{SecretListResponse, SecretsRequest};

/// Add or update secrets. Those that are not named stay, null removes one; all or nothing. A value is encrypted, given to no plugin and
/// never answered. The body is a map of names to values, bare or within `secrets`. With `hosts` a secret goes to these alone; without, where a plugin's grant names it.
#[utoipa::path(
    put,
    path = "/api/v1/users/{user}/secrets",
    tag = "Secrets",
    params(("user" = String, Path, description = "Id or name.", example = "ada")),
    request_body(content = SecretsRequest, example = json!({
        "secrets": {
            "WEATHER_API_KEY": { "value": "k3y-of-the-weather", "hosts": ["api.weather.example"] },
            "PASSWORD": "pa55",
            "OLD_KEY": null
        }
    })),
    responses((status = 200, description = "The user's secrets.", body = SecretListResponse, example = json!({
        "secrets": [
            { "key": "PASSWORD", "masked": "****", "updatedAt": "2026-02-23T15:00:00Z" },
            { "key": "WEATHER_API_KEY", "masked": "****ther", "updatedAt": "2026-02-23T15:00:00Z" }
        ]
    })))
)]
pub(in crate::routes) async fn put_secrets(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
    JsonObject(request): JsonObject,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::secrets::put(&state.app, &caller, &user, request).await?))
}

/// List secret keys (values are masked): the last four characters are shown of values that have more than eleven.
#[utoipa::path(
    get,
    path = "/api/v1/users/{user}/secrets",
    tag = "Secrets",
    params(("user" = String, Path, description = "Id or name.", example = "ada")),
    responses((status = 200, description = "The user's secrets, by name.", body = SecretListResponse, example = json!({
        "secrets": [
            { "key": "PASSWORD", "masked": "****", "updatedAt": "2026-02-23T15:00:00Z" },
            { "key": "WEATHER_API_KEY", "masked": "****ther", "updatedAt": "2026-02-23T15:00:00Z" }
        ]
    })))
)]
pub(in crate::routes) async fn list_secrets(
    State(state): State<ApiState>,
    Authenticated(caller): Authenticated,
    Segment(user): Segment,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(app::secrets::list(&state.app, &caller, &user).await?))
}
