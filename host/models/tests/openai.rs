//! The OpenAI-compatible provider against the scripted server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use app::ports::clock::Clock;
use app::ports::models::{Model as _, collect};
use app::ports::outbound::{Outbound, Purpose};
use domain::effect::model::{
    Finish, ModelAnswer, ModelEvent, ModelMessage, ModelRequest, ModelTool, ModelToolCall, Role, ToolChoice,
    Usage,
};
use domain::effect::{CallError, ErrorKind};
use domain::time::Timestamp;
use futures_util::StreamExt as _;
use models::openai::{OpenAiModel, OpenAiSettings};
use models::secret::ApiKey;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::model_server::{Gate, ModelServer, Scripted};

const KEY: &str = "sk-very-secret";

/// Never waits, and remembers for how long it should have.
#[derive(Default)]
struct RecordingClock(Mutex<Vec<Duration>>);

#[async_trait::async_trait]
impl Clock for RecordingClock {
    fn now(&self) -> Timestamp {
        // 2026-02-23T15:30:00Z
        Timestamp(1_771_860_600_000)
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
}

struct Bench {
    server: ModelServer,
    clock: Arc<RecordingClock>,
    model: OpenAiModel,
}

impl Bench {
    async fn new() -> Self {
        let server = ModelServer::start().await.unwrap();
        let clock = Arc::new(RecordingClock::default());
        let mut settings = OpenAiSettings::new(server.base_url().parse().unwrap(), "tested");
        settings.api_key = Some(ApiKey::new(&format!("{KEY}\n")));
        let model = OpenAiModel::new(settings, server.outbound(), Arc::<RecordingClock>::clone(&clock));
        Self { server, clock, model }
    }

    async fn answer(&self, request: ModelRequest) -> Result<(ModelAnswer, Vec<String>), CallError> {
        let mut deltas = Vec::new();
        let seen = |event: &ModelEvent| {
            if let ModelEvent::Delta(text) = event {
                deltas.push(text.clone());
            }
        };
        let answer = collect(self.model.complete(request).await?, seen).await?;
        Ok((answer, deltas))
    }

    async fn failure(&self, request: ModelRequest) -> CallError {
        self.answer(request).await.expect_err("the call must fail")
    }

    fn waits(&self) -> Vec<u64> {
        self.clock.0.lock().unwrap().iter().map(|wait| u64::try_from(wait.as_millis()).unwrap()).collect()
    }
}

fn say(text: &str) -> ModelRequest {
    ModelRequest { messages: vec![message(Role::User, text)], ..ModelRequest::default() }
}

fn message(role: Role, text: &str) -> ModelMessage {
    ModelMessage { role, content: text.to_owned(), tool_calls: Vec::new(), tool_call_id: None }
}

fn weather() -> ModelTool {
    let parameters =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    ModelTool { name: "weather".to_owned(), description: "The weather of a city.".to_owned(), parameters }
}

fn number_schema() -> Value {
    json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"], "additionalProperties": false })
}

#[tokio::test]
async fn text_comes_as_deltas_and_then_whole_with_usage() {
    let bench = Bench::new().await;
    bench.server.push(Scripted::text("one two three").usage(12, 3));
    let (answer, deltas) = bench.answer(say("count")).await.unwrap();
    assert_eq!(deltas, ["one ", "two ", "three"]);
    assert_eq!(answer.content, "one two three");
    assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (12, 3));
    assert_eq!(answer.finish, Finish::Stop);
    assert_eq!(answer.model, "scripted-model");
    let request = &bench.server.requests()[0];
    assert_eq!(request.bearer(), Some(KEY));
    assert_eq!(request.model(), "tested");
    assert!(request.is_stream() && request.wants_usage());
}

#[tokio::test]
async fn requests_leave_as_model_requests() {
    let server = ModelServer::start().await.unwrap();
    server.push(Scripted::text("ok"));
    let outbound = server.outbound();
    let port: Arc<dyn Outbound> = Arc::<testkit::model_server::RouterOutbound>::clone(&outbound);
    let settings = OpenAiSettings::new(server.base_url().parse().unwrap(), "tested");
    let model = OpenAiModel::new(settings, port, Arc::new(RecordingClock::default()));
    collect(model.complete(say("hi")).await.unwrap(), |_| {}).await.unwrap();
    model.check().await.unwrap();
    assert_eq!(outbound.purposes(), [Purpose::Model, Purpose::Model]);
}

