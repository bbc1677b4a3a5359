//! An answer that is being read.

use super::OpenAiSettings;
use super::assemble::{Assembly, Chunk};
use super::events::EventParser;
use super::failure;
use crate::schema;
use app::ports::outbound::OutboundResponse;
use bytes::Bytes;
use domain::effect::model::{Finish, ModelEvent, ModelRequest, Usage};
use domain::effect::{CallError, ErrorKind};
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, Stream};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// A whole answer as the JSON of a server that does not stream: most of it is the text, and escapes make it longer.
const LARGEST_WHOLE: usize = 4 * domain::journal::REPLY_LIMIT;

/// The open response, what was read of it, and the events that are ready.
pub(super) struct Reading {
    body: BoxStream<'static, Result<Bytes, CallError>>,
    is_stream: bool,
    whole: Vec<u8>,
    parser: EventParser,
    assembly: Assembly,
    ready: VecDeque<ModelEvent>,
    ended: bool,
    /// Why the answer that ended is none; given after everything that is ready.
    failed: Option<CallError>,
    /// Until then something must come, once we wait for it. Comments, with which servers keep a connection open, are nothing.
    patience: Option<Instant>,
    request: Arc<ModelRequest>,
    settings: Arc<OpenAiSettings>,
}

impl Reading {
    pub(super) fn new(
        response: OutboundResponse,
        request: Arc<ModelRequest>,
        settings: Arc<OpenAiSettings>,
    ) -> Self {
        let kind = response
            .headers
            .iter()
            .find(|(name, _)| name == "content-type")
            .map_or("", |(_, value)| value.as_str());
        Self {
            // Servers without streaming answer one JSON object.
            is_stream: !kind.starts_with("application/json"),
            body: response.body,
            whole: Vec::new(),
            parser: EventParser::default(),
            assembly: Assembly::default(),
            ready: VecDeque::new(),
            ended: false,
            failed: None,
            patience: None,
            request,
            settings,
        }
    }

    /// Read until there is something to give, so that a failure before it can be tried again.
    pub(super) async fn begin(&mut self) -> Result<(), CallError> {
        while self.ready.is_empty() && !self.ended {
            self.read().await?;
        }
        Ok(())
    }

    pub(super) fn into_stream(self) -> impl Stream<Item = Result<ModelEvent, CallError>> + Send {
        futures_util::stream::unfold(Some(self), |reading| async move {
            let mut reading = reading?;
            loop {
                if let Some(event) = reading.ready.pop_front() {
                    return Some((Ok(event), Some(reading)));
                }
                if reading.ended {
                    return reading.failed.take().map(|error| (Err(error), None));
                }
                if let Err(error) = reading.read().await {
                    reading.fail(error);
                }
            }
        })
    }

    /// The end of an answer that is none. Its tokens were used: as the provider counted them, or as far as we can tell.
    fn fail(&mut self, error: CallError) {
        let usage = self.assembly.usage();
        let usage = usage.unwrap_or_else(|| Usage::estimated(&self.request, self.assembly.size()));
        if self.assembly.size() > 0 || usage.output_tokens > 0 {
            self.ready.push_back(ModelEvent::Used(usage));
        }
        self.ended = true;
        self.failed = Some(error);
    }

    /// One chunk of the body, or its end.
    async fn read(&mut self) -> Result<(), CallError> {
        let timeout = self.settings.timeout;
        let patience = *self.patience.get_or_insert_with(|| Instant::now() + timeout);
        let chunk = timeout_at(patience, self.body.next()).await.map_err(|_| self.silent())?;
        match chunk {
            Some(Ok(bytes)) if self.is_stream => {
                self.parser
                    .feed(&bytes)
                    .map_err(|error| CallError::new(ErrorKind::TooLarge, "event", error.to_string()))?;
                self.take_events()?;
                // A body that always has something ready never lets the timer look.
                let late = self.patience.is_some_and(|patience| Instant::now() >= patience);
                if late { Err(self.silent()) } else { Ok(()) }
            }
            Some(Ok(bytes)) => {
                self.heard();
                self.whole.extend_from_slice(&bytes);
                if self.whole.len() > LARGEST_WHOLE { Err(too_long()) } else { Ok(()) }
            }
            Some(Err(error)) => Err(self.broken(error)),
            None => self.end(),
        }
    }

    fn heard(&mut self) {
        self.patience = None;
    }

    fn silent(&self) -> CallError {
        let message = format!(
            "{} sent nothing of its answer for {} ms",
            self.settings.model,
            self.settings.timeout.as_millis()
        );
        CallError::new(ErrorKind::Timeout, "stream-silent", message)
    }

    fn broken(&self, error: CallError) -> CallError {
        match error.kind {
            ErrorKind::TooLarge | ErrorKind::Timeout | ErrorKind::Cancelled => error,
            _ => CallError::new(
                ErrorKind::Unavailable,
                "stream-cut",
                format!("the answer broke off: {}", self.settings.clean(&error.message)),
            ),
        }
    }

    fn end(&mut self) -> Result<(), CallError> {
        if self.is_stream {
            self.parser.finish();
            self.take_events()?;
        } else {
            let whole = std::mem::take(&mut self.whole);
            self.take_chunk(&whole)?;
        }
        if !self.ended {
            if !self.assembly.is_finished() {
                return Err(CallError::new(
                    ErrorKind::Unavailable,
                    "stream-cut",
                    "the answer ended before the model was done",
                ));
            }
            self.conclude()?;
        }
        Ok(())
    }

