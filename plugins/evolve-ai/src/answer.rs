//! What the model is asked to answer, phase by phase. `DEEP` is false at demo. The answer of `generate` is a change
//! (`rigor/src/change.rs`).

use rigor::{Line, Lines};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Users<const DEEP: bool> {
    /// Who uses what is going to change, and how.
    pub users: Lines<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Gentler<const DEEP: bool> {
    /// How the same is reached with less to change for users.
    pub gentler: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Unseen<const DEEP: bool> {
    /// What changes for users and is no name.
    pub unseen: Line<DEEP>,
}
