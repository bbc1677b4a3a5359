//! Following a task: phases as they come, a progress bar, and the result.

use crate::cli::Failure;
use crate::cli::client::Client;
use crate::cli::sse::{self, ServerEvent};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The stream may be cut by a restart of the host or by a proxy; it is resumed this often in a row without a new event.
const RESUMES: u32 = 20;
/// Before a stream that brought something is resumed.
const SHORT_PAUSE: Duration = Duration::from_millis(100);
/// Before one that brought nothing is.
const PAUSE: Duration = Duration::from_secs(1);
/// How much of the model's text is shown beside the bar.
const TEXT_WIDTH: usize = 48;

/// Answers the body of the ended task.
pub(super) async fn follow(client: &Client, id: &str, json: bool) -> Result<Value, Failure> {
    let path = format!("/v1/agents/tasks/{id}/events");
    let mut view = View::new(json);
    let mut last: Option<String> = None;
    let mut fruitless = 0;
    while fruitless < RESUMES {
        let before = last.clone();
        match client.stream(&path, last.as_deref()).await {
            Ok(stream) => {
                let read = sse::read(stream, |event| {
                    last = event.id.clone().or_else(|| last.clone());
                    view.event(&event)
                });
                if let Err(failure) = read.await {
                    view.line(&format!("the stream was cut ({failure}); resuming"));
                }
            }
            Err(failure) if last.is_none() => return Err(failure),
            Err(_) => view.line("the host does not answer; trying again"),
        }
        if view.ended {
            view.bar.finish_and_clear();
            return client.get(&format!("/v1/agents/tasks/{id}")).await;
        }
        if last == before {
            fruitless += 1;
            tokio::time::sleep(PAUSE).await;
        } else {
            fruitless = 0;
            tokio::time::sleep(SHORT_PAUSE).await;
        }
    }
    Err(Failure::new(format!("lost the host; the task goes on: look at it with GET /v1/agents/tasks/{id}")))
}

/// Print the result; a task that did not complete is a failure.
pub(super) fn show(task: &Value, json: bool, diff_file: Option<&Path>) -> Result<(), Failure> {
    let text = |pointer: &str| task.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let diff = text("/output/diff");
    if let Some(path) = diff_file.filter(|_| text("/status") == "completed") {
        std::fs::write(path, diff)
            .map_err(|error| Failure::new(format!("cannot write the diff to {}: {error}", path.display())))?;
    }
    if json {
        println!("{task}");
    } else if text("/status") == "completed" {
        println!("{}\n", text("/output/summary"));
        for gate in task.pointer("/output/gates").and_then(Value::as_array).into_iter().flatten() {
            let part = |key: &str| gate.get(key).and_then(Value::as_str).unwrap_or_default();
            println!("  {:<8} {}: {}", part("status"), part("name"), part("evidence"));
        }
        println!("\nconfidence {}\n", task.pointer("/output/confidence").unwrap_or(&Value::Null));
        println!("{diff}");
    }
    let failure = match text("/status") {
        "completed" => return Ok(()),
        "cancelled" => Failure::new("the task was cancelled"),
        _ => Failure::new(format!("the task failed: {} ({})", text("/error/message"), text("/error/code"))),
    };
    Err(failure.answered())
}

struct View {
    bar: ProgressBar,
    json: bool,
    text: String,
    ended: bool,
}

impl View {
    fn new(json: bool) -> Self {
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(100) };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}% {elapsed} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, json, text: String::new(), ended: false }
    }

    fn line(&self, text: &str) {
        if !self.json {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }

    /// Answers whether to go on.
    fn event(&mut self, event: &ServerEvent) -> bool {
        let data: Value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default();
        match event.name.as_str() {
            "phase.update" => {
                self.text.clear();
                // With the percentage: where there is no terminal, there is no bar.
                let percent = self.bar.position();
                self.line(&format!(
                    "{percent:>3}%  {:<14} {:<9} {}",
                    text("agent"),
                    text("phase"),
                    text("status")
                ));
                self.bar.set_message(format!("{} {}", text("agent"), text("phase")));
            }
            "progress" => self.bar.set_position(data.get("percent").and_then(Value::as_u64).unwrap_or(0)),
            "phase.progress" => self.bar.set_message(text("text").to_owned()),
            "model.delta" => {
                self.text.extend(
                    text("delta").chars().map(|letter| if letter.is_control() { ' ' } else { letter }),
                );
                let shown: Vec<char> = self.text.chars().rev().take(TEXT_WIDTH).collect();
                self.bar.set_message(shown.into_iter().rev().collect::<String>());
            }
            // An attempt is run again: what it has written so far comes anew.
            "reset" => {
                self.text.clear();
                self.bar.set_message("");
            }
            "task.completed" | "task.failed" | "task.cancelled" => {
                let percent = data.get("progress").and_then(Value::as_u64).unwrap_or(0);
                self.line(&format!("{percent:>3}%  task {}", text("status")));
                self.ended = true;
            }
            _ => {}
        }
        !self.ended
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    fn event(name: &str, data: &Value) -> ServerEvent {
        ServerEvent { id: None, name: name.to_owned(), data: data.to_string() }
    }

    #[test]
    fn a_reset_takes_the_shown_text_back() {
        let mut view = View::new(true);
        assert!(view.event(&event("model.delta", &json!({ "delta": "half an ans" }))));
        assert_eq!((view.text.as_str(), view.bar.message().as_str()), ("half an ans", "half an ans"));
        assert!(view.event(&event("reset", &json!({ "scope": "coder-ai@1/generate#1" }))));
        assert_eq!((view.text.as_str(), view.bar.message().as_str()), ("", ""));
        assert!(view.event(&event("model.delta", &json!({ "delta": "whole" }))));
        assert_eq!(view.bar.message(), "whole");
    }
}
