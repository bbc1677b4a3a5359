//! Following a task's server-sent events, with the moment of each.

use serde_json::Value;
use std::time::{Duration, Instant};

/// One event.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Since the reader was asked to follow.
    pub after: Duration,
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: Value,
}

impl Seen {
    /// A text of its data.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.data.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Follow a task until the event that ends it; all its events, or why there is no end.
///
/// # Errors
/// When the host refuses, the stream breaks, or the task has not ended in time, with what was seen.
///
/// # Panics
/// Never: the client has no settings that can fail.
pub async fn follow(url: &str, key: &str, task: &str, time: Duration) -> Result<Vec<Seen>, String> {
    // The provider is process-wide; another test of this process may have set it.
    let _set = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let begin = Instant::now();
    let mut seen = Vec::new();
    let reading = async {
        let request = client.get(format!("{url}/v1/agents/tasks/{task}/events")).bearer_auth(key);
        let mut response = request.send().await.map_err(|error| error.to_string())?;
        if response.status() != 200 {
            return Err(format!("the events answer {}", response.status()));
        }
        let mut text = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
            text.extend_from_slice(&chunk);
            while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                let frame: Vec<u8> = text.drain(..end + 2).collect();
                seen.extend(event(&String::from_utf8_lossy(&frame), begin.elapsed()));
                if seen.last().is_some_and(|last| last.name.starts_with("task.")) {
                    return Ok(());
                }
            }
        }
        Err("the stream ended before the task".to_owned())
    };
    match tokio::time::timeout(time, reading).await {
        Ok(Ok(())) => Ok(seen),
        Ok(Err(reason)) => Err(reason),
        Err(_) => {
            let names: Vec<&str> = seen.iter().map(|event| event.name.as_str()).collect();
            Err(format!(
                "task {task} has not ended in {time:?}; its last events: {:?}",
                names.iter().rev().take(5)
            ))
        }
    }
}

/// Comments, which keep the connection open, are none.
fn event(frame: &str, after: Duration) -> Option<Seen> {
    let field = |name: &str| {
        frame.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim_start))
    };
    let data = field("data")?;
    Some(Seen {
        after,
        name: field("event")?.to_owned(),
        data: serde_json::from_str(data).unwrap_or_default(),
    })
}
