//! Reading one file so that its bytes are of one moment, and not reading it again while it stays the same.

use crate::manifest::{self, FILE_LIMIT};
use app::ports::packages::{BrokenPackage, Package};
use bytes::Bytes;
use domain::id::Digest;
use domain::time::Timestamp;
use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A file that was changed so recently may be changed again without its times showing it (clocks of file systems tick slowly).
const SETTLE: Duration = Duration::from_secs(2);
/// A file that changes while it is read is read again this often, then left to the next scan.
const TRIES: u32 = 3;

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    fn is_settled(&self, now: Timestamp) -> bool {
        let changed =
            Timestamp(self.changed.0.saturating_mul(1000).saturating_add(self.changed.1 / 1_000_000));
        changed.plus(SETTLE) < now
    }
}

/// Files as they were last read.
#[derive(Debug, Default)]
pub(crate) struct Files {
    known: HashMap<PathBuf, (Stamp, Result<Package, BrokenPackage>)>,
    /// How many files were read; a measure for tests and the log.
    pub(crate) reads: u64,
}

impl Files {
    /// The package at this path; none when there is no such file (any more).
    pub(crate) fn get(&mut self, path: &Path, now: Timestamp) -> Option<Result<Package, BrokenPackage>> {
        let stamp = match std::fs::metadata(path) {
            Ok(metadata) => Stamp::of(&metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => return Some(Err(unreadable(path, &error))),
        };
        if let Some((known, package)) = self.known.get(path)
            && *known == stamp
            && stamp.is_settled(now)
        {
            return Some(package.clone());
        }
        self.reads += 1;
        let (stamp, package) = match read(path) {
            Ok(Some(read)) => read,
            Ok(None) => return None,
            Err(broken) => return Some(Err(broken)),
        };
        // A copy that is just being made: the bytes of a known state stay shared instead of being held twice.
        let package = match (self.known.remove(path), package) {
            (Some((_, Ok(before))), Ok(after)) if before.digest == after.digest => Ok(before),
            (_, package) => package,
        };
        self.known.insert(path.to_path_buf(), (stamp, package.clone()));
        Some(package)
    }

    /// Forget files that are gone.
    pub(crate) fn retain(&mut self, seen: impl Fn(&Path) -> bool) {
        self.known.retain(|path, _| seen(path));
    }
}

/// One state of the file, with what it is.
#[expect(clippy::type_complexity, reason = "named nowhere else")]
fn read(path: &Path) -> Result<Option<(Stamp, Result<Package, BrokenPackage>)>, BrokenPackage> {
    for _ in 0..TRIES {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        };
        let before = Stamp::of(&file.metadata().map_err(|error| unreadable(path, &error))?);
        if before.size > FILE_LIMIT {
            let reason = manifest::ManifestError::FileTooLarge(before.size).to_string();
            return Ok(Some((before, Err(BrokenPackage { path: path.to_path_buf(), digest: None, reason }))));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(before.size).unwrap_or(0));
        (&mut file).take(FILE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
        let after = Stamp::of(&file.metadata().map_err(|error| unreadable(path, &error))?);
        let at_path = std::fs::metadata(path).map(|metadata| Stamp::of(&metadata));
        if before == after && at_path.is_ok_and(|stamp| stamp == after) && bytes.len() as u64 == after.size {
            return Ok(Some((after, identify(path, bytes.into()))));
        }
    }
    Err(BrokenPackage {
        path: path.to_path_buf(),
        digest: None,
        reason: "the file is being written; it is read again when it stays the same".to_owned(),
    })
}

/// What the bytes are.
pub(crate) fn identify(path: &Path, bytes: Bytes) -> Result<Package, BrokenPackage> {
    let digest = Digest::of(&bytes);
    match manifest::read(&bytes) {
        Ok(manifest) => Ok(Package { path: path.to_path_buf(), digest, bytes, manifest }),
        Err(error) => {
            Err(BrokenPackage { path: path.to_path_buf(), digest: Some(digest), reason: error.to_string() })
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> BrokenPackage {
    BrokenPackage {
        path: path.to_path_buf(),
        digest: None,
        reason: format!("the file cannot be read: {error}"),
    }
}
