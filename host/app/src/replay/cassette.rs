//! Answers host calls from recorded entries and nothing else.

use crate::effects::recorded::restore_reply;
use crate::ports::blobs::Blobs;
use crate::ports::host_calls::{Answer, HostCalls};
use domain::address::Scope;
use domain::component::{Nondeterminism, Stop};
use domain::effect::Call;
use domain::journal::{CallRecord, Entry, EntryBody, ScopeEnd};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The recorded calls of one scope.
pub(super) struct Cassette {
    blobs: Arc<dyn Blobs>,
    scope: Scope,
    calls: BTreeMap<u32, CallRecord>,
    ended: bool,
    ordinal: AtomicU32,
}

impl Cassette {
    pub(super) fn new(blobs: Arc<dyn Blobs>, scope: Scope, entries: &[Entry]) -> Self {
        let calls = entries.iter().filter_map(|entry| match &entry.body {
            EntryBody::Call(record) => Some((entry.ordinal, record.clone())),
            EntryBody::Start(_) | EntryBody::End(_) => None,
        });
        // A scope that was cut may have been in the middle of a call that has no entry.
        let is_whole = |end: &ScopeEnd| end.result.as_ref().err().is_none_or(|failure| !failure.is_cut());
        let ended = entries.iter().any(|entry| matches!(&entry.body, EntryBody::End(end) if is_whole(end)));
        Self { blobs, scope, calls: calls.collect(), ended, ordinal: AtomicU32::new(0) }
    }

    /// How many calls were answered.
    pub(super) fn answered(&self) -> u32 {
        self.ordinal.load(Ordering::SeqCst).min(u32::try_from(self.calls.len()).unwrap_or(u32::MAX))
    }

    /// A recorded call that was never asked for.
    pub(super) fn unasked(&self) -> Option<Value> {
        let next = self.ordinal.load(Ordering::SeqCst) + 1;
        self.calls
            .get(&next)
            .filter(|_| self.ended)
            .map(|record| json!({ "function": record.function, "request": record.request }))
    }

    fn differs(&self, ordinal: u32, recorded: Value, call: &Call) -> Answer {
        let actual =
            json!({ "function": call.name(), "hash": call.request_hash(), "request": call.describe() });
        let sides = Nondeterminism { scope: self.scope.to_string(), ordinal, recorded, actual };
        Answer::Stop(Stop::Nondeterminism(Box::new(sides)))
    }
}

#[async_trait::async_trait]
impl HostCalls for Cassette {
    async fn perform(&self, call: Call) -> Answer {
        let ordinal = self.ordinal.fetch_add(1, Ordering::SeqCst) + 1;
        let Some(record) = self.calls.get(&ordinal) else {
            return if self.ended {
                self.differs(ordinal, json!("the component had ended"), &call)
            } else {
                Answer::Stop(Stop::Drain)
            };
        };
        if record.hash != call.request_hash() {
            let recorded =
                json!({ "function": record.function, "hash": record.hash, "request": record.request });
            return self.differs(ordinal, recorded, &call);
        }
        match &record.result {
            None => Answer::Stop(Stop::Drain),
            Some(result) => match restore_reply(self.blobs.as_ref(), result).await {
                Ok(result) => Answer::Now { result, duration_us: record.duration_us },
                Err(error) => Answer::Stop(Stop::Unavailable(error.to_string())),
            },
        }
    }

    fn log(&self, _level: domain::log::Level, _message: &str, _fields: &[(String, String)]) {}

    fn progress(&self, _percent: u8, _text: &str) {}
}
