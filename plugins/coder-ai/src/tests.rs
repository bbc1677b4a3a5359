#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

const TODO: &str = "def is_overdue(item, today):\n    return item.due <= today\n";
const TEST: &str = "from todo import is_overdue\n";

fn brief(scope: &str) -> Brief {
    let contribution = |personality: &str, details: Value| Contribution {
        personality: personality.into(),
        details: details.to_string(),
    };
    Brief {
        scope: scope.into(),
        files: vec!["README.md".into(), "test_todo.py".into(), "todo.py".into()],
        earlier: vec![
            contribution("req-ai", json!({"requirements": ["Items due today are not overdue."]})),
            contribution("planner-ai", json!({"steps": [{"do": "Correct it.", "files": ["todo.py"]}]})),
            contribution("architect-ai", json!({"files": [{"path": "todo.py", "purpose": "compares"}]})),
        ],
        ..testing::brief("is_overdue is wrong on the day itself")
    }
}

fn project() -> Host {
    Host::new().file("todo.py", TODO).file("test_todo.py", TEST).file("README.md", "# Todo\n")
}

fn begun(host: Host) -> Host {
    host.model_answers(&json!({"idea": "The comparison is wrong.", "files": ["todo.py"]}))
        .model_answers(&json!({"risks": ["Callers."]}))
}

fn ended(host: Host) -> Host {
    host.model_answers(&json!({"note": "It is simple."})).model_answers(&json!({"remark": "The day itself."}))
}

fn change() -> Value {
    json!({"summary": "Items due today are not overdue any more.",
        "edits": [{"path": "todo.py", "find": "item.due <= today", "replace": "item.due < today"}], "files": []})
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("coder-ai", brief).unwrap()
}

fn parsed(details: &str) -> Value {
    serde_json::from_str(details).unwrap()
}

fn markers(host: &Host) -> Vec<String> {
    let last = |request: &testing::ModelRequest| request.messages.last().unwrap().content.clone();
    host.model_requests().iter().map(|request| last(request).lines().next().unwrap().to_owned()).collect()
}

