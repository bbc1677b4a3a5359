//! How a verb fails: one line on stderr (or JSON on stdout under `--json`), exit code 1.

use crate::config::ConfigError;
use serde_json::json;
use std::process::ExitCode;

/// What went wrong and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    json: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), json: false }
    }

    /// The same failure, printed as JSON.
    pub(crate) fn as_json(mut self, json: bool) -> Self {
        self.json = json;
        self
    }

    /// Print it.
    pub(crate) fn report(&self) -> ExitCode {
        if self.json {
            println!("{}", json!({ "error": self.message }));
        } else {
            eprintln!("skep: {}", self.message);
        }
        ExitCode::FAILURE
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<domain::error::Error> for Failure {
    fn from(error: domain::error::Error) -> Self {
        Self::new(error.message)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}
