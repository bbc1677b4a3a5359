//! What a personality that writes files says of each of them in its details. Whoever verifies the change reads these, by the field
//! `changes`, whoever made it.

use serde::{Deserialize, Serialize};
use skep_sdk::personality::Artifact;
use skep_sdk::schema::Schema;

use crate::bench::Piece;
use crate::{api, paths};

/// Most public items that are remembered of a file.
const MOST_ITEMS: usize = 200;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Change {
    /// From the project's root.
    pub path: String,
    /// `modify` or `create`.
    pub change: String,
    /// Lowercase hex, of the content as written.
    pub sha256: String,
    /// Of the content before the task; none for a file that the task made.
    #[serde(default)]
    pub before: Option<String>,
    /// What it offered to others before the task: its public names, or the version of a manifest.
    #[serde(default)]
    pub api_before: Vec<api::Item>,
    /// Lines that are new.
    pub lines_added: u32,
    /// Lines that are gone.
    pub lines_removed: u32,
    /// How it was made.
    pub note: String,
    /// In which round.
    #[serde(default)]
    pub round: u32,
}

impl Change {
    /// `first` is what an earlier round did to the file: against the project as it was, that decides what the change is.
    pub fn of(round: u32, path: &str, piece: &Piece, sha256: &str, first: Option<&Self>) -> Self {
        let before = piece.before.as_deref().unwrap_or_default();
        let (change, first_sha256) = match (first, &piece.before) {
            (Some(first), _) => (first.change.as_str(), first.before.clone()),
            (None, Some(text)) => ("modify", Some(skep_sdk::sha256(text.as_bytes()))),
            (None, None) => ("create", None),
        };
        let api_before = match first {
            Some(first) => first.api_before.clone(),
            None => api::items(path, before).into_iter().take(MOST_ITEMS).collect(),
        };
        let note = match (&piece.before, piece.edits) {
            (None, _) => "new file".to_owned(),
            (Some(_), 1) => "one edit".to_owned(),
            (Some(_), more) => format!("{more} edits"),
        };
        Self {
            path: path.to_owned(),
            change: change.to_owned(),
            sha256: sha256.to_owned(),
            before: first_sha256,
            api_before,
            lines_added: lines_only_in(&piece.now, before),
            lines_removed: lines_only_in(before, &piece.now),
            note,
            round,
        }
    }

    /// Its artifact.
    pub fn artifact(&self) -> Artifact {
        Artifact {
            path: self.path.clone(),
            sha256: self.sha256.clone(),
            kind: paths::kind(&self.path).into(),
        }
    }
}

/// Lines of the first text that the second does not have, repeated ones counted.
fn lines_only_in(text: &str, other: &str) -> u32 {
    let mut known: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for line in other.lines() {
        *known.entry(line).or_default() += 1;
    }
    let mut count = 0;
    for line in text.lines() {
        match known.get_mut(line) {
            Some(left) if *left > 0 => *left -= 1,
            _ => count += 1,
        }
    }
    count
}
