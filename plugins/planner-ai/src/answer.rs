//! What the model is asked to answer, phase by phase. `DEEP` is false at demo.

use rigor::{Line, Lines, List, Paths};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::details;

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Approach<const DEEP: bool> {
    /// How to go about it.
    pub approach: Line<DEEP>,
}

/// Answer of `generate`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Plan<const DEEP: bool> {
    /// In order.
    pub(crate) steps: List<Step<DEEP>, DEEP, 1>,
}

/// One step of the answer.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Step<const DEEP: bool> {
    /// What to do.
    #[serde(rename = "do")]
    pub(crate) what: Line<DEEP>,
    /// Files that it touches.
    pub(crate) files: Paths<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Leaner<const DEEP: bool> {
    /// What could be left out or joined.
    pub leaner: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Missing<const DEEP: bool> {
    /// What the plan forgets.
    pub missing: Lines<DEEP>,
}

/// The plan as the later phases quote it to the model.
#[derive(Serialize)]
pub(crate) struct Said<'details> {
    steps: Vec<SaidStep<'details>>,
}

#[derive(Serialize)]
struct SaidStep<'details> {
    #[serde(rename = "do")]
    what: &'details str,
    files: &'details [String],
}

pub(crate) fn said(plan: &details::Plan) -> Said<'_> {
    let steps = plan.steps.iter();
    Said { steps: steps.map(|step| SaidStep { what: &step.what, files: &step.files }).collect() }
}
