//! What `skep doctor` looks at: what a start needs, by the same code that starts. Nothing is changed, nothing is left behind.

use crate::cli::Failure;
use crate::cli::model;
use crate::clock::SystemClock;
use crate::config::{Config, TierConfig};
use crate::wiring;
use app::ports::clock::Clock;
use app::ports::outbound::Outbound;
use egress::{Egress, Rules};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::postgres;
use store::sqlite::SqliteStore;

/// A provider that has not said that it is there by then is not there.
const PATIENCE: Duration = Duration::from_secs(20);

/// One thing that was looked at.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) good: bool,
    pub(super) finding: String,
}

/// Good or not, and what was found.
type Finding = Result<String, String>;

pub(super) async fn all(config: &Config) -> Vec<Check> {
    let policy = wiring::policy(config);
    let rules = policy.as_ref().ok().map(|(_, rules)| rules.clone());
    let mut checks = vec![
        check("data directory", data_directory(&config.data_dir)),
        check("key", key(config)),
        check("database", database(config).await),
        check("plugins", plugin_directories(config)),
        check("policy", policy.map_err(text).map(|(files, _)| granted(config, files.present().len()))),
        check("source roots", source_roots(config)),
        check("git", git()),
        check("listen", listen(config)),
        check("runtime", runtime_check(config)),
    ];
    checks.extend(models(config, rules.unwrap_or_default()).await);
    checks
}