#[tokio::test]
async fn all_of_a_request_is_on_the_wire() {
    let bench = Bench::new().await;
    bench.server.push(Scripted::text("fine"));
    let call = ModelToolCall {
        id: "c1".to_owned(),
        name: "weather".to_owned(),
        arguments: "{\"city\":\"Oslo\"}".to_owned(),
    };
    let mut asked = message(Role::Assistant, "");
    asked.tool_calls.push(call);
    let mut result = message(Role::Tool, "rain");
    result.tool_call_id = Some("c1".to_owned());
    let request = ModelRequest {
        messages: vec![message(Role::System, "be brief"), message(Role::User, "weather?"), asked, result],
        tools: vec![weather()],
        tool_choice: ToolChoice::Named("weather".to_owned()),
        max_tokens: Some(64),
        temperature: Some(0.2),
        stop: vec!["END".to_owned()],
        ..ModelRequest::default()
    };
    bench.answer(request).await.unwrap();
    let body = &bench.server.requests()[0].body;
    assert_eq!(body["tool_choice"], json!({ "type": "function", "function": { "name": "weather" } }));
    assert_eq!(body["tools"][0]["function"]["name"], "weather");
    assert_eq!(body["max_tokens"], 64);
    assert_eq!(body["temperature"], json!(0.2));
    assert_eq!(body["stop"], json!(["END"]));
    assert_eq!(body["messages"][2]["tool_calls"][0]["function"]["arguments"], "{\"city\":\"Oslo\"}");
    assert_eq!(body["messages"][3]["tool_call_id"], "c1");
    assert!(body.get("response_format").is_none());
}

#[tokio::test]
async fn tool_calls_are_assembled_from_their_deltas() {
    let bench = Bench::new().await;
    bench.server.push(
        Scripted::tool("weather", json!({ "city": "Tromsø" })).and_tool("weather", json!({ "city": "Oslo" })),
    );
    let request =
        ModelRequest { tools: vec![weather()], tool_choice: ToolChoice::Required, ..say("weather?") };
    let (answer, _) = bench.answer(request).await.unwrap();
    assert_eq!(answer.finish, Finish::ToolCalls);
    let cities: Vec<Value> =
        answer.tool_calls.iter().map(|call| serde_json::from_str(&call.arguments).unwrap()).collect();
    assert_eq!(cities, [json!({ "city": "Tromsø" }), json!({ "city": "Oslo" })]);
    assert_ne!(answer.tool_calls[0].id, answer.tool_calls[1].id);
}

#[tokio::test]
async fn an_answer_that_fits_its_schema_is_given() {
    let bench = Bench::new().await;
    bench.server.push(Scripted::json(&json!({ "n": 4 })));
    let (answer, _) =
        bench.answer(ModelRequest { answer_schema: Some(number_schema()), ..say("n?") }).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&answer.content).unwrap(), json!({ "n": 4 }));
    let format = &bench.server.requests()[0].body["response_format"];
    assert_eq!(format["json_schema"]["strict"], true);
    assert_eq!(format["json_schema"]["schema"], number_schema());
}

#[tokio::test]
async fn an_answer_that_does_not_fit_its_schema_is_refused_with_the_reason() {
    let bench = Bench::new().await;
    let request = ModelRequest { answer_schema: Some(number_schema()), ..say("n?") };
    for (content, reason) in [("{\"n\":\"four\"}", "/n"), ("four", "not JSON")] {
        bench.server.push(Scripted::text(content));
        let error = bench.failure(request.clone()).await;
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Other, "schema"));
        assert!(error.message.contains(reason), "{}", error.message);
    }
    bench.server.push(Scripted::text("{\"n\":").finish("length"));
    assert!(bench.failure(request).await.message.contains("cut"));
}

