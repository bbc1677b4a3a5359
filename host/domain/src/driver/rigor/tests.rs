#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use super::*;
use crate::component::{CallFailure, Export, Output};
use crate::effect::gates::GatesReport;
use crate::history::{TryEnd, TryRecord};
use crate::rigor::gate::{GateStatus, required};
use crate::rigor::phase::{
    Decision as Go, GenerateOutput, InspectOutput, PhaseOutput, ResearchOutput, ReviewOutput, Verdict,
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
    let mut order = Vec::new();
    let mut last_percent = 0;
    for _ in 0..200 {
        let decision = decide(history).unwrap();
        assert!(decision.progress.percent >= last_percent || decision.progress.percent > 0);
        last_percent = decision.progress.percent;
        let command = decision.commands[pick(decision.commands.len()) % decision.commands.len()].clone();
        let Command::Run { place, work, .. } = command else { return (order, command) };
        order.push(place.0.clone());
        let result = good(&work, gates);
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
