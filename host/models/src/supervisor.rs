//! The embedded model as a child process: started when it is needed, restarted after a crash, stopped when it is idle.
//!
//! The child is the same binary (`skep model serve`), so a memory spike, a hang or a crash of the model never touches the host. It
//! prints [`ready_line`] when it listens, takes its bearer token from [`TOKEN_VARIABLE`], and ends when its stdin is closed, which a
//! killed host does too. Start reading at [`SupervisedModel`], then `child`.

mod child;

use app::ports::clock::{Clock, Entropy};
use app::ports::models::Model;
use app::ports::outbound::Outbound;
use child::Child;
use domain::effect::model::{ModelEvent, ModelRequest};
use domain::effect::{CallError, ErrorKind};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// The environment variable with the child's bearer token.
pub const TOKEN_VARIABLE: &str = "SKEP_MODEL_TOKEN";

/// Set for every child: see `embedded::THREADS_VARIABLE`, which needs the feature.
pub(crate) const MODEL_THREADS: (&str, &str) = ("CANDLE_NUM_THREADS", "1");

const READY: &str = "model listening on ";

/// Doubled with each crash in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What the child prints, as one line on its stdout, when it listens.
#[must_use]
pub fn ready_line(address: SocketAddr) -> String {
    format!("{READY}http://{address}")
}

/// The address in a line of the child.
fn parse_ready(line: &str) -> Option<SocketAddr> {
    line.trim().strip_prefix(READY)?.strip_prefix("http://")?.parse().ok()
}

/// For the child: answers when whoever started it closed its stdin or died.
pub async fn stdin_closed() {
    let (closed, answer) = tokio::sync::oneshot::channel();
    // A thread of its own: the runtime would wait at its end for a blocking read that never returns.
    let reading = std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
        let end = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        // Nobody waits any more when the receiver is gone.
        let _ = closed.send(end.is_ok());
    });
    if let Err(error) = reading {
        tracing::warn!(%error, "stdin is not watched, so this process may outlive its parent");
        std::future::pending::<()>().await;
    }
    // Either way stdin is at its end.
    let _ = answer.await;
}

/// How the child is started.
#[derive(Debug, Clone)]
pub struct SupervisorSettings {
    /// The binary.
    pub program: PathBuf,
    /// Its arguments: `model serve --model FILE --port 0`.
    pub arguments: Vec<OsString>,
    /// All variables that it has beside its token.
    pub environment: Vec<(OsString, OsString)>,
    /// The model's name.
    pub name: String,
    /// From start to the ready line; reading a large model from a slow disk takes its time.
    pub ready_within: Duration,
    /// Without a request for so long, the child is stopped and its memory given back.
    pub idle: Option<Duration>,
    /// Until the first token, and between two chunks: a long conversation is computed before the first token.
    pub timeout: Duration,
}

impl SupervisorSettings {
    /// Usual values: ready within 2 minutes, stopped after 10 idle minutes, 5 minutes of patience.
    #[must_use]
    pub fn new(program: PathBuf, arguments: Vec<OsString>, name: impl Into<String>) -> Self {
        Self {
            program,
            arguments,
            environment: vec![(MODEL_THREADS.0.into(), MODEL_THREADS.1.into())],
            name: name.into(),
            ready_within: Duration::from_secs(120),
            idle: Some(Duration::from_secs(600)),
            timeout: Duration::from_secs(300),
        }
    }
}

/// Makes an outbound port that may reach exactly this base URL, which is on loopback.
pub type Reach = Box<dyn Fn(&Url) -> Arc<dyn Outbound> + Send + Sync>;

#[derive(Default)]
struct State {
    child: Option<Child>,
    /// Crashes and failed starts in a row.
    failures: u32,
    /// On the clock's `elapsed`.
    not_before: Duration,
    last_failure: Option<CallError>,
}

struct Inner {
    settings: SupervisorSettings,
    reach: Reach,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    state: Mutex<State>,
    active: AtomicUsize,
    /// Milliseconds on the clock's `elapsed`.
    last_used: AtomicU64,
    starts: AtomicUsize,
}

/// A model in a child process; cheap to clone. The child is killed with the last clone.
#[derive(Clone)]
pub struct SupervisedModel {
    inner: Arc<Inner>,
}

