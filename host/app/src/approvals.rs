//! Approvals: `GET /v1/approvals`, `GET /v1/approvals/{id}` and the decision. Agents ask for them (`crate::effects`); users decide.

use crate::context::App;
use crate::fields::{invalid, object, one_of, text};
use crate::ports::approvals::{After, Decided};
use crate::rights::{self, Action};
use domain::approval::{Approval, Status};
use domain::caller::Caller;
use domain::error::Error;
use domain::time::Timestamp;
use serde_json::{Value, json};

/// Characters of a reason.
const REASON_LIMIT: usize = 2_000;
/// What can be decided.
const DECISIONS: [&str; 2] = ["approve", "reject"];

/// The user's approvals, newest first: `{approvals,nextCursor}`.
///
/// # Errors
/// 403 for an agent key; 400 for an unknown status or a cursor that this list did not give.
pub async fn list(
    app: &App,
    caller: &Caller,
    status: Option<&str>,
    limit: u32,
    cursor: Option<&str>,
) -> Result<Value, Error> {
    rights::authorize(caller, Action::ManageApprovals)?;
    let status = status.map(|word| one_of("status", word, &Status::ALL, Status::as_str)).transpose()?;
    let after = cursor.map(position).transpose()?;
    let (approvals, now) = (&app.ports.approvals, app.ports.clock.now());
    // One more tells whether there is another page.
    let mut found = approvals.list_approvals(caller.user, status, after, limit + 1, now).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).map(|last| format!("{}.{}", last.created_at.0, last.id));
    let shown: Vec<Value> = found.iter().map(shown).collect();
    Ok(json!({ "approvals": shown, "nextCursor": next }))
}

fn position(cursor: &str) -> Result<After, Error> {
    cursor
        .split_once('.')
        .and_then(|(at, id)| Some((Timestamp(at.parse().ok()?), id.to_owned())))
        .filter(|(_, id)| !id.contains('\0'))
        .ok_or_else(|| invalid("cursor", "is not one that this list gave"))
}

/// One.
///
/// # Errors
/// 404; 403 for an agent key.
pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<Value, Error> {
    Ok(shown(&find(app, caller, id).await?))
}

/// What is another user's is not there; what is the user's own its agents may not see.
async fn find(app: &App, caller: &Caller, id: &str) -> Result<Approval, Error> {
    let found = if is_id(id) {
        app.ports.approvals.find_approval(caller.user, id, app.ports.clock.now()).await?
    } else {
        None
    };
    let found = found.ok_or_else(|| no_approval(id))?;
    rights::authorize(caller, Action::ManageApprovals)?;
    Ok(found)
}

/// Decide what is pending. The task that waits for it goes on.
///
/// # Errors
/// 404; 403 for an agent key; 400 for another decision; 409 when it was decided or is over.
pub async fn decide(app: &App, caller: &Caller, id: &str, request: &Value) -> Result<Value, Error> {
    find(app, caller, id).await?;
    let fields = object(request)?;
    let word = text(fields, "decision")?.ok_or_else(|| invalid("decision", "is missing"))?;
    let decision = one_of("decision", word, &DECISIONS, |word| word)?;
    let reason = text(fields, "reason")?.map(str::to_owned);
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_LIMIT) {
        return Err(invalid("reason", &format!("must have at most {REASON_LIMIT} characters")));
    }
    let (approve, now) = (decision == "approve", app.ports.clock.now());
    let approvals = &app.ports.approvals;
    match approvals.decide_approval(caller.user, id, approve, reason, caller.kind.as_str(), now).await? {
        Decided::Done(approval) => {
            tracing::info!(approval = id, decision, tool = approval.binding.tool, "an approval was decided");
            app.queued.notify_one();
            Ok(shown(&approval))
        }
        Decided::NoApproval => Err(no_approval(id)),
        Decided::Over(approval) => Err(Error::conflict(format!(
            "approval {id} cannot be decided: it is {}",
            approval.status.as_str()
        ))),
    }
}

fn is_id(id: &str) -> bool {
    id.strip_prefix("appr_")
        .is_some_and(|digits| digits.len() == 24 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn no_approval(id: &str) -> Error {
    let id = domain::effect::bounded(id.to_owned(), 64);
    Error::not_found(format!("approval {id:?} not found"))
}

/// On the wire.
pub(crate) fn shown(approval: &Approval) -> Value {
    let time = |time: Option<Timestamp>| time.map(Timestamp::rfc3339);
    json!({
        "id": approval.id,
        "status": approval.status.as_str(),
        "agentId": approval.binding.agent,
        "taskId": approval.task,
        "tool": approval.binding.tool,
        "arguments": approval.arguments,
        "argumentsHash": approval.binding.arguments_hash,
        "digest": approval.binding.digest,
        "origin": approval.origin,
        "reason": approval.reason,
        "createdAt": approval.created_at.rfc3339(),
        "expiresAt": approval.expires_at.rfc3339(),
        "decidedAt": time(approval.decided_at),
        "decidedBy": approval.decided_by,
        "usedAt": time(approval.used_at),
    })
}
