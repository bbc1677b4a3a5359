#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use axum::body::Body;
use domain::effect::model::{
    Finish, ModelAnswer, ModelEvent, ModelRequest, ModelToolCall, ToolChoice, Usage,
};
use futures_util::stream::BoxStream;
use std::sync::Mutex;
use tower::ServiceExt as _;

/// Answers with a script and keeps what it was asked.
struct Scripted {
    events: Vec<Result<ModelEvent, CallError>>,
    asked: Mutex<Vec<ModelRequest>>,
}

#[async_trait::async_trait]
impl Model for Scripted {
    async fn complete(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        self.asked.lock().unwrap().push(request);
        Ok(Box::pin(futures_util::stream::iter(self.events.clone())))
    }

    fn name(&self) -> String {
        "scripted".to_owned()
    }

    async fn check(&self) -> Result<(), CallError> {
        Ok(())
    }
}

fn answer(content: &str, tool_calls: Vec<ModelToolCall>) -> ModelAnswer {
    let finish = if tool_calls.is_empty() { Finish::Stop } else { Finish::ToolCalls };
    ModelAnswer {
        content: content.to_owned(),
        tool_calls,
        finish,
        usage: Usage { input_tokens: 7, output_tokens: 3 },
        model: "scripted".to_owned(),
    }
}

fn scripted(events: Vec<Result<ModelEvent, CallError>>) -> Arc<Scripted> {
    Arc::new(Scripted { events, asked: Mutex::default() })
}

async fn send(model: &Arc<Scripted>, token: Option<&str>, body: &Value) -> (StatusCode, String) {
    let request = http::Request::post("/v1/chat/completions").header("content-type", "application/json");
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    let router = router(Arc::clone(model) as Arc<dyn Model>, "secret".to_owned());
    let response = router.oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn frames(body: &str) -> Vec<Value> {
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test]
async fn a_whole_answer_has_the_documented_shape() {
    let model =
        scripted(vec![Ok(ModelEvent::Delta("Hi".into())), Ok(ModelEvent::Answer(answer("Hi", vec![])))]);
    let (status, body) = send(
        &model,
        Some("secret"),
        &json!({ "model": "any", "messages": [{ "role": "user", "content": "hello" }] }),
    )
    .await;
    assert_eq!(status, 200);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["choices"][0]["message"], json!({ "role": "assistant", "content": "Hi" }));
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"], json!({ "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10 }));
}

