#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::process::Command;

use skep_sdk::prelude::*;
use skep_sdk::testing::Host;

use crate::patch::Plugin;

/// (path, before, after); none means that there is no file.
type Case<'text> = (&'text str, Option<&'text str>, Option<&'text str>);

const CASES: &[Case<'static>] = &[
    ("a.txt", Some("one\ntwo\nthree\n"), Some("one\n2\nthree\n")),
    ("new.txt", None, Some("first\nsecond\n")),
    ("empty-new.txt", None, Some("")),
    ("gone.txt", Some("was here\n"), None),
    ("empty-gone.txt", Some(""), None),
    ("filled.txt", Some(""), Some("now\n")),
    ("emptied.txt", Some("then\n"), Some("")),
    ("no-newline.txt", Some("a\nb"), Some("a\nc")),
    ("newline-added.txt", Some("a"), Some("a\n")),
    ("newline-removed.txt", Some("a\nb\n"), Some("a\nb")),
    (
        "deep/er/file.py",
        Some("def f():\n    return 1\n"),
        Some("def f():\n    return 2\n\n\ndef g():\n    pass\n"),
    ),
    ("with space.txt", Some("x\n"), Some("y\n")),
    ("new with space.txt", None, Some("y\n")),
    ("quo\"tes.txt", Some("x\n"), Some("y\n")),
    ("größe.txt", Some("ä\n"), Some("ö\n")),
    ("windows.txt", Some("a\r\nb\r\n"), Some("a\r\nc\r\n")),
    ("looks-like-a-diff.txt", Some("--- a/x\n+++ b/x\n"), Some("-- a/x\n@@ -1 +1 @@\n")),
];

fn make(host: &Host) -> Value {
    let changes: Vec<Value> =
        CASES.iter().map(|(path, before, _)| json!({"path": path, "original": before})).collect();
    host.call_tool::<Plugin>("make", json!({"changes": changes})).unwrap()
}

fn host_with(state: impl Fn(&Case<'static>) -> Option<&'static str>) -> Host {
    CASES.iter().fold(Host::new(), |host, case| match state(case) {
        Some(text) => host.file(case.0, text),
        None => host,
    })
}

fn git_apply(folder: &Path, diff: &str) -> (bool, String) {
    std::fs::write(folder.join("../the.diff"), diff).unwrap();
    let output = Command::new("git").args(["apply", "../the.diff"]).current_dir(folder).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn folder_with(root: &Path) -> std::path::PathBuf {
    let folder = root.join("project");
    std::fs::create_dir(&folder).unwrap();
    for (path, before, _) in CASES {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if let Some(text) = before {
            std::fs::write(path, text).unwrap();
        }
    }
    folder
}

#[test]
fn git_applies_what_is_made_and_gets_the_same_files() {
    let host = host_with(|case| case.2);
    let made = make(&host);
    assert_eq!(made["changed"].as_array().unwrap().len(), CASES.len());
    let root = tempfile::tempdir().unwrap();
    let folder = folder_with(root.path());
    let (applied, message) = git_apply(&folder, made["diff"].as_str().unwrap());
    assert!(applied, "{message}\n{}", made["diff"].as_str().unwrap());
    for (path, _, after) in CASES {
        let found = std::fs::read_to_string(folder.join(path)).ok();
        assert_eq!(found.as_deref(), *after, "{path}");
    }
    // The same diff does not fit a second time: git does check.
    assert!(!git_apply(&folder, made["diff"].as_str().unwrap()).0);
}

#[test]
fn apply_makes_the_same_files_as_git() {
    let diff = {
        let host = host_with(|case| case.2);
        make(&host)["diff"].as_str().unwrap().to_owned()
    };
    let host = host_with(|case| case.1);
    let checked = host.call_tool::<Plugin>("apply", json!({"diff": diff, "checkOnly": true})).unwrap();
    for (path, before, _) in CASES {
        assert_eq!(host.text(path).as_deref(), *before, "a check changed {path}");
    }
    let applied = host.call_tool::<Plugin>("apply", json!({"diff": diff})).unwrap();
    assert_eq!(applied, checked);
    for (path, _, after) in CASES {
        assert_eq!(host.text(path).as_deref(), *after, "{path}");
    }
    assert_eq!(applied[0], json!({"path": "a.txt", "change": "modified", "added": 1, "removed": 1}));
    assert_eq!(applied[1], json!({"path": "new.txt", "change": "created", "added": 2, "removed": 0}));
    assert_eq!(applied[3], json!({"path": "gone.txt", "change": "deleted", "added": 0, "removed": 1}));
}

#[test]
fn equal_texts_make_an_empty_diff() {
    let host = Host::new().file("a.txt", "same\n");
    let made = host
        .call_tool::<Plugin>("make", json!({"changes": [{"path": "a.txt", "original": "same\n"}]}))
        .unwrap();
    assert_eq!(made, json!({"diff": "", "changed": [], "added": 0, "removed": 0}));
    let error = host.call_tool::<Plugin>("make", json!({"changes": [{"path": "none.txt"}]})).unwrap_err();
    assert!(error.message.contains("nothing to compare"), "{error}");
}

#[test]
fn two_texts_are_compared_without_the_workspace() {
    let host = Host::new();
    let change = json!({"path": "a.txt", "original": "a\nb\nc\n", "modified": "a\nB\nc\n"});
    let made = host.call_tool::<Plugin>("make", json!({"changes": [change], "context": 0})).unwrap();
    assert_eq!(made["diff"], "diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -2 +2 @@\n-b\n+B\n");
}

const FIRST_FITS: &str = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n-one\n+ONE\n two\n--- a/b.txt\n+++ b/b.txt\n@@ -1,3 +1,3 @@\n x\n-y\n+Y\n z\n";

#[test]
fn a_hunk_that_does_not_fit_is_named_and_nothing_is_changed() {
    let host = Host::new().file("a.txt", "one\ntwo\n").file("b.txt", "x\nother\nz\n");
    let error = host.call_tool::<Plugin>("apply", json!({"diff": FIRST_FITS})).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Conflict, "patch-mismatch"));
    assert_eq!(
        error.message,
        "the diff does not fit, nothing was changed. Hunk 1 of `b.txt` (@@ -1,3 @@): line 2 is `other`, the diff expects `y`."
    );
    assert_eq!(host.text("a.txt").unwrap(), "one\ntwo\n");
}

