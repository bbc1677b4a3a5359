#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use skep_sdk::testing::{self, Host, Outcome};

fn brief(task: &str, scope: &str) -> Brief {
    Brief {
        scope: scope.into(),
        files: vec!["todo.py".into(), "test_todo.py".into()],
        ..testing::brief(task)
    }
}

fn requirements() -> Value {
    json!({"requirements": ["Items due today are not overdue."], "constraints": ["The format stays."],
        "acceptance": ["python -m unittest passes."], "out_of_scope": ["Time zones."]})
}

fn answers(host: Host) -> Host {
    host.model_answers(&json!({"goal": "Fix overdue.", "facts": ["todo.py has it."]}))
        .model_answers(&json!({"doable": true, "risks": ["Others rely on it."]}))
        .model_answers(&requirements())
        .model_answers(&json!({"open_questions": []}))
        .model_answers(&json!({"covered": true, "reason": "It is all there."}))
}

fn run(host: &Host, brief: Brief) -> Outcome {
    host.run_personality::<Plugin>("req-ai", brief).unwrap()
}

fn parsed(details: &str) -> Value {
    serde_json::from_str(details).unwrap()
}

#[test]
fn each_phase_asks_once_and_the_requirements_come_out() {
    let host = answers(Host::new());
    let outcome = run(&host, brief("fix overdue in todo.py", "mvp"));
    let generate = outcome.generate.unwrap();
    let details = parsed(&generate.details);
    assert_eq!(details["requirements"], json!(["Items due today are not overdue."]));
    assert_eq!(details["model"], json!("answered"));
    assert_eq!(generate.confidence, 0.9);
    let review = outcome.review.unwrap();
    assert_eq!(review.verdict, Verdict::Accept);
    let names: Vec<&str> = review.gates.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(names, ["requirements-stated", "acceptance-stated"]);
    let requests = host.model_requests();
    let markers: Vec<&str> =
        requests.iter().filter_map(|request| request.messages.last()?.content.lines().next()).collect();
    assert_eq!(
        markers,
        [
            "PHASE req-ai/research",
            "PHASE req-ai/inspect",
            "PHASE req-ai/generate",
            "PHASE req-ai/optimize",
            "PHASE req-ai/review"
        ]
    );
    // The last question stands on the whole conversation before it.
    let before: Vec<&str> = requests[3].messages.iter().map(|message| message.content.as_str()).collect();
    let last: Vec<&str> = requests[4].messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(before[..7], last[..7]);
    assert_eq!(parsed(last[6]), requirements());
}

#[test]
fn a_task_that_says_nothing_is_stopped_by_facts_without_a_model() {
    let host = Host::new();
    for task in ["", "???", "1 2 3"] {
        let outcome = run(&host, brief(task, "mvp"));
        assert_eq!(outcome.inspect.decision, Decision::NoGo, "{task}");
        assert_eq!(outcome.generate, None);
        assert!(outcome.inspect.gates[0].evidence.contains("task"), "{:?}", outcome.inspect.gates);
    }
    assert_eq!(host.model_requests(), []);
}

#[test]
fn a_model_that_doubts_the_task_stops_nothing() {
    let host = Host::new()
        .model_answers(&json!({"goal": "g", "facts": []}))
        .model_answers(&json!({"doable": false, "risks": []}))
        .model_answers(&requirements())
        .model_answers(&json!({"open_questions": []}))
        .model_answers(&json!({"covered": false, "reason": "no"}));
    let outcome = run(&host, brief("fix overdue", "demo"));
    assert_eq!(outcome.inspect.decision, Decision::Go);
    let reason = parsed(&outcome.inspect.details)["reason"].clone();
    assert!(reason.as_str().unwrap().ends_with("; the model doubts that the task can be done"), "{reason}");
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
}

