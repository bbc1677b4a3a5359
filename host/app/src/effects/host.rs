//! Answers the host calls of one scope: from the journal as far as it goes, then live.

use super::approve::{self, Approved};
use super::attempt::{Attempt, stop_of};
use super::doubt;
use super::live::Live;
use super::recorded::{record_reply, restore_reply};
use crate::catalog::LivePlugin;
use crate::failpoint;
use crate::ports::host_calls::{Answer, HostCalls};
use crate::ports::store_error::StoreError;
use crate::skills::own;
use domain::address::{Address, Scope};
use domain::component::{Nondeterminism, Stop};
use domain::effect::turn::TurnCall;
use domain::effect::{Call, CallError, EffectClass, ErrorKind, Reply};
use domain::journal::{CallRecord, Entry, EntryBody, LocalEffect};
use domain::log::Level;
use domain::manifest::grant::Capability;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Performs the host calls of one scope.
pub struct ScopeHost {
    /// Whose lease and journal.
    pub attempt: Arc<Attempt>,
    /// Which call.
    pub scope: Scope,
    /// Whose grants; none for calls that the host makes itself.
    pub plugin: Option<Arc<LivePlugin>>,
    /// Recorded calls by ordinal.
    recorded: BTreeMap<u32, CallRecord>,
    ordinal: AtomicU32,
    /// Lines that were said since the last entry. They go with the next one, so that whoever resumes here neither loses nor repeats them.
    said: Mutex<Vec<LocalEffect>>,
    /// How deep this scope is nested.
    pub depth: u8,
    /// A person approved the tool call that this scope is.
    pub(super) approved: bool,
    /// Effects that have begun: they end, and are journaled, even when the guest is gone.
    effects: TaskTracker,
    /// The guest is gone: reads need not end. Nested scopes have a child of it.
    abandoned: CancellationToken,
}

/// The scope whose tool call another scope is.
#[derive(Clone, Copy)]
pub struct Parent<'a> {
    /// It.
    pub(super) host: &'a ScopeHost,
    /// Whether a person approved the call.
    pub(super) approved: bool,
}

/// What a live call gave: the result, and what commits with its entry.
pub(super) struct Performed {
    pub(super) result: Result<Reply, CallError>,
    pub(super) effects: Vec<LocalEffect>,
}

impl Performed {
    pub(super) fn reply(reply: Reply) -> Self {
        Self { result: Ok(reply), effects: Vec::new() }
    }

    pub(super) fn local(reply: Reply, effects: Vec<LocalEffect>) -> Self {
        Self { result: Ok(reply), effects }
    }

    pub(super) fn error(error: CallError) -> Self {
        Self { result: Err(error), effects: Vec::new() }
    }
}

