//! `skep agents autonomy`: the loop in which an agent acts on its own.

use crate::cli::client::Client;
use crate::cli::{Common, Failure};
use clap::Subcommand;
use serde_json::{Value, json};

/// Where a host has it.
const PATH: &str = "/api/agent/autonomy";

#[derive(Debug, Subcommand)]
pub(crate) enum AutonomyVerb {
    /// Let it tick; the first tick comes at once.
    On,
    /// No further tick; one that runs completes.
    Off,
    /// Show whether it ticks, when it did and when it will.
    Status,
    /// Tell its next tick something.
    Instruct {
        /// In your words.
        text: String,
    },
    /// Set the time between two ticks, from 5 s to 10 minutes.
    Interval {
        /// Seconds.
        seconds: u64,
    },
}

pub(super) async fn run(
    common: &Common,
    client: &Client,
    user: &str,
    verb: AutonomyVerb,
) -> Result<(), Failure> {
    match verb {
        AutonomyVerb::On | AutonomyVerb::Off => {
            let body = json!({ "enabled": matches!(verb, AutonomyVerb::On) });
            let answer = client.act_as(user, "POST", PATH, Some(&body)).await?;
            common.show(&answer, |answer| {
                let enabled = answer.get("enabled").and_then(Value::as_bool) == Some(true);
                println!("autonomy is {}", if enabled { "on" } else { "off" });
            });
        }
        AutonomyVerb::Status => {
            let status = client.act_as(user, "GET", &format!("{PATH}/status"), None).await?;
            common.show(&status, |status| {
                for (field, value) in status.as_object().into_iter().flatten() {
                    println!(
                        "{field:<20} {}",
                        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                    );
                }
            });
        }
        AutonomyVerb::Instruct { text } => {
            let body = json!({ "instructions": text });
            let answer = client.act_as(user, "POST", &format!("{PATH}/instructions"), Some(&body)).await?;
            common.show(&answer, |answer| {
                println!(
                    "{} instructions wait for the next tick",
                    answer.get("queued").unwrap_or(&Value::Null)
                );
            });
        }
        AutonomyVerb::Interval { seconds } => {
            let body = json!({ "interval": seconds.saturating_mul(1000) });
            let answer = client.act_as(user, "PUT", &format!("{PATH}/interval"), Some(&body)).await?;
            common.show(&answer, |answer| {
                let milliseconds = answer.get("interval").and_then(Value::as_u64).unwrap_or_default();
                println!("a tick each {} s", milliseconds / 1000);
            });
        }
    }
    Ok(())
}