#[test]
fn unusable_answers_leave_the_task_itself_as_requirement() {
    let mut host = Host::new();
    for _ in 0..10 {
        host = host.model_text("I cannot say.");
    }
    let outcome = run(&host, brief("fix overdue", "demo"));
    let generate = outcome.generate.unwrap();
    let details = parsed(&generate.details);
    assert_eq!(details["requirements"], json!(["fix overdue"]));
    assert!(details["model"].as_str().unwrap().starts_with("unusable answer: "), "{details}");
    assert_eq!(generate.confidence, 0.4);
    assert!(parsed(&outcome.research.details)["model"].as_str().unwrap().starts_with("unusable answer: "));
    assert_eq!(outcome.review.unwrap().verdict, Verdict::Accept);
}

#[test]
fn a_repair_lowers_the_confidence() {
    let host = Host::new()
        .model_answers(&json!({"goal": "g", "facts": []}))
        .model_answers(&json!({"doable": true, "risks": []}))
        .model_text("Sure: first,")
        .model_answers(&requirements())
        .model_answers(&json!({"open_questions": []}))
        .model_answers(&json!({"covered": true, "reason": "r"}));
    let generate = run(&host, brief("fix overdue", "demo")).generate.unwrap();
    assert_eq!(
        (generate.confidence, parsed(&generate.details)["model"].clone()),
        (0.7, json!("answered after 1 repair"))
    );
}

#[test]
fn a_busy_model_ends_the_call_with_its_own_error() {
    let host = Host::new().model_fails(Error::busy("queue").retry_after(900));
    let error = host.run_personality::<Plugin>("req-ai", brief("fix overdue", "demo")).unwrap_err();
    assert_eq!((error.kind, error.retry_after_ms), (ErrorKind::Busy, Some(900)));
}

#[test]
fn the_scope_decides_how_deep_it_goes() {
    let ask = |scope: &str| {
        let host = answers(Host::new());
        let outcome = run(&host, brief("make overdue fast", scope));
        let length: usize = host
            .model_requests()
            .iter()
            .map(|request| request.messages.iter().map(|message| message.content.len()).sum::<usize>())
            .sum();
        let tokens: u32 = host.model_requests().iter().filter_map(|request| request.max_tokens).sum();
        (length, tokens, outcome.review.unwrap().gates.len(), outcome.inspect.gates.len())
    };
    let (demo, mvp, production) = (ask("demo"), ask("mvp"), ask("production"));
    assert!(demo.0 < mvp.0 && mvp.0 < production.0, "{demo:?} {mvp:?} {production:?}");
    assert!(demo.1 <= 620 && demo.1 < mvp.1, "{demo:?} {mvp:?}");
    assert_eq!([demo.2, mvp.2, production.2], [1, 2, 3]);
    assert_eq!([demo.3, mvp.3], [1, 2]);
}

#[test]
fn vague_requirements_are_named_and_fail_at_product() {
    let host = Host::new()
        .model_answers(&json!({"goal": "g", "facts": []}))
        .model_answers(&json!({"doable": true, "risks": []}))
        .model_answers(&json!({"requirements": ["It is robust."], "constraints": [], "acceptance": ["Tests pass."], "out_of_scope": []}))
        .model_answers(&json!({"open_questions": []}))
        .model_answers(&json!({"covered": true, "reason": "r"}));
    let outcome = run(&host, brief("fix overdue", "product"));
    assert_eq!(parsed(&outcome.optimize.unwrap().details)["measures"]["vague"], json!(["It is robust."]));
    let review = outcome.review.unwrap();
    assert_eq!(review.verdict, Verdict::Rework);
    assert!(review.gates.iter().any(|gate| gate.name == "requirements-decidable" && gate.is_failed()));
}

#[test]
fn files_that_the_task_names_are_looked_up() {
    assert_eq!(check::named_files(&brief("fix todo.py.", "mvp")).status, GateStatus::Passed);
    assert_eq!(check::named_files(&brief("write new.md", "mvp")).status, GateStatus::NotRun);
    assert!(check::named_files(&brief("version 1.2 is e.g. slow", "mvp")).evidence.contains("names no file"));
}
