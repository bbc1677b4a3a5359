//! A small file with one secret text that only the host's own account may read, made at first start.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Secrets are one line; a larger file was named by mistake.
const SIZE_LIMIT: u64 = 4096;

/// A secret file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The system refused.
    #[error("could not {action} the secret file {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read it.
    #[error("the secret file {} has mode {mode:04o}, so that others may read it: run `chmod 600 {}`", path.display(), path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not a short text.
    #[error("the secret file {} is not one line of text of at most {SIZE_LIMIT} bytes", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
    },
}

impl SecretFileError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

/// The text in the file, without surrounding white space. Where there is no file, `make` gives the text and it is written with mode
/// 0600, whole or not at all; of two hosts that start at once both answer the text that was written first.
///
/// # Errors
/// The file cannot be read or written, others may read it, or it is not one short line.
pub fn load_or_make(
    path: &Path,
    make: impl FnOnce() -> Zeroizing<String>,
) -> Result<Zeroizing<String>, SecretFileError> {
    match load(path)? {
        Some(text) => Ok(text),
        None => {
            write_once(path, &make())?;
            load(path)?.ok_or_else(|| SecretFileError::io("read back", path)(io::ErrorKind::NotFound.into()))
        }
    }
}

/// The text in the file; none when there is no file.
///
/// # Errors
/// As [`load_or_make`].
pub fn load(path: &Path) -> Result<Option<Zeroizing<String>>, SecretFileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SecretFileError::io("open", path)(error)),
    };
    // Of the open file, not of the path: nobody can put another file between check and use.
    let mode = file.metadata().map_err(SecretFileError::io("look at", path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretFileError::Open { path: path.to_path_buf(), mode });
    }
    let mut text = Zeroizing::new(String::new());
    let malformed = || SecretFileError::Malformed { path: path.to_path_buf() };
    match file.take(SIZE_LIMIT + 1).read_to_string(&mut text) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(malformed()),
        Err(error) => return Err(SecretFileError::io("read", path)(error)),
    }
    let line = text.trim();
    if line.is_empty() || line.contains('\n') || text.len() as u64 > SIZE_LIMIT {
        return Err(malformed());
    }
    Ok(Some(Zeroizing::new(line.to_owned())))
}

/// Written beside and linked into place: a crash leaves no half secret, and a file that is there is never replaced.
fn write_once(path: &Path, text: &str) -> Result<(), SecretFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(SecretFileError::io("make the folder of", path))?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = (|| {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        // A file that a crash left could have other permissions.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        match std::fs::hard_link(&beside, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => File::open(folder)?.sync_all(),
        }
    })();
    let removed = std::fs::remove_file(&beside);
    written.and(removed).map_err(SecretFileError::io("write", path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/secret");
        assert_eq!(*load_or_make(&path, || text("first")).unwrap(), "first");
        assert_eq!(*load_or_make(&path, || text("second")).unwrap(), "first");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "x").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = load_or_make(&path, || text("y")).unwrap_err().to_string();
        assert!(error.contains("0640") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_file_that_is_not_one_line_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for content in [&b""[..], b"\n", b"a\nb", b"\xff\xfe", &[b'x'; 5000]] {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(load(&path), Err(SecretFileError::Malformed { .. })), "{content:?}");
        }
    }

    #[test]
    fn of_two_that_make_it_at_once_the_first_wins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let make = || {
            write_once(&path, "other").unwrap();
            text("mine")
        };
        assert_eq!(*load_or_make(&path, make).unwrap(), "other");
    }
}
