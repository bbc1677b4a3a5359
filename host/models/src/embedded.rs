//! A small model inside this process: a GGUF file, candle's arithmetic, JSON-schema constrained decoding, a cache of prefixes.
//!
//! Meant for a child process (see `supervisor`): a memory spike, a hang or a crash of it must not touch the host. One sequence at a
//! time, on a thread of its own; other requests wait in a bounded queue. Start reading at [`EmbeddedModel`], then `engine`, then
//! `network` (the forward pass).

mod attention;
mod cache;
mod call;
mod chat;
mod decoder;
mod engine;
mod failure;
mod grammar;
mod linear;
mod network;
mod sampler;
mod vocabulary;
mod weights;

pub use failure::LoadFailure;

use app::ports::models::Model;
use domain::effect::model::{ModelEvent, ModelRequest};
use domain::effect::{CallError, ErrorKind};
use engine::{Engine, Job};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// candle's own threads wait for each other in a busy loop, several hundred times a token: beside anything else that computes, that is
/// many times slower than one thread. With this variable at `1`, which candle reads once, it uses none, and this crate shares the work
/// out instead. Set it for the process that runs the model.
pub const THREADS_VARIABLE: (&str, &str) = crate::supervisor::MODEL_THREADS;

/// Between which each matrix is shared out.
fn threads() -> usize {
    let (variable, value) = THREADS_VARIABLE;
    if std::env::var(variable).is_ok_and(|set| set == value) {
        std::thread::available_parallelism().map_or(1, usize::from)
    } else {
        1
    }
}

/// How the model runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedSettings {
    /// A GGUF file of architecture `qwen2` or `llama`.
    pub file: PathBuf,
    /// Its name in answers.
    pub name: String,
    /// Tokens of a conversation with its answer; never more than the model was trained for.
    pub window: usize,
    /// Tokens of an answer where the request does not say.
    pub max_tokens: usize,
    /// Requests that wait; one more is `busy`.
    pub queue: usize,
    /// Bytes of remembered prefixes.
    pub cache_bytes: usize,
    /// Where sampling starts, for requests with a temperature.
    pub seed: u64,
}

impl EmbeddedSettings {
    /// Usual values for a file: 16,384 tokens of window, 512 MiB of prefixes.
    #[must_use]
    pub fn new(file: PathBuf) -> Self {
        let name = file
            .file_stem()
            .map_or_else(|| "embedded".to_owned(), |stem| stem.to_string_lossy().into_owned());
        Self {
            file,
            name,
            window: 16_384,
            max_tokens: 1_024,
            queue: 64,
            cache_bytes: 512 << 20,
            seed: 0x5eed,
        }
    }
}

/// What the model has done since it was loaded.
#[derive(Debug, Default)]
pub struct Counters {
    /// Tokens of conversations that had to be computed.
    pub prompt_tokens: AtomicU64,
    /// Tokens of conversations that were remembered.
    pub cached_tokens: AtomicU64,
    /// Tokens of answers.
    pub answer_tokens: AtomicU64,
    /// Tokens of answers that the grammar left no choice of.
    pub forced_tokens: AtomicU64,
    /// Microseconds spent on conversations.
    pub prompt_micros: AtomicU64,
    /// Microseconds spent on answers.
    pub answer_micros: AtomicU64,
}

/// The model; cheap to clone. It ends with its last clone.
#[derive(Clone)]
pub struct EmbeddedModel {
    jobs: mpsc::Sender<Job>,
    name: String,
    counters: Arc<Counters>,
}

impl EmbeddedModel {
    /// Read the file, which takes some seconds, and start the thread.
    ///
    /// # Errors
    /// The file cannot be read, or is no model of a known architecture.
    pub async fn load(settings: EmbeddedSettings) -> Result<Self, LoadFailure> {
        let name = settings.name.clone();
        let counters = Arc::new(Counters::default());
        let (jobs, queue) = mpsc::channel(settings.queue.max(1));
        let (loaded, answer) = tokio::sync::oneshot::channel();
        let engine_counters = Arc::clone(&counters);
        let threads = threads();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("embedded-{index}"))
            .build()
            .map_err(|error| LoadFailure::Thread(std::io::Error::other(error)))?;
        // The engine is one of the pool's threads: handing work to the others is cheap from there.
        let engine = move || match Engine::load(&settings, threads, engine_counters) {
            Ok(engine) => {
                if loaded.send(Ok(())).is_ok() {
                    engine.run(queue);
                }
            }
            // Nobody waits any more when the receiver is gone.
            Err(failure) => drop(loaded.send(Err(failure))),
        };
        std::thread::Builder::new()
            .name("embedded-model".to_owned())
            .spawn(move || pool.install(engine))
            .map_err(LoadFailure::Thread)?;
        answer.await.unwrap_or(Err(LoadFailure::Stopped))?;
        Ok(Self { jobs, name, counters })
    }

    /// Answers once the model's thread has ended, which without the last clone being dropped is a failure: whoever serves the model
    /// should end then and be started anew.
    pub async fn stopped(&self) {
        self.jobs.closed().await;
    }

    /// What it has done so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Mean tokens per second of conversations and of answers so far.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rates(&self) -> (f64, f64) {
        let rate = |tokens: &AtomicU64, micros: &AtomicU64| {
            let micros = micros.load(Ordering::Relaxed);
            if micros == 0 { 0.0 } else { tokens.load(Ordering::Relaxed) as f64 * 1e6 / micros as f64 }
        };
        let counters = &self.counters;
        (
            rate(&counters.prompt_tokens, &counters.prompt_micros),
            rate(&counters.answer_tokens, &counters.answer_micros),
        )
    }
}

#[async_trait::async_trait]
impl Model for EmbeddedModel {
    async fn complete(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        let (events, stream) = mpsc::unbounded_channel();
        self.jobs.try_send(Job { request, events }).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => CallError::new(
                ErrorKind::Busy,
                "queue-full",
                "the embedded model has a full queue; come again later",
            )
            .retry_after(5_000),
            mpsc::error::TrySendError::Closed(_) => CallError::new(
                ErrorKind::Unavailable,
                "stopped",
                "the embedded model has stopped; restart it",
            ),
        })?;
        Ok(tokio_stream::wrappers::UnboundedReceiverStream::new(stream).boxed())
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn check(&self) -> Result<(), CallError> {
        if self.jobs.is_closed() {
            return Err(CallError::new(
                ErrorKind::Unavailable,
                "stopped",
                "the embedded model has stopped; restart it",
            ));
        }
        Ok(())
    }
}
