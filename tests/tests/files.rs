//! `skep files`, `skep logs` and `skep usage`: for people and, with `--json`, for programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use tests::command::{Case, case};
use tests::host::{ADMIN_KEY, HostProcess, HostSpec};

/// A host, and the folder in which commands are typed.
fn desk() -> (tempfile::TempDir, HostProcess) {
    let folder = tempfile::tempdir().unwrap();
    let host = HostSpec::new(&folder.path().join("data")).start();
    (folder, host)
}

fn verb(arguments: &[&str]) -> Case {
    case(&[&["--data-dir", "data"], arguments].concat()).with("SKEP_ADMIN_KEY", ADMIN_KEY)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_put_listed_read_and_deleted() {
    let (folder, _host) = desk();
    let folder = folder.path();
    std::fs::write(folder.join("plan.md"), "Count the bees.\n").unwrap();
    std::fs::write(folder.join("raw.bin"), [0, 255, 10]).unwrap();
    verb(&["files", "put", "plan.md", "docs/the plan.md"])
        .says(&["docs/the plan.md is written"])
        .holds(&["/modifiedAt", "/size"])
        .check(folder);
    verb(&["files", "put", "raw.bin", "raw.bin"]).check(folder);
    let root = verb(&["files", "ls"]).says(&["docs", "folder", "raw.bin"]).check(folder);
    assert_eq!((root["path"].as_str(), &root["entries"][1]["size"]), (Some(""), &json!(3)));
    let docs = verb(&["files", "ls", "docs"]).says(&["the plan.md"]).check(folder);
    assert_eq!(docs["entries"][0]["name"], "the plan.md");
    let read = verb(&["files", "get", "docs/the plan.md"]).says(&["Count the bees."]).check(folder);
    assert_eq!(read, json!({ "path": "docs/the plan.md", "size": 16, "text": "Count the bees.\n" }));
    let raw = verb(&["files", "get", "raw.bin"]).run(folder, false);
    assert_eq!(raw.stdout, [0, 255, 10]);
    verb(&["files", "get", "raw.bin", "--output", "copy.bin"]).holds(&["/file"]).check(folder);
    assert_eq!(std::fs::read(folder.join("copy.bin")).unwrap(), [0, 255, 10]);

    verb(&["files", "rm", "docs"]).fails(1, &["folder that is not empty", "HTTP 409"]).check(folder);
    let gone = verb(&["files", "rm", "docs", "--recursive"]).run(folder, true);
    assert_eq!(serde_json::from_slice::<Value>(&gone.stdout).unwrap(), json!({ "deleted": "docs" }));
    verb(&["files", "ls", "docs"]).fails(1, &["no file or folder \"docs\"", "HTTP 404"]).check(folder);
    verb(&["files", "get", "../key"]).fails(1, &["\"../key\" has a part `.` or `..`"]).check(folder);
    verb(&["files", "get", "/etc/passwd"]).fails(1, &["absolute"]).check(folder);
    verb(&["files", "put", "none.md", "x"]).fails(1, &["none.md"]).check(folder);
    verb(&["files", "ls", "--agent", "nobody"]).fails(1, &["agent not found"]).check(folder);
    verb(&["files", "ls", "raw.bin"]).fails(1, &["is a file", "skep files get"]).check(folder);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_shown_filtered_and_followed() {
    let (folder, host) = desk();
    let folder = folder.path();
    let shown =
        verb(&["logs"]).says(&["the agent was started", "manager"]).holds(&["/logs/0/time"]).check(folder);
    assert_eq!(shown["logs"].as_array().unwrap().len(), 1, "{shown}");
    let loud = verb(&["logs", "--level", "error", "--agent", "manager"]).check(folder);
    assert_eq!(loud["logs"], json!([]));
    verb(&["logs", "--level", "loud"]).fails(1, &["level must be one of trace", "HTTP 400"]).check(folder);

    let mut following =
        verb(&["logs", "--follow"]).command(folder, true).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["message"], "the agent was started");
    let id = host.api().get("/api/v1/users/default/agents/manager").await.unwrap().body["id"].clone();
    let stop = format!("/agents/{}/stop", id.as_str().unwrap());
    assert_eq!(host.api().post(&stop, &json!({})).await.unwrap().status, 200);
    assert_eq!(next()["message"], "the agent was stopped");
    following.kill().unwrap();
    following.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usage_is_shown_by_month() {
    let (folder, _host) = desk();
    let usage =
        verb(&["usage"]).says(&["0 tokens, no limit"]).holds(&["/byAgent", "/byModel"]).check(folder.path());
    assert_eq!((&usage["totalTokens"], &usage["limit"]), (&json!(0), &Value::Null));
    let before = verb(&["usage", "--month", "2020-01"]).says(&["2020-01"]).check(folder.path());
    assert_eq!(before["month"], "2020-01");
    verb(&["usage", "--month", "May"]).fails(1, &["month must be a month as 2026-02"]).check(folder.path());
}