#[tokio::test]
async fn tokens_that_a_provider_does_not_count_are_estimated() {
    let bench = Bench::new().await;
    bench.server.push(Scripted::text("ok").without_usage());
    let (answer, _) = bench.answer(say("hi")).await.unwrap();
    assert_eq!((answer.usage.input_tokens, answer.usage.output_tokens), (1, 1));
}

#[tokio::test]
async fn errors_are_typed_and_only_those_that_may_pass_are_tried_again() {
    let overflow = json!({ "error": { "message": "This model's maximum context length is 8 tokens", "code": "context_length_exceeded" } });
    let empty = json!({ "error": { "message": "You exceeded your quota", "code": "insufficient_quota" } });
    let cases = [
        (Scripted::status(400), ErrorKind::InvalidInput, "provider-400", 1),
        (Scripted::error(400, overflow), ErrorKind::TooLarge, "context-length", 1),
        (Scripted::status(401), ErrorKind::Permanent, "unauthorized", 1),
        (Scripted::status(403), ErrorKind::Permanent, "forbidden", 1),
        (Scripted::status(404), ErrorKind::NotFound, "model", 1),
        (
            Scripted::status(307).header("location", "http://127.0.0.1:1/"),
            ErrorKind::Permanent,
            "redirect",
            1,
        ),
        (Scripted::error(429, empty), ErrorKind::Permanent, "quota", 1),
        (Scripted::status(429), ErrorKind::Busy, "rate-limit", 4),
        (Scripted::status(500), ErrorKind::Unavailable, "provider-5xx", 4),
        (Scripted::status(503), ErrorKind::Unavailable, "provider-5xx", 4),
    ];
    for (answer, kind, code, sent) in cases {
        let bench = Bench::new().await;
        bench.server.when(|_| true, answer);
        let error = bench.failure(say("hi")).await;
        assert_eq!((error.kind, error.code.as_str()), (kind, code));
        assert_eq!(bench.server.requests().len(), sent, "{code}");
    }
}

#[tokio::test]
async fn a_failure_that_passes_is_not_seen() {
    let bench = Bench::new().await;
    bench
        .server
        .push(Scripted::status(429))
        .push(Scripted::status(502))
        .push(Scripted::text("cut").cut_after(0))
        .push(Scripted::text("done"));
    let (answer, deltas) = bench.answer(say("hi")).await.unwrap();
    assert_eq!((answer.content.as_str(), deltas.len()), ("done", 1));
    assert_eq!(bench.waits(), [250, 500, 1000]);
}

#[tokio::test]
async fn a_short_retry_after_is_waited_for_and_a_long_one_is_the_callers() {
    let bench = Bench::new().await;
    bench
        .server
        .push(Scripted::status(429).retry_after("1"))
        .push(Scripted::status(429).header("retry-after-ms", "1500"))
        .push(Scripted::text("ok"));
    bench.answer(say("hi")).await.unwrap();
    assert_eq!(bench.waits(), [1000, 1500]);
    let long = [
        (Scripted::status(429).retry_after("30"), 30_000),
        (Scripted::status(503).retry_after("Mon, 23 Feb 2026 15:30:20 GMT"), 20_000),
        (Scripted::status(429).header("retry-after-ms", "2001").retry_after("1"), 2001),
    ];
    for (answer, milliseconds) in long {
        let bench = Bench::new().await;
        bench.server.push(answer);
        let error = bench.failure(say("hi")).await;
        assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::Busy, Some(milliseconds)));
        assert!(bench.waits().is_empty());
    }
}

#[tokio::test]
async fn a_stream_that_breaks_after_a_delta_is_not_tried_again() {
    let bench = Bench::new().await;
    bench.server.push(Scripted::text("one two three").cut_after(2)).push(Scripted::text("never"));
    let mut stream = bench.model.complete(say("hi")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), ModelEvent::Delta("one ".to_owned()));
    assert_eq!(stream.next().await.unwrap().unwrap(), ModelEvent::Delta("two ".to_owned()));
    // Two bytes asked, eight answered, and nobody said how many tokens that was.
    let used = Usage { input_tokens: 1, output_tokens: 2 };
    assert_eq!(stream.next().await.unwrap().unwrap(), ModelEvent::Used(used));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Unavailable, "stream-cut"));
    assert!(stream.next().await.is_none());
    assert_eq!(bench.server.remaining(), 1);
}

