//! `skep usage`: tokens of a month, on a running host.

use super::client::{Client, segment};
use super::show::table;
use super::{Common, Failure};
use clap::Args;
use serde_json::Value;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Id or name of the user.
    #[arg(long, default_value = "default")]
    user: String,
    /// As 2026-02; this one without.
    #[arg(long)]
    month: Option<String>,
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let client = Client::new(common)?;
    let month = options.month.map(|month| format!("?month={}", segment(&month))).unwrap_or_default();
    let usage = client.get(&format!("/api/v1/users/{}/usage{month}", segment(&options.user))).await?;
    common.show(&usage, |usage| {
        let number = |name: &str| usage.get(name).and_then(Value::as_u64);
        let limit = number("limit").map_or("no limit".to_owned(), |limit| format!("limit {limit}"));
        let month = usage.get("month").and_then(Value::as_str).unwrap_or("-");
        println!("{month}: {} tokens, {limit}", number("totalTokens").unwrap_or(0));
        for (key, name) in [("byAgent", "agent"), ("byModel", "model")] {
            let rows = usage.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
            table(&rows, &[name, "inputTokens", "outputTokens", "totalTokens"]);
        }
    });
    Ok(())
}
