//! What the model is asked to answer, phase by phase. `DEEP` is false at demo.

use rigor::change::{Change, NewFile};
use rigor::{Line, Paths};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};

/// Answer of `research`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Idea<const DEEP: bool> {
    /// What has to change, and where.
    pub idea: Line<DEEP>,
    /// Files to read before changing anything.
    pub files: Paths<DEEP>,
}

/// Answer of `optimize`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Note<const DEEP: bool> {
    /// A simpler or cheaper way, or what was learned.
    pub note: Line<DEEP>,
}

/// Answer of `review`.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub struct Remark<const DEEP: bool> {
    /// What a reader of the change should look at.
    pub remark: Line<DEEP>,
}

/// Answer of `generate` above demo when the project has no file to edit.
#[derive(Debug, Serialize, Deserialize, Schema)]
pub(crate) struct Creation {
    /// New files.
    #[schema(min_items = 1, max_items = 10)]
    pub(crate) files: Vec<NewFile<true>>,
    /// What the files do, in one sentence.
    pub(crate) summary: Line<true>,
}

/// The same at demo: one file.
#[derive(Schema)]
#[expect(dead_code, reason = "only the schema of this type is used: the answer is read as the deep form")]
pub(crate) struct SmallCreation {
    /// The new file.
    #[schema(min_items = 1, max_items = 1)]
    pub(crate) files: Vec<NewFile<false>>,
    /// What the file does, in one sentence.
    pub(crate) summary: Line<false>,
}

impl From<Creation> for Change {
    fn from(creation: Creation) -> Self {
        Self { summary: creation.summary, edits: Vec::new(), files: creation.files }
    }
}
