//! Puts the host together: every port gets its adapter, here and nowhere else.

mod embedded;
pub(crate) mod models;
mod store;

use crate::cli::Failure;
use crate::clock::{SystemClock, SystemEntropy};
use crate::config::Config;
use ::store::DirectoryLock;
use app::ports::clock::{Clock, Entropy};
use app::{App, Ports, Settings};
use catalog::{Catalog, Policy, PolicyFiles};
use domain::component::Limits;
use domain::id::HostId;
use egress::sources::Launcher;
use egress::{Egress, GuardedSources, Rules, SourceSettings, StandardWebhooks};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;
use vault::key_file::KeyEncryptionKey;
use vault::{Envelope, SkepKeys, key_file, secret_file};

/// A host that is ready to serve.
pub(crate) struct Host {
    pub(crate) app: Arc<App>,
    pub(crate) policy: Arc<PolicyFiles>,
    /// This run: what holds leases.
    pub(crate) host: HostId,
    /// The data directory's lasting identity.
    pub(crate) installation: Uuid,
    /// How instances are allocated, for `doctor`.
    pub(crate) allocation: String,
    /// Kept as long as the host runs.
    pub(crate) lock: Arc<DirectoryLock>,
}

/// Wire everything that the configuration asks for.
pub(crate) async fn assemble(config: &Config) -> Result<Host, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    private_folder(&config.data_dir)?;
    let key = match present_key(config)? {
        Some(key) => key,
        None => key_file::load_or_make(&config.key_file, entropy.as_ref())
            .map_err(|error| Failure::new(error.to_string()))?,
    };
    let store = store::open(config, Arc::clone(&clock), &key.fingerprint()).await?;
    let (files, rules) = policy(config)?;
    let (files, rules) = (Arc::new(files), Arc::new(rules));
    let outbound: Arc<Egress> = Arc::new(Egress::new(Arc::clone(&rules)));
    let sources = GuardedSources::new(Arc::clone(&rules), source_settings(config, &files.present())?);
    let runtime = runtime::Runtime::new(runtime::Options::new(&config.data_dir, own_executable()?))
        .map_err(|error| Failure::new(error.to_string()))?;
    let allocation = describe(runtime.allocation());
    let catalog = Catalog::new(config.plugin_dirs.clone(), &config.policy, Arc::clone(&clock))
        .map_err(|error| Failure::new(error.to_string()))?;
    let webhook_file = config.data_dir.join("webhook.secret");
    let secret =
        secret_file::load_or_make(&webhook_file, || egress::webhook::make_secret(entropy.as_ref()).into())
            .map_err(|error| Failure::new(error.to_string()))?;
    let signer = StandardWebhooks::new(&secret)
        .map_err(|error| Failure::new(format!("{}: {error}", webhook_file.display())))?;
    let models = models::wire(config, &(Arc::clone(&outbound) as _), &clock)?;
    let lock = store.lock;
    let ports = Ports {
        tasks: store.tasks,
        queue: store.queue,
        journal: store.journal,
        blobs: store.blobs,
        workspaces: store.workspaces,
        kv: store.kv,
        agent_files: store.agent_files,
        logs: store.logs,
        keys: store.keys,
        users: store.users,
        agents: store.agents,
        rooms: store.rooms,
        sessions: store.sessions,
        jobs: store.jobs,
        ticks: store.ticks,
        templates: store.templates,
        secrets: store.secrets,
        idempotency: store.idempotency,
        rate_windows: store.rate_windows,
        usage: store.usage,
        plugins: store.plugins,
        skills: store.skills,
        approvals: store.approvals,
        components: Arc::new(runtime),
        packages: Arc::new(catalog),
        models,
        outbound,
        sources: Arc::new(sources),
        webhook_signer: Arc::new(signer),
        api_keys: Arc::new(SkepKeys::new(Arc::clone(&entropy))),
        vault: Arc::new(Envelope::new(key, Arc::clone(&entropy))),
        clock,
        entropy: Arc::clone(&entropy),
    };
    let installation = installation(&config.data_dir, entropy.as_ref())?;
    let host = HostId(random_uuid(entropy.as_ref()));
    Ok(Host {
        app: Arc::new(App::new(ports, Settings { installation, ..settings(config) })),
        policy: files,
        host,
        installation,
        allocation,
        lock,
    })
}

