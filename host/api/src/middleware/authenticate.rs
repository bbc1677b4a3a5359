//! A key becomes a caller before anything else is said: 401 comes before 404.

use crate::error::ApiError;
use crate::middleware::{forwarded, limit};
use crate::state::ApiState;
use app::authenticate::{Presented, Refused, authenticate};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::error::{Code, Error};
use http::{HeaderMap, header};

/// What a path wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Open,
    /// A key, or a client on this machine.
    KeyOrLocal,
    /// A key.
    Key,
}

/// Every path that is not named here wants a key.
pub(crate) fn access(path: &str) -> Access {
    match path {
        "/health" | "/healthz" | "/api/v1/health" | "/readyz" | "/openapi.json" | "/docs" => Access::Open,
        "/metrics" => Access::KeyOrLocal,
        path if path.starts_with("/docs/") => Access::Open,
        _ => Access::Key,
    }
}

pub(crate) async fn require(State(state): State<ApiState>, mut request: Request, next: Next) -> Response {
    let access = access(request.uri().path());
    if access == Access::Open {
        return next.run(request).await;
    }
    let key = match key(request.headers()) {
        Ok(key) => key,
        Err(error) => return error.into_response(),
    };
    if access == Access::KeyOrLocal && key.is_none() && forwarded::client(&request, &state.settings).is_local
    {
        return next.run(request).await;
    }
    let act_as =
        request.headers().get("x-skep-user").map(|value| value.to_str().unwrap_or("\u{fffd}").to_owned());
    let presented =
        Presented { key: key.as_deref(), act_as: act_as.as_deref(), no_auth: state.settings.no_auth };
    match authenticate(&state.app, presented).await {
        Ok(known) => {
            tracing::Span::current().record("user", tracing::field::display(known.caller.user));
            request.extensions_mut().insert(known.caller.clone());
            let path = request.uri().path().to_owned();
            limit::within(&state, &known, &path, next.run(request)).await
        }
        Err(Refused { error, known: Some(known) }) => {
            let refusal = std::future::ready(ApiError(error).into_response());
            limit::within(&state, &known, request.uri().path(), refusal).await
        }
        Err(Refused { error, known: None }) => ApiError(error).into_response(),
    }
}

/// The first of `Authorization: Bearer`, `X-API-Key`, `X-Eliza-Token` that is there.
fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let unreadable = |name: &str| ApiError(Error::new(Code::Unauthorized, format!("{name} is not readable")));
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().map_err(|_| unreadable("Authorization"))?;
        let bearer = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        return match bearer {
            Some((_, key)) => Ok(Some(key.trim().to_owned())),
            None => Err(ApiError(Error::new(Code::Unauthorized, "Authorization must be `Bearer KEY`"))),
        };
    }
    for name in ["x-api-key", "x-eliza-token"] {
        if let Some(value) = headers.get(name) {
            return value.to_str().map(|key| Some(key.trim().to_owned())).map_err(|_| unreadable(name));
        }
    }
    Ok(None)
}
