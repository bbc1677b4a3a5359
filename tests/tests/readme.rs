//! README.md and the code say the same: its examples run as they stand, its tables are what the binary has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use domain::rigor::request::RigorScope;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;
use tests::api::{Api, eventually};
use tests::environment::path;
use tests::host::{ADMIN_KEY, HostSpec};
use tests::newcomer::{Newcomer, bare, repository, shell};
use tests::readme::{block, blocks, cells, table};
use tests::team;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(120);
/// Shell examples that a test cannot run: the one builds everything and does not end.
const NOT_RUN: [&str; 1] = ["SKEP_SOURCE_ROOTS=$PWD/examples:$HOME/projects make run\n"];

/// How each example begins, in the order of the page, and what is on the screen after it.
const EXAMPLES: [(&str, &[&str]); 7] = [
    ("curl -s http", &["\"taskId\"", "\"statusUrl\"", "\"queued\""]),
    ("curl -sN http", &["event: phase.update", "event: progress", "event: task.completed"]),
    ("target/debug/skep task", &["req-ai", "tester-ai", "patch_applies"]),
    ("target/debug/skep replay", &["identical", "scope(s)"]),
    ("target/debug/skep build", &["built hello-skill@"]),
    ("target/debug/skep plugins", &["live    skill        hello-skill@", "live    personality  coder-ai@"]),
    ("target/debug/skep model list", &["qwen2.5-coder-0.5b"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_shell_example_runs_in_the_order_of_the_page() {
    let examples: Vec<String> =
        blocks().into_iter().filter(|block| block.language == "sh").map(|block| block.text).collect();
    for text in NOT_RUN {
        assert!(examples.iter().any(|example| example == text), "README.md has no {text:?} any more");
    }
    let examples: Vec<&String> = examples.iter().filter(|text| !NOT_RUN.contains(&text.as_str())).collect();
    assert_eq!(examples.len(), EXAMPLES.len(), "each example has its line here: {examples:#?}");

    let folder = tempfile::tempdir().unwrap();
    let model = team::start(json!({
        "summary": "Mended.",
        "edits": [],
        "files": [{ "path": "README.md", "content": "# A list\n" }],
    }))
    .await;
    let models = format!("core = {{ url = {:?}, model = \"scripted\" }}", model.base_url());
    let host = Newcomer::start(folder.path(), &[("SKEP_MODELS", models)]).await;
    let mut task = String::new();
    for (example, (begin, expected)) in examples.into_iter().zip(EXAMPLES) {
        assert!(example.starts_with(begin), "{example} does not begin with {begin}");
        let command = typed(example, &host.url(), folder.path(), &task);
        let mut output = shell(&command, repository());
        if begin.ends_with("plugins") {
            // The page says that it takes a moment.
            let shown = eventually(PATIENCE, async || {
                output = shell(&command, repository());
                String::from_utf8_lossy(&output.stdout).contains(expected[0]).then_some(())
            });
            shown.await;
        }
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{example}{out}{err}");
        for text in expected {
            assert!(out.contains(text) || err.contains(text), "{example} does not show {text:?}: {out}{err}");
        }
        if let Ok(answer) = serde_json::from_str::<Value>(&out) {
            task = answer["taskId"].as_str().unwrap().to_owned();
        }
    }
    let diff = std::fs::read_to_string(folder.path().join("fix.diff")).unwrap();
    assert!(diff.contains("+# A list"), "{diff}");
}

/// The example as it is typed here: another port, another place for the data and for the binary, a task that exists.
fn typed(example: &str, url: &str, folder: &Path, task: &str) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    let mut text = example.to_owned();
    for (here, there) in [
        ("http://127.0.0.1:3000", url.to_owned()),
        ("target/debug/skep", path("SKEP_TEST_BIN").display().to_string()),
        ("--data-dir data", format!("--data-dir {}", at("data"))),
        ("data/admin.key", at("data/admin.key")),
        ("data/plugins", at("data/plugins")),
        ("fix.diff", at("fix.diff")),
        ("TASK_ID", task.to_owned()),
    ] {
        text = text.replace(here, &there);
    }
    text
}

#[test]
fn the_first_plugin_is_the_example() {
    let example = std::fs::read_to_string(repository().join("examples/hello-skill/src/lib.rs")).unwrap();
    let code: String =
        example.lines().skip_while(|line| line.starts_with("//!")).map(|line| format!("{line}\n")).collect();
    assert_eq!(block("First plugin", "use skep_sdk"), code);
}

/// What a verb answers a program that has set nothing.
fn answer(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let output = bare(path("SKEP_TEST_BIN"), folder.path()).args(arguments).arg("--json").output().unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row}"))
}

#[test]
fn the_table_of_settings_is_that_of_the_code() {
    let doctor = answer(&["doctor", "--data-dir", "/nowhere"]);
    let settings = doctor["settings"].as_array().unwrap();
    let mut expected = vec!["| key | variable | default | meaning |".to_owned()];
    for row in settings {
        let default = match text(row, "default") {
            "" => "none".to_owned(),
            value => format!("`{value}`"),
        };
        expected.push(format!(
            "| `{}` | `{}` | {default} | {} |",
            text(row, "key"),
            text(row, "variable"),
            text(row, "meaning")
        ));
        // And what is in force when nobody says otherwise is that default.
        if text(row, "key") != "data_dir" {
            assert_eq!(
                (text(row, "value"), text(row, "origin")),
                (text(row, "default").replace("DATA_DIR", "/nowhere").as_str(), "default")
            );
        }
    }
    assert!(expected.len() > 20, "{doctor}");
    let found = table("| key | variable |");
    assert!(
        found == expected,
        "README.md has another table of settings; it should be:\n{}",
        expected.join("\n")
    );
}

#[test]
fn the_table_of_models_is_that_of_the_code() {
    let list = answer(&["model", "list"]);
    let mut expected = vec!["| embedded model | size | for |".to_owned()];
    for row in list["models"].as_array().unwrap() {
        let megabytes = row["bytes"].as_u64().unwrap() / 1_000_000;
        expected.push(format!("| `{}` | {megabytes} MB | {} |", text(row, "name"), text(row, "about")));
    }
    assert_eq!(table("| embedded model |"), expected);
}

#[test]
fn the_table_of_scopes_has_the_rounds_of_the_code() {
    let rows = table("| scope |");
    let found: BTreeMap<String, u32> = rows[1..]
        .iter()
        .map(|row| {
            let cells = cells(row);
            let name = cells[0].split('`').nth(1).unwrap().to_owned();
            (name, cells.last().unwrap().parse().unwrap())
        })
        .collect();
    let expected: BTreeMap<String, u32> =
        RigorScope::ALL.iter().map(|scope| (scope.as_str().to_owned(), scope.rounds())).collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_of_routes_is_that_of_the_openapi_document() {
    let data = tempfile::tempdir().unwrap();
    let host = HostSpec::new(data.path()).start();
    let document = host.api().get("/openapi.json").await.unwrap().body;
    let mut expected = BTreeSet::new();
    for (route, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            expected.insert(format!("{} {route}", method.to_uppercase()));
        }
    }
    let mut found = BTreeSet::new();
    for row in &table("| route | does |")[1..] {
        // Several in one row: the method stands before the first.
        let mut method = "";
        for code in cells(row)[0].split('`').skip(1).step_by(2) {
            let route = match code.split_once(' ') {
                Some((word, route)) => {
                    method = word;
                    route
                }
                None => code,
            };
            assert!(found.insert(format!("{method} {route}")), "twice: {route}");
        }
    }
    assert_eq!(found, expected);
    // The page that shows it is there too; it is for people, so the document does not have it.
    let page = host.api().get("/docs").await.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.body.as_str().unwrap().contains("<html"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_in_the_data_directory_replaces_the_bundled_one() {
    let components = path("SKEP_TEST_COMPONENTS");
    let bundled = std::fs::read(components.join("coder-ai.wasm")).unwrap();
    // The same with a custom section more, as a rebuilt one has other bytes, and with the same grants.
    let own = [bundled.as_slice(), &[0, 2, 1, b'x']].concat();
    let digest = |bytes: &[u8]| domain::id::Digest::of(bytes).to_string();
    let policy = std::fs::read_to_string(components.join("policy.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let policy_file = folder.path().join("policy.toml");
    assert!(policy.contains(&digest(&bundled)), "{policy}");
    std::fs::write(&policy_file, policy.replace(&digest(&bundled), &digest(&own))).unwrap();
    let variables = [
        ("SKEP_MODELS", "core = { url = \"http://127.0.0.1:9/v1\", model = \"none\" }".to_owned()),
        ("SKEP_POLICY", format!("{}:{}", components.join("policy.toml").display(), policy_file.display())),
        ("SKEP_ADMIN_KEY", ADMIN_KEY.to_owned()),
    ];
    let host = Newcomer::start(folder.path(), &variables).await;
    let api = Api::new(&host.url(), ADMIN_KEY);
    let live = async || {
        let plugins = api.get("/v1/admin/plugins").await.unwrap().body;
        let rows = plugins["live"].as_array().unwrap().clone();
        let row = rows.into_iter().find(|row| row["name"] == "coder-ai").unwrap();
        text(&row, "digest").to_owned()
    };
    assert_eq!(live().await, digest(&bundled));
    std::fs::write(folder.path().join("data/plugins/coder-ai.wasm"), &own).unwrap();
    let replaced = eventually(PATIENCE, async || (live().await == digest(&own)).then_some(())).await;
    assert!(replaced.is_some(), "{}", live().await);
}

#[test]
fn every_make_command_of_the_page_is_in_the_makefile() {
    let makefile = std::fs::read_to_string(repository().join("Makefile")).unwrap();
    let page = tests::readme::text();
    let commands: BTreeSet<&str> = page
        .split('`')
        .filter_map(|code| code.strip_prefix("make "))
        .filter_map(|rest| rest.split_whitespace().next())
        .collect();
    assert!(commands.contains("run") && commands.contains("test"), "{commands:?}");
    for command in commands {
        assert!(makefile.lines().any(|line| line.starts_with(&format!("{command}:"))), "make {command}");
    }
}
