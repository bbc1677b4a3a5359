//! The configuration: a TOML file, overridden by the environment, overridden by flags. Settings of the host are read once, here and
//! nowhere else.
//!
//! [`settings`] lists every setting once; [`layers`] finds each value and where it came from; this file gives them types and checks them
//! against each other. What is no setting of a host is read where it is used: `SKEP_URL` and `SKEP_API_KEY` of the verbs that speak to a
//! host, `SKEP_BUILD_TOOLCHAIN`, `HF_ENDPOINT`, what the model's child is told, and what children need of the environment (`PATH`,
//! `SSL_CERT_FILE`).

mod layers;
mod models;
mod plans;
mod settings;
mod values;

pub(crate) use layers::{Effective, Flags};
pub(crate) use models::{ModelsConfig, Provider, TierConfig};
pub(crate) use settings::SETTINGS;

use domain::plan::Plans;
use egress::sources::SourceRoot;
use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;
use vault::key_file::KeyEncryptionKey;

/// The smallest limit under which a submit still fits.
const SMALLEST_BODY_LIMIT: usize = 4096;

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
    pub(crate) source_roots: Vec<SourceRoot>,
    /// How the host is reached from outside.
    pub(crate) public_url: Option<Url>,
    /// Origins that browsers may call from.
    pub(crate) cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-*` count.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Grants by digest, source and egress rules.
    pub(crate) policy: Vec<PathBuf>,
    /// Key-encryption key file; not used where the key itself is given.
    pub(crate) key_file: PathBuf,
    /// The key-encryption key itself.
    pub(crate) key: Option<KeyEncryptionKey>,
    /// tracing filter.
    pub(crate) log: String,
    /// JSON lines instead of text.
    pub(crate) log_json: bool,
    /// Run the worker loops.
    pub(crate) worker: bool,
    /// Whether agents may act on their own.
    pub(crate) autonomy: bool,
    /// Loopback only: everybody is admin.
    pub(crate) no_auth: bool,
    /// Lease length.
    pub(crate) lease: Duration,
    /// Between heartbeats.
    pub(crate) heartbeat: Duration,
    /// Tasks at once; 0 takes tasks in and runs none.
    pub(crate) concurrency: u32,
    /// Running time of one call.
    pub(crate) call_wall: Duration,
    /// Tokens of one task.
    pub(crate) token_budget: u64,
    /// Traps in a row that take a new plugin version back; 0 never.
    pub(crate) trap_limit: u32,
    /// Requests that each plan admits.
    pub(crate) plans: Plans,
    /// How long a task waits for a model that is away.
    pub(crate) model_patience: Duration,
    /// How long completed and cancelled tasks are kept.
    pub(crate) keep_tasks: Duration,
    /// How long failed tasks are kept.
    pub(crate) keep_failed: Duration,
    /// How long webhook deliveries are kept.
    pub(crate) keep_webhooks: Duration,
    pub(crate) agent_file_limit: u64,
    pub(crate) agent_files_quota: u64,
    /// How long chat turns are kept.
    pub(crate) keep_chats: Duration,
    /// How long ticks are kept.
    pub(crate) keep_ticks: Duration,
    pub(crate) keep_logs: Duration,
    pub(crate) log_lines: u64,
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
        let mut layers = layers::Layers::read(flags)?;
        let data_dir: PathBuf = layers.path("data_dir")?;
        let listen: SocketAddr = layers.parse("listen", "write ADDRESS:PORT, such as 127.0.0.1:3000")?;
        let no_auth = layers.flag("no_auth")?;
        if no_auth && !listen.ip().is_loopback() {
            return Err(layers.invalid(
                "no_auth",
                "without authentication the host listens on loopback only: set listen to 127.0.0.1:PORT",
            ));
        }
        let key = layers.key()?;
        let database_url = layers.database()?;
        let (lease, heartbeat) = (layers.milliseconds("lease_ms")?, layers.milliseconds("heartbeat_ms")?);
        if heartbeat >= lease {
            let reason = format!(
                "a lease of {} ms would end before it is renewed: write less, a third of lease_ms is usual",
                lease.as_millis()
            );
            return Err(layers.invalid("heartbeat_ms", &reason));
        }
        let body_limit = layers.parse("body_limit", "write a number of bytes")?;
        if body_limit < SMALLEST_BODY_LIMIT {
            return Err(layers.invalid("body_limit", "a task would not fit: write 4096 or more bytes"));
        }
        Ok(Self {
            listen,
            plugin_dirs: layers.list("plugin_dir").into_iter().map(PathBuf::from).collect(),
            database_listen_url: layers.listen_database(database_url.as_ref())?,
            database_url,
            admin_key: layers.optional("admin_key"),
            models: layers.models()?,
            plans: layers.plans()?,
            model_dir: layers.path("model_dir")?,
            source_roots: layers
                .list_of("source_roots", |text| text.parse().map_err(|error| format!("{error}")))?,
            public_url: layers.url("public_url")?,
            cors_origins: layers.list_of("cors_origins", values::origin)?,
            trusted_proxies: layers.list_of("trusted_proxies", values::network)?,
            policy: layers.list("policy").into_iter().map(PathBuf::from).collect(),
            key,
            key_file: layers.path("key_file")?,
            log: layers.text("log"),
            log_json: layers.choice("log_format", &["text", "json"])? == "json",
            worker: layers.flag("worker")?,
            autonomy: layers.choice("autonomy", &["on", "off"])? == "on",
            no_auth,
            lease,
            heartbeat,
            concurrency: layers.parse("concurrency", "write a number of tasks, such as 64")?,
            call_wall: layers.milliseconds("call_wall_ms")?,
            token_budget: layers.parse("token_budget", "write a number of tokens")?,
            model_patience: layers.milliseconds("model_patience_ms")?,
            trap_limit: layers.parse("trap_limit", "write a number of traps, 0 for never")?,
            keep_tasks: layers.days("keep_tasks_days")?,
            keep_failed: layers.days("keep_failed_days")?,
            keep_webhooks: layers.days("keep_webhooks_days")?,
            agent_file_limit: layers.parse("agent_file_limit", "write a number of bytes")?,
            agent_files_quota: layers.parse("agent_files_quota", "write a number of bytes")?,
            keep_chats: match layers.days("keep_chats_days")? {
                Duration::ZERO => return Err(layers.invalid("keep_chats_days", "write 1 or more")),
                days => days,
            },
            keep_ticks: layers.days("keep_ticks_days")?,
            keep_logs: layers.days("keep_logs_days")?,
            log_lines: layers.parse("log_lines", "write a number of lines")?,
            body_limit,
            data_dir,
            effective: layers.effective(),
        })
    }
}
