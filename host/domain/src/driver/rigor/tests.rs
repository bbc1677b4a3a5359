#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::component::{CallFailure, Export, Output};
use crate::effect::gates::GatesReport;
use crate::history::{TryEnd, TryRecord};
use crate::rigor::gate::{GateStatus, required};
use crate::rigor::phase::{
    Decision as Go, GenerateOutput, InspectOutput, PhaseInput, PhaseOutput, ResearchOutput, ReviewOutput,
    Verdict,
};
use crate::time::Timestamp;

fn task(scope: &str) -> TaskHistory {
    let input = json!({ "task": "do it", "capabilities": ["BUILD"], "intelligence": "core", "scope": scope, "priority": "normal" });
    TaskHistory { input, ..TaskHistory::default() }
}

fn good(work: &Work, gates: GateStatus) -> Yield {
    let details = json!({ "summary": "done" });
    match work {
        Work::Host(call) => match call.as_ref() {
            Call::Files(_) => Yield::Reply(Reply::Entries(Vec::new())),
            Call::Gates(_) => Yield::Reply(Reply::Gates(GatesReport {
                gates: required(crate::rigor::request::RigorScope::Production)
                    .iter()
                    .map(|name| Gate { name: (*name).to_owned(), status: gates, evidence: "seen".into() })
                    .collect(),
                files: Vec::new(),
                diff: String::new(),
            })),
            other => panic!("unexpected {other:?}"),
        },
        Work::Component { export, .. } => {
            let Export::Phase(input) = export.as_ref() else { panic!("not a phase") };
            Yield::Output(Output::Phase(match input.phase() {
                Phase::Research => PhaseOutput::Research(ResearchOutput { details }),
                Phase::Inspect => {
                    PhaseOutput::Inspect(InspectOutput { decision: Go::Go, gates: vec![], details })
                }
                Phase::Generate => {
                    PhaseOutput::Generate(GenerateOutput { artifacts: vec![], confidence: 1.0, details })
                }
                Phase::Optimize => {
                    PhaseOutput::Optimize(GenerateOutput { artifacts: vec![], confidence: 1.0, details })
                }
                Phase::Review => {
                    PhaseOutput::Review(ReviewOutput { verdict: Verdict::Accept, gates: vec![], details })
                }
            }))
        }
    }
}

fn end(history: &mut TaskHistory, place: Place, result: Result<Yield, CallFailure>, may_retry: bool) {
    let record = TryRecord { end: Some(TryEnd { result, at: Timestamp(7), may_retry }) };
    history.places.entry(place).or_default().push(record);
}

/// Run to the end; `pick` chooses which of the ready commands finishes first.
fn run(
    history: &mut TaskHistory,
    gates: GateStatus,
    pick: impl Fn(usize) -> usize,
) -> (Vec<String>, Command) {
    run_with(history, pick, |_, work| good(work, gates))
}

fn run_with(
    history: &mut TaskHistory,
    pick: impl Fn(usize) -> usize,
    answer: impl Fn(&str, &Work) -> Yield,
) -> (Vec<String>, Command) {
    let mut order = Vec::new();
    let mut last_percent = 0;
    for _ in 0..200 {
        let decision = decide(history).unwrap();
        assert!(decision.progress.percent >= last_percent || decision.progress.percent > 0);
        last_percent = decision.progress.percent;
        let command = decision.commands[pick(decision.commands.len()) % decision.commands.len()].clone();
        let Command::Run { place, work, .. } = command else { return (order, command) };
        order.push(place.0.clone());
        let result = answer(&place.0, &work);
        end(history, place, Ok(result), true);
    }
    panic!("no end");
}

#[test]
fn a_build_task_runs_every_phase_of_its_line_once() {
    let mut history = task("mvp");
    let (order, command) = run(&mut history, GateStatus::Passed, |_| 0);
    assert_eq!(order.len(), 5 * 5 + 2);
    assert_eq!((order[0].as_str(), order[26].as_str()), ("survey@1", "gates@1"));
    let Command::Complete(output) = command else { panic!("{command:?}") };
    assert_eq!(output["confidence"], 1.0);
    assert_eq!(output["summary"], "done");
}

