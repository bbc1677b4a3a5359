//! Following a turn: its text as it comes, then its end. Ids are `TURN:N`, where N counts the characters that were sent.
//!
//! Text is never stored before the turn has ended, but the host that runs the turn knows it: whoever comes late to it reads on from there.
//! At another host, and after text was missed, the rest comes in one piece at the end.

use super::text::Text;
use super::{POLL, Queued, ended, find, turn_of};
use crate::context::App;
use crate::live::Signal;
use domain::agent::Agent;
use domain::error::Error;
use domain::event::{DELTA, LiveEvent};
use domain::id::TaskId;
use domain::task::Task;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// An event as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatEvent {
    /// `TURN:N`; a position in the agent's own room of what it says by itself.
    pub id: String,
    /// `delta`, `done` or `error`; `message` of an agent that speaks by itself.
    pub event: &'static str,
    /// Its data; of an error none.
    pub data: Value,
    /// Why there is no answer; the surface renders it.
    pub error: Option<Error>,
}

/// What following a turn gives.
pub enum ChatFollow {
    /// The events, until the one that ends the turn.
    Events(std::pin::Pin<Box<dyn Stream<Item = ChatEvent> + Send>>),
    /// The follower has seen the last event.
    Over,
}

/// Follow a turn that was just stored.
pub(crate) fn begin(app: &Arc<App>, queued: Queued) -> ChatFollow {
    events(Follower::new(app, queued.task, queued.signals, 0))
}

/// Go on with a turn after `sent` characters.
pub(crate) async fn resume(
    app: &Arc<App>,
    agent: &Agent,
    turn: &TaskId,
    sent: usize,
) -> Result<ChatFollow, Error> {
    let (signals, said) = app.live.overhear(turn);
    let task = turn_of(app, agent, turn).await?;
    // The last event counts one more than there are characters.
    let is_over =
        task.state.is_finished() && ended(&task).is_ok_and(|report| sent > report.message.chars().count());
    if is_over {
        return Ok(ChatFollow::Over);
    }
    let mut follower = Follower::new(app, task, signals, sent);
    if let Some(said) = said.filter(|_| !follower.task.state.is_finished()) {
        follower.last = Some(said.last);
        follower.add(&said.text);
    }
    Ok(events(follower))
}

/// The turn and the count of an id.
pub(crate) fn position(id: &str) -> Result<(TaskId, usize), Error> {
    let parts = id.split_once(':');
    let read = parts.and_then(|(turn, sent)| Some((turn.parse().ok()?, sent.parse().ok()?)));
    read.ok_or_else(|| foreign(id))
}

/// 400.
pub(super) fn foreign(id: &str) -> Error {
    let id = domain::effect::bounded(id.to_owned(), 64);
    Error::invalid(format!("Last-Event-ID {id:?} is not an id of this stream"))
        .with_details(json!({ "field": "Last-Event-ID" }))
}

fn events(follower: Follower) -> ChatFollow {
    ChatFollow::Events(Box::pin(stream::unfold(follower, |mut follower| async move {
        follower.next().await.map(|event| (event, follower))
    })))
}

struct Follower {
    app: Arc<App>,
    task: Task,
    signals: Receiver<Signal>,
    text: Text,
    /// Characters that an earlier stream sent.
    before: usize,
    /// Nothing that was said was missed.
    is_whole: bool,
    /// The last live event.
    last: Option<(i64, u64)>,
    ready: VecDeque<ChatEvent>,
    is_over: bool,
}

impl Follower {
    fn new(app: &Arc<App>, task: Task, signals: Receiver<Signal>, before: usize) -> Self {
        Self {
            app: Arc::clone(app),
            task,
            signals,
            text: Text::default(),
            before,
            is_whole: true,
            last: None,
            ready: VecDeque::new(),
            is_over: false,
        }
    }

    async fn next(&mut self) -> Option<ChatEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            if self.task.state.is_finished() {
                self.finish();
                continue;
            }
            let clock = Arc::clone(&self.app.ports.clock);
            let signal = tokio::select! {
                signal = self.signals.recv() => Some(signal),
                () = clock.sleep(POLL) => None,
            };
            match signal {
                Some(Ok(Signal::Live(live))) => self.hear(&live),
                Some(Err(RecvError::Lagged(_))) => self.is_whole = false,
                Some(Err(RecvError::Closed)) => {
                    self.is_whole = false;
                    self.signals = self.app.live.subscribe(&self.task.new.id);
                }
                Some(Ok(Signal::Durable)) | None => match find(&self.app, &self.task).await {
                    Ok(task) => self.task = task,
                    Err(error) => self.fail(error),
                },
            }
        }
    }

    /// Text as it comes, as long as nothing of it was missed and it is not said a second time after its host died.
    fn hear(&mut self, live: &LiveEvent) {
        if live.body.event != DELTA {
            return;
        }
        let follows = match self.last {
            None => live.sub == 1,
            Some((pos, sub)) => live.pos == pos && live.sub == sub.saturating_add(1),
        };
        self.last = Some((live.pos, live.sub));
        self.is_whole &= follows;
        let delta = live.body.data.get("delta").and_then(Value::as_str).unwrap_or_default();
        if self.is_whole {
            self.add(delta);
        }
    }

    /// More of the reply: what no earlier stream has sent of it becomes an event.
    fn add(&mut self, text: &str) {
        let Some(ready) = self.text.push(text) else { return };
        let sent = self.text.sent();
        let first = sent.saturating_sub(ready.chars().count());
        let new: String = ready.chars().skip(self.before.saturating_sub(first)).collect();
        if !new.is_empty() {
            let event = self.event("delta", json!({ "delta": new }), sent);
            self.ready.push_back(event);
        }
    }

    fn finish(&mut self) {
        let report = match ended(&self.task) {
            Ok(report) => report,
            Err(error) => return self.fail(error),
        };
        let length = report.message.chars().count();
        let sent = self.before.max(self.text.sent());
        let rest = self.text.rest(&report.message).map(|_| report.message.chars().skip(sent).collect());
        if let Some(rest) = rest.filter(|rest: &String| !rest.is_empty()) {
            self.ready.push_back(self.event("delta", json!({ "delta": rest }), length));
        }
        let done = json!({ "message": report.message, "agent": report.agent });
        self.ready.push_back(self.event("done", done, length.saturating_add(1)));
        self.is_over = true;
    }

    fn fail(&mut self, error: Error) {
        let count = self.before.max(self.text.sent());
        let event = ChatEvent { error: Some(error), ..self.event("error", Value::Null, count) };
        self.ready.push_back(event);
        self.is_over = true;
    }

    fn event(&self, event: &'static str, data: Value, count: usize) -> ChatEvent {
        ChatEvent { id: format!("{}:{count}", self.task.new.id), event, data, error: None }
    }
}
