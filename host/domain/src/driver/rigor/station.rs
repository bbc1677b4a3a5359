//! One personality of the line: its five phases in order.

use crate::address::Place;
use crate::component::{Export, Output};
use crate::history::{Command, ComponentRef, Standing, TaskHistory, Work, Yield};
use crate::retry::RetryPolicy;
use crate::rigor::brief::Brief;
use crate::rigor::gate::{Gate, GateStatus};
use crate::rigor::line::Station;
use crate::rigor::phase::{
    Decision, GenerateOutput, InspectOutput, Phase, PhaseInput, PhaseOutput, ResearchOutput, ReviewOutput,
    Verdict,
};
use crate::task::TaskFailure;
use serde_json::{Value, json};

/// What a personality left behind.
pub(super) struct Finished {
    pub(super) details: Value,
    pub(super) gates: Vec<Gate>,
    pub(super) summary: String,
}

/// Where a personality stands.
pub(super) enum StationStanding {
    Finished(Box<Finished>),
    Pending(Box<Command>),
    Failed(Box<TaskFailure>),
}

/// What happened at a phase: its output, or why the walk ends here.
type PhaseStep<T> = Result<T, Box<StationStanding>>;

/// Walk the phases; answers how many are done.
pub(super) fn walk(
    history: &TaskHistory,
    station: &Station,
    brief: &Brief,
) -> Result<(u32, StationStanding), String> {
    let mut walk = StationWalk { history, station, round: brief.round, done: 0, broken: None };
    let standing = match walk.phases(brief) {
        Ok(finished) => StationStanding::Finished(Box::new(finished)),
        Err(standing) => *standing,
    };
    match walk.broken {
        Some(message) => Err(message),
        None => Ok((walk.done, standing)),
    }
}

struct StationWalk<'a> {
    history: &'a TaskHistory,
    station: &'a Station,
    round: u32,
    done: u32,
    broken: Option<String>,
}

impl StationWalk<'_> {
    fn phases(&mut self, brief: &Brief) -> PhaseStep<Finished> {
        let research: ResearchOutput =
            match self.phase(|| PhaseInput::Research(brief.clone()), Phase::Research)? {
                PhaseOutput::Research(output) => output,
                other => return Err(self.unexpected(&other)),
            };
        let inspect: InspectOutput = match self.phase(
            || PhaseInput::Inspect { brief: brief.clone(), research: research.clone() },
            Phase::Inspect,
        )? {
            PhaseOutput::Inspect(output) => output,
            other => return Err(self.unexpected(&other)),
        };
        if inspect.decision == Decision::NoGo {
            return Err(self.failed(
                "NO_GO",
                Phase::Inspect,
                "decided against the task",
                json!({ "inspect": inspect.details }),
            ));
        }
        let generate: GenerateOutput = match self.phase(
            || PhaseInput::Generate {
                brief: brief.clone(),
                research: research.clone(),
                inspect: inspect.clone(),
            },
            Phase::Generate,
        )? {
            PhaseOutput::Generate(output) => output,
            other => return Err(self.unexpected(&other)),
        };
        let optimize: GenerateOutput = match self.phase(
            || PhaseInput::Optimize {
                brief: brief.clone(),
                research: research.clone(),
                inspect: inspect.clone(),
                generate: generate.clone(),
            },
            Phase::Optimize,
        )? {
            PhaseOutput::Optimize(output) => output,
            other => return Err(self.unexpected(&other)),
        };
        let review: ReviewOutput = match self.phase(
            || PhaseInput::Review {
                brief: brief.clone(),
                research: research.clone(),
                inspect: inspect.clone(),
                generate: generate.clone(),
                optimize: optimize.clone(),
            },
            Phase::Review,
        )? {
            PhaseOutput::Review(output) => output,
            other => return Err(self.unexpected(&other)),
        };
        Ok(self.finished(&inspect, &generate, &review))
    }

    fn finished(
        &self,
        inspect: &InspectOutput,
        generate: &GenerateOutput,
        review: &ReviewOutput,
    ) -> Finished {
        let mut gates = inspect.gates.clone();
        gates.extend(review.gates.iter().cloned());
        if review.verdict == Verdict::Rework && gates.iter().all(|gate| gate.status != GateStatus::Failed) {
            let evidence =
                review.details.get("reason").and_then(Value::as_str).unwrap_or("the review asked for rework");
            gates.push(Gate {
                name: "review".to_owned(),
                status: GateStatus::Failed,
                evidence: evidence.to_owned(),
            });
        }
        let summary = generate.details.get("summary").and_then(Value::as_str).unwrap_or_default().to_owned();
        Finished { details: generate.details.clone(), gates, summary }
    }

    fn place(&self, phase: Phase) -> Place {
        Place(format!("{}@{}/{}", self.station.personality, self.round, phase.as_str()))
    }

    fn phase(&mut self, input: impl FnOnce() -> PhaseInput, phase: Phase) -> PhaseStep<PhaseOutput> {
        let place = self.place(phase);
        let component = ComponentRef::Personality(self.station.personality.to_owned());
        let work = || Work::Component { component, export: Box::new(Export::Phase(Box::new(input()))) };
        match self.history.standing(&place, RetryPolicy::default(), work) {
            Standing::Done(Yield::Output(Output::Phase(output))) if output.phase() == phase => {
                self.done += 1;
                Ok(output)
            }
            Standing::Done(other) => {
                self.broken = Some(format!("{place} has no output of its phase: {other:?}"));
                Err(self.failed("INTERNAL", phase, "has an unreadable journal", Value::Null))
            }
            Standing::Pending(command) => Err(Box::new(StationStanding::Pending(Box::new(command)))),
            Standing::Failed { failure, partial } => {
                let code = if partial { "PARTIAL" } else { "PHASE_FAILED" };
                let tail = if partial {
                    "; it was not tried again because effects had already happened"
                } else {
                    ""
                };
                let details = json!({ "failure": failure, "partial": partial });
                Err(self.failed(code, phase, &format!("failed: {failure}{tail}"), details))
            }
        }
    }

    fn unexpected(&mut self, output: &PhaseOutput) -> Box<StationStanding> {
        self.broken =
            Some(format!("{} answered {:?} out of order", self.station.personality, output.phase()));
        self.failed("INTERNAL", output.phase(), "has an unreadable journal", Value::Null)
    }

    fn failed(&self, code: &str, phase: Phase, what: &str, details: Value) -> Box<StationStanding> {
        Box::new(StationStanding::Failed(Box::new(TaskFailure {
            code: code.to_owned(),
            message: format!("{} {what} in phase {}", self.station.personality, phase.as_str()),
            agent: Some(self.station.personality.to_owned()),
            phase: Some(phase.as_str().to_owned()),
            details,
        })))
    }
}
