//! A completion as server-sent events: role, text, tool calls, finish, usage when asked, `[DONE]`.

use super::Refusal;
use super::answer::{Completion, tool_call_delta};
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::effect::CallError;
use domain::effect::model::{ModelAnswer, ModelEvent};
use futures_util::stream::{self, BoxStream, Stream, StreamExt as _};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;

/// A long prompt is silent for a while: proxies close what is silent for a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Dropping the body drops `events`, which cancels the model.
pub(super) fn respond(
    completion: Completion,
    events: BoxStream<'static, Result<ModelEvent, CallError>>,
    include_usage: bool,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let first = frame(&completion.chunk(&json!({ "role": "assistant", "content": "" }), None));
    let mut sent = 0_usize;
    let mut ended = false;
    let rest = events.map(Some).chain(stream::once(async { None })).flat_map(move |event| {
        let frames = match event {
            _ if ended => Vec::new(),
            Some(Ok(ModelEvent::Delta(text))) => {
                sent = sent.saturating_add(text.len());
                vec![frame(&completion.chunk(&json!({ "content": text }), None))]
            }
            // The wire has no frame for the usage of what fails.
            Some(Ok(ModelEvent::Used(_))) => Vec::new(),
            Some(Ok(ModelEvent::Answer(answer))) => {
                ended = true;
                last_frames(&completion, &answer, sent, include_usage)
            }
            Some(Err(error)) => {
                ended = true;
                vec![frame(&Refusal::from(error).body())]
            }
            None => {
                ended = true;
                vec![frame(&super::error_body(500, "stream-ended", "the model ended without an answer"))]
            }
        };
        stream::iter(frames)
    });
    let whole = stream::once(async move { first }).chain(rest).map(Ok);
    Sse::new(whole).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn last_frames(
    completion: &Completion,
    answer: &ModelAnswer,
    sent: usize,
    include_usage: bool,
) -> Vec<Event> {
    let mut frames = Vec::new();
    // A model may give its text only with the whole answer.
    if sent == 0 && !answer.content.is_empty() {
        frames.push(frame(&completion.chunk(&json!({ "content": answer.content }), None)));
    }
    for (index, call) in answer.tool_calls.iter().enumerate() {
        frames.push(frame(&completion.chunk(&tool_call_delta(index, call), None)));
    }
    frames.push(frame(&completion.chunk(&json!({}), Some(answer.finish))));
    if include_usage {
        frames.push(frame(&completion.usage_chunk(answer.usage)));
    }
    frames.push(Event::default().data("[DONE]"));
    frames
}

fn frame(body: &Value) -> Event {
    Event::default().data(body.to_string())
}
