//! What use cases need of the configuration.

use domain::component::Limits;
use domain::plan::Plans;
use std::time::Duration;

/// Set once at start.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Version of the host.
    pub version: String,
    /// Lease length.
    pub lease: Duration,
    /// Between heartbeats.
    pub heartbeat: Duration,
    /// Tasks that run at once on this host.
    pub concurrency: u32,
    /// A host call that waits longer suspends its task.
    pub longest_wait: Duration,
    /// Ceiling of what a manifest may ask for, and the default.
    pub limits: Limits,
    /// Expected time of one station before any task has finished.
    pub station_default: Duration,
    /// Tokens that one task may use.
    pub token_budget: u64,
    /// How long a task waits for a model that is away before it fails.
    pub model_patience: Duration,
    /// How long a person has to decide.
    pub approval_life: Duration,
    /// Keep completed and cancelled tasks this long.
    pub keep_ended: Duration,
    /// Keep failed tasks this long.
    pub keep_failed: Duration,
    /// Traps in a row that take back a version which was just swapped in; 0 never does.
    pub trap_limit: u32,
    /// The data directory's lasting identity.
    pub installation: uuid::Uuid,
    /// Keep webhook deliveries this long, delivered or not.
    pub keep_webhooks: Duration,
    /// Keep chat turns this long; their streams can be resumed for a day.
    pub keep_chats: Duration,
    /// Keep ticks this long.
    pub keep_ticks: Duration,
    /// Largest file of an agent's workspace, in bytes.
    pub agent_file_limit: u64,
    /// Bytes that all files of one agent's workspace may have together.
    pub agent_files_quota: u64,
    /// Keep lines of users' logs this long.
    pub keep_logs: Duration,
    /// Keep at most this many lines of one user's log.
    pub log_lines: u64,
    /// Whether agents of this host may act on their own.
    pub autonomy: bool,
    /// Whether this host runs the worker loops.
    pub worker: bool,
    /// Requests that each plan admits.
    pub plans: Plans,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: u64 = 24 * 3600;
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            lease: Duration::from_secs(15),
            heartbeat: Duration::from_secs(5),
            concurrency: 64,
            longest_wait: Duration::from_secs(2),
            limits: Limits::default(),
            station_default: Duration::from_secs(30),
            token_budget: 1_000_000,
            model_patience: Duration::from_secs(4 * 3600),
            approval_life: Duration::from_secs(DAY),
            keep_ended: Duration::from_secs(30 * DAY),
            keep_failed: Duration::from_secs(90 * DAY),
            trap_limit: 5,
            installation: uuid::Uuid::nil(),
            keep_webhooks: Duration::from_secs(7 * DAY),
            keep_chats: Duration::from_secs(7 * DAY),
            keep_ticks: Duration::from_secs(DAY),
            agent_file_limit: 10 << 20,
            agent_files_quota: 100 << 20,
            keep_logs: Duration::from_secs(14 * DAY),
            log_lines: 100_000,
            autonomy: true,
            worker: true,
            plans: Plans::default(),
        }
    }
}
