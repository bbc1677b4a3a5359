//! An OpenAI-compatible server over one model: what `skep model serve` runs in a child process, and useful by itself.
//!
//! Routes: `POST /v1/chat/completions` (streamed or not), `GET /v1/models`, `GET /health`. All want the bearer token when there is one.

mod answer;
mod request;
mod stream;

use answer::Completion;
use app::ports::models::{Model, collect};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use domain::effect::{CallError, ErrorKind};
use request::ChatRequest;
use serde_json::{Value, json};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// A conversation of the largest context that a local model has is far smaller.
const BODY_LIMIT: usize = 8 << 20;

#[derive(Clone)]
struct Served {
    model: Arc<dyn Model>,
    token: Option<Arc<str>>,
}

/// The routes. Without a token everybody who reaches the address may use them.
pub fn router(model: Arc<dyn Model>, token: impl Into<Option<String>>) -> Router {
    let served = Served { model, token: token.into().map(Arc::from) };
    Router::new()
        .route("/v1/chat/completions", post(complete_chat))
        .route("/v1/models", get(list_models))
        .route("/health", get(check_health))
        .fallback(async || {
            Refusal::new(
                StatusCode::NOT_FOUND,
                "not_found",
                "no such path; there are POST /v1/chat/completions, GET /v1/models, GET /health",
            )
        })
        .method_not_allowed_fallback(async || {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "the path has no such method")
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(served.clone(), authenticate))
        .with_state(served)
}

/// A refused request in OpenAI's shape.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), retry_after: None }
    }

    fn body(&self) -> Value {
        error_body(self.status.as_u16(), &self.code, &self.message)
    }
}

/// OpenAI's error body for a status.
pub(crate) fn error_body(status: u16, code: &str, message: &str) -> Value {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    json!({ "error": { "message": message, "type": kind, "code": code } })
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        let status = match error.kind {
            ErrorKind::InvalidInput | ErrorKind::TooLarge => StatusCode::BAD_REQUEST,
            ErrorKind::Denied => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Busy | ErrorKind::Exhausted => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let retry_after = error.retry_after_ms.map(|milliseconds| milliseconds.div_ceil(1000));
        Self { status, code: error.code, message: error.message, retry_after }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer"));
        }
        response
    }
}

async fn authenticate(State(served): State<Served>, request: Request, next: Next) -> Response {
    if let Some(token) = &served.token {
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let valid =
            given.is_some_and(|(_, given)| bool::from(given.trim().as_bytes().ct_eq(token.as_bytes())));
        if !valid {
            return Refusal::new(
                StatusCode::UNAUTHORIZED,
                "invalid_api_key",
                "the bearer token is missing or wrong",
            )
            .into_response();
        }
    }
    next.run(request).await
}

async fn check_health(State(served): State<Served>) -> Result<axum::Json<Value>, Refusal> {
    served.model.check().await?;
    Ok(axum::Json(json!({ "status": "ok" })))
}

async fn list_models(State(served): State<Served>) -> axum::Json<Value> {
    let model = json!({ "id": served.model.name(), "object": "model", "created": 0, "owned_by": "skep" });
    axum::Json(json!({ "object": "list", "data": [model] }))
}

async fn complete_chat(
    State(served): State<Served>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|rejection| {
        Refusal::new(
            rejection.status(),
            "too_large",
            format!("the body is not readable or larger than {BODY_LIMIT} bytes"),
        )
    })?;
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_none_or(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"application/json"));
    if !is_json {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "the body must be application/json",
        ));
    }
    let request = ChatRequest::parse(&body)
        .map_err(|message| Refusal::new(StatusCode::BAD_REQUEST, "invalid_request", message))?;
    let (stream, include_usage) = (request.stream, request.stream_options.include_usage);
    let request = request
        .into_model_request()
        .map_err(|message| Refusal::new(StatusCode::BAD_REQUEST, "invalid_request", message))?;
    let completion = Completion::new(served.model.name());
    let events = served.model.complete(request).await?;
    if stream {
        return Ok(stream::respond(completion, events, include_usage).into_response());
    }
    let answer = collect(events, |_| {}).await?;
    Ok(axum::Json(completion.whole(&answer)).into_response())
}

#[cfg(test)]
mod tests;
