#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::Host;

const FILE: &str =
    "def is_overdue(item, today):\n    return item.due <= today\n\n\ndef other():\n    return 1\n";

fn change(value: Value) -> Change {
    serde_json::from_value(value).unwrap()
}

fn tried(files: &[(&str, &str)], value: Value) -> (Bench, Vec<String>) {
    let mut host = Host::new();
    for (path, content) in files {
        host = host.file(path, content);
    }
    let mut bench = Bench::new(&["part.py".to_owned()]);
    let problems = bench.apply(&change(value)).unwrap();
    drop(host);
    (bench, problems)
}

fn edit(find: &str, replace: &str) -> Value {
    json!({"summary": "s", "edits": [{"path": "a.py", "find": find, "replace": replace}]})
}

#[test]
fn an_edit_replaces_what_stands_exactly_once() {
    let (bench, problems) = tried(&[("a.py", FILE)], edit("due <= today", "due < today"));
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(bench.pieces()["a.py"].now, FILE.replace("<=", "<"));
    assert_eq!(bench.pieces()["a.py"].before.as_deref(), Some(FILE));
}

#[test]
fn lines_are_found_without_regard_to_blanks_and_keep_the_indent_of_the_file() {
    let (bench, problems) = tried(
        &[("a.py", FILE)],
        edit("return item.due <= today ", "if item.done:\n    return False\nreturn item.due < today"),
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        bench.pieces()["a.py"].now,
        FILE.replace(
            "    return item.due <= today",
            "    if item.done:\n        return False\n    return item.due < today"
        )
    );
}

#[test]
fn what_cannot_be_made_is_explained() {
    for (value, reason) in [
        (edit("return", "x"), "stands 2 times"),
        (edit("no such text", "x"), "does not stand in `a.py`"),
        (edit(" \n", "x"), "`find` is empty"),
        (edit("return 1", "return 1"), "same as before"),
        (
            json!({"summary": "s", "files": [{"path": "b.py", "content": "<<<<<<< HEAD\nx"}]}),
            "conflict marker",
        ),
        (
            json!({"summary": "s", "edits": [{"path": "b.py", "find": "x", "replace": "y"}]}),
            "there is no file `b.py`",
        ),
        (json!({"summary": "s", "files": [{"path": "../b.py", "content": "x"}]}), "not a plain path"),
        (json!({"summary": "s", "files": [{"path": ".git/hooks/x", "content": "x"}]}), "not written by hand"),
        (json!({"summary": "s", "files": [{"path": "b.json", "content": "{"}]}), "not JSON"),
        (json!({"summary": "s", "files": [{"path": "b.py", "content": "  "}]}), "is empty"),
        (json!({"summary": "s", "files": [{"path": "part.py", "content": "x"}]}), "shown in part"),
        (
            json!({"summary": "s", "files": [{"path": "long.py", "content": "x"}]}),
            "would shrink from 30 to 1 lines",
        ),
        (json!({"summary": "s", "files": [{"path": "a.py", "content": FILE}]}), "same as before"),
    ] {
        let long = "x\n".repeat(30);
        let files = [("a.py", FILE), ("part.py", "y\n"), ("long.py", long.as_str())];
        let (bench, problems) = tried(&files, value.clone());
        assert!(problems.len() == 1 && problems[0].contains(reason), "{value}: {problems:?}");
        assert!(bench.is_empty(), "{value}");
    }
}

#[test]
fn edits_of_one_file_build_on_each_other_and_bad_ones_do_not_spoil_good_ones() {
    let (bench, problems) = tried(
        &[("a.py", FILE)],
        json!({"summary": "s", "edits": [
            {"path": "a.py", "find": "due <= today", "replace": "due < today"},
            {"path": "./a.py", "find": "due < today", "replace": "due < today and not item.done"},
            {"path": "a.py", "find": "nowhere", "replace": "x"}]}),
    );
    assert_eq!(problems.len(), 1);
    assert!(bench.pieces()["a.py"].now.contains("item.due < today and not item.done"));
    assert_eq!(bench.pieces()["a.py"].edits, 2);
}

#[test]
fn line_ends_of_windows_stay() {
    let (bench, problems) = tried(
        &[("a.py", &FILE.replace('\n', "\r\n"))],
        edit("def other():\n    return 1", "def other():\n    return 2"),
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(bench.pieces()["a.py"].now, FILE.replace("return 1", "return 2").replace('\n', "\r\n"));
}

#[test]
fn a_new_file_loses_its_fence_and_ends_with_a_line_break() {
    let (bench, problems) = tried(
        &[],
        json!({"summary": "s", "files": [{"path": "new.py", "content": "```python\nx = 1\n```"}]}),
    );
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!((bench.pieces()["new.py"].now.as_str(), &bench.pieces()["new.py"].before), ("x = 1\n", &None));
}
