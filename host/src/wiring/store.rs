//! Opens the database and gives it out port by port.

use crate::cli::Failure;
use crate::config::Config;
use app::ports::agent_files::AgentFiles;
use app::ports::agents::Agents;
use app::ports::approvals::Approvals;
use app::ports::blobs::Blobs;
use app::ports::clock::Clock;
use app::ports::idempotency::Idempotency;
use app::ports::jobs::Jobs;
use app::ports::journal::Journal;
use app::ports::keys::Keys;
use app::ports::kv::Kv;
use app::ports::logs::Logs;
use app::ports::plugins::Plugins;
use app::ports::queue::Queue;
use app::ports::rate_windows::RateWindows;
use app::ports::rooms::Rooms;
use app::ports::secrets::Secrets;
use app::ports::sessions::Sessions;
use app::ports::skills::Skills;
use app::ports::store::Store;
use app::ports::tasks::Tasks;
use app::ports::templates::Templates;
use app::ports::ticks::Ticks;
use app::ports::usage::UsageReader;
use app::ports::users::Users;
use app::ports::workspaces::Workspaces;
use std::sync::Arc;
use store::DirectoryLock;
use store::postgres::{PostgresOptions, PostgresStore};
use store::sqlite::{Options, SqliteStore};

/// Every store port.
pub(super) struct StorePorts {
    pub(super) lock: Arc<DirectoryLock>,
    pub(super) tasks: Arc<dyn Tasks>,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) blobs: Arc<dyn Blobs>,
    pub(super) workspaces: Arc<dyn Workspaces>,
    pub(super) kv: Arc<dyn Kv>,
    pub(super) agent_files: Arc<dyn AgentFiles>,
    pub(super) logs: Arc<dyn Logs>,
    pub(super) keys: Arc<dyn Keys>,
    pub(super) users: Arc<dyn Users>,
    pub(super) agents: Arc<dyn Agents>,
    pub(super) rooms: Arc<dyn Rooms>,
    pub(super) sessions: Arc<dyn Sessions>,
    pub(super) jobs: Arc<dyn Jobs>,
    pub(super) ticks: Arc<dyn Ticks>,
    pub(super) templates: Arc<dyn Templates>,
    pub(super) secrets: Arc<dyn Secrets>,
    pub(super) idempotency: Arc<dyn Idempotency>,
    pub(super) rate_windows: Arc<dyn RateWindows>,
    pub(super) usage: Arc<dyn UsageReader>,
    pub(super) plugins: Arc<dyn Plugins>,
    pub(super) skills: Arc<dyn Skills>,
    pub(super) approvals: Arc<dyn Approvals>,
}

/// SQLite in the data directory, or PostgreSQL. `fingerprint` is that of the key-encryption key.
pub(super) async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    fingerprint: &str,
) -> Result<StorePorts, Failure> {
    match &config.database_url {
        None => {
            let data_dir = config.data_dir.clone();
            let opened =
                tokio::task::spawn_blocking(move || SqliteStore::open(&data_dir, clock, sqlite_options()))
                    .await;
            let store = opened
                .map_err(|error| Failure::new(error.to_string()))?
                .map_err(|error| Failure::new(error.to_string()))?;
            let lock = store.lock();
            Ok(ports(store, lock))
        }
        Some(url) => {
            let lock = DirectoryLock::take(&config.data_dir, clock.now())
                .map_err(|error| Failure::new(error.to_string()))?;
            let store =
                PostgresStore::connect(url, config.database_listen_url.as_deref(), postgres_options())
                    .await
                    .map_err(|error| Failure::new(error.to_string()))?;
            store.check_fingerprint(fingerprint).await.map_err(|error| Failure::new(error.to_string()))?;
            Ok(ports(store, Arc::new(lock)))
        }
    }
}

fn ports<S: Store + Clone + 'static>(store: S, lock: Arc<DirectoryLock>) -> StorePorts {
    StorePorts {
        lock,
        tasks: Arc::new(store.clone()),
        queue: Arc::new(store.clone()),
        journal: Arc::new(store.clone()),
        blobs: Arc::new(store.clone()),
        workspaces: Arc::new(store.clone()),
        kv: Arc::new(store.clone()),
        agent_files: Arc::new(store.clone()),
        logs: Arc::new(store.clone()),
        keys: Arc::new(store.clone()),
        users: Arc::new(store.clone()),
        agents: Arc::new(store.clone()),
        rooms: Arc::new(store.clone()),
        sessions: Arc::new(store.clone()),
        jobs: Arc::new(store.clone()),
        ticks: Arc::new(store.clone()),
        templates: Arc::new(store.clone()),
        secrets: Arc::new(store.clone()),
        idempotency: Arc::new(store.clone()),
        rate_windows: Arc::new(store.clone()),
        usage: Arc::new(store.clone()),
        plugins: Arc::new(store.clone()),
        skills: Arc::new(store.clone()),
        approvals: Arc::new(store),
    }
}

fn sqlite_options() -> Options {
    Options {
        #[cfg(feature = "failpoints")]
        fencing: app::failpoint::is_fenced(),
        ..Options::default()
    }
}

fn postgres_options() -> PostgresOptions {
    PostgresOptions {
        #[cfg(feature = "failpoints")]
        fencing: app::failpoint::is_fenced(),
        ..PostgresOptions::default()
    }
}