#[test]
fn the_decision_does_not_depend_on_the_order_in_which_branches_finish() {
    let (mut left, mut right) = (task("mvp"), task("mvp"));
    let (left_order, left_end) = run(&mut left, GateStatus::Passed, |_| 0);
    let (right_order, right_end) = run(&mut right, GateStatus::Passed, |count| count - 1);
    assert_ne!(left_order, right_order);
    assert_eq!(left_end, right_end);
}

#[test]
fn planner_and_architect_are_ready_at_the_same_time() {
    let mut history = task("mvp");
    loop {
        let decision = decide(&history).unwrap();
        if decision.commands.len() == 2 {
            return;
        }
        let Command::Run { place, work, .. } = &decision.commands[0] else { panic!("no parallel commands") };
        end(&mut history, place.clone(), Ok(good(work, GateStatus::Passed)), true);
    }
}

#[test]
fn the_scope_decides_which_gates_must_pass_and_how_often_the_work_goes_back() {
    for (scope, rounds) in [("demo", 1), ("poc", 2), ("mvp", 2), ("product", 3), ("production", 3)] {
        let (order, command) = run(&mut task(scope), GateStatus::Failed, |_| 0);
        assert_eq!(order.iter().filter(|place| place.starts_with("gates@")).count(), rounds, "{scope}");
        let Command::Fail(failure) = command else { panic!("{scope}: {command:?}") };
        assert_eq!(failure.code, "GATES_FAILED");
        assert_eq!(
            order.iter().filter(|place| place.starts_with("req-ai")).count(),
            5,
            "only coder and tester repeat"
        );
    }
    for (scope, accepted) in [("demo", true), ("product", true), ("production", false)] {
        let (_, command) = run(&mut task(scope), GateStatus::NotRun, |_| 0);
        assert_eq!(matches!(command, Command::Complete(_)), accepted, "{scope}");
    }
}

/// All is well but the reviews at these places: their personality computed a failed gate, or only asked for rework.
fn with_reviews_that_fail<'a>(
    failing: &'a [&str],
    with_gate: bool,
) -> impl Fn(&str, &Work) -> Yield + use<'a> {
    move |place, work| {
        if !failing.contains(&place) {
            return good(work, GateStatus::Passed);
        }
        let gate =
            Gate { name: "content".into(), status: GateStatus::Failed, evidence: "a.json is broken".into() };
        let gates = if with_gate { vec![gate] } else { vec![] };
        let details = json!({ "reason": "not good yet" });
        Yield::Output(Output::Phase(PhaseOutput::Review(ReviewOutput {
            verdict: Verdict::Rework,
            gates,
            details,
        })))
    }
}

