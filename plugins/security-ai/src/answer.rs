//! What the model is asked to answer, phase by phase. `DEEP` is false at demo.

use rigor::{Line, Lines, List, Path};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::details;

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Threats<const DEEP: bool> {
    /// Who could do what.
    pub threats: Lines<DEEP>,
}

/// Answer of `generate`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Fixes<const DEEP: bool> {
    /// How each file is mended.
    pub(crate) fixes: List<Fix<DEEP>, DEEP>,
}

/// One file of the answer.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Fix<const DEEP: bool> {
    /// A file with a finding.
    pub(crate) path: Path<DEEP>,
    /// In one sentence.
    pub(crate) fix: Line<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct First<const DEEP: bool> {
    /// What to mend first, and why.
    pub first: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Remark<const DEEP: bool> {
    /// What no pattern can see here.
    pub remark: Line<DEEP>,
}

/// The review as the later phases quote it to the model.
#[derive(Serialize)]
pub(crate) struct Said<'details> {
    fixes: &'details [details::Fix],
}

pub(crate) fn said(reviewed: &details::Reviewed) -> Said<'_> {
    Said { fixes: &reviewed.fixes }
}
