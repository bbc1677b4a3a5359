//! Any server that speaks OpenAI's chat completions: OpenAI, Ollama, vLLM, llama.cpp, OpenRouter, and our own child process.
//!
//! Requests leave through the outbound port. Until the first delta was given, 429, 5xx and broken connections are tried again here;
//! later failures are the caller's to retry, since it has seen text.

mod assemble;
mod events;
mod failure;
mod request;
mod retry;
mod stream;

use crate::secret::ApiKey;
use app::ports::clock::Clock;
use app::ports::models::Model;
use app::ports::outbound::{Outbound, OutboundRequest, OutboundResponse, Purpose};
use bytes::Bytes;
use domain::effect::model::{ModelEvent, ModelRequest};
use domain::effect::{CallError, ErrorKind};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use std::sync::Arc;
use std::time::Duration;
use stream::Reading;
use url::Url;

/// An answer of 8 MiB is the most that the journal takes; a stream wraps each token in a few hundred bytes.
const LARGEST_BODY: u64 = 256 << 20;

/// Which field limits the tokens of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TokensField {
    /// `max_tokens`: what all servers know.
    #[default]
    MaxTokens,
    /// `max_completion_tokens`: what OpenAI's reasoning models ask for.
    MaxCompletionTokens,
}

/// What the configuration says of one provider and model.
#[derive(Debug, Clone)]
pub struct OpenAiSettings {
    /// Up to and with `/v1`.
    pub base_url: Url,
    /// The provider's name of the model.
    pub model: String,
    /// Sent as bearer token.
    pub api_key: Option<ApiKey>,
    /// Until the first event, and between two; comments of a stream are none.
    pub timeout: Duration,
    /// How often one request is sent at most.
    pub tries: u32,
    /// A wait that is longer than this is the caller's: it gets `busy` with the time to come again.
    pub longest_wait: Duration,
    /// Which field limits the answer.
    pub tokens_field: TokensField,
    /// Where a request has no limit of its own.
    pub max_tokens: Option<u32>,
    /// Makes sampling repeatable where the provider supports it.
    pub seed: Option<i64>,
}

impl OpenAiSettings {
    /// Usual values for a model at an address.
    #[must_use]
    pub fn new(base_url: Url, model: impl Into<String>) -> Self {
        Self {
            base_url,
            model: model.into(),
            api_key: None,
            timeout: Duration::from_secs(120),
            tries: 4,
            longest_wait: Duration::from_secs(2),
            tokens_field: TokensField::default(),
            max_tokens: None,
            seed: None,
        }
    }

    fn address(&self, path: &str) -> Result<Url, CallError> {
        let text = format!("{}/{path}", self.base_url.as_str().trim_end_matches('/'));
        Url::parse(&text).map_err(|error| {
            CallError::new(
                ErrorKind::Permanent,
                "base-url",
                format!("{text} is not a URL ({error}); correct the base URL"),
            )
        })
    }

    fn headers(&self, accept: &str) -> Vec<(String, String)> {
        let mut headers = vec![("accept".to_owned(), accept.to_owned())];
        if let Some(key) = &self.api_key {
            headers.push(("authorization".to_owned(), format!("Bearer {}", key.reveal())));
        }
        headers
    }

    /// A provider's own words, without the key that some repeat.
    fn clean(&self, text: &str) -> String {
        match &self.api_key {
            Some(key) => key.mask_in(text),
            None => text.to_owned(),
        }
    }
}

/// A model behind an OpenAI-compatible server.
pub struct OpenAiModel {
    outbound: Arc<dyn Outbound>,
    clock: Arc<dyn Clock>,
    settings: Arc<OpenAiSettings>,
}

impl OpenAiModel {
    /// Nothing is sent before the first request.
    #[must_use]
    pub fn new(settings: OpenAiSettings, outbound: Arc<dyn Outbound>, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, clock, settings: Arc::new(settings) }
    }

    async fn send(&self, method: &str, path: &str, body: Bytes) -> Result<OutboundResponse, CallError> {
        let mut headers = self.settings.headers(if method == "POST" {
            "text/event-stream, application/json"
        } else {
            "application/json"
        });
        if method == "POST" {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        let request = OutboundRequest {
            method: method.to_owned(),
            url: self.settings.address(path)?,
            headers,
            body,
            timeout: self.settings.timeout,
            limit: LARGEST_BODY,
            permission: None,
            credentials: Vec::new(),
        };
        let answer = self.outbound.send(request, Purpose::Model).await;
        answer.map_err(|error| CallError { message: self.settings.clean(&error.message), ..error })
    }

    /// One try: until the first delta, the whole answer, or a failure.
    async fn attempt(&self, body: Bytes, request: &Arc<ModelRequest>) -> Result<Reading, CallError> {
        let response = self.send("POST", "chat/completions", body).await?;
        if response.status != 200 {
            return Err(failure::of_response(response, &self.settings, self.clock.now()).await);
        }
        let mut reading = Reading::new(response, Arc::clone(request), Arc::clone(&self.settings));
        reading.begin().await?;
        Ok(reading)
    }
}

#[async_trait::async_trait]
impl Model for OpenAiModel {
    async fn complete(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        let body = Bytes::from(request::body(&request, &self.settings)?);
        let request = Arc::new(request);
        let mut tried = 0;
        loop {
            tried += 1;
            match self.attempt(body.clone(), &request).await {
                Ok(reading) => return Ok(reading.into_stream().boxed()),
                Err(error) => {
                    let wait = retry::wait(error, tried, &self.settings)?;
                    self.clock.sleep(wait).await;
                }
            }
        }
    }

    fn name(&self) -> String {
        self.settings.model.clone()
    }

    async fn check(&self) -> Result<(), CallError> {
        let response = self.send("GET", "models", Bytes::new()).await?;
        // A server without this route answers all the same.
        if matches!(response.status, 200..=299 | 404 | 405 | 501) {
            return Ok(());
        }
        Err(failure::of_response(response, &self.settings, self.clock.now()).await)
    }
}
