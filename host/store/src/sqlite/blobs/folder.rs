//! The folder `blobs`: `ab/cdef…` for the digest `abcdef…`, and `incoming` for files that are being written.
//!
//! The folder is opened once and everything in it is reached from there by cap-std: a link that somebody puts into it, at whatever
//! moment, leads nowhere but into it.

use app::ports::store_error::StoreError;
use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use domain::id::Digest;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::RwLock;

/// Where files are while they are written.
const INCOMING: &str = "incoming";

/// Where blobs are. Clones share the lock.
#[derive(Debug, Clone)]
pub(in crate::sqlite) struct BlobFolder {
    root: Arc<Dir>,
    /// For people.
    shown: Arc<PathBuf>,
    /// Names of files that are being written: one process has the folder.
    next: Arc<AtomicU64>,
    /// Read by those who put, written by the cleaner.
    pub(super) cleaning: Arc<RwLock<()>>,
}

impl BlobFolder {
    /// Open the folder; what an earlier process did not finish writing is deleted.
    pub(in crate::sqlite) fn open(path: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&path)?;
        let root = Dir::open_ambient_dir(&path, ambient_authority())?;
        match root.remove_dir_all(INCOMING) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        root.create_dir(INCOMING)?;
        sync(&root, Path::new("."))?;
        Ok(Self {
            root: Arc::new(root),
            shown: Arc::new(path),
            next: Arc::default(),
            cleaning: Arc::default(),
        })
    }

    /// Write the bytes under their digest; durable when it answers.
    pub(super) fn write(&self, bytes: &Bytes) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        let (folder, path) = place(digest);
        // A file of another size is a damaged one: it is written again.
        let present = self.root.symlink_metadata(&path);
        if present.is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64) {
            return Ok(digest);
        }
        self.write_file(&folder, &path, bytes).map_err(|error| self.unavailable("written", &path, &error))?;
        Ok(digest)
    }

    fn write_file(&self, folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let incoming = Path::new(INCOMING).join(number.to_string());
        let written = self.write_incoming(&incoming, bytes).and_then(|()| {
            match self.root.create_dir(folder) {
                Ok(()) => sync(&self.root, Path::new("."))?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            self.root.rename(&incoming, &self.root, path)?;
            sync(&self.root, folder)
        });
        if written.is_err() {
            // What is left is deleted at the next start.
            let _left_over = self.root.remove_file(&incoming);
        }
        written
    }

    fn write_incoming(&self, incoming: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = self.root.open_with(incoming, OpenOptions::new().write(true).create_new(true))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// The bytes, checked; none when there is no file.
    pub(super) fn read(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        let (_, path) = place(digest);
        let bytes = match self.root.read(&path) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unavailable("read", &path, &error)),
        };
        let found = Digest::of(&bytes);
        if found != digest {
            return Err(StoreError::Internal(format!(
                "the file of blob {digest} is damaged: it holds {found}"
            )));
        }
        Ok(Some(bytes))
    }

    /// Delete the file, if it is there.
    pub(super) fn delete(&self, digest: Digest) -> Result<(), StoreError> {
        let (_, path) = place(digest);
        match self.root.remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.unavailable("deleted", &path, &error)),
        }
    }

    fn unavailable(&self, what: &str, path: &Path, error: &std::io::Error) -> StoreError {
        StoreError::Unavailable(format!("{} could not be {what}: {error}", self.shown.join(path).display()))
    }
}

/// The folder and the file of a digest.
fn place(digest: Digest) -> (PathBuf, PathBuf) {
    let hex = digest.hex();
    let (folder, name) = hex.split_at(2);
    (PathBuf::from(folder), Path::new(folder).join(name))
}

/// Make renames in a folder durable. cap-std holds folders in a way that cannot be synced, so it is opened for that.
fn sync(root: &Dir, folder: &Path) -> std::io::Result<()> {
    root.open(folder)?.sync_all()
}
