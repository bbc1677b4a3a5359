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
    let mut unified = diff::unified(&changed);
    assert_eq!(diff::gate(&changed, &unified).status, GateStatus::Passed, "{}", unified.text());
    for section in &mut unified.sections {
        section.hunks = section.hunks.replace("y = 3", "y = 4");
    }
    let gate = diff::gate(&changed, &unified);
    assert_eq!(gate.status, GateStatus::Failed);
    assert!(gate.evidence.contains("src/a.py"), "{}", gate.evidence);
}

#[test]
fn a_file_that_holds_a_diff_of_another_is_not_mistaken_for_it() {
    let fixture = "diff --git a/z.py b/z.py\n--- a/z.py\n+++ b/z.py\n@@ -1 +1 @@\n-a\n+b\n";
    let changed = [file("a.patch", None, Some(fixture)), file("z.py", Some("x = 1\n"), Some("x = 2\n"))];
    assert_eq!(diff::gate(&changed, &diff::unified(&changed)).status, GateStatus::Passed);
}

#[test]
fn files_that_are_too_different_are_replaced_and_still_apply() {
    let lines = |from: u32, word: &str| {
        (from..from + 30_000).map(|line| format!("{word} {line}\n")).collect::<String>()
    };
    let (old, new) = (
        format!("a\nb\nc\nd\n{}e\nf\ng\nh", lines(0, "old")),
        format!("a\nb\nc\nd\n{}e\nf\ng\nh", lines(7, "new")),
    );
    for (before, after) in [
        (Some(old.as_str()), Some(new.as_str())),
        (None, Some(new.as_str())),
        (Some(old.as_str()), None),
        (Some(""), Some(new.as_str())),
        (Some(old.as_str()), Some("a\nb\nc\nd\ne\nf\ng\nh")),
        (Some(old.as_str()), Some("nothing in common")),
    ] {
        let changed = [file("big.txt", before, after)];
        let unified = diff::unified(&changed);
        let gate = diff::gate(&changed, &unified);
        assert_eq!(gate.status, GateStatus::Passed, "{}", gate.evidence);
        assert_eq!(unified.text().matches("\n@@ ").count(), 1);
    }
}

#[test]
fn git_applies_what_the_host_writes() {
    let long = |word: &str| (0..12_000).map(|line| format!("{word} {line}\n")).collect::<String>();
    let (old, new) = (format!("head\n{}tail", long("old")), format!("head\n{}tail", long("new")));
    let changed = [
        file("a name with blanks.txt", Some("1\n2\n"), Some("1\n3\n")),
        file("big.txt", Some(&old), Some(&new)),
        file("dir/\u{e4}\"\\.txt", Some("x\n"), Some("y")),
        file("gone with blanks.txt", Some("x\n"), None),
        file("made with blanks.txt", None, Some("x\n")),
    ];
    let folder = tempfile::tempdir().unwrap();
    for file in &changed {
        if let Some(before) = &file.before {
            let path = folder.path().join(&file.path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, before).unwrap();
        }
    }
    let patch = folder.path().join("the.patch");
    std::fs::write(&patch, diff::unified(&changed).text()).unwrap();
    let git = std::process::Command::new("git")
        .arg("apply")
        .arg(&patch)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
    for file in &changed {
        let present = std::fs::read(folder.path().join(&file.path)).ok();
        assert_eq!(present.as_deref(), file.after.as_deref(), "{}", file.path);
    }
}

#[test]
fn what_is_too_much_is_not_read() {
    let row = |path: &str, size: u64| {
        let after = WorkspaceFile {
            path: path.to_owned(),
            blob: domain::id::Digest::of(path.as_bytes()),
            size,
            version: 1,
        };
        ChangedRow { path: path.to_owned(), before: None, after: Some(after) }
    };
    let rows = |count: usize, size: u64| {
        (0..count).map(|index| row(&format!("{index}.txt"), size)).collect::<Vec<_>>()
    };
    for (count, size, problems) in [
        (CHANGED_FILES_LIMIT, 10, 0),
        (CHANGED_FILES_LIMIT + 1, 10, 1),
        (2, CONTENT_LIMIT / 2, 0),
        (2, CONTENT_LIMIT / 2 + 1, 1),
        (CHANGED_FILES_LIMIT + 1, CONTENT_LIMIT, 2),
    ] {
        assert_eq!(too_much(&rows(count, size)).len(), problems, "{count} files of {size} bytes");
    }
    let content = Content::TooMuch { files: 300, problems: vec!["too much".to_owned()] };
    let (gates, diff) = looked_at(&content, &[]);
    assert_eq!((gates.len(), diff.as_str()), (gate::ALL.len(), ""));
    let status = |name: &str| gates.iter().find(|gate| gate.name == name).map(|gate| gate.status);
    assert_eq!(status(gate::SIZE), Some(GateStatus::Failed));
    assert_eq!(status(gate::PATCH_APPLIES), Some(GateStatus::NotRun));
    assert_eq!(status(gate::SCHEMA), Some(GateStatus::Passed));
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

#[test]
fn an_answer_that_does_not_fit_its_schema_fails_the_gate() {
    use serde_json::json;
    let schema =
        json!({ "type": "object", "properties": { "plan": { "type": "string" } }, "required": ["plan"] });
    let answer = |name: &str, schema: Option<&serde_json::Value>, details: serde_json::Value| Answer {
        name: name.to_owned(),
        schema: schema.cloned(),
        details,
    };
    let good = || answer("planner-ai/generate", Some(&schema), json!({ "plan": "first" }));
    let bad = || answer("coder-ai/review", Some(&schema), json!({}));
    let unknown = || answer("other-ai/inspect", None, json!({}));
    for (answers, status, named) in [
        (vec![good()], GateStatus::Passed, "1 answer(s)"),
        (vec![good(), bad()], GateStatus::Failed, "coder-ai/review"),
        (vec![good(), unknown()], GateStatus::NotRun, "other-ai/inspect"),
        (vec![unknown(), bad()], GateStatus::Failed, "coder-ai/review"),
    ] {
        let gate = schema::gate(&answers);
        assert_eq!(gate.status, status, "{}", gate.evidence);
        assert!(gate.evidence.contains(named), "{}", gate.evidence);
    }
}
