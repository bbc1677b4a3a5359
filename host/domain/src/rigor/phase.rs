//! The five phases of RIGOR, their order, inputs and outputs: the records of `guest.wit`.

use super::brief::Brief;
use super::gate::Gate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Understand.
    Research,
    /// Decide whether to go on.
    Inspect,
    /// Make.
    Generate,
    /// Better it.
    Optimize,
    /// Validate.
    Review,
}

impl Phase {
    /// All, in order.
    pub const ALL: [Self; 5] = [Self::Research, Self::Inspect, Self::Generate, Self::Optimize, Self::Review];

    /// The word on the wire and in places.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Research => "research",
            Self::Inspect => "inspect",
            Self::Generate => "generate",
            Self::Optimize => "optimize",
            Self::Review => "review",
        }
    }
}

/// What a phase gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseInput {
    /// First.
    Research(Brief),
    /// Second.
    Inspect {
        /// The task.
        brief: Brief,
        /// First phase.
        research: ResearchOutput,
    },
    /// Third.
    Generate {
        /// The task.
        brief: Brief,
        /// First phase.
        research: ResearchOutput,
        /// Second phase.
        inspect: InspectOutput,
    },
    /// Fourth.
    Optimize {
        /// The task.
        brief: Brief,
        /// First phase.
        research: ResearchOutput,
        /// Second phase.
        inspect: InspectOutput,
        /// Third phase.
        generate: GenerateOutput,
    },
    /// Last.
    Review {
        /// The task.
        brief: Brief,
        /// First phase.
        research: ResearchOutput,
        /// Second phase.
        inspect: InspectOutput,
        /// Third phase.
        generate: GenerateOutput,
        /// Fourth phase.
        optimize: GenerateOutput,
    },
}

impl PhaseInput {
    /// Which phase this is for.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Research(_) => Phase::Research,
            Self::Inspect { .. } => Phase::Inspect,
            Self::Generate { .. } => Phase::Generate,
            Self::Optimize { .. } => Phase::Optimize,
            Self::Review { .. } => Phase::Review,
        }
    }
}

/// Context, constraints, knowledge, assumptions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResearchOutput {
    /// A JSON object with a schema in the manifest.
    pub details: Value,
}

/// Go or no-go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Go on.
    Go,
    /// The task ends here.
    NoGo,
}

/// Findings, risks, the decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InspectOutput {
    /// Whether to go on.
    pub decision: Decision,
    /// The personality's own computed checks.
    pub gates: Vec<Gate>,
    /// A JSON object with a schema in the manifest.
    pub details: Value,
}

/// A file that a phase wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// From the workspace root.
    pub path: String,
    /// Lowercase hex.
    pub sha256: String,
    /// Such as `code`, `test`, `document`.
    pub kind: String,
}

/// The work itself; of `optimize` too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerateOutput {
    /// What was written.
    pub artifacts: Vec<Artifact>,
    /// Computed by the component from checks and repairs.
    pub confidence: f32,
    /// A JSON object with a schema in the manifest.
    pub details: Value,
}

/// Accept or send back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Good.
    Accept,
    /// Not good yet.
    Rework,
}

/// Validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewOutput {
    /// Good or not.
    pub verdict: Verdict,
    /// The personality's own computed checks.
    pub gates: Vec<Gate>,
    /// A JSON object with a schema in the manifest.
    pub details: Value,
}

/// What a phase gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseOutput {
    /// First.
    Research(ResearchOutput),
    /// Second.
    Inspect(InspectOutput),
    /// Third.
    Generate(GenerateOutput),
    /// Fourth.
    Optimize(GenerateOutput),
    /// Last.
    Review(ReviewOutput),
}

impl PhaseOutput {
    /// Which phase it is of.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Research(_) => Phase::Research,
            Self::Inspect(_) => Phase::Inspect,
            Self::Generate(_) => Phase::Generate,
            Self::Optimize(_) => Phase::Optimize,
            Self::Review(_) => Phase::Review,
        }
    }

    /// The part with a schema in the manifest.
    #[must_use]
    pub fn details(&self) -> &Value {
        match self {
            Self::Research(output) => &output.details,
            Self::Inspect(output) => &output.details,
            Self::Generate(output) | Self::Optimize(output) => &output.details,
            Self::Review(output) => &output.details,
        }
    }
}
