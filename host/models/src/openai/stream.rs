//! An answer that is being read.

use super::OpenAiSettings;
use super::assemble::{Assembly, Chunk};
use super::events::EventParser;
use super::failure;
use crate::schema;
use app::ports::outbound::OutboundResponse;
use bytes::Bytes;
use domain::effect::model::{Finish, ModelEvent, ModelRequest};
use domain::effect::{CallError, ErrorKind};
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, Stream};
use std::collections::VecDeque;
use std::sync::Arc;

/// The open response, what was read of it, and the events that are ready.
pub(super) struct Reading {
    body: BoxStream<'static, Result<Bytes, CallError>>,
    is_stream: bool,
    whole: Vec<u8>,
    parser: EventParser,
    assembly: Assembly,
    ready: VecDeque<ModelEvent>,
    ended: bool,
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
                    return None;
                }
                if let Err(error) = reading.read().await {
                    return Some((Err(error), None));
                }
            }
        })
    }

    /// One chunk of the body, or its end.
    async fn read(&mut self) -> Result<(), CallError> {
        match self.body.next().await {
            Some(Ok(bytes)) if self.is_stream => {
                self.parser
                    .feed(&bytes)
                    .map_err(|error| CallError::new(ErrorKind::TooLarge, "event", error.to_string()))?;
                self.take_events()
            }
            Some(Ok(bytes)) => {
                self.whole.extend_from_slice(&bytes);
                Ok(())
            }
            Some(Err(error)) => Err(self.broken(error)),
            None => self.end(),
        }
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
        if !text.is_empty() {
            self.ready.push_back(ModelEvent::Delta(text));
        }
        Ok(())
    }

    /// The whole answer, checked against the schema that it was asked to fit.
    fn conclude(&mut self) -> Result<(), CallError> {
        self.ended = true;
        if let Some(refusal) = self.assembly.refusal() {
            return Err(CallError::new(ErrorKind::Permanent, "refusal", self.settings.clean(&refusal)));
        }
        let (answer, counted) = std::mem::take(&mut self.assembly).answer(&self.settings.model);
        if !counted {
            tracing::warn!(model = %answer.model, "the provider did not say how many tokens it used; they count as 0");
        }
        if let Some(schema) = &self.request.answer_schema
            && answer.tool_calls.is_empty()
        {
            if answer.finish == Finish::Length {
                let message = format!(
                    "the answer was cut at {} tokens, so its JSON is not whole; allow more",
                    answer.usage.output_tokens
                );
                return Err(CallError::new(ErrorKind::Other, "schema", message));
            }
            schema::check(schema, &answer.content)?;
        }
        self.ready.push_back(ModelEvent::Answer(answer));
        Ok(())
    }
}
