#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

const IMAGE: &str = "FROM python:3.13-slim AS build\nRUN pip install .\nFROM python:3.13-slim\nCOPY --from=build /app /app\nUSER app\nCMD [\"python\", \"app.py\"]\n";
const COMPOSE: &str = "services:\n  web:\n    build: .\n    deploy:\n      resources:\n        limits:\n          memory: 256M\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: app\n      image: app:1.2\n      securityContext:\n        runAsNonRoot: true\n      resources:\n        limits:\n          memory: 64Mi\n";
const CI: &str = "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - run: make test\n";

fn brief(scope: &str) -> Brief {
    Brief {
        scope: scope.into(),
        files: vec!["Makefile".into(), "app.py".into()],
        ..testing::brief("put it into a container")
    }
}

fn scripted(host: Host, files: &Value) -> Host {
    host.model_answers(&json!({"needs": ["Python."]}))
        .model_answers(&json!({"risks": ["The image is gone."]}))
        .model_answers(&json!({"edits": [], "files": files, "summary": "It runs in a container."}))
        .model_answers(&json!({"smaller": "A cache."}))
        .model_answers(&json!({"unseen": "Memory."}))
}

fn project() -> Host {
    Host::new().file("Makefile", "test:\n\tpython -m unittest\n").file("app.py", "x = 1\n")
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("platform-ai", brief).unwrap()
}

fn gate(outcome: &Outcome, name: &str) -> Gate {
    let gates = &outcome.review.as_ref().unwrap().gates;
    gates.iter().find(|gate| gate.name == name).unwrap().clone()
}

fn files(changed: (&str, &str)) -> Value {
    let all = [
        ("Dockerfile", IMAGE),
        ("compose.yaml", COMPOSE),
        ("k8s/pod.yaml", POD),
        (".github/workflows/ci.yml", CI),
    ];
    let file = |(path, text): (&str, &str)| {
        let text = if path == changed.0 { changed.1 } else { text };
        json!({"path": path, "content": text})
    };
    json!(all.map(file))
}

#[test]
fn files_that_keep_the_rules_are_accepted() {
    let host = scripted(project(), &files(("", "")));
    let outcome = run(&host, brief("mvp"));
    let review = outcome.review.clone().unwrap();
    assert_eq!(review.verdict, Verdict::Accept, "{:?}", review.gates);
    for name in [
        "config-parses",
        "images-pinned",
        "non-root",
        "no-privileged",
        "limits-set",
        "ci-steps-exist",
        "no-baked-secrets",
    ] {
        assert_eq!(gate(&outcome, name).status, GateStatus::Passed, "{name}");
    }
}

#[test]
fn each_rule_fails_with_its_line() {
    for (path, text, name, evidence) in [
        (
            "Dockerfile",
            IMAGE.replace("python:3.13-slim\nCOPY", "python\nCOPY"),
            "images-pinned",
            "Dockerfile:3: `python` has no tag",
        ),
        (
            "Dockerfile",
            IMAGE.replace("3.13-slim AS", "latest AS"),
            "images-pinned",
            "Dockerfile:1: `python:latest` is another image tomorrow",
        ),
        (
            "Dockerfile",
            IMAGE.replace("USER app\n", ""),
            "non-root",
            "Dockerfile:3: the last stage has no USER",
        ),
        (
            "Dockerfile",
            IMAGE.replace("USER app", "ENV API_TOKEN=abc\nUSER app"),
            "no-baked-secrets",
            "Dockerfile:5: API_TOKEN",
        ),
        (
            "compose.yaml",
            COMPOSE.replace("build: .", "image: web:1\n    privileged: true"),
            "no-privileged",
            "compose.yaml:4: service web is privileged",
        ),
        (
            "compose.yaml",
            "services:\n  web:\n    build: .\n".to_owned(),
            "limits-set",
            "compose.yaml:2: service web has no limits",
        ),
        (
            "k8s/pod.yaml",
            POD.replace("runAsNonRoot: true", "runAsNonRoot: false"),
            "non-root",
            "k8s/pod.yaml:7: container app",
        ),
        ("k8s/pod.yaml", POD.replace("app:1.2", "app"), "images-pinned", "k8s/pod.yaml:8: `app` has no tag"),
        (
            "k8s/pod.yaml",
            POD.replace("spec:\n", "spec:\n  hostNetwork: true\n"),
            "no-privileged",
            "k8s/pod.yaml:6: hostNetwork is true",
        ),
        (
            ".github/workflows/ci.yml",
            CI.replace("make test", "make lint"),
            "ci-steps-exist",
            ".github/workflows/ci.yml:7: `make lint`",
        ),
        (
            ".github/workflows/ci.yml",
            CI.replace("@v4", "@main"),
            "images-pinned",
            ".github/workflows/ci.yml:6: `actions/checkout@main`",
        ),
    ] {
        let host = scripted(project(), &files((path, &text)));
        let found = gate(&run(&host, brief("mvp")), name);
        assert!(found.is_failed() && found.evidence.starts_with(evidence), "{found:?}");
    }
}

#[test]
fn what_is_not_yaml_is_sent_back_and_not_written() {
    let file = |text: &str| json!({"edits": [], "files": [{"path": "compose.yaml", "content": text}], "summary": "s"});
    let host = project()
        .model_answers(&json!({"needs": []}))
        .model_answers(&json!({"risks": []}))
        .model_answers(&file("services: [web\nimage: x\n"))
        .model_answers(&file(COMPOSE))
        .model_answers(&json!({"smaller": "a"}))
        .model_answers(&json!({"unseen": "a"}));
    run(&host, brief("demo"));
    assert_eq!(host.text("compose.yaml").unwrap(), COMPOSE);
    assert!(host.model_requests()[3].messages.last().unwrap().content.contains("not YAML"));
}

#[test]
fn code_is_not_the_platform_s_and_nothing_made_fails() {
    let host = project()
        .model_answers(&json!({"needs": []}))
        .model_answers(&json!({"risks": []}))
        .model_answers(&json!({"edits": [{"path": "app.py", "find": "x = 1", "replace": "x = 2"}], "files": [], "summary": "s"}))
        .model_answers(&json!({"edits": [], "files": [], "summary": "s"}))
        .model_answers(&json!({"smaller": "a"}))
        .model_answers(&json!({"unseen": "a"}));
    let outcome = run(&host, brief("demo"));
    assert_eq!(host.text("app.py").unwrap(), "x = 1\n");
    assert!(gate(&outcome, "platform-written").is_failed());
}

#[test]
fn what_stood_there_before_is_judged_from_product_on_and_production_asks_for_digests() {
    let old = |host: Host| host.file("old/Dockerfile", "FROM alpine\n");
    let host = scripted(old(project()), &files(("", "")));
    let outcome = run(&host, brief("mvp"));
    assert!(!gate(&outcome, "images-pinned").is_failed());
    let facts: Value = serde_json::from_str(&outcome.research.details).unwrap();
    assert!(
        facts["facts"]["problems"][0].as_str().unwrap().starts_with("old/Dockerfile:1: images-pinned"),
        "{facts}"
    );
    drop(host);
    let host = scripted(old(project()), &files(("", "")));
    assert!(gate(&run(&host, brief("product")), "images-pinned").evidence.starts_with("old/Dockerfile:1"));
    drop(host);
    let host = scripted(project(), &files(("", "")));
    let found = gate(&run(&host, brief("production")), "images-pinned");
    assert!(
        found.is_failed()
            && found.evidence.contains("has a tag and no digest")
            && found.evidence.contains("has no commit"),
        "{found:?}"
    );
}
