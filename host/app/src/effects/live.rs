//! A live call goes to the file of its capability. Reads and keyed calls that fail for a moment are tried again here, under the same key.

use super::host::{Halt, Performed, ScopeHost};
use super::{agents, files, gates, http, kv, model, secrets, source, tools, turn, webhook};
use crate::ports::outbound::{LEASE_ENDS, Permission};
use domain::address::Address;
use domain::component::Stop;
use domain::effect::{Call, CallError, EffectClass, ErrorKind};
use domain::stall;
use std::sync::Arc;
use std::time::Duration;

/// Tries of one call inside the host, before the guest sees the error.
const TRIES: u32 = 3;
/// Before the second try; doubles.
const FIRST_DELAY: Duration = Duration::from_millis(200);
/// A task that was claimed this often is not suspended for a busy service any more: the guest sees the error.
const MOST_DELIVERIES: u32 = 200;

/// What the capability files work with.
pub(super) struct Live {
    /// Whose scope.
    pub(super) host: Arc<ScopeHost>,
    /// Where the entry will be.
    pub(super) address: Address,
    /// A person approved this call: what the tool sends itself goes under it.
    pub(super) approved: bool,
}

impl Live {
    /// Do it, again if need be.
    pub(super) async fn perform(&self, call: &Call) -> Result<Performed, Halt> {
        let mut delay = FIRST_DELAY;
        for attempt in 1.. {
            let performed = self.once(call).await?;
            let Err(error) = &performed.result else { return Ok(performed) };
            let again =
                error.kind.is_retryable() && matches!(call.class(), EffectClass::Read | EffectClass::Keyed);
            // A delivery has a schedule of its own, and a model provider has tried again already.
            let ours = !matches!(call, Call::Webhook(_) | Call::Tools(_));
            if !again || !ours {
                return Ok(performed);
            }
            if matches!(call, Call::Model(_)) {
                return self.model_away(performed).await;
            }
            if let Some(wait) = self.long_wait(error) {
                return Err(Halt::Stop(Stop::Suspend {
                    until: self.host.attempt.app.ports.clock.now().plus(wait),
                }));
            }
            if attempt >= TRIES {
                return Ok(performed);
            }
            let asked = error.retry_after_ms.map_or(Duration::ZERO, Duration::from_millis);
            match self.pause(delay.max(asked)).await {
                None => {}
                // The journal of a cancelled task shows what was tried. Whoever resumes asks again, under the same key.
                Some(Stop::Cancelled) => return Ok(performed),
                Some(stop) => return Err(Halt::Stop(stop)),
            }
            delay = delay.saturating_mul(2);
        }
        Err(Halt::Stop(Stop::Unavailable("unreachable: the loop above returns".to_owned())))
    }

    /// Wait before the next try; answers why there is none, when the attempt has to end.
    async fn pause(&self, wait: Duration) -> Option<Stop> {
        let attempt = &self.host.attempt;
        tokio::select! {
            biased;
            stop = attempt.until_stopped() => Some(stop),
            () = attempt.app.ports.clock.sleep(wait) => {
                attempt.stop_when_overdue();
                attempt.stopped()
            }
        }
    }

    /// The lease of the attempt, for the egress to ask.
    pub(super) fn permission(&self) -> Permission {
        let attempt = Arc::clone(&self.host.attempt);
        Permission::new(move || attempt.may_send())
    }

    /// A model that cannot be reached now: the task waits for it, longer each time. Its provider has tried again for seconds already.
    async fn model_away(&self, performed: Performed) -> Result<Performed, Halt> {
        let Performed { result: Err(error), effects } = performed else { return Ok(performed) };
        let attempt = &self.host.attempt;
        let (stalls, patience) = (attempt.stalls(), attempt.app.settings.model_patience);
        let Some(wait) = stall::model(stalls, patience) else {
            let told = if patience.is_zero() {
                error
            } else {
                let hours = patience.as_secs_f64() / 3600.0;
                let message = format!(
                    "the model was away for {hours:.1} hours (`model_patience_ms`): {}",
                    error.message
                );
                CallError::new(ErrorKind::Permanent, "model-away", message)
            };
            return Ok(Performed { result: Err(told), effects });
        };
        tracing::warn!(task = %attempt.task.new.id, %error, stalls, "the model is away; the task waits for it");
        attempt.keep(effects).await;
        let wait = self.long_wait(&error).unwrap_or(wait);
        Err(Halt::Stop(Stop::Suspend { until: attempt.app.ports.clock.now().plus(wait) }))
    }

    /// A wait that is long enough to suspend the task for it.
    fn long_wait(&self, error: &CallError) -> Option<Duration> {
        let wait = Duration::from_millis(error.retry_after_ms?);
        let attempt = &self.host.attempt;
        (wait > attempt.app.settings.longest_wait && attempt.task.deliveries < MOST_DELIVERIES)
            .then_some(wait)
    }

    async fn once(&self, call: &Call) -> Result<Performed, Halt> {
        match call {
            Call::Model(request) => model::complete(self, request).await,
            Call::Http(request) => leased(call, http::send(self, request).await?),
            Call::SecretExists { name } => secrets::exists(self, name).await,
            Call::SecretSign { name, algorithm, bytes } => secrets::sign(self, name, *algorithm, bytes).await,
            Call::Files(call) => files::perform(self, call).await,
            Call::Kv(call) => kv::perform(self, call).await,
            Call::Tools(call) => tools::perform(self, call).await,
            Call::AgentSend { agent, text } => agents::send(self, agent, text).await,
            Call::AgentStart { agent, request } => agents::start_task(self, agent, request).await,
            Call::Source(request) => source::import(self, request).await,
            Call::Gates(request) => gates::check(self, request).await,
            Call::Webhook(request) => leased(call, webhook::deliver(self, request).await),
            Call::Turn(call) => turn::perform(self, call).await,
        }
    }
}

/// What the egress did not let out, because the lease is about to end, is nobody's result: the next worker does it. A once effect has
/// been written down as started; there the refusal is the result, since without one it would be in doubt.
fn leased(call: &Call, performed: Performed) -> Result<Performed, Halt> {
    match &performed.result {
        Err(error) if error.code == LEASE_ENDS && call.class() != EffectClass::Once => {
            Err(Halt::Stop(Stop::Stale))
        }
        _ => Ok(performed),
    }
}
