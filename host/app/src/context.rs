//! The application: its ports, its settings, and what its parts tell each other.

use crate::catalog::LivePlugins;
use crate::live::LiveBus;
use crate::ports::agent_files::AgentFiles;
use crate::ports::agents::Agents;
use crate::ports::api_keys::ApiKeys;
use crate::ports::approvals::Approvals;
use crate::ports::blobs::Blobs;
use crate::ports::clock::{Clock, Entropy};
use crate::ports::components::Components;
use crate::ports::idempotency::Idempotency;
use crate::ports::jobs::Jobs;
use crate::ports::journal::Journal;
use crate::ports::keys::Keys;
use crate::ports::kv::Kv;
use crate::ports::logs::Logs;
use crate::ports::models::Models;
use crate::ports::outbound::Outbound;
use crate::ports::packages::Packages;
use crate::ports::plugins::Plugins;
use crate::ports::queue::Queue;
use crate::ports::rate_windows::RateWindows;
use crate::ports::rooms::Rooms;
use crate::ports::secrets::Secrets;
use crate::ports::sessions::Sessions;
use crate::ports::skills::Skills;
use crate::ports::sources::Sources;
use crate::ports::tasks::Tasks;
use crate::ports::templates::Templates;
use crate::ports::ticks::Ticks;
use crate::ports::usage::UsageReader;
use crate::ports::users::Users;
use crate::ports::vault::Vault;
use crate::ports::webhooks::WebhookSigner;
use crate::ports::workspaces::Workspaces;
use crate::rates::Rates;
use crate::settings::Settings;
use std::sync::Arc;
use tokio::sync::Notify;

/// One for each port; `host` wires them.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Store.
    pub tasks: Arc<dyn Tasks>,
    /// Store.
    pub queue: Arc<dyn Queue>,
    /// Store.
    pub journal: Arc<dyn Journal>,
    /// Store.
    pub blobs: Arc<dyn Blobs>,
    /// Store.
    pub workspaces: Arc<dyn Workspaces>,
    /// Store.
    pub kv: Arc<dyn Kv>,
    /// Store.
    pub agent_files: Arc<dyn AgentFiles>,
    /// Store.
    pub logs: Arc<dyn Logs>,
    /// Store.
    pub keys: Arc<dyn Keys>,
    /// Store.
    pub users: Arc<dyn Users>,
    /// Store.
    pub agents: Arc<dyn Agents>,
    /// Store.
    pub rooms: Arc<dyn Rooms>,
    /// Store.
    pub sessions: Arc<dyn Sessions>,
    /// Store.
    pub jobs: Arc<dyn Jobs>,
    /// Store.
    pub ticks: Arc<dyn Ticks>,
    /// Store.
    pub templates: Arc<dyn Templates>,
    /// Store.
    pub secrets: Arc<dyn Secrets>,
    /// Store.
    pub idempotency: Arc<dyn Idempotency>,
    /// Store.
    pub rate_windows: Arc<dyn RateWindows>,
    /// Store.
    pub usage: Arc<dyn UsageReader>,
    /// Store.
    pub plugins: Arc<dyn Plugins>,
    /// Store.
    pub skills: Arc<dyn Skills>,
    /// Store.
    pub approvals: Arc<dyn Approvals>,
    /// Runtime.
    pub components: Arc<dyn Components>,
    /// Catalog.
    pub packages: Arc<dyn Packages>,
    /// Models.
    pub models: Models,
    /// Egress.
    pub outbound: Arc<dyn Outbound>,
    /// Egress.
    pub sources: Arc<dyn Sources>,
    /// Egress.
    pub webhook_signer: Arc<dyn WebhookSigner>,
    /// Vault.
    pub api_keys: Arc<dyn ApiKeys>,
    /// Vault.
    pub vault: Arc<dyn Vault>,
}

/// The application. Cheap to share as `Arc<App>`.
pub struct App {
    /// What it needs from outside.
    pub ports: Ports,
    /// Set once.
    pub settings: Settings,
    /// Who watches which task; the API holds the other end.
    pub live: LiveBus,
    /// Rung when a task may be claimable; the dispatcher waits on it.
    pub queued: Notify,
    /// Rung when an agent may be due to tick; the loop of ticks waits on it.
    pub due: Notify,
    /// Rung when a running task was asked to cancel; the executor waits on it.
    pub cancelled: tokio::sync::broadcast::Sender<domain::id::TaskId>,
    /// Told whose log got lines on this host; those who follow a log wait on it.
    pub logged: tokio::sync::broadcast::Sender<domain::id::UserId>,
    /// What this host has taken out of rate windows.
    pub rates: Rates,
    /// What new calls go to.
    pub catalog: LivePlugins,
    /// What is in memory of users' own plugins.
    pub(crate) own: crate::skills::own::OwnPlugins,
    /// What the models answered when they were last asked how they are.
    pub(crate) models_checked: tokio::sync::Mutex<Option<crate::health::ModelsChecked>>,
}

impl App {
    /// Wire it.
    #[must_use]
    pub fn new(ports: Ports, settings: Settings) -> Self {
        let rates = Rates::new(Arc::clone(&ports.rate_windows), Arc::clone(&ports.clock));
        let (cancelled, _) = tokio::sync::broadcast::channel(1024);
        let (logged, _) = tokio::sync::broadcast::channel(1024);
        Self {
            ports,
            settings,
            live: LiveBus::default(),
            queued: Notify::new(),
            due: Notify::new(),
            cancelled,
            logged,
            rates,
            catalog: LivePlugins::default(),
            own: crate::skills::own::OwnPlugins::default(),
            models_checked: tokio::sync::Mutex::default(),
        }
    }

    /// A UUID that nobody has.
    pub(crate) fn random_uuid(&self) -> uuid::Uuid {
        let mut bytes = [0; 16];
        self.ports.entropy.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Tell those who follow the user's log here that it has new lines. Those on other hosts look once a second.
    pub fn tell_logged(&self, user: domain::id::UserId) {
        // Nobody listens while nobody follows.
        let _unfollowed = self.logged.send(user);
    }

    /// Tell the workers of this host to stop these tasks. Those of other hosts find out at their heartbeat.
    pub(crate) fn stop_running(&self, tasks: Vec<domain::id::TaskId>) {
        for task in tasks {
            // Nobody listens on a host without workers.
            let _no_worker_here = self.cancelled.send(task);
        }
    }
}