#[tokio::test]
async fn deltas_come_while_the_answer_is_being_made() {
    let bench = Bench::new().await;
    let gate = Gate::new();
    bench.server.push(Scripted::text("one two").stepped(&gate));
    gate.release(1);
    let mut stream = bench.model.complete(say("hi")).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), ModelEvent::Delta("one ".to_owned()));
    assert!(futures_util::poll!(stream.next()).is_pending());
    gate.release(1);
    assert_eq!(stream.next().await.unwrap().unwrap(), ModelEvent::Delta("two".to_owned()));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_in_time_is_a_timeout() {
    let server = ModelServer::start().await.unwrap();
    let gate = Gate::new();
    server.push(Scripted::text("late").hang(&gate));
    let mut settings = OpenAiSettings::new(server.base_url().parse().unwrap(), "tested");
    settings.timeout = Duration::from_millis(30);
    let model = OpenAiModel::new(settings, server.outbound(), Arc::new(RecordingClock::default()));
    let error = model.complete(say("hi")).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_key_is_in_no_error() {
    let bench = Bench::new().await;
    let body = json!({ "error": { "message": format!("Incorrect API key provided: {KEY}") } });
    bench.server.push(Scripted::error(401, body));
    let error = bench.failure(say("hi")).await;
    assert!(error.message.contains("****") && !error.message.contains(KEY), "{}", error.message);
    assert!(!format!("{:?}", ApiKey::new(KEY)).contains(KEY));
}

#[tokio::test]
async fn an_error_inside_the_stream_is_an_error() {
    let router = canned::events("data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n");
    let settings = OpenAiSettings::new("http://127.0.0.1/v1".parse().unwrap(), "tested");
    let settings = OpenAiSettings { tries: 1, ..settings };
    let model = OpenAiModel::new(settings, router, Arc::new(RecordingClock::default()));
    let error = model.complete(say("hi")).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("overloaded"));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let body = json!({ "model": "m", "choices": [{ "message": { "role": "assistant", "content": "whole" }, "finish_reason": "stop" }], "usage": { "prompt_tokens": 3, "completion_tokens": 1 } });
    let router = canned::fixed("application/json", body.to_string());
    let settings = OpenAiSettings::new("http://127.0.0.1/v1".parse().unwrap(), "tested");
    let model = OpenAiModel::new(settings, router, Arc::new(RecordingClock::default()));
    let answer = collect(model.complete(say("hi")).await.unwrap(), |_| {}).await.unwrap();
    assert_eq!((answer.content.as_str(), answer.usage.input_tokens), ("whole", 3));
}

/// An outbound port with one fixed answer, in chunks of three bytes.
mod canned {
    use app::ports::outbound::{Outbound, OutboundRequest, OutboundResponse, Purpose};
    use domain::effect::CallError;
    use futures_util::StreamExt as _;
    use std::sync::Arc;

    pub(super) struct Fixed(&'static str, String);

    pub(super) fn events(text: &str) -> Arc<Fixed> {
        fixed("text/event-stream", text.to_owned())
    }

    pub(super) fn fixed(kind: &'static str, text: String) -> Arc<Fixed> {
        Arc::new(Fixed(kind, text))
    }

    #[async_trait::async_trait]
    impl Outbound for Fixed {
        async fn send(
            &self,
            _request: OutboundRequest,
            _purpose: Purpose,
        ) -> Result<OutboundResponse, CallError> {
            let chunks: Vec<_> =
                self.1.as_bytes().chunks(3).map(|chunk| Ok(bytes::Bytes::copy_from_slice(chunk))).collect();
            Ok(OutboundResponse {
                status: 200,
                headers: vec![("content-type".to_owned(), self.0.to_owned())],
                body: futures_util::stream::iter(chunks).boxed(),
            })
        }

        fn check_url(&self, url: &str, _purpose: Purpose) -> Result<url::Url, CallError> {
            Ok(url.parse().unwrap())
        }
    }
}
