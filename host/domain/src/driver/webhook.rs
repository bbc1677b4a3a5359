//! Driver of a webhook delivery: one place for each delivery of the schedule, until one is taken.

use crate::address::Place;
use crate::component::CallFailure;
use crate::effect::webhook::{WebhookReport, WebhookRequest};
use crate::effect::{Call, Reply};
use crate::history::{Command, Decision, Standing, TaskHistory, Work, Yield};
use crate::retry::RetryPolicy;
use crate::task::{Progress, TaskFailure};
use crate::time::Timestamp;
use crate::webhook::{SCHEDULE, Verdict, judge};
use serde_json::json;

/// Its name and version.
pub const NAME: &str = "webhook/1";

/// One try a place: the schedule is the retry.
const ONCE: RetryPolicy = RetryPolicy {
    tries: 1,
    first_delay: std::time::Duration::ZERO,
    longest_delay: std::time::Duration::ZERO,
};

pub(super) fn decide(history: &TaskHistory) -> Result<Decision, String> {
    let request: WebhookRequest = serde_json::from_value(history.input.clone())
        .map_err(|error| format!("the input is not a delivery: {error}"))?;
    let mut previous_end = Timestamp(0);
    let mut last = String::from("not tried");
    for (index, delay) in SCHEDULE.iter().enumerate() {
        let place = Place(format!("deliver-{}", index + 1));
        let ended =
            history.places.get(&place).and_then(|tries| tries.last()).and_then(|record| record.end.as_ref());
        let standing =
            history.standing(&place, ONCE, || Work::Host(Box::new(Call::Webhook(request.clone()))));
        last = match standing {
            Standing::Pending(Command::Run { place, attempt, work, .. }) => {
                let not_before = if index == 0 { Timestamp(0) } else { previous_end.plus(*delay) };
                return Ok(one(Command::Run { place, attempt, work, not_before }));
            }
            Standing::Pending(command) => return Ok(one(command)),
            Standing::Done(Yield::Reply(Reply::Webhook(WebhookReport { status }))) => match judge(status) {
                Verdict::Delivered => {
                    return Ok(one(Command::Complete(json!({ "status": status, "deliveries": index + 1 }))));
                }
                Verdict::Gone => return Ok(one(Command::Fail(failure("GONE", "the receiver answered 410")))),
                Verdict::Again => format!("the receiver answered {status}"),
            },
            Standing::Done(other) => return Err(format!("unexpected reply {other:?}")),
            Standing::Failed { failure: CallFailure::Error(error), .. } if !error.kind.is_retryable() => {
                return Ok(one(Command::Fail(failure("REFUSED", &error.message))));
            }
            Standing::Failed { failure, .. } => failure.to_string(),
        };
        previous_end = ended.map_or(previous_end, |end| end.at);
    }
    Ok(one(Command::Fail(failure(
        "UNDELIVERED",
        &format!("given up after {} deliveries: {last}", SCHEDULE.len()),
    ))))
}

fn one(command: Command) -> Decision {
    Decision { commands: vec![command], progress: Progress::default() }
}

fn failure(code: &str, message: &str) -> TaskFailure {
    TaskFailure {
        code: code.to_owned(),
        message: message.to_owned(),
        agent: None,
        phase: None,
        details: json!(null),
    }
}
