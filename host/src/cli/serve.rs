//! `skep serve`: run the host until it is told to stop.

use super::{Common, Failure};
use crate::config::Config;
use crate::wiring::{self, Host};
use crate::{shutdown, telemetry};
use clap::Args;
use domain::error::{Code, Error};
use serde_json::json;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use vault::secret_file;

/// How long open requests may take after a signal.
const HTTP_DRAIN: Duration = Duration::from_secs(5);

/// In the data directory: the admin key, for the verbs that speak to the host.
pub(super) const ADMIN_KEY_FILE: &str = "admin.key";

/// Overrides of the configuration.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Address and port; port 0 picks one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// A folder of hot-loaded packages; may be given more than once.
    #[arg(long, value_name = "DIR")]
    plugin_dir: Vec<PathBuf>,
    /// A folder that a task's source may come from, DIR or PREFIX=DIR; may be given more than once.
    #[arg(long, value_name = "DIR")]
    source_root: Vec<String>,
    /// Serve the API only.
    #[arg(long)]
    no_worker: bool,
    /// Loopback only: every caller is admin.
    #[arg(long)]
    no_auth: bool,
}

impl Options {
    /// The configuration with the common flags and these.
    pub(super) fn config(&self, common: &Common) -> Result<Config, Failure> {
        let mut flags = common.flags();
        if let Some(listen) = self.listen {
            flags.values.insert("listen", listen.to_string());
        }
        if !self.plugin_dir.is_empty() {
            let directories: Vec<String> =
                self.plugin_dir.iter().map(|path| path.display().to_string()).collect();
            flags.values.insert("plugin_dir", directories.join(":"));
        }
        if !self.source_root.is_empty() {
            flags.values.insert("source_roots", self.source_root.join(":"));
        }
        if self.no_worker {
            flags.values.insert("worker", "false".to_owned());
        }
        if self.no_auth {
            flags.values.insert("no_auth", "true".to_owned());
        }
        Ok(Config::load(&flags)?)
    }
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let config = options.config(common)?;
    telemetry::start(&config.log, config.log_json)?;
    serve(common, config, |_| {}).await
}

/// What a start tells people.
pub(super) struct Started<'a> {
    pub(super) url: &'a str,
    pub(super) new_admin_key: Option<&'a str>,
    pub(super) live: usize,
}

/// Serve until a signal; `greet` prints what people should know once it answers.
pub(super) async fn serve(
    common: &Common,
    config: Config,
    greet: impl FnOnce(&Started<'_>),
) -> Result<(), Failure> {
    let shutdown = shutdown::token()?;
    let host = wiring::assemble(&config).await?;
    let Host { app, policy, .. } = &host;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Failure::new(format!(
            "cannot listen on {}: {error}; give another address with --listen",
            config.listen
        ))
    })?;
    let address = listener.local_addr()?;
    let url = format!("http://{address}");
    app::install::refresh(app, policy.as_ref()).await?;
    // Last of what may fail: a new key is shown once, so a start that makes one must get as far as showing it.
    let key_file = config.data_dir.join(ADMIN_KEY_FILE);
    let keep = |minted: String| {
        // In the file before its hash is in the database: a crash between the two loses nothing.
        let kept = secret_file::load_or_make(&key_file, || minted.into());
        kept.map(|key| key.to_string()).map_err(|error| Error::new(Code::InternalError, error.to_string()))
    };
    let first = app::accounts::ensure_default(app, config.admin_key.as_deref(), keep).await?;
    let (drain, draining) = watch::channel(false);
    let router = api::router(Arc::clone(app), http_settings(&config, address, draining.clone()));
    let watcher =
        tokio::spawn(app::install::watch(Arc::clone(app), Arc::clone(policy) as _, shutdown.clone()));
    let worker = config.worker.then(|| {
        tokio::spawn(worker::Worker::new(Arc::clone(app), host.host, host.installation).run(shutdown.clone()))
    });
    let listen_file = config.data_dir.join("listen");
    std::fs::write(&listen_file, &url)?;
    // For a process that comes second.
    host.lock.describe(Some(&url)).map_err(|error| Failure::new(error.to_string()))?;
    let live = app.catalog.view().live.len();
    tracing::info!(%url, live, allocation = %host.allocation, "the host answers");
    if common.json {
        println!("{}", json!({ "url": url, "adminKey": first.new_admin_key, "plugins": live }));
    }
    greet(&Started { url: &url, new_admin_key: first.new_admin_key.as_deref(), live });
    let serving = tokio::spawn(api::serve(listener, router, draining));
    shutdown.cancelled().await;
    // Nobody listens any more when serving has already ended.
    let _ended = drain.send(true);
    let served = tokio::time::timeout(HTTP_DRAIN, serving).await;
    for task in [Some(watcher), worker].into_iter().flatten() {
        if let Err(error) = task.await {
            tracing::error!(%error, "a part of the host ended badly");
        }
    }
    // The file says that a host runs; it may be gone already.
    let _gone = std::fs::remove_file(&listen_file);
    match served {
        Ok(Ok(result)) => result.map_err(|error| Failure::new(format!("serving ended: {error}"))),
        Ok(Err(error)) => Err(Failure::new(format!("serving ended badly: {error}"))),
        // Clients that do not end their requests do not hold up the shutdown.
        Err(_) => Ok(()),
    }
}

fn http_settings(config: &Config, address: SocketAddr, draining: watch::Receiver<bool>) -> api::HttpSettings {
    api::HttpSettings {
        public_url: config.public_url.clone(),
        cors_origins: config.cors_origins.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        no_auth: config.no_auth,
        body_limit: config.body_limit,
        ..api::HttpSettings::new(address, draining)
    }
}
