//! `Idempotency-Key` on any POST (api.md §0): the same request gets the first answer again.

use crate::error::{ApiError, Dialect, render};
use crate::extract::read_body;
use crate::state::ApiState;
use app::ports::idempotency::{Begin, IdempotencyScope, KeptAnswer};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::caller::{Caller, KeyKind};
use domain::error::{Code, Error};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// What belongs to an answer beside `Location`. The rest is made anew for each response.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::RETRY_AFTER, header::ALLOW];
/// Longest key.
const KEY_LIMIT: usize = 255;
/// Larger answers are not kept; no route that changes something has one.
const ANSWER_LIMIT: usize = 8 << 20;
/// Seconds after which the first request has probably ended.
const RETRY_AFTER: u64 = 1;

pub(crate) async fn keep(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let is_post = request.method() == Method::POST;
    let (Some(key), Some(caller)) = (
        request.headers().get(KEY).filter(|_| is_post).cloned(),
        request.extensions().get::<Caller>().cloned(),
    ) else {
        return next.run(request).await;
    };
    match kept(state, request, next, &key, &caller).await {
        Ok(response) => response,
        Err(error) => ApiError(error).into_response(),
    }
}

async fn kept(
    state: ApiState,
    request: Request,
    next: Next,
    key: &HeaderValue,
    caller: &Caller,
) -> Result<Response, Error> {
    let key = key.to_str().ok().filter(|key| (1..=KEY_LIMIT).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Error::invalid(format!("Idempotency-Key must have 1 to {KEY_LIMIT} visible ASCII characters"))
    })?;
    let path = request.uri().path().to_owned();
    let scope =
        IdempotencyScope { caller: scope_of(caller), method: "POST".to_owned(), path, key: key.to_owned() };
    let dialect = Dialect::of(&scope.path, request.headers());
    let (parts, body) = request.into_parts();
    let announced = Request::from_parts(parts.clone(), body);
    let body = read_body(announced, &state.settings).await?;
    let now = state.app.ports.clock.now();
    match state.app.ports.idempotency.begin(&scope, Sha256::digest(&body).into(), now).await? {
        Begin::Fresh => {}
        Begin::Kept(answer) => return Ok(replayed(answer)),
        Begin::OtherBody => {
            return Err(Error::new(
                Code::Unprocessable,
                "this Idempotency-Key came before with another body; use a new key",
            ));
        }
        Begin::Running => {
            return Err(Error::conflict("the first request with this Idempotency-Key is still running")
                .with_retry_after(RETRY_AFTER));
        }
    }
    let request = Request::from_parts(parts, Body::from(body));
    // A task of its own: a client that goes away must not leave the key reserved without an answer.
    let work = async move {
        let response = render(dialect, next.run(request).await);
        settle(&state, &scope, response).await
    };
    let joined = tokio::spawn(work.in_current_span()).await;
    joined
        .map_err(|error| Error::internal(format!("a request with an idempotency key ended badly: {error}")))?
}

/// User and kind of key, and the agent of an agent key.
fn scope_of(caller: &Caller) -> String {
    match caller.kind {
        KeyKind::Agent => format!("{}/{}/{}", caller.user, caller.kind.as_str(), caller.agent),
        KeyKind::Admin | KeyKind::User => format!("{}/{}", caller.user, caller.kind.as_str()),
    }
}

/// Keep the answer, unless it is a stream or our own failure.
async fn settle(state: &ApiState, scope: &IdempotencyScope, response: Response) -> Result<Response, Error> {
    let idempotency = &state.app.ports.idempotency;
    let is_stream = is_stream(response.headers());
    if is_stream || response.status().is_server_error() {
        idempotency.abandon(scope).await?;
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = match axum::body::to_bytes(body, ANSWER_LIMIT).await {
        Ok(body) => body,
        Err(error) => {
            idempotency.abandon(scope).await?;
            return Err(Error::internal(format!("an answer could not be kept: {error}")));
        }
    };
    let location =
        parts.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kept = |name: &HeaderName| {
        let value = parts.headers.get(name)?.to_str().ok()?;
        Some((name.as_str().to_owned(), value.to_owned()))
    };
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        location,
        headers: KEPT.iter().filter_map(kept).collect(),
        body: without_keys(&body),
    };
    if let Err(error) = idempotency.complete(scope, answer, state.app.ports.clock.now()).await {
        // The request was done: its answer must not be lost for this. The reservation lapses by itself.
        tracing::error!(%error, "an answer could not be kept for its idempotency key");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn is_stream(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

fn replayed(answer: KeptAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    // An answer that a host of an earlier version kept has no type; all of its were this one.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(location) = answer.location.and_then(|location| HeaderValue::try_from(location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// A key is shown once: what is kept has null instead.
fn without_keys(body: &[u8]) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    if blank(&mut value) { value.to_string().into_bytes() } else { body.to_vec() }
}

/// Answers whether there was one.
fn blank(value: &mut Value) -> bool {
    let mut changed = false;
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if ["apiKey", "token"].contains(&name.as_str()) && value.is_string() {
                    *value = Value::Null;
                    changed = true;
                } else {
                    changed |= blank(value);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                changed |= blank(item);
            }
        }
        _ => {}
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_answer_has_no_keys() {
        let body = br#"{"agents":[{"id":"a","apiKey":"skep_x_y"}],"token":"t","tokens":"kept"}"#;
        let kept = String::from_utf8_lossy(&without_keys(body)).into_owned();
        assert!(!kept.contains("skep_x_y") && !kept.contains("\"t\""), "{kept}");
        assert!(kept.contains("\"tokens\":\"kept\""), "{kept}");
        assert_eq!(without_keys(b"{\"a\": 1}"), b"{\"a\": 1}");
    }
}
