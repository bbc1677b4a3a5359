#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

const TODO: &str = "def overdue(items, today):\n    return []\n\n\ndef add(items, text):\n    return 1\n";
const MANIFEST: &str = "[project]\nname = \"todo\"\nversion = \"1.2.0\"\ndependencies = [\"rich>=13,<14\"]\n";
const CHANGES: &str = "# Changes\n";

fn brief(scope: &str) -> Brief {
    let files = ["CHANGELOG.md", "pyproject.toml", "todo.py"].map(str::to_owned).to_vec();
    Brief { scope: scope.into(), files, ..testing::brief("rename overdue to late") }
}

fn project() -> Host {
    Host::new().file("todo.py", TODO).file("pyproject.toml", MANIFEST).file("CHANGELOG.md", CHANGES)
}

fn edit(path: &str, find: &str, replace: &str) -> Value {
    json!({"path": path, "find": find, "replace": replace})
}

fn whole() -> Vec<Value> {
    vec![
        edit("todo.py", "def overdue(", "def late("),
        edit("pyproject.toml", "1.2.0", "2.0.0"),
        edit("CHANGELOG.md", "# Changes", "# Changes\n\n## 2.0.0\n\n`overdue` is called `late`."),
    ]
}

fn scripted(host: Host, edits: &[Value]) -> Host {
    host.model_answers(&json!({"users": ["The command line calls overdue."]}))
        .model_answers(&json!({"risks": ["They stop."]}))
        .model_answers(&json!({"edits": edits, "files": [], "summary": "overdue is called late."}))
        .model_answers(&json!({"gentler": "Keep the old name."}))
        .model_answers(&json!({"unseen": "Nothing."}))
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("evolve-ai", brief).unwrap()
}

fn gate(outcome: &Outcome, name: &str) -> Gate {
    let gates = &outcome.review.as_ref().unwrap().gates;
    gates.iter().find(|gate| gate.name == name).unwrap().clone()
}

#[test]
fn a_renamed_name_with_its_note_and_version_is_accepted() {
    let host = scripted(project(), &whole());
    let outcome = run(&host, brief("mvp"));
    let review = outcome.review.clone().unwrap();
    assert_eq!(review.verdict, Verdict::Accept, "{:?}", review.gates);
    let details: Value = serde_json::from_str(&outcome.generate.clone().unwrap().details).unwrap();
    assert_eq!(details["difference"]["renamed"], json!(["todo.py: overdue -> late"]));
    assert_eq!(details["difference"]["step"], json!("major"));
    assert_eq!(gate(&outcome, "migration-note").evidence, "CHANGELOG.md names overdue");
    assert_eq!(gate(&outcome, "version-bumped").evidence, "pyproject.toml: 1.2.0 -> 2.0.0 (major step)");
    assert!(gate(&outcome, "api-compared").evidence.contains("renamed: todo.py: overdue -> late"));
}

#[test]
fn a_name_that_goes_without_a_note_or_a_step_fails() {
    let all = whole();
    let only = |wanted: &[usize]| wanted.iter().map(|index| all[*index].clone()).collect::<Vec<_>>();
    let host = scripted(project(), &only(&[0]));
    let outcome = run(&host, brief("demo"));
    drop(host);
    assert!(
        gate(&outcome, "migration-note")
            .evidence
            .starts_with("no document of this task tells users what to do about overdue")
    );
    let version = gate(&outcome, "version-bumped");
    assert!(
        version.is_failed()
            && version.evidence == "pyproject.toml: 1.2.0 -> 1.2.0; a major step is needed, to 2.0.0",
        "{version:?}"
    );
    let mut silent = only(&[0, 1]);
    silent.push(edit("CHANGELOG.md", "# Changes", "# Changes\n\n## 2.0.0\n\nBetter."));
    let host = scripted(project(), &silent);
    let found = gate(&run(&host, brief("demo")), "migration-note");
    assert!(found.is_failed() && found.evidence == "CHANGELOG.md does not name overdue", "{found:?}");
}

