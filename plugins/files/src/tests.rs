#![allow(clippy::unwrap_used, reason = "tests")]

use skep_sdk::prelude::*;
use skep_sdk::testing::Host;

use crate::files_skill::Plugin;

#[test]
fn a_part_of_a_file_says_where_to_go_on() {
    let host = Host::new().file("a.txt", "one\ntwo\nthree\n");
    let answer =
        host.call_tool::<Plugin>("read", json!({"path": "a.txt", "fromLine": 2, "maxLines": 1})).unwrap();
    // The caller asked for one line and got it: nothing to go on with.
    assert_eq!(answer, json!({"text": "two\n", "lines": 3, "nextLine": null}));
    let answer = host.call_tool::<Plugin>("read", json!({"path": "a.txt"})).unwrap();
    assert_eq!(answer, json!({"text": "one\ntwo\nthree\n", "lines": 3, "nextLine": null}));
}

#[test]
fn a_long_file_comes_in_parts_that_make_the_whole() {
    let whole: String = (0..9000).map(|number| format!("line number {number}\n")).collect();
    let host = Host::new().file("long.txt", &whole);
    let mut joined = String::new();
    let mut next = json!(1);
    let mut parts = 0;
    while !next.is_null() {
        let answer = host.call_tool::<Plugin>("read", json!({"path": "long.txt", "fromLine": next})).unwrap();
        let text = answer["text"].as_str().unwrap();
        assert!(text.len() <= 65_536);
        joined.push_str(text);
        next = answer["nextLine"].clone();
        parts += 1;
    }
    assert_eq!((joined == whole, parts), (true, 3));
}

#[test]
fn lines_that_are_not_there_are_refused_with_their_number() {
    let host = Host::new().file("a.txt", "one\n").file("empty.txt", "").file("wide.txt", "x".repeat(70_000));
    let read = |arguments: Value| host.call_tool::<Plugin>("read", arguments);
    let error = read(json!({"path": "a.txt", "fromLine": 3})).unwrap_err();
    assert_eq!(error.to_string(), "`a.txt` has 1 lines, there is no line 3");
    assert_eq!(read(json!({"path": "empty.txt"})).unwrap()["text"], "");
    assert_eq!(read(json!({"path": "wide.txt"})).unwrap_err().kind, ErrorKind::TooLarge);
    assert_eq!(read(json!({"path": "none.txt"})).unwrap_err().kind, ErrorKind::NotFound);
    assert_eq!(read(json!({"path": "../a.txt"})).unwrap_err().kind, ErrorKind::InvalidInput);
    assert_eq!(read(json!({"file": "a.txt"})).unwrap_err().kind, ErrorKind::InvalidInput);
}

#[test]
fn a_file_is_written_whole_and_its_digest_answered() {
    let host = Host::new().file("a.txt", "a longer text before");
    let answer = host.call_tool::<Plugin>("write", json!({"path": "a.txt", "content": "abc"})).unwrap();
    assert_eq!(
        answer,
        json!({"path": "a.txt", "bytes": 3, "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"})
    );
    assert_eq!(host.text("a.txt").unwrap(), "abc");
}

#[test]
fn folders_are_listed_flat_or_whole() {
    let host = Host::new().file("a.txt", "1").file("src/b.txt", "22").file("src/deep/c.txt", "333");
    let flat = host.call_tool::<Plugin>("list", json!({})).unwrap();
    assert_eq!(
        flat,
        json!([{"path": "a.txt", "folder": false, "size": 1}, {"path": "src", "folder": true, "size": 0}])
    );
    let all = host.call_tool::<Plugin>("list", json!({"path": "src/", "recursive": true})).unwrap();
    assert_eq!(
        all,
        json!([{"path": "src/b.txt", "folder": false, "size": 2}, {"path": "src/deep/c.txt", "folder": false, "size": 3}])
    );
    assert_eq!(
        host.call_tool::<Plugin>("list", json!({"path": "no"})).unwrap_err().kind,
        ErrorKind::NotFound
    );
}

#[test]
fn lines_are_found_by_pattern_and_prefix() {
    let host = Host::new().file("a.py", "x = 1\ndef f():\n").file("src/b.py", "def g():\n");
    let all = host.call_tool::<Plugin>("search", json!({"pattern": "^def "})).unwrap();
    assert_eq!(
        all,
        json!([{"path": "a.py", "line": 2, "text": "def f():"}, {"path": "src/b.py", "line": 1, "text": "def g():"}])
    );
    let below = host.call_tool::<Plugin>("search", json!({"pattern": "^def ", "prefix": "src/"})).unwrap();
    assert_eq!(below.as_array().unwrap().len(), 1);
    let error = host.call_tool::<Plugin>("search", json!({"pattern": "("})).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
}
