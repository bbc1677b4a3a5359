//! What the model is asked to answer, phase by phase. `DEEP` is false at demo. The answer of `generate` is a change
//! (`rigor/src/change.rs`).

use rigor::{Line, Lines};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Waste<const DEEP: bool> {
    /// Work that need not be done, or not so often.
    pub waste: Lines<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Next<const DEEP: bool> {
    /// What would come next, and what it costs.
    pub next: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Measured<const DEEP: bool> {
    /// How one measures that it is cheaper.
    pub measure: Line<DEEP>,
}
