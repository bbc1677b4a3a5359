//! The steps of a turn that are not the model's: what it reads, and keeping what it says.

use super::host::{Halt, Performed};
use super::live::Live;
use crate::context::App;
use crate::ports::store_error::StoreError;
use crate::skills::Toolbox;
use crate::turns;
use domain::agent::Agent;
use domain::effect::turn::{TurnCall, TurnContext};
use domain::effect::{CallError, ErrorKind, Reply};
use domain::journal::LocalEffect;
use domain::room::{MessageRole, NewMessage, derived_id};
use domain::turn::{Origin, Turn, TurnReport};

pub(super) async fn perform(live: &Live, call: &TurnCall) -> Result<Performed, Halt> {
    match call {
        TurnCall::Context(turn) => context(live, turn).await,
        TurnCall::Record { turn, report } => Ok(record(live, turn, report)),
    }
}

/// Assemble what the model reads. What a tick consumes becomes part of its room, so that later turns know what was asked of it.
async fn context(live: &Live, turn: &Turn) -> Result<Performed, Halt> {
    let attempt = &live.host.attempt;
    let (app, task) = (&attempt.app, &attempt.task.new);
    let Some(agent) = app.ports.agents.find_agent(task.user, task.agent).await? else {
        let error = CallError::new(ErrorKind::NotFound, "agent-gone", "the agent was deleted meanwhile");
        return Ok(Performed::error(error));
    };
    let config = match agent.configuration() {
        Ok(config) => config,
        Err(problem) => {
            let error = CallError::new(ErrorKind::InvalidInput, "configuration", problem.to_string());
            return Ok(Performed::error(error));
        }
    };
    if let Some(error) = over_budget(app, &agent, config.budget).await? {
        return Ok(Performed::error(error));
    }
    let now = app.ports.clock.now();
    let instructions = match turn.origin {
        Origin::Tick => app.ports.ticks.waiting_instructions(agent.id, turns::MOST_INSTRUCTIONS).await?,
        Origin::Chat => Vec::new(),
    };
    let toolbox = Toolbox::of(app, agent.user).await?;
    let request = turns::assemble(&turns::Reading {
        agent: &agent,
        config: &config,
        skills: toolbox.usable(&config),
        templates: crate::templates::effective(app, &agent).await?,
        files: crate::files::shown(app, &agent).await?,
        history: turns::history(app, turn, &task.id).await?,
        instructions: instructions.iter().map(|instruction| instruction.text.as_str()).collect(),
        origin: turn.origin,
        now,
    });
    if turn.origin == Origin::Chat {
        // The end of a tick writes that by itself.
        app.ports.agents.touch_agent(agent.id, now).await?;
    }
    let mut effects: Vec<LocalEffect> = instructions
        .iter()
        .map(|instruction| {
            LocalEffect::RoomMessage(Box::new(NewMessage {
                id: derived_id(&format!("instruction:{}", instruction.id)),
                room: turn.room,
                role: MessageRole::User,
                author: "instruction".to_owned(),
                text: instruction.text.clone(),
                metadata: None,
                task: Some(task.id.clone()),
            }))
        })
        .collect();
    let consumed = u32::try_from(instructions.len()).unwrap_or(u32::MAX);
    if consumed > 0 {
        let ids = instructions.iter().map(|instruction| instruction.id).collect();
        effects.push(LocalEffect::ConsumeInstructions { ids });
    }
    Ok(Performed::local(Reply::Turn(TurnContext { request, instructions: consumed }), effects))
}

/// The refusal of an agent that has used its tokens of this month.
pub(super) async fn over_budget(
    app: &App,
    agent: &Agent,
    budget: Option<u64>,
) -> Result<Option<CallError>, StoreError> {
    let Some(budget) = budget else { return Ok(None) };
    let month: String = app.ports.clock.now().rfc3339().chars().take(7).collect();
    let rows = app.ports.usage.list_usage(agent.user, &month).await?;
    let of_agent = rows.iter().filter(|row| row.agent == agent.id);
    let used: u64 = of_agent.map(|row| row.usage.total()).fold(0, u64::saturating_add);
    if used < budget {
        return Ok(None);
    }
    let message = format!(
        "agent {:?} has used {used} tokens in {month}, its budget is {budget}; PATCH its config to raise `budget`",
        agent.name
    );
    Ok(Some(CallError::new(ErrorKind::Exhausted, "budget", message)))
}

fn record(live: &Live, turn: &Turn, report: &TurnReport) -> Performed {
    if report.quiet {
        let effects = match turn.origin {
            Origin::Tick => vec![LocalEffect::QuietTick { room: turn.room }],
            Origin::Chat => Vec::new(),
        };
        return Performed::local(Reply::Unit, effects);
    }
    let message = NewMessage {
        // The same message when the step is made again.
        id: derived_id(&live.address.idempotency_key()),
        room: turn.room,
        role: MessageRole::Assistant,
        author: report.agent.clone(),
        text: report.message.clone(),
        metadata: None,
        task: Some(live.host.attempt.task.new.id.clone()),
    };
    Performed::local(Reply::Unit, vec![LocalEffect::RoomMessage(Box::new(message))])
}
