//! `skep serve`: run the host until it is told to stop.

use super::{Common, Failure};
use crate::config::Config;
use crate::wiring::{self, Host};
use crate::{shutdown, telemetry};
use clap::Args;
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

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
    let first = app::accounts::ensure_default(app, config.admin_key.as_deref()).await?;
    let key_file = config.data_dir.join(ADMIN_KEY_FILE);
    if let Some(key) = first.new_admin_key.as_deref().or(config.admin_key.as_deref()) {
        keep_key(&key_file, key)?;
    }
    let (drain, draining) = watch::channel(false);
    let router = api::router(Arc::clone(app), http_settings(&config, address, draining.clone())?);
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

fn http_settings(
    config: &Config,
    address: SocketAddr,
    draining: watch::Receiver<bool>,
) -> Result<api::HttpSettings, Failure> {
    let invalid = |what: &str, value: &str, error: &dyn std::fmt::Display| {
        Failure::new(format!("{what} {value:?} is not valid: {error}"))
    };
    let public_url = config
        .public_url
        .as_deref()
        .map(|text| url::Url::parse(text).map_err(|error| invalid("public_url", text, &error)));
    let proxies = config.trusted_proxies.iter().map(|text| {
        let network = text
            .parse::<ipnet::IpNet>()
            .or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
        network.map_err(|error| invalid("trusted_proxies", text, &error))
    });
    Ok(api::HttpSettings {
        public_url: public_url.transpose()?,
        cors_origins: config.cors_origins.clone(),
        trusted_proxies: proxies.collect::<Result<_, _>>()?,
        no_auth: config.no_auth,
        body_limit: config.body_limit,
        ..api::HttpSettings::new(address, draining)
    })
}

/// The key that the CLI uses: 0600.
fn keep_key(path: &Path, key: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(file.write_all(key.as_bytes())?)
}
