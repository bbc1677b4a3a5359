//! Log lines to stderr: text for people, JSON for machines. stdout belongs to the verbs.

use crate::cli::Failure;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Begin to log.
pub(crate) fn start(filter: &str, json: bool) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::new(format!(
            "log filter {filter:?} is not valid: {error}; write for example info,plugin=debug"
        ))
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json {
        builder.json().try_init()
    } else if std::io::stderr().is_terminal() {
        builder.with_target(false).try_init()
    } else {
        // Colours are for eyes: in a file they are noise.
        builder.with_target(false).with_ansi(false).try_init()
    };
    started.map_err(|error| Failure::new(format!("cannot start logging: {error}")))
}
