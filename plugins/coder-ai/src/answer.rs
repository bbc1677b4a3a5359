//! What the model is asked to answer, phase by phase. `DEEP` is false at demo.

use rigor::{Line, Path, Paths};
use skep_sdk::prelude::{Deserialize, Schema, Serialize};
use skep_sdk::schema::Piece;

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

/// Some code: at most 900 characters at demo, 12,000 above. May be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Code<const DEEP: bool>(pub(crate) String);

impl<const DEEP: bool> Schema for Code<DEEP> {
    const TYPE: &'static [Piece] = if DEEP {
        &[Piece::Lit("\"type\":\"string\",\"maxLength\":12000")]
    } else {
        &[Piece::Lit("\"type\":\"string\",\"maxLength\":900")]
    };
}

/// One edit: the text `find` stands exactly once in the file and becomes `replace`.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub(crate) struct Edit<const DEEP: bool> {
    /// A file that exists.
    pub(crate) path: Path<DEEP>,
    /// Copied from the file, long enough to stand there once.
    #[schema(min_length = 1)]
    pub(crate) find: Code<DEEP>,
    /// What stands there instead.
    pub(crate) replace: Code<DEEP>,
}

/// A whole file.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub(crate) struct NewFile<const DEEP: bool> {
    /// From the project's root.
    pub(crate) path: Path<DEEP>,
    /// All of it.
    #[schema(min_length = 1)]
    pub(crate) content: Code<DEEP>,
}

/// Answer of `generate` above demo, and of `generate/check`. The summary comes last: a small model that has to sum up first writes that instead of the change.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub(crate) struct Change {
    /// Edits of existing files.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) edits: Vec<Edit<true>>,
    /// New files, and short files that change as a whole.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(crate) files: Vec<NewFile<true>>,
    /// What the change does, in one sentence.
    pub(crate) summary: Line<true>,
}

/// Answer of `generate` at demo.
#[derive(Schema)]
#[expect(dead_code, reason = "only the schema of this type is used: the answer is read as the deep form")]
pub(crate) struct SmallChange {
    /// Edits of existing files.
    #[schema(max_items = 2)]
    pub(crate) edits: Vec<Edit<false>>,
    /// New files.
    #[serde(default)]
    #[schema(max_items = 1)]
    pub(crate) files: Vec<NewFile<false>>,
    /// What the change does, in one sentence.
    pub(crate) summary: Line<false>,
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