impl SupervisedModel {
    /// Starts nothing yet: the first request does.
    #[must_use]
    pub fn new(
        settings: SupervisorSettings,
        reach: Reach,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let inner = Inner {
            settings,
            reach,
            clock,
            entropy,
            state: Mutex::default(),
            active: AtomicUsize::new(0),
            last_used: AtomicU64::new(0),
            starts: AtomicUsize::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// How often a child was started.
    #[must_use]
    pub fn starts(&self) -> usize {
        self.inner.starts.load(Ordering::Relaxed)
    }

    /// The child's process, while it runs.
    pub async fn process(&self) -> Option<u32> {
        let mut state = self.inner.state.lock().await;
        let child = state.child.as_mut()?;
        if child.is_alive() { child.process() } else { None }
    }

    /// Stop the child and give its memory back; the next request starts another.
    pub async fn stop(&self) {
        let child = self.inner.state.lock().await.child.take();
        if let Some(child) = child {
            child.end().await;
        }
    }
}

impl Inner {
    fn used(&self) {
        self.last_used.store(milliseconds(self.clock.elapsed()), Ordering::Relaxed);
    }

    /// The model of a child that runs; starts one if there is none.
    async fn running(self: &Arc<Self>) -> Result<Arc<dyn Model>, CallError> {
        let mut state = self.state.lock().await;
        if let Some(child) = &mut state.child {
            if child.is_alive() {
                return Ok(child.model());
            }
            let how = child.last_words();
            state.child = None;
            self.note_failure(
                &mut state,
                CallError::new(
                    ErrorKind::Unavailable,
                    "model-crashed",
                    format!("the embedded model's process ended: {how}"),
                ),
            );
        }
        let now = self.clock.elapsed();
        if state.not_before > now {
            let wait = state.not_before.saturating_sub(now);
            let failure = state.last_failure.clone();
            let failure = failure.unwrap_or_else(|| {
                CallError::new(ErrorKind::Unavailable, "model-crashed", "the embedded model's process ended")
            });
            return Err(CallError { kind: ErrorKind::Busy, ..failure }.retry_after(milliseconds(wait).max(1)));
        }
        self.starts.fetch_add(1, Ordering::Relaxed);
        match Child::start(&self.settings, &self.reach, &self.clock, self.entropy.as_ref()).await {
            Ok(child) => {
                let model = child.model();
                state.child = Some(child);
                drop(state);
                if let Some(idle) = self.settings.idle {
                    tokio::spawn(stop_when_idle(Arc::downgrade(self), idle));
                }
                Ok(model)
            }
            Err(error) => {
                self.note_failure(&mut state, error.clone());
                Err(error)
            }
        }
    }

    fn note_failure(&self, state: &mut State, error: CallError) {
        tracing::warn!(error = %error.message, failures = state.failures + 1, "the embedded model's process failed");
        let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(state.failures)).min(LONGEST_PAUSE);
        // The first crash costs no wait: most often one request was too much for it.
        let pause = if state.failures == 0 { Duration::ZERO } else { pause };
        state.failures += 1;
        state.not_before = self.clock.elapsed() + pause;
        state.last_failure = Some(error);
    }

    async fn has_crashed(&self) -> bool {
        let mut state = self.state.lock().await;
        state.child.as_mut().is_none_or(|child| !child.is_alive())
    }

    async fn succeeded(&self) {
        let mut state = self.state.lock().await;
        state.failures = 0;
        state.last_failure = None;
    }
}

/// Ends with its child, or with the supervisor.
async fn stop_when_idle(inner: Weak<Inner>, idle: Duration) {
    let mut wait = idle;
    loop {
        let Some(strong) = inner.upgrade() else { return };
        let clock = Arc::clone(&strong.clock);
        drop(strong);
        clock.sleep(wait).await;
        let Some(strong) = inner.upgrade() else { return };
        let mut state = strong.state.lock().await;
        if state.child.as_mut().is_none_or(|child| !child.is_alive()) {
            return;
        }
        let unused = strong
            .clock
            .elapsed()
            .saturating_sub(Duration::from_millis(strong.last_used.load(Ordering::Relaxed)));
        if strong.active.load(Ordering::Relaxed) == 0 && unused >= idle {
            let child = state.child.take();
            drop(state);
            if let Some(child) = child {
                tracing::info!(
                    "the embedded model was idle and is stopped; the next request starts it again"
                );
                child.end().await;
            }
            return;
        }
        wait = if unused >= idle { idle } else { idle - unused };
    }
}

/// Counts a request from its beginning to the end of its stream.
struct Use(Arc<Inner>);

impl Use {
    fn begin(inner: &Arc<Inner>) -> Self {
        inner.active.fetch_add(1, Ordering::Relaxed);
        inner.used();
        Self(Arc::clone(inner))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        self.0.used();
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait::async_trait]
impl Model for SupervisedModel {
    async fn complete(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<'static, Result<ModelEvent, CallError>>, CallError> {
        let using = Use::begin(&self.inner);
        let mut crashed_once = false;
        let stream = loop {
            let model = self.inner.running().await?;
            match model.complete(request.clone()).await {
                Ok(stream) => break stream,
                // Nothing was given yet: once more with a new process.
                Err(error)
                    if error.kind.is_retryable() && !crashed_once && self.inner.has_crashed().await =>
                {
                    crashed_once = true
                }
                Err(error) => return Err(error),
            }
        };
        self.inner.succeeded().await;
        Ok(stream
            .map(move |event| {
                // The stream owns the use, which ends with it.
                let _using = &using;
                event
            })
            .boxed())
    }

    fn name(&self) -> String {
        self.inner.settings.name.clone()
    }

    /// An idle model that is stopped is healthy: it starts when it is asked.
    async fn check(&self) -> Result<(), CallError> {
        // Whoever holds the lock is starting the child.
        let Ok(mut state) = self.inner.state.try_lock() else { return Ok(()) };
        if state.child.as_mut().is_some_and(Child::is_alive) {
            return Ok(());
        }
        state.last_failure.clone().map_or(Ok(()), Err)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_is_read_back() {
        let address = SocketAddr::from(([127, 0, 0, 1], 4711));
        assert_eq!(parse_ready(&format!("{}\n", ready_line(address))), Some(address));
        assert_eq!(parse_ready("listening"), None);
    }
}