#[test]
fn hunks_at_another_line_are_found() {
    let host = Host::new().file("a.txt", "new first line\none\ntwo\n").file("b.txt", "x\ny\nz\n");
    host.call_tool::<Plugin>("apply", json!({"diff": FIRST_FITS})).unwrap();
    assert_eq!(host.text("a.txt").unwrap(), "new first line\nONE\ntwo\n");
    assert_eq!(host.text("b.txt").unwrap(), "x\nY\nz\n");
}

#[test]
fn what_cannot_be_applied_is_refused() {
    let create = "--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+one\n";
    let rename = "diff --git a/a.txt b/c.txt\nsimilarity index 100%\nrename from a.txt\nrename to c.txt\n";
    let missing = "--- a/none.txt\n+++ b/none.txt\n@@ -1 +1 @@\n-a\n+b\n";
    let outside = "--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n";
    for (diff, kind, text) in [
        (create, ErrorKind::Conflict, "`a.txt` exists already"),
        (missing, ErrorKind::Conflict, "`none.txt` is not in the workspace"),
        (outside, ErrorKind::InvalidInput, "`../x` is not a path inside the workspace"),
        ("hello", ErrorKind::InvalidInput, "diff"),
        ("", ErrorKind::InvalidInput, "diff"),
        ("--- a/a.txt\n+++ b/a.txt\n@@ -1,9 +1 @@\n-a\n+b\n", ErrorKind::InvalidInput, "not a unified diff"),
        (
            "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1 @@\n one\n-two\n",
            ErrorKind::Conflict,
            "the file ends after line 1",
        ),
    ] {
        let host = Host::new().file("a.txt", "one\n");
        let error = host.call_tool::<Plugin>("apply", json!({"diff": diff})).unwrap_err();
        assert_eq!(error.kind, kind, "{diff:?}: {error}");
        assert!(error.message.contains(text), "{diff:?}: {error}");
        assert_eq!(host.text("a.txt").unwrap(), "one\n");
    }
    let host = Host::new().file("a.txt", "one\n");
    host.call_tool::<Plugin>("apply", json!({"diff": rename})).unwrap();
    assert_eq!((host.paths(), host.text("c.txt").unwrap()), (vec!["c.txt".to_owned()], "one\n".to_owned()));
}
