//! How much of a project is taken. Going over is an error that names the cap, never a part of the project.

use domain::effect::{CallError, ErrorKind};
use std::time::Duration;

/// The caps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Files.
    pub files: u64,
    /// Bytes that a clone may receive; a repository compresses, but one revision is all that is asked for.
    pub received_bytes: u64,
    /// Time that a clone may take.
    pub time: Duration,
}

impl Default for Caps {
    /// What a workspace and a model can work with.
    fn default() -> Self {
        Self {
            file_bytes: 10 << 20,
            total_bytes: 50 << 20,
            files: 10_000,
            received_bytes: 100 << 20,
            time: Duration::from_secs(120),
        }
    }
}

/// What was taken so far.
pub(crate) struct Taken<'a> {
    caps: &'a Caps,
    files: u64,
    bytes: u64,
}

impl<'a> Taken<'a> {
    pub(crate) fn new(caps: &'a Caps) -> Self {
        Self { caps, files: 0, bytes: 0 }
    }

    /// Take one more file, before it is read.
    pub(crate) fn add(&mut self, path: &str, size: u64) -> Result<(), CallError> {
        let Caps { file_bytes, total_bytes, files, .. } = *self.caps;
        self.files += 1;
        self.bytes = self.bytes.saturating_add(size);
        if size > file_bytes {
            return Err(over(format!("{path} has {size} bytes, at most {file_bytes} are taken of one file")));
        }
        if self.files > files {
            return Err(over(format!("the project has more than {files} files")));
        }
        if self.bytes > total_bytes {
            return Err(over(format!("the project has more than {total_bytes} bytes")));
        }
        Ok(())
    }
}

fn over(what: String) -> CallError {
    CallError::new(
        ErrorKind::TooLarge,
        "source",
        format!(
            "{what}; name a smaller folder, or leave files out with .gitignore (folders) or from the repository (git)"
        ),
    )
}
