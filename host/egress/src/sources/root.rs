//! Folders that a source may come from, and finding a requested path below one of them.

use domain::effect::{CallError, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

/// `DIR`, or `PREFIX=DIR`: the callers' view of `DIR`, such as the path inside their container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRoot {
    prefix: PathBuf,
    folder: PathBuf,
}

impl SourceRoot {
    /// The folder on this machine.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Text that is not a root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a source root: write an absolute folder, or PREFIX=DIR with both absolute")]
pub struct InvalidRoot(String);

impl FromStr for SourceRoot {
    type Err = InvalidRoot;

    fn from_str(text: &str) -> Result<Self, InvalidRoot> {
        let (prefix, folder) = text.split_once('=').unwrap_or((text, text));
        let plain =
            |path: &Path| path.is_absolute() && !path.components().any(|part| part == Component::ParentDir);
        let (prefix, folder) = (PathBuf::from(prefix), PathBuf::from(folder));
        if plain(&prefix) && plain(&folder) {
            Ok(Self { prefix, folder })
        } else {
            Err(InvalidRoot(text.to_owned()))
        }
    }
}

/// The root and the folder that the path means, both without links. Blocking, but only a few system calls.
pub(super) fn locate(roots: &[SourceRoot], path: &Path) -> Result<(PathBuf, PathBuf), CallError> {
    let wrong = |message: String| CallError::new(ErrorKind::InvalidInput, "source", message);
    let shown = domain::effect::bounded(path.display().to_string(), 300);
    if roots.is_empty() {
        return Err(wrong(format!(
            "the source {shown} cannot be read: this host has no source roots; the operator sets SKEP_SOURCE_ROOTS"
        )));
    }
    let outside = || {
        let prefixes: Vec<_> = roots.iter().map(|root| root.prefix.display().to_string()).collect();
        wrong(format!("the source {shown} is not below one of the allowed roots: {}", prefixes.join(", ")))
    };
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(outside());
    }
    // Of roots within roots the innermost decides.
    let root = roots
        .iter()
        .filter(|root| path.starts_with(&root.prefix))
        .max_by_key(|root| root.prefix.components().count())
        .ok_or_else(outside)?;
    let below = path.strip_prefix(&root.prefix).map_err(|_| outside())?;
    let real_root = root.folder.canonicalize().map_err(|error| {
        wrong(format!("the source root {} cannot be used: {error}", root.prefix.display()))
    })?;
    let real = real_root
        .join(below)
        .canonicalize()
        .map_err(|error| wrong(format!("the source {shown} cannot be read: {error}")))?;
    if !real.starts_with(&real_root) {
        return Err(outside());
    }
    if !real.is_dir() {
        return Err(wrong(format!("the source {shown} is not a folder")));
    }
    Ok((real_root, real))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn only_folders_below_a_root_are_found_and_links_do_not_lead_out() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        for made in ["root/project/src", "outside", "root/deep"] {
            std::fs::create_dir_all(base.join(made)).unwrap();
        }
        std::fs::write(base.join("root/file"), "x").unwrap();
        std::os::unix::fs::symlink(base.join("outside"), base.join("root/out")).unwrap();
        std::os::unix::fs::symlink(base.join("root/project"), base.join("root/inside")).unwrap();
        let roots: Vec<SourceRoot> =
            [format!("/repos={}", base.join("root").display()), base.join("root/deep").display().to_string()]
                .iter()
                .map(|text| text.parse().unwrap())
                .collect();
        let real = |path: &str| {
            locate(&roots, Path::new(path)).map(|(_, real)| real.strip_prefix(&base).unwrap().to_path_buf())
        };
        assert_eq!(real("/repos/project").unwrap(), Path::new("root/project"));
        assert_eq!(real("/repos/").unwrap(), Path::new("root"));
        assert_eq!(real("/repos/inside/src").unwrap(), Path::new("root/project/src"));
        assert_eq!(real(base.join("root/deep").to_str().unwrap()).unwrap(), Path::new("root/deep"));
        for (path, why) in [
            ("/repos/out", "not below"),
            ("/repos/../outside", "not below"),
            ("/reposx/project", "not below"),
            ("/etc", "not below"),
            ("project", "not below"),
            ("/repos/file", "not a folder"),
            ("/repos/none", "No such file"),
            (base.join("root/project").to_str().unwrap(), "not below"),
        ] {
            let error = real(path).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidInput);
            assert!(error.message.contains(why), "{path}: {error}");
        }
    }

    #[test]
    fn without_roots_the_answer_says_how_to_get_them() {
        let error = locate(&[], Path::new("/x")).unwrap_err();
        assert!(error.message.contains("SKEP_SOURCE_ROOTS"), "{error}");
        for text in ["", "relative", "/a=b", "a=/b", "/a/../b"] {
            assert!(text.parse::<SourceRoot>().is_err(), "{text}");
        }
    }
}
