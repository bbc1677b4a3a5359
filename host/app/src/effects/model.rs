//! `model.complete`: the configured model of a tier, streamed to those who watch, charged to the task's budget.

use super::host::{Halt, Performed, ScopeHost};
use super::live::Live;
use super::turn::over_budget;
use crate::ports::models::collect;
use domain::effect::model::{ModelAnswer, ModelEvent, ModelRequest, Tier, Usage};
use domain::effect::{CallError, ErrorKind, Reply};
use domain::journal::LocalEffect;
use domain::rigor::request::AgentTask;
use domain::task::{Kind, Task};

/// The tier that a task asked for.
pub(super) fn tier_of(task: &Task) -> Tier {
    serde_json::from_value::<AgentTask>(task.new.input.clone()).map_or(Tier::Core, |task| task.intelligence)
}

/// After the `reset` of a resumed scope: the text of a recorded answer, in one piece.
pub(super) fn tell_again(host: &ScopeHost, answer: &ModelAnswer) {
    if !answer.content.is_empty() {
        host.attempt.tell_text(&host.scope.to_string(), &answer.content);
    }
}

/// The refusal of an agent that has used its tokens of this month. A turn was asked before it began, and is let finish.
async fn over_budget_of_month(live: &Live) -> Result<Option<CallError>, Halt> {
    let attempt = &live.host.attempt;
    let task = &attempt.task.new;
    if task.kind != Kind::AgentTask {
        return Ok(None);
    }
    let agent = attempt.app.ports.agents.find_agent(task.user, task.agent).await?;
    let Some(agent) = agent else { return Ok(None) };
    let budget = agent.configuration().ok().and_then(|config| config.budget);
    Ok(over_budget(&attempt.app, &agent, budget).await?)
}

pub(super) async fn complete(live: &Live, request: &ModelRequest) -> Result<Performed, Halt> {
    let attempt = &live.host.attempt;
    let budget = attempt.app.settings.token_budget;
    if attempt.spend(0) >= budget {
        let message =
            format!("the task has used its budget of {budget} tokens; an operator can raise `token_budget`");
        return Ok(Performed::error(CallError::new(ErrorKind::Exhausted, "token-budget", message)));
    }
    if let Some(error) = over_budget_of_month(live).await? {
        return Ok(Performed::error(error));
    }
    if request.messages.is_empty() {
        let error =
            CallError::new(ErrorKind::InvalidInput, "messages", "messages is empty; give at least one");
        return Ok(Performed::error(error));
    }
    let tier = request.tier.unwrap_or_else(|| tier_of(&attempt.task));
    let model = attempt.app.ports.models.tier(tier);
    let scope = live.host.scope.to_string();
    let stream = match model.complete(request.clone()).await {
        Ok(stream) => stream,
        Err(error) => return Ok(Performed::error(error)),
    };
    let mut wasted = None;
    let answer = collect(stream, |event| match event {
        ModelEvent::Delta(text) => attempt.tell_text(&scope, text),
        ModelEvent::Used(usage) => wasted = Some(*usage),
        ModelEvent::Answer(_) => {}
    })
    .await;
    let used = answer.as_ref().map_or(wasted, |answer| Some(answer.usage));
    attempt.spend(used.map_or(0, Usage::total));
    let name = answer.as_ref().map_or_else(|_| model.name(), |answer| answer.model.clone());
    let effects = used.map(|usage| LocalEffect::Usage { model: name, usage }).into_iter().collect();
    Ok(Performed { result: answer.map(Reply::Model), effects })
}