#[tokio::test]
async fn a_stream_gives_text_tool_calls_finish_usage_and_done_in_this_order() {
    let call = ModelToolCall { id: "c1".into(), name: "add".into(), arguments: "{\"a\":1}".into() };
    let model = scripted(vec![
        Ok(ModelEvent::Delta("He".into())),
        Ok(ModelEvent::Delta("y".into())),
        Ok(ModelEvent::Answer(answer("Hey", vec![call]))),
    ]);
    let asked = json!({
        "messages": [{ "role": "user", "content": [{ "type": "text", "text": "hello" }] }],
        "stream": true,
        "stream_options": { "include_usage": true },
        "tools": [{ "type": "function", "function": { "name": "add", "parameters": { "type": "object" } } }],
    });
    let (status, body) = send(&model, Some("secret"), &asked).await;
    assert_eq!(status, 200);
    assert!(body.trim_end().ends_with("data: [DONE]"), "{body}");
    let frames = frames(&body);
    let deltas: Vec<&Value> =
        frames.iter().filter_map(|frame| frame["choices"].get(0)).map(|choice| &choice["delta"]).collect();
    assert_eq!(deltas[0]["role"], "assistant");
    assert_eq!(deltas[1]["content"], "He");
    assert_eq!(deltas[2]["content"], "y");
    assert_eq!(
        deltas[3]["tool_calls"][0],
        json!({ "index": 0, "id": "c1", "type": "function", "function": { "name": "add", "arguments": "{\"a\":1}" } })
    );
    assert_eq!(frames[frames.len() - 2]["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(frames[frames.len() - 1]["usage"]["total_tokens"], 10);
}

#[tokio::test]
async fn an_error_in_a_stream_is_its_last_frame() {
    let model = scripted(vec![
        Ok(ModelEvent::Delta("H".into())),
        Err(CallError::new(ErrorKind::Unavailable, "crashed", "the engine died")),
    ]);
    let (_, body) = send(
        &model,
        Some("secret"),
        &json!({ "messages": [{ "role": "user", "content": "x" }], "stream": true }),
    )
    .await;
    assert_eq!(frames(&body).last().unwrap()["error"]["code"], "crashed");
    let silent = scripted(vec![]);
    let (_, body) = send(
        &silent,
        Some("secret"),
        &json!({ "messages": [{ "role": "user", "content": "x" }], "stream": true }),
    )
    .await;
    assert_eq!(frames(&body).last().unwrap()["error"]["code"], "stream-ended");
}

#[tokio::test]
async fn everything_of_the_request_reaches_the_model() {
    let model = scripted(vec![Ok(ModelEvent::Answer(answer("{}", vec![])))]);
    let asked = json!({
        "messages": [
            { "role": "developer", "content": "rules" },
            { "role": "assistant", "content": null, "tool_calls": [{ "id": "c", "type": "function", "function": { "name": "f", "arguments": "{}" } }] },
            { "role": "tool", "tool_call_id": "c", "content": "done" },
        ],
        "tools": [{ "type": "function", "function": { "name": "f" } }],
        "tool_choice": { "type": "function", "function": { "name": "f" } },
        "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": { "type": "object" } } },
        "max_tokens": 5, "temperature": 0.5, "stop": ["END"], "unknown": 1,
    });
    assert_eq!(send(&model, Some("secret"), &asked).await.0, 200);
    let request = model.asked.lock().unwrap().remove(0);
    assert_eq!(request.messages[1].tool_calls[0].name, "f");
    assert_eq!(request.messages[2].tool_call_id.as_deref(), Some("c"));
    assert_eq!(request.tool_choice, ToolChoice::Named("f".into()));
    assert_eq!(request.answer_schema, Some(json!({ "type": "object" })));
    assert_eq!(
        (request.max_tokens, request.temperature, request.stop),
        (Some(5), Some(0.5), vec!["END".to_owned()])
    );
}

#[tokio::test]
async fn bad_requests_name_the_field() {
    let model = scripted(vec![]);
    let user = json!([{ "role": "user", "content": "x" }]);
    for (body, part) in [
        (json!({}), "messages"),
        (json!([]), "object"),
        (json!({ "messages": [] }), "messages must not be empty"),
        (json!({ "messages": [{ "role": "robot", "content": "x" }] }), "messages[0].role"),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "image_url" }] }] }),
            "messages[0].content[0]",
        ),
        (json!({ "messages": user, "temperature": 3 }), "temperature"),
        (json!({ "messages": user, "n": 2 }), "n must be 1"),
        (json!({ "messages": user, "max_tokens": "5" }), "max_tokens"),
        (json!({ "messages": user, "tool_choice": "required" }), "tools is empty"),
        (json!({ "messages": user, "response_format": { "type": "xml" } }), "response_format.type"),
        (json!({ "messages": user, "stop": 1 }), "stop"),
    ] {
        let (status, answer) = send(&model, Some("secret"), &body).await;
        assert_eq!(status, 400, "{body}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["error"]["type"], "invalid_request_error");
        assert!(answer["error"]["message"].as_str().unwrap().contains(part), "{body} {answer}");
    }
}

#[tokio::test]
async fn without_the_token_nothing_is_answered() {
    let model = scripted(vec![]);
    for token in [None, Some("secre"), Some("secret2"), Some("")] {
        let (status, body) = send(&model, token, &json!({})).await;
        assert_eq!(status, 401, "{token:?}");
        assert!(body.contains("authentication_error"), "{body}");
    }
}
