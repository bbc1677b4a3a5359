#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

const TODO: &str = "def is_overdue(item, today):\n    return item.due < today\n";

fn brief(scope: &str, changes: Value) -> Brief {
    let coder = json!({"summary": "Items due today are not overdue.", "changes": changes});
    Brief {
        scope: scope.into(),
        files: vec!["checks/tests/days.py".into(), "test_todo.py".into(), "todo.py".into()],
        earlier: vec![
            Contribution {
                personality: "req-ai".into(),
                details: json!({"requirements": ["Not overdue on the day."]}).to_string(),
            },
            Contribution { personality: "coder-ai".into(), details: coder.to_string() },
        ],
        ..testing::brief("is_overdue is wrong on the day itself")
    }
}

fn modified(path: &str, content: &str) -> Value {
    json!({"path": path, "sha256": skep_sdk::sha256(content.as_bytes()), "change": "modify"})
}

fn project() -> Host {
    Host::new()
        .file("todo.py", TODO)
        .file("test_todo.py", "import unittest\n")
        .file("checks/tests/days.py", "from todo import is_overdue\n")
}

fn scripted(host: Host) -> Host {
    host.model_answers(&json!({"test_ideas": ["The day itself."]}))
        .model_answers(&json!({"risks": ["Time zones."]}))
        .model_answers(&json!({"tests": ["Run python -m unittest."], "rollback": "git revert"}))
        .model_answers(&json!({"cheaper": "One test."}))
        .model_answers(&json!({"remark": "Nothing."}))
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("tester-ai", brief).unwrap()
}

fn failed(outcome: &Outcome) -> Vec<String> {
    let gates = &outcome.review.as_ref().unwrap().gates;
    gates.iter().filter(|gate| gate.is_failed()).map(|gate| gate.name.clone()).collect()
}

fn parsed(details: &str) -> Value {
    serde_json::from_str(details).unwrap()
}

#[test]
fn what_was_reported_is_read_again_and_accepted() {
    let host = scripted(project());
    let outcome = run(&host, brief("mvp", json!([modified("todo.py", TODO)])));
    let review = outcome.review.clone().unwrap();
    assert_eq!((review.verdict, failed(&outcome)), (Verdict::Accept, vec![]));
    let names: Vec<&str> = review.gates.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(names, ["change-reported", "artifact:todo.py", "content:todo.py", "tests-considered"]);
    assert_eq!(
        parsed(&outcome.research.details)["facts"]["tests"],
        json!(["test_todo.py", "checks/tests/days.py"])
    );
    let generate = outcome.generate.unwrap();
    assert_eq!(parsed(&generate.details)["rollback"], json!("git revert"));
    assert_eq!(generate.confidence, 0.9);
    let requests = host.model_requests();
    let markers: Vec<&str> =
        requests.iter().filter_map(|request| request.messages.last()?.content.lines().next()).collect();
    let phases = ["research", "inspect", "generate", "optimize", "review"];
    assert_eq!(markers, phases.map(|phase| format!("PHASE tester-ai/{phase}")));
    assert!(requests[0].messages[1].content.contains("modify todo.py"));
    assert!(requests[4].messages.last().unwrap().content.contains("All computed checks"));
}

#[test]
fn the_verdict_follows_from_the_files_and_not_from_the_model() {
    for (content, change, gate) in [
        (TODO, modified("todo.py", "something else"), "artifact:todo.py"),
        (TODO, modified("gone.py", TODO), "artifact:gone.py"),
        (" \n", modified("todo.py", " \n"), "content:todo.py"),
        ("a\n<<<<<<< HEAD\n", modified("todo.py", "a\n<<<<<<< HEAD\n"), "content:todo.py"),
    ] {
        let host = scripted(project().file("todo.py", content));
        let outcome = run(&host, brief("demo", json!([change])));
        assert_eq!(failed(&outcome), [gate]);
        let review = outcome.review.unwrap();
        assert_eq!(review.verdict, Verdict::Rework);
        assert!(parsed(&review.details)["reason"].as_str().unwrap().contains(gate));
        assert!(host.model_requests()[4].messages.last().unwrap().content.contains(gate));
    }
}

#[test]
fn nothing_changed_fails_and_a_line_without_coder_does_not() {
    let host = scripted(project());
    assert_eq!(failed(&run(&host, brief("demo", json!([])))), ["change-reported"]);
    drop(host);
    let host = scripted(project());
    let mut without = brief("mvp", json!([]));
    without.earlier.pop();
    let outcome = run(&host, without);
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
}

