//! How a verb fails: exit code 1 and one line on stderr, or under `--json` one object on stdout.

use crate::config::ConfigError;
use serde_json::json;
use std::process::ExitCode;

/// What went wrong and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    answered: bool,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), answered: false }
    }

    /// The failure of a verb that has printed its answer, which says the same: under `--json` there is one object on stdout, not two.
    pub(crate) fn answered(mut self) -> Self {
        self.answered = true;
        self
    }

    /// Print it.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if json && !self.answered {
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
