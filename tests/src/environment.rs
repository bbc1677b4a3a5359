//! Where `make test` put what the tests need.

use std::path::PathBuf;

/// A path from the environment.
///
/// # Panics
/// Without the variable, saying what to run.
#[must_use]
pub fn path(variable: &str) -> PathBuf {
    PathBuf::from(text(variable))
}

/// A value from the environment.
///
/// # Panics
/// Without the variable, saying what to run.
#[must_use]
pub fn text(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run `make test`, or set it as scripts/test.sh does")
    })
}

/// How many rounds of a heavy test: the number, or more by the variable.
#[must_use]
pub fn rounds(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