fn settings(config: &Config) -> Settings {
    let defaults = Settings::default();
    let wall_ms = u64::try_from(config.call_wall.as_millis()).unwrap_or(u64::MAX);
    Settings {
        lease: config.lease,
        heartbeat: config.heartbeat,
        concurrency: config.concurrency,
        limits: Limits { wall_ms, ..defaults.limits.clone() },
        token_budget: config.token_budget,
        model_patience: config.model_patience,
        trap_limit: config.trap_limit,
        keep_ended: config.keep_tasks,
        keep_failed: config.keep_failed,
        keep_webhooks: config.keep_webhooks,
        agent_file_limit: config.agent_file_limit,
        agent_files_quota: config.agent_files_quota,
        keep_chats: config.keep_chats,
        keep_ticks: config.keep_ticks,
        keep_logs: config.keep_logs,
        log_lines: config.log_lines,
        autonomy: config.autonomy,
        worker: config.worker,
        plans: config.plans,
        ..defaults
    }
}

/// The key-encryption key as it is given or kept; none before the first start.
///
/// The data directory's own key and a given one must be the same: what was sealed with the one is lost under the other.
pub(crate) fn present_key(config: &Config) -> Result<Option<KeyEncryptionKey>, Failure> {
    let kept = key_file::load(&config.key_file).map_err(|error| Failure::new(error.to_string()))?;
    match (&config.key, &kept) {
        (Some(given), Some(kept)) if given != kept => Err(Failure::new(format!(
            "SKEP_KEY has the fingerprint {}, the key in {} has {}: give the same key, or use another data directory",
            given.fingerprint(),
            config.key_file.display(),
            kept.fingerprint()
        ))),
        (Some(_), _) => Ok(config.key.clone()),
        (None, _) => Ok(kept),
    }
}

/// The policy files, and what they and the configuration allow to be reached.
pub(crate) fn policy(config: &Config) -> Result<(PolicyFiles, Rules), Failure> {
    let files = PolicyFiles::open(config.policy.clone()).map_err(|error| Failure::new(error.to_string()))?;
    let rules = rules(config, &files.present())?;
    Ok((files, rules))
}

fn rules(config: &Config, policy: &Policy) -> Result<Rules, Failure> {
    Ok(Rules {
        allow: policy
            .egress_allow
            .iter()
            .map(|text| text.parse().map_err(|error| Failure::new(format!("[egress] allow: {error}"))))
            .collect::<Result<_, _>>()?,
        model_urls: models::provider_urls(config)?,
        source_http: policy.allow_http,
    })
}

fn source_settings(config: &Config, policy: &Policy) -> Result<SourceSettings, Failure> {
    Ok(SourceSettings {
        roots: config.source_roots.clone(),
        allow_file: policy.allow_file,
        launcher: Some(Launcher { command: own_executable()?, arguments: vec!["limit-program".into()] }),
        search_path: std::env::var_os("PATH"),
        certificates: std::env::var_os("SSL_CERT_FILE").map(Into::into),
        ..SourceSettings::default()
    })
}

/// How instances are allocated, for people.
pub(crate) fn describe(allocation: &runtime::Allocation) -> String {
    match allocation {
        runtime::Allocation::Pooled { calls } => format!("pooled instances for {calls} calls at once"),
        runtime::Allocation::OnDemand { reason } => format!("instances on demand, which is slower: {reason}"),
    }
}

/// The compile child, the model child and what starts git are this executable.
pub(crate) fn own_executable() -> Result<std::path::PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|error| Failure::new(format!("cannot find the path of this executable: {error}")))
}

fn private_folder(path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Failure::new(format!("cannot make the data directory {}: {error}", path.display())))
}

/// The data directory's identity, made once.
fn installation(data_dir: &Path, entropy: &dyn Entropy) -> Result<Uuid, Failure> {
    let file = data_dir.join("installation");
    let text = secret_file::load_or_make(&file, || random_uuid(entropy).to_string().into())
        .map_err(|error| Failure::new(error.to_string()))?;
    text.parse().map_err(|_| {
        Failure::new(format!("{} does not hold a UUID; delete it to have a new one made", file.display()))
    })
}

pub(crate) fn random_uuid(entropy: &dyn Entropy) -> Uuid {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