    fn take_events(&mut self) -> Result<(), CallError> {
        while let Some(data) = self.parser.next() {
            if self.ended {
                break;
            }
            self.heard();
            if data.trim() == "[DONE]" {
                if !self.assembly.is_finished() {
                    return Err(CallError::new(
                        ErrorKind::Unavailable,
                        "stream-cut",
                        "the stream was done before the model was",
                    ));
                }
                self.conclude()?;
            } else {
                self.take_chunk(data.as_bytes())?;
            }
        }
        Ok(())
    }

    fn take_chunk(&mut self, data: &[u8]) -> Result<(), CallError> {
        let chunk: Chunk = serde_json::from_slice(data).map_err(|error| {
            let shown = domain::effect::bounded(self.settings.clean(&String::from_utf8_lossy(data)), 200);
            CallError::new(
                ErrorKind::Unavailable,
                "not-a-completion",
                format!("the provider sent no chat completion ({error}): {shown}"),
            )
        })?;
        if let Some(error) = chunk.error.as_ref().filter(|error| !error.is_null()) {
            return Err(failure::of_event(error, &self.settings));
        }
        let text = self.assembly.add(chunk);
        if self.assembly.size() > domain::journal::REPLY_LIMIT {
            return Err(too_long());
        }
        if !text.is_empty() {
            self.ready.push_back(ModelEvent::Delta(text));
        }
        Ok(())
    }

    /// The whole answer, checked against the schema that it was asked to fit.
    fn conclude(&mut self) -> Result<(), CallError> {
        self.ended = true;
        if let Some(refusal) = self.assembly.refusal() {
            let text = self.settings.clean(&refusal);
            self.fail(CallError::new(ErrorKind::Permanent, "refusal", text));
            return Ok(());
        }
        let estimated = Usage::estimated(&self.request, self.assembly.size());
        let (mut answer, counted) = std::mem::take(&mut self.assembly).answer(&self.settings.model);
        if !counted {
            tracing::warn!(model = %answer.model, "the provider did not say how many tokens it used; they are estimated");
            answer.usage = estimated;
        }
        if let Some(schema) = &self.request.answer_schema
            && answer.tool_calls.is_empty()
        {
            let misses = if answer.finish == Finish::Length {
                let message = format!(
                    "the answer was cut at {} tokens, so its JSON is not whole; allow more",
                    answer.usage.output_tokens
                );
                Err(CallError::new(ErrorKind::Other, "schema", message))
            } else {
                schema::check(schema, &answer.content)
            };
            if let Err(error) = misses {
                self.ready.push_back(ModelEvent::Used(answer.usage));
                self.failed = Some(error);
                return Ok(());
            }
        }
        self.ready.push_back(ModelEvent::Answer(answer));
        Ok(())
    }
}

fn too_long() -> CallError {
    let limit = domain::journal::REPLY_LIMIT >> 20;
    CallError::new(
        ErrorKind::TooLarge,
        "answer",
        format!("the model's answer is longer than {limit} MiB; ask for less or set max_tokens"),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::time::Duration;

    fn reading(kind: &str, timeout: u64, body: impl Stream<Item = String> + Send + 'static) -> Reading {
        let settings = OpenAiSettings::new("http://127.0.0.1/v1".parse().unwrap(), "tested");
        let settings = OpenAiSettings { timeout: Duration::from_millis(timeout), ..settings };
        let response = OutboundResponse {
            status: 200,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.map(|text| Ok(Bytes::from(text))).boxed(),
        };
        Reading::new(response, Arc::default(), Arc::new(settings))
    }

    #[tokio::test]
    async fn a_server_that_sends_comments_for_ever_is_given_up() {
        let comments = || futures_util::stream::repeat(": still here\n\n".to_owned());
        let error = reading("text/event-stream", 50, comments()).begin().await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Timeout, "stream-silent"));
        // Also slowly, and after a first event.
        let delta = r#"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}"#;
        let slowly = comments().then(|comment| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            comment
        });
        let body = futures_util::stream::iter([format!("{delta}\n\n")]).chain(slowly);
        let mut reading = reading("text/event-stream", 50, body);
        reading.begin().await.unwrap();
        let events: Vec<_> = reading.into_stream().collect().await;
        assert!(matches!(&events[0], Ok(ModelEvent::Delta(text)) if text == "a"), "{events:?}");
        // One byte of an answer was one token.
        assert_eq!(events[1], Ok(ModelEvent::Used(Usage { input_tokens: 0, output_tokens: 1 })));
        assert_eq!(events[2].as_ref().unwrap_err().kind, ErrorKind::Timeout);
        assert_eq!(events.len(), 3);
    }

    #[tokio::test]
    async fn an_answer_longer_than_the_journal_takes_ends_while_it_comes() {
        let part = "x".repeat(1 << 20);
        let deltas = [
            format!(r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{part}"}}}}]}}"#),
            format!(r#"data: {{"choices":[{{"index":0,"delta":{{"refusal":"{part}"}}}}]}}"#),
            format!(
                r#"data: {{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"function":{{"name":"a","arguments":"{part}"}}}}]}}}}]}}"#
            ),
        ];
        for delta in deltas {
            let event = format!("{delta}\n\n");
            // No end: what is held must not depend on the server's.
            let body = futures_util::stream::repeat(event);
            let mut reading = reading("text/event-stream", 60_000, body);
            let failure = loop {
                if let Err(error) = reading.read().await {
                    break error;
                }
                reading.ready.clear();
            };
            assert_eq!((failure.kind, failure.code.as_str()), (ErrorKind::TooLarge, "answer"));
        }
        let whole = futures_util::stream::repeat(part);
        let error = reading("application/json", 60_000, whole).begin().await.unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (ErrorKind::TooLarge, "answer"));
    }
}
