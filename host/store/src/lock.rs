//! One process for each data directory, whatever the database: a second one would take the leases of the first for those of an earlier
//! run of its own.

use domain::time::Timestamp;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Why a data directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the data directory {} is in use by {holder}: stop it, or use another data directory", directory.display())]
    Locked {
        /// Which.
        directory: PathBuf,
        /// `process PID since TIME, listening on ADDRESS`.
        holder: String,
    },
    /// Its file cannot be used.
    #[error("{} cannot be used: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// The lock on a data directory; dropping it (or dying) releases it.
#[derive(Debug)]
pub struct DirectoryLock {
    path: PathBuf,
    /// Keeps the lock; its content is for the process that comes second.
    file: Mutex<File>,
    started: Timestamp,
}

impl DirectoryLock {
    /// Take the lock, or say who has it.
    ///
    /// # Errors
    /// When another process has it, or the file cannot be used.
    pub fn take(directory: &Path, now: Timestamp) -> Result<Self, LockError> {
        let path = directory.join("lock");
        let wrong = |error| LockError::Io { path: path.clone(), error };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(wrong)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(wrong)?;
                let holder = holder.trim();
                return Err(LockError::Locked {
                    directory: directory.to_owned(),
                    holder: if holder.is_empty() { "another process".to_owned() } else { holder.to_owned() },
                });
            }
            Err(error) => return Err(wrong(error.into())),
        }
        let lock = Self { path, file: Mutex::new(file), started: now };
        lock.describe(None)?;
        Ok(lock)
    }

    /// Write who holds it, and where it listens once that is known.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn describe(&self, listen: Option<&str>) -> Result<(), LockError> {
        let mut text = format!("process {} since {}", std::process::id(), self.started);
        if let Some(listen) = listen {
            text.push_str(&format!(", listening on {listen}"));
        }
        text.push('\n');
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()))
            .map_err(|error| LockError::Io { path: self.path.clone(), error })
    }
}
