//! The configuration: a TOML file, overridden by the environment, overridden by flags. Read once, here and nowhere else.
//!
//! [`settings`] lists every setting once; [`layers`] finds each value and where it came from; this file gives them types.

mod layers;
mod models;
mod settings;
mod values;

pub(crate) use layers::{Effective, Flags};
pub(crate) use models::{ModelsConfig, Provider, TierConfig};
pub(crate) use settings::SETTINGS;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {reason}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A key that does not exist.
    #[error("unknown setting {key:?} in {place}{}", suggestion.as_ref().map(|near| format!("; did you mean {near:?}?")).unwrap_or_default())]
    Unknown {
        /// As written.
        key: String,
        /// File or environment.
        place: String,
        /// The nearest key there is.
        suggestion: Option<String>,
    },
    /// A value of the wrong form.
    #[error("{key} = {value:?} ({origin}) is not valid: {reason}")]
    Invalid {
        /// The setting.
        key: String,
        /// As written.
        value: String,
        /// Where it was written.
        origin: String,
        /// What is wrong and what to write.
        reason: String,
    },
}

/// Every setting with its type.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Address and port; port 0 picks one.
    pub(crate) listen: SocketAddr,
    /// Database, workspaces, cache, keys.
    pub(crate) data_dir: PathBuf,
    /// Hot-loaded packages; later directories win.
    pub(crate) plugin_dirs: Vec<PathBuf>,
    /// `postgres://…`; none means SQLite in the data directory.
    pub(crate) database_url: Option<String>,
    /// A direct URL for LISTEN where the main one is pooled.
    pub(crate) database_listen_url: Option<String>,
    /// Sets the admin key instead of making one.
    pub(crate) admin_key: Option<String>,
    /// Providers by tier.
    pub(crate) models: ModelsConfig,
    /// Where embedded models lie.
    pub(crate) model_dir: PathBuf,
    /// Folders that a task's `source` may come from.
    pub(crate) source_roots: Vec<String>,
    /// How the host is reached from outside.
    pub(crate) public_url: Option<String>,
    /// Origins that browsers may call from.
    pub(crate) cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-*` count.
    pub(crate) trusted_proxies: Vec<String>,
    /// Grants by digest, source and egress rules.
    pub(crate) policy: Vec<PathBuf>,
    /// Key-encryption key file.
    pub(crate) key_file: PathBuf,
    /// tracing filter.
    pub(crate) log: String,
    /// JSON lines instead of text.
    pub(crate) log_json: bool,
    /// Run the worker loops.
    pub(crate) worker: bool,
    /// Loopback only: everybody is admin.
    pub(crate) no_auth: bool,
    /// Lease length.
    pub(crate) lease: Duration,
    /// Between heartbeats.
    pub(crate) heartbeat: Duration,
    /// Tasks at once.
    pub(crate) concurrency: u32,
    /// Running time of one call.
    pub(crate) call_wall: Duration,
    /// Tokens of one task.
    pub(crate) token_budget: u64,
    /// Traps in a row that take a new plugin version back; 0 never.
    pub(crate) trap_limit: u32,
    /// How long completed and cancelled tasks are kept.
    pub(crate) keep_tasks: Duration,
    /// How long failed tasks are kept.
    pub(crate) keep_failed: Duration,
    /// How long webhook deliveries are kept.
    pub(crate) keep_webhooks: Duration,
    /// Bytes of a request body.
    pub(crate) body_limit: usize,
    /// Where each value came from, for `skep doctor`.
    pub(crate) effective: Vec<Effective>,
}

impl Config {
    /// Read everything.
    ///
    /// # Errors
    /// Naming the setting, its value, where it was written, and what to write instead.
    pub(crate) fn load(flags: &Flags) -> Result<Self, ConfigError> {
        let layers = layers::Layers::read(flags)?;
        let data_dir: PathBuf = layers.path("data_dir")?;
        let listen: SocketAddr = layers.parse("listen", "write ADDRESS:PORT, such as 127.0.0.1:3000")?;
        let no_auth = layers.flag("no_auth")?;
        if no_auth && !listen.ip().is_loopback() {
            return Err(layers.invalid(
                "no_auth",
                "without authentication the host listens on loopback only: set listen to 127.0.0.1:PORT",
            ));
        }
        Ok(Self {
            listen,
            plugin_dirs: layers.list("plugin_dir", ':').into_iter().map(PathBuf::from).collect(),
            database_url: layers.optional("database_url").filter(|url| !url.starts_with("sqlite:")),
            database_listen_url: layers.optional("database_listen_url"),
            admin_key: layers.optional("admin_key"),
            models: layers.models()?,
            model_dir: layers.path("model_dir")?,
            source_roots: layers.list("source_roots", ':'),
            public_url: layers.optional("public_url"),
            cors_origins: layers.list("cors_origins", ','),
            trusted_proxies: layers.list("trusted_proxies", ','),
            policy: layers.list("policy", ':').into_iter().map(PathBuf::from).collect(),
            key_file: layers.path("key_file")?,
            log: layers.text("log"),
            log_json: layers.choice("log_format", &["text", "json"])? == "json",
            worker: layers.flag("worker")?,
            no_auth,
            lease: layers.milliseconds("lease_ms")?,
            heartbeat: layers.milliseconds("heartbeat_ms")?,
            concurrency: layers.parse("concurrency", "write a number of tasks, such as 64")?,
            call_wall: layers.milliseconds("call_wall_ms")?,
            token_budget: layers.parse("token_budget", "write a number of tokens")?,
            trap_limit: layers.parse("trap_limit", "write a number of traps, 0 for never")?,
            keep_tasks: layers.days("keep_tasks_days")?,
            keep_failed: layers.days("keep_failed_days")?,
            keep_webhooks: layers.days("keep_webhooks_days")?,
            body_limit: layers.parse("body_limit", "write a number of bytes")?,
            data_dir,
            effective: layers.effective(),
        })
    }
}
