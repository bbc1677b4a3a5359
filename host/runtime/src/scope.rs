//! What one call shares with its WASI streams and clocks: its clock, its log and who performs its host calls.

use app::ports::host_calls::HostCalls;
use domain::effect::bounded;
use domain::log::Level;
use domain::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Longest message of a log line and longest value of a field.
const TEXT_LIMIT: usize = 4096;
/// Longest key of a field.
const KEY_LIMIT: usize = 128;
/// Most fields of a line.
const FIELDS_LIMIT: usize = 32;
/// Charged for a line besides its text, so that empty lines are bounded too.
const LINE_COST: u64 = 32;

/// One call's clock and log.
pub(crate) struct Scope {
    /// Who performs host calls and takes log lines.
    pub(crate) host: Arc<dyn HostCalls>,
    start: Timestamp,
    elapsed_us: AtomicU64,
    log_limit: u64,
    log_used: AtomicU64,
    log_dropped: AtomicU64,
}

impl Scope {
    /// A clock at `start` and an empty log.
    pub(crate) fn new(host: Arc<dyn HostCalls>, start: Timestamp, log_limit: u64) -> Self {
        let zero = AtomicU64::default;
        Self { host, start, elapsed_us: zero(), log_limit, log_used: zero(), log_dropped: zero() }
    }

    /// Microseconds since the call began. Each reading moves the clock by one, so that a loop that waits for time ends.
    pub(crate) fn read_us(&self) -> u64 {
        self.elapsed_us.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Microseconds since the call began, without moving the clock: for the host's own decisions.
    pub(crate) fn peek_us(&self) -> u64 {
        self.elapsed_us.load(Ordering::Relaxed)
    }

    /// The wall clock in microseconds since 1970.
    pub(crate) fn read_wall_us(&self) -> u64 {
        let start = u64::try_from(self.start.0).unwrap_or(0).saturating_mul(1000);
        start.saturating_add(self.read_us())
    }

    /// A host call took this long (as recorded).
    pub(crate) fn advance_us(&self, duration_us: u64) {
        let elapsed = self.elapsed_us.load(Ordering::Relaxed);
        self.elapsed_us.store(elapsed.saturating_add(duration_us), Ordering::Relaxed);
    }

    /// A timer ended at this time.
    pub(crate) fn advance_to_us(&self, time_us: u64) {
        self.elapsed_us.fetch_max(time_us, Ordering::Relaxed);
    }

    /// Pass on a line, or drop and count it when the call's log is full.
    pub(crate) fn log(&self, level: Level, message: String, fields: Vec<(String, String)>) {
        let message = bounded(message, TEXT_LIMIT);
        let field = |(key, value)| (bounded(key, KEY_LIMIT), bounded(value, TEXT_LIMIT));
        let fields: Vec<_> = fields.into_iter().take(FIELDS_LIMIT).map(field).collect();
        let text: usize = fields.iter().map(|(key, value)| key.len() + value.len()).sum();
        let cost = LINE_COST.saturating_add((message.len() + text) as u64);
        let used = self.log_used.load(Ordering::Relaxed);
        if used.saturating_add(cost) > self.log_limit {
            self.log_dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.log_used.store(used.saturating_add(cost), Ordering::Relaxed);
        self.host.log(level, &message, &fields);
    }

    /// At the end of the call: say once how many lines were dropped.
    pub(crate) fn report_dropped(&self) {
        let dropped = self.log_dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            let limit = self.log_limit;
            let message = format!("{dropped} log lines were dropped: a call may write {limit} bytes of log");
            self.host.log(Level::Warn, &message, &[("dropped".to_owned(), dropped.to_string())]);
        }
    }
}
