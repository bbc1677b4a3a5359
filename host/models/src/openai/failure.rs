//! A provider's error as one of our kinds.

use super::OpenAiSettings;
use super::retry::come_again;
use app::ports::outbound::{OutboundResponse, read_body};
use domain::effect::{CallError, ErrorKind, bounded};
use domain::time::Timestamp;
use serde_json::Value;

/// More of an error body says nothing new.
const SHOWN: usize = 600;

/// The body is read for the provider's own words.
pub(super) async fn of_response(
    response: OutboundResponse,
    settings: &OpenAiSettings,
    now: Timestamp,
) -> CallError {
    let status = response.status;
    let wait = come_again(&response.headers, now);
    let body = read_body(response.body).await.unwrap_or_default();
    let error = of_status(status, &body, settings);
    match wait {
        Some(milliseconds) if error.kind.is_retryable() => error.retry_after(milliseconds),
        _ => error,
    }
}

/// An `error` object inside a stream that began with 200.
pub(super) fn of_event(error: &Value, settings: &OpenAiSettings) -> CallError {
    let status = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let body = serde_json::json!({ "error": error }).to_string();
    of_status(status.filter(|status| *status >= 400).unwrap_or(500), body.as_bytes(), settings)
}

fn of_status(status: u16, body: &[u8], settings: &OpenAiSettings) -> CallError {
    let text = words(body);
    let said = bounded(settings.clean(&text), SHOWN);
    let model = &settings.model;
    let host = settings.base_url.host_str().unwrap_or_default();
    let code = code(body);
    let overflow = is_overflow(&text, code.as_deref());
    let (kind, code, message) = match status {
        300..=399 => (
            ErrorKind::Permanent,
            "redirect",
            format!("{host} answered with a redirect; configure the final base URL"),
        ),
        400 | 413 | 422 if overflow || status == 413 => (
            ErrorKind::TooLarge,
            "context-length",
            format!("the conversation is too long for {model}: {said}"),
        ),
        400 | 422 => (ErrorKind::InvalidInput, "provider-400", format!("{host} refused the request: {said}")),
        401 => (
            ErrorKind::Permanent,
            "unauthorized",
            format!("{host} does not accept the API key (401); check the key of this provider: {said}"),
        ),
        403 => (
            ErrorKind::Permanent,
            "forbidden",
            format!("the API key may not use {model} at {host} (403): {said}"),
        ),
        402 => (ErrorKind::Permanent, "payment", format!("{host} wants payment (402): {said}")),
        404 => (
            ErrorKind::NotFound,
            "model",
            format!("{host} knows no model {model} or no such path; check model and base URL: {said}"),
        ),
        408 => (ErrorKind::Timeout, "timeout", format!("{host} timed out (408): {said}")),
        // OpenAI answers 429 for an empty account too, which no waiting mends.
        429 if code.as_deref() == Some("insufficient_quota") => {
            (ErrorKind::Permanent, "quota", format!("the account at {host} is used up: {said}"))
        }
        429 => (ErrorKind::Busy, "rate-limit", format!("{host} asks to come again later (429): {said}")),
        // llama.cpp answers 500 for a conversation that does not fit.
        500.. if overflow => (
            ErrorKind::TooLarge,
            "context-length",
            format!("the conversation is too long for {model}: {said}"),
        ),
        500.. => (ErrorKind::Unavailable, "provider-5xx", format!("{host} failed ({status}): {said}")),
        _ => (ErrorKind::Other, "status", format!("{host} answered {status}: {said}")),
    };
    CallError::new(kind, code, message)
}

fn error_object(body: &[u8]) -> Option<Value> {
    let body: Value = serde_json::from_slice(body).ok()?;
    // Some servers wrap the object in an array.
    let body = match body {
        Value::Array(items) => items.into_iter().next()?,
        other => other,
    };
    Some(body.get("error").cloned().unwrap_or(body))
}

/// The message of `{"error": {"message": …}}`, `{"error": "…"}`, `{"message": "…"}`, else the body as it is.
fn words(body: &[u8]) -> String {
    let found = error_object(body).and_then(|error| match error {
        Value::String(text) => Some(text),
        other => {
            ["message", "detail"].iter().find_map(|name| other.get(*name)?.as_str().map(ToOwned::to_owned))
        }
    });
    found.unwrap_or_else(|| bounded(String::from_utf8_lossy(body).trim().to_owned(), SHOWN))
}

fn code(body: &[u8]) -> Option<String> {
    let error = error_object(body)?;
    ["code", "type"].iter().find_map(|name| error.get(*name)?.as_str().map(ToOwned::to_owned))
}

/// OpenAI has a code for it; the others only words.
fn is_overflow(text: &str, code: Option<&str>) -> bool {
    if matches!(
        code,
        Some("context_length_exceeded" | "exceed_context_size_error" | "string_above_max_length")
    ) {
        return true;
    }
    let text = text.to_ascii_lowercase();
    [
        "maximum context length",
        "context window",
        "context size",
        "context length",
        "prompt is too long",
        "too many tokens",
    ]
    .iter()
    .any(|words| text.contains(words))
}
