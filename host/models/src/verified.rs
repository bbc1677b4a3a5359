//! Whether the file of a known model has the bytes that it is known for. Hashing half a gigabyte takes a second, so what was found is
//! remembered beside the file, for as long as its size and time stay the same.

use crate::known::{self, KnownModel};
use crate::pull::{hash, hexadecimal};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file under the name of a known model that is not that model.
#[derive(Debug, thiserror::Error)]
pub enum WrongFile {
    /// Other bytes.
    #[error(
        "{} is not the model {name}: it is {found}, not {expected}; delete it and run `skep model pull {name}`",
        path.display()
    )]
    Bytes {
        /// Which file.
        path: PathBuf,
        /// Which model it should be.
        name: &'static str,
        /// Its size or sha256.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The file of a model in the models directory, none when it is not there. That of a known model is looked at: its size, and its sha256
/// when it was not hashed since it changed. It blocks; call it where that is allowed.
///
/// # Errors
/// The file has other bytes, or cannot be read.
pub fn verified(directory: &Path, name: &str) -> Result<Option<PathBuf>, WrongFile> {
    match (known::installed(directory, name), known::find(name)) {
        (Some(path), Some(model)) => verify(&path, model).map(|()| Some(path)),
        (path, _) => Ok(path),
    }
}

/// The same for a description that is not in the list.
///
/// # Errors
/// As [`verified`].
pub fn verify(path: &Path, model: &KnownModel) -> Result<(), WrongFile> {
    let disk = |source| WrongFile::Disk { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(disk)?;
    let metadata = file.metadata().map_err(disk)?;
    let wrong = |found: String, expected: String| {
        Err(WrongFile::Bytes { path: path.to_owned(), name: model.name, found, expected })
    };
    if metadata.len() != model.bytes {
        return wrong(format!("{} bytes long", metadata.len()), model.bytes.to_string());
    }
    let expected = state(&metadata, model.sha256);
    if std::fs::read_to_string(beside(path)).is_ok_and(|found| found == expected) {
        return Ok(());
    }
    let (digest, _) = hash(&mut file).map_err(disk)?;
    let found = hexadecimal(digest);
    if found != model.sha256 {
        return wrong(format!("sha256 {found}"), model.sha256.to_owned());
    }
    // Only saves time; where the folder cannot be written, it is hashed at each start.
    let _unwritten = std::fs::write(beside(path), expected);
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".checked");
    PathBuf::from(name)
}

fn state(metadata: &Metadata, sha256: &str) -> String {
    format!(
        "{} bytes, changed {}.{:09}, sha256 {sha256}\n",
        metadata.len(),
        metadata.mtime(),
        metadata.mtime_nsec()
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::time::{Duration, SystemTime};

    /// One whose bytes are `right`.
    fn model() -> KnownModel {
        use sha2::Digest as _;
        let [first, ..] = known::KNOWN;
        let sha256 = hexadecimal(sha2::Sha256::new_with_prefix("right")).leak();
        KnownModel { name: "small", file: "small.gguf", bytes: 5, sha256, ..first }
    }

    #[test]
    fn a_file_with_other_bytes_or_another_size_is_told_from_the_model() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.gguf");
        for (content, found) in [("wrong", "sha256 "), ("cut", "3 bytes long")] {
            std::fs::write(&path, content).unwrap();
            let error = verify(&path, &model()).unwrap_err().to_string();
            assert!(error.contains(found) && error.contains("skep model pull small"), "{error}");
            assert!(!beside(&path).exists());
        }
        std::fs::write(&path, "right").unwrap();
        verify(&path, &model()).unwrap();
    }

    #[test]
    fn what_was_hashed_is_remembered_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("small.gguf");
        let set = |content: &str, seconds: u64| {
            std::fs::write(&path, content).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        set("right", 1_000);
        verify(&path, &model()).unwrap();
        // The control: the second look does not hash, for it does not see what only a hash shows.
        set("wrong", 1_000);
        verify(&path, &model()).unwrap();
        set("wrong", 2_000);
        assert!(verify(&path, &model()).is_err());
    }
}
