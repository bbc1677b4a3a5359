//! Taking over a model file that is already on this machine.

use crate::known::{KNOWN, KnownModel};
use crate::pull::{hash, hexadecimal};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What a GGUF file begins with.
const MAGIC: [u8; 4] = *b"GGUF";

/// A file that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What to write into the configuration.
    pub name: String,
    /// Where it lies now.
    pub path: PathBuf,
    /// Which known model it is.
    pub known: Option<&'static KnownModel>,
    /// Of the whole file.
    pub sha256: String,
}

/// Why a file was not taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportFailure {
    /// Reading or writing.
    #[error("{} cannot be read or written: {source}", path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another format.
    #[error("{} is not a GGUF file", path.display())]
    NotGguf {
        /// Which file.
        path: PathBuf,
    },
    /// Not one of the known models.
    #[error("{} has the sha256 {sha256}, which is none of the known models; give --allow-unknown to use it all the same", path.display())]
    Unknown {
        /// Which file.
        path: PathBuf,
        /// Of the whole file.
        sha256: String,
    },
    /// A name under which everybody expects other bytes.
    #[error("{} would be taken for the model {name}, and its sha256 {sha256} is another: give the file another name", path.display())]
    TakenName {
        /// Which file.
        path: PathBuf,
        /// Whose name it has.
        name: &'static str,
        /// Of the whole file.
        sha256: String,
    },
}

/// Copy a file into the models directory. It blocks; call it where that is allowed.
///
/// # Errors
/// See [`ImportFailure`]; the directory is unchanged then.
pub fn import(file: &Path, directory: &Path, allow_unknown: bool) -> Result<Imported, ImportFailure> {
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |source| ImportFailure::Disk { path, source }
    };
    let mut source = File::open(file).map_err(disk(file))?;
    let mut magic = [0; 4];
    let read = source.by_ref().take(4).read(&mut magic).map_err(disk(file))?;
    if read < magic.len() || magic != MAGIC {
        return Err(ImportFailure::NotGguf { path: file.to_owned() });
    }
    let (digest, _) = hash(&mut File::open(file).map_err(disk(file))?).map_err(disk(file))?;
    let sha256 = hexadecimal(digest);
    let known = KNOWN.iter().find(|model| model.sha256 == sha256);
    if known.is_none() && !allow_unknown {
        return Err(ImportFailure::Unknown { path: file.to_owned(), sha256 });
    }
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let taken = KNOWN.iter().find(|model| {
        let is_that = |name: &str| stem.eq_ignore_ascii_case(name.trim_end_matches(".gguf"));
        is_that(model.name) || is_that(model.file)
    });
    if let (None, Some(model)) = (known, taken) {
        return Err(ImportFailure::TakenName { path: file.to_owned(), name: model.name, sha256 });
    }
    let target_name = known.map_or_else(|| format!("{stem}.gguf"), |model| model.file.to_owned());
    let name = known.map_or(stem, |model| model.name.to_owned());
    let path = directory.join(target_name);
    std::fs::create_dir_all(directory).map_err(disk(directory))?;
    let partial = path.with_extension("gguf.importing");
    copy(file, &partial).and_then(|()| std::fs::rename(&partial, &path)).map_err(disk(&path))?;
    Ok(Imported { name, path, known, sha256 })
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::copy(from, to)?;
    File::open(to)?.sync_all()
}
