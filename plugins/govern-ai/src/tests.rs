#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

const MIT: &str = "MIT License\n\nPermission is hereby granted, free of charge, to any person … The above copyright notice and this permission notice shall be included\n";
const RISKS: &str = "# Risks\n\n| Risk | Likelihood | Impact | Owner | Mitigation |\n|---|---|---|---|---|\n| Loss | low | high | ops | backups |\n";

fn brief(scope: &str) -> Brief {
    Brief {
        scope: scope.into(),
        files: vec!["package.json".into()],
        ..testing::brief("is this ready to be published")
    }
}

fn project() -> Host {
    Host::new()
        .file("package.json", "{\"name\":\"a\",\"version\":\"1.2.0\",\"license\":\"MIT\",\"dependencies\":{\"left\":\"^1\"}}")
        .file("package-lock.json", "{\"packages\":{\"\":{},\"node_modules/left\":{\"version\":\"1.0.0\",\"license\":\"(MIT OR GPL-3.0)\"}}}")
        .file("LICENSE", MIT)
        .file("SECURITY.md", "# Security\n")
        .file("CHANGELOG.md", "# Changes\n\n## [1.2.0]\n")
        .file("CODEOWNERS", "* @team\n/src/ @team\n")
        .file("RISKS.md", RISKS)
        .file("src/a.js", "x = 1;\n")
}

fn scripted(host: Host, files: &Value) -> Host {
    host.model_answers(&json!({"obligations": ["To name authors."]}))
        .model_answers(&json!({"risks": ["A claim."]}))
        .model_answers(&json!({"edits": [], "files": files, "summary": "The rules were judged."}))
        .model_answers(&json!({"lighter": "Licences."}))
        .model_answers(&json!({"decide": "The owner."}))
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("govern-ai", brief).unwrap()
}

fn gate(outcome: &Outcome, name: &str) -> Gate {
    let gates = outcome.review.as_ref().map_or(&outcome.inspect.gates, |review| &review.gates);
    gates.iter().find(|gate| gate.name == name).unwrap().clone()
}

#[test]
fn a_project_that_keeps_the_rules_is_a_go_at_every_scope() {
    for scope in ["demo", "mvp", "production"] {
        let host = scripted(project(), &json!([]));
        let outcome = run(&host, brief(scope));
        let review = outcome.review.clone().unwrap();
        assert_eq!(review.verdict, Verdict::Accept, "{scope}: {:?}", review.gates);
        assert_eq!(gate(&outcome, "rule:LIC-1").status, GateStatus::Passed);
        let details: Value = serde_json::from_str(&outcome.generate.unwrap().details).unwrap();
        assert_eq!(details["decision"], json!("go"));
    }
}

#[test]
fn each_rule_that_is_broken_is_a_no_go_with_its_reference() {
    let lock = |licence: &str| {
        format!(
            "{{\"packages\":{{\"node_modules/left\":{{\"version\":\"1.0.0\",\"license\":\"{licence}\"}}}}}}"
        )
    };
    for (path, text, name, evidence) in [
        ("package-lock.json", lock("AGPL-3.0"), "rule:LIC-1", "(governance.toml [licences]): left@1.0.0 has AGPL-3.0 (package-lock.json)"),
        ("package-lock.json", lock(""), "rule:LIC-2", "no file says the licence of left"),
        ("LICENSE", "Apache License Version 2.0".to_owned(), "rule:LIC-3", "package.json says MIT, LICENSE is Apache-2.0"),
        ("CODEOWNERS", "/src/\n/gone/ @team\n".to_owned(), "rule:OWN-1", "CODEOWNERS:1: /src/ has no owner; CODEOWNERS:2: no file is /gone/"),
        ("CHANGELOG.md", "# Changes\n\n## 1.1.0\n".to_owned(), "rule:CHG-1", "package.json is 1.2.0, CHANGELOG.md has no section"),
        ("RISKS.md", RISKS.replace("ops", ""), "rule:RSK-1", "RISKS.md:5: no owner"),
        ("governance.toml", "[files]\nrequired = [\"NOTICE\"]\n".to_owned(), "rule:DOC-1", "NOTICE is missing"),
        ("governance.toml", "[licences\n".to_owned(), "rule:GOV-1", "governance.toml is not TOML"),
        ("governance.toml", "[[rule]]\nid = \"P\"\ntext = \"No x.\"\nreference = \"ISO 1\"\nforbids = \"x =\"\nin = \"src/\"\n".to_owned(), "rule:P", "No x. (ISO 1): src/a.js:1"),
    ] {
        let host = scripted(project().file(path, &text), &json!([]));
        let outcome = run(&host, brief("product"));
        let found = gate(&outcome, name);
        assert!(found.is_failed() && found.evidence.contains(evidence), "{found:?}");
        assert!(gate(&outcome, "decision").evidence.starts_with("no-go: broken "), "{name}");
        assert_eq!(outcome.review.unwrap().verdict, Verdict::Rework);
    }
}

