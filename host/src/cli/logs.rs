//! `skep logs`: what a user's agents and their plugins said, on a running host.

use super::client::{Client, segment};
use super::{Common, Failure, sse};
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Id or name of the user.
    #[arg(long, default_value = "default")]
    user: String,
    /// About this agent only: id or name.
    #[arg(long)]
    agent: Option<String>,
    /// Of this task only.
    #[arg(long)]
    task: Option<String>,
    /// Not below: trace, debug, info, warn or error.
    #[arg(long)]
    level: Option<String>,
    /// Not before, as 2026-02-23T15:00:00Z.
    #[arg(long)]
    since: Option<String>,
    /// Newest lines to begin with, 1 to 200.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Go on with new lines as they come.
    #[arg(long, short)]
    follow: bool,
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let client = Client::new(common)?;
    let mut path = format!("/api/v1/users/{}/logs?limit={}", segment(&options.user), options.limit);
    let filters = [
        ("agent", &options.agent),
        ("task", &options.task),
        ("level", &options.level),
        ("since", &options.since),
    ];
    for (name, value) in filters {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", segment(value)));
        }
    }
    if options.follow {
        return follow(common, &client, &path).await;
    }
    let page = client.get(&path).await?;
    common.show(&page, |page| {
        // Oldest first, as one reads.
        page.get("logs").and_then(Value::as_array).into_iter().flatten().rev().for_each(print);
    });
    Ok(())
}

/// Until the host ends the stream, and again from where it was.
async fn follow(common: &Common, client: &Client, path: &str) -> Result<(), Failure> {
    let mut last: Option<String> = None;
    loop {
        let stream = client.stream(path, last.as_deref()).await?;
        let before = last.clone();
        let mut broken = None;
        sse::read(stream, |event| {
            let line: Value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
            if event.name == "error" {
                broken = Some(line);
                return false;
            }
            last = event.id.or_else(|| last.take());
            if common.json {
                println!("{line}")
            } else {
                print(&line)
            }
            true
        })
        .await?;
        if let Some(line) = broken {
            return Err(Failure::new(format!(
                "the host ended the log: {}",
                line.get("error").unwrap_or(&json!("no reason"))
            )));
        }
        if last == before {
            return Ok(());
        }
    }
}

fn print(line: &Value) {
    let word = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    println!("{} {:5} {} {} {}", word("time"), word("level"), word("agent"), word("task"), word("message"));
}
