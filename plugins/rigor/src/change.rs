//! What a model answers when it changes files: edits of existing ones and whole new ones. `DEEP` is false at demo.

use skep_sdk::prelude::{Deserialize, Schema, Serialize};
use skep_sdk::schema::Piece;

use crate::{Line, Path, Question, Tokens};

/// The form of the answer, for servers that do not hold a model to a schema.
pub const FORM: &str =
    r#"{"edits":[{"path":"","find":"","replace":""}],"files":[{"path":"","content":""}],"summary":""}"#;

/// How edits and files have to be written; the same words for everyone who asks for a change above demo.
pub const RULES: &str = "`edits` change existing files: `find` is copied exactly from the file (indentation too) and long enough to stand there \
only once; `replace` stands there instead. `files` holds new files with their whole content. Complete and working, no placeholders. The summary is one \
sentence that says what is different for the person who asked.";

/// The two forms of a change.
pub type Changes = (SmallChange, Change);

/// A question whose answer is a change. At demo its answer takes about a quarter of a minute of the embedded model.
pub fn question(text: String) -> Question {
    Question { text, tokens: Tokens { demo: 420, deep: 6_000 } }
}

/// The request to correct a change that cannot be made as it is.
pub fn repair(problems: &[String]) -> Question {
    let problems: Vec<String> = problems.iter().map(|problem| crate::talk::cut(problem, 300)).collect();
    question(format!(
        "Your change cannot be made:\n{}Answer again with the whole change, corrected.\nJSON: {FORM}",
        crate::talk::bullets(&problems, 1_500)
    ))
}

/// Some code: at most 900 characters at demo, 12,000 above. May be empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code<const DEEP: bool>(pub String);

impl<const DEEP: bool> Schema for Code<DEEP> {
    const TYPE: &'static [Piece] = if DEEP {
        &[Piece::Lit("\"type\":\"string\",\"maxLength\":12000")]
    } else {
        &[Piece::Lit("\"type\":\"string\",\"maxLength\":900")]
    };
}

/// One edit: the text `find` stands exactly once in the file and becomes `replace`.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub struct Edit<const DEEP: bool> {
    /// A file that exists.
    pub path: Path<DEEP>,
    /// Copied from the file, long enough to stand there once.
    #[schema(min_length = 1)]
    pub find: Code<DEEP>,
    /// What stands there instead.
    pub replace: Code<DEEP>,
}

/// A whole file.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub struct NewFile<const DEEP: bool> {
    /// From the project's root.
    pub path: Path<DEEP>,
    /// All of it.
    #[schema(min_length = 1)]
    pub content: Code<DEEP>,
}

/// Answer of `generate` above demo, and of `generate/check`. The summary comes last: a small model that has to sum up first writes that instead of the change.
#[derive(Debug, Clone, Serialize, Deserialize, Schema)]
pub struct Change {
    /// Edits of existing files.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub edits: Vec<Edit<true>>,
    /// New files, and short files that change as a whole.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub files: Vec<NewFile<true>>,
    /// What the change does, in one sentence.
    pub summary: Line<true>,
}

/// Answer of `generate` at demo.
#[derive(Schema)]
pub struct SmallChange {
    /// Edits of existing files.
    #[schema(max_items = 2)]
    pub edits: Vec<Edit<false>>,
    /// New files.
    #[serde(default)]
    #[schema(max_items = 1)]
    pub files: Vec<NewFile<false>>,
    /// What the change does, in one sentence.
    pub summary: Line<false>,
}