#[test]
fn what_other_makers_wrote_is_read_again_too_and_the_last_one_of_a_file_counts() {
    let ops = |sha256: &str| {
        json!({"summary": "There is a runbook.", "changes": [
            {"path": "todo.py", "sha256": sha256, "change": "modify", "round": 1}]})
    };
    for (sha256, fails) in [(skep_sdk::sha256(TODO.as_bytes()), false), (skep_sdk::sha256(b"other"), true)] {
        let mut after =
            brief("demo", json!([{"path": "todo.py", "sha256": "old", "change": "create", "round": 1}]));
        after.earlier.push(Contribution { personality: "ops-ai".into(), details: ops(&sha256).to_string() });
        let host = scripted(project());
        let outcome = run(&host, after);
        assert_eq!(failed(&outcome).contains(&"artifact:todo.py".to_owned()), fails);
        let facts = &parsed(&outcome.research.details)["facts"];
        assert_eq!(facts["maker"], json!("coder-ai, ops-ai"));
        assert_eq!(
            (&facts["changed"][0]["change"], facts["changed"].as_array().unwrap().len()),
            (&json!("create"), 1)
        );
    }
}

#[test]
fn unusable_answers_leave_the_computed_checks_and_a_rollback() {
    let mut host = project();
    for _ in 0..10 {
        host = host.model_text("no");
    }
    let outcome = run(&host, brief("mvp", json!([modified("todo.py", TODO)])));
    let generate = outcome.generate.unwrap();
    let details = parsed(&generate.details);
    assert_eq!(details["rollback"], json!("Apply the diff in reverse: restore todo.py."));
    assert!(details["gates"][1].as_str().unwrap().starts_with("artifact:todo.py: passed"), "{details}");
    assert!(details["model"].as_str().unwrap().starts_with("unusable answer: "));
    assert_eq!(generate.confidence, 0.4);
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
}

#[test]
fn in_a_round_of_repair_the_files_of_the_failed_checks_must_have_changed() {
    let gate_of = |changes: Value| {
        let mut again = brief("mvp", changes);
        again.round = 2;
        again.findings = vec![Gate::failed("parses", "todo.py: syntax error at line 2")];
        let host = scripted(project());
        let outcome = run(&host, again);
        outcome.review.unwrap().gates.into_iter().find(|gate| gate.name == "findings-answered").unwrap()
    };
    assert_eq!(gate_of(json!([modified("todo.py", TODO)])).status, GateStatus::Passed);
    let mut before = modified("todo.py", TODO);
    before["round"] = json!(1);
    assert_eq!(gate_of(json!([before])).status, GateStatus::Failed);
    let mut put_back = brief("mvp", json!([]));
    put_back.earlier.pop();
    let coder = json!({"summary": "s", "changes": [], "restored": ["todo.py"]});
    put_back.earlier.push(Contribution { personality: "coder-ai".into(), details: coder.to_string() });
    put_back.round = 2;
    put_back.findings = vec![Gate::failed("tester-ai: tests-kept", "todo.py: changed")];
    let host = scripted(project());
    let gates = run(&host, put_back).review.unwrap().gates;
    drop(host);
    assert!(gates.contains(&Gate::passed("findings-answered", "changed again: todo.py")), "{gates:?}");
    let other = gate_of(json!([modified("test_todo.py", "import unittest\n")]));
    assert_eq!((other.status, other.evidence.as_str()), (GateStatus::Failed, "not changed again: todo.py"));
}

#[test]
fn at_product_tests_that_changed_unasked_are_named() {
    let changes = json!([modified("test_todo.py", "import unittest\n")]);
    let host = scripted(project());
    assert_eq!(failed(&run(&host, brief("product", changes.clone()))), ["tests-kept"]);
    drop(host);
    let host = scripted(project());
    let mut asked = brief("product", changes.clone());
    asked.task = "correct the tests of is_overdue".into();
    assert_eq!(failed(&run(&host, asked)), Vec::<String>::new());
    drop(host);
    let host = scripted(project());
    assert_eq!(failed(&run(&host, brief("mvp", changes))), Vec::<String>::new());
}

#[test]
fn prompts_are_short_at_demo_and_long_above() {
    let size = |scope: &str| {
        let host = scripted(project());
        run(&host, brief(scope, json!([modified("todo.py", TODO)])));
        let requests = host.model_requests();
        let longest = requests
            .iter()
            .map(|request| request.messages.iter().map(|message| message.content.len()).sum::<usize>())
            .max()
            .unwrap();
        (longest, requests.iter().filter_map(|request| request.max_tokens).sum::<u32>())
    };
    let (demo, mvp, product) = (size("demo"), size("mvp"), size("product"));
    assert!(demo.0 < 1_500 && demo.1 <= 460, "{demo:?}");
    assert!(demo.0 < mvp.0 && mvp.0 < product.0 && demo.1 < mvp.1, "{demo:?} {mvp:?} {product:?}");
}

#[test]
fn a_busy_model_ends_the_call_with_its_own_error() {
    let host = project().model_fails(Error::busy("queue"));
    let error = host.run_personality::<Plugin>("tester-ai", brief("demo", json!([]))).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy);
}
