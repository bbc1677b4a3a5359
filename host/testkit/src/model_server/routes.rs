//! The routes of the server and the shapes of its answers.

use super::answer::{Fault, Scripted, ScriptedCall};
use super::received::Received;
use super::script::Script;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;

const MODEL: &str = "scripted-model";

pub(super) fn router(script: Arc<Script>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .route("/requests", get(requests))
        .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
        .with_state(script)
}

async fn models() -> Json<Value> {
    Json(
        json!({ "object": "list", "data": [{ "id": MODEL, "object": "model", "created": 0, "owned_by": "testkit" }] }),
    )
}

/// For tests in another process.
async fn requests(State(script): State<Arc<Script>>) -> Json<Vec<Received>> {
    Json(script.requests())
}

async fn complete(State(script): State<Arc<Script>>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return refuse("the body is not JSON");
    };
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let request = Received { headers: headers.collect(), body };
    let Some(answer) = script.answer(&request) else {
        return refuse("nothing is scripted for this request");
    };
    if answer.needs_schema && request.answer_schema().is_none() {
        return refuse("the script answers with JSON, but the request has no response_format json_schema");
    }
    if let Some(call) = answer.calls.iter().find(|call| !request.tools().contains(&call.name.as_str())) {
        return refuse(&format!("the script calls {}, which the request does not offer", call.name));
    }
    if !answer.delay.is_zero() {
        tokio::time::sleep(answer.delay).await;
    }
    if let Some(gate) = &answer.before {
        gate.pass().await;
    }
    let mut response = match &answer.fault {
        Fault::Status { status, body } => {
            (StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body.clone()))
                .into_response()
        }
        _ if request.is_stream() => stream(&answer, request.wants_usage()),
        _ => Json(whole(&answer)).into_response(),
    };
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<axum::http::HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn refuse(message: &str) -> Response {
    let body = json!({ "error": { "message": message, "type": "invalid_request_error", "code": "scripted_refusal" } });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

fn arguments(call: &ScriptedCall) -> String {
    call.arguments.as_str().map_or_else(|| call.arguments.to_string(), ToOwned::to_owned)
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

fn usage(tokens: (u64, u64)) -> Value {
    json!({ "prompt_tokens": tokens.0, "completion_tokens": tokens.1, "total_tokens": tokens.0 + tokens.1 })
}

fn whole(answer: &Scripted) -> Value {
    let calls = answer.calls.iter().enumerate().map(|(index, call)| {
        json!({ "id": format!("call_{index}"), "type": "function", "function": { "name": call.name, "arguments": arguments(call) } })
    });
    let calls: Vec<Value> = calls.collect();
    let mut message = json!({ "role": "assistant", "content": answer.content });
    if !calls.is_empty() {
        insert(&mut message, "tool_calls", calls.into());
    }
    let choice = json!({ "index": 0, "message": message, "finish_reason": answer.finish_reason() });
    let mut body = json!({ "id": "chatcmpl-scripted", "object": "chat.completion", "created": 0, "model": MODEL, "choices": [choice] });
    if let Some(tokens) = answer.usage {
        insert(&mut body, "usage", usage(tokens));
    }
    body
}

fn event(choices: Value, tokens: Option<(u64, u64)>) -> Bytes {
    let mut body = json!({ "id": "chatcmpl-scripted", "object": "chat.completion.chunk", "created": 0, "model": MODEL, "choices": choices });
    if let Some(tokens) = tokens {
        insert(&mut body, "usage", usage(tokens));
    }
    format!("data: {body}\n\n").into()
}

fn choice(delta: Value, finish: Option<&str>) -> Value {
    json!([{ "index": 0, "delta": delta, "finish_reason": finish }])
}

/// Tool calls come as other providers send them: name first, then the arguments in two parts.
fn call_events(answer: &Scripted) -> impl Iterator<Item = Bytes> + '_ {
    answer.calls.iter().enumerate().flat_map(|(index, call)| {
        let text = arguments(call);
        let middle = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (first, second) = text.split_at(middle);
        let start = json!({ "index": index, "id": format!("call_{index}"), "type": "function", "function": { "name": call.name, "arguments": "" } });
        let more = [first, second].map(|part| json!({ "index": index, "function": { "arguments": part } }));
        let [first, second] = more;
        [start, first, second].map(|part| event(choice(json!({ "tool_calls": [part] }), None), None))
    })
}

fn stream(answer: &Scripted, wants_usage: bool) -> Response {
    let deltas = answer.deltas();
    let cut = match answer.fault {
        Fault::Cut { after } => Some(after),
        _ => None,
    };
    let shown = cut.map_or(deltas.len(), |after| after.min(deltas.len()));
    let mut events: Vec<(bool, std::io::Result<Bytes>)> =
        vec![(false, Ok(event(choice(json!({ "role": "assistant", "content": "" }), None), None)))];
    events.extend(
        deltas
            .iter()
            .take(shown)
            .map(|delta| (true, Ok(event(choice(json!({ "content": delta }), None), None)))),
    );
    if cut.is_some() {
        events.push((false, Err(std::io::Error::other("scripted cut"))));
    } else {
        events.extend(call_events(answer).map(|bytes| (true, Ok(bytes))));
        events.push((false, Ok(event(choice(json!({}), Some(&answer.finish_reason())), None))));
        if let Some(tokens) = answer.usage.filter(|_| wants_usage) {
            events.push((false, Ok(event(json!([]), Some(tokens)))));
        }
        events.push((false, Ok(Bytes::from_static(b"data: [DONE]\n\n"))));
    }
    let step = answer.step.clone();
    let body = futures_util::stream::iter(events).then(move |(is_delta, bytes)| {
        let step = step.clone().filter(|_| is_delta);
        async move {
            if let Some(gate) = step {
                gate.pass().await;
            }
            if bytes.is_err() {
                // What was written so far reaches the other side only while the body has to be waited for.
                tokio::task::yield_now().await;
            }
            bytes
        }
    });
    ([("content-type", "text/event-stream")], Body::from_stream(body)).into_response()
}
