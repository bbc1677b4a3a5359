//! What a running component asks of its host. Implemented once, in `crate::effects`; called by `runtime`.

use domain::component::Stop;
use domain::effect::{Call, CallError, Reply};
use domain::log::Level;

/// The answer to a host call.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Give this to the guest.
    Now {
        /// Reply or typed error.
        result: Result<Reply, CallError>,
        /// The (recorded) duration; the scope's clock moves by it.
        duration_us: u64,
    },
    /// Give nothing to the guest: end its call with `CallEnd::Stopped`.
    Stop(Stop),
}

/// Performs host calls of one scope. A guest has one outstanding call.
#[async_trait::async_trait]
pub trait HostCalls: Send + Sync + 'static {
    /// Replay, or authorize, budget, barrier, do, append. Dropping the future stops waiting; a begun effect still ends and is journaled.
    async fn perform(&self, call: Call) -> Answer;

    /// A log line (bounded by the runtime). Muted while the scope is answered from the journal.
    fn log(&self, level: Level, message: &str, fields: &[(String, String)]);

    /// Live progress. Muted while the scope is answered from the journal.
    fn progress(&self, percent: u8, text: &str);
}
