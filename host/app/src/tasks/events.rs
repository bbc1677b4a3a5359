//! `GET /v1/agents/tasks/{taskId}/events`: durable events from the store, with what is live between them.

use super::body::body;
use crate::context::App;
use crate::live::Signal;
use domain::caller::Caller;
use domain::error::Error;
use domain::event::{EventBody, LiveEvent, RESET};
use domain::id::TaskId;
use domain::task::Task;
use futures_util::stream::{self, Stream};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// The task may run on another host, which signals nothing here.
const POLL: Duration = Duration::from_secs(1);
/// Events are read in pages of this many.
const PAGE: u32 = 200;

/// An event as it is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEvent {
    /// `POS` of a durable event, `POS.K` of one that is not stored.
    pub id: String,
    /// Its name.
    pub event: String,
    /// Its data.
    pub data: Value,
}

/// What following a task gives.
pub enum Follow {
    /// The events, until the one that ends the task.
    Events(std::pin::Pin<Box<dyn Stream<Item = Result<TaskEvent, Error>> + Send>>),
    /// The follower has seen the last event.
    Over,
}

/// Follow a task from its beginning, or after `last_event_id`.
///
/// # Errors
/// 404; 400 for an id that this stream did not give.
pub async fn follow(
    app: &Arc<App>,
    caller: &Caller,
    id: &str,
    last_event_id: Option<&str>,
) -> Result<Follow, Error> {
    let task = super::find(app, caller, id).await?;
    let pos = last_event_id.map_or(Ok(0), position)?;
    // Subscribe first: what is appended between reading the store and subscribing would be missed.
    let signals = app.live.subscribe(&task.new.id);
    let mut follower = Follower {
        app: Arc::clone(app),
        caller: caller.clone(),
        id: task.new.id,
        signals,
        pos,
        sub: 0,
        ready: VecDeque::new(),
        resets: HashMap::new(),
        is_over: false,
    };
    if pos > 0 && follower.has_seen_the_end().await? {
        return Ok(Follow::Over);
    }
    follower.read_store().await?;
    Ok(Follow::Events(Box::pin(stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(Some(event)) => Some((Ok(event), Some(follower))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }))))
}

/// The durable part of an id: `7` and `7.3` are both after 7.
fn position(id: &str) -> Result<i64, Error> {
    let durable = id.split_once('.').map_or(id, |(durable, _)| durable);
    durable.parse().ok().filter(|pos| *pos >= 0).ok_or_else(|| {
        let id = domain::effect::bounded(id.to_owned(), 64);
        Error::invalid(format!("Last-Event-ID {id:?} is not an id of this stream"))
            .with_details(json!({ "field": "Last-Event-ID" }))
    })
}

fn is_last(event: &str) -> bool {
    ["task.completed", "task.failed", "task.cancelled"].contains(&event)
}

struct Follower {
    app: Arc<App>,
    caller: Caller,
    id: TaskId,
    signals: Receiver<Signal>,
    /// The last durable event that was sent.
    pos: i64,
    /// Live events since then.
    sub: u64,
    ready: VecDeque<TaskEvent>,
    /// Scopes that were resumed, and where. Their earlier deltas may still be on their way here.
    resets: HashMap<String, i64>,
    is_over: bool,
}

impl Follower {
    async fn next(&mut self) -> Result<Option<TaskEvent>, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.is_over {
                return Ok(None);
            }
            let clock = Arc::clone(&self.app.ports.clock);
            let signal = tokio::select! {
                signal = self.signals.recv() => Some(signal),
                () = clock.sleep(POLL) => None,
            };
            match signal {
                Some(Ok(Signal::Live(live))) => {
                    if live.pos > self.pos {
                        self.read_store().await?;
                    }
                    if !self.is_over && !self.is_taken_back(&live) {
                        self.push_live(live.body);
                    }
                }
                // Lagged: deltas are lost, durable events are in the store.
                Some(Ok(Signal::Durable) | Err(RecvError::Lagged(_))) | None => self.read_store().await?,
                // The bus keeps the sender while someone watches; another subscription goes on all the same.
                Some(Err(RecvError::Closed)) => self.signals = self.app.live.subscribe(&self.id),
            }
        }
    }

    /// Whether it was said before the `reset` of its scope, or of the one around it.
    fn is_taken_back(&self, live: &LiveEvent) -> bool {
        let scope = live.body.data.get("scope").and_then(Value::as_str).unwrap_or_default();
        let is_within = |reset: &str| {
            scope.strip_prefix(reset).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.resets.iter().any(|(reset, pos)| live.pos < *pos && is_within(reset))
    }

    fn push_live(&mut self, body: EventBody) {
        self.sub = self.sub.saturating_add(1);
        self.ready.push_back(TaskEvent {
            id: format!("{}.{}", self.pos, self.sub),
            event: body.event,
            data: body.data,
        });
    }

    /// Everything durable after `pos`. When the task has ended and its last event is not there, that event is made.
    async fn read_store(&mut self) -> Result<(), Error> {
        let task = self.task().await?;
        loop {
            let events = self.app.ports.tasks.list_events(&self.id, self.pos, PAGE).await?;
            let is_full = events.len() >= PAGE as usize;
            for event in events {
                self.pos = event.pos;
                self.sub = 0;
                let name = event.body.event;
                if name == RESET
                    && let Some(scope) = event.body.data.get("scope").and_then(Value::as_str)
                {
                    self.resets.insert(scope.to_owned(), event.pos);
                }
                let data = if is_last(&name) { self.last_body().await? } else { event.body.data };
                self.is_over = is_last(&name);
                self.ready.push_back(TaskEvent { id: event.pos.to_string(), event: name, data });
                if self.is_over {
                    return Ok(());
                }
            }
            if !is_full {
                break;
            }
        }
        if task.state.is_finished() {
            self.is_over = true;
            let event = TaskEvent {
                id: self.pos.to_string(),
                event: format!("task.{}", task.state.wire()),
                data: body(&self.app, &task).await?,
            };
            self.ready.push_back(event);
        }
        Ok(())
    }

    async fn task(&self) -> Result<Task, Error> {
        super::find(&self.app, &self.caller, self.id.as_str()).await
    }

    /// The exact body of the ended task.
    async fn last_body(&self) -> Result<Value, Error> {
        body(&self.app, &self.task().await?).await
    }

    /// Whether the event at `pos` ended the task.
    async fn has_seen_the_end(&self) -> Result<bool, Error> {
        let at = self.app.ports.tasks.list_events(&self.id, self.pos.saturating_sub(1), 1).await?;
        Ok(at.first().is_some_and(|event| event.pos == self.pos && is_last(&event.body.event)))
    }
}
