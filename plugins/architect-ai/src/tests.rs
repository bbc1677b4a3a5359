#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

fn brief(scope: &str) -> Brief {
    let required = json!({"requirements": ["Items due today are not overdue."]});
    Brief {
        scope: scope.into(),
        files: vec!["test_todo.py".into(), "todo.py".into()],
        earlier: vec![Contribution { personality: "req-ai".into(), details: required.to_string() }],
        ..testing::brief("is_overdue() is wrong on the day itself")
    }
}

fn project() -> Host {
    Host::new()
        .file("todo.py", "def is_overdue(item, today):\n    return item.due <= today\n")
        .file("test_todo.py", "from todo import is_overdue\n")
}

fn scripted(design: &Value) -> Host {
    project()
        .model_answers(&json!({"parts": ["todo.py: items"]}))
        .model_answers(&json!({"risks": ["Callers."]}))
        .model_answers(design)
        .model_answers(&json!({"simpler": "No."}))
        .model_answers(&json!({"weakness": "Dates."}))
}

fn design() -> Value {
    json!({"files": [{"path": "./todo.py", "purpose": "the comparison"}, {"path": "todo.py", "purpose": "again"},
        {"path": "docs/dates.md", "purpose": "explains"}], "interfaces": ["is_overdue(item, today) -> bool"]})
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("architect-ai", brief).unwrap()
}

fn parsed(details: &str) -> Value {
    serde_json::from_str(details).unwrap()
}

#[test]
fn the_design_says_of_each_file_once_whether_it_is_changed_or_made() {
    let host = scripted(&design());
    let outcome = run(&host, brief("product"));
    let generate = outcome.generate.unwrap();
    assert_eq!(
        parsed(&generate.details)["files"],
        json!([{"path": "todo.py", "change": "modify", "purpose": "the comparison"},
            {"path": "docs/dates.md", "change": "create", "purpose": "explains"}])
    );
    assert_eq!(generate.confidence, 0.9);
    let optimize = parsed(&outcome.optimize.unwrap().details);
    assert_eq!(optimize["measures"], json!({"changed": 1, "created": 1}));
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
    let requests = host.model_requests();
    let markers: Vec<&str> =
        requests.iter().filter_map(|request| request.messages.last()?.content.lines().next()).collect();
    let phases = ["research", "inspect", "generate", "optimize", "review"];
    assert_eq!(markers, phases.map(|phase| format!("PHASE architect-ai/{phase}")));
    let first = &requests[0].messages[1].content;
    assert!(
        first.contains("- todo.py:1: def is_overdue(item, today):") && first.contains("Items due today"),
        "{first}"
    );
}

#[test]
fn paths_outside_the_project_are_refused_and_fail_from_mvp_on() {
    let outside = json!({"files": [{"path": "../../etc/passwd", "purpose": "p"}, {"path": "todo.py", "purpose": "q"}], "interfaces": []});
    let host = scripted(&outside);
    let outcome = run(&host, brief("mvp"));
    let details = parsed(&outcome.generate.unwrap().details);
    assert_eq!(details["files"].as_array().unwrap().len(), 1);
    assert!(details["refused"][0].as_str().unwrap().contains("../../etc/passwd"));
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Rework);
    drop(host);
    assert_eq!(run(&scripted(&outside), brief("demo")).review.unwrap().verdict, Verdict::Accept);
}

#[test]
fn unusable_answers_leave_the_files_that_have_what_the_task_names() {
    let mut host = project();
    for _ in 0..10 {
        host = host.model_text("no");
    }
    let generate = run(&host, brief("mvp")).generate.unwrap();
    let details = parsed(&generate.details);
    let paths: Vec<&str> =
        details["files"].as_array().unwrap().iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(paths, ["test_todo.py", "todo.py"]);
    assert!(details["model"].as_str().unwrap().starts_with("unusable answer: "));
    assert_eq!(generate.confidence, 0.4);
}

#[test]
fn prompts_are_short_at_demo_and_long_above() {
    let size = |scope: &str| {
        let host = scripted(&design());
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
    assert!(demo.0 < 1_700 && demo.1 <= 520, "{demo:?}");
    assert!(demo.0 < mvp.0 && mvp.0 < product.0 && demo.1 < mvp.1, "{demo:?} {mvp:?} {product:?}");
}

#[test]
fn an_empty_project_is_not_searched() {
    let host = Host::new()
        .files_fail(Error::denied("must not be asked"))
        .model_answers(&json!({"parts": []}))
        .model_answers(&json!({"risks": []}))
        .model_answers(&json!({"files": [{"path": "README.md", "purpose": "says hello"}], "interfaces": []}))
        .model_answers(&json!({"simpler": "No."}))
        .model_answers(&json!({"weakness": "None."}));
    let outcome = run(&host, testing::brief("write a readme"));
    assert_eq!(parsed(&outcome.generate.unwrap().details)["files"][0]["change"], json!("create"));
}

#[test]
fn a_busy_model_ends_the_call_with_its_own_error() {
    let host = project().model_fails(Error::busy("queue"));
    let error = host.run_personality::<Plugin>("architect-ai", brief("demo")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy);
}
