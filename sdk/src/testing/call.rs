//! Calling a plugin as the host does, JSON in and JSON out.

use serde::Serialize;

use super::Host;
use crate::bindings::personality::exports::skep::plugin::personality_guest as wire;
use crate::personality::Personalities;
use crate::skill::Skill;
use crate::step::Step;
use crate::{Context, Error, Result};

impl Host {
    /// Calls a tool with JSON arguments; answers its JSON.
    pub fn call_tool<S: Skill>(&self, tool: &str, arguments: impl Serialize) -> Result<serde_json::Value> {
        let answer = S::call(tool, &serde_json::to_string(&arguments)?, &self.context)?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Runs a step.
    pub fn run_step<S: Step>(
        &self,
        config: impl Serialize,
        input: impl Serialize,
    ) -> Result<serde_json::Value> {
        let answer =
            S::run(&serde_json::to_string(&config)?, &serde_json::to_string(&input)?, &self.context)?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// Runs the five phases of a personality one after another, each with the outcomes of those before it, as the host does.
    /// After `no-go` nothing more runs.
    pub fn run_personality<P: Personalities>(
        &self,
        personality: &str,
        brief: wire::Brief,
    ) -> Result<Outcome> {
        let context = || crate::bindings::imports::skep::plugin::types::Context {
            task: self.context.task.clone(),
            user: self.context.user.clone(),
            agent: self.context.agent.clone(),
            personality: Some(personality.to_owned()),
            config: self.context.config_text().to_owned(),
        };
        let phase = |name: &str, error: crate::bindings::imports::skep::plugin::types::Error| {
            Error::from(error).during(format_args!("phase {name}"))
        };
        let research = <P as wire::Guest>::research(brief.clone(), context())
            .map_err(|error| phase("research", error))?;
        let input = wire::InspectInput { brief: brief.clone(), research: research.clone() };
        let inspect =
            <P as wire::Guest>::inspect(input, context()).map_err(|error| phase("inspect", error))?;
        let mut outcome = Outcome { research, inspect, generate: None, optimize: None, review: None };
        if outcome.inspect.decision == wire::Decision::NoGo {
            return Ok(outcome);
        }
        let (research, inspect) = (outcome.research.clone(), outcome.inspect.clone());
        let input = wire::GenerateInput {
            brief: brief.clone(),
            research: research.clone(),
            inspect: inspect.clone(),
        };
        let generate =
            <P as wire::Guest>::generate(input, context()).map_err(|error| phase("generate", error))?;
        let input = wire::OptimizeInput {
            brief: brief.clone(),
            research: research.clone(),
            inspect: inspect.clone(),
            generate: generate.clone(),
        };
        let optimize =
            <P as wire::Guest>::optimize(input, context()).map_err(|error| phase("optimize", error))?;
        let input = wire::ReviewInput {
            brief,
            research,
            inspect,
            generate: generate.clone(),
            optimize: optimize.clone(),
        };
        let review = <P as wire::Guest>::review(input, context()).map_err(|error| phase("review", error))?;
        outcome.generate = Some(generate);
        outcome.optimize = Some(optimize);
        outcome.review = Some(review);
        Ok(outcome)
    }
}

/// What the phases answered, as the host sees it: details are JSON text.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Research.
    pub research: wire::ResearchOutput,
    /// Inspect.
    pub inspect: wire::InspectOutput,
    /// Generate; none after `no-go`.
    pub generate: Option<wire::GenerateOutput>,
    /// Optimize; none after `no-go`.
    pub optimize: Option<wire::OptimizeOutput>,
    /// Review; none after `no-go`.
    pub review: Option<wire::ReviewOutput>,
}

/// A brief for the first round of a demo: the task and nothing else.
pub fn brief(task: &str) -> wire::Brief {
    wire::Brief {
        task: task.into(),
        scope: "demo".into(),
        round: 1,
        files: Vec::new(),
        earlier: Vec::new(),
        findings: Vec::new(),
    }
}

impl Context {
    fn config_text(&self) -> &str {
        if self.config.is_empty() { "{}" } else { &self.config }
    }
}
