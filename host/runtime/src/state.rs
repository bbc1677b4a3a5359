//! What a store holds for one call: counters, randomness, and how the call was ended if the host ended it.

use crate::limits::Meter;
use crate::scope::Scope;
use crate::wasi::Wasi;
use app::ports::components::Determinism;
use app::ports::host_calls::{Answer, HostCalls};
use domain::component::{CallEnd, CallFailure, LimitKind, Limits, Stop};
use domain::effect::{Call, CallError, Reply};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::sync::Arc;

/// The host ended the call; [`State::ended`] says how. The guest sees nothing of it: its instance is dropped.
#[derive(Debug, thiserror::Error)]
#[error("the host ended the call")]
pub(crate) struct Ended;

/// The data of a store.
pub(crate) struct State {
    /// Clock, log and host of this call.
    pub(crate) scope: Arc<Scope>,
    /// Counts memory, tables and instances.
    pub(crate) meter: Meter,
    /// Made at the first use, like the WASI state: a call that asks for nothing should not carry it around.
    random: Option<Box<ChaCha20Rng>>,
    seed: [u8; 32],
    /// Set when the host ended the call.
    pub(crate) ended: Option<CallEnd>,
    /// Made at the first WASI call.
    pub(crate) wasi: Option<Box<Wasi>>,
    limits: Limits,
    host_calls: u32,
    host_call_bytes: u64,
    reports: u32,
}

/// Progress reports of one call that are passed on: ten for each percent.
const REPORTS_LIMIT: u32 = 1000;

impl State {
    /// The state of a new call.
    pub(crate) fn new(host: Arc<dyn HostCalls>, limits: Limits, determinism: Determinism) -> Self {
        Self {
            scope: Arc::new(Scope::new(host, determinism.start, limits.log_bytes)),
            meter: Meter::new(&limits),
            random: None,
            seed: determinism.seed,
            ended: None,
            wasi: None,
            limits,
            host_calls: 0,
            host_call_bytes: 0,
            reports: 0,
        }
    }

    /// ChaCha20 on the recorded seed.
    pub(crate) fn random(&mut self) -> &mut ChaCha20Rng {
        let seed = self.seed;
        self.random.get_or_insert_with(|| Box::new(ChaCha20Rng::from_seed(seed)))
    }

    /// Count a host call with `bytes` of arguments, have it performed, move the clock and count the reply.
    ///
    /// # Errors
    /// [`Ended`] when a limit is hit or the host answers with a stop.
    pub(crate) async fn perform(
        &mut self,
        call: Call,
        bytes: usize,
    ) -> wasmtime::Result<Result<Reply, CallError>> {
        self.host_calls = self.host_calls.saturating_add(1);
        if self.host_calls > self.limits.host_calls {
            let message = format!("a call may make {} host calls", self.limits.host_calls);
            return Err(self.over(LimitKind::HostCalls, message));
        }
        self.spend(bytes)?;
        match self.scope.host.perform(call).await {
            Answer::Now { result, duration_us } => {
                self.scope.advance_us(duration_us);
                self.spend(result.as_ref().map_or(0, reply_bytes))?;
                Ok(result)
            }
            Answer::Stop(stop) => Err(self.stop(stop)),
        }
    }

    /// Count bytes that pass the boundary.
    ///
    /// # Errors
    /// [`Ended`] when they are too many.
    pub(crate) fn spend(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.host_call_bytes = self.host_call_bytes.saturating_add(bytes as u64);
        if self.host_call_bytes > self.limits.host_call_bytes {
            let message = format!("a call may exchange {} bytes with its host", self.limits.host_call_bytes);
            return Err(self.over(LimitKind::HostCallBytes, message));
        }
        Ok(())
    }

    /// Pass on progress, unless the call has reported enough.
    pub(crate) fn report(&mut self, percent: u8, text: &str) {
        if self.reports < REPORTS_LIMIT {
            self.reports += 1;
            self.scope.host.progress(percent, text);
        }
    }

    /// End the call: a reply that does not belong to the call is a fault of the host, not of the guest.
    pub(crate) fn mismatch(&mut self, call: &str, reply: &Reply) -> wasmtime::Error {
        let reply = domain::effect::bounded(format!("{reply:?}"), 200);
        self.stop(Stop::Broken(format!("{call} was answered with another kind of reply: {reply}")))
    }

    fn over(&mut self, kind: LimitKind, message: String) -> wasmtime::Error {
        self.ended = Some(CallEnd::Failed(CallFailure::Limit { kind, message }));
        Ended.into()
    }

    fn stop(&mut self, stop: Stop) -> wasmtime::Error {
        self.ended = Some(CallEnd::Stopped(stop));
        Ended.into()
    }
}

/// Bytes of a reply, without JSON values, which are counted where they become text.
fn reply_bytes(reply: &Reply) -> usize {
    match reply {
        Reply::Bytes(bytes) => bytes.as_ref().map_or(0, Vec::len),
        Reply::Content(content) => content.len(),
        Reply::Texts(texts) => texts.iter().map(String::len).sum(),
        Reply::Text(text) => text.len(),
        Reply::Model(answer) => {
            let calls = answer.tool_calls.iter();
            answer.content.len() + calls.map(|call| call.name.len() + call.arguments.len()).sum::<usize>()
        }
        Reply::Http(response) => {
            let headers = response.headers.iter();
            response.body.len() + headers.map(|(name, value)| name.len() + value.len()).sum::<usize>()
        }
        Reply::Entries(entries) => entries.iter().map(|entry| entry.path.len() + 16).sum(),
        Reply::Matches(matches) => matches.iter().map(|line| line.path.len() + line.text.len() + 8).sum(),
        Reply::Unit
        | Reply::Turn(_)
        | Reply::Bool(_)
        | Reply::Json(_)
        | Reply::Tools(_)
        | Reply::Gates(_)
        | Reply::Source(_)
        | Reply::Webhook(_) => 0,
    }
}
