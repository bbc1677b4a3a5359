//! One request after the other on one thread.

use super::cache::{PrefixCache, Sequence};
use super::chat::{CALL, Chat};
use super::decoder::Decoder;
use super::failure::{LoadFailure, RunFailure, unsupported};
use super::grammar::Grammars;
use super::network::Network;
use super::sampler::Sampler;
use super::vocabulary::Vocabulary;
use super::{Counters, EmbeddedSettings, call, weights};
use candle_core::Tensor;
use candle_core::quantized::gguf_file::Content;
use domain::effect::model::{Finish, ModelAnswer, ModelEvent, ModelRequest, ModelTool, ToolChoice, Usage};
use domain::effect::{CallError, ErrorKind};
use llguidance::Matcher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::mpsc;

/// Tokens of a conversation that are computed at once; between two such steps a cancelled request ends.
const STEP: usize = 128;

/// A request and where its answer goes. The receiver is dropped when the answer is not wanted any more.
pub(super) struct Job {
    pub(super) request: ModelRequest,
    pub(super) events: mpsc::UnboundedSender<Result<ModelEvent, CallError>>,
}

/// All that the thread owns.
pub(super) struct Engine {
    network: Network,
    vocabulary: Arc<Vocabulary>,
    chat: Chat,
    grammars: Grammars,
    cache: PrefixCache,
    settings: EmbeddedSettings,
    window: usize,
    counters: Arc<Counters>,
    requests: u64,
}

/// An answer that is being written.
struct Writing {
    decoder: Decoder,
    matcher: Option<Matcher>,
    sampler: Sampler,
    /// Tokens of the answer.
    tokens: Vec<u32>,
    /// Those at its end that the network has not seen.
    unseen: usize,
    limit: usize,
}

impl Engine {
    pub(super) fn load(
        settings: &EmbeddedSettings,
        threads: usize,
        counters: Arc<Counters>,
    ) -> Result<Self, LoadFailure> {
        let content = Content::read(&mut weights::open(&settings.file)?)?;
        let vocabulary = Vocabulary::load(&content)?;
        let weights = weights::load(&settings.file, &content, threads)?;
        let shape = weights.shape;
        let window = settings.window.min(shape.window);
        Ok(Self {
            network: Network::new(weights, window)?,
            grammars: Grammars::new(&vocabulary).map_err(unsupported)?,
            vocabulary,
            chat: Chat::new().map_err(unsupported)?,
            cache: PrefixCache::new(shape, settings.cache_bytes),
            settings: settings.clone(),
            window,
            counters,
            requests: 0,
        })
    }

