//! Starting an agent: the steps of document Start agent, "Startup Process". A failure in any leaves it stopped.

use crate::context::App;
use crate::ports::agents::StartOutcome;
use crate::ports::store_error::StoreError;
use crate::skills::Toolbox;
use domain::agent::config::AgentConfig;
use domain::agent::{Agent, Deploy, DeployState, StartStep};
use domain::effect::CallError;
use domain::effect::model::Tier;
use domain::error::{Code, Error};
use domain::log::Level;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// A model that does not answer in this time is not waited for: turns wait for it when they need it.
const MODEL_PATIENCE: Duration = Duration::from_secs(2);

/// What the models said when they were asked; agents that start together ask each model once.
#[derive(Debug, Default)]
pub struct Models {
    asked: BTreeMap<Tier, Result<(), CallError>>,
}

/// Why an agent was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartFailure {
    /// It answers already.
    #[error("the agent is active already")]
    Running,
    /// It was deleted meanwhile.
    #[error("the agent is gone")]
    Gone,
    /// A step failed.
    #[error("step {step}: {reason}", step = .step.as_str())]
    Step {
        /// Which.
        step: StartStep,
        /// Why.
        reason: String,
    },
}

impl From<StartFailure> for Error {
    /// In the words of document Start agent.
    fn from(failure: StartFailure) -> Self {
        match failure {
            StartFailure::Running => Self::conflict("Agent is already running"),
            StartFailure::Gone => Self::not_found("Agent not found"),
            StartFailure::Step { .. } => Self::new(Code::StartFailed, failure.to_string()),
        }
    }
}

/// Start an agent with the checked settings of this start. Of concurrent starts one is Ok.
///
/// # Errors
/// It runs, is gone, or a step failed; then its deploy state says which.
pub async fn start(
    app: &App,
    agent: &Agent,
    settings: &Value,
    autonomy: bool,
    models: &mut Models,
) -> Result<Agent, StartFailure> {
    if agent.is_active() {
        return Err(StartFailure::Running);
    }
    match steps(app, agent, settings, autonomy, models).await {
        Ok(started) => {
            tracing::info!(agent = %agent.id, name = agent.name, autonomy, "an agent was started");
            app.tell_logged(agent.user);
            if autonomy {
                app.due.notify_one();
            }
            Ok(started)
        }
        Err(failure) => {
            if let StartFailure::Step { step, .. } = &failure {
                note(app, agent, DeployState::Failed, *step).await;
                crate::logs::say(
                    app,
                    agent,
                    Level::Error,
                    format!("the agent could not be started: {failure}"),
                )
                .await;
            }
            Err(failure)
        }
    }
}

async fn steps(
    app: &App,
    agent: &Agent,
    settings: &Value,
    autonomy: bool,
    models: &mut Models,
) -> Result<Agent, StartFailure> {
    let in_step = |step| move |reason: String| StartFailure::Step { step, reason };
    let in_store = |step| move |error: StoreError| StartFailure::Step { step, reason: error.to_string() };

    note(app, agent, DeployState::Deploying, StartStep::Initialize).await;
    let present = app.ports.agents.find_agent(agent.user, agent.id).await;
    let present = present.map_err(in_store(StartStep::Initialize))?.ok_or(StartFailure::Gone)?;
    if present.is_active() {
        return Err(StartFailure::Running);
    }
    let runtime = Agent { settings: settings.clone(), ..present };

    note(app, agent, DeployState::Deploying, StartStep::Load).await;
    let config = runtime.configuration().map_err(|problem| in_step(StartStep::Load)(problem.to_string()))?;

    note(app, agent, DeployState::Deploying, StartStep::Connect).await;
    app.ports.tasks.check().await.map_err(in_store(StartStep::Connect))?;
    models.connect(app, &config).await.map_err(in_step(StartStep::Connect))?;

    note(app, agent, DeployState::Deploying, StartStep::Register).await;
    let toolbox = Toolbox::of(app, agent.user).await.map_err(in_store(StartStep::Register))?;
    let tools: usize = toolbox.usable(&config).iter().map(|skill| skill.tools.len()).sum();
    tracing::debug!(agent = %agent.id, tools, "an agent's tools are registered");

    note(app, agent, DeployState::Deploying, StartStep::Listen).await;
    let outcome = app.ports.agents.start_agent(agent.id, settings, autonomy, app.ports.clock.now()).await;
    match outcome.map_err(in_store(StartStep::Listen))? {
        Some(StartOutcome::Started(agent)) => Ok(agent),
        Some(StartOutcome::Running(_)) => Err(StartFailure::Running),
        None => Err(StartFailure::Gone),
    }
}

impl Models {
    /// Ask the agent's model whether it takes calls. One that cannot be reached now is no failure: turns are durable and wait for it.
    async fn connect(&mut self, app: &App, config: &AgentConfig) -> Result<(), String> {
        let tier = config.model.unwrap_or_default();
        let answer = match self.asked.get(&tier) {
            Some(answer) => answer.clone(),
            None => {
                let model = app.ports.models.tier(tier);
                let answer = tokio::select! {
                    answer = model.check() => answer,
                    () = app.ports.clock.sleep(MODEL_PATIENCE) => Ok(()),
                };
                self.asked.entry(tier).or_insert(answer).clone()
            }
        };
        match answer {
            Err(error) if !error.kind.is_retryable() => Err(format!(
                "the model {} of tier {}: {error}",
                app.ports.models.tier(tier).name(),
                tier.as_str()
            )),
            Err(error) => {
                tracing::warn!(%error, tier = tier.as_str(), "the model of an agent does not answer now");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}

/// Keep how the start goes. It is for people: a start does not fail because this cannot be kept.
async fn note(app: &App, agent: &Agent, state: DeployState, step: StartStep) {
    let deploy = Deploy { state, step: step.as_str().to_owned(), percent: step.percent() };
    if let Err(error) = app.ports.agents.set_deploy(agent.id, &deploy).await {
        tracing::warn!(%error, agent = %agent.id, "the progress of a start could not be kept");
    }
}
