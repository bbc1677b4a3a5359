//! What the model is asked to answer, phase by phase. `DEEP` is false at demo. The answer of `generate` is a change
//! (`rigor/src/change.rs`).

use rigor::{Line, Lines};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Obligations<const DEEP: bool> {
    /// What the project owes to whom.
    pub obligations: Lines<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Lighter<const DEEP: bool> {
    /// Which rule could be held by a program.
    pub lighter: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Decider<const DEEP: bool> {
    /// What a person has to decide, and who.
    pub decide: Line<DEEP>,
}