    /// Until no one can send requests any more.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        while let Some(job) = queue.blocking_recv() {
            if job.events.is_closed() {
                continue;
            }
            let answered = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.answer(&job)));
            let last = match answered {
                Ok(Ok(answer)) => Ok(ModelEvent::Answer(answer)),
                Ok(Err(failure)) => match failure.call_error() {
                    Some(error) => Err(error),
                    None => continue,
                },
                // A defect of the arithmetic or of the grammar engine: the sequence was dropped with it, all else is as before.
                Err(_) => Err(CallError::new(
                    ErrorKind::Other,
                    "model-failure",
                    "the embedded model failed on this request; its log says where",
                )),
            };
            // A receiver that has gone away meanwhile misses nothing.
            drop(job.events.send(last));
        }
    }

    fn answer(&mut self, job: &Job) -> Result<ModelAnswer, RunFailure> {
        let request = &job.request;
        let tools = offered(request)?;
        let matcher = self.matcher(request, &tools)?;
        let prompt = self.vocabulary.encode(&self.chat.render(request, &self.vocabulary)?);
        if prompt.len() >= self.window {
            let message = format!(
                "the conversation has {} tokens, the embedded model takes {}; shorten it or configure a larger model",
                prompt.len(),
                self.window - 1
            );
            return Err(CallError::new(ErrorKind::TooLarge, "context-length", message).into());
        }
        let wanted = request.max_tokens.map_or(self.settings.max_tokens, |tokens| tokens as usize).max(1);
        let limit = wanted.min(self.window - prompt.len());
        self.requests += 1;
        let free_calls = !tools.is_empty() && matcher.is_none();
        let mut writing = Writing {
            decoder: Decoder::new(&request.stop, !tools.is_empty()),
            matcher,
            sampler: Sampler::new(request.temperature.unwrap_or(0.0), self.settings.seed ^ self.requests),
            tokens: Vec::new(),
            unseen: 0,
            limit,
        };
        let mut sequence = self.cache.take(&prompt, prompt.len() + limit.min(STEP))?;
        add(&self.counters.cached_tokens, sequence.tokens.len());
        let result =
            self.compute(job, &prompt, &mut sequence, &mut writing, if free_calls { &tools } else { &[] });
        // Whatever happened, what was computed is worth remembering.
        self.cache.put(sequence);
        let finish = result?;
        let calls = if tools.is_empty() {
            Vec::new()
        } else {
            call::find(writing.decoder.text(), request.tools.as_slice())
        };
        let usage = Usage { input_tokens: prompt.len() as u64, output_tokens: writing.tokens.len() as u64 };
        add(&self.counters.answer_tokens, writing.tokens.len());
        let model = self.settings.name.clone();
        if !calls.is_empty() {
            return Ok(ModelAnswer {
                content: String::new(),
                tool_calls: calls,
                finish: Finish::ToolCalls,
                usage,
                model,
            });
        }
        if let Some(delta) = writing.decoder.flush() {
            give(job, delta)?;
        }
        Ok(ModelAnswer {
            content: writing.decoder.text().to_owned(),
            tool_calls: Vec::new(),
            finish,
            usage,
            model,
        })
    }

    fn matcher(&self, request: &ModelRequest, tools: &[&ModelTool]) -> Result<Option<Matcher>, CallError> {
        let must_call = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Named(_));
        match &request.answer_schema {
            _ if must_call => self.grammars.call(tools).map(Some),
            Some(schema) if tools.is_empty() => self.grammars.answer(schema).map(Some),
            Some(schema) => self.grammars.call_or_answer(tools, schema).map(Some),
            None => Ok(None),
        }
    }

    fn compute(
        &self,
        job: &Job,
        prompt: &[u32],
        sequence: &mut Sequence,
        writing: &mut Writing,
        free_calls: &[&ModelTool],
    ) -> Result<Finish, RunFailure> {
        let started = Instant::now();
        let new = prompt.get(sequence.tokens.len()..).unwrap_or_default();
        let mut hidden = self.feed(job, sequence, new)?;
        add(&self.counters.prompt_tokens, new.len());
        add(&self.counters.prompt_micros, micros(started));
        let started = Instant::now();
        let finish = self.write(job, &mut hidden, sequence, writing, free_calls);
        add(&self.counters.answer_micros, micros(started));
        finish
    }

    /// Let the network see tokens, in steps.
    fn feed(&self, job: &Job, sequence: &mut Sequence, tokens: &[u32]) -> Result<Option<Tensor>, RunFailure> {
        let mut hidden = None;
        for step in tokens.chunks(STEP) {
            if job.events.is_closed() {
                return Err(RunFailure::Abandoned);
            }
            hidden = Some(self.network.advance(&mut sequence.memory, step)?);
            sequence.tokens.extend_from_slice(step);
        }
        Ok(hidden)
    }

    fn write(
        &self,
        job: &Job,
        hidden: &mut Option<Tensor>,
        sequence: &mut Sequence,
        writing: &mut Writing,
        free_calls: &[&ModelTool],
    ) -> Result<Finish, RunFailure> {
        loop {
            if writing.decoder.is_stopped() || writing.matcher.as_ref().is_some_and(Matcher::is_stopped) {
                return Ok(Finish::Stop);
            }
            if writing.tokens.len() >= writing.limit {
                return Ok(Finish::Length);
            }
            if self.take_forced(job, writing)? {
                continue;
            }
            let mask = match &mut writing.matcher {
                Some(matcher) => Some(matcher.compute_mask_or_eos().map_err(grammar_failure)?),
                None => None,
            };
            if writing.unseen > 0 {
                let unseen = writing.tokens.split_at(writing.tokens.len() - writing.unseen).1;
                *hidden = self.feed(job, sequence, unseen)?;
                writing.unseen = 0;
            }
            let Some(last) = hidden.as_ref() else { return Ok(Finish::Stop) };
            let mut logits = self.network.logits(last)?;
            logits.truncate(self.vocabulary.size());
            let Some(token) = writing.sampler.choose(&mut logits, mask.as_ref()) else {
                return Ok(Finish::Stop);
            };
            if self.vocabulary.is_end(token) {
                return Ok(Finish::Stop);
            }
            if let Some(matcher) = &mut writing.matcher {
                matcher.consume_token(token).map_err(grammar_failure)?;
            }
            self.take(job, writing, token)?;
            if writing.matcher.is_none() && !free_calls.is_empty() {
                self.begin_call(writing, free_calls)?;
            }
        }
    }

    /// Tokens that the grammar leaves no choice of are written without asking the network.
    fn take_forced(&self, job: &Job, writing: &mut Writing) -> Result<bool, RunFailure> {
        let Some(matcher) = &mut writing.matcher else { return Ok(false) };
        let mut forced = matcher.compute_ff_tokens();
        forced.truncate(writing.limit - writing.tokens.len());
        if forced.is_empty() || forced.iter().any(|token| self.vocabulary.is_control(*token)) {
            return Ok(false);
        }
        matcher.consume_tokens(&forced).map_err(grammar_failure)?;
        add(&self.counters.forced_tokens, forced.len());
        for token in forced {
            self.take(job, writing, token)?;
        }
        Ok(true)
    }

    fn take(&self, job: &Job, writing: &mut Writing, token: u32) -> Result<(), RunFailure> {
        let bytes = self.vocabulary.bytes(token);
        writing.sampler.remember(token);
        writing.tokens.push(token);
        writing.unseen += 1;
        match writing.decoder.push(bytes) {
            Some(delta) => give(job, delta),
            None if job.events.is_closed() => Err(RunFailure::Abandoned),
            None => Ok(()),
        }
    }

    /// From the moment that an answer begins like a call, it can only become a call that fits.
    fn begin_call(&self, writing: &mut Writing, tools: &[&ModelTool]) -> Result<(), RunFailure> {
        if writing.decoder.text().len() <= CALL.len() + 8 && writing.decoder.text().starts_with(CALL) {
            let mut matcher = self.grammars.call(tools)?;
            if matcher
                .try_consume_tokens(&writing.tokens)
                .is_ok_and(|consumed| consumed == writing.tokens.len())
            {
                writing.matcher = Some(matcher);
            }
        }
        Ok(())
    }
}

