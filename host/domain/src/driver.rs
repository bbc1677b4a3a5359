//! Drivers: pure deciders. `decide` depends on the set of recorded outcomes, never on their order.

pub mod rigor;
pub mod turn;
pub mod webhook;

use crate::history::{Decision, TaskHistory};

/// Names of the drivers that this build has, newest of a kind first. A host claims only these.
pub const NAMES: [&str; 4] = [rigor::NAME, webhook::NAME, turn::CHAT, turn::TICK];

/// Input or history that a driver cannot read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("driver {driver} cannot decide: {message}")]
pub struct DriverError {
    /// Which driver.
    pub driver: String,
    /// Why.
    pub message: String,
}

/// Ask the driver of that name what is next.
///
/// # Errors
/// When there is no such driver, or its input is not readable.
pub fn decide(driver: &str, history: &TaskHistory) -> Result<Decision, DriverError> {
    let result = match driver {
        rigor::NAME => rigor::decide(history),
        webhook::NAME => webhook::decide(history),
        turn::CHAT | turn::TICK => turn::decide(history),
        _ => Err(format!("this host has no such driver; it has {}", NAMES.join(", "))),
    };
    result.map_err(|message| DriverError { driver: driver.to_owned(), message })
}
