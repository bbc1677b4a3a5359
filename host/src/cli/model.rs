//! `skep model`: pull, import, list and serve embedded models.

mod serve;

use super::{Common, Failure};
use crate::clock::SystemClock;
use crate::config::Config;
use clap::Subcommand;
use egress::{Egress, Rules};
use indicatif::{ProgressBar, ProgressStyle};
use models::pull::Puller;
use models::verified::verified;
use models::{addresses, known};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;

#[derive(Debug, Subcommand)]
pub(crate) enum ModelVerb {
    /// Fetch a model from the public hub.
    Pull {
        /// Its name [default: the configured one].
        name: Option<String>,
    },
    /// Take over a GGUF file that is already here.
    Import {
        /// The file.
        file: PathBuf,
        /// Also a file that is none of the known models.
        #[arg(long)]
        allow_unknown: bool,
    },
    /// Show the known models and which are here.
    List,
    /// Serve a model with OpenAI's protocol on loopback.
    Serve(serve::Options),
}

pub(crate) async fn run(common: &Common, verb: ModelVerb) -> Result<(), Failure> {
    match verb {
        ModelVerb::Pull { name } => {
            let config = common.config()?;
            let name = name.unwrap_or_else(|| config.models.embedded.clone());
            let path = pull(&config, &name, common.json).await?;
            report(common, &name, &path)
        }
        ModelVerb::Import { file, allow_unknown } => {
            let directory = common.config()?.model_dir;
            let imported =
                tokio::task::spawn_blocking(move || models::import::import(&file, &directory, allow_unknown))
                    .await;
            let imported = imported
                .map_err(|error| Failure::new(error.to_string()))?
                .map_err(|error| Failure::new(error.to_string()))?;
            report(common, &imported.name, &imported.path)
        }
        ModelVerb::List => list(common),
        ModelVerb::Serve(options) => serve::run(common, options).await,
    }
}

/// For `skep up`: fetch the configured model when it is not here.
pub(super) async fn ensure(config: &Config, json: bool) -> Result<(), Failure> {
    let name = &config.models.embedded;
    if tokio::task::block_in_place(|| verified(&config.model_dir, name))
        .map_err(|error| Failure::new(error.to_string()))?
        .is_some()
    {
        return Ok(());
    }
    pull(config, name, json).await.map(drop)
}

/// For `skep doctor`.
pub(super) fn installed(config: &Config) -> Result<String, String> {
    let name = &config.models.embedded;
    match tokio::task::block_in_place(|| verified(&config.model_dir, name)) {
        Ok(Some(path)) => Ok(format!("embedded {name} at {}", path.display())),
        Ok(None) => Err(format!(
            "embedded {name} is not here; run `skep model pull {name}`, or configure a provider in [models]"
        )),
        Err(error) => Err(error.to_string()),
    }
}

async fn pull(config: &Config, name: &str, json: bool) -> Result<PathBuf, Failure> {
    let hub = std::env::var("HF_ENDPOINT").unwrap_or_else(|_| addresses::MODEL_HUB.to_owned());
    let hub = Url::parse(&hub)
        .map_err(|error| Failure::new(format!("HF_ENDPOINT {hub:?} is not valid: {error}")))?;
    // The operator named the hub, so it may be anywhere.
    let allow = hub.host_str().and_then(|host| host.parse().ok()).into_iter().collect();
    let outbound = Arc::new(Egress::new(Arc::new(Rules { allow, ..Rules::default() })));
    let puller = Puller { outbound, clock: Arc::new(SystemClock), hub, directory: config.model_dir.clone() };
    let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) =
        ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
    {
        bar.set_style(style);
    }
    bar.set_message(format!("fetching {name}"));
    let pulled = puller.pull(name, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    let path = pulled.await.map_err(|error| Failure::new(error.to_string()))?;
    bar.finish_and_clear();
    Ok(path)
}

fn report(common: &Common, name: &str, path: &std::path::Path) -> Result<(), Failure> {
    if common.json {
        println!("{}", json!({ "name": name, "path": path }));
    } else {
        println!("{name} is at {}", path.display());
    }
    Ok(())
}

fn list(common: &Common) -> Result<(), Failure> {
    let directory = common.config()?.model_dir;
    let rows = known::KNOWN.map(|model| {
        let found = tokio::task::block_in_place(|| verified(&directory, model.name));
        (model, found.map_err(|error| error.to_string()))
    });
    if common.json {
        let rows = rows.map(|(model, found)| {
            let (path, wrong) = found.map_or_else(|wrong| (None, Some(wrong)), |path| (path, None));
            json!({ "name": model.name, "bytes": model.bytes, "memoryMb": model.memory_mb, "about": model.about, "path": path, "wrong": wrong })
        });
        println!("{}", json!({ "models": rows }));
        return Ok(());
    }
    for (model, found) in rows {
        let place = match found {
            Ok(Some(path)) => path.display().to_string(),
            Ok(None) => "not here".to_owned(),
            Err(wrong) => wrong,
        };
        println!("{:<22} {:>5} MB  {}\n    {place}", model.name, model.bytes / 1_000_000, model.about);
    }
    Ok(())
}
