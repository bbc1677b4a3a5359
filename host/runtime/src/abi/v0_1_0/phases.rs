//! The five phases of a personality: records of `guest.wit` to and from `domain::rigor`.

use super::convert::error_from_guest;
use super::personality::exports::skep::plugin::personality_guest as guest;
use super::wit::types;
use crate::output::{Answered, details, phase_output};
use crate::state::State;
use domain::effect::bounded;
use domain::rigor::brief::{Brief, Contribution};
use domain::rigor::gate::{Gate, GateStatus};
use domain::rigor::phase::{
    Artifact, Decision, GenerateOutput, InspectOutput, PhaseInput, PhaseOutput, ResearchOutput, ReviewOutput,
    Verdict,
};
use wasmtime::Store;

/// Longest name of a gate that a personality may give.
const GATE_NAME_LIMIT: usize = 128;
/// Longest evidence of a gate: the bound of all free text that a guest writes.
const EVIDENCE_LIMIT: usize = 4096;

/// Call the phase that the input is for.
pub(crate) async fn call(
    guest: &guest::Guest,
    store: &mut Store<State>,
    input: PhaseInput,
    context: &types::Context,
) -> wasmtime::Result<Answered> {
    Ok(match input {
        PhaseInput::Research(brief) => {
            answered(guest.call_research(store, &brief_to_guest(brief), context).await?, |output| {
                Ok(PhaseOutput::Research(ResearchOutput { details: details(&output.details)? }))
            })
        }
        PhaseInput::Inspect { brief, research } => {
            let input =
                guest::InspectInput { brief: brief_to_guest(brief), research: research_to_guest(&research) };
            answered(guest.call_inspect(store, &input, context).await?, |output| {
                Ok(PhaseOutput::Inspect(inspect_from_guest(output)?))
            })
        }
        PhaseInput::Generate { brief, research, inspect } => {
            let input = guest::GenerateInput {
                brief: brief_to_guest(brief),
                research: research_to_guest(&research),
                inspect: inspect_to_guest(inspect),
            };
            answered(guest.call_generate(store, &input, context).await?, |output| {
                Ok(PhaseOutput::Generate(generate_from_guest(output)?))
            })
        }
        PhaseInput::Optimize { brief, research, inspect, generate } => {
            let input = guest::OptimizeInput {
                brief: brief_to_guest(brief),
                research: research_to_guest(&research),
                inspect: inspect_to_guest(inspect),
                generate: generate_to_guest(generate),
            };
            answered(guest.call_optimize(store, &input, context).await?, |output| {
                let output = guest::GenerateOutput {
                    artifacts: output.artifacts,
                    confidence: output.confidence,
                    details: output.details,
                };
                Ok(PhaseOutput::Optimize(generate_from_guest(output)?))
            })
        }
        PhaseInput::Review { brief, research, inspect, generate, optimize } => {
            let optimize = generate_to_guest(optimize);
            let input = guest::ReviewInput {
                brief: brief_to_guest(brief),
                research: research_to_guest(&research),
                inspect: inspect_to_guest(inspect),
                generate: generate_to_guest(generate),
                optimize: guest::OptimizeOutput {
                    artifacts: optimize.artifacts,
                    confidence: optimize.confidence,
                    details: optimize.details,
                },
            };
            answered(guest.call_review(store, &input, context).await?, |output| {
                Ok(PhaseOutput::Review(review_from_guest(output)?))
            })
        }
    })
}

fn answered<Output>(
    answer: Result<Output, types::Error>,
    convert: impl FnOnce(Output) -> Result<PhaseOutput, String>,
) -> Answered {
    match answer {
        Ok(output) => convert(output).map_or_else(Answered::Invalid, phase_output),
        Err(error) => Answered::Error(error_from_guest(error)),
    }
}

