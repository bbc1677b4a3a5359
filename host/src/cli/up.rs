//! `skep up`: set up what is missing, run the host, and say what to try first.

use super::serve::{self, Started};
use super::{Common, Failure, model};
use crate::config::Config;
use crate::telemetry;

pub(crate) async fn run(common: &Common, options: serve::Options) -> Result<(), Failure> {
    let config = options.config(common)?;
    telemetry::start(&config.log, config.log_json)?;
    if config.models.needs_embedded() {
        model::ensure(&config, common.json).await?;
    }
    let quiet = common.json;
    let config_for_greeting = config.clone();
    serve::serve(common, config, move |started| {
        if !quiet {
            greet(&config_for_greeting, started);
        }
    })
    .await
}

fn greet(config: &Config, started: &Started<'_>) {
    println!("\nSkep runs at {} with {} live plugin(s).", started.url, started.live);
    println!("  API and docs    {}/docs", started.url);
    let key_file = config.data_dir.join("admin.key");
    let key = match started.new_admin_key {
        Some(key) => {
            println!(
                "  admin key       {key}\n                  shown this once; the CLI finds it in {}",
                key_file.display()
            );
            key.to_owned()
        }
        None => {
            println!("  admin key       in {}", key_file.display());
            format!("$(cat {})", key_file.display())
        }
    };
    println!("\nTry it:\n");
    println!("  curl -s {}/v1/agents/tasks \\", started.url);
    println!("    -H \"Authorization: Bearer {key}\" -H 'Content-Type: application/json' \\");
    println!(
        "    -d '{{\"task\": \"Write a README with a short description and a usage example for a command line todo list\", \"capabilities\": [\"BUILD\"], \"scope\": \"demo\"}}'"
    );
    println!("\nor, with live phases:\n");
    println!(
        "  skep task 'Write a README for a command line todo list' --scope demo --watch --data-dir {}\n",
        config.data_dir.display()
    );
}
