//! Every line of personalities, end to end: the real binary, the bundled plugins and a scripted model. Each specialist's own checks are
//! shown holding and failing, with what they saw.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use testkit::model_server::{ModelServer, Scripted};
use tests::environment::path;
use tests::host::{HostProcess, HostSpec};
use tests::team;

/// Long enough for a loaded machine; a passing test never waits for it.
const PATIENCE: Duration = Duration::from_secs(180);

struct Team {
    host: HostProcess,
    model: ModelServer,
    projects: tempfile::TempDir,
    _data: tempfile::TempDir,
}

impl Team {
    async fn start() -> Self {
        let (data, projects) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let change = json!({ "summary": "Nothing has to change.", "edits": [], "files": [] });
        let model = team::start(change).await;
        let models = ["core", "pro", "ultra"]
            .map(|tier| format!("{tier} = {{ url = {:?}, model = \"scripted\" }}", model.base_url()));
        let host = HostSpec::new(&data.path().join("data"))
            .components(&[path("SKEP_TEST_COMPONENTS")], &[])
            .set("SKEP_MODELS", models.join("\n"))
            .set("SKEP_SOURCE_ROOTS", projects.path().display().to_string())
            .start();
        Self { host, model, projects, _data: data }
    }

    /// What this personality answers when it is asked to change files for this task.
    fn makes(&self, personality: &str, task: &str, change: &Value) {
        let (marker, task) = (format!("PHASE {personality}/generate"), format!("TASK: {task}\n"));
        let fits = move |question: &str| question.starts_with(&marker) && question.contains(&task);
        self.model.when(move |received| fits(received.last_text()), Scripted::json(change));
    }

    async fn run(&self, task: &str, capabilities: &Value, scope: &str, files: &[(&str, &str)]) -> Value {
        let folder = tempfile::tempdir_in(self.projects.path()).unwrap();
        for (path, content) in files {
            write(folder.path(), path, content);
        }
        let request =
            json!({ "task": task, "capabilities": capabilities, "scope": scope, "source": folder.path() });
        let answer = self.host.api().post("/v1/agents/tasks", &request).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        let mut body = self.host.api().ended(answer.body["taskId"].as_str().unwrap(), PATIENCE).await;
        body["assigned"] = answer.body["agentsAssigned"].clone();
        body
    }
}

fn write(folder: &Path, path: &str, content: &str) {
    let file = folder.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, content).unwrap();
}

/// A gate of a completed task as `status: evidence`.
fn gate(body: &Value, name: &str) -> String {
    let gates = body["output"]["gates"].as_array().unwrap_or_else(|| panic!("no gates: {body}"));
    let found = gates.iter().find(|gate| gate["name"] == name).unwrap_or_else(|| panic!("no {name}: {body}"));
    format!("{}: {}", found["status"].as_str().unwrap(), found["evidence"].as_str().unwrap())
}

fn files(files: &[(&str, &str)]) -> Value {
    let file = |(path, content): &(&str, &str)| json!({ "path": path, "content": content });
    json!({ "summary": "It is done.", "edits": [], "files": files.iter().map(file).collect::<Vec<_>>() })
}

