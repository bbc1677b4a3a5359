//! The embedded model: a supervised child process of this binary, reached over loopback and only there.

use crate::cli::Failure;
use crate::clock::SystemEntropy;
use crate::config::Config;
use app::ports::clock::Clock;
use app::ports::models::Model;
use app::ports::outbound::Outbound;
use egress::{Egress, Rules};
use models::known;
use models::supervisor::{SupervisedModel, SupervisorSettings};
use models::verified::verified;
use std::ffi::OsString;
use std::sync::Arc;
use url::Url;

/// A model that starts with its first request. Its file may come later: `skep model pull`.
pub(super) fn wire(config: &Config, clock: &Arc<dyn Clock>) -> Result<Arc<dyn Model>, Failure> {
    if cfg!(not(feature = "embedded")) {
        return Err(Failure::new("this build has no embedded model; configure a provider in [models]"));
    }
    let name = &config.models.embedded;
    // Hashing may take a second, once; nothing else waits for this thread.
    let file = tokio::task::block_in_place(|| verified(&config.model_dir, name))
        .map_err(|error| Failure::new(error.to_string()))?;
    let file = file.unwrap_or_else(|| {
        let file = known::find(name).map_or(name.as_str(), |known| known.file);
        tracing::warn!(model = name, "the embedded model is not here; run `skep model pull {name}`, or configure a provider in [models]");
        config.model_dir.join(file)
    });
    let arguments = ["model", "serve", "--model"].map(Into::into).into_iter().chain([
        file.into_os_string(),
        "--port".into(),
        "0".into(),
    ]);
    let mut settings = SupervisorSettings::new(super::own_executable()?, arguments.collect(), name);
    settings.environment.extend(kept_variables());
    let reach = |base: &Url| {
        let rules = Rules { model_urls: vec![base.clone()], ..Rules::default() };
        Arc::new(Egress::new(Arc::new(rules))) as Arc<dyn Outbound>
    };
    Ok(Arc::new(SupervisedModel::new(settings, Box::new(reach), Arc::clone(clock), Arc::new(SystemEntropy))))
}

/// What the child needs of our environment. Everything else, keys and database URLs among it, stays here.
fn kept_variables() -> impl Iterator<Item = (OsString, OsString)> {
    const KEPT: [&str; 3] = ["LD_LIBRARY_PATH", "RAYON_NUM_THREADS", "RUST_BACKTRACE"];
    KEPT.into_iter().filter_map(|name| Some((name.into(), std::env::var_os(name)?)))
}
