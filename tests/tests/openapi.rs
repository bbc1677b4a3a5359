//! schemathesis, an independent program, tries every operation of `/openapi.json` against the real host: no answer of 500 or more, no
//! status that is not described, nothing outside its schema.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use testkit::model_server::Scripted;
use tests::api::Api;
use tests::environment::{path, rounds};
use tests::host::{ADMIN_KEY, HostProcess, HostSpec};
use tests::newcomer::repository;

/// The seed of what is tried, so that a finding comes again.
const SEED: &str = "20261122";

/// How long one run may take.
const LONGEST: Duration = Duration::from_secs(150);

/// How one run ended.
struct Ended {
    good: bool,
    printed: String,
}

/// A host whose model answers everything, with the first-party personalities.
async fn host(folder: &Path) -> (testkit::model_server::ModelServer, HostProcess) {
    let model =
        tests::team::start_shaped(json!({"summary": "s", "edits": [], "files": []}), |received, answer| {
            if received.answer_schema().is_some() { answer } else { Scripted::text("Here I am.") }
        })
        .await;
    let host = HostSpec::new(&folder.join("data"))
        .components(&[path("SKEP_TEST_COMPONENTS")], &[])
        .set("SKEP_MODELS", format!("core = {{ url = {:?}, model = \"m\" }}", model.base_url()))
        .start();
    (model, host)
}

/// Install it once, outside the repository.
fn program() -> PathBuf {
    let output = Command::new(repository().join("scripts/schemathesis.sh")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// Run it on a description, with the given values for parameters of paths, under `further` arguments.
async fn run(
    folder: &Path,
    location: &str,
    url: &str,
    known: &BTreeMap<&str, String>,
    further: &[&str],
) -> Ended {
    let mut settings =
        std::fs::read_to_string(repository().join("tests/clients/schemathesis/schemathesis.toml")).unwrap();
    settings.push_str("\n[parameters]\n");
    for (name, value) in known {
        writeln!(settings, "\"path.{name}\" = {value:?}").unwrap();
    }
    let file = folder.join("schemathesis.toml");
    std::fs::write(&file, settings).unwrap();
    let output = tokio::process::Command::new(program())
        .current_dir(folder)
        .arg("--config-file")
        .arg(&file)
        .args(["run", location, "--url", url, "--header", &format!("X-API-Key: {ADMIN_KEY}")])
        .args(["--workers", "2", "--seed", SEED, "--no-shrink", "--continue-on-failure"])
        .args(["--request-timeout", "20", "--suppress-health-check", "all", "--warnings", "off"])
        .args(further)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(LONGEST, output).await.expect("it ends in time").unwrap();
    Ended { good: output.status.success(), printed: String::from_utf8_lossy(&output.stdout).into_owned() }
}

/// Ids of things that are there, so that not every request ends at a 404.
async fn known(api: &Api) -> BTreeMap<&'static str, String> {
    let agents = api.get("/agents").await.unwrap().body;
    let agent = agents.pointer("/data/agents/0/agentId").or(agents.pointer("/data/agents/0/id"));
    let task = api
        .submit(&json!({"task": "Say that you are there.", "capabilities": ["BUILD"], "scope": "demo"}))
        .await
        .unwrap();
    let agent = agent.and_then(Value::as_str).expect("the first start makes an agent").to_owned();
    let said = json!({"agentId": agent, "userId": agent, "content": "Hello"});
    let made = async |path: &str, name: &str| {
        let made = api.post(path, &said).await.unwrap().body;
        made[name].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    };
    BTreeMap::from([
        ("sessionId", made("/api/messaging/sessions", "sessionId").await),
        ("jobId", made("/api/messaging/jobs", "jobId").await),
        ("user", "default".to_owned()),
        ("agent", "manager".to_owned()),
        ("agentId", agent),
        ("taskId", task),
        ("id", "coder-ai".to_owned()),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_fits_the_description() {
    let folder = tempfile::tempdir().unwrap();
    let (_model, host) = host(folder.path()).await;
    let known = known(&host.api()).await;
    let url = host.url.clone();
    let location = format!("{url}/openapi.json");
    let examples = rounds("SKEP_TEST_EXAMPLES", 20).to_string();
    // First on things that are there and stay, then on made-up names with everything that ends something.
    let ends = ["--exclude-method", "DELETE", "--exclude-path-regex", "/(stop|rotate-key|tier)$"];
    for (round, values, further) in
        [("things that are there", known, &ends[..]), ("made-up names", BTreeMap::new(), &[])]
    {
        let further = [&["--max-examples", examples.as_str()], further].concat();
        let ended = run(folder.path(), &location, &url, &values, &further).await;
        assert!(ended.good, "{round}:\n{}", ended.printed);
    }
}

/// The control: a description that lies is found out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_description_that_lies_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let (_model, host) = host(folder.path()).await;
    let url = host.url.clone();
    let truth = host.api().get("/openapi.json").await.unwrap().body;
    let file = folder.path().join("description.json");
    let location = file.display().to_string();
    let tell = async |description: &Value, path: &str| {
        std::fs::write(&file, description.to_string()).unwrap();
        let further = ["--include-path", path, "--max-examples", "5"];
        run(folder.path(), &location, &url, &BTreeMap::new(), &further).await
    };
    let honest = tell(&truth, "/v1/info").await;
    assert!(honest.good, "{}", honest.printed);

    let mut wrong_type = truth.clone();
    let schema = json!({"type": "object", "properties": {"version": {"type": "integer"}}});
    wrong_type["paths"]["/v1/info"]["get"]["responses"]["200"]["content"] =
        json!({"application/json": {"schema": schema}});
    let ended = tell(&wrong_type, "/v1/info").await;
    assert!(!ended.good && ended.printed.contains("is not of type \"integer\""), "{}", ended.printed);

    let mut missing_status = truth;
    let described = &mut missing_status["paths"]["/v1/agents/tasks/{taskId}"]["get"]["responses"];
    assert!(described.as_object_mut().unwrap().remove("404").is_some());
    let ended = tell(&missing_status, "/v1/agents/tasks/{taskId}").await;
    assert!(!ended.good && ended.printed.contains("Received: 404"), "{}", ended.printed);
}
