//! What the model is asked to answer, phase by phase. `DEEP` is false at demo. The answer of `generate` is a change
//! (`rigor/src/change.rs`).

use rigor::{Line, Lines};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Needs<const DEEP: bool> {
    /// What the project needs of the platform it runs on.
    pub needs: Lines<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Smaller<const DEEP: bool> {
    /// What would make builds faster or images smaller.
    pub smaller: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Unseen<const DEEP: bool> {
    /// What only shows when it is deployed.
    pub unseen: Line<DEEP>,
}