/// How a live call ends without a result.
#[derive(Debug)]
pub(super) enum Halt {
    /// End the attempt or suspend it.
    Stop(Stop),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl ScopeHost {
    /// The host of a scope, with the entries that the journal has of it. `parent` is the scope whose tool call this is.
    #[must_use]
    pub fn new(
        attempt: Arc<Attempt>,
        scope: Scope,
        plugin: Option<Arc<LivePlugin>>,
        parent: Option<Parent<'_>>,
    ) -> Self {
        let recorded = attempt
            .entries_of(&scope)
            .into_iter()
            .filter_map(|entry| match entry.body {
                EntryBody::Call(record) => Some((entry.ordinal, record)),
                EntryBody::Start(_) | EntryBody::End(_) => None,
            })
            .collect();
        Self {
            attempt,
            scope,
            plugin,
            recorded,
            ordinal: AtomicU32::new(0),
            said: Mutex::default(),
            depth: parent.map_or(0, |parent| parent.host.depth + 1),
            approved: parent.is_some_and(|parent| parent.approved),
            effects: TaskTracker::new(),
            abandoned: parent
                .map_or_else(CancellationToken::new, |parent| parent.host.abandoned.child_token()),
        }
    }

    /// The ordinal of the last host call.
    pub fn last_ordinal(&self) -> u32 {
        self.ordinal.load(Ordering::SeqCst)
    }

    /// The highest ordinal that the journal had when the scope began or was resumed.
    #[must_use]
    pub fn recorded_ordinal(&self) -> u32 {
        self.recorded.keys().next_back().copied().unwrap_or(0)
    }

    /// Both sides when the guest ended without having asked all that the journal has of it.
    pub(super) fn unasked(&self) -> Option<Nondeterminism> {
        let ordinal = self.last_ordinal() + 1;
        let record = self.recorded.range(ordinal..).next().map(|(_, record)| record)?;
        Some(Nondeterminism {
            scope: self.scope.to_string(),
            ordinal,
            recorded: json!({ "function": record.function, "hash": record.hash, "request": record.request }),
            actual: json!("the component ended without this call"),
        })
    }

    /// What was said since the last entry.
    pub(super) fn take_said(&self) -> Vec<LocalEffect> {
        std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Answers when whoever called this scope is gone.
    pub(super) async fn until_abandoned(&self) {
        self.abandoned.cancelled().await;
    }

    /// What the plugin is granted now; none for calls that the host makes itself, which need no grant.
    pub(super) async fn granted(&self) -> Result<Option<Vec<Capability>>, StoreError> {
        let app = &self.attempt.app;
        Ok(match &self.plugin {
            None => None,
            Some(plugin) => Some(match plugin.owner {
                None => app.catalog.granted(plugin.digest),
                Some(user) => own::granted(app, user, plugin.digest).await?,
            }),
        })
    }

    /// The guest is gone: give up reads, wait for the effects that have begun.
    pub async fn settle(&self) {
        self.abandoned.cancel();
        self.effects.close();
        self.effects.wait().await;
    }

    fn is_replaying(&self) -> bool {
        self.last_ordinal() < self.recorded_ordinal()
    }

    async fn replay(&self, ordinal: u32, call: &Call, record: &CallRecord) -> Answer {
        let hash = call.request_hash();
        if hash != record.hash {
            return Answer::Stop(Stop::Nondeterminism(Box::new(Nondeterminism {
                scope: self.scope.to_string(),
                ordinal,
                recorded: json!({ "function": record.function, "hash": record.hash, "request": record.request }),
                actual: json!({ "function": call.name(), "hash": hash, "request": call.describe() }),
            })));
        }
        match &record.result {
            Some(result) => match restore_reply(self.attempt.app.ports.blobs.as_ref(), result).await {
                Ok(result) => {
                    if let Ok(Reply::Model(answer)) = &result {
                        super::model::tell_again(self, answer);
                    }
                    Answer::Now { result, duration_us: record.duration_us }
                }
                Err(error) => Answer::Stop(stop_of(&error)),
            },
            // Only class once has a record without result: nobody knows whether it happened.
            None => {
                let message = format!(
                    "the host died while {} was under way; it may or may not have happened, and is not sent again",
                    record.function
                );
                let result = Err(CallError::new(ErrorKind::Uncertain, "unknown-outcome", message));
                self.append(ordinal, call, Performed { result, effects: Vec::new() }, 0, true)
                    .await
                    .unwrap_or_else(halted)
            }
        }
    }

    /// Put the entry of a live call into the journal and give the guest its answer.
    async fn append(
        &self,
        ordinal: u32,
        call: &Call,
        performed: Performed,
        duration_us: u64,
        durable: bool,
    ) -> Result<Answer, Halt> {
        let Performed { mut result, effects } = performed;
        let mut record = CallRecord::started(call);
        record.result = Some(record_reply(self.attempt.app.ports.blobs.as_ref(), &mut result).await?);
        record.duration_us = duration_us;
        let entry = self.entry(ordinal, EntryBody::Call(record));
        // What a turn says becomes visible with the turn's end, in one transaction.
        let ends_turn = matches!(call, Call::Turn(TurnCall::Record { .. }));
        let durable = durable || !(effects.is_empty() || ends_turn);
        let effects = effects.into_iter().chain(self.take_said()).collect();
        if durable {
            self.attempt.flush(vec![entry], effects).await?;
        } else {
            self.attempt.buffer(entry, effects).await;
        }
        Ok(Answer::Now { result, duration_us })
    }

    fn entry(&self, ordinal: u32, body: EntryBody) -> Entry {
        Entry { scope: self.scope.clone(), ordinal, at: self.attempt.app.ports.clock.now(), body }
    }

    /// A live call, from authorization to its entry. Runs in a task of the attempt: it ends even when the guest is gone.
    async fn live(self: Arc<Self>, ordinal: u32, call: Call) -> Result<Answer, Halt> {
        let clock = Arc::clone(&self.attempt.app.ports.clock);
        let began = clock.elapsed();
        let took = || u64::try_from(clock.elapsed().saturating_sub(began).as_micros()).unwrap_or(u64::MAX);
        if let Err(error) = self.authorize(&call).await? {
            return self.append(ordinal, &call, Performed::error(error), took(), false).await;
        }
        let address = Address { task: self.attempt.task.new.id.clone(), scope: self.scope.clone(), ordinal };
        let mut live = Live { host: Arc::clone(&self), address, approved: false };
        match approve::approved(&live, &call).await? {
            Approved::Free => {}
            Approved::Yes => live.approved = true,
            Approved::No(performed) => return self.append(ordinal, &call, *performed, took(), true).await,
        }
        match call.class() {
            EffectClass::Read => {
                let performed = self.read(&live, &call).await?;
                // A model answer costs money and time: it is kept at once.
                let durable = matches!(call, Call::Model(_));
                self.append(ordinal, &call, performed, took(), durable).await
            }
            EffectClass::Local => {
                let performed = live.perform(&call).await?;
                failpoint::reach("local.before-append");
                // A turn's context without instructions is repeatable as any read; its report waits for the turn's end.
                let durable = !matches!(call, Call::Turn(_));
                let answer = self.append(ordinal, &call, performed, took(), durable).await;
                failpoint::reach("local.after-append");
                answer
            }
            EffectClass::Keyed => {
                self.attempt.flush(Vec::new(), Vec::new()).await?;
                self.may_send()?;
                failpoint::reach("keyed.before-send");
                let performed = live.perform(&call).await?;
                failpoint::reach("keyed.after-send");
                self.append(ordinal, &call, performed, took(), true).await
            }
            EffectClass::Once => {
                // Asked before anything says that it began: what did not leave is not uncertain.
                self.may_send()?;
                let started = self.entry(ordinal, EntryBody::Call(CallRecord::started(&call)));
                self.attempt.flush(vec![started], self.take_said()).await?;
                failpoint::reach("once.after-started");
                failpoint::reach("once.before-send");
                let mut performed = live.perform(&call).await?;
                failpoint::reach("once.after-send");
                performed.result = performed.result.map_err(doubt::of_once);
                self.append(ordinal, &call, performed, took(), true).await
            }
        }
    }

    /// A read may be given up half-way; a tool call may not, since its nested scope has effects of its own.
    async fn read(&self, live: &Live, call: &Call) -> Result<Performed, Halt> {
        if matches!(call, Call::Tools(_)) {
            return live.perform(call).await;
        }
        tokio::select! {
            biased;
            stop = self.attempt.until_stopped() => Err(Halt::Stop(stop)),
            () = self.abandoned.cancelled() => Err(Halt::Stop(Stop::Cancelled)),
            performed = live.perform(call) => performed,
        }
    }

    /// Against the grants of now: the scope may have begun under others.
    async fn authorize(&self, call: &Call) -> Result<Result<(), CallError>, StoreError> {
        Ok(match (&self.plugin, self.granted().await?) {
            (Some(plugin), Some(granted)) => domain::manifest::grant::authorize(
                &plugin.manifest.id(),
                call,
                super::model::tier_of(&self.attempt.task),
                &granted,
            ),
            _ => Ok(()),
        })
    }

    fn may_send(&self) -> Result<(), Halt> {
        if self.attempt.may_send() { Ok(()) } else { Err(Halt::Stop(Stop::Stale)) }
    }
}

/// The host of a scope as `runtime` holds it.
pub struct SharedScopeHost(pub Arc<ScopeHost>);

#[async_trait::async_trait]
impl HostCalls for SharedScopeHost {
    async fn perform(&self, call: Call) -> Answer {
        let host = &self.0;
        let ordinal = host.ordinal.fetch_add(1, Ordering::SeqCst) + 1;
        host.attempt.stop_when_overdue();
        if let Some(stop) = host.attempt.stopped() {
            return Answer::Stop(stop);
        }
        if let Some(record) = host.recorded.get(&ordinal) {
            return host.replay(ordinal, &call, record).await;
        }
        let (sender, receiver) = oneshot::channel();
        let live = Arc::clone(host).live(ordinal, call);
        host.effects.spawn(async move {
            // Nobody waits any more when the guest was ended; the entry is made all the same.
            let _gone = sender.send(live.await);
        });
        tokio::select! {
            biased;
            answer = receiver => match answer {
                Ok(answer) => answer.unwrap_or_else(halted),
                Err(_) => Answer::Stop(Stop::Broken("a host call panicked; the cause is in the log".to_owned())),
            },
            stop = host.attempt.until_stopped() => Answer::Stop(stop),
            () = host.abandoned.cancelled() => Answer::Stop(Stop::Cancelled),
        }
    }

    fn log(&self, level: Level, message: &str, fields: &[(String, String)]) {
        if self.0.is_replaying() {
            return;
        }
        let task = &self.0.attempt.task.new.id;
        let plugin = self.0.plugin.as_ref().map(|plugin| plugin.manifest.id()).unwrap_or_default();
        let line = line(&plugin, message, fields);
        let at = self.0.attempt.app.ports.clock.now();
        let said = LocalEffect::Log { at, level, message: line };
        self.0.said.lock().unwrap_or_else(PoisonError::into_inner).push(said);
        let fields = json!(fields.iter().cloned().collect::<BTreeMap<String, String>>()).to_string();
        match level {
            Level::Trace => tracing::trace!(target: "plugin", %task, %plugin, %fields, "{message}"),
            Level::Debug => tracing::debug!(target: "plugin", %task, %plugin, %fields, "{message}"),
            Level::Info => tracing::info!(target: "plugin", %task, %plugin, %fields, "{message}"),
            Level::Warn => tracing::warn!(target: "plugin", %task, %plugin, %fields, "{message}"),
            Level::Error => tracing::error!(target: "plugin", %task, %plugin, %fields, "{message}"),
        }
    }

    fn progress(&self, percent: u8, text: &str) {
        if !self.0.is_replaying() {
            let data = json!({ "scope": self.0.scope.to_string(), "percent": percent, "text": text });
            self.0.attempt.tell("phase.progress", data);
        }
    }
}

/// A line of the user's log: who said it, what, and with which values.
fn line(plugin: &str, message: &str, fields: &[(String, String)]) -> String {
    let mut line = format!("{plugin}: {message}");
    for (name, value) in fields {
        line.push_str(&format!(" {name}={value}"));
    }
    line
}

fn halted(halt: Halt) -> Answer {
    match halt {
        Halt::Stop(stop) => Answer::Stop(stop),
        Halt::Store(error) => Answer::Stop(stop_of(&error)),
    }
}
