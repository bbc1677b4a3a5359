//! `skep chat`: one message, or a conversation line by line. Text is shown as it comes; a stream that is cut is resumed, never asked anew.

use super::client::{Client, segment};
use super::sse;
use super::{Common, Failure};
use crate::clock::SystemEntropy;
use crate::wiring::random_uuid;
use clap::Args;
use serde_json::{Value, json};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

/// A stream that was cut is resumed this often in a row without a new event.
const RESUMES: u32 = 20;
/// Before it is.
const PAUSE: Duration = Duration::from_secs(1);

/// With whom, about what.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What to say; without it a conversation begins, one message a line, until the input ends.
    message: Option<String>,
    /// Id or name of the agent.
    #[arg(long, default_value = "manager")]
    agent: String,
    /// Id or name of the user.
    #[arg(long, default_value = "default")]
    user: String,
    /// Go on with the conversation of this name [default: a new one].
    #[arg(long, value_name = "NAME")]
    conversation: Option<String>,
}

pub(crate) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let chat = Chat {
        client: Client::new(common)?,
        path: format!("/api/v1/users/{}/agents/{}/chat", segment(&options.user), segment(&options.agent)),
        json: common.json,
    };
    if let Some(message) = &options.message {
        return chat.say(message, options.conversation.as_deref()).await;
    }
    let conversation = options.conversation.unwrap_or_else(|| random_uuid(&SystemEntropy).to_string());
    let asks = std::io::stdin().is_terminal() && !common.json;
    if asks {
        println!("You talk to {}; an empty line does nothing, the end of the input ends.", options.agent);
    }
    loop {
        if asks {
            print!("> ");
            // Nobody reads what we print; the answer tells.
            let _unread = std::io::stdout().flush();
        }
        let Some(line) = next_line().await? else { return Ok(()) };
        if line.trim().is_empty() {
            continue;
        }
        match chat.say(line.trim(), Some(&conversation)).await {
            // People try again; a program's input ends with its first failure.
            Err(failure) if asks => eprintln!("{failure}"),
            said => said?,
        }
    }
}

/// A line of the input; none at its end.
async fn next_line() -> Result<Option<String>, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|count| (count > 0).then_some(line))
    });
    match read.await {
        Ok(line) => line.map_err(|error| Failure::new(format!("the input cannot be read: {error}"))),
        Err(error) => Err(Failure::new(format!("the input cannot be read: {error}"))),
    }
}

struct Chat {
    client: Client,
    path: String,
    json: bool,
}

/// How a turn ended.
#[derive(Default)]
struct Heard {
    /// Id of the last event.
    last: Option<String>,
    done: Option<Value>,
    failed: Option<String>,
    /// Text was shown without a line's end.
    is_open: bool,
}

impl Chat {
    async fn say(&self, message: &str, conversation: Option<&str>) -> Result<(), Failure> {
        let mut request = json!({ "messages": [{ "role": "user", "content": message }] });
        if let (Some(name), Some(fields)) = (conversation, request.as_object_mut()) {
            fields.insert("conversationId".to_owned(), json!(name));
        }
        let mut heard = Heard::default();
        let mut stream = Some(self.client.post_stream(&format!("{}/stream", self.path), &request).await?);
        let mut fruitless = 0;
        while heard.done.is_none() && heard.failed.is_none() && fruitless < RESUMES {
            let before = heard.last.clone();
            if let Some(stream) = stream.take() {
                // A stream that was cut is resumed as one that ended.
                let _cut = sse::read(stream, |event| heard.hear(&event, self.json)).await;
            }
            let Some(last) = heard.last.clone() else {
                return Err(Failure::new(
                    "the host went away before it said anything; look into the conversation before you ask again",
                ));
            };
            if heard.done.is_none() && heard.failed.is_none() {
                fruitless = if heard.last == before { fruitless + 1 } else { 0 };
                tokio::time::sleep(PAUSE).await;
                let turn = last.split_once(':').map_or(last.as_str(), |(turn, _)| turn);
                let path = format!("{}/turns/{}/events", self.path, segment(turn));
                stream = self.client.stream(&path, Some(&last)).await.ok();
            }
        }
        if heard.is_open {
            println!();
        }
        match (heard.done, heard.failed) {
            (Some(done), _) if self.json => println!("{done}"),
            (Some(_), _) => {}
            (None, Some(failed)) => return Err(Failure::new(failed)),
            (None, None) => {
                return Err(Failure::new("lost the host; the answer will be in the conversation"));
            }
        }
        Ok(())
    }
}

impl Heard {
    /// Whether to go on.
    fn hear(&mut self, event: &sse::ServerEvent, json: bool) -> bool {
        self.last = event.id.clone().or_else(|| self.last.take());
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.name.as_str() {
            "delta" if !json => {
                print!("{}", data.get("delta").and_then(Value::as_str).unwrap_or_default());
                self.is_open = true;
                // Nobody reads what we print; the answer tells.
                let _unread = std::io::stdout().flush();
            }
            "done" => self.done = Some(data),
            "error" => {
                let error = data.get("error").and_then(Value::as_str).unwrap_or("the agent could not answer");
                self.failed = Some(error.to_owned());
            }
            _ => {}
        }
        self.done.is_none() && self.failed.is_none()
    }
}
