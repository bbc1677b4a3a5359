//! What the model is asked to answer, phase by phase. `DEEP` is false at demo.

use rigor::{Line, Lines};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::details;

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Goal<const DEEP: bool> {
    /// What shall be different afterwards.
    pub goal: Line<DEEP>,
    /// What is known and matters for the task.
    pub facts: Lines<DEEP>,
}

/// Answer of `inspect`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Doable<const DEEP: bool> {
    /// Whether it can be done in the files of a project.
    pub doable: bool,
    /// What may go wrong.
    pub risks: Lines<DEEP>,
}

/// Answer of `generate`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Requirements<const DEEP: bool> {
    /// What must be true afterwards.
    pub(crate) requirements: Lines<DEEP, 1>,
    /// What must stay as it is.
    pub(crate) constraints: Lines<DEEP>,
    /// How one sees that it is done.
    pub(crate) acceptance: Lines<DEEP, 1>,
    /// What is not asked for.
    pub(crate) out_of_scope: Lines<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Open<const DEEP: bool> {
    /// What only the person who asked can say.
    pub open_questions: Lines<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Covers<const DEEP: bool> {
    /// Whether the requirements cover the task.
    pub covered: bool,
    /// Why.
    pub reason: Line<DEEP>,
}

/// The requirements as the later phases quote them to the model.
#[derive(Serialize)]
pub(crate) struct Said<'details> {
    requirements: &'details [String],
    constraints: &'details [String],
    acceptance: &'details [String],
    out_of_scope: &'details [String],
}

pub(crate) fn said(required: &details::Required) -> Said<'_> {
    Said {
        requirements: &required.requirements,
        constraints: &required.constraints,
        acceptance: &required.acceptance,
        out_of_scope: &required.out_of_scope,
    }
}