fn check(name: &'static str, finding: Finding) -> Check {
    match finding {
        Ok(finding) => Check { name, good: true, finding },
        Err(finding) => Check { name, good: false, finding },
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn data_directory(directory: &Path) -> Finding {
    let was_there = directory.is_dir();
    let made = make(directory)
        .map_err(|error| format!("the data directory {} cannot be made: {error}", directory.display()))?;
    let written = write(directory);
    // The deepest first. One in which somebody has put something in the meantime stays.
    for folder in made.iter().rev() {
        let _stays = std::fs::remove_dir(folder);
    }
    written.map_err(|error| format!("{} cannot be written: {error}", directory.display()))?;
    Ok(if was_there {
        format!("{} can be written", directory.display())
    } else {
        format!("{} can be made; `skep up` does", directory.display())
    })
}

/// Make a folder and those above it; answers which were not there.
fn make(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let missing: Vec<&Path> = directory
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .collect();
    let mut made = Vec::new();
    for folder in missing.into_iter().rev() {
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => made.push(folder.to_owned()),
            Err(error) => {
                for folder in made.iter().rev() {
                    let _stays = std::fs::remove_dir(folder);
                }
                return Err(error);
            }
        }
    }
    Ok(made)
}

fn write(directory: &Path) -> io::Result<()> {
    let file = directory.join(format!(".doctor-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut opened| opened.write_all(b"doctor\n").and_then(|()| opened.sync_all()));
    match (written, std::fs::remove_file(&file)) {
        (Err(error), _) | (Ok(()), Err(error)) => Err(error),
        (Ok(()), Ok(())) => Ok(()),
    }
}

fn key(config: &Config) -> Finding {
    let place = match &config.key {
        Some(_) => "SKEP_KEY".to_owned(),
        None => config.key_file.display().to_string(),
    };
    Ok(match wiring::present_key(config).map_err(text)? {
        Some(key) => format!("fingerprint {} ({place})", key.fingerprint()),
        None => format!("{place} is not there yet; `skep up` makes it"),
    })
}

async fn database(config: &Config) -> Finding {
    let Some(url) = &config.database_url else {
        let found = tokio::task::block_in_place(|| SqliteStore::inspect(&config.data_dir)).map_err(text)?;
        return Ok(match found {
            Some(version) => format!("SQLite in the data directory, schema {version}"),
            None => "SQLite; not there yet, `skep up` makes it".to_owned(),
        });
    };
    let found = postgres::inspect(url).await.map_err(text)?;
    if let Some(direct) = &config.database_listen_url {
        postgres::inspect(direct).await.map_err(|error| format!("database_listen_url: {error}"))?;
    }
    // An unusable key has its own check.
    if let (Some(present), Ok(Some(key))) = (&found.fingerprint, wiring::present_key(config))
        && *present != key.fingerprint()
    {
        return Err(format!(
            "the database was set up with the key-encryption key {present}, this host has {}: give it the same key",
            key.fingerprint()
        ));
    }
    let schema =
        found.schema.map_or_else(|| "no schema yet".to_owned(), |version| format!("schema {version}"));
    Ok(format!("PostgreSQL {} that commits durably, {schema}", found.server))
}

fn plugin_directories(config: &Config) -> Finding {
    let mut found = Vec::new();
    for directory in &config.plugin_dirs {
        let shown = directory.display();
        match std::fs::read_dir(directory) {
            Ok(_) => found.push(shown.to_string()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                found.push(format!("{shown} (not there yet; `skep up` makes it)"));
            }
            Err(error) => return Err(format!("{shown} cannot be read: {error}")),
        }
    }
    Ok(found.join(", "))
}

fn granted(config: &Config, components: usize) -> String {
    format!("{} file(s) with grants for {components} component(s)", config.policy.len())
}

fn source_roots(config: &Config) -> Finding {
    let mut found = Vec::new();
    for root in &config.source_roots {
        let shown = root.folder().display();
        std::fs::read_dir(root.folder())
            .map_err(|error| format!("{shown} cannot be read: {error}; correct SKEP_SOURCE_ROOTS"))?;
        found.push(shown.to_string());
    }
    Ok(if found.is_empty() { "none: tasks bring no folders".to_owned() } else { found.join(", ") })
}

fn git() -> Finding {
    match std::process::Command::new("git").arg("--version").output() {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => Err("git was not found: sources with a git URL will fail; install it".to_owned()),
    }
}

fn listen(config: &Config) -> Finding {
    let address = config.listen;
    match TcpListener::bind(address) {
        Ok(_) => Ok(format!("{address} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let running = std::fs::read_to_string(config.data_dir.join("listen")).unwrap_or_default();
            if running.trim() == format!("http://{address}") {
                Ok(format!("the host of this data directory is at {address}"))
            } else {
                Err(format!("{address} is in use by another process; give another address"))
            }
        }
        Err(error) => Err(format!("cannot listen on {address}: {error}; give another address")),
    }
}

fn runtime_check(config: &Config) -> Finding {
    let runtime = wiring::own_executable().and_then(|command| {
        let options = runtime::Options::new(&config.data_dir, command);
        runtime::Runtime::new(runtime::Options { cache: None, ..options })
            .map_err(|error| Failure::new(error.to_string()))
    });
    runtime.map(|runtime| wiring::describe(runtime.allocation())).map_err(text)
}

/// Each provider is asked once, whatever tiers it serves. The embedded model is not started: its file is looked at.
async fn models(config: &Config, rules: Rules) -> Vec<Check> {
    let mut checks = Vec::new();
    if config.models.needs_embedded() {
        checks.push(check("models", model::installed(config)));
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let outbound: Arc<dyn Outbound> = Arc::new(Egress::new(Arc::new(rules)));
    let mut asked = Vec::new();
    for tier in &config.models.tiers {
        let TierConfig::OpenAi(provider) = tier else { continue };
        if asked.contains(&provider) {
            continue;
        }
        asked.push(provider);
        let place = format!("{} at {}", provider.model, provider.url);
        let finding = match wiring::models::remote(provider, &outbound, &clock) {
            Err(failure) => Err(text(failure)),
            Ok(model) => match tokio::time::timeout(PATIENCE, model.check()).await {
                Ok(Ok(())) => Ok(place),
                Ok(Err(error)) => Err(format!("{place}: {}", error.message)),
                Err(_) => Err(format!("{place}: no answer within {PATIENCE:?}")),
            },
        };
        checks.push(check("models", finding));
    }
    checks
}