#[test]
fn a_gate_that_a_personality_failed_sends_the_work_back_within_the_rounds_of_the_scope() {
    let (first, twice) = (&["tester-ai@1/review"][..], &["tester-ai@1/review", "tester-ai@2/review"][..]);
    for (scope, failing, with_gate, rounds, accepted) in [
        ("demo", first, true, 1, true),
        ("poc", first, true, 2, true),
        ("poc", twice, true, 2, true),
        ("mvp", first, true, 2, true),
        ("mvp", first, false, 2, true),
        ("mvp", twice, true, 2, false),
        ("mvp", twice, false, 2, false),
        ("mvp", &["coder-ai@1/review"], true, 2, true),
        ("product", twice, true, 3, true),
        ("mvp", &["planner-ai@1/review"], true, 1, true),
    ] {
        let case = format!("{scope} {failing:?} {with_gate}");
        let (order, command) = run_with(&mut task(scope), |_| 0, with_reviews_that_fail(failing, with_gate));
        assert_eq!(order.iter().filter(|place| place.starts_with("gates@")).count(), rounds, "{case}");
        match command {
            Command::Complete(output) => {
                assert!(accepted, "{case}: {output}");
                // What stands failed at the end is shown as failed; what was mended is not.
                let stands =
                    output["gates"].as_array().unwrap().iter().any(|gate| gate["status"] == "failed");
                let planner = failing.iter().any(|place| place.starts_with("planner-ai"));
                assert_eq!(stands, failing.len() == rounds || planner, "{case}: {output}");
            }
            Command::Fail(failure) => {
                assert!(!accepted, "{case}: {failure:?}");
                let name = if with_gate { "tester-ai: content failed" } else { "tester-ai: review failed" };
                assert!(
                    failure.code == "GATES_FAILED" && failure.message.contains(name),
                    "{}",
                    failure.message
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_finding_reaches_coder_ai_with_the_name_of_who_made_the_check() {
    let mut history = task("mvp");
    let answer = with_reviews_that_fail(&["tester-ai@1/review"], true);
    for _ in 0..40 {
        let Command::Run { place, work, .. } = decide(&history).unwrap().commands.remove(0) else {
            panic!("ended")
        };
        if place.0 == "coder-ai@2/research" {
            let Work::Component { export, .. } = &work else { panic!("{work:?}") };
            let Export::Phase(input) = export.as_ref() else { panic!("{export:?}") };
            let PhaseInput::Research(brief) = input.as_ref() else { panic!("{export:?}") };
            let found: Vec<(&str, &str)> =
                brief.findings.iter().map(|gate| (gate.name.as_str(), gate.evidence.as_str())).collect();
            assert_eq!((brief.round, found), (2, vec![("tester-ai: content", "a.json is broken")]));
            return;
        }
        let result = answer(&place.0, &work);
        end(&mut history, place, Ok(result), true);
    }
    panic!("the work did not go back");
}

#[test]
fn a_line_without_coder_ai_goes_back_to_its_specialist() {
    let mut history = task("mvp");
    history.input["capabilities"] = json!(["OPERATE"]);
    let (order, command) = run_with(&mut history, |_| 0, with_reviews_that_fail(&["ops-ai@1/review"], true));
    assert!(matches!(command, Command::Complete(_)), "{command:?}");
    let second: Vec<&str> = order
        .iter()
        .filter(|place| place.contains("@2/"))
        .map(|place| place.split('@').next().unwrap())
        .collect();
    assert_eq!(second, [["ops-ai"; 5], ["tester-ai"; 5]].concat());
}

/// The order of personalities by round, each once.
fn worked(order: &[String]) -> Vec<String> {
    let mut worked: Vec<String> = Vec::new();
    for place in order.iter().filter(|place| place.contains('/')) {
        let who = place.split('/').next().unwrap().to_owned();
        if worked.last() != Some(&who) {
            worked.push(who);
        }
    }
    worked
}

#[test]
fn who_judges_before_coder_ai_looks_again_after_it() {
    let first = ["req-ai@1", "security-ai@1", "coder-ai@1", "tester-ai@1"];
    for (scope, failing, after, status) in [
        // Nothing was found.
        ("mvp", &[][..], &[][..], "completed"),
        // It was mended: nobody has to change anything again, at demo neither.
        ("mvp", &["security-ai@1/review"], &["security-ai@2"], "completed"),
        ("demo", &["security-ai@1/review"], &["security-ai@2"], "completed"),
        // It was mended in the last round only.
        (
            "mvp",
            &["security-ai@1/review", "security-ai@2/review"],
            &["security-ai@2", "coder-ai@2", "tester-ai@2", "security-ai@3"],
            "completed",
        ),
        // Never.
        (
            "mvp",
            &["security-ai@1/review", "security-ai@2/review", "security-ai@3/review"],
            &["security-ai@2", "coder-ai@2", "tester-ai@2", "security-ai@3"],
            "failed",
        ),
        // Another check failed: coder-ai works again, whatever is judged.
        ("mvp", &["tester-ai@1/review"], &["security-ai@2", "coder-ai@2", "tester-ai@2"], "completed"),
    ] {
        let mut history = task(scope);
        history.input["capabilities"] = json!(["SECURE"]);
        let (order, command) = run_with(&mut history, |_| 0, with_reviews_that_fail(failing, true));
        assert_eq!(worked(&order), [&first[..], after].concat(), "{scope} {failing:?}");
        let ended = if matches!(command, Command::Complete(_)) { "completed" } else { "failed" };
        assert_eq!(ended, status, "{scope} {failing:?}: {command:?}");
    }
}

#[test]
fn lines_that_judge_need_not_change_anything_and_all_others_do() {
    let unchanged = |_: &str, work: &Work| {
        let mut answer = good(work, GateStatus::Passed);
        if let Yield::Reply(Reply::Gates(report)) = &mut answer {
            report
                .gates
                .iter_mut()
                .filter(|gate| gate.name == CHANGES)
                .for_each(|gate| gate.status = GateStatus::Failed);
        }
        answer
    };
    for (capabilities, completes) in [
        (json!(["SECURE"]), true),
        (json!(["GOVERN", "SECURE"]), true),
        (json!(["OPERATE"]), false),
        (json!(["BUILD", "GOVERN"]), false),
    ] {
        let mut history = task("product");
        history.input["capabilities"] = capabilities.clone();
        let (order, command) = run_with(&mut history, |_| 0, unchanged);
        let Command::Complete(output) = command else {
            assert!(!completes, "{capabilities}: {command:?}");
            continue;
        };
        assert!(completes && order.iter().all(|place| !place.contains("@2")), "{capabilities}: {order:?}");
        let gate = output["gates"].as_array().unwrap().iter().find(|gate| gate["name"] == CHANGES).unwrap();
        assert_eq!(gate["status"], "not_run", "{gate}");
    }
}

#[test]
fn those_who_make_the_result_are_summed_up_in_the_order_of_the_line() {
    let mut history = task("mvp");
    history.input["capabilities"] = json!(["BUILD", "OPERATE"]);
    let (_, command) = run_with(
        &mut history,
        |_| 0,
        |place, work| {
            let mut answer = good(work, GateStatus::Passed);
            if let Yield::Output(Output::Phase(PhaseOutput::Generate(output))) = &mut answer {
                output.details = json!({ "summary": format!("{}.", place.split('@').next().unwrap()) });
            }
            answer
        },
    );
    let Command::Complete(output) = command else { panic!("{command:?}") };
    assert_eq!(output["summary"], "coder-ai. ops-ai.");
}

#[test]
fn a_trap_is_tried_again_and_effects_that_happened_forbid_it() {
    for (may_retry, code) in [(true, "PHASE_FAILED"), (false, "PARTIAL")] {
        let mut history = task("demo");
        end(&mut history, Place::new("survey@1"), Ok(Yield::Reply(Reply::Entries(vec![]))), true);
        let place = Place::new("req-ai@1/research");
        let mut attempts = 0;
        let failure = loop {
            match decide(&history).unwrap().commands.remove(0) {
                Command::Run { place: at, attempt, not_before, .. } => {
                    assert_eq!(at, place);
                    attempts += 1;
                    assert_eq!(attempt, attempts);
                    assert!(attempt == 1 || not_before > Timestamp(7));
                    end(
                        &mut history,
                        at,
                        Err(CallFailure::Trap { message: "unreachable".into() }),
                        may_retry,
                    );
                }
                Command::Fail(failure) => break failure,
                Command::Complete(_) => panic!("completed"),
            }
        };
        assert_eq!(failure.code, code);
        assert_eq!(attempts, if may_retry { 3 } else { 1 });
        assert_eq!(failure.agent.as_deref(), Some("req-ai"));
        assert_eq!(failure.phase.as_deref(), Some("research"));
    }
}

#[test]
fn everybody_whose_phase_is_ready_is_at_work_and_nobody_else() {
    let mut history = task("demo");
    let mut seen: Vec<Vec<String>> = Vec::new();
    for _ in 0..100 {
        let decision = decide(&history).unwrap();
        let at_work: Vec<String> =
            decision.progress.at_work.iter().map(|at_work| at_work.agent.clone()).collect();
        assert_eq!(decision.progress.current_agent.as_ref(), at_work.first());
        if seen.last() != Some(&at_work) {
            seen.push(at_work);
        }
        // The first of the ready ones ends, so that a group comes to different phases.
        let Some(Command::Run { place, work, .. }) = decision.commands.into_iter().next() else { break };
        let done = good(&work, GateStatus::Passed);
        end(&mut history, place, Ok(done), true);
    }
    let team: Vec<Vec<&str>> = seen.iter().map(|names| names.iter().map(String::as_str).collect()).collect();
    assert_eq!(
        team,
        [
            vec![],
            vec!["req-ai"],
            vec!["planner-ai", "architect-ai"],
            vec!["architect-ai"],
            vec!["coder-ai"],
            vec!["tester-ai"],
            vec![],
        ]
    );
}
