//! Compiled code on disk.
//!
//! Loading machine code is as good as running it, so a file is loaded only when its MAC (BLAKE3, keyed) says that this host wrote exactly
//! these bytes for exactly this component and engine. The bytes that were checked are the bytes that are loaded.
//! This is the one file of the workspace with `unsafe` code.

use crate::options::CacheOptions;
use app::ports::components::ComponentError;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes of a key and of a MAC.
const KEY_SIZE: usize = 32;

/// Compiled code of this host's engines.
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; KEY_SIZE],
}

impl Cache {
    /// Open, making folder and key when missing. Code for other engines (an older version of this host) is removed.
    ///
    /// # Errors
    /// [`ComponentError::Internal`] naming the path.
    pub(crate) fn open(options: &CacheOptions, compatibility: &str) -> Result<Self, ComponentError> {
        let trouble = |what: &str, path: &Path, error: std::io::Error| {
            ComponentError::Internal(format!("{what} {}: {error}", path.display()))
        };
        let folder = options.folder.join(compatibility);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&folder).map_err(|error| trouble("cannot make", &folder, error))?;
        let key = read_or_make_key(&options.key_file)
            .map_err(|error| trouble("cannot use", &options.key_file, error))?;
        for entry in fs::read_dir(&options.folder).into_iter().flatten().flatten() {
            if entry.file_name() != compatibility {
                // Best effort: what stays only takes room.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(Self { folder, key })
    }

    /// The compiled form of a component, if it is there and whole.
    pub(crate) fn load(&self, engine: &Engine, component: &[u8]) -> Option<Component> {
        let identity = blake3::hash(component);
        let path = self.path(&identity);
        let file = fs::read(&path).ok()?;
        let (mac, code) = file.split_first_chunk::<KEY_SIZE>()?;
        // `blake3::Hash` compares in constant time.
        if blake3::Hash::from_bytes(*mac) != self.mac(&identity, code) {
            tracing::warn!(path = %path.display(), "compiled code was changed or torn: compiling again");
            let _ = fs::remove_file(&path);
            return None;
        }
        deserialize_trusted(engine, code).ok()
    }

    /// Keep compiled code. A full disk costs only the next start's time.
    pub(crate) fn store(&self, component: &[u8], code: &[u8]) {
        let identity = blake3::hash(component);
        if let Err(error) = self.write(&identity, code) {
            tracing::warn!(%error, folder = %self.folder.display(), "cannot keep compiled code");
        }
    }

    fn write(&self, identity: &blake3::Hash, code: &[u8]) -> std::io::Result<()> {
        let path = self.path(identity);
        // Two compilations of one component at once write the same bytes; each has a name of its own until the rename.
        let unique: u64 = rand::random();
        let unfinished = path.with_extension(format!("{unique:016x}"));
        let written =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).and_then(
                |mut file| {
                    file.write_all(self.mac(identity, code).as_bytes())?;
                    file.write_all(code)
                },
            );
        let renamed = written.and_then(|()| fs::rename(&unfinished, &path));
        if renamed.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        renamed
    }

    fn path(&self, identity: &blake3::Hash) -> PathBuf {
        self.folder.join(format!("{}.bin", identity.to_hex()))
    }

    fn mac(&self, identity: &blake3::Hash, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(self.folder.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update(identity.as_bytes());
        hasher.update(code);
        hasher.finalize()
    }
}

/// Turn what our own compiler made into a component.
///
/// # Errors
/// wasmtime's, when the code is for another engine.
#[expect(
    unsafe_code,
    reason = "loading compiled code is unsafe in wasmtime; callers hold bytes with a valid MAC or fresh from our own compiler"
)]
pub(crate) fn deserialize_trusted(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `code` came from `Engine::precompile_component`: either from the child process of this host over a pipe that nobody else has,
    // or from a file whose MAC under this host's key covers it, the component and the engine. wasmtime checks version and settings itself.
    unsafe { Component::deserialize(engine, code) }
}

fn read_or_make_key(path: &Path) -> std::io::Result<[u8; KEY_SIZE]> {
    match fs::read(path) {
        Ok(bytes) => <[u8; KEY_SIZE]>::try_from(bytes.as_slice())
            .map_err(|_| std::io::Error::other(format!("it has {} bytes, not 32: remove it", bytes.len()))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key: [u8; KEY_SIZE] = rand::random();
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(&key)?;
            file.sync_all()?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}