/// The tools that may be called.
fn offered(request: &ModelRequest) -> Result<Vec<&ModelTool>, CallError> {
    let invalid = |message: String| CallError::new(ErrorKind::InvalidInput, "tool-choice", message);
    match &request.tool_choice {
        ToolChoice::None => Ok(Vec::new()),
        ToolChoice::Auto => Ok(request.tools.iter().collect()),
        ToolChoice::Required if request.tools.is_empty() => {
            Err(invalid("a tool must be called, but none is offered".to_owned()))
        }
        ToolChoice::Required => Ok(request.tools.iter().collect()),
        ToolChoice::Named(name) => match request.tools.iter().find(|tool| tool.name == *name) {
            Some(tool) => Ok(vec![tool]),
            None => Err(invalid(format!("the tool {name} must be called, but it is not offered"))),
        },
    }
}

fn give(job: &Job, delta: String) -> Result<(), RunFailure> {
    job.events.send(Ok(ModelEvent::Delta(delta))).map_err(|_| RunFailure::Abandoned)
}

fn grammar_failure(error: impl std::fmt::Display) -> RunFailure {
    CallError::new(
        ErrorKind::Other,
        "grammar",
        format!("the answer could not be held to its schema: {error}"),
    )
    .into()
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(count as u64, Ordering::Relaxed);
}

fn micros(since: Instant) -> usize {
    usize::try_from(since.elapsed().as_micros()).unwrap_or(usize::MAX)
}
