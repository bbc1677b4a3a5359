//! Driver of chat turns and ticks: assemble the context, ask the model, keep the reply.

use crate::address::Place;
use crate::component::CallFailure;
use crate::effect::turn::TurnCall;
use crate::effect::{Call, Reply};
use crate::history::{Command, Decision, Standing, TaskHistory, Work, Yield};
use crate::retry::RetryPolicy;
use crate::task::{Progress, TaskFailure};
use crate::turn::Turn;
use serde_json::Value;

/// Of a chat turn.
pub const CHAT: &str = "chat/1";
/// Of a tick.
pub const TICK: &str = "tick/1";

pub(super) fn decide(history: &TaskHistory) -> Result<Decision, String> {
    let turn: Turn = serde_json::from_value(history.input.clone())
        .map_err(|error| format!("the input is not a turn: {error}"))?;
    let context = match step(history, "context", || Call::Turn(TurnCall::Context(turn.clone()))) {
        Ok(Reply::Turn(context)) => context,
        Ok(other) => return Err(format!("unexpected reply {other:?}")),
        Err(command) => return Ok(decision(command)),
    };
    let answer = match step(history, "reply", || Call::Model(context.request)) {
        Ok(Reply::Model(answer)) => answer,
        Ok(other) => return Err(format!("unexpected reply {other:?}")),
        Err(command) => return Ok(decision(command)),
    };
    let report = turn.report(&answer.content);
    let record = || Call::Turn(TurnCall::Record { turn: turn.clone(), report: report.clone() });
    match step(history, "record", record) {
        Ok(Reply::Unit) => {
            let output = serde_json::to_value(&report).map_err(|error| error.to_string())?;
            Ok(decision(Command::Complete(output)))
        }
        Ok(other) => Err(format!("unexpected reply {other:?}")),
        Err(command) => Ok(decision(command)),
    }
}

/// The reply at a place, or what must happen before there is one.
fn step(history: &TaskHistory, place: &str, call: impl FnOnce() -> Call) -> Result<Reply, Command> {
    let place = Place(place.to_owned());
    match history.standing(&place, RetryPolicy::default(), || Work::Host(Box::new(call()))) {
        Standing::Pending(command) => Err(command),
        Standing::Done(Yield::Reply(reply)) => Ok(reply),
        Standing::Done(Yield::Output(_)) => {
            Err(Command::Fail(failure("a host call gave a component's output")))
        }
        Standing::Failed { failure: CallFailure::Error(error), .. } => {
            Err(Command::Fail(TaskFailure { code: word(&error.code), ..failure(&error.message) }))
        }
        Standing::Failed { failure: other, .. } => Err(Command::Fail(failure(&other.to_string()))),
    }
}

/// A turn shows no progress of its own: each step of it would be another write to the disk, and its text is what people watch.
fn decision(command: Command) -> Decision {
    Decision { commands: vec![command], progress: Progress::default() }
}

fn failure(message: &str) -> TaskFailure {
    TaskFailure {
        code: "TURN_FAILED".to_owned(),
        message: message.to_owned(),
        agent: None,
        phase: None,
        details: Value::Null,
    }
}

/// `token-budget` as `TOKEN_BUDGET`.
fn word(code: &str) -> String {
    code.to_ascii_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;
    use crate::effect::model::{Finish, ModelAnswer, ModelRequest, Usage};
    use crate::effect::turn::TurnContext;
    use crate::effect::{CallError, ErrorKind};
    use crate::history::{TryEnd, TryRecord};
    use crate::time::Timestamp;
    use crate::turn::Origin;
    use serde_json::json;
    use uuid::Uuid;

    fn turn() -> Turn {
        Turn { origin: Origin::Chat, agent: "manager".to_owned(), room: Uuid::from_u128(1) }
    }

    fn history(ends: &[(&str, Result<Reply, CallFailure>)]) -> TaskHistory {
        let places = ends.iter().map(|(place, result)| {
            let result = result.clone().map(Yield::Reply);
            let end = TryEnd { result, at: Timestamp(1), may_retry: true };
            (Place((*place).to_owned()), vec![TryRecord { end: Some(end) }])
        });
        TaskHistory { input: serde_json::to_value(turn()).unwrap(), places: places.collect() }
    }

    fn only(history: &TaskHistory) -> Command {
        let mut commands = decide(history).unwrap().commands;
        assert_eq!(commands.len(), 1);
        commands.remove(0)
    }

    fn context() -> Result<Reply, CallFailure> {
        Ok(Reply::Turn(TurnContext { request: ModelRequest::default(), instructions: 0 }))
    }

    fn answer(text: &str) -> Result<Reply, CallFailure> {
        Ok(Reply::Model(ModelAnswer {
            content: text.to_owned(),
            tool_calls: Vec::new(),
            finish: Finish::Stop,
            usage: Usage::default(),
            model: "scripted".to_owned(),
        }))
    }

    #[test]
    fn a_turn_goes_from_context_to_reply_to_record_to_its_end() {
        let place = |command| match command {
            Command::Run { place, .. } => place.0,
            other => panic!("{other:?}"),
        };
        assert_eq!(place(only(&history(&[]))), "context");
        assert_eq!(place(only(&history(&[("context", context())]))), "reply");
        assert_eq!(place(only(&history(&[("context", context()), ("reply", answer("Hello"))]))), "record");
        let all = history(&[("context", context()), ("reply", answer("Hello")), ("record", Ok(Reply::Unit))]);
        assert_eq!(
            only(&all),
            Command::Complete(json!({ "message": "Hello", "agent": "manager", "quiet": false }))
        );
    }

    #[test]
    fn a_refused_model_call_fails_the_turn_with_its_reason() {
        let refused = CallError::new(ErrorKind::Exhausted, "token-budget", "no tokens are left");
        let failed = history(&[("context", context()), ("reply", Err(CallFailure::Error(refused)))]);
        match only(&failed) {
            Command::Fail(failure) => {
                assert_eq!(
                    (failure.code.as_str(), failure.message.as_str()),
                    ("TOKEN_BUDGET", "no tokens are left")
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