const APP: &str = "def common(left, right):\n    found = []\n    for a in left:\n        for b in right:\n            if a == b:\n                found.append(a)\n    return found\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_runs_with_its_personalities_in_their_order() {
    let team = Team::start().await;
    let project = [
        ("app.py", APP),
        ("Makefile", "test:\n\tpython3 -m unittest\n"),
        ("LICENSE", "Apache License Version 2.0"),
    ];
    for (capabilities, agents, phases) in [
        (
            json!(["OPERATE"]),
            json!(["req-ai", "ops-ai", "tester-ai"]),
            json!(["requirements", "operations", "verification"]),
        ),
        (
            json!(["SECURE"]),
            json!(["req-ai", "security-ai", "coder-ai", "tester-ai"]),
            json!(["requirements", "security", "implementation", "verification"]),
        ),
        (
            json!(["PLATFORM"]),
            json!(["req-ai", "architect-ai", "platform-ai", "tester-ai"]),
            json!(["requirements", "architecture", "platform", "verification"]),
        ),
        (
            json!(["EVOLVE"]),
            json!(["req-ai", "architect-ai", "evolve-ai", "tester-ai"]),
            json!(["requirements", "architecture", "evolution", "verification"]),
        ),
        (
            json!(["OPTIMIZE"]),
            json!(["req-ai", "optimize-ai", "tester-ai"]),
            json!(["requirements", "optimization", "verification"]),
        ),
        (json!(["GOVERN"]), json!(["req-ai", "govern-ai"]), json!(["requirements", "governance"])),
        // A union in the common order, each personality once, whatever the order of the request.
        (
            json!(["GOVERN", "OPERATE", "BUILD"]),
            json!(["req-ai", "planner-ai", "architect-ai", "coder-ai", "ops-ai", "govern-ai", "tester-ai"]),
            json!([
                "requirements",
                "architecture",
                "implementation",
                "operations",
                "governance",
                "verification"
            ]),
        ),
        (
            json!(["BUILD", "OPERATE", "SECURE", "PLATFORM", "EVOLVE", "OPTIMIZE", "GOVERN"]),
            json!([
                "req-ai",
                "planner-ai",
                "architect-ai",
                "coder-ai",
                "ops-ai",
                "security-ai",
                "platform-ai",
                "evolve-ai",
                "optimize-ai",
                "govern-ai",
                "tester-ai"
            ]),
            json!([
                "requirements",
                "architecture",
                "implementation",
                "operations",
                "security",
                "platform",
                "evolution",
                "optimization",
                "governance",
                "verification"
            ]),
        ),
    ] {
        let body = team.run("Look after the project.", &capabilities, "demo", &project).await;
        assert_eq!(body["status"], "completed", "{capabilities}: {body}");
        assert_eq!(body["assigned"], agents, "{capabilities}");
        assert_eq!(body["completedPhases"], phases, "{capabilities}");
    }
    // Each of them is an agent of this host with its line.
    let listed = team.host.api().get("/v1/agents/list").await.unwrap().body;
    for (id, capability) in [
        ("ops-ai", "OPERATE"),
        ("security-ai", "SECURE"),
        ("platform-ai", "PLATFORM"),
        ("evolve-ai", "EVOLVE"),
        ("optimize-ai", "OPTIMIZE"),
        ("govern-ai", "GOVERN"),
    ] {
        let agent = listed["agents"].as_array().unwrap().iter().find(|agent| agent["id"] == id);
        let agent = agent.unwrap_or_else(|| panic!("no {id}: {listed}"));
        assert_eq!((&agent["status"], &agent["capabilities"]), (&json!("available"), &json!([capability])));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_the_workspace_is_a_no_go_until_coder_ai_has_taken_it_out() {
    let team = Team::start().await;
    // Put together here, so that this file has nothing that looks like a key.
    let key = ["AKIA", "Q7ZM2KD9", "XW4TB1LE"].concat();
    let config = format!("import os\n\nKEY = \"{key}\"\n");
    let project = [("config.py", config.as_str()), ("app.py", APP)];
    let seen = "security-ai: no-secrets failed (config.py:3: critical aws-access-key: KEY = \"AKIA****\")";

    let body = team.run("Is it safe?", &json!(["SECURE"]), "mvp", &project).await;
    assert_eq!(body["status"], "failed", "{body}");
    assert_eq!(body["error"]["code"], "GATES_FAILED", "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains(seen), "{body}");
    assert!(!body.to_string().contains(&key), "the key itself is nowhere in the result");

    // At demo the result is given, with the decision.
    let body = team.run("Is it safe?", &json!(["SECURE"]), "demo", &project).await;
    assert_eq!(body["status"], "completed", "{body}");
    assert!(gate(&body, "security-ai: no-secrets").starts_with("failed: config.py:3: "), "{body}");
    let artifacts = body["output"]["artifacts"].as_array().unwrap();
    let review = artifacts.iter().find(|artifact| artifact["id"] == "security-ai").unwrap();
    assert_eq!(review["content"]["decision"], "no-go", "{review}");

    // coder-ai is told where, changes it, and security-ai looks again.
    let mended = json!({
        "summary": "The key comes from the environment.",
        "edits": [{ "path": "config.py", "find": format!("KEY = \"{key}\""), "replace": "KEY = os.environ[\"AWS_KEY\"]" }],
        "files": [],
    });
    team.makes("coder-ai", "Take it out.", &mended);
    let asked = team.model.requests().len();
    for scope in ["demo", "mvp"] {
        let body = team.run("Take it out.", &json!(["SECURE"]), scope, &project).await;
        assert_eq!(body["status"], "completed", "{scope}: {body}");
        assert!(gate(&body, "security-ai: no-secrets").starts_with("passed"), "{scope}: {body}");
        assert_eq!(gate(&body, "security-ai: nothing-new"), "passed: 1 mended, 0 left", "{scope}");
        assert_eq!(body["output"]["files"], json!([{ "path": "config.py", "change": "modified" }]));
    }
    let questions: Vec<String> = team
        .model
        .requests()
        .split_off(asked)
        .iter()
        .map(|received| received.last_text().to_owned())
        .collect();
    let told = questions.iter().find(|question| question.starts_with("PHASE coder-ai/research")).unwrap();
    assert!(told.contains("config.py:3: critical aws-access-key") && !told.contains(&key), "{told}");
}

/// One specialist: a change that its checks let through, one that they do not, and what they say of both.
struct Case {
    capability: &'static str,
    personality: &'static str,
    scope: &'static str,
    project: &'static [(&'static str, &'static str)],
    good: Value,
    bad: Value,
    gate: &'static str,
    passed: &'static str,
    failed: &'static str,
}

fn cases() -> Vec<Case> {
    const RUNBOOK: &str = "# Deploy\n\n## Steps\n\n```\nmake test\n```\n\n## Verification\n\n`make test` says OK.\n\n## Rollback\n\nGo back to the version before.\n";
    const IMAGE: &str = "FROM python:3.13-slim\nCOPY . /app\nUSER app\n";
    const MANIFEST: &str = "[project]\nname = \"app\"\nversion = \"1.2.0\"\n";
    const RENAMED: &str = "def both(left, right):\n    return [a for a in left if a in right]\n";
    let project: &[(&str, &str)] =
        &[("app.py", APP), ("Makefile", "test:\n\tpython3 -m unittest\n"), ("pyproject.toml", MANIFEST)];
    vec![
        Case {
            capability: "OPERATE",
            personality: "ops-ai",
            scope: "mvp",
            project,
            good: files(&[("docs/runbooks/deploy.md", RUNBOOK)]),
            bad: files(&[(
                "docs/runbooks/deploy.md",
                RUNBOOK.replacen("make test", "make deploy", 1).as_str(),
            )]),
            gate: "commands-exist",
            passed: "passed: 2 command(s)",
            failed: "docs/runbooks/deploy.md:6: `make deploy`: the Makefile has no such target",
        },
        Case {
            capability: "PLATFORM",
            personality: "platform-ai",
            scope: "mvp",
            project,
            good: files(&[("Dockerfile", IMAGE)]),
            bad: files(&[("Dockerfile", IMAGE.replace(":3.13-slim", ":latest").as_str())]),
            gate: "images-pinned",
            passed: "passed: 1 file(s)",
            failed: "Dockerfile:1: `python:latest` is another image tomorrow",
        },
        Case {
            capability: "EVOLVE",
            personality: "evolve-ai",
            scope: "mvp",
            project,
            good: files(&[
                ("app.py", RENAMED),
                ("pyproject.toml", MANIFEST.replace("1.2.0", "2.0.0").as_str()),
                ("CHANGELOG.md", "# Changes\n\n## 2.0.0\n\n`common` is called `both`.\n"),
            ]),
            bad: files(&[
                ("app.py", RENAMED),
                ("pyproject.toml", MANIFEST.replace("1.2.0", "1.3.0").as_str()),
            ]),
            gate: "version-bumped",
            passed: "passed: pyproject.toml: 1.2.0 -> 2.0.0 (major step)",
            failed: "pyproject.toml: 1.2.0 -> 1.3.0; a major step is needed, to 2.0.0",
        },
        Case {
            capability: "OPTIMIZE",
            personality: "optimize-ai",
            scope: "mvp",
            project,
            good: files(&[(
                "app.py",
                "def common(left, right):\n    known = set(right)\n    return [a for a in left if a in known]\n",
            )]),
            bad: files(&[(
                "app.py",
                APP.replace("            if a == b:", "            right.sort()\n            if a == b:")
                    .as_str(),
            )]),
            gate: "not-worse",
            passed: "passed: app.py: work 5 -> 1, ",
            failed: "app.py:5: a sort in a loop",
        },
        Case {
            capability: "GOVERN",
            personality: "govern-ai",
            scope: "mvp",
            project: &[("app.py", APP), ("governance.toml", "[files]\nrequired = [\"SECURITY.md\"]\n")],
            good: files(&[("SECURITY.md", "# Security\n\nWrite to the maintainers.\n")]),
            bad: files(&[("CONTRIBUTING.md", "# Contributing\n\nWelcome.\n")]),
            gate: "rule:DOC-1",
            passed: "passed: The files that a project owes its users are there. (governance.toml [files]): SECURITY.md",
            failed: "SECURITY.md is missing",
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_checks_of_each_trade_hold_or_refuse_with_what_they_saw() {
    let team = Team::start().await;
    for case in cases() {
        let (good, bad) = (format!("{} well.", case.personality), format!("{} badly.", case.personality));
        team.makes(case.personality, &good, &case.good);
        team.makes(case.personality, &bad, &case.bad);
        let name = format!("{}: {}", case.personality, case.gate);

        let body = team.run(&good, &json!([case.capability]), case.scope, case.project).await;
        assert_eq!(body["status"], "completed", "{name}: {body}");
        let found = gate(&body, &name);
        assert!(found.starts_with(case.passed), "{name}: {found}");
        assert_eq!(body["output"]["summary"], "It is done.", "{body}");

        let body = team.run(&bad, &json!([case.capability]), case.scope, case.project).await;
        assert_eq!(body["status"], "failed", "{name}: {body}");
        assert_eq!(body["error"]["code"], "GATES_FAILED", "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("{name} failed (")) && message.contains(case.failed), "{message}");
        // It was sent back before it was refused, and the next round was told why.
        let told = team.model.requests().into_iter().any(|received| {
            let question = received.last_text();
            question.starts_with(&format!("PHASE {}/generate", case.personality))
                && question.contains(&bad)
                && question.contains(case.failed)
        });
        assert!(told, "{name}: the second round was not told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_rule_of_the_project_ends_the_task_before_anything_is_made() {
    let team = Team::start().await;
    let rule = "[[rule]]\nid = \"STOP-1\"\ntext = \"A person has reviewed it.\"\nreference = \"Policy 3\"\nfile = \"docs/review.md\"\nstop = true\n";
    let project = [("app.py", APP), ("governance.toml", rule)];
    let body = team.run("Publish it.", &json!(["GOVERN"]), "demo", &project).await;
    assert_eq!(body["status"], "failed", "{body}");
    assert_eq!(
        (&body["error"]["code"], &body["error"]["agent"], &body["error"]["phase"]),
        (&json!("NO_GO"), &json!("govern-ai"), &json!("inspect")),
        "{body}"
    );
    let reviewed = [project[0], project[1], ("docs/review.md", "# Review\n")];
    let body = team.run("Publish it.", &json!(["GOVERN"]), "demo", &reviewed).await;
    assert_eq!(body["status"], "completed", "{body}");
}