fn brief_to_guest(brief: Brief) -> guest::Brief {
    let contribution = |contribution: Contribution| guest::Contribution {
        personality: contribution.personality,
        details: contribution.details.to_string(),
    };
    guest::Brief {
        task: brief.task,
        scope: brief.scope,
        round: brief.round,
        files: brief.files,
        earlier: brief.earlier.into_iter().map(contribution).collect(),
        findings: brief.findings.into_iter().map(gate_to_guest).collect(),
    }
}

fn gate_to_guest(gate: Gate) -> guest::Gate {
    guest::Gate {
        name: gate.name,
        status: match gate.status {
            GateStatus::Passed => guest::GateStatus::Passed,
            GateStatus::Failed => guest::GateStatus::Failed,
            GateStatus::NotRun => guest::GateStatus::NotRun,
        },
        evidence: gate.evidence,
    }
}

fn gate_from_guest(gate: guest::Gate) -> Gate {
    Gate {
        name: bounded(gate.name, GATE_NAME_LIMIT),
        status: match gate.status {
            guest::GateStatus::Passed => GateStatus::Passed,
            guest::GateStatus::Failed => GateStatus::Failed,
            guest::GateStatus::NotRun => GateStatus::NotRun,
        },
        evidence: bounded(gate.evidence, EVIDENCE_LIMIT),
    }
}

fn research_to_guest(research: &ResearchOutput) -> guest::ResearchOutput {
    guest::ResearchOutput { details: research.details.to_string() }
}

fn inspect_to_guest(inspect: InspectOutput) -> guest::InspectOutput {
    guest::InspectOutput {
        decision: match inspect.decision {
            Decision::Go => guest::Decision::Go,
            Decision::NoGo => guest::Decision::NoGo,
        },
        gates: inspect.gates.into_iter().map(gate_to_guest).collect(),
        details: inspect.details.to_string(),
    }
}

fn inspect_from_guest(output: guest::InspectOutput) -> Result<InspectOutput, String> {
    Ok(InspectOutput {
        decision: match output.decision {
            guest::Decision::Go => Decision::Go,
            guest::Decision::NoGo => Decision::NoGo,
        },
        gates: output.gates.into_iter().map(gate_from_guest).collect(),
        details: details(&output.details)?,
    })
}

fn generate_to_guest(generate: GenerateOutput) -> guest::GenerateOutput {
    let artifact = |artifact: Artifact| guest::Artifact {
        path: artifact.path,
        sha256: artifact.sha256,
        kind: artifact.kind,
    };
    guest::GenerateOutput {
        artifacts: generate.artifacts.into_iter().map(artifact).collect(),
        confidence: generate.confidence,
        details: generate.details.to_string(),
    }
}

fn generate_from_guest(output: guest::GenerateOutput) -> Result<GenerateOutput, String> {
    if !(0.0..=1.0).contains(&output.confidence) {
        return Err(format!("confidence is {}, not a number from 0.0 to 1.0", output.confidence));
    }
    let artifact = |artifact: guest::Artifact| {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if artifact.sha256.len() != 64 || !artifact.sha256.bytes().all(hex) {
            let path = bounded(artifact.path, 200);
            return Err(format!("the sha256 of artifact {path:?} is not 64 lowercase hex digits"));
        }
        Ok(Artifact { path: artifact.path, sha256: artifact.sha256, kind: artifact.kind })
    };
    Ok(GenerateOutput {
        artifacts: output.artifacts.into_iter().map(artifact).collect::<Result<_, _>>()?,
        confidence: output.confidence,
        details: details(&output.details)?,
    })
}

fn review_from_guest(output: guest::ReviewOutput) -> Result<ReviewOutput, String> {
    Ok(ReviewOutput {
        verdict: match output.verdict {
            guest::Verdict::Accept => Verdict::Accept,
            guest::Verdict::Rework => Verdict::Rework,
        },
        gates: output.gates.into_iter().map(gate_from_guest).collect(),
        details: details(&output.details)?,
    })
}