#[test]
fn what_coder_ai_changed_before_is_compared_with_what_was_there_before_it() {
    let mut after = brief("demo");
    let change = json!({"path": "todo.py", "change": "modify", "sha256": "", "lines_added": 1, "lines_removed": 1, "note": "one edit",
        "api_before": [{"name": "gone", "form": "(a)"}, {"name": "overdue", "form": "(items, today)"}, {"name": "add", "form": "(items, text)"}]});
    let manifest = json!({"path": "pyproject.toml", "change": "modify", "sha256": "", "lines_added": 1, "lines_removed": 1, "note": "one edit",
        "api_before": [{"name": "version", "form": "1.1.0"}]});
    after.earlier.push(Contribution {
        personality: "coder-ai".into(),
        details: json!({"summary": "s", "changes": [change, manifest]}).to_string(),
    });
    let host = scripted(project(), &[edit("CHANGELOG.md", "# Changes", "# Changes\n\nMore.")]);
    let outcome = run(&host, after);
    let details: Value = serde_json::from_str(&outcome.generate.clone().unwrap().details).unwrap();
    assert_eq!(details["difference"]["removed"], json!(["todo.py: gone"]));
    assert!(gate(&outcome, "migration-note").is_failed());
    assert!(
        gate(&outcome, "version-bumped").evidence.starts_with("pyproject.toml: 1.1.0 -> 1.2.0; a major step")
    );
}

#[test]
fn a_later_round_compares_with_before_the_task_and_not_with_the_round_before() {
    let host = scripted(project(), &whole()[..1]);
    let first = run(&host, brief("mvp")).generate.unwrap().details;
    drop(host);
    let mut again = brief("mvp");
    again.round = 2;
    again.findings = vec![Gate::failed("evolve-ai: migration-note", "no document")];
    again.earlier.push(Contribution { personality: "evolve-ai".into(), details: first });
    let renamed = TODO.replace("def overdue(", "def late(");
    let host = scripted(project().file("todo.py", &renamed), &whole()[1..]);
    let outcome = run(&host, again);
    let review = outcome.review.clone().unwrap();
    assert_eq!(review.verdict, Verdict::Accept, "{:?}", review.gates);
    let details: Value = serde_json::from_str(&outcome.generate.unwrap().details).unwrap();
    assert_eq!(details["difference"]["broken"], json!(["overdue"]));
    assert_eq!(details["changes"].as_array().unwrap().len(), 3);
}

#[test]
fn new_dependencies_have_an_end_and_stand_in_the_lock_file() {
    for (requirement, name, fails) in [
        ("httpx", "dependencies-bounded", true),
        ("httpx>=0.27,<1", "dependencies-bounded", false),
        ("httpx>=0.27,<1", "lock-agrees", true),
    ] {
        let edits =
            [edit("pyproject.toml", "\"rich>=13,<14\"", &format!("\"rich>=13,<14\", \"{requirement}\""))];
        let host = scripted(project().file("uv.lock", "[[package]]\nname = \"rich\"\n"), &edits);
        let found = gate(&run(&host, brief("product")), name);
        assert_eq!(found.is_failed(), fails, "{found:?}");
        if fails {
            assert!(found.evidence.contains("httpx"), "{found:?}");
        }
    }
}

#[test]
fn a_manifest_that_cannot_be_read_is_not_written() {
    let host = project()
        .model_answers(&json!({"users": []}))
        .model_answers(&json!({"risks": []}))
        .model_answers(
            &json!({"edits": [edit("pyproject.toml", "[project]", "[project")], "files": [], "summary": "s"}),
        )
        .model_answers(&json!({"edits": [], "files": [], "summary": "s"}))
        .model_answers(&json!({"gentler": "a"}))
        .model_answers(&json!({"unseen": "a"}));
    let outcome = run(&host, brief("demo"));
    assert_eq!(host.text("pyproject.toml").unwrap(), MANIFEST);
    assert!(gate(&outcome, "change-made").is_failed());
}