#[test]
fn an_edit_is_made_written_and_checked() {
    let host = ended(begun(project()).model_answers(&change()));
    let outcome = run(&host, brief("mvp"));
    assert_eq!(host.text("todo.py").unwrap(), TODO.replace("<=", "<"));
    let generate = outcome.generate.unwrap();
    let details = parsed(&generate.details);
    assert_eq!(details["summary"], json!("Items due today are not overdue any more."));
    assert_eq!(details["changes"][0]["sha256"], json!(generate.artifacts[0].sha256));
    assert_eq!(details["changes"][0]["change"], json!("modify"));
    assert_eq!(
        (&details["changes"][0]["lines_added"], &details["changes"][0]["lines_removed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(generate.artifacts[0].kind, "code");
    assert_eq!(generate.confidence, 0.9);
    let review = outcome.review.unwrap();
    assert_eq!(review.verdict, Verdict::Accept);
    assert!(
        review.gates.len() >= 4 && review.gates.iter().all(|gate| gate.status == GateStatus::Passed),
        "{:?}",
        review.gates
    );
    let phases = ["research", "inspect", "generate", "optimize", "review"];
    assert_eq!(markers(&host), phases.map(|phase| format!("PHASE coder-ai/{phase}")));
    let asked = host.model_requests()[2].messages.last().unwrap().content.clone();
    assert!(asked.contains("FILE todo.py\ndef is_overdue") && asked.contains("FILE test_todo.py"), "{asked}");
    let first = host.model_requests()[0].messages[1].content.clone();
    assert!(first.contains("Items due today are not overdue.") && first.contains("Correct it."), "{first}");
}

#[test]
fn an_edit_that_does_not_fit_is_sent_back_once_with_the_reason() {
    let wrong = json!({"summary": "s", "edits": [{"path": "todo.py", "find": "nowhere", "replace": "x"}]});
    let host = ended(begun(project()).model_answers(&wrong).model_answers(&change()));
    let outcome = run(&host, brief("mvp"));
    assert_eq!(host.text("todo.py").unwrap(), TODO.replace("<=", "<"));
    let generate = outcome.generate.unwrap();
    assert_eq!(generate.confidence, 0.7);
    assert_eq!(parsed(&generate.details)["model"], json!("answered after 1 repair"));
    assert_eq!(markers(&host)[3], "PHASE coder-ai/generate/repair");
    let messages = &host.model_requests()[3].messages;
    assert!(messages.last().unwrap().content.contains("`find` does not stand in `todo.py`"));
    assert!(messages[messages.len() - 2].content.contains("nowhere"));
}

#[test]
fn what_can_be_made_is_kept_when_the_repair_is_no_better() {
    let partly = json!({"summary": "s", "edits": [
        {"path": "todo.py", "find": "item.due <= today", "replace": "item.due < today"},
        {"path": "gone.py", "find": "a", "replace": "b"}]});
    let nothing = json!({"summary": "t", "edits": []});
    let host = ended(begun(project()).model_answers(&partly).model_answers(&nothing));
    let outcome = run(&host, brief("mvp"));
    assert_eq!(host.text("todo.py").unwrap(), TODO.replace("<=", "<"));
    let generate = outcome.generate.unwrap();
    assert_eq!(generate.confidence, 0.5);
    assert!(parsed(&generate.details)["unused"][0].as_str().unwrap().contains("gone.py"));
    let review = outcome.review.unwrap();
    assert_eq!(review.verdict, Verdict::Rework);
    assert!(review.gates.iter().any(|gate| gate.name == "edits-made" && gate.is_failed()));
}

#[test]
fn after_a_scan_nothing_to_change_is_no_error_and_the_gate_says_whether_something_was_to_mend() {
    let nothing = json!({"summary": "s", "edits": [], "files": []});
    for (mend, asked, status) in
        [(json!([]), 1, GateStatus::NotRun), (json!(["todo.py:1: critical"]), 2, GateStatus::Failed)]
    {
        for scope in ["demo", "mvp"] {
            let mut audit = brief(scope);
            audit.earlier.retain(|earlier| earlier.personality == "req-ai");
            let judged = json!({"decision": "go", "mend": mend, "findings": []});
            audit
                .earlier
                .push(Contribution { personality: "security-ai".into(), details: judged.to_string() });
            let mut host = begun(project());
            for _ in 0..asked {
                host = host.model_answers(&nothing);
            }
            let host = ended(host);
            let outcome = run(&host, audit);
            let gates = outcome.review.unwrap().gates;
            let made = gates.iter().find(|gate| gate.name == "change-made").unwrap();
            assert_eq!(made.status, status, "{scope}: {made:?}");
            assert_eq!(outcome.generate.unwrap().artifacts, vec![]);
            let first = host.model_requests()[0].messages[1].content.clone();
            assert_eq!(first.contains("todo.py:1: critical"), asked == 2, "{first}");
        }
    }
}

#[test]
fn above_demo_nothing_usable_is_an_error_that_says_why() {
    let wrong = json!({"summary": "s", "edits": [{"path": "todo.py", "find": "nowhere", "replace": "x"}]});
    let host = begun(project()).model_answers(&wrong).model_answers(&wrong);
    let error = host.run_personality::<Plugin>("coder-ai", brief("poc")).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Other, "nothing-usable"));
    assert!(error.message.contains("`find` does not stand in `todo.py`"), "{}", error.message);
    assert_eq!(host.text("todo.py").unwrap(), TODO);
}

#[test]
fn at_demo_an_empty_project_gets_a_file_even_from_a_model_that_says_nothing_usable() {
    let mut host = Host::new();
    for _ in 0..10 {
        host = host.model_text("Sure!");
    }
    let mut empty = brief("demo");
    empty.files.clear();
    let outcome = run(&host, empty);
    let readme = host.text("README.md").unwrap();
    assert!(readme.contains("## Requirements\n\n- Items due today are not overdue.\n"), "{readme}");
    assert!(
        readme.contains("## Plan\n\n- Correct it.\n") && readme.contains("## Files\n\n- todo.py\n"),
        "{readme}"
    );
    let generate = outcome.generate.unwrap();
    assert_eq!((generate.artifacts.len(), generate.confidence), (1, 0.2));
    let details = parsed(&generate.details);
    assert!(details["summary"].as_str().unwrap().contains("README.md"));
    assert!(details["model"].as_str().unwrap().starts_with("unusable answer: "));
    let review = outcome.review.unwrap();
    assert_eq!(review.verdict, Verdict::Rework);
    assert!(review.gates.iter().any(|gate| gate.name == "change-made" && gate.is_failed()));
}

#[test]
fn at_demo_a_project_with_files_is_not_overwritten_by_the_document() {
    let nothing = json!({"summary": "s", "edits": []});
    let host = ended(begun(project()).model_answers(&nothing).model_answers(&nothing));
    run(&host, brief("demo"));
    assert_eq!(host.text("README.md").unwrap(), "# Todo\n");
    assert!(host.text("PLAN.md").unwrap().contains("Items due today"));
}

#[test]
fn an_empty_project_is_asked_for_whole_files_only() {
    let made = json!({"summary": "A readme.", "files": [{"path": "README.md", "content": "# Hello\n"}]});
    for scope in ["demo", "mvp"] {
        let host = ended(begun(Host::new()).model_answers(&made));
        let outcome = run(&host, Brief { scope: scope.into(), ..testing::brief("write a readme") });
        assert_eq!(host.text("README.md").unwrap(), "# Hello\n");
        assert_eq!(outcome.generate.unwrap().artifacts[0].kind, "document");
        let schema = host.model_requests()[2].answer_schema.clone().unwrap();
        assert!(schema.contains("content") && !schema.contains("\"edits\""), "{schema}");
        assert!(schema.find("\"files\"") < schema.find("\"summary\""), "the summary comes last: {schema}");
    }
}

#[test]
fn findings_of_the_last_round_reach_the_model_and_the_details() {
    let mut again = brief("mvp");
    again.round = 2;
    again.findings = vec![Gate::failed("parses", "todo.py: syntax error at line 2")];
    again.earlier.push(Contribution {
        personality: "coder-ai".into(),
        details: json!({"summary": "Broke it."}).to_string(),
    });
    let host = ended(begun(project()).model_answers(&change()));
    let outcome = run(&host, again);
    let requests = host.model_requests();
    assert!(requests[0].messages[0].content.contains("ROUND 2"));
    assert!(requests[0].messages[1].content.contains("Broke it."));
    let asked = &requests[2].messages.last().unwrap().content;
    assert!(
        asked.contains("must hold after your change")
            && asked.contains("\n- parses: todo.py: syntax error at line 2"),
        "{asked}"
    );
    assert_eq!(
        parsed(&outcome.generate.unwrap().details)["findings"],
        json!(["parses: todo.py: syntax error at line 2"])
    );
}

fn second_round() -> Brief {
    let changes = json!([{"path": "todo.py", "change": "modify", "sha256": "old", "lines_added": 1, "lines_removed": 1, "note": "one edit", "round": 1}]);
    let mut again = brief("mvp");
    again.round = 2;
    again.findings = vec![Gate::not_run("tests_pass", "no interpreter")];
    let details = json!({"summary": "Items due today are fine.", "changes": changes}).to_string();
    again.earlier.push(Contribution { personality: "coder-ai".into(), details });
    again
}

#[test]
fn in_a_round_of_repair_the_work_of_the_round_before_stands_when_nothing_can_be_added() {
    let nothing = json!({"summary": "Nothing can be mended.", "edits": [], "files": []});
    let unfit = json!({"summary": "s", "edits": [{"path": "todo.py", "find": "nowhere", "replace": "x"}]});
    for answers in [vec![nothing], vec![unfit.clone(), unfit]] {
        let host = answers.iter().fold(begun(project()), |host, answer| host.model_answers(answer));
        let outcome = run(&ended(host), second_round());
        let generate = outcome.generate.unwrap();
        let details = parsed(&generate.details);
        assert_eq!(details["summary"], json!("Items due today are fine."));
        assert_eq!(details["changes"][0]["sha256"], json!(skep_sdk::sha256(TODO.as_bytes())));
        assert_eq!(details["changes"][0]["round"], json!(1));
        assert_eq!((generate.artifacts.len(), generate.confidence), (1, 0.4));
    }
}

#[test]
fn in_a_round_of_repair_files_of_the_round_before_stay_part_of_the_change() {
    let made = json!({"summary": "Explained.", "edits": [{"path": "README.md", "find": "# Todo", "replace": "# To do"}], "files": []});
    let host = ended(begun(project()).model_answers(&made));
    let outcome = run(&host, second_round());
    let details = parsed(&outcome.generate.unwrap().details);
    let paths: Vec<&str> =
        details["changes"].as_array().unwrap().iter().filter_map(|change| change["path"].as_str()).collect();
    assert_eq!(paths, ["todo.py", "README.md"]);
    assert_eq!(details["summary"], json!("Explained."));
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
}

#[test]
fn a_file_that_a_round_of_repair_puts_back_is_no_part_of_the_change_any_more() {
    let edit = |find: &str, replace: &str| {
        json!({"summary": "s", "files": [{"path": "new.py", "content": format!("x = '{replace}'\n")}],
        "edits": [{"path": "todo.py", "find": find, "replace": replace}]})
    };
    let host = ended(begun(project()).model_answers(&edit("item.due <= today", "item.due > today")));
    let first = run(&host, brief("mvp")).generate.unwrap();
    let files = ["todo.py", "new.py"].map(|path| (path, host.text(path).unwrap()));
    drop(host);
    let mut again = Brief { round: 2, ..brief("mvp") };
    again.findings = vec![Gate::failed("tester-ai: content:todo.py", "wrong")];
    again.earlier.push(Contribution { personality: "coder-ai".into(), details: first.details });
    let host = files.iter().fold(project(), |host, (path, text)| host.file(path, text));
    let host = ended(begun(host).model_answers(&edit("item.due > today", "item.due <= today")));
    let second = run(&host, again).generate.unwrap();
    let details = parsed(&second.details);
    assert_eq!(host.text("todo.py").unwrap(), TODO);
    assert_eq!(details["restored"], json!(["todo.py"]));
    let changes = details["changes"].as_array().unwrap();
    assert_eq!((changes.len(), second.artifacts.len()), (1, 1));
    // Against the project it is still a new file, though this round edited it.
    assert_eq!((&changes[0]["path"], &changes[0]["change"]), (&json!("new.py"), &json!("create")));
}

#[test]
fn at_product_the_model_reads_its_change_again_and_may_correct_it() {
    let first = json!({"summary": "s", "edits": [{"path": "todo.py", "find": "item.due <= today", "replace": "item.due > today"}], "files": []});
    let correction = json!({"summary": "Corrected.", "edits": [{"path": "todo.py", "find": "item.due > today", "replace": "item.due < today"}], "files": []});
    let host = ended(begun(project()).model_answers(&first).model_answers(&correction));
    let outcome = run(&host, brief("product"));
    assert_eq!(host.text("todo.py").unwrap(), TODO.replace("<=", "<"));
    assert_eq!(parsed(&outcome.generate.unwrap().details)["summary"], json!("Corrected."));
    assert_eq!(markers(&host)[3], "PHASE coder-ai/generate/check");
    drop(host);
    let none = json!({"summary": "s", "edits": [], "files": []});
    let host = ended(begun(project()).model_answers(&change()).model_answers(&none));
    let outcome = run(&host, brief("production"));
    assert_eq!(outcome.generate.unwrap().confidence, 0.9);
    assert_eq!(host.text("todo.py").unwrap(), TODO.replace("<=", "<"));
}

#[test]
fn a_model_that_takes_less_sees_less() {
    let long = format!("{TODO}{}", "# line\n".repeat(1_500));
    let host = Host::new().file("todo.py", long).file("test_todo.py", TEST).file("README.md", "# Todo\n");
    // The host refuses with and without the conversation before.
    let host = begun(host).model_fails(Error::too_large("window")).model_fails(Error::too_large("window"));
    let host = ended(host.model_answers(&change()));
    run(&host, brief("mvp"));
    let sizes: Vec<usize> =
        host.model_requests().iter().map(|request| request.messages.last().unwrap().content.len()).collect();
    assert!(sizes[2] > 10_000 && sizes[4] < 8_000, "{sizes:?}");
    assert!(host.text("todo.py").unwrap().contains("item.due < today"));
}

#[test]
fn files_that_the_person_names_are_read_first() {
    let mut host = Host::new();
    let mut files = Vec::new();
    for number in 0..30 {
        let path = format!("src/part_{number}.py");
        host = host.file(&path, "x = 1\n");
        files.push(path);
    }
    let host = ended(begun(host).model_answers(
        &json!({"summary": "s", "edits": [{"path": "src/part_7.py", "find": "x = 1", "replace": "x = 2"}]}),
    ));
    run(&host, Brief { scope: "mvp".into(), files, ..testing::brief("set x to 2 in part_7.py") });
    let asked = host.model_requests()[2].messages.last().unwrap().content.clone();
    assert!(asked.contains("\nFILE src/part_7.py\n"), "{asked}");
    assert_eq!(host.text("src/part_7.py").unwrap(), "x = 2\n");
}

#[test]
fn prompts_are_short_at_demo_and_long_above() {
    let size = |scope: &str| {
        let host = ended(begun(project()).model_answers(&change()));
        run(&host, brief(scope));
        let requests = host.model_requests();
        let all: usize = requests
            .iter()
            .map(|request| request.messages.iter().map(|message| message.content.len()).sum::<usize>())
            .sum();
        (all, requests.iter().filter_map(|request| request.max_tokens).sum::<u32>())
    };
    let (demo, mvp) = (size("demo"), size("mvp"));
    assert!(demo.0 < 8_000 && demo.1 <= 740, "{demo:?}");
    assert!(demo.0 < mvp.0 && demo.1 < mvp.1, "{demo:?} {mvp:?}");
}

#[test]
fn a_busy_model_writes_nothing_and_ends_the_call_with_its_own_error() {
    let host = begun(project()).model_fails(Error::busy("queue"));
    let error = host.run_personality::<Plugin>("coder-ai", brief("demo")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy);
    assert_eq!(host.text("todo.py").unwrap(), TODO);
}
