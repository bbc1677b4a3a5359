//! The port `Packages` over directories.

use crate::read::{Files, identify};
use crate::scan::scan;
use crate::unpack::unpack;
use crate::watch::Watch;
use app::ports::clock::Clock;
use app::ports::packages::{BrokenPackage, Packages, Scan, Unpacked};
use bytes::Bytes;
use domain::manifest::Manifest;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Plugin directories, watched.
pub struct Catalog {
    directories: Vec<PathBuf>,
    clock: Arc<dyn Clock>,
    files: Arc<Mutex<Files>>,
    watch: Watch,
}

impl Catalog {
    /// Look at `directories`, the last one preferred; those that are missing are made. `policies` are files whose change is signalled too.
    ///
    /// # Errors
    /// A directory is missing and cannot be made.
    pub fn new(
        directories: Vec<PathBuf>,
        policies: &[PathBuf],
        clock: Arc<dyn Clock>,
    ) -> Result<Self, io::Error> {
        for directory in &directories {
            std::fs::create_dir_all(directory).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("the plugin directory {} cannot be made: {error}", directory.display()),
                )
            })?;
        }
        // A file is replaced by renaming, which its directory sees.
        let mut beside: Vec<PathBuf> = policies
            .iter()
            .filter_map(|policy| policy.parent())
            .map(
                |parent| {
                    if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_path_buf() }
                },
            )
            .filter(|parent| !directories.contains(parent))
            .collect();
        beside.sort();
        beside.dedup();
        let watch = Watch::new(&directories, &beside);
        Ok(Self { directories, clock, files: Arc::default(), watch })
    }
}

#[async_trait::async_trait]
impl Packages for Catalog {
    async fn scan(&self) -> Result<Scan, io::Error> {
        let (directories, files, now) = (self.directories.clone(), Arc::clone(&self.files), self.clock.now());
        tokio::task::spawn_blocking(move || {
            scan(&directories, &mut files.lock().unwrap_or_else(PoisonError::into_inner), now)
        })
        .await
        .map_err(io::Error::other)?
    }

    async fn changed(&self) {
        self.watch.changed().await;
    }

    fn inspect(&self, bytes: &Bytes) -> Result<Manifest, BrokenPackage> {
        identify(Path::new("(upload)"), bytes.clone()).map(|package| package.manifest)
    }

    fn unpack(&self, bytes: &Bytes) -> Result<Unpacked, BrokenPackage> {
        unpack(bytes)
    }
}

#[cfg(test)]
mod tests;
