//! The kind of plugin that works through the five phases of RIGOR.
//!
//! Implement [`Personality`] and put `#[personality(…)]` on the impl. Only `generate` has to be written; the others have
//! [defaults](default). The details of each phase are a type of yours; later phases get it back typed.

pub mod default;
mod export;
mod records;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::schema::Schema;
use crate::{Context, Error, Result};

pub use crate::bindings::personality::exports::skep::plugin::personality_guest::{
    Artifact, Brief, Contribution, Decision, Gate, GateStatus, Verdict,
};
pub use export::{Personalities, Visitor, no_such_personality};
pub use records::{Generation, Inspection, Optimization, Review, Scope};

/// Details of a phase: JSON with a schema.
pub trait Details: Serialize + DeserializeOwned + Schema {}

impl<T: Serialize + DeserializeOwned + Schema> Details for T {}

/// A personality. `#[personality]` fills in what an impl leaves out: phases by their [default], and the types of details
/// from the functions that return them.
pub trait Personality: Sized {
    /// What research found out.
    type Research: Details;
    /// What the inspection adds to its decision and gates.
    type Inspect: Details;
    /// What the generation adds to its artifacts: the deliverable itself. Later personalities read it.
    type Generate: Details;
    /// What the optimization adds to its artifacts.
    type Optimize: Details;
    /// What the review adds to its verdict and gates.
    type Review: Details;

    /// Find out what is asked and what is there: context, constraints, assumptions.
    fn research(brief: &Brief, context: &Context) -> Result<Self::Research>;
    /// Look for risks; decide whether to go on.
    fn inspect(input: &InspectInput<Self>, context: &Context) -> Result<Inspection<Self::Inspect>>;
    /// Make what is asked for.
    fn generate(input: &GenerateInput<Self>, context: &Context) -> Result<Generation<Self::Generate>>;
    /// Make it better.
    fn optimize(input: &OptimizeInput<Self>, context: &Context) -> Result<Optimization<Self::Optimize>>;
    /// Check it; accept it or send it back.
    fn review(input: &ReviewInput<Self>, context: &Context) -> Result<Review<Self::Review>>;
}

/// What `inspect` gets.
pub struct InspectInput<P: Personality> {
    /// The task.
    pub brief: Brief,
    /// Details of `research`.
    pub research: P::Research,
}

/// What `generate` gets.
pub struct GenerateInput<P: Personality> {
    /// The task.
    pub brief: Brief,
    /// Details of `research`.
    pub research: P::Research,
    /// Outcome of `inspect`; its decision is `go`.
    pub inspect: Inspection<P::Inspect>,
}

/// What `optimize` gets.
pub struct OptimizeInput<P: Personality> {
    /// The task.
    pub brief: Brief,
    /// Details of `research`.
    pub research: P::Research,
    /// Outcome of `inspect`.
    pub inspect: Inspection<P::Inspect>,
    /// Outcome of `generate`.
    pub generate: Generation<P::Generate>,
}

/// What `review` gets.
pub struct ReviewInput<P: Personality> {
    /// The task.
    pub brief: Brief,
    /// Details of `research`.
    pub research: P::Research,
    /// Outcome of `inspect`.
    pub inspect: Inspection<P::Inspect>,
    /// Outcome of `generate`.
    pub generate: Generation<P::Generate>,
    /// Outcome of `optimize`; its artifacts are the final ones.
    pub optimize: Optimization<P::Optimize>,
}

impl Brief {
    /// How good the result must be.
    pub fn scope(&self) -> Scope {
        Scope::of(&self.scope)
    }

    /// The details of an earlier personality's generate phase; none if it did not take part.
    pub fn earlier<T: DeserializeOwned>(&self, personality: &str) -> Result<Option<T>> {
        let Some(contribution) = self.earlier.iter().rev().find(|earlier| earlier.personality == personality)
        else {
            return Ok(None);
        };
        serde_json::from_str(&contribution.details).map(Some).map_err(|error| {
            Error::invalid_input(format!(
                "the details of `{personality}` do not fit what is expected here: {error}"
            ))
        })
    }
}

impl Gate {
    /// A check that was made and held.
    pub fn passed(name: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { name: name.into(), status: GateStatus::Passed, evidence: evidence.into() }
    }

    /// A check that was made and did not hold.
    pub fn failed(name: impl Into<String>, evidence: impl Into<String>) -> Self {
        Self { name: name.into(), status: GateStatus::Failed, evidence: evidence.into() }
    }

    /// A check that could not be made, with the reason.
    pub fn not_run(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: name.into(), status: GateStatus::NotRun, evidence: reason.into() }
    }

    /// Passed or failed by a condition; the same evidence for both.
    pub fn of(name: impl Into<String>, holds: bool, evidence: impl Into<String>) -> Self {
        if holds { Self::passed(name, evidence) } else { Self::failed(name, evidence) }
    }

    /// True if the check was made and did not hold.
    pub fn is_failed(&self) -> bool {
        self.status == GateStatus::Failed
    }
}
