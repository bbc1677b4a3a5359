//! `skep secrets`: values come on stdin or from a person who is not shown them, and never out again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Output, Stdio};
use tests::command::{Case, case};
use tests::host::{ADMIN_KEY, HostSpec};
use tests::newcomer::{has_terminals, shell};

const VALUE: &str = "a value of a secret\nof two lines";

fn verb(arguments: &[&str]) -> Case {
    case(&[&["--data-dir", "data", "secrets"], arguments].concat()).with("SKEP_ADMIN_KEY", ADMIN_KEY)
}

/// With this on stdin.
fn fed(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = verb(arguments).command(folder, true);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn stored(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Key and mask of each.
fn shown(value: &Value) -> Vec<(String, String)> {
    let text = |secret: &Value, field: &str| secret[field].as_str().unwrap().to_owned();
    let secrets = value["secrets"].as_array().unwrap();
    secrets.iter().map(|secret| (text(secret, "key"), text(secret, "masked"))).collect()
}

fn pair(key: &str, masked: &str) -> (String, String) {
    (key.to_owned(), masked.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_set_from_stdin_listed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let _host = HostSpec::new(&folder.path().join("data")).start();
    // Of several line breaks at the end one is the shell's.
    let first = stored(&fed(folder.path(), &["set", "WEATHER_KEY"], &format!("{VALUE}\n\n")));
    assert_eq!(shown(&first), [pair("WEATHER_KEY", "****nes\n")]);
    let hosts = ["set", "SHORT", "--host", "api.example.com", "--host", "*.example.org"];
    stored(&fed(folder.path(), &hosts, "tiny"));
    let listed = verb(&["list"]).says(&["WEATHER_KEY", "SHORT", "****"]).holds(&["/secrets/0/updatedAt"]);
    let listed = listed.check(folder.path());
    assert_eq!(shown(&listed), [pair("SHORT", "****"), pair("WEATHER_KEY", "****nes\n")]);
    let gone = verb(&["delete", "SHORT"]).run(folder.path(), false);
    assert_eq!(String::from_utf8_lossy(&gone.stdout), "SHORT is deleted\n");
    verb(&["delete", "SHORT"]).fails(1, &["secret \"SHORT\" not found"]).check(folder.path());
    assert_eq!(shown(&verb(&["list"]).holds(&["/secrets"]).check(folder.path())).len(), 1);

    for (arguments, input, part) in [
        (&["set", "KEY"][..], "", "no value for KEY came on stdin"),
        (&["set", "KEY"], "\n", "no value for KEY came on stdin"),
        (&["set", "key"], "canary", "\"key\" is not a secret's name"),
        (&["set", "KEY", "--host", "*"], "canary", "is not a host"),
        (&["set", "KEY", "--user", "nobody"], "canary", "user not found"),
    ] {
        let output = fed(folder.path(), arguments, input);
        let error: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = error["error"].as_str().unwrap();
        assert!(!output.status.success() && text.contains(part) && !text.contains("canary"), "{error}");
    }
    let large = fed(folder.path(), &["set", "KEY"], &"canary".repeat(5000));
    let text = String::from_utf8_lossy(&large.stdout).into_owned();
    assert!(!large.status.success() && text.contains("limit of 16384") && !text.contains("canary"), "{text}");
    // An argument would be in the history of the shell and in the list of processes.
    verb(&["set", "KEY", "value"]).fails(2, &["unexpected argument"]).check(folder.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminal_asks_and_does_not_show_what_is_typed() {
    if !has_terminals() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _host = HostSpec::new(&folder.path().join("data")).start();
    let skep = tests::environment::path("SKEP_TEST_BIN");
    let typed = "typed-by-a-person";
    // `script` types what comes on its own stdin; the pause lets the question come first, as a person would.
    let command = format!(
        "(until grep -q 'not shown' typescript 2>/dev/null; do sleep 0.1; done; echo {typed}) | SKEP_ADMIN_KEY={ADMIN_KEY} script -qefc '{} --data-dir data secrets set TYPED' typescript",
        skep.display()
    );
    let output = shell(&command, folder.path());
    let screen = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(screen.contains("Value of TYPED") && screen.contains("TYPED is stored"), "{screen}");
    assert!(!screen.contains(typed), "{screen}");
    let listed = verb(&["list"]).holds(&["/secrets"]).check(folder.path());
    assert_eq!(shown(&listed), [pair("TYPED", "****rson")]);
    assert_eq!(listed["secrets"][0]["key"], json!("TYPED"));
}