#[test]
fn the_policy_of_the_project_decides() {
    let gpl = "{\"packages\":{\"node_modules/left\":{\"version\":\"1.0.0\",\"license\":\"GPL-3.0-only\"}}}";
    let host = scripted(
        project()
            .file("package-lock.json", gpl)
            .file("governance.toml", "[licences]\nallow = [\"GPL-3.0\"]\n"),
        &json!([]),
    );
    assert!(!gate(&run(&host, brief("mvp")), "rule:LIC-1").is_failed());
    drop(host);
    let policy = "[licences]\ndeny = [\"MIT\"]\n[licences.known]\nright = \"MIT\"\n";
    let host = scripted(project().file("governance.toml", policy), &json!([]));
    let found = gate(&run(&host, brief("mvp")), "rule:LIC-1");
    assert!(found.is_failed() && found.evidence.contains("right has MIT (governance.toml)"), "{found:?}");
}

#[test]
fn a_stop_rule_ends_the_task_before_anything_is_made() {
    let policy =
        "[[rule]]\nid = \"STOP\"\ntext = \"There is a review.\"\nfile = \"docs/review.md\"\nstop = true\n";
    let host = project()
        .file("governance.toml", policy)
        .model_answers(&json!({"obligations": []}))
        .model_answers(&json!({"risks": []}));
    let outcome = run(&host, brief("demo"));
    assert_eq!((outcome.inspect.decision, outcome.generate.is_none()), (Decision::NoGo, true));
    assert!(gate(&outcome, "rule:STOP").evidence.contains("docs/review.md is missing"));
    drop(host);
    let host =
        scripted(project().file("governance.toml", policy).file("docs/review.md", "# Review\n"), &json!([]));
    assert_eq!(run(&host, brief("demo")).inspect.decision, Decision::Go);
}

#[test]
fn what_is_written_mends_a_rule_and_policy_licence_and_code_are_left_alone() {
    let policy = "[files]\nrequired = [\"NOTICE\"]\n";
    let host =
        scripted(project().file("governance.toml", policy), &json!([{"path": "NOTICE", "content": "a\n"}]));
    let outcome = run(&host, brief("mvp"));
    assert!(!gate(&outcome, "rule:DOC-1").is_failed());
    let measures: Value = serde_json::from_str(&outcome.optimize.unwrap().details).unwrap();
    assert_eq!(
        (&measures["measures"]["broken"], &measures["measures"]["broken_before"]),
        (&json!(0), &json!(1))
    );
    drop(host);
    let wrong = json!([{"path": "governance.toml", "content": "[files]\nrequired = []\n"}, {"path": "LICENSE", "content": "mine\n"}, {"path": "src/a.js", "content": "y\n"}]);
    let change = |files: &Value| json!({"edits": [], "files": files, "summary": "s"});
    let host = project()
        .file("governance.toml", policy)
        .model_answers(&json!({"obligations": []}))
        .model_answers(&json!({"risks": []}))
        .model_answers(&change(&wrong))
        .model_answers(&change(&wrong))
        .model_answers(&json!({"lighter": "a"}))
        .model_answers(&json!({"decide": "a"}));
    let outcome = run(&host, brief("mvp"));
    assert_eq!(host.text("governance.toml").unwrap(), policy);
    assert_eq!(host.text("LICENSE").unwrap(), MIT);
    assert_eq!(gate(&outcome, "edits-made").evidence.matches('`').count(), 6);
}
