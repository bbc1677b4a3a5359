//! What the model is asked to answer, phase by phase. `DEEP` is false at demo.

use rigor::{Line, Lines, List, Path};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

use crate::details;

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Parts<const DEEP: bool> {
    /// Parts of the project that the task concerns.
    pub parts: Lines<DEEP>,
}

/// Answer of `generate`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Architecture<const DEEP: bool> {
    /// Files to change or make.
    pub(crate) files: List<File<DEEP>, DEEP, 1>,
    /// Functions, types, formats or commands where parts meet.
    pub(crate) interfaces: Lines<DEEP>,
}

/// One file of the answer.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct File<const DEEP: bool> {
    /// From the project's root.
    pub(crate) path: Path<DEEP>,
    /// What changes in it, or what it is for.
    pub(crate) purpose: Line<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Simpler<const DEEP: bool> {
    /// A simpler way, or why there is none.
    pub simpler: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Weakness<const DEEP: bool> {
    /// The weakest point of the design.
    pub weakness: Line<DEEP>,
}

/// The design as the later phases quote it to the model.
#[derive(Serialize)]
pub(crate) struct Said<'details> {
    files: Vec<SaidFile<'details>>,
    interfaces: &'details [String],
}

#[derive(Serialize)]
struct SaidFile<'details> {
    path: &'details str,
    purpose: &'details str,
}

pub(crate) fn said(design: &details::Design) -> Said<'_> {
    let files = design.files.iter().map(|file| SaidFile { path: &file.path, purpose: &file.purpose });
    Said { files: files.collect(), interfaces: &design.interfaces }
}
