//! Users and agents by the command line of the real binary, over restarts of the host.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tests::api::Api;
use tests::environment::path;
use tests::host::{ADMIN_KEY, HostSpec};

/// What a verb printed under `--json`, and whether it went well.
fn skep(data: &Path, arguments: &[&str]) -> (bool, Value) {
    let mut command = Command::new(path("SKEP_TEST_BIN"));
    command
        .env_clear()
        .env("SKEP_ADMIN_KEY", ADMIN_KEY)
        .arg("--json")
        .arg("--data-dir")
        .arg(data)
        .args(arguments);
    let output = command.output().expect("the binary can be started");
    let text = String::from_utf8(output.stdout).unwrap();
    let value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text:?}"));
    (output.status.success(), value)
}

fn done(data: &Path, arguments: &[&str]) -> Value {
    let (well, value) = skep(data, arguments);
    assert!(well, "{arguments:?}: {value}");
    value
}

fn refused(data: &Path, arguments: &[&str], part: &str) {
    let (well, value) = skep(data, arguments);
    assert!(!well && value["error"].as_str().unwrap().contains(part), "{arguments:?}: {value}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_and_agents_are_managed_by_the_command_line_and_outlive_a_killed_host() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let spec = HostSpec::new(data);
    let mut host = spec.start();
    let first = done(data, &["agents", "list"]);
    assert_eq!(
        (&first["total"], &first["agents"][0]["name"], &first["agents"][0]["status"]),
        (&json!(1), &json!("manager"), &json!("active"))
    );
    let made = done(data, &["users", "create", "ada", "--email", "ada@example.com", "--tier", "growth"]);
    let key = made["apiKey"].as_str().unwrap().to_owned();
    refused(data, &["users", "create", "ada"], "taken");
    refused(data, &["users", "tier", "ada", "gold"], "startup, growth, scale, enterprise");
    assert_eq!(done(data, &["users", "tier", "ada", "scale"])["tier"], "scale");
    let agents = done(data, &["agents", "--user", "ada", "create", "writer", "reader", "--model", "pro"]);
    let agent_key = agents["agents"][0]["apiKey"].as_str().unwrap().to_owned();
    let config = done(
        data,
        &["agents", "--user", "ada", "config", "writer", "tools.deny=[\"files.delete\"]", "budget=5"],
    );
    assert_eq!((&config["model"], &config["tools"]["deny"]), (&json!("pro"), &json!(["files.delete"])));
    done(data, &["agents", "--user", "ada", "stop", "reader"]);
    done(data, &["agents", "--user", "ada", "stop", "writer"]);
    let start = [
        "agents",
        "--user",
        "ada",
        "start",
        "writer",
        "--autonomy",
        "--set",
        "temperature=0.8",
        "--set",
        "voice=alto",
    ];
    assert_eq!(done(data, &start)["data"]["enableAutonomy"], true);
    refused(data, &["agents", "--user", "ada", "start", "writer"], "already running");

    // As it is now, told by the API to the user's own key.
    let state = async |url: &str| {
        let api = Api::new(url, &key);
        [
            api.get("/agents").await.unwrap().body,
            api.get("/api/v1/users/ada").await.unwrap().body,
            api.get("/api/v1/users/ada/agents/writer/config").await.unwrap().body,
        ]
    };
    let before = state(&host.url).await;
    let writer =
        before[0]["data"]["agents"].as_array().unwrap().iter().find(|agent| agent["name"] == "writer");
    assert_eq!(writer.unwrap()["settings"], json!({ "temperature": 0.8, "voice": "alto" }));
    host.kill();
    let host = spec.start();
    assert_eq!(state(&host.url).await, before);

    let rotated = done(data, &["agents", "--user", "ada", "rotate-key", "writer"]);
    assert_eq!(Api::new(&host.url, &agent_key).get("/v1/info").await.unwrap().status, 401);
    let new_key = rotated["apiKey"].as_str().unwrap();
    assert_eq!(Api::new(&host.url, new_key).get("/v1/info").await.unwrap().status, 200);
    refused(data, &["agents", "--user", "ada", "delete", "writer"], "--yes");
    done(data, &["agents", "--user", "ada", "delete", "writer", "--yes"]);
    refused(data, &["agents", "--user", "ada", "ping", "writer"], "agent not found");
    refused(data, &["users", "delete", "ada"], "--yes");
    done(data, &["users", "delete", "ada", "--yes"]);
    refused(data, &["users", "show", "ada"], "user not found");
    assert_eq!(Api::new(&host.url, &key).get("/v1/info").await.unwrap().status, 401);
    assert_eq!(done(data, &["users", "list"])["total"], 1);
}
