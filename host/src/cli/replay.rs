//! `skep replay`: run a finished task again from its journal, without network, and compare every byte.

use super::client::Client;
use super::{Common, Failure};
use clap::Args;
use serde_json::{Value, json};

/// Which task.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Its id.
    task: String,
    /// Use the plugins that are live now instead of the recorded ones: shows what a changed component would do.
    #[arg(long)]
    live: bool,
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let against = if options.live { "live" } else { "recorded" };
    let path = format!("/v1/agents/tasks/{}/replay", options.task);
    let report = Client::new(common)?.post(&path, &json!({ "against": against }), None).await?;
    let same = report.get("identical").and_then(Value::as_bool).unwrap_or(false);
    if common.json {
        println!("{report}");
    } else if same {
        let count = |key: &str| report.get(key).and_then(Value::as_u64).unwrap_or(0);
        println!(
            "identical: {} scope(s), {} host call(s), every request and every output byte",
            count("scopes"),
            count("calls")
        );
    } else {
        println!("{}", serde_json::to_string_pretty(&report).unwrap_or_default());
    }
    if same { Ok(()) } else { Err(Failure::new("the replay differs from the journal; see above").answered()) }
}
