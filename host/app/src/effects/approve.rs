//! Whether a call waits for a person: by the agent's `acmfMode`, where somebody set it.
//!
//! A tool is asked about as a whole: what it declares to destroy or to send is approved with its arguments, and the requests that it makes
//! itself then go under that approval. A request of a plugin that was not asked about is asked about by itself, whatever the plugin
//! declared.

use super::host::{Halt, Performed};
use super::live::Live;
use super::tools::configuration;
use crate::ports::approvals::Answer;
use crate::skills::own;
use domain::approval::{Approval, Binding, Status, Verdict, verdict};
use domain::component::Stop;
use domain::effect::tools::ToolsCall;
use domain::effect::{Call, CallError, ErrorKind};
use domain::history::ComponentRef;
use domain::id::Digest;
use domain::manifest::ToolEffects;
use serde_json::{Value, json};

/// Longer arguments are shown by size and digest.
const SHOWN_LIMIT: usize = 64 << 10;

/// What is to be done, and by which bytes.
struct Deed {
    tool: String,
    digest: Digest,
    effects: ToolEffects,
    arguments: Value,
}

/// May it be done now?
pub(super) enum Approved {
    /// Nobody need be asked.
    Free,
    /// A person approved it.
    Yes,
    /// It may not; what the guest is told.
    No(Box<Performed>),
}

/// Ask, wait or go on. A wait suspends the task; it is queued again when somebody decides, or when the approval expires.
pub(super) async fn approved(live: &Live, call: &Call) -> Result<Approved, Halt> {
    let Some(deed) = deed(live, call).await? else { return Ok(Approved::Free) };
    match verdict(configuration(live).await?.acmf_mode, deed.effects) {
        Verdict::Do => Ok(Approved::Free),
        Verdict::Refuse => {
            let message = format!("{} is not done: the agent only observes (acmfMode OBSERVE)", deed.tool);
            Ok(Approved::No(Box::new(Performed::error(CallError::new(
                ErrorKind::Denied,
                "observe",
                message,
            )))))
        }
        Verdict::Ask => ask(live, call, deed).await,
    }
}

async fn deed(live: &Live, call: &Call) -> Result<Option<Deed>, Halt> {
    let host = &live.host;
    // Calls that the host makes itself are no deed of an agent.
    let Some(plugin) = &host.plugin else { return Ok(None) };
    match call {
        Call::Tools(ToolsCall::Call { name, arguments }) => {
            let Some((skill, tool)) = name.split_once('.') else { return Ok(None) };
            let component = ComponentRef::Skill(skill.to_owned());
            let (app, user) = (&host.attempt.app, host.attempt.task.new.user);
            // What is not there is nobody's deed: the call says so.
            let Some(callee) = own::resolve(app, user, &component).await? else { return Ok(None) };
            let Some(effects) =
                callee.manifest.tools.iter().find(|known| known.name == tool).map(|known| known.effects)
            else {
                return Ok(None);
            };
            Ok(Some(Deed {
                tool: name.clone(),
                digest: callee.digest,
                effects,
                arguments: arguments.clone(),
            }))
        }
        Call::Http(_) if !host.approved => Ok(Some(Deed {
            tool: call.name().to_owned(),
            digest: plugin.digest,
            effects: ToolEffects { egress: true, ..ToolEffects::default() },
            arguments: call.describe(),
        })),
        _ => Ok(None),
    }
}

async fn ask(live: &Live, call: &Call, deed: Deed) -> Result<Approved, Halt> {
    let (attempt, place) = (&live.host.attempt, live.address.to_string());
    let (app, task) = (&attempt.app, &attempt.task.new);
    let now = app.ports.clock.now();
    let Deed { tool, digest, arguments, .. } = deed;
    let binding =
        Binding { agent: task.agent, tool: tool.clone(), arguments_hash: call.request_hash(), digest };
    let id = binding.approval_id(&place);
    let expires_at = now.plus(app.settings.approval_life);
    let asked = Approval {
        id: id.clone(),
        user: task.user,
        binding,
        task: Some(task.id.clone()),
        arguments: bounded(arguments),
        origin: "task".to_owned(),
        status: Status::Pending,
        reason: None,
        created_at: now,
        expires_at,
        decided_at: None,
        decided_by: None,
        used_at: None,
    };
    let denied = |code: &str, message: String| {
        Ok(Approved::No(Box::new(Performed::error(CallError::new(ErrorKind::Denied, code, message)))))
    };
    match app.ports.approvals.ask_approval(asked, &place, now).await? {
        Answer::Granted => Ok(Approved::Yes),
        Answer::Wait => {
            tracing::info!(task = %task.id, approval = id, tool, "a call waits for an approval");
            let kept = app.ports.approvals.find_approval(task.user, &id, now).await?;
            let until = kept.map_or(expires_at, |kept| kept.expires_at);
            Err(Halt::Stop(Stop::Suspend { until }))
        }
        Answer::Rejected(reason) => {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            denied("rejected", format!("{tool} was rejected by a person ({id}){why}"))
        }
        Answer::Expired => denied("approval-expired", format!("nobody approved {tool} in time ({id})")),
        Answer::Unusable => denied("approval-used", format!("the approval {id} cannot be used for {tool}")),
    }
}

fn bounded(arguments: Value) -> Value {
    let text = arguments.to_string();
    if text.len() <= SHOWN_LIMIT {
        return arguments;
    }
    json!({ "bytes": text.len(), "digest": Digest::of(text.as_bytes()) })
}
