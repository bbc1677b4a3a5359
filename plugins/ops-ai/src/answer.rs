//! What the model is asked to answer, phase by phase. `DEEP` is false at demo. The answer of `generate` is a change
//! (`rigor/src/change.rs`).

use rigor::{Line, Lines};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Duties<const DEEP: bool> {
    /// What has to be done to run the project.
    pub duties: Lines<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Automated<const DEEP: bool> {
    /// A step that a program could do.
    pub automate: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Rehearsal<const DEEP: bool> {
    /// What should be tried once before it is needed.
    pub rehearse: Line<DEEP>,
}
