#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

const GOOD: &str = "# Deploy\n\n## Steps\n\n```\nmake build\ndocker compose up -d web\n```\n\n## Verification\n\n`curl http://localhost:8080/health` answers 200.\n\n## Rollback\n\nRun `make build` on the version before.\n";

fn brief(scope: &str) -> Brief {
    Brief {
        scope: scope.into(),
        files: vec!["Makefile".into(), "compose.yaml".into()],
        ..testing::brief("write a runbook for deploying")
    }
}

fn project() -> Host {
    Host::new()
        .file("Makefile", "build:\n\techo build\n")
        .file("compose.yaml", "services:\n  web:\n    image: web:1.0\n    ports:\n      - \"8080:80\"\n    volumes:\n      - state:/var/lib/web\n")
        .file("app.py", "@route(\"/health\")\n")
}

fn scripted(host: Host, files: &Value) -> Host {
    host.model_answers(&json!({"duties": ["Deploy."]}))
        .model_answers(&json!({"risks": ["The disk fills up."]}))
        .model_answers(&json!({"edits": [], "files": files, "summary": "There is a runbook."}))
        .model_answers(&json!({"automate": "The deploy."}))
        .model_answers(&json!({"rehearse": "The rollback."}))
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("ops-ai", brief).unwrap()
}

fn gate(outcome: &Outcome, name: &str) -> Gate {
    let gates = &outcome.review.as_ref().unwrap().gates;
    gates.iter().find(|gate| gate.name == name).unwrap().clone()
}

fn runbook(text: &str) -> Value {
    json!([{"path": "docs/runbooks/deploy.md", "content": text}])
}

#[test]
fn a_runbook_that_fits_the_project_is_accepted() {
    let host = scripted(project(), &runbook(GOOD));
    let outcome = run(&host, brief("mvp"));
    let facts: Value = serde_json::from_str(&outcome.research.details).unwrap();
    assert_eq!(facts["facts"]["commands"], json!(["make build", "docker compose up -d web"]));
    assert_eq!(facts["facts"]["ports"][0], json!({"port": 8080, "place": "compose.yaml:5"}));
    assert!(facts["facts"]["health"][0].as_str().unwrap().starts_with("app.py:1"), "{facts}");
    let review = outcome.review.clone().unwrap();
    assert_eq!(review.verdict, Verdict::Accept, "{:?}", review.gates);
    assert_eq!(gate(&outcome, "commands-exist").status, GateStatus::Passed);
    assert_eq!(gate(&outcome, "scripts-sound").status, GateStatus::NotRun);
    assert!(host.text("docs/runbooks/deploy.md").is_some());
}

#[test]
fn what_the_project_does_not_have_fails_with_its_line() {
    for (from, to, name, evidence) in [
        (
            "make build\ndocker",
            "make deploy\ndocker",
            "commands-exist",
            "docs/runbooks/deploy.md:6: `make deploy`: the Makefile has no such target",
        ),
        ("-d web", "-d cache", "commands-exist", "docs/runbooks/deploy.md:7: `compose … cache`"),
        (
            ":8080/",
            ":9090/",
            "ports-agree",
            "docs/runbooks/deploy.md:12: port 9090, the settings have 8080, 80",
        ),
        (
            "## Rollback",
            "## Later",
            "runbook-sections",
            "docs/runbooks/deploy.md has no section about rollback",
        ),
        (
            "Run `make build` on the version before.",
            "",
            "runbook-sections",
            "docs/runbooks/deploy.md: the section about rollback is empty",
        ),
        (
            "answers 200",
            "answers 200 on your-server",
            "no-placeholders",
            "docs/runbooks/deploy.md:12: `your-` is a placeholder",
        ),
    ] {
        let host = scripted(project(), &runbook(&GOOD.replace(from, to)));
        let outcome = run(&host, brief("demo"));
        let found = gate(&outcome, name);
        assert!(found.is_failed() && found.evidence.starts_with(evidence), "{found:?}");
        assert_eq!(outcome.review.unwrap().verdict, Verdict::Rework);
    }
}

#[test]
fn a_script_that_cannot_be_right_is_sent_back_and_not_written() {
    let script = |text: &str| json!([{"path": "scripts/deploy.sh", "content": text}]);
    let host = project()
        .model_answers(&json!({"duties": []}))
        .model_answers(&json!({"risks": []}))
        .model_answers(
            &json!({"edits": [], "files": script("#!/bin/sh\nset -e\necho \"a\n"), "summary": "s"}),
        )
        .model_answers(
            &json!({"edits": [], "files": script("#!/bin/sh\nset -e\nmake build\n"), "summary": "s"}),
        )
        .model_answers(&json!({"automate": "a"}))
        .model_answers(&json!({"rehearse": "a"}));
    let outcome = run(&host, brief("demo"));
    assert_eq!(host.text("scripts/deploy.sh").unwrap(), "#!/bin/sh\nset -e\nmake build\n");
    let asked = host.model_requests()[3].messages.last().unwrap().content.clone();
    assert!(
        asked.contains("PHASE ops-ai/generate/repair") && asked.contains("the quote \" is never closed"),
        "{asked}"
    );
    assert_eq!(gate(&outcome, "scripts-sound").status, GateStatus::Passed);
    assert!(gate(&outcome, "runbook-written").is_failed());
}

#[test]
fn code_is_not_this_trade_and_without_an_answer_the_facts_make_the_runbook() {
    let mut host =
        project().model_answers(&json!({"duties": []})).model_answers(&json!({"risks": []})).model_answers(
            &json!({"edits": [], "files": [{"path": "app.py", "content": "x = 1\n"}], "summary": "s"}),
        );
    for _ in 0..6 {
        host = host.model_text("no");
    }
    let outcome = run(&host, brief("mvp"));
    let generate = outcome.generate.clone().unwrap();
    let details: Value = serde_json::from_str(&generate.details).unwrap();
    assert_eq!(details["computed"], json!(true));
    assert!(details["unused"][0].as_str().unwrap().contains("`app.py` is no runbook"), "{details}");
    assert_eq!(host.text("app.py").unwrap(), "@route(\"/health\")\n");
    let text = host.text("docs/runbooks/operations.md").unwrap();
    assert!(text.contains("`make build`") && text.contains("## Rollback"), "{text}");
    for name in ["commands-exist", "runbook-sections", "no-placeholders"] {
        assert_eq!(gate(&outcome, name).status, GateStatus::Passed, "{name}");
    }
    assert!(gate(&outcome, "edits-made").is_failed());
}

#[test]
fn at_product_what_is_kept_has_to_be_saved() {
    let host = scripted(project(), &runbook(GOOD));
    let found = gate(&run(&host, brief("product")), "state-kept");
    drop(host);
    assert!(found.is_failed() && found.evidence.contains("compose.yaml:7"), "{found:?}");
    let host = scripted(project(), &runbook(&format!("{GOOD}\n## Backup\n\nSave it, restore it.\n")));
    assert!(!gate(&run(&host, brief("product")), "state-kept").is_failed());
}
