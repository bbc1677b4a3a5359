//! Reading a folder. `.git` is left out, and so is what `.gitignore` and `.ignore` files in it name: build output and dependencies
//! are no sources. Symbolic links and special files are left out.

use super::caps::{Caps, Taken};
use app::ports::sources::SourceFile;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use domain::effect::files::check_path;
use domain::effect::{CallError, ErrorKind};
use ignore::WalkBuilder;
use std::io::Read as _;
use std::path::Path;

/// All files of `folder`, sorted by path. `root` is an ancestor (or itself) whose real path is not left, whatever others change meanwhile.
pub(super) fn read(root: &Path, folder: &Path, caps: &Caps) -> Result<Vec<SourceFile>, CallError> {
    let broken = |what: &str, why: String| {
        CallError::new(ErrorKind::Other, "source", format!("{what} could not be read: {why}"))
    };
    // The walk only proposes paths; this handle never leaves the folder, not even when a part becomes a link between walk and read.
    let below = folder.strip_prefix(root).map_err(|error| broken("the source", error.to_string()))?;
    let open = |folder: &Path| -> std::io::Result<Dir> {
        let root = Dir::open_ambient_dir(root, ambient_authority())?;
        if folder.as_os_str().is_empty() { Ok(root) } else { root.open_dir(folder) }
    };
    let handle = open(below).map_err(|error| broken("the source", error.to_string()))?;
    let walk = WalkBuilder::new(folder)
        .follow_links(false)
        .hidden(false)
        .parents(false)
        .git_global(false)
        .git_exclude(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .sort_by_file_path(Ord::cmp)
        .build();
    let mut taken = Taken::new(caps);
    let mut files = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| broken("the source", error.to_string()))?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let relative =
            entry.path().strip_prefix(folder).map_err(|error| broken("the source", error.to_string()))?;
        let path = relative.to_str().ok_or_else(|| {
            let message = format!(
                "the file name {} is not UTF-8; rename the file or leave it out with .gitignore",
                relative.display()
            );
            CallError::new(ErrorKind::InvalidInput, "source", message)
        })?;
        check_path(path)?;
        let file = match handle.open(relative) {
            Ok(file) => file,
            // Deleted since the walk saw it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(broken(path, error.to_string())),
        };
        let metadata = file.metadata().map_err(|error| broken(path, error.to_string()))?;
        if !metadata.is_file() {
            continue;
        }
        let mut content =
            Vec::with_capacity(usize::try_from(metadata.len().min(caps.file_bytes)).unwrap_or(0));
        // A file that grows while it is read is cut by the same cap.
        file.take(caps.file_bytes.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|error| broken(path, error.to_string()))?;
        taken.add(path, metadata.len().max(content.len() as u64))?;
        files.push(SourceFile { path: path.to_owned(), content: content.into() });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        folder
    }

    fn paths(files: &[SourceFile]) -> Vec<&str> {
        files.iter().map(|file| file.path.as_str()).collect()
    }

    #[test]
    fn sources_are_read_and_what_is_ignored_linked_or_of_git_is_not() {
        let folder = project(&[
            ("src/main.py", "print(1)"),
            ("src/target/x", "kept"),
            ("target/out", "built"),
            (".gitignore", "/target\n"),
            (".github/ci.yml", "on: push"),
            (".git/config", "[core]"),
            ("vendored/.git", "gitdir: elsewhere"),
            ("vendored/lib.py", ""),
        ]);
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("src/link")).unwrap();
        std::os::unix::fs::symlink("/etc", folder.path().join("etc")).unwrap();
        let files = read(folder.path(), folder.path(), &Caps::default()).unwrap();
        assert_eq!(
            paths(&files),
            [".github/ci.yml", ".gitignore", "src/main.py", "src/target/x", "vendored/lib.py"]
        );
        assert_eq!(files[2].content, "print(1)");
        let files = read(folder.path(), &folder.path().join("src"), &Caps::default()).unwrap();
        assert_eq!(paths(&files), ["main.py", "target/x"]);
    }

    #[test]
    fn a_project_over_a_cap_is_refused_with_the_cap() {
        let folder = project(&[("a", "123456"), ("b", "123456"), ("c", "")]);
        let caps = Caps { file_bytes: 6, total_bytes: 12, files: 3, ..Caps::default() };
        assert_eq!(read(folder.path(), folder.path(), &caps).unwrap().len(), 3);
        for (caps, expected) in [
            (Caps { file_bytes: 5, ..caps }, "a has 6 bytes, at most 5"),
            (Caps { total_bytes: 11, ..caps }, "more than 11 bytes"),
            (Caps { files: 2, ..caps }, "more than 2 files"),
        ] {
            let error = read(folder.path(), folder.path(), &caps).unwrap_err();
            assert_eq!(error.kind, ErrorKind::TooLarge);
            assert!(error.message.contains(expected), "{error}");
        }
    }
}
