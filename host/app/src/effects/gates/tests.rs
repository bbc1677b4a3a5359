#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn file(path: &str, before: Option<&str>, after: Option<&str>) -> ChangedContent {
    let bytes = |text: &str| Bytes::from(text.to_owned());
    ChangedContent { path: path.to_owned(), before: before.map(bytes), after: after.map(bytes) }
}

#[test]
fn a_diff_that_gives_the_workspace_passes_and_one_that_does_not_fails() {
    let changed = [
        file("src/a.py", Some("x = 1\ny = 2\n"), Some("x = 1\ny = 3\n")),
        file("new.txt", None, Some("hello\n")),
        file("old.txt", Some("gone\n"), None),
        file("no newline", Some("a"), Some("b")),
        file("empty", None, Some("")),
    ];
    let unified = diff::unified(&changed);
    assert_eq!(diff::gate(&changed, &unified).status, GateStatus::Passed, "{}", unified.text);
    let tampered = diff::Unified { text: unified.text.replace("y = 3", "y = 4"), binary: vec![] };
    let gate = diff::gate(&changed, &tampered);
    assert_eq!(gate.status, GateStatus::Failed);
    assert!(gate.evidence.contains("src/a.py"), "{}", gate.evidence);
}

#[test]
fn a_binary_file_cannot_be_carried_by_the_diff() {
    let changed = [file("a.bin", None, Some("\0"))];
    assert_eq!(diff::gate(&changed, &diff::unified(&changed)).status, GateStatus::Failed);
}

#[test]
fn files_parse_in_their_own_language() {
    for (path, text, status) in [
        ("a.py", "def f(x):\n    return x + 1\n", GateStatus::Passed),
        ("a.py", "def f(x:\n    return x + 1\n", GateStatus::Failed),
        ("a.js", "export const f = (x) => x + 1;\n", GateStatus::Passed),
        ("a.js", "export const f = (x => x + 1;\n", GateStatus::Failed),
        ("a.json", "{\"a\":1}", GateStatus::Passed),
        ("a.json", "{\"a\":1,}", GateStatus::Failed),
        ("a.cob", "whatever", GateStatus::NotRun),
    ] {
        assert_eq!(parses::gate(&[file(path, None, Some(text))]).status, status, "{path} {text}");
    }
}

#[test]
fn only_added_secrets_count_and_they_are_not_repeated() {
    let key = format!("token = 'ghp_{}'\n", "a1".repeat(18));
    let added = secrets::gate(&[file("a.py", Some(""), Some(&key))]);
    assert_eq!(added.status, GateStatus::Failed);
    assert!(!added.evidence.contains("a1a1"), "{}", added.evidence);
    assert_eq!(
        secrets::gate(&[file("a.py", Some(&key), Some(&format!("{key}x = 1\n")))]).status,
        GateStatus::Passed
    );
}
