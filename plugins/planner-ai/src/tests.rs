#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

fn brief(scope: &str) -> Brief {
    let required =
        json!({"requirements": ["Items due today are not overdue."], "acceptance": ["The tests pass."]});
    Brief {
        scope: scope.into(),
        files: vec!["README.md".into(), "test_todo.py".into(), "todo.py".into()],
        earlier: vec![Contribution { personality: "req-ai".into(), details: required.to_string() }],
        ..testing::brief("fix overdue in todo.py")
    }
}

fn host(plan: &Value) -> Host {
    Host::new()
        .model_answers(&json!({"approach": "Change the comparison."}))
        .model_answers(&json!({"risks": ["Others rely on it."]}))
        .model_answers(plan)
        .model_answers(&json!({"leaner": "Nothing."}))
        .model_answers(&json!({"missing": []}))
}

fn plan() -> Value {
    json!({"steps": [{"do": "Correct the comparison.", "files": ["./todo.py"]},
        {"do": "Test the day itself.", "files": ["test_todo.py", "tests/new_test.py", "../evil"]},
        {"do": "correct the comparison.", "files": ["todo.py"]}]})
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("planner-ai", brief).unwrap()
}

fn parsed(details: &str) -> Value {
    serde_json::from_str(details).unwrap()
}

#[test]
fn the_plan_has_distinct_steps_with_plain_paths_and_says_which_are_new() {
    let host = host(&plan());
    let outcome = run(&host, brief("mvp"));
    let generate = outcome.generate.unwrap();
    assert_eq!(
        parsed(&generate.details)["steps"],
        json!([{"do": "Correct the comparison.", "files": ["todo.py"], "new_files": []},
            {"do": "Test the day itself.", "files": ["test_todo.py", "tests/new_test.py"], "new_files": ["tests/new_test.py"]}])
    );
    assert_eq!(generate.confidence, 0.9);
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
    assert_eq!(
        parsed(&outcome.optimize.unwrap().details)["measures"]["touched"],
        json!(["test_todo.py", "tests/new_test.py", "todo.py"])
    );
    let requests = host.model_requests();
    let markers: Vec<&str> =
        requests.iter().filter_map(|request| request.messages.last()?.content.lines().next()).collect();
    let phases = ["research", "inspect", "generate", "optimize", "review"];
    assert_eq!(markers, phases.map(|phase| format!("PHASE planner-ai/{phase}")));
    assert!(requests[0].messages[1].content.contains("Items due today are not overdue."));
    assert!(requests[0].messages[1].content.contains("Files that look relevant: todo.py"));
}

#[test]
fn unusable_answers_leave_one_step_for_each_requirement() {
    let mut host = Host::new();
    for _ in 0..10 {
        host = host.model_text("no");
    }
    let outcome = run(&host, brief("mvp"));
    let generate = outcome.generate.unwrap();
    let details = parsed(&generate.details);
    assert_eq!(details["steps"][0]["do"], json!("Items due today are not overdue."));
    assert_eq!(details["steps"][0]["files"][0], json!("todo.py"));
    assert!(details["model"].as_str().unwrap().starts_with("unusable answer: "));
    assert_eq!(generate.confidence, 0.4);
}

#[test]
fn a_plan_without_files_or_tests_is_judged_by_the_scope() {
    let without = json!({"steps": [{"do": "Think.", "files": []}]});
    let verdict = |scope: &str, plan: &Value| {
        let host = host(plan);
        let review = run(&host, brief(scope)).review.unwrap();
        (review.verdict, review.gates.iter().filter(|gate| gate.is_failed()).count())
    };
    assert_eq!(verdict("demo", &without), (Verdict::Accept, 0));
    assert_eq!(verdict("mvp", &without), (Verdict::Rework, 1));
    assert_eq!(verdict("production", &without), (Verdict::Rework, 2));
    assert_eq!(verdict("production", &plan()), (Verdict::Accept, 0));
}

#[test]
fn prompts_are_short_at_demo_and_long_above() {
    let size = |scope: &str| {
        let host = host(&plan());
        run(&host, brief(scope));
        let requests = host.model_requests();
        let longest = requests
            .iter()
            .map(|request| request.messages.iter().map(|message| message.content.len()).sum::<usize>())
            .max()
            .unwrap();
        (longest, requests.iter().filter_map(|request| request.max_tokens).sum::<u32>())
    };
    let (demo, mvp, product) = (size("demo"), size("mvp"), size("product"));
    assert!(demo.0 < 1_500 && demo.1 <= 520, "{demo:?}");
    assert!(demo.0 < mvp.0 && mvp.0 < product.0 && demo.1 < mvp.1, "{demo:?} {mvp:?} {product:?}");
}

#[test]
fn without_requirements_the_plan_follows_the_task() {
    let host = host(&plan());
    let outcome = run(&host, testing::brief("fix overdue in todo.py"));
    assert_eq!(outcome.inspect.decision, Decision::Go);
    assert!(
        outcome
            .inspect
            .gates
            .iter()
            .any(|gate| gate.name == "requirements-known" && gate.status == GateStatus::NotRun)
    );
}

#[test]
fn an_unavailable_model_ends_the_call_with_its_own_error() {
    let host = Host::new().model_fails(Error::unavailable("down"));
    let error = host.run_personality::<Plugin>("planner-ai", brief("demo")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
}
