//! The file that is being fetched: appended to, hashed on the way, locked against a second pull.

use crate::known::KnownModel;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

/// Reading for a hash.
const BLOCK: usize = 1 << 20;

pub(super) struct Partial {
    path: PathBuf,
    file: File,
    hash: Sha256,
    length: u64,
}

impl Partial {
    /// What an earlier try left behind, if it is no longer than the file will be. None when another process writes it.
    pub(super) async fn open(path: &Path, total: u64) -> std::io::Result<Option<Self>> {
        let owned = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || -> std::io::Result<_> {
            let mut file =
                std::fs::File::options().read(true).write(true).create(true).truncate(false).open(owned)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
                Err(std::fs::TryLockError::Error(error)) => return Err(error),
            }
            let (mut hash, mut length) = hash(&mut file)?;
            if length > total {
                file.set_len(0)?;
                (hash, length) = (Sha256::new(), 0);
            }
            Ok(Some((file, hash, length)))
        });
        let Some((file, hash, length)) = opened.await.map_err(std::io::Error::other)?? else {
            return Ok(None);
        };
        let mut file = File::from_std(file);
        file.seek(std::io::SeekFrom::Start(length)).await?;
        Ok(Some(Self { path: path.to_owned(), file, hash, length }))
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) async fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes).await?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    pub(super) async fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush().await
    }

    pub(super) async fn restart(&mut self) -> std::io::Result<()> {
        self.file.set_len(0).await?;
        self.file.rewind().await?;
        self.hash = Sha256::new();
        self.length = 0;
        Ok(())
    }

    /// Lower-case hexadecimal of all bytes so far.
    pub(super) fn digest(&self) -> String {
        hexadecimal(self.hash.clone())
    }

    pub(super) async fn delete(&self) -> std::io::Result<()> {
        tokio::fs::remove_file(&self.path).await
    }

    /// On disk before it has its name, so that a crash never leaves half a file under it.
    pub(super) async fn move_to(mut self, target: &Path) -> std::io::Result<()> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        tokio::fs::rename(&self.path, target).await?;
        if let Some(directory) = target.parent() {
            File::open(directory).await?.sync_all().await?;
        }
        Ok(())
    }
}

pub(crate) fn hash(file: &mut std::fs::File) -> std::io::Result<(Sha256, u64)> {
    let mut hash = Sha256::new();
    let mut length = 0;
    let mut block = vec![0; BLOCK];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok((hash, length));
        }
        hash.update(block.get(..read).unwrap_or_default());
        length += read as u64;
    }
}

pub(crate) fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the file is there with the pinned bytes. Size first: hashing half a gigabyte takes a second.
pub(super) async fn is_right(path: &Path, model: &KnownModel) -> std::io::Result<bool> {
    match tokio::fs::metadata(path).await {
        Ok(found) if found.len() == model.bytes => {}
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let path = path.to_owned();
    let digest = tokio::task::spawn_blocking(move || {
        Ok::<_, std::io::Error>(hexadecimal(hash(&mut std::fs::File::open(path)?)?.0))
    });
    Ok(digest.await.map_err(std::io::Error::other)?? == model.sha256)
}
