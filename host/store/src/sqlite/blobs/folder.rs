//! The folder `blobs`: `ab/cdef…` for the digest `abcdef…`, and `incoming` for files that are being written.

use app::ports::store_error::StoreError;
use bytes::Bytes;
use domain::id::Digest;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::RwLock;

/// Where blobs are. Clones share the lock.
#[derive(Debug, Clone)]
pub(in crate::sqlite) struct BlobFolder {
    root: Arc<PathBuf>,
    /// Read by those who put, written by the cleaner.
    pub(super) cleaning: Arc<RwLock<()>>,
}

impl BlobFolder {
    /// Open the folder; what an earlier process did not finish writing is deleted.
    pub(in crate::sqlite) fn open(root: PathBuf) -> std::io::Result<Self> {
        let incoming = root.join("incoming");
        if incoming.exists() {
            fs::remove_dir_all(&incoming)?;
        }
        fs::create_dir_all(&incoming)?;
        sync_folder(&root)?;
        Ok(Self { root: Arc::new(root), cleaning: Arc::default() })
    }

    /// Write the bytes under their digest; durable when it answers.
    pub(super) fn write(&self, bytes: &Bytes) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        let path = self.path(digest);
        // A file of another size is a damaged one: it is written again.
        if fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() == bytes.len() as u64) {
            return Ok(digest);
        }
        self.write_file(&path, bytes).map_err(|error| unavailable("written", &path, &error))?;
        Ok(digest)
    }

    fn write_file(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(self.root.join("incoming"))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        let folder = path.parent().unwrap_or(&self.root);
        if !folder.exists() {
            fs::create_dir_all(folder)?;
            sync_folder(&self.root)?;
        }
        file.persist(path)?;
        sync_folder(folder)
    }

    /// The bytes, checked; none when there is no file.
    pub(super) fn read(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(digest);
        let bytes = match fs::read(&path) {
            Ok(bytes) => Bytes::from(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unavailable("read", &path, &error)),
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
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(unavailable("deleted", &path, &error)),
        }
    }

    fn path(&self, digest: Digest) -> PathBuf {
        let hex = digest.hex();
        let (folder, name) = hex.split_at(2);
        self.root.join(folder).join(name)
    }
}

/// Make renames in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn unavailable(what: &str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{} could not be {what}: {error}", path.display()))
}
