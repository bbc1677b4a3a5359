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
fn python_whose_indentation_cannot_be_right_does_not_parse_and_the_line_is_named() {
    for (text, problem) in [
        ("def f():\nreturn 1\n", "an indented block is missing before line 2"),
        ("def f(): return 1\n    x = 2\n", "line 2"),
        ("x = 1\n    y = 2\n", "line 2"),
        ("if a:\n        x = 1\n    y = 2\n", "line 3 is indented like no line before it"),
        ("if a:\n\tx = 1\n        y = 2\n", "line 3 mixes tabs and blanks"),
        ("class A:\n    def f(self):\n", "the last block is missing"),
        ("def f():\n    '''text'''\n    g(1,\n  2)\n      h()\n", "line 5"),
    ] {
        let gate = parses::gate(&[file("a.py", None, Some(text))]);
        assert_eq!(gate.status, GateStatus::Failed, "{text}");
        assert!(
            gate.evidence.contains("a.py: ") && gate.evidence.contains(problem),
            "{text}: {}",
            gate.evidence
        );
    }
    let good = "class A:\n\tdef f(self):\n\t\treturn {\n1: 2}\n\nif A:\n    pass\n";
    assert_eq!(parses::gate(&[file("a.py", None, Some(good))]).status, GateStatus::Passed);
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
