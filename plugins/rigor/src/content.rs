//! Checks of the content of files, for those who write them and those who verify them.

use skep_sdk::personality::{Artifact, Gate};
use skep_sdk::{ErrorKind, Result, files};

/// Why this content cannot be right for its path; none if nothing is wrong with it.
pub fn problem(path: &str, content: &str) -> Option<String> {
    if content.trim().is_empty() {
        return Some(format!("`{path}` is empty"));
    }
    if let Some(line) = conflict_marker(content) {
        return Some(format!("`{path}` has a conflict marker on line {line}"));
    }
    if crate::paths::ending(path) == "json"
        && let Err(error) = serde_json::from_str::<serde_json::Value>(content)
    {
        return Some(format!("`{path}` is not JSON: {error}"));
    }
    if crate::paths::ending(path) == "py"
        && let Some(problem) = indentation::problem(content)
    {
        return Some(format!("`{path}` is not Python: {problem}"));
    }
    None
}

/// The first line with a marker that a merge leaves behind. A row of `=` alone is a heading in many documents.
fn conflict_marker(content: &str) -> Option<usize> {
    content
        .lines()
        .position(|line| {
            line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line.starts_with("||||||| ")
        })
        .map(|index| index + 1)
}

/// Reads an artifact again: whether it is there with the bytes that were reported, and whether its content can be right.
///
/// # Errors
/// Only what the host may mend by trying again.
pub fn verify(artifact: &Artifact) -> Result<Vec<Gate>> {
    let name = |check: &str| format!("{check}:{}", artifact.path);
    let bytes = match files::read(&artifact.path) {
        Ok(bytes) => bytes,
        Err(error) if error.is_retryable() || error.kind == ErrorKind::Cancelled => return Err(error),
        Err(error) => return Ok(vec![Gate::failed(name("artifact"), error.message)]),
    };
    let found = skep_sdk::sha256(&bytes);
    let mut gates = vec![Gate::of(
        name("artifact"),
        found == artifact.sha256,
        format!("{} bytes, sha256 {found}, reported {}", bytes.len(), artifact.sha256),
    )];
    gates.push(match std::str::from_utf8(&bytes) {
        Err(error) => Gate::not_run(name("content"), format!("it is not text: {error}")),
        Ok(text) => match problem(&artifact.path, text) {
            Some(problem) => Gate::failed(name("content"), problem),
            None => Gate::passed(name("content"), "not empty, no conflict markers, readable"),
        },
    });
    Ok(gates)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use skep_sdk::testing::Host;

    #[test]
    fn content_that_cannot_be_right_is_named() {
        assert!(problem("a.py", " \n").unwrap().contains("empty"));
        assert!(problem("a.py", "x\n<<<<<<< HEAD\n").unwrap().contains("line 2"));
        assert!(problem("a.json", "{").unwrap().contains("not JSON"));
        assert_eq!(problem("a.json", "{}"), None);
        assert!(problem("a.py", "def f(): return 1\n    x = 2\n").unwrap().contains("line 2"));
        assert_eq!(problem("a.rst", "Title\n=======\n"), None);
    }

    #[test]
    fn an_artifact_is_read_again() {
        let _host = Host::new().file("a.txt", "hello");
        let artifact =
            |path: &str, sha256: String| Artifact { path: path.into(), sha256, kind: "code".into() };
        let good = verify(&artifact("a.txt", skep_sdk::sha256(b"hello"))).unwrap();
        assert!(good.iter().all(|gate| !gate.is_failed()), "{good:?}");
        assert!(verify(&artifact("a.txt", skep_sdk::sha256(b"other"))).unwrap()[0].is_failed());
        assert!(verify(&artifact("b.txt", String::new())).unwrap()[0].is_failed());
    }
}
