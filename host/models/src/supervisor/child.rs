//! One child process.

use super::{Reach, SupervisorSettings, TOKEN_VARIABLE, parse_ready};
use crate::openai::{OpenAiModel, OpenAiSettings};
use crate::secret::ApiKey;
use app::ports::clock::{Clock, Entropy};
use app::ports::models::Model;
use domain::effect::{CallError, ErrorKind};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use url::Url;

/// After its stdin was closed a child has so long to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// A process that listens. It is killed when this value is dropped.
pub(super) struct Child {
    process: tokio::process::Child,
    /// The child lives as long as this is open.
    stdin: ChildStdin,
    model: Arc<dyn Model>,
    last_words: LastWords,
    clock: Arc<dyn Clock>,
}

/// The last line of the child's stderr.
type LastWords = Arc<Mutex<String>>;

fn failed(what: impl Into<String>) -> CallError {
    CallError::new(ErrorKind::Unavailable, "model-start", what)
}

impl Child {
    /// Answers when the child listens.
    pub(super) async fn start(
        settings: &SupervisorSettings,
        reach: &Reach,
        clock: &Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self, CallError> {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let token = data_encoding::HEXLOWER.encode(&secret);
        let mut process = Command::new(&settings.program)
            .args(&settings.arguments)
            // It reads foreign files: keys and passwords of this process's environment are not for it.
            .env_clear()
            .env(TOKEN_VARIABLE, &token)
            .envs(settings.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(format!("{} cannot be started: {error}", settings.program.display())))?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (process.stdin.take(), process.stdout.take(), process.stderr.take())
        else {
            return Err(failed("the embedded model's process has no pipes"));
        };
        let last_words = LastWords::default();
        let hearing = tokio::spawn(listen(BufReader::new(stderr).lines(), Arc::clone(&last_words)));
        let mut lines = BufReader::new(stdout).lines();
        let address = tokio::select! {
            address = find_address(&mut lines) => address,
            () = clock.sleep(settings.ready_within) => {
                return Err(failed(format!("the embedded model did not start within {} s", settings.ready_within.as_secs())));
            }
        };
        let Some(address) = address else {
            // Its stdout is closed: it has ended, is about to, or never will.
            let status = tokio::select! {
                status = process.wait() => status.map_or_else(|error| error.to_string(), |status| status.to_string()),
                () = clock.sleep(GRACE) => {
                    process.start_kill().ok();
                    "it closed its output and is killed".to_owned()
                }
            };
            // What it said last is the reason; a process of its own may hold the pipe open.
            tokio::select! {
                _ = hearing => {}
                () = clock.sleep(GRACE) => {}
            }
            return Err(failed(format!(
                "the embedded model's process ended while it was starting ({status}): {}",
                read(&last_words)
            )));
        };
        tokio::spawn(listen(lines, LastWords::default()));
        let base_url =
            Url::parse(&format!("http://{address}/v1")).map_err(|error| failed(error.to_string()))?;
        let outbound = reach(&base_url);
        let settings = OpenAiSettings {
            api_key: Some(ApiKey::new(&token)),
            timeout: settings.timeout,
            // Whether the child has died is found out here, not by asking a dead port again.
            tries: 1,
            ..OpenAiSettings::new(base_url, &settings.name)
        };
        let model = Arc::new(OpenAiModel::new(settings, outbound, Arc::clone(clock)));
        Ok(Self { process, stdin, model, last_words, clock: Arc::clone(clock) })
    }

    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    pub(super) fn process(&self) -> Option<u32> {
        self.process.id()
    }

    pub(super) fn model(&self) -> Arc<dyn Model> {
        Arc::clone(&self.model)
    }

    /// How it ended and what it said last.
    pub(super) fn last_words(&mut self) -> String {
        let status = self
            .process
            .try_wait()
            .ok()
            .flatten()
            .map_or_else(|| "it is still there".to_owned(), |status| status.to_string());
        format!("{status}; {}", read(&self.last_words))
    }

    /// Close its stdin, which ends it; kill it when that is not enough.
    pub(super) async fn end(self) {
        let Self { mut process, stdin, clock, .. } = self;
        drop(stdin);
        tokio::select! {
            _ = process.wait() => {}
            () = clock.sleep(GRACE) => {
                if let Err(error) = process.kill().await {
                    tracing::warn!(%error, "the embedded model's process cannot be killed");
                }
            }
        }
    }
}

fn read(words: &LastWords) -> String {
    let words = words.lock().unwrap_or_else(PoisonError::into_inner);
    if words.is_empty() { "it said nothing".to_owned() } else { format!("it said: {words}") }
}

async fn find_address(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<std::net::SocketAddr> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = parse_ready(&line) {
            return Some(address);
        }
    }
    None
}

/// Into our log, so that the child never waits for a full pipe.
async fn listen(mut lines: Lines<BufReader<impl AsyncRead + Unpin>>, last_words: LastWords) {
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::debug!(target: "skep::model", "{line}");
        if !line.trim().is_empty() {
            *last_words.lock().unwrap_or_else(PoisonError::into_inner) = domain::effect::bounded(line, 500);
        }
    }
}
