//! What the model is asked to answer, phase by phase. `DEEP` is false at demo.

use rigor::{Line, Lines};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::details;

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Ideas<const DEEP: bool> {
    /// What to test.
    pub test_ideas: Lines<DEEP>,
}

/// Answer of `generate`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Verification<const DEEP: bool> {
    /// What one does and what one must see then.
    pub(crate) tests: Lines<DEEP, 1>,
    /// How the change is undone.
    pub(crate) rollback: Line<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Cheaper<const DEEP: bool> {
    /// How to verify the same with less.
    pub cheaper: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Remark<const DEEP: bool> {
    /// What is left to check by hand.
    pub remark: Line<DEEP>,
}

/// The verification as the later phases quote it to the model.
#[derive(Serialize)]
pub(crate) struct Said<'details> {
    tests: &'details [String],
    rollback: &'details str,
}

pub(crate) fn said(verified: &details::Verified) -> Said<'_> {
    Said { tests: &verified.tests, rollback: &verified.rollback }
}
