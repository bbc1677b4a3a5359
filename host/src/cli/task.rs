//! `skep task`: submit a development task and, with `--watch`, follow it to its end.

mod watch;

use super::client::Client;
use super::{Common, Failure};
use crate::clock::SystemEntropy;
use crate::wiring::random_uuid;
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::PathBuf;

/// What to do.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What is to be done, in your words.
    task: String,
    /// The project: a folder below an allowed root, or a git URL.
    #[arg(long, value_name = "DIR|URL")]
    source: Option<String>,
    /// BUILD, OPERATE, SECURE, PLATFORM, EVOLVE, OPTIMIZE or GOVERN; several separated by commas.
    #[arg(long, default_value = "BUILD", value_delimiter = ',')]
    capabilities: Vec<String>,
    /// core, pro or ultra.
    #[arg(long)]
    intelligence: Option<String>,
    /// demo, poc, mvp, product or production.
    #[arg(long)]
    scope: Option<String>,
    /// low, normal or high.
    #[arg(long)]
    priority: Option<String>,
    /// Submits with the same key make one task [default: another one for each].
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Where to report the end.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// Follow it: live phases and a progress bar.
    #[arg(long)]
    watch: bool,
    /// Write the diff of the result into this file (with --watch).
    #[arg(long, value_name = "FILE", requires = "watch")]
    diff: Option<PathBuf>,
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let client = Client::new(common)?;
    let mut request = Map::new();
    request.insert("task".to_owned(), json!(options.task));
    request.insert("capabilities".to_owned(), json!(options.capabilities));
    let source = options.source.as_deref().map(absolute);
    for (key, value) in [
        ("intelligence", &options.intelligence),
        ("scope", &options.scope),
        ("priority", &options.priority),
        ("source", &source),
        ("callbackUrl", &options.callback_url),
    ] {
        if let Some(value) = value {
            request.insert(key.to_owned(), json!(value));
        }
    }
    // Whoever hears no answer may ask again and gets the same task.
    let key = options.idempotency_key.unwrap_or_else(|| random_uuid(&SystemEntropy).to_string());
    let accepted = client.post("/v1/agents/tasks", &Value::Object(request), Some(&key)).await?;
    let Some(id) = accepted.get("taskId").and_then(Value::as_str) else {
        return Err(Failure::new(format!("the host's answer has no taskId: {accepted}")));
    };
    if !options.watch {
        if common.json {
            println!("{accepted}");
        } else {
            println!("{id} {}", accepted.get("status").and_then(Value::as_str).unwrap_or_default());
        }
        return Ok(());
    }
    let ended = watch::follow(&client, id, common.json).await?;
    watch::show(&ended, common.json, options.diff.as_deref())
}

/// A folder is named from where the person stands; the host stands elsewhere.
fn absolute(source: &str) -> String {
    if source.contains("://") {
        return source.to_owned();
    }
    std::path::absolute(source).map_or_else(|_| source.to_owned(), |path| path.display().to_string())
}
